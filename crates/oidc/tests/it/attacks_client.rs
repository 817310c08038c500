//! O-12 and O-13: how clients authenticate. O-31: where access tokens may stand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oidc::params::Params;
use oidc::token::client_auth::{PresentedClient, authorize_method, parse};
use oidc::token::client_secret::ClientSecret;
use oidc::token::response::ErrorResponse;
use oidc::token_value::AccessToken;
use oidc::{ClientAuthMethod, ProtocolError, userinfo};

use crate::support::{CountingRng, client};

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

fn present(header: Option<&str>, body: &str) -> Result<PresentedClient, ProtocolError> {
    parse(header, &Params::parse(body).expect("the body parses"))
}

fn code_of<T>(result: Result<T, ProtocolError>) -> &'static str {
    result.map_or_else(|error| error.code().as_str(), |_| "accepted")
}

#[test]
fn o_12_mixed_methods_are_refused() {
    let header = basic("metrics:s3cret");
    for (header, body, expected) in [
        (Some(&*header), "client_secret=s3cret", "invalid_request"),
        (Some(&*header), "client_id=metrics&client_secret=s3cret", "invalid_request"),
        (Some(&*header), "client_id=metrics&client_secret=", "invalid_request"),
        (Some(&*header), "client_id=other", "invalid_request"),
        (Some(&*header), "client_assertion=x&client_assertion_type=y", "invalid_request"),
        (None, "client_id=metrics&client_secret=s&client_assertion=x", "invalid_request"),
        (None, "client_id=metrics&client_assertion=x&client_assertion_type=y", "invalid_client"),
        (None, "client_secret=s3cret", "invalid_client"),
        (None, "", "invalid_client"),
        (Some("Bearer abc"), "client_id=metrics", "invalid_client"),
        (Some("Basic"), "", "invalid_client"),
        (Some("Basic %%%"), "", "invalid_client"),
        (Some(&*basic("metrics")), "", "invalid_client"),
        (Some(&*basic("metrics:")), "", "invalid_client"),
        (Some(&*basic(":s3cret")), "", "invalid_client"),
        (Some(&*header), "", "accepted"),
        (Some(&*header), "client_id=metrics", "accepted"),
        (None, "client_id=metrics&client_secret=s3cret", "accepted"),
        (None, "client_id=metrics", "accepted"),
    ] {
        assert_eq!(code_of(present(header, body)), expected, "{header:?} {body}");
    }
}

#[test]
fn o_12_only_the_registered_method_is_taken() {
    let header = basic("metrics:s3cret");
    let presented = [
        present(Some(&header), ""),
        present(None, "client_id=metrics&client_secret=s3cret"),
        present(None, "client_id=metrics"),
    ]
    .map(|result| result.expect("good"));
    let methods =
        [ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::ClientSecretPost, ClientAuthMethod::None];
    for (used, presented) in methods.into_iter().zip(&presented) {
        for registered in methods {
            let mut client = client();
            client.client_auth = registered;
            let expected = if used == registered { "accepted" } else { "invalid_client" };
            assert_eq!(code_of(authorize_method(presented, &client)), expected);
            client.client_id = "other".to_owned();
            assert_eq!(code_of(authorize_method(presented, &client)), "invalid_client");
        }
    }
}

#[test]
fn o_12_a_failed_client_is_challenged() {
    let response = ErrorResponse::new(&ProtocolError::invalid_client("wrong secret"));
    assert_eq!(response.status, 401);
    assert!(response.www_authenticate.is_some_and(|challenge| challenge.starts_with("Basic ")));
    assert!(!response.body.to_string().contains("wrong secret"), "the detail is private");
    let grant = ErrorResponse::new(&ProtocolError::invalid_grant("expired"));
    assert_eq!((grant.status, grant.www_authenticate), (400, None));
}

#[test]
fn o_13_basic_decoding() {
    for (encoded, id, secret) in [
        ("metrics:s3cret", "metrics", "s3cret"),
        ("metrics:a:b:", "metrics", "a:b:"),
        ("metrics:a%3Ab", "metrics", "a:b"),
        ("my%3Aid:x", "my:id", "x"),
        ("metrics:a+b%2Bc%25", "metrics", "a b+c%"),
        ("metrics:p%C3%A4ss", "metrics", "p\u{e4}ss"),
        ("metrics:p\u{e4}ss", "metrics", "p\u{e4}ss"),
    ] {
        let presented = present(Some(&basic(encoded)), "").expect(encoded);
        assert_eq!(presented.client_id(), id);
        assert_eq!(presented.secret().map(ClientSecret::expose), Some(secret), "{encoded}");
    }
    let lower = basic("metrics:s3cret").replace("Basic", "bAsIc");
    assert_eq!(code_of(present(Some(lower.trim_end_matches('=')), "")), "accepted");
    for bad in ["metrics:%", "metrics:%4", "metrics:%GG", "metrics:%00", "metrics:%FF", "%ff:x"] {
        assert_eq!(code_of(present(Some(&basic(bad)), "")), "invalid_client", "{bad}");
    }
    let not_utf8 = format!("Basic {}", STANDARD.encode(b"metrics:\xff"));
    assert_eq!(code_of(present(Some(&not_utf8), "")), "invalid_client");
    assert_eq!(code_of(present(Some(&basic(&"x".repeat(5000))), "")), "invalid_client");
}

#[test]
fn o_13_secrets_are_compared_by_hash_and_never_printed() {
    let secret = ClientSecret::generate(&mut CountingRng(7));
    let stored = secret.hash();
    assert!(secret.matches_hash(&stored));
    assert_eq!(secret, ClientSecret::new(secret.expose()));
    for (position, _) in secret.expose().char_indices() {
        let mut wrong = secret.expose().to_owned();
        wrong.replace_range(position..=position, "!");
        assert!(!ClientSecret::new(&wrong).matches_hash(&stored), "differs at {position}");
    }
    for wrong in ["", "x", &secret.expose()[1..], &format!("{} ", secret.expose())] {
        assert!(!ClientSecret::new(wrong).matches_hash(&stored));
    }
    assert!(!secret.matches_hash("") && !secret.matches_hash(secret.expose()));
    let presented = present(Some(&basic("metrics:s3cret")), "").expect("good");
    assert!(!format!("{presented:?}").contains("s3cret"));
    let body = Params::parse("client_id=metrics&client_secret=s3cret").expect("good");
    assert!(!format!("{body:?}").contains("s3cret"));
}

#[test]
fn o_31_access_tokens_in_the_query_are_refused() {
    let token = AccessToken::generate(&mut CountingRng(0));
    let header = format!("Bearer {}", token.expose());
    let form = format!("access_token={}", token.expose());
    let (dpop, capitals) = (format!("DPoP {}", token.expose()), format!("BEARER {}", token.expose()));
    for (header, query, body, expected) in [
        (None, Some(&*form), None, "invalid_request"),
        (Some(&*header), Some(&*form), None, "invalid_request"),
        (Some(&*header), Some("access_token="), None, "invalid_request"),
        (Some(&*header), None, Some(&*form), "invalid_request"),
        (None, None, None, "invalid_token"),
        (Some("Basic abc"), None, None, "invalid_token"),
        (Some("Bearer"), None, None, "invalid_token"),
        (Some("Bearer ghc_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), None, None, "invalid_token"),
        (Some(&*header), None, None, "accepted"),
        (Some(&*header), Some("x=1"), Some("y=1"), "accepted"),
        (None, None, Some(&*form), "accepted"),
        (Some(&*dpop), None, None, "accepted"),
        (Some(&*capitals), None, None, "accepted"),
    ] {
        assert_eq!(code_of(userinfo::access_token(header, query, body)), expected, "{header:?} {query:?}");
    }
}

#[test]
fn userinfo_errors_carry_a_challenge() {
    let error = userinfo::access_token(Some("Bearer x"), None, None).expect_err("bad");
    let response = userinfo::error_response(&error, true, false);
    assert_eq!(response.status, 401);
    assert_eq!(
        response.www_authenticate.as_deref(),
        Some("Bearer error=\"invalid_token\", error_description=\"the access token is not valid\"")
    );
    let bare = userinfo::error_response(&error, false, false);
    assert_eq!(bare.www_authenticate.as_deref(), Some("Bearer, DPoP algs=\"PS256 ES256 EdDSA Ed25519\""));
    let of_proof = ProtocolError::new(oidc::ErrorCode::UseDpopNonce, "x");
    let response = userinfo::error_response(&of_proof, true, true);
    assert_eq!(response.status, 401, "RFC 9449 §9");
    assert_eq!(
        response.www_authenticate.as_deref(),
        Some("DPoP error=\"use_dpop_nonce\", error_description=\"x\", algs=\"PS256 ES256 EdDSA Ed25519\"")
    );
}
