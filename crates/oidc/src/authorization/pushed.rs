//! Owns pushed authorization requests (RFC 9126): what of a push is kept, its answer, and its return by reference.
//!
//! Does not own the checks of the request itself, nor its keeping: the caller stores the text under a hash.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::checks;
use crate::client::Client;
use crate::error::{ErrorCode, ProtocolError};
use crate::params::Params;
use crate::token_value::RequestUri;

/// How long a reference may be presented, in seconds. RFC 9126 §2.2 leaves it to us; O-27 wants 60 to 90.
pub const LIFETIME_SECONDS: u32 = 60;

/// What a request is checked for and answered by, but for `client_id` and `dpop_jkt`, which are written anew. Nothing else is
/// kept: neither what belongs to client authentication nor what means nothing here (RFC 6749 §3.1).
const KEPT: [&str; 20] = [
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "code_challenge",
    "code_challenge_method",
    "claims",
    "display",
    "ui_locales",
    "claims_locales",
    "acr_values",
    "login_hint",
    "id_token_hint",
    "resource",
    // These are refused, and can be only when they are still there.
    "request",
    "registration",
];

/// The text of the request to keep: of the parameters as pushed those that are known, without those of client authentication.
///
/// `proof_thumbprint` is that of the key of a verified `DPoP` header of the push.
///
/// # Errors
/// `invalid_request` for a `request_uri`, another client's id, or a header and a parameter that name different keys.
pub fn request_text(
    params: &Params,
    client: &Client,
    proof_thumbprint: Option<&str>,
) -> Result<String, ProtocolError> {
    // RFC 9126 §2.1: request_uri must not be provided.
    if params.contains("request_uri") {
        return Err(ProtocolError::invalid_request("request_uri cannot be pushed"));
    }
    if params.get("client_id").is_some_and(|other| other != client.client_id) {
        return Err(ProtocolError::invalid_request("the client_id differs from the authenticated one"));
    }
    // RFC 9449 §10.1: if both are there, they must name the same key.
    let named = checks::dpop_jkt(params)?;
    if let (Some(named), Some(proven)) = (&named, proof_thumbprint)
        && named != proven
    {
        return Err(ProtocolError::invalid_request("dpop_jkt is not the key of the DPoP proof"));
    }
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.append_pair("client_id", &client.client_id);
    for (name, value) in params.pairs().filter(|(name, _)| KEPT.contains(name)) {
        text.append_pair(name, value);
    }
    if let Some(thumbprint) = named.as_deref().or(proof_thumbprint) {
        text.append_pair("dpop_jkt", thumbprint);
    }
    Ok(text.finish())
}

/// RFC 9126 §2.2: the body of the answer, which has status 201.
pub fn response(reference: &RequestUri) -> Value {
    json!({ "request_uri": reference.expose(), "expires_in": LIFETIME_SECONDS })
}

/// The reference that a request at the authorization endpoint names; `None` if it names none.
///
/// # Errors
/// `invalid_request_uri` for one of our form that cannot be ours; `invalid_request` when a `request` stands beside it.
pub fn reference(params: &Params) -> Result<Option<RequestUri>, ProtocolError> {
    let Some(text) = params.get("request_uri") else { return Ok(None) };
    if !text.starts_with(RequestUri::PREFIX) {
        // Its own check says so, where the answer belongs.
        return Ok(None);
    }
    // RFC 9101 §5: a request comes by value or by reference, not by both. Whoever looked at the other one would see another
    // request than we do (O-26).
    if params.contains("request") {
        return Err(both_kinds());
    }
    RequestUri::parse(text).map(Some).map_err(|_| invalid_reference("it is malformed"))
}

/// A request by value and by reference at once (RFC 9101 §5).
pub(super) fn both_kinds() -> ProtocolError {
    ProtocolError::invalid_request("request and request_uri cannot be sent together")
}

/// A reference that can't be used; the client learns no more than that.
pub fn invalid_reference(detail: &str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidRequestUri, "the request_uri is not valid").with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redirect_uri::RedirectUri;

    fn client() -> Client {
        let uri = RedirectUri::register("https://rp.example/cb", false).expect("registrable");
        Client::new("metrics", vec![uri])
    }

    fn text(body: &str, thumbprint: Option<&str>) -> Result<String, ProtocolError> {
        request_text(&Params::parse(body).expect("a form"), &client(), thumbprint)
    }

    const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    #[test]
    fn what_is_kept_holds_no_secret_and_names_the_client_once() {
        let body = "client_id=metrics&client_secret=hush&client_assertion=x.y.z&scope=openid+email&resource=a&resource=b";
        let kept = text(body, None).expect("kept");
        assert_eq!(kept, "client_id=metrics&scope=openid+email&resource=a&resource=b");
        assert_eq!(text("scope=openid", None).expect("kept"), "client_id=metrics&scope=openid");
    }

    #[test]
    fn what_means_nothing_is_not_kept() {
        let body = format!("scope=openid&ballast={}&Scope=email", "x".repeat(20_000));
        assert_eq!(text(&body, None).expect("kept"), "client_id=metrics&scope=openid");
    }

    #[test]
    fn every_parameter_that_is_judged_is_kept() {
        use crate::authorization::{judge, request::ProviderPolicy, request::UnverifiedAuthorizationRequest};
        let request = UnverifiedAuthorizationRequest::parse("client_id=metrics").expect("a query");
        for judged in judge::judge(&request, &client(), &ProviderPolicy::default()) {
            let name = judged.name;
            let anew = ["client_id", "dpop_jkt", "request_uri"].contains(&name);
            assert!(anew || KEPT.contains(&name), "{name}");
        }
    }

    #[test]
    fn a_push_cannot_refer_on_or_speak_for_another_client() {
        for body in ["request_uri=urn:ietf:params:oauth:request_uri:x", "client_id=other", "dpop_jkt=short"] {
            assert!(text(body, None).is_err(), "{body}");
        }
    }

    #[test]
    fn the_key_of_the_proof_is_the_key_of_the_request() {
        let with = format!("client_id=metrics&dpop_jkt={JKT}");
        assert_eq!(
            text("scope=openid", Some(JKT)),
            Ok(format!("client_id=metrics&scope=openid&dpop_jkt={JKT}"))
        );
        assert_eq!(text(&format!("dpop_jkt={JKT}"), Some(JKT)), Ok(with));
        let other = "1ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        assert!(text(&format!("dpop_jkt={JKT}"), Some(other)).is_err());
    }

    #[test]
    fn only_references_of_ours_are_looked_up() {
        let read = |uri: &str| {
            let body: String =
                form_urlencoded::Serializer::new(String::new()).append_pair("request_uri", uri).finish();
            reference(&Params::parse(&body).expect("a form"))
        };
        let own = RequestUri::parse(&[RequestUri::PREFIX, &"A".repeat(43)].concat()).expect("a reference");
        assert_eq!(read(own.expose()), Ok(Some(own.clone())));
        assert_eq!(read("https://rp.example/request"), Ok(None));
        let both = format!("request=x.y.z&request_uri={}", own.expose());
        let refused = reference(&Params::parse(&both).expect("a form")).expect_err("both");
        assert_eq!(refused.code(), ErrorCode::InvalidRequest);
        let cut = read(&own.expose()[..own.expose().len() - 1]).expect_err("cut");
        assert_eq!(cut.code(), ErrorCode::InvalidRequestUri);
    }
}
