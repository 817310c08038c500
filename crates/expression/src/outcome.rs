//! Owns what a protocol may make of a result: texts for SAML attributes, a claim for OIDC.
//! Does not own the attribute's or claim's name.

use serde_json::Value as Json;

/// Why a result can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeError {
    /// An object, or a list in a list.
    #[error(
        "The result is an object or a list in a list; a SAML attribute takes texts, numbers, true or false, and lists of them"
    )]
    NotFlat,
}

/// The values of a SAML attribute: none for `null`, one for a text, a number, true or false, several for a list, in
/// which `null` is left out. An empty text is a value.
pub fn to_strings(result: &Json) -> Result<Vec<String>, OutcomeError> {
    match result {
        Json::Array(items) => items.iter().filter(|item| !item.is_null()).map(scalar).collect(),
        Json::Null => Ok(Vec::new()),
        other => scalar(other).map(|text| vec![text]),
    }
}

fn scalar(value: &Json) -> Result<String, OutcomeError> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => {
            Ok(number.as_f64().map_or_else(|| number.to_string(), crate::operators::number_to_text))
        }
        Json::Bool(value) => Ok(value.to_string()),
        _ => Err(OutcomeError::NotFlat),
    }
}

/// The value of an OIDC claim or SCIM attribute: absent for `null` (OIDC Core §5.3.2 asks to leave such claims out),
/// anything else as it is.
pub fn to_claim(result: Json) -> Option<Json> {
    if result.is_null() { None } else { Some(result) }
}

/// The result as a list: one value is a list of it, nothing an empty one.
pub fn to_list(result: Json) -> Json {
    match result {
        Json::Null => Json::Array(Vec::new()),
        Json::Array(items) => Json::Array(items),
        one => Json::Array(vec![one]),
    }
}
