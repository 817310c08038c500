//! O-23: logout redirects and confirmation. Revocation and introspection by others (O-36).

use chrono::TimeDelta;
use oidc::end_session::{CurrentSession, EndSessionDecision, EndSessionRequest, decide};
use oidc::id_token::hint::{HintExpiry, IdTokenHint, verify_hint};
use oidc::id_token::{self, IdTokenClaims};
use oidc::introspection::{self, IntrospectionRequest, StoredToken};
use oidc::params::Params;
use oidc::revocation::{self, RevocationDecision, RevocationRequest};
use oidc::token_value::{AccessToken, RefreshToken};
use oidc::{ClientAuthMethod, GrantType, Scope, SigningAlgorithm};

use crate::support::{CountingRng, ISSUER, client, key_set, now, signer};

fn hint_for(aud: &str) -> IdTokenHint {
    hint_of(aud, None)
}

fn hint_of(aud: &str, sid: Option<&str>) -> IdTokenHint {
    let claims = IdTokenClaims {
        iss: ISSUER.to_owned(),
        sub: "maya".to_owned(),
        aud: aud.to_owned(),
        sid: sid.map(str::to_owned),
        ..IdTokenClaims::default()
    };
    let token = id_token::issue(&claims, signer(SigningAlgorithm::Es256)).expect("signs");
    verify_hint(&token, ISSUER, None, &key_set(), HintExpiry::Tolerated).expect("ours")
}

fn run(raw: &str, hint: Option<&IdTokenHint>, session: Option<&str>) -> EndSessionDecision {
    let request = EndSessionRequest::parse(raw).expect("parses");
    let session = session.map(|sub| CurrentSession { sub, sid: "s1" });
    decide(&request, hint, hint.map(|_| client()).as_ref(), session)
}

const BYE: &str = "post_logout_redirect_uri=https%3A%2F%2Fmetrics.example%2Fbye";

#[test]
fn o_23_twin_a_hint_and_the_exact_uri_log_out_and_redirect() {
    let hint = hint_for("metrics");
    let to = |uri: &str| EndSessionDecision::LogOut { redirect: Some(uri.to_owned()) };
    assert_eq!(
        run(&format!("{BYE}&state=a%26b%3D%22"), Some(&hint), Some("maya")),
        to("https://metrics.example/bye?state=a%26b%3D%22")
    );
    assert_eq!(run(BYE, Some(&hint), Some("maya")), to("https://metrics.example/bye"), "no state");
    assert_eq!(run(BYE, Some(&hint), None), to("https://metrics.example/bye"), "already signed out");
    assert_eq!(run("", Some(&hint), Some("maya")), EndSessionDecision::LogOut { redirect: None });
}

#[test]
fn o_23_anything_less_asks_and_does_not_redirect() {
    let hint = hint_for("metrics");
    let confirm = EndSessionDecision::Confirm { redirect: None };
    for raw in ["", "state=x", BYE, "client_id=metrics"] {
        assert_eq!(run(raw, None, Some("maya")), confirm, "{raw} without hint");
    }
    // With client_id the person's own yes leads back, and nothing less.
    let by_name = |raw: &str| {
        let request = EndSessionRequest::parse(raw).expect("parses");
        decide(&request, None, Some(&client()), Some(CurrentSession { sub: "maya", sid: "s1" }))
    };
    let back = EndSessionDecision::Confirm { redirect: Some("https://metrics.example/bye".to_owned()) };
    assert_eq!(by_name(&format!("{BYE}&client_id=metrics")), back);
    let evil = "client_id=metrics&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F";
    for raw in [&*format!("{BYE}&client_id=metrics&id_token_hint=x"), BYE, evil] {
        assert_eq!(by_name(raw), confirm, "{raw}");
    }
    for uri in [
        "https%3A%2F%2Fevil.example%2F",
        "https%3A%2F%2Fmetrics.example%2Fbye%3Ffoo%3Dbar",
        "https%3A%2F%2Fmetrics.example%2Fbye%2F",
        "https%3A%2F%2Fmetrics.example%2Fcallback",
        "javascript%3Aalert(1)",
        "%2F%2Fevil.example",
    ] {
        let raw = format!("post_logout_redirect_uri={uri}");
        assert_eq!(run(&raw, Some(&hint), Some("maya")), confirm, "{uri}");
    }
    assert_eq!(run(&format!("{BYE}&client_id=other"), Some(&hint), Some("maya")), confirm);
    assert_eq!(run(BYE, Some(&hint_for("other")), Some("maya")), confirm);
    assert!(
        matches!(run(BYE, Some(&hint), Some("noor")), EndSessionDecision::Confirm { .. }),
        "somebody else"
    );
    assert!(EndSessionRequest::parse("state=a&state=b").is_err());
    assert!(EndSessionRequest::parse("state=a%0d%0ab").is_err());
}

#[test]
fn o_23_a_hint_from_another_session_asks() {
    let out = EndSessionDecision::LogOut { redirect: Some("https://metrics.example/bye".to_owned()) };
    let ask = EndSessionDecision::Confirm { redirect: Some("https://metrics.example/bye".to_owned()) };
    for (sid, expected) in [(None, &out), (Some("s1"), &out), (Some("s2"), &ask), (Some(""), &ask)] {
        assert_eq!(run(BYE, Some(&hint_of("metrics", sid)), Some("maya")), *expected, "{sid:?}");
    }
    assert_eq!(run(BYE, Some(&hint_of("metrics", Some("s2"))), None), out, "nobody is signed in");
}

#[test]
fn o_36_tokens_are_introspected_by_their_client_and_audience_only() {
    let presented = AccessToken::generate(&mut CountingRng(0));
    let body =
        Params::parse(&format!("token={}&token_type_hint=refresh_token", presented.expose())).expect("good");
    let request = IntrospectionRequest::from_params(&body).expect("good");
    let presented = request.token().expect("ours, whatever the hint says");
    let stored = StoredToken {
        client_id: "metrics".to_owned(),
        audience: vec!["api".to_owned()],
        sub: "maya".to_owned(),
        username: None,
        scope: Scope::parse("openid").expect("good"),
        issued_at: Some(now()),
        expires_at: now() + TimeDelta::seconds(900),
        revoked: false,
        key_thumbprint: None,
    };
    let active = |token: &StoredToken, caller: &str, seconds: i64| {
        let mut caller_client = client();
        caller_client.client_id = caller.to_owned();
        caller_client.resources = vec!["api".to_owned()];
        if caller.starts_with("api") {
            caller_client.serves_resources = vec!["api".to_owned()];
        }
        if caller != "api-client" {
            caller_client.grant_types = vec![GrantType::ClientCredentials];
        }
        let at = now() + TimeDelta::seconds(seconds);
        let json = introspection::decide(token, presented, &caller_client, ISSUER, at).to_json();
        if json["active"] == false {
            assert_eq!(json, serde_json::json!({ "active": false }), "nothing else is told");
        }
        json["active"] == true
    };
    assert!(active(&stored, "metrics", 0) && active(&stored, "api", 899), "twins");
    assert!(!active(&stored, "other", 0), "it may get tokens for the resource, and serves it not");
    assert!(!active(&stored, "api-client", 0), "people sign in there: it is no resource server");
    assert!(!active(&stored, "metrics", 900));
    assert!(!active(&StoredToken { revoked: true, ..stored.clone() }, "metrics", 0));
    let mut public = client();
    public.client_auth = ClientAuthMethod::None;
    assert!(introspection::check_caller(&public).is_err());
    assert!(introspection::check_caller(&client()).is_ok());
}

#[test]
fn revocation_is_for_the_owner() {
    let token = RefreshToken::generate(&mut CountingRng(0));
    let parse = |body: &str| RevocationRequest::from_params(&Params::parse(body).expect("parses"));
    assert!(parse(&format!("token={}", token.expose())).expect("good").token().is_some());
    assert!(parse("token=eyJ.x.y&token_type_hint=foo").expect("good").token().is_none());
    assert!(parse("token=").is_err());
    assert_eq!(revocation::decide(Some("metrics"), "metrics"), RevocationDecision::Revoke);
    assert_eq!(revocation::decide(None, "metrics"), RevocationDecision::NothingToDo);
    assert!(matches!(revocation::decide(Some("other"), "metrics"), RevocationDecision::Refused(_)));
}
