//! Discovery held against what is really given and taken: claims, and algorithms of clients.

use super::{Gateway, claims, json, text};
use crate::support::app::{TestApp, oidc_settings, system};
use gatehouse::{
    domain::{
        connection::OidcConnection,
        user::{STANDARD_ATTRIBUTES, UserDraft},
    },
    service,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

fn names(of: &Value) -> BTreeSet<String> {
    of.as_object().expect("claims").keys().cloned().collect()
}

fn list(of: &Value) -> BTreeSet<String> {
    let list = of.as_array().expect("a list");
    let names: BTreeSet<String> = list.iter().map(|name| name.as_str().expect("a name").to_owned()).collect();
    assert_eq!(names.len(), list.len(), "each once: {of}");
    names
}

/// OpenID Connect Discovery §3, `claims_supported`: neither one that nobody can have, nor one too few.
#[tokio::test]
async fn somebody_of_whom_everything_is_known_has_exactly_the_claims_that_are_listed() {
    let every = oidc::scope::ALL.map(str::to_owned).to_vec();
    let gateway =
        Gateway::with(TestApp::new().await, OidcConnection { scopes: every.clone(), ..oidc_settings() })
            .await;
    let mut draft = UserDraft::of(&gateway.maya);
    for (name, _) in STANDARD_ATTRIBUTES {
        let value = match *name {
            "locale" | "preferred_language" => "en-GB".to_owned(),
            "alternate_email" | "recovery_email" => format!("{name}@elsewhere.example"),
            "phone" => "+44 20 7946 0000".to_owned(),
            "manager" => "tomas".to_owned(),
            other => other.to_owned(),
        };
        draft.profile.insert((*name).to_owned(), value);
    }
    service::users::update(&gateway.app.ctx, &system(), gateway.maya.id, gateway.maya.version, draft)
        .await
        .expect("filled in");
    let document = json(&gateway.app.browser().get("/.well-known/openid-configuration").await);
    let listed = list(&document["claims_supported"]);
    let browser = gateway.signed_in().await;

    let by_scope = gateway.tokens(&browser, &[("scope", &every.join(" "))]).await;
    let told = json(&gateway.userinfo(&text(&by_scope, "access_token")).await);
    let given = &names(&claims(&text(&by_scope, "id_token"))) | &names(&told);
    assert_eq!(given, listed, "by scope");

    // By name, with a name of every claim that a specification has: what isn't listed isn't given.
    let known =
        ["nickname", "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "azp", "jti"];
    let wishes: Map<String, Value> =
        listed.iter().map(String::as_str).chain(known).map(|name| (name.to_owned(), Value::Null)).collect();
    let wish = serde_json::json!({"id_token": wishes, "userinfo": wishes}).to_string();
    let by_name = gateway.tokens(&browser, &[("scope", "openid"), ("claims", &wish)]).await;
    let token = claims(&text(&by_name, "id_token"));
    assert_eq!(names(&token), listed, "in the ID token");
    let told = json(&gateway.userinfo(&text(&by_name, "access_token")).await);
    assert!(names(&told).is_subset(&listed), "{told}");
    for (name, value) in token.as_object().expect("claims") {
        assert!(!value.is_null() && *value != "", "{name}");
    }
}

/// RFC 9864 §4.1.2 deprecates `EdDSA` for `Ed25519`: both are taken, so both are listed, and nothing else is.
#[tokio::test]
async fn what_clients_may_sign_with_is_listed_by_every_name_that_is_taken() {
    let gateway = Gateway::new().await;
    let document = json(&gateway.app.browser().get("/.well-known/openid-configuration").await);
    let dpop = list(&document["dpop_signing_alg_values_supported"]);
    let every = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519", "HS256", "ES384", "RS512", "Ed448", "none"];
    let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(dpop, names(&["PS256", "ES256", "EdDSA", "Ed25519"]));
    for endpoint in ["token", "revocation", "introspection"] {
        let listed = list(&document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")]);
        assert_eq!(listed, names(&["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]), "{endpoint}");
        for name in every {
            assert_eq!(oidc::jose::ClientAlgorithm::parse(name).is_some(), listed.contains(name), "{name}");
        }
    }
    let challenged = gateway.app.browser().get("/oauth2/userinfo").await;
    let challenge = challenged.header("www-authenticate").expect("a challenge");
    let algorithms = challenge.split("algs=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("algs");
    assert_eq!(algorithms.split(' ').map(str::to_owned).collect::<BTreeSet<_>>(), dpop);
}
