//! Owns the HTTP-POST binding: base64 in a form, in and out.
//! Does not write the HTML of the form and does not look for signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::form::{RawParameters, percent_decode};
use super::{MAX_MESSAGE, MessageParameter, RelayState, decode_message};
use crate::error::{RequestError, RequestErrorKind};

/// A message taken from a form, not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostMessage {
    /// The XML as sent.
    pub xml: Vec<u8>,
    /// The RelayState, when one came and was not empty.
    pub relay_state: Option<RelayState>,
}

/// Decodes the value of `SAMLRequest` and the RelayState beside it, both already form-decoded.
///
/// # Errors
/// [`RequestErrorKind::TooLarge`], [`RequestErrorKind::Encoding`] or [`RequestErrorKind::RelayState`].
pub fn decode(saml_request: &str, relay_state: Option<&str>) -> Result<PostMessage, RequestError> {
    decode_value(saml_request, relay_state, MessageParameter::Request)
}

fn decode_value(
    message: &str,
    relay_state: Option<&str>,
    parameter: MessageParameter,
) -> Result<PostMessage, RequestError> {
    let relay_state = relay_state.filter(|value| !value.is_empty()).map(RelayState::new).transpose()?;
    let xml = decode_message(message, parameter)?;
    if xml.len() > MAX_MESSAGE {
        let detail = format!("the message has {} bytes", xml.len());
        return Err(RequestError::new(RequestErrorKind::TooLarge, detail));
    }
    Ok(PostMessage { xml, relay_state })
}

/// Decodes a whole `application/x-www-form-urlencoded` body that holds a `SAMLRequest`, so that no
/// parameter can be given twice.
///
/// # Errors
/// As [`decode`], and [`RequestErrorKind::Parameters`] for a missing, repeated or misplaced parameter.
/// `SigAlg` and `Signature` belong to HTTP-Redirect and are refused here (S-15).
pub fn decode_body(raw_body: &str) -> Result<PostMessage, RequestError> {
    decode_body_of(raw_body, MessageParameter::Request)
}

/// Checks the query of the address that a form came to: no parameter of a message stands there, or a receiver could take one for
/// the other (S-15).
///
/// # Errors
/// [`RequestErrorKind::Parameters`].
pub fn check_query(raw_query: &str) -> Result<(), RequestError> {
    match RawParameters::split_any(raw_query)?.first() {
        Some(name) => {
            let detail = format!("{name} stands in the address of a request that came by HTTP-POST");
            Err(RequestError::new(RequestErrorKind::Parameters, detail))
        }
        None => Ok(()),
    }
}

/// Decodes a whole body that holds the message of `parameter`.
///
/// # Errors
/// As [`decode_body`].
pub fn decode_body_of(raw_body: &str, parameter: MessageParameter) -> Result<PostMessage, RequestError> {
    let parameters = RawParameters::split(raw_body, parameter)?;
    for foreign in ["SigAlg", "Signature", "SAMLEncoding"] {
        if parameters.get(foreign).is_some() {
            let detail = format!("{foreign} belongs to the HTTP-Redirect binding");
            return Err(RequestError::new(RequestErrorKind::Parameters, detail));
        }
    }
    let message = percent_decode(parameters.message(parameter)?, false)?;
    let relay_state = parameters.get("RelayState").map(|value| percent_decode(value, true)).transpose()?;
    decode_value(&message, relay_state.as_deref(), parameter)
}

/// SAML Bindings §3.5.4: the message is base64-encoded into the form control.
#[must_use]
pub fn encode(xml: &str) -> String {
    STANDARD.encode(xml)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_encode_writes_with_or_without_line_breaks() {
        let encoded = encode("<a>ü</a>");
        let message = decode(&encoded, Some("state")).expect("round trip");
        assert_eq!(message.xml, "<a>ü</a>".as_bytes());
        assert_eq!(message.relay_state.as_ref().map(RelayState::as_str), Some("state"));
        let wrapped = format!("{}\r\n{}\n", &encoded[..4], &encoded[4..]);
        assert_eq!(decode(&wrapped, Some("")).map(|m| (m.xml, m.relay_state)), Ok(("<a>ü</a>".into(), None)));
        for bad in ["*", "PGE-", "PGE\u{0}"] {
            assert_eq!(decode(bad, None).map_err(|e| e.kind()), Err(RequestErrorKind::Encoding), "{bad}");
        }
    }

    #[test]
    fn s_15_a_body_holds_one_request_and_no_query_signature() {
        assert!(decode_body("SAMLRequest=PGEvPg%3D%3D&RelayState=a+b&submit=1").is_ok());
        for bad in [
            "SAMLRequest=PGEvPg&SAMLRequest=PGEvPg",
            "SAMLRequest=PGEvPg&%53AMLRequest=PGEvPg",
            "SAMLRequest=PGEvPg&SAMLResponse=PGEvPg",
            "SAMLRequest=PGEvPg&Signature=x&SigAlg=y",
            "RelayState=x",
        ] {
            assert_eq!(decode_body(bad).map_err(|e| e.kind()), Err(RequestErrorKind::Parameters), "{bad}");
        }
        let response = |body| decode_body_of(body, MessageParameter::Response).map_err(|e| e.kind());
        assert!(response("SAMLResponse=PGEvPg&RelayState=x").is_ok());
        for bad in
            ["SAMLRequest=PGEvPg", "SAMLRequest=PGEvPg&SAMLResponse=PGEvPg", "SAMLart=x&SAMLResponse=x"]
        {
            assert_eq!(response(bad), Err(RequestErrorKind::Parameters), "{bad}");
        }
    }

    #[test]
    fn s_15_nothing_of_a_message_stands_in_the_query_of_a_form() {
        for good in ["", "resent", "lang=de&x=1"] {
            assert_eq!(check_query(good), Ok(()), "{good}");
        }
        for bad in [
            "SigAlg=a&Signature=b",
            "SAMLRequest=PGEvPg",
            "RelayState=q",
            "RelayState",
            "x=1&SAMLResponse=PGEvPg",
            "Relay%53tate=q",
            "RelayState=a&RelayState=b",
            "SAMLart=x",
            "SAMLEncoding=x",
        ] {
            assert_eq!(check_query(bad).map_err(|e| e.kind()), Err(RequestErrorKind::Parameters), "{bad}");
        }
    }

    #[test]
    fn s_05_size_is_checked_before_decoding() {
        let limit = encode(&"x".repeat(MAX_MESSAGE));
        assert!(decode(&limit, None).is_ok());
        for size in [MAX_MESSAGE + 1, MAX_MESSAGE * 8] {
            assert_eq!(
                decode(&encode(&"x".repeat(size)), None).map_err(|e| e.kind()),
                Err(RequestErrorKind::TooLarge)
            );
        }
    }
}
