//! Owns that no text whatever makes reading or running panic. Does not own what texts mean.

use expression::{Context, Expression, to_claim, to_strings};
use proptest::prelude::*;
use serde_json::json;

fn context() -> Context {
    Context::from_json(&json!({
        "user": { "email": "maya@fernhill.example", "custom": { "level": 3, "teams": ["Blue", "é👍"] } },
        "groups": ["Staff", "app-readers"],
        "app": { "slug": "wiki" },
    }))
    .expect("within the limits")
}

/// Words of the language, so that many of the texts made of them are expressions.
fn words() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "user",
        "groups",
        "email",
        "custom",
        "teams",
        "level",
        ".",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ";",
        ":",
        "?",
        "??",
        "?:",
        "=",
        "!=",
        "<",
        ">=",
        "&",
        "+",
        "-",
        "*",
        "/",
        "%",
        "~>",
        ":=",
        "..",
        "and",
        "or",
        "in",
        "true",
        "null",
        "0",
        "1",
        "-1",
        "2.5",
        "1e308",
        "\"a\"",
        "'é👍'",
        "$",
        "$$",
        "$x",
        "$f",
        "function($x){",
        "$map(",
        "$filter(",
        "$reduce(",
        "$sort(",
        "$split(",
        "$match(",
        "$replace(",
        "/a+/",
        "/(.)/i",
        "$substring(",
        "$pad(",
        "$round(",
        "$emails(",
        "$name(",
        "$formatDate(",
        "$string(",
        "$number(",
        "$merge(",
        "$keys(",
        "\"2031-05-09\"",
        "`user`",
        "/*",
        "*/",
        " ",
    ]);
    prop::collection::vec(words, 0..24).prop_map(|words| words.concat())
}

fn run(text: &str) {
    let characters = text.chars().count();
    match Expression::parse(text) {
        Ok(expression) => match expression.evaluate(&context()) {
            Ok(value) => {
                let _ = to_strings(&value);
                let _ = to_claim(value);
            }
            Err(error) => assert!(error.at.is_none_or(|at| at < characters), "{text}: {error:?}"),
        },
        Err(error) => {
            assert!(error.at <= characters, "{text}: {error:?}");
            assert!(!error.message.is_empty() && !error.message.ends_with('.'), "{error:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        run(&text);
    }

    #[test]
    fn no_words_panic(text in words()) {
        run(&text);
    }

    #[test]
    fn no_mangled_expression_panics(start in 0_usize..300, length in 0_usize..6, with in "[\\PC]{0,3}") {
        let whole = "($f := function($g, $i){$i & \":\" & $substringAfter($g, \"-\")}; $map(groups[$contains($, /^app-/)], $f) ~> $join(\", \") & (user.custom.level > 2 ? `user`.{\"a\": [1..3, -1]} : null))";
        let mut characters: Vec<char> = whole.chars().collect();
        let start = start.min(characters.len());
        let end = (start + length).min(characters.len());
        characters.splice(start..end, with.chars());
        run(&characters.into_iter().collect::<String>());
    }
}
