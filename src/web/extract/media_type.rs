//! What kind of body a request says it has. Does not own reading it.

use axum::http::{HeaderMap, header};

/// The form of HTML and OAuth 2.0 (RFC 6749, appendix B).
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The form with files.
pub const MULTIPART: &str = "multipart/form-data";
/// JSON.
pub const JSON: &str = "application/json";

/// Whether a request says, once, that its body is of this type. RFC 9110 §8.3.1: type and subtype compare without case, and
/// parameters such as `charset` follow behind a semicolon.
pub fn is(headers: &HeaderMap, expected: &str) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    value.to_str().is_ok_and(|text| {
        let essence = text.split(';').next().unwrap_or_default();
        essence.trim_matches([' ', '\t']).eq_ignore_ascii_case(expected)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_type_is_compared_whole_and_without_case() {
        for same in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLEncoded",
            "application/x-www-form-urlencoded;charset=UTF-8",
            "application/x-www-form-urlencoded ; charset=UTF-8",
        ] {
            assert!(is(&of(&[same]), FORM), "{same}");
        }
        for other in [
            "application/x-www-form-urlencodedfoo",
            "application/x-www-form-urlencoded+json",
            "xapplication/x-www-form-urlencoded",
            "text/plain; application/x-www-form-urlencoded",
            "application/json",
            "",
        ] {
            assert!(!is(&of(&[other]), FORM), "{other}");
        }
        assert!(!is(&of(&[]), FORM), "it says nothing");
        assert!(!is(&of(&[FORM, JSON]), FORM), "it says two things");
    }
}
