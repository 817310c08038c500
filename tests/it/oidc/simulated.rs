//! The simulator beside the issuer: for every kind of client, what it shows is what is issued, member by member.

use super::{Gateway, claims, json, simulator::answer, text};
use crate::support::app::{TestApp, oidc_settings};
use gatehouse::domain::connection::{
    AccessTokenFormat, IdTokenAlgorithm, OidcConnection, SubjectType, ValueMapping, ValueSource,
};
use oidc::{SigningAlgorithm, id_token::at_hash};
use serde_json::{Map, Value, json as value};

const API: &str = "https://api.example/";
const SCOPE: &str = "openid profile email groups read";

/// Made anew at every sign-on: that they are there counts, not what they are.
const ANEW: [&str; 6] = ["jti", "sid", "iat", "exp", "auth_time", "at_hash"];

fn settings() -> OidcConnection {
    let scopes = ["openid", "profile", "email", "groups", "read"].map(str::to_owned).to_vec();
    let mapped = ValueMapping::new("costTeam", ValueSource::Constant("blue".into()));
    OidcConnection {
        scopes,
        resources: vec![API.into(), "urn:b".into()],
        claims: vec![mapped],
        ..oidc_settings()
    }
}

/// The members, and what the lasting ones say.
fn lasting(claims: &Value) -> Map<String, Value> {
    let mut lasting = claims.as_object().unwrap_or_else(|| panic!("claims: {claims}")).clone();
    for name in ANEW {
        if let Some(value) = lasting.get_mut(name) {
            assert!(!value.is_null() && *value != "", "{name}: {claims}");
            *value = Value::Null;
        }
    }
    lasting
}

async fn is_what_is_issued(settings: OidcConnection, resources: &[&str]) {
    let is_jwt = settings.access_token_format == AccessTokenFormat::Jwt;
    let algorithm = match settings.id_token_algorithm {
        IdTokenAlgorithm::RS256 => SigningAlgorithm::Rs256,
        IdTokenAlgorithm::ES256 => SigningAlgorithm::Es256,
        IdTokenAlgorithm::EdDSA => SigningAlgorithm::EdDsa,
    };
    let what = format!("{settings:?} {resources:?}");
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let wish = value!({"id_token": {"email": null}});
    let asked = value!({"user": "maya", "scope": SCOPE, "resource": resources, "claims": wish});
    let simulated = answer(&gateway.app, "simulate", asked).await;
    assert_eq!(simulated["allowed"], true, "{simulated}");

    let browser = gateway.signed_in().await;
    let wish = wish.to_string();
    let address = gateway.authorize(&[("scope", SCOPE), ("nonce", "-"), ("claims", &wish)]);
    let address = resources.iter().fold(address, |address, one| {
        format!(
            "{address}&{}",
            form_urlencoded::Serializer::new(String::new()).append_pair("resource", one).finish()
        )
    });
    let code = super::query(browser.get(&address).await.location())["code"].clone();
    let tokens = json(&gateway.redeem(&code).await);
    let access = text(&tokens, "access_token");

    let issued = claims(&text(&tokens, "id_token"));
    assert_eq!(lasting(&simulated["id_token"]), lasting(&issued), "{what}");
    let signed = claims(&text(&simulated, "id_token_jwt"));
    assert_eq!(signed, simulated["id_token"], "what is shown is what is signed");
    let shown = text(&simulated, "throw_away_access_token");
    assert_eq!(signed["at_hash"], at_hash(&shown, algorithm).expect("a hash"), "{what}");
    assert_eq!(issued["at_hash"], at_hash(&access, algorithm).expect("a hash"), "the twin");

    let issued = if is_jwt { claims(&access) } else { json(&gateway.introspected(&access).await) };
    assert_eq!(lasting(&simulated["access_token"]), lasting(&issued), "{what}");
    let audience = match resources {
        [] => value!(gateway.app.url),
        [one] => value!(one),
        several => value!(several),
    };
    assert_eq!(simulated["access_token"]["aud"], audience, "{what}");
    if is_jwt {
        assert_eq!(claims(&shown), simulated["access_token"]);
        for name in ["auth_time", "acr", "amr", "groups", "jti"] {
            assert!(simulated["access_token"].get(name).is_some(), "{name}: {what}");
        }
    }
    assert_eq!(simulated["scope"], tokens["scope"]);
    if resources.is_empty() {
        assert_eq!(simulated["userinfo"], json(&gateway.userinfo(&access).await));
    }
    assert_eq!(gateway.userinfo(&shown).await.status, 401, "and nothing takes it");
    assert_eq!(json(&gateway.introspected(&shown).await), value!({"active": false}));
}

#[tokio::test]
async fn a_simulated_opaque_token_is_what_is_issued() {
    is_what_is_issued(settings(), &[]).await;
    is_what_is_issued(OidcConnection { id_token_algorithm: IdTokenAlgorithm::ES256, ..settings() }, &[API])
        .await;
}

#[tokio::test]
async fn a_simulated_signed_token_is_what_is_issued() {
    let signed = || OidcConnection { access_token_format: AccessTokenFormat::Jwt, ..settings() };
    is_what_is_issued(signed(), &[]).await;
    is_what_is_issued(signed(), &[API]).await;
    is_what_is_issued(
        OidcConnection { id_token_algorithm: IdTokenAlgorithm::EdDSA, ..signed() },
        &[API, "urn:b"],
    )
    .await;
}

#[tokio::test]
async fn a_simulated_token_about_a_pairwise_subject_is_what_is_issued() {
    for access_token_format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
        let pairwise =
            OidcConnection { subject_type: SubjectType::Pairwise, access_token_format, ..settings() };
        is_what_is_issued(pairwise, &[API]).await;
    }
}

#[tokio::test]
async fn a_simulated_token_that_would_be_bound_says_so() {
    let bound = OidcConnection { dpop_bound_access_tokens: true, ..settings() };
    let gateway = Gateway::with(TestApp::new().await, bound).await;
    let simulated = answer(&gateway.app, "simulate", value!({"user": "maya"})).await;
    assert_eq!(simulated["access_token"]["token_type"], "DPoP", "{simulated}");
    assert!(simulated["access_token"]["cnf"]["jkt"].is_string(), "{simulated}");
}
