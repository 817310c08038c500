//! Owns agreement with JSONata: what its reference implementation answers, our subset answers too.
//! Does not own what we leave out (`positions`) or forbid (`hostile`).
//!
//! `reference.json` holds expressions with the results of the reference implementation; `error` is its error code.

use expression::{Context, Expression};
use serde_json::Value as Json;

/// Where we differ on purpose, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("people{\"x\":1}", "grouping is left out"),
    ("[{\"a\":1},{\"a\":2}][a=2].a", "a filter holds on a list that is written down, too"),
];

#[test]
fn the_subset_answers_as_the_reference_does() {
    let file: Json = serde_json::from_str(include_str!("reference.json")).unwrap();
    let context = Context::from_json(&file["input"]).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let text = case["expression"].as_str().unwrap();
        if DIFFERENT.iter().any(|(different, _)| *different == text) {
            continue;
        }
        let result = Expression::parse(text)
            .map_err(|error| error.to_string())
            .and_then(|expression| expression.evaluate(&context).map_err(|error| error.to_string()));
        let agrees = match &result {
            Ok(value) => case.get("error").is_none() && *value == case["result"],
            Err(_) => case.get("error").is_some(),
        };
        if !agrees {
            wrong.push(format!(
                "{text}\n   reference {}\n   ours {result:?}",
                case.get("error").unwrap_or(&case["result"])
            ));
        }
    }
    assert!(cases.len() > 200, "the file was read");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
