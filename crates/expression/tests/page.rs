//! Owns that the page for admins tells the truth: each of its examples is run.
//! Does not own anything that is not on the page.

use expression::{Context, Expression};
use serde_json::Value as Json;

const PAGE: &str = include_str!("../../../docs/expressions.md");

/// The contents of fenced blocks of a language.
fn blocks<'a>(language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    PAGE.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn every_example_has_the_result_beside_it() {
    let person: Json = serde_json::from_str(blocks("json")[0]).unwrap();
    let context = Context::from_json(&person).unwrap();
    let mut examples = 0;
    for example in blocks("expression").iter().flat_map(|block| block.split("\n\n")) {
        let (text, expected) = example.trim().rsplit_once('\n').expect(example);
        examples += 1;
        let parsed = Expression::parse(text).and_then(|parsed| parsed.check_names().map(|()| parsed));
        let outcome = parsed.map_err(|error| (error.at, error.message)).and_then(|parsed| {
            parsed.evaluate(&context).map_err(|e| (e.at.unwrap_or(usize::MAX), e.message))
        });
        if let Some(mistake) = expected.strip_prefix("✗ ") {
            let (at, message) = mistake.split_once(' ').unwrap();
            assert_eq!(outcome, Err((at.parse().unwrap(), message.to_owned())), "{text}");
            continue;
        }
        let expected = match expected.strip_prefix("→ ").expect(example) {
            "nothing" => Json::Null,
            json => serde_json::from_str(json).expect(example),
        };
        assert_eq!(outcome, Ok(expected), "{text}");
    }
    assert!(examples > 50, "the page was read: {examples}");
}

#[test]
fn every_standard_attribute_is_on_the_page() {
    for (_, name) in expression::STANDARD_ATTRIBUTES {
        assert!(PAGE.contains(&format!("{name}`")), "{name}");
    }
}
