//! The expression language, from text to what is sent.

use std::sync::OnceLock;

use expression::{Context, Expression, limits, to_claim, to_strings};
use serde_json::json;

fn context() -> &'static Context {
    static CONTEXT: OnceLock<Context> = OnceLock::new();
    CONTEXT.get_or_init(|| {
        let json = json!({
            "user": {
                "id": "5f1c", "username": "maya", "email": "maya@fernhill.example", "state": "active",
                "displayName": "Maya Okafor", "firstname": "Maya", "lastname": "Okafor",
                "custom": { "level": 3, "teams": ["Blue", "é👍"], "start": "2031-05-09", "admin": true, "none": null },
            },
            "groups": ["Staff", "app-readers", "app-writers"],
            "app": { "id": "a1", "slug": "wiki", "label": "Wiki" },
            "s": "a".repeat(2_000),
            "list": (0..200).collect::<Vec<_>>(),
        });
        Context::from_json(&json).expect("within the limits")
    })
}

/// Takes the input as an expression.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let characters = text.chars().count();
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            assert!(error.at <= characters, "the place is outside of the text: {error:?}");
            assert!(!error.message.is_empty() && !error.message.ends_with('.'), "{error:?}");
            let before: String = text.chars().take(error.at).collect();
            let lines = before.matches('\n').count();
            assert_eq!(error.line, lines + 1, "{error:?}");
            assert!(error.column >= 1 && error.column <= before.chars().count() + 1, "{error:?}");
            return;
        }
    };
    assert!(text.len() <= limits::EXPRESSION, "longer than the limit");
    assert_eq!(expression.text(), text);
    if let Err(error) = expression.check_names() {
        assert!(error.at < characters, "the place is outside of the text: {error:?}");
    }
    // Looked at wherever a claim is made: only that it ends, and says the same again.
    assert_eq!(expression.is_list(), expression.is_list());
    let result = expression.evaluate(context());
    assert_eq!(expression.evaluate(context()), result, "another answer the second time");
    match result {
        Ok(value) => {
            assert!(size(&value) <= limits::OUTPUT, "larger than the limit");
            assert!(depth(&value) <= limits::VALUE_DEPTH, "too deep");
            if let Ok(texts) = to_strings(&value) {
                let count = value.as_array().map_or(1, Vec::len);
                assert!(texts.len() <= count, "more values than there were");
            }
            assert_eq!(to_claim(value.clone()).is_none(), value.is_null());
        }
        Err(error) => {
            assert!(error.at.is_none_or(|at| at < characters), "the place is outside of the text: {error:?}");
            assert!(!error.message.is_empty() && !error.message.ends_with('.'), "{error:?}");
            assert!(
                !error.message.contains("maya@") && !error.message.contains("Okafor"),
                "it quotes a person"
            );
        }
    }
}

/// Bytes of all texts in it, and one for every value.
fn size(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => 1 + text.len(),
        serde_json::Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        serde_json::Value::Object(members) => {
            1 + members.iter().map(|(name, value)| name.len() + size(value)).sum::<usize>()
        }
        _ => 1,
    }
}

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
