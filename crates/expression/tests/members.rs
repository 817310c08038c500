//! Owns which member names are refused where an expression is written down. Does not own the names themselves.

use expression::Expression;

fn refused(text: &str) -> Option<(usize, String)> {
    let parsed = Expression::parse(text).expect(text);
    parsed.check_names().err().map(|error| (error.at, error.message))
}

#[test]
fn names_that_nothing_has_are_refused_at_their_character() {
    for (text, at, words) in [
        (
            "user.nosuch",
            5,
            "There is no nosuch in user; a custom attribute is written user.attributes.nosuch",
        ),
        ("user.firstName", 5, "did you mean firstname?"),
        ("user.frist_name", 5, "did you mean first_name?"),
        ("user.first_nam & \" \" & user.last_name", 5, "did you mean first_name?"),
        ("\"é👍\" & user.emial", 12, "did you mean email?"),
        ("user.costTeam", 5, "user.attributes.costTeam"),
        ("user.groups", 5, "write groups"),
        ("user.`first name`", 5, "There is no first name in user"),
        ("user.\"nosuch\"", 5, "nosuch"),
        ("usr.email", 0, "There is no usr here; did you mean user?"),
        ("email", 0, "an expression sees user, groups, app and session"),
        ("app.name", 4, "There is no name in app"),
        ("session.arm", 8, "did you mean amr?"),
        ("$$.user.nosuch", 8, "nosuch"),
        ("user[nosuch = 1].email", 5, "nosuch"),
        ("user.{\"a\": nosuch}", 11, "nosuch"),
        ("user.(firstname & nosuch)", 18, "nosuch"),
        ("groups[$ = $$.app.nosuch]", 18, "nosuch"),
        ("($u := user; $u.nosuch)", 16, "nosuch"),
        ("($f := function($x){user.nosuch}; $f(1))", 25, "nosuch"),
        ("$map(groups, function($g){$g & user.nosuch})", 36, "nosuch"),
        ("$reduce(groups, function($a, $b){$a & $b}, user.nosuch)", 48, "nosuch"),
        ("user.state = \"active\" ? user.email : user.nosuch", 42, "nosuch"),
        ("[1..user.nosuch]", 9, "nosuch"),
        ("user.email in [user.nosuch]", 20, "nosuch"),
        ("-user.nosuch", 6, "nosuch"),
        ("user.nosuch ?? user.email", 5, "nosuch"),
        ("user.nosuch ~> $uppercase()", 5, "nosuch"),
        ("$lookup(user, \"nosuch\")", 14, "nosuch"),
    ] {
        let (found, message) = refused(text).expect(text);
        assert_eq!(found, at, "{text}: {message}");
        assert!(message.contains(words), "{text}: {message}");
    }
}

#[test]
fn names_that_are_there_or_that_nobody_can_know_pass() {
    for text in [
        "user.first_name & \" \" & user.lastname",
        "user.display_name",
        "user.attributes.anything",
        "user.custom.`any thing`",
        "session.amr[0] & session.acr",
        "app.slug & app.label & app.id",
        "user.*",
        "user.(\"first\" & \"name\")",
        "$map([user], function($u){$u.nosuch})",
        "user.{\"first\": first_name}.nosuch",
        "groups.{\"value\": $}.value",
        "$lookup(user, groups[0])",
        "groups[$contains($, \"a\")]",
        "$keys($)",
        "$match(user.email, /(a)/).groups",
    ] {
        assert_eq!(refused(text), None, "{text}");
    }
    for (theirs, ours) in expression::STANDARD_ATTRIBUTES {
        assert_eq!(refused(&format!("user.{theirs} & user.{ours}")), None, "{theirs}");
    }
}

#[test]
fn custom_attributes_that_are_read_are_told() {
    let names = |text: &str| Expression::parse(text).expect(text).custom_names();
    assert_eq!(names("user.custom.a & user.attributes.b & user.attributes.a"), ["a", "b"]);
    assert_eq!(names("user.email"), [""; 0]);
}
