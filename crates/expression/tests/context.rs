//! Owns what expressions see of a person, and what becomes of their results. Does not own the language.

use expression::{App, Context, Expression, OutcomeError, Person, Session, to_claim, to_strings};
use serde_json::{Value as Json, json};

fn context() -> Context {
    let person = Person {
        id: "01H",
        username: "maya",
        email: "maya@fernhill.example",
        display_name: "Maya Okafor",
        state: "active",
        standard: vec![
            ("first_name", "Maya"),
            ("cost_center", "4410"),
            ("phone", ""),
            ("password", "secret"),
        ],
        custom: vec![("level", json!(3)), ("teams", json!(["Blue"]))],
    };
    let app = App { id: "A", slug: "wiki", label: "Handbook" };
    let amr = ["pwd".to_owned(), "otp".to_owned()];
    Context::new(&person, &["Staff".to_owned()], app, Session { acr: "urn:c", amr: &amr })
        .expect("a small context")
}

fn value(text: &str) -> Json {
    Expression::parse(text).expect(text).evaluate(&context()).expect(text)
}

#[test]
fn a_person_is_seen_under_the_names_of_the_page() {
    assert_eq!(
        value("$"),
        json!({
            "user": { "id": "01H", "username": "maya", "email": "maya@fernhill.example", "displayName": "Maya Okafor",
                "state": "active", "firstname": "Maya", "costCenter": "4410", "custom": { "level": 3, "teams": ["Blue"] } },
            "groups": ["Staff"],
            "app": { "id": "A", "slug": "wiki", "label": "Handbook" },
            "session": { "acr": "urn:c", "amr": ["pwd", "otp"] },
        })
    );
    assert_eq!(value("$exists(user.phone)"), json!(false), "an empty text is nothing");
}

#[test]
fn the_names_of_the_organisation_file_are_other_names_of_the_same() {
    for (theirs, ours) in [
        ("user.first_name", "user.firstname"),
        ("user.display_name", "user.displayName"),
        ("user.cost_center", "user.costCenter"),
        ("user.attributes.level", "user.custom.level"),
        ("user.attributes.teams[0]", "user.custom.teams[0]"),
        ("$lookup(user, \"first_name\")", "$lookup(user, \"firstname\")"),
        ("[user].first_name", "[user].firstname"),
        ("$map([user], function($u){$u.display_name})", "user.displayName"),
        ("($u := user; $u.first_name & \"!\")", "user.firstname & \"!\""),
    ] {
        assert_eq!(value(theirs), value(ours), "{theirs}");
        assert_ne!(value(theirs), Json::Null, "{theirs}");
    }
    assert_eq!(value("user.phone & user.last_name"), json!(""), "what is missing is missing by either name");
    assert_eq!(value("app.first_name"), Json::Null, "only a person has them");
    assert_eq!(value("$count($keys(user))"), json!(8), "and they are no further members");
}

#[test]
fn shapes_leave_out_what_is_missing() {
    assert_eq!(value("$name(user)"), json!({ "formatted": "Maya Okafor", "givenName": "Maya" }));
    assert_eq!(value("$name({\"firstname\": \"A\", \"lastname\": \"B\"}).formatted"), json!("A B"));
    assert_eq!(value("$phone(user)"), Json::Null);
    assert_eq!(value("$phones(user)"), Json::Null);
    assert_eq!(value("$addresses(user)"), Json::Null);
    assert_eq!(value("$enterprise(user)"), json!({ "costCenter": "4410" }));
    assert_eq!(value("$enterprise({})"), Json::Null);
    assert_eq!(value("$emails({})"), Json::Null);
}

#[test]
fn attributes_take_flat_values() {
    assert_eq!(to_strings(&value("user.middlename")), Ok(vec![]));
    assert_eq!(to_strings(&value("null")), Ok(vec![]));
    assert_eq!(to_strings(&value("user.email")), Ok(vec!["maya@fernhill.example".to_owned()]));
    assert_eq!(to_strings(&value("[1, 2.50, true, null, \"\"]")).unwrap(), ["1", "2.5", "true", ""]);
    assert_eq!(to_strings(&value("1e21")).unwrap(), ["1e+21"]);
    assert_eq!(to_strings(&value("$name(user)")), Err(OutcomeError::NotFlat));
    assert_eq!(to_strings(&value("[[1],[2]]")), Err(OutcomeError::NotFlat));
}

#[test]
fn claims_take_any_value_but_nothing() {
    assert_eq!(to_claim(value("user.middlename")), None);
    assert_eq!(to_claim(value("$name(user)")), Some(value("$name(user)")));
}

#[test]
fn an_expression_serves_many_threads() {
    let expression = Expression::parse("user.custom.level + 1").unwrap();
    let context = context();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(expression.evaluate(&context), Ok(json!(4))));
        }
    });
}
