//! O-03, O-08, O-16, O-17, O-25, O-28, O-29, O-38, O-44 and the request half of O-04.

use oidc::authorization::request::{
    AuthorizationRefusal, ProviderPolicy, ResponseMode, UnverifiedAuthorizationRequest,
    VerifiedAuthorizationRequest,
};
use oidc::authorization::response::{self, AuthorizationResponse};
use oidc::params::Params;
use oidc::token_value::AuthorizationCode;
use oidc::{ClientAuthMethod, ErrorCode, GrantType, ProtocolError, Scope};

use crate::support::{
    CALLBACK, CHALLENGE, CountingRng, ISSUER, client, query, redirected, uri, verify, verify_for,
};

#[test]
fn o_03_nothing_is_redirected_before_client_and_uri_hold() {
    for changes in [
        &[("client_id", "other")][..],
        &[("client_id", "")],
        &[("redirect_uri", "https://evil.example/"), ("prompt", "none")],
        &[("redirect_uri", "https://evil.example/"), ("response_type", "token")],
    ] {
        let refusal = verify(changes).expect_err("must be refused");
        assert!(matches!(refusal, AuthorizationRefusal::Page { .. }));
        assert!(response::refusal(&refusal, ISSUER).is_none());
    }
}

#[test]
fn o_03_twin_later_errors_are_redirected_with_state_and_iss() {
    let refusal = verify(&[("response_type", "token")]).expect_err("must be refused");
    let Some(AuthorizationResponse::Redirect { location }) = response::refusal(&refusal, ISSUER) else {
        unreachable!("must be redirected");
    };
    assert_eq!(
        location,
        "https://metrics.example/callback?error=unsupported_response_type\
         &error_description=only+response_type+code+is+supported\
         &state=af0ifjsldkj&iss=https%3A%2F%2Fid.fernhill.example"
    );
}

#[test]
fn o_04_challenges_that_are_refused() {
    let long = "a".repeat(129);
    for changes in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge", "")],
        &[("code_challenge", &CHALLENGE[..42])],
        &[("code_challenge", &long)],
        &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")],
    ] {
        assert_eq!(redirected(verify(changes)), "invalid_request", "{changes:?}");
    }
    let mut lenient = client();
    lenient.require_pkce = false;
    assert_eq!(redirected(verify_for(&lenient, &[("code_challenge_method", "plain")])), "invalid_request");
    lenient.client_auth = ClientAuthMethod::None;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(redirected(verify_for(&lenient, &without)), "invalid_request", "public clients always");
}

#[test]
fn o_04_twin_s256_is_taken_and_may_be_optional_for_confidential_clients() {
    let request = verify(&[]).expect("S256");
    assert_eq!(request.code_challenge().map(oidc::pkce::CodeChallenge::as_str), Some(CHALLENGE));
    let mut lenient = client();
    lenient.require_pkce = false;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    assert!(verify_for(&lenient, &without).expect("optional").code_challenge().is_none());
    let policy = ProviderPolicy { require_pkce: true, ..ProviderPolicy::default() };
    let raw = query(&without);
    let request = UnverifiedAuthorizationRequest::parse(&raw).expect("parses");
    assert!(request.verify(&lenient, &policy).is_err(), "the policy demands it of all");
}

fn fields_of(response: AuthorizationResponse) -> Vec<(String, String)> {
    match response {
        AuthorizationResponse::FormPost { action, fields } => {
            assert_eq!(action, CALLBACK);
            fields
        }
        AuthorizationResponse::Redirect { location } => {
            let (before, query) = location.split_once('?').expect("a query");
            assert_eq!(before, CALLBACK);
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        }
    }
}

#[test]
fn o_08_iss_is_in_every_response() {
    let code = AuthorizationCode::generate(&mut CountingRng(0));
    let denied = ProtocolError::new(ErrorCode::AccessDenied, "no");
    for mode in ["query", "form_post"] {
        let request = verify(&[("response_mode", mode)]).expect("good");
        for response in
            [response::success(&request, &code, ISSUER), response::error(&request, &denied, ISSUER)]
        {
            let fields = fields_of(response);
            assert_eq!(fields.iter().filter(|(name, _)| name == "iss").count(), 1);
            assert!(fields.contains(&("iss".to_owned(), ISSUER.to_owned())));
            let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
            assert!(!(names.contains(&"code") && names.contains(&"error")), "{names:?}");
        }
    }
}

#[test]
fn responses_keep_a_registered_query() {
    let code = AuthorizationCode::generate(&mut CountingRng(0));
    for (registered, start) in [
        ("https://metrics.example/cb?a=%20b", "https://metrics.example/cb?a=%20b&code="),
        ("https://metrics.example/cb?", "https://metrics.example/cb?code="),
        ("https://metrics.example/cb?a&", "https://metrics.example/cb?a&code="),
        ("https://metrics.example", "https://metrics.example?code="),
    ] {
        let mut client = client();
        client.redirect_uris = vec![uri(registered)];
        let request = verify_for(&client, &[("redirect_uri", registered)]).expect("good");
        let AuthorizationResponse::Redirect { location } = response::success(&request, &code, ISSUER) else {
            unreachable!("query mode");
        };
        assert!(location.starts_with(start), "{location}");
    }
}

#[test]
fn o_16_other_response_modes_are_refused_in_the_safe_one() {
    for mode in ["fragment", "web_message", "jwt", "query.jwt", "QUERY", "form_post "] {
        let refusal = verify(&[("response_mode", mode)]).expect_err(mode);
        let AuthorizationRefusal::Redirect { response_mode, error, .. } = refusal else {
            unreachable!("{mode} on a page")
        };
        assert_eq!((response_mode, error.code()), (ResponseMode::Query, ErrorCode::InvalidRequest));
    }
    assert_eq!(
        verify(&[("response_mode", "form_post")]).expect("twin").response_mode(),
        ResponseMode::FormPost
    );
    assert_eq!(verify(&[("response_mode", "query")]).expect("twin").response_mode(), ResponseMode::Query);
}

#[test]
fn o_16_errors_use_the_mode_that_was_asked_for() {
    let refusal = verify(&[("response_mode", "form_post"), ("scope", "email")]).expect_err("no openid");
    assert!(matches!(response::refusal(&refusal, ISSUER), Some(AuthorizationResponse::FormPost { .. })));
}

#[test]
fn o_17_only_code() {
    for other in
        ["token", "id_token", "id_token token", "code id_token", "code token", "none", "CODE", "code code"]
    {
        assert_eq!(redirected(verify(&[("response_type", other)])), "unsupported_response_type", "{other}");
    }
    assert_eq!(redirected(verify(&[("response_type", "")])), "invalid_request");
    assert!(verify(&[("response_type", "code")]).is_ok());
    let mut client = client();
    client.grant_types = vec![GrantType::RefreshToken];
    assert_eq!(redirected(verify_for(&client, &[])), "unauthorized_client");
}

#[test]
fn o_25_request_objects_are_refused_by_name() {
    for (name, code) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        assert_eq!(redirected(verify(&[(name, "x")])), code);
    }
    assert!(verify(&[("requests", "x")]).is_ok(), "unknown parameters are ignored");
}

#[test]
fn o_28_nonce_is_kept_exactly_or_refused() {
    let long = "n".repeat(384);
    let limit = "n".repeat(2048);
    for nonce in ["n-0S6_WzA2Mj", long.as_str(), limit.as_str(), "\u{1f511} \u{fc} <&>\"'%00+"] {
        assert_eq!(verify(&[("nonce", nonce)]).expect("good").nonce(), Some(nonce));
    }
    assert_eq!(verify(&[("nonce", "")]).expect("optional").nonce(), None);
    for bad in ["n".repeat(2049), "a\r\nb".to_owned(), "a\u{7f}".to_owned()] {
        assert_eq!(redirected(verify(&[("nonce", &bad)])), "invalid_request");
    }
}

#[test]
fn o_29_state_is_echoed_exactly_or_refused() {
    let code = AuthorizationCode::generate(&mut CountingRng(0));
    let limit = "s".repeat(2048);
    for state in
        ["</script><script>alert(1)</script>", "a&iss=evil&b", "%00", "\u{fc}\u{1f511} +", limit.as_str()]
    {
        for mode in ["query", "form_post"] {
            let request = verify(&[("state", state), ("response_mode", mode)]).expect(state);
            let response = response::success(&request, &code, ISSUER);
            if let AuthorizationResponse::Redirect { location } = &response {
                assert!(location.bytes().all(|b| b.is_ascii_graphic()), "header-safe: {location}");
            }
            assert!(fields_of(response).contains(&("state".to_owned(), state.to_owned())));
        }
    }
    for bad in ["s".repeat(2049), "s".repeat(4096), "a\r\nSet-Cookie: x".to_owned(), "\t".to_owned()] {
        assert!(matches!(verify(&[("state", &bad)]), Err(AuthorizationRefusal::Page { .. })));
    }
    assert!(UnverifiedAuthorizationRequest::parse(&(query(&[("state", "")]) + "&state=a%00")).is_err());
    let silent = verify(&[("state", "")]).expect("optional");
    assert!(!fields_of(response::success(&silent, &code, ISSUER)).iter().any(|(name, _)| name == "state"));
}

#[test]
fn o_38_scope_is_at_most_what_is_registered() {
    let mut client = client();
    client.scopes = Scope::parse("openid email").expect("good");
    let request = verify_for(&client, &[("scope", "admin email openid profile groups offline_access")]);
    assert_eq!(request.expect("good").scope().to_string(), "email openid");
    assert_eq!(redirected(verify(&[("scope", "profile email")])), "invalid_scope");
    assert_eq!(redirected(verify(&[("scope", "")])), "invalid_scope");
    assert_eq!(redirected(verify(&[("scope", "openid \"x\"")])), "invalid_scope");
    assert_eq!(redirected(verify(&[("scope", "OPENID")])), "invalid_scope");
}

#[test]
fn o_44_any_repeated_parameter_is_refused() {
    for name in
        ["client_id", "redirect_uri", "state", "scope", "nonce", "response_type", "extra", "re%64irect_uri"]
    {
        let value = if name == "extra" { "extra=1&extra=1".to_owned() } else { format!("{name}=x") };
        let raw = format!("{}&{value}", query(&[]));
        let error = UnverifiedAuthorizationRequest::parse(&raw).expect_err(name);
        assert_eq!(error.code(), ErrorCode::InvalidRequest);
    }
    let body = "grant_type=authorization_code&code=a&code=a";
    assert_eq!(Params::parse(body).expect_err("repeated").code(), ErrorCode::InvalidRequest);
    assert!(UnverifiedAuthorizationRequest::parse(&format!("{}&extra=foobar", query(&[]))).is_ok());
}

#[test]
fn prompt_and_max_age() {
    for bad in ["none login", "login none", "create", "none create", "LOGIN", "login\tconsent"] {
        assert_eq!(redirected(verify(&[("prompt", bad)])), "invalid_request", "{bad}");
    }
    let request = verify(&[("prompt", "login consent"), ("max_age", "10000")]).expect("good");
    assert!(request.prompt().login() && request.prompt().consent() && !request.prompt().none());
    assert_eq!(request.max_age(), Some(10_000));
    assert!(verify(&[("prompt", "none")]).expect("good").prompt().none());
    assert_eq!(verify(&[("max_age", "0")]).expect("good").max_age(), Some(0));
    assert_eq!(verify(&[("max_age", "99999999999")]).expect("good").max_age(), Some(u32::MAX));
    for bad in ["-1", "+1", "1.5", "x", " 1", "0x1", "\u{661}", "999999999999999999999"] {
        assert_eq!(redirected(verify(&[("max_age", bad)])), "invalid_request", "{bad}");
    }
}

#[test]
fn hints_and_wishes_are_kept_and_bounded() {
    let request = verify(&[
        ("display", "popup"),
        ("ui_locales", "se de"),
        ("claims_locales", "se"),
        ("acr_values", "1 2"),
        ("login_hint", "maya"),
        ("id_token_hint", "a.b.c"),
    ])
    .expect("good");
    assert_eq!(request.ui_locales(), ["se", "de"]);
    assert_eq!(request.acr_values(), ["1", "2"]);
    assert_eq!((request.login_hint(), request.id_token_hint()), (Some("maya"), Some("a.b.c")));
    assert!(verify(&[("display", "hologram")]).expect("no error").display().is_none());
    let long = "x ".repeat(600);
    assert_eq!(redirected(verify(&[("ui_locales", &long)])), "invalid_request");
    assert_eq!(redirected(verify(&[("login_hint", &"x".repeat(9000))])), "invalid_request");
}

#[test]
fn a_verified_request_survives_being_stored() {
    let claims = r#"{"id_token":{"acr":{"essential":true,"values":["2"]}},"userinfo":{"name":null}}"#;
    let request = verify(&[("claims", claims), ("prompt", "login"), ("max_age", "5")]).expect("good");
    let stored = serde_json::to_string(&request).expect("serialises");
    let back: VerifiedAuthorizationRequest = serde_json::from_str(&stored).expect("reads back");
    assert_eq!(back, request);
    assert!(!format!("{request:?}").contains("af0ifjsldkj"), "state is not printed");
}
