//! Owns what expressions see of a person, and what becomes of their results. Does not own the language.

use expression::{App, Context, Expression, OutcomeError, Person, to_claim, to_strings};
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
    Context::new(&person, &["Staff".to_owned()], app).expect("a small context")
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
        })
    );
    assert_eq!(value("$exists(user.phone)"), json!(false), "an empty text is nothing");
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
