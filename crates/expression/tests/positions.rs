//! Owns that mistakes are shown at the character where they are, in words. Does not own what is no mistake.

use expression::{Context, EvaluateErrorKind, Expression};
use serde_json::json;

/// The caret stands under the character that is wrong.
#[track_caller]
fn refused(text: &str, caret: &str, words: &str) {
    let error = Expression::parse(text).expect_err(text);
    let at = caret.find('^').expect("the second line has a caret");
    assert_eq!(error.at, at, "{text}\n{}^ {}", " ".repeat(error.at), error.message);
    assert!(error.message.contains(words), "{text}: {}", error.message);
    assert_eq!((error.line, error.column), (1, at + 1));
}

#[test]
#[rustfmt::skip]
fn mistakes_are_shown_where_they_are() {
    refused("",
            "^", "empty");
    refused("user.",
            "     ^", "ends");
    refused("user..email",
            "    ^", "“..”");
    refused("user email",
            "     ^", "the name email");
    refused("(user.email",
            "           ^", "“)”");
    refused("user.email)",
            "          ^", "“)”");
    refused("\"open",
            "^", "quotation");
    refused("1 + \"open",
            "    ^", "quotation");
    refused("`open",
            "^", "backquote");
    refused("1 /* open",
            "  ^", "comment");
    refused("\"a\\qb\"",
            "  ^", "escape");
    refused("$uppercse(user.email)",
            "^", "$uppercase");
    refused("1 & $nothing",
            "    ^", "no $nothing");
    refused("$uppercase(1, 2)",
            "^", "one argument, not 2");
    refused("uppercase(user.email)",
            "^", "$uppercase");
    refused("$map(groups)",
            "^", "a list and a function");
    refused("$map(groups, 1)",
            "             ^", "function");
    refused("$map(groups, $join2)",
            "             ^", "no $join2");
    refused("$map(groups, $contains)",
            "             ^", "more than one argument");
    refused("$contains(user.email, /(/)",
            "                      ^", "pattern");
    refused("$contains(user.email, /a/g)",
            "                      ^", "flag");
    refused("/a/",
            "^", "second argument");
    refused("$f := 1 + function($x){1}",
            "          ^", "function");
    refused("($a := 1; $a := 2)",
            "          ^", "already");
    refused("($uppercase := 1)",
            " ^", "already");
    refused("user.**",
            "     ^", "value");
    refused("groups^($)",
            "      ^", "not part");
    refused("groups@$g",
            "      ^", "not part");
    refused("groups{\"a\": 1}",
            "      ^", "Grouping");
    refused("user.1",
            "     ^", "names");
    refused("$eval(\"1\")",
            "^", "another one");
    refused("$substring(?, 1)",
            "           ^", "partial");
    refused("a ! b",
            "  ^", "should follow");
    refused("é👍 & §",
            " ^", "no meaning");
}

#[test]
fn lines_and_columns_are_counted_in_characters() {
    let error = Expression::parse("\"é👍\" &\n  \"é\" & $nix").unwrap_err();
    assert_eq!((error.at, error.line, error.column), (15, 2, 9));
}

#[test]
fn errors_of_a_run_have_a_place_and_no_value() {
    let context =
        Context::from_json(&json!({ "user": { "email": "maya@fernhill.example", "level": 3 } })).unwrap();
    for (text, at, words) in [
        ("1 + user.email", 2, "takes numbers, not a text"),
        ("$uppercase(user.level)", 0, "first argument of $uppercase is a text, not a number"),
        ("user.level & $number(user.email)", 13, "no number"),
        ("{\"a\": 1, user.level: 2}", 9, "name of a member"),
        ("$map([1], function($x){$x + \"a\"})", 26, "takes numbers"),
    ] {
        let error = Expression::parse(text).unwrap().evaluate(&context).unwrap_err();
        assert_eq!(error.kind, EvaluateErrorKind::Value);
        assert_eq!(error.at, Some(at), "{text}: {error}");
        assert!(error.message.contains(words), "{text}: {error}");
        assert!(!error.message.contains("maya"));
    }
}
