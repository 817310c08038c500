//! O-04, O-05 and O-07: redeeming a code.

use chrono::TimeDelta;
use oidc::pkce::{CodeChallenge, CodeVerifier};
use oidc::token::authorization_code::{StoredCode, check};
use oidc::token_value::{AccessToken, AuthorizationCode, RefreshToken};

use crate::support::{CALLBACK, CHALLENGE, CountingRng, VERIFIER, client, now, verify};

fn stored() -> StoredCode {
    StoredCode::new(&verify(&[]).expect("good"), &client(), now())
}

fn redeem(
    code: &StoredCode,
    client_id: &str,
    uri: Option<&str>,
    verifier: Option<&str>,
) -> Result<(), String> {
    let verifier = verifier.map(CodeVerifier::new);
    check(code, client_id, uri, verifier.as_ref(), None, now()).map_err(|error| {
        assert_eq!(error.code().as_str(), "invalid_grant");
        assert_eq!(error.description(), "the grant is not valid", "the reason is not for the client");
        error.detail().unwrap_or_default().to_owned()
    })
}

#[test]
fn o_04_both_downgrades_are_refused() {
    let with = stored();
    let without = StoredCode { code_challenge: None, ..stored() };
    assert_eq!(redeem(&with, "metrics", Some(CALLBACK), Some(VERIFIER)), Ok(()), "twin");
    assert_eq!(redeem(&without, "metrics", Some(CALLBACK), None), Ok(()), "twin");
    assert!(redeem(&with, "metrics", Some(CALLBACK), None).is_err_and(|why| why.contains("missing")));
    assert!(
        redeem(&without, "metrics", Some(CALLBACK), Some(VERIFIER))
            .is_err_and(|why| why.contains("no challenge"))
    );
}

#[test]
fn o_04_wrong_and_malformed_verifiers_are_refused() {
    let code = stored();
    // Method plain: the challenge itself as verifier.
    for wrong in [
        CHALLENGE,
        "",
        &VERIFIER[..42],
        &"a".repeat(129),
        &VERIFIER.replace('d', "e"),
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX\u{212a}",
    ] {
        assert!(redeem(&code, "metrics", Some(CALLBACK), Some(wrong)).is_err(), "{wrong}");
    }
    // A verifier too short to be one is refused even if its hash is the challenge.
    let short = StoredCode {
        code_challenge: CodeChallenge::parse("LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ").ok(),
        ..stored()
    };
    assert!(redeem(&short, "metrics", Some(CALLBACK), Some("hello")).is_err());
}

#[test]
fn o_05_code_of_another_client_uri_or_person_is_refused() {
    let code = stored();
    assert!(redeem(&code, "other", Some(CALLBACK), Some(VERIFIER)).is_err());
    assert!(redeem(&code, "METRICS", Some(CALLBACK), Some(VERIFIER)).is_err());
    assert!(redeem(&code, "metrics", Some("https://metrics.example/callback/"), Some(VERIFIER)).is_err());
    assert!(redeem(&code, "metrics", None, Some(VERIFIER)).is_err());
    let without_uri = StoredCode { redirect_uri: None, ..stored() };
    assert!(redeem(&without_uri, "metrics", Some(CALLBACK), Some(VERIFIER)).is_err());
    assert_eq!(redeem(&without_uri, "metrics", None, Some(VERIFIER)), Ok(()), "twin");
    assert!(redeem(&code, "metrics", Some(CALLBACK), Some(&"other-persons-verifier-".repeat(2))).is_err());
}

#[test]
fn o_07_a_code_lives_sixty_seconds_at_most() {
    let mut generous = client();
    generous.lifetimes.code_seconds = 86_400;
    let code = StoredCode::new(&verify(&[]).expect("good"), &generous, now());
    assert_eq!(code.expires_at, now() + TimeDelta::seconds(60));
    assert!(generous.check().is_err(), "nor can it be registered");
    let verifier = CodeVerifier::new(VERIFIER);
    let at = |seconds| {
        check(&code, "metrics", Some(CALLBACK), Some(&verifier), None, now() + TimeDelta::seconds(seconds))
            .is_ok()
    };
    assert!(at(59) && !at(60) && !at(61));
}

#[test]
fn o_07_values_are_strong_typed_and_stored_hashed() {
    let code = AuthorizationCode::generate(&mut CountingRng(0));
    assert_eq!(code.expose(), "ghc_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    assert!(RefreshToken::parse(code.expose()).is_err() && AccessToken::parse(code.expose()).is_err());
    let same_random = code.expose().replace("ghc_", "ghr_");
    let refresh = RefreshToken::parse(&same_random).expect("well-formed");
    assert_ne!(code.hash(), refresh.hash(), "the kind is in the hash");
    assert!(!code.hash().contains(code.expose()));
    assert_eq!(AuthorizationCode::parse(code.expose()).expect("twin").hash(), code.hash());
    assert_eq!(format!("{code:?}"), "ghc_[redacted]");
    // FIPS 180-2 Appendix B.1: SHA-256 of "abc".
    assert_eq!(oidc::token_value::hash("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
}

#[test]
fn token_requests_by_grant() {
    use oidc::GrantType;
    use oidc::token::request::{TokenRequest, parse};
    let code = AuthorizationCode::generate(&mut CountingRng(0));
    let refresh = RefreshToken::generate(&mut CountingRng(0));
    let body = format!("grant_type=authorization_code&code={}&code_verifier={VERIFIER}", code.expose());
    let request = parse(&body).expect("good");
    let TokenRequest::AuthorizationCode { code: read, redirect_uri: None, code_verifier: Some(_), .. } =
        &request
    else {
        unreachable!("another grant: {request:?}")
    };
    assert_eq!(read, &code);
    assert!(!format!("{request:?}").contains(VERIFIER) && !format!("{request:?}").contains(code.expose()));
    let mut client = client();
    assert!(request.check_grant(&client).is_ok());
    client.grant_types = vec![GrantType::RefreshToken];
    assert_eq!(request.check_grant(&client).map_err(|e| e.code().as_str()), Err("unauthorized_client"));
    for (body, expected) in [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
        ("grant_type=implicit", "unsupported_grant_type"),
        ("grant_type=authorization_code", "invalid_request"),
        ("grant_type=authorization_code&code=x", "invalid_grant"),
        (&format!("grant_type=authorization_code&code={}", refresh.expose()), "invalid_grant"),
        (&format!("grant_type=refresh_token&refresh_token={}", code.expose()), "invalid_grant"),
        ("grant_type=refresh_token", "invalid_request"),
        (&format!("grant_type=refresh_token&refresh_token={}&scope=%22", refresh.expose()), "invalid_scope"),
    ] {
        assert_eq!(parse(body).expect_err(body).code().as_str(), expected, "{body}");
    }
    assert!(parse(&format!("grant_type=refresh_token&refresh_token={}", refresh.expose())).is_ok(), "twin");
    assert!(parse("grant_type=client_credentials").is_ok(), "twin");
}

#[test]
fn o_05_o_43_a_code_with_dpop_jkt_is_redeemed_by_that_key_only() {
    let verifier = oidc::pkce::CodeVerifier::new(VERIFIER);
    let with = |jkt: Option<&str>, proven: Option<&str>| {
        let code = StoredCode { dpop_jkt: jkt.map(ToOwned::to_owned), ..stored() };
        check(&code, "metrics", Some(CALLBACK), Some(&verifier), proven, now()).is_ok()
    };
    assert!(with(Some("key"), Some("key")), "twin");
    assert!(with(None, Some("any")) && with(None, None), "twins");
    assert!(!with(Some("key"), Some("other")) && !with(Some("key"), None));
}
