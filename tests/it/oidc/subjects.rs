//! Pairwise subjects and signed userinfo: the same person, known under another name in each sector (OpenID Connect Core §8).

use super::{Gateway, claims, json, text};
use crate::support::app::{TestApp, oidc_settings};
use gatehouse::domain::connection::{IdTokenAlgorithm, OidcConnection, SubjectType};
use reqwest::StatusCode;

#[tokio::test]
async fn pairwise_subjects_are_the_same_everywhere_in_a_sector_and_differ_between_sectors() {
    let settings = OidcConnection { subject_type: SubjectType::Pairwise, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let access = text(&tokens, "access_token");
    let id_token = text(&tokens, "id_token");
    let sub = text(&claims(&id_token), "sub");
    assert_ne!(sub, gateway.maya.id.to_string());
    assert_eq!(sub.len(), 43);
    assert_eq!(text(&json(&gateway.userinfo(&access).await), "sub"), sub);
    assert_eq!(text(&json(&gateway.introspected(&access).await), "sub"), sub);
    let again = json(&gateway.redeem(&gateway.code(&browser).await).await);
    assert_eq!(text(&claims(&text(&again, "id_token")), "sub"), sub, "it never changes");
    // As a hint it means the same person.
    let silent = browser.get(&gateway.authorize(&[("prompt", "none"), ("id_token_hint", &id_token)])).await;
    assert!(super::query(silent.location()).contains_key("code"), "{}", silent.location());

    let other = OidcConnection {
        subject_type: SubjectType::Pairwise,
        sector_identifier_uri: "https://other.example/uris".into(),
        ..oidc_settings()
    };
    let app = gatehouse::service::apps::find(&gateway.app.ctx, &crate::support::app::system(), "metrics")
        .await
        .expect("the app");
    let mut draft = gatehouse::domain::app::AppDraft::of(&app);
    draft.connection = gatehouse::domain::connection::Connection::Oidc(Box::new(other));
    let version = app.version;
    gatehouse::service::apps::update(&gateway.app.ctx, &crate::support::app::system(), app, version, draft)
        .await
        .expect("another sector");
    let moved = json(&gateway.redeem(&gateway.code(&browser).await).await);
    assert_ne!(text(&claims(&text(&moved, "id_token")), "sub"), sub);
}

#[tokio::test]
async fn userinfo_is_signed_for_those_who_registered_for_it() {
    for algorithm in [IdTokenAlgorithm::RS256, IdTokenAlgorithm::ES256, IdTokenAlgorithm::EdDSA] {
        let settings = OidcConnection { userinfo_signed_response_alg: Some(algorithm), ..oidc_settings() };
        let gateway = Gateway::with(TestApp::new().await, settings).await;
        let browser = gateway.signed_in().await;
        let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
        let page = gateway.userinfo(&text(&tokens, "access_token")).await;
        assert_eq!(
            (page.status, page.headers["content-type"].as_bytes()),
            (StatusCode::OK, b"application/jwt".as_slice())
        );
        let signed = claims(&page.text);
        assert_eq!((&signed["aud"], &signed["iss"]), (&"metrics".into(), &gateway.app.url.as_str().into()));
        assert_eq!(signed["sub"], gateway.maya.id.to_string());
        assert_eq!(signed["email"], "maya@fernhill.example");
        // O-37: it passes for no ID token.
        let hinted =
            browser.get(&gateway.authorize(&[("prompt", "none"), ("id_token_hint", &page.text)])).await;
        assert_eq!(super::query(hinted.location())["error"], "login_required");
    }
}

/// RFC 7662 §2.2: a user name is told to whom `preferred_username` is told, and to nobody who knows the person by another name.
#[tokio::test]
async fn introspection_tells_the_user_name_with_profile_only_and_never_beside_a_pairwise_subject() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let asked = async |gateway: &Gateway, browser: &crate::support::app::Browser, scope: &str| {
        let tokens = gateway.tokens(browser, &[("scope", scope)]).await;
        (text(&tokens, "access_token"), text(&tokens, "refresh_token"))
    };
    let told = async |gateway: &Gateway, token: &str| {
        let told = json(&gateway.introspected(token).await);
        assert_eq!(told["active"], true);
        told.get("username").cloned()
    };
    let (access, refresh) = asked(&gateway, &browser, "openid profile").await;
    let maya = Some(serde_json::json!("maya"));
    assert_eq!((told(&gateway, &access).await, told(&gateway, &refresh).await), (maya.clone(), maya));
    let (without, refresh_without) = asked(&gateway, &browser, "openid email").await;
    assert_eq!((told(&gateway, &without).await, told(&gateway, &refresh_without).await), (None, None));
    gateway.reregister(|settings| settings.scopes.retain(|scope| scope != "profile")).await;
    assert_eq!(told(&gateway, &access).await, None, "what is left of the scope counts");

    let settings = OidcConnection { subject_type: SubjectType::Pairwise, ..oidc_settings() };
    let pairwise = Gateway::with(TestApp::new().await, settings).await;
    let browser = pairwise.signed_in().await;
    let (access, refresh) = asked(&pairwise, &browser, "openid profile email").await;
    assert_eq!((told(&pairwise, &access).await, told(&pairwise, &refresh).await), (None, None));
}
