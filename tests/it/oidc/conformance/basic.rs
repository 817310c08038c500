//! The 38 modules of the Basic OP plan, which the Form Post plan runs again in its mode.

use super::suite::{Mode, NONCE, Suite};
use crate::{
    oidc::{CHALLENGE, VERIFIER, json},
    support::app::Browser,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gatehouse::domain::connection::{ClientAuth, OidcConnection};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// A happy flow with these parameters must work.
async fn succeeds(mode: Mode, more: &[(&str, &str)]) {
    let suite = Suite::new(mode).await;
    suite.new_flow(more).await;
}

/// The claims of these scopes come from userinfo, and none of them in the ID token of a code flow.
async fn scope_gives(mode: Mode, scope: &str, claims: &[&str]) {
    let suite = Suite::new(mode).await;
    let tokens = suite.new_flow(&[("scope", scope)]).await;
    let said = suite.userinfo(&tokens).await;
    for claim in claims {
        assert!(said.get(claim).is_some_and(|value| !value.is_null()), "{claim}: {said}");
    }
}

pub async fn oidcc_server(mode: Mode) {
    let suite = Suite::new(mode).await;
    let first = suite.new_flow(&[]).await;
    let browser = suite.app.browser();
    let second = suite.flow(&browser, &suite.client2, &[]).await;
    assert_eq!(first.id["sub"], second.id["sub"], "a public subject");
    assert_ne!(first.access, second.access);
    assert_eq!(first.id["sub"], suite.maya.id.to_string());
}

pub async fn oidcc_response_type_missing(mode: Mode) {
    let suite = Suite::new(mode).await;
    let page = suite.ask(&suite.app.browser(), &suite.client, &[("response_type", "-")]).await;
    let back = suite.callback(&suite.client, &page);
    assert!(matches!(back.error(), "invalid_request" | "unsupported_response_type"), "{back:?}");
}

pub async fn oidcc_idtoken_signature(mode: Mode) {
    let suite = Suite::new(mode).await;
    let tokens = suite.new_flow(&[]).await;
    assert_eq!(tokens.header["alg"], "RS256", "where no algorithm was registered");
    assert!(tokens.header["kid"].is_string());
}

/// Skipped by the suite unless `none` is listed: it must not be, and can't be registered.
pub async fn oidcc_idtoken_unsigned(mode: Mode) {
    let suite = Suite::new(mode).await;
    let document = json(&suite.app.browser().get("/.well-known/openid-configuration").await);
    let listed = document["id_token_signing_alg_values_supported"].as_array().expect("a list");
    assert!(!listed.contains(&Value::from("none")), "{listed:?}");
    assert!(gatehouse::domain::connection::IdTokenAlgorithm::parse("none").is_none());
}

pub async fn oidcc_userinfo_get(mode: Mode) {
    let suite = Suite::new(mode).await;
    let tokens = suite.new_flow(&[]).await;
    suite.userinfo(&tokens).await;
}

pub async fn oidcc_userinfo_post_header(mode: Mode) {
    let suite = Suite::new(mode).await;
    let tokens = suite.new_flow(&[]).await;
    let bearer = format!("Bearer {}", tokens.access);
    let headers = [("authorization", bearer.as_str())];
    let page = suite.app.browser().send(Method::POST, "/oauth2/userinfo", &headers, "").await;
    Suite::check_userinfo(&page, &tokens);
}

pub async fn oidcc_userinfo_post_body(mode: Mode) {
    let suite = Suite::new(mode).await;
    let tokens = suite.new_flow(&[]).await;
    let page = suite.app.browser().post("/oauth2/userinfo", &[("access_token", &tokens.access)]).await;
    Suite::check_userinfo(&page, &tokens);
}

pub async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(mode: Mode) {
    let suite = Suite::new(mode).await;
    let tokens = suite.new_flow(&[("nonce", "-")]).await;
    assert!(tokens.id.get("nonce").is_none());
}

pub async fn oidcc_scope_profile(mode: Mode) {
    let claims = ["name", "given_name", "family_name", "preferred_username", "updated_at"];
    scope_gives(mode, "openid profile", &claims).await;
}

pub async fn oidcc_scope_email(mode: Mode) {
    scope_gives(mode, "openid email", &["email", "email_verified"]).await;
}

pub async fn oidcc_scope_address(mode: Mode) {
    scope_gives(mode, "openid address", &["address"]).await;
}

pub async fn oidcc_scope_phone(mode: Mode) {
    scope_gives(mode, "openid phone", &["phone_number", "phone_number_verified"]).await;
}

pub async fn oidcc_scope_all(mode: Mode) {
    let claims = ["name", "email", "address", "phone_number"];
    scope_gives(mode, "openid profile email address phone", &claims).await;
}

pub async fn oidcc_alternate_happy_flow(mode: Mode) {
    let suite = Suite::new(mode).await;
    let browser = suite.app.browser();
    let mut fields = suite.request(&suite.client, &[("scope", "phone address email profile openid")]);
    fields.reverse();
    let page = browser.get(&Suite::address(&fields)).await;
    let back = suite.finish(&browser, &suite.client, page).await;
    let answer = suite.exchange(&suite.client, back.code(), &[]).await;
    let tokens = suite.tokens(&suite.client, &answer, Some(NONCE)).await;
    assert!(suite.userinfo(&tokens).await.get("email").is_some());
}

pub async fn oidcc_display_page(mode: Mode) {
    succeeds(mode, &[("display", "page")]).await;
}

pub async fn oidcc_display_popup(mode: Mode) {
    succeeds(mode, &[("display", "popup")]).await;
}

pub async fn oidcc_prompt_login(mode: Mode) {
    let suite = Suite::new(mode).await;
    let browser = suite.app.browser();
    let first = suite.flow(&browser, &suite.client, &[]).await;
    suite.wait(2);
    let page = suite.ask(&browser, &suite.client, &[("prompt", "login")]).await;
    assert!(page.location().starts_with("/login?flow="), "asked again: {}", page.location());
    let back = suite.finish(&browser, &suite.client, page).await;
    let answer = suite.exchange(&suite.client, back.code(), &[]).await;
    let second = suite.tokens(&suite.client, &answer, Some(NONCE)).await;
    let at = |id: &Value| id["auth_time"].as_i64().expect("told");
    assert!(at(&second.id) > at(&first.id), "{} {}", first.id, second.id);
    assert_eq!(first.id["sub"], second.id["sub"]);
}

pub async fn oidcc_prompt_none_not_logged_in(mode: Mode) {
    let suite = Suite::new(mode).await;
    let page = suite.ask(&suite.app.browser(), &suite.client, &[("prompt", "none")]).await;
    let back = suite.callback(&suite.client, &page);
    assert!(matches!(back.error(), "login_required" | "interaction_required"), "{back:?}");
}

/// Nobody is asked anything.
async fn silent(suite: &Suite, browser: &Browser, more: &[(&str, &str)]) -> super::suite::Tokens {
    let page = suite.ask(browser, &suite.client, more).await;
    let back = suite.callback(&suite.client, &page);
    let answer = suite.exchange(&suite.client, back.code(), &[]).await;
    suite.tokens(&suite.client, &answer, Some(NONCE)).await
}

pub async fn oidcc_prompt_none_logged_in(mode: Mode) {
    let suite = Suite::new(mode).await;
    let browser = suite.app.browser();
    let first = suite.flow(&browser, &suite.client, &[]).await;
    suite.wait(2);
    let second = silent(&suite, &browser, &[("prompt", "none")]).await;
    assert_eq!((&first.id["sub"], &first.id["auth_time"]), (&second.id["sub"], &second.id["auth_time"]));
}

pub async fn oidcc_max_age_1(mode: Mode) {
    let suite = Suite::new(mode).await;
    let browser = suite.app.browser();
    let first = suite.flow(&browser, &suite.client, &[]).await;
    suite.wait(2);
    let page = suite.ask(&browser, &suite.client, &[("max_age", "1")]).await;
    assert!(page.location().starts_with("/login?flow="), "asked again: {}", page.location());
    let back = suite.finish(&browser, &suite.client, page).await;
    let answer = suite.exchange(&suite.client, back.code(), &[]).await;
    let second = suite.tokens(&suite.client, &answer, Some(NONCE)).await;
    assert!(second.id["auth_time"].as_i64() > first.id["auth_time"].as_i64(), "{}", second.id);
}

pub async fn oidcc_max_age_10000(mode: Mode) {
    let suite = Suite::new(mode).await;
    let browser = suite.app.browser();
    let first = suite.flow(&browser, &suite.client, &[]).await;
    suite.wait(2);
    let second = silent(&suite, &browser, &[("max_age", "10000")]).await;
    assert!(second.id["auth_time"].is_number());
    assert_eq!(first.id["auth_time"], second.id["auth_time"]);
}

pub async fn oidcc_ensure_request_with_unknown_parameter_succeeds(mode: Mode) {
    succeeds(mode, &[("extra", "foobar")]).await;
}

pub async fn oidcc_id_token_hint(mode: Mode) {
    let suite = Suite::new(mode).await;
    let browser = suite.app.browser();
    let first = suite.flow(&browser, &suite.client, &[]).await;
    let second = silent(&suite, &browser, &[("prompt", "none"), ("id_token_hint", &first.id_token)]).await;
    assert_eq!(first.id["sub"], second.id["sub"]);
}

pub async fn oidcc_login_hint(mode: Mode) {
    succeeds(mode, &[("login_hint", "bob@example.org")]).await;
}

pub async fn oidcc_ui_locales(mode: Mode) {
    succeeds(mode, &[("ui_locales", "se")]).await;
}

pub async fn oidcc_claims_locales(mode: Mode) {
    succeeds(mode, &[("claims_locales", "se")]).await;
}

pub async fn oidcc_ensure_request_with_acr_values_succeeds(mode: Mode) {
    succeeds(mode, &[("acr_values", "urn:mace:incommon:iap:silver urn:mace:incommon:iap:bronze")]).await;
}

/// The code again, after a while; then the access token is worthless too.
async fn reused_after(mode: Mode, seconds: i64) {
    let suite = Suite::new(mode).await;
    let back = suite.authorize(&suite.app.browser(), &suite.client, &[]).await;
    let answer = suite.exchange(&suite.client, back.code(), &[]).await;
    let tokens = suite.tokens(&suite.client, &answer, Some(NONCE)).await;
    suite.userinfo(&tokens).await;
    suite.wait(seconds);
    let again = suite.exchange(&suite.client, back.code(), &[]).await;
    Suite::check_refusal(&again, StatusCode::BAD_REQUEST, "invalid_grant");
    let bearer = format!("Bearer {}", tokens.access);
    let headers = [("authorization", bearer.as_str())];
    let page = suite.app.browser().send(Method::GET, "/oauth2/userinfo", &headers, "").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{}", page.text);
}

pub async fn oidcc_codereuse(mode: Mode) {
    reused_after(mode, 0).await;
}

pub async fn oidcc_codereuse_30seconds(mode: Mode) {
    reused_after(mode, 30).await;
}

pub async fn oidcc_ensure_registered_redirect_uri(mode: Mode) {
    let suite = Suite::new(mode).await;
    let other = format!("{}/unregistered", suite.client.redirect);
    let page = suite.ask(&suite.app.browser(), &suite.client, &[("redirect_uri", &other)]).await;
    assert!(page.status.is_client_error(), "an error page: {} {}", page.status, page.location());
    assert!(page.location().is_empty() && page.action().is_none());
    assert!(page.reference().is_some());
}

pub async fn oidcc_ensure_post_request_succeeds(mode: Mode) {
    let suite = Suite::new(mode).await;
    let browser = suite.app.browser();
    let fields = suite.request(&suite.client, &[]);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let page = browser.post("/oauth2/authorize", &fields).await;
    let back = suite.finish(&browser, &suite.client, page).await;
    let answer = suite.exchange(&suite.client, back.code(), &[]).await;
    suite.tokens(&suite.client, &answer, Some(NONCE)).await;
}

pub async fn oidcc_server_client_secret_post(mode: Mode) {
    let suite = Suite::new(mode).await;
    let settings = OidcConnection { client_auth: ClientAuth::ClientSecretPost, ..OidcConnection::default() };
    let client = suite.register("client-post", settings).await;
    suite.flow(&suite.app.browser(), &client, &[]).await;
}

/// Where the client named an error, it is told there; nothing is taken from the object or ignored in silence.
async fn refused(mode: Mode, more: (&str, &str), error: &str) {
    let suite = Suite::new(mode).await;
    let browser = suite.app.browser();
    browser.sign_in("maya").await;
    let page = suite.ask(&browser, &suite.client, &[more]).await;
    assert_eq!(suite.callback(&suite.client, &page).error(), error);
}

pub async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(mode: Mode) {
    refused(mode, ("request_uri", "https://suite.example/test/a/requesturi"), "request_uri_not_supported")
        .await;
}

/// An unsigned request object, as the suite makes them.
fn request_object(claims: &Value) -> String {
    let part = |value: &str| URL_SAFE_NO_PAD.encode(value);
    format!("{}.{}.", part("{\"alg\":\"none\"}"), part(&claims.to_string()))
}

pub async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(mode: Mode) {
    let object = request_object(&serde_json::json!({"client_id": "client", "state": "from-the-object"}));
    refused(mode, ("request", &object), "request_not_supported").await;
}

pub async fn oidcc_claims_essential(mode: Mode) {
    let suite = Suite::new(mode).await;
    let tokens = suite.new_flow(&[("claims", "{\"userinfo\":{\"name\":{\"essential\":true}}}")]).await;
    assert_eq!(suite.userinfo(&tokens).await["name"], "Maya Okafor");
}

/// Skipped by the suite where unsigned objects are unsupported; an address in one is never gone to.
pub async fn oidcc_ensure_request_object_with_redirect_uri(mode: Mode) {
    let object = request_object(&serde_json::json!({"redirect_uri": "https://evil.example/callback"}));
    refused(mode, ("request", &object), "request_not_supported").await;
}

pub async fn oidcc_refresh_token(mode: Mode) {
    let suite = Suite::new(mode).await;
    let scope = [("scope", "openid offline_access")];
    let back = suite.authorize(&suite.app.browser(), &suite.client, &scope).await;
    let answer = suite.exchange(&suite.client, back.code(), &[]).await;
    let first = suite.tokens(&suite.client, &answer, Some(NONCE)).await;
    let refresh = first.refresh.expect("a refresh token");
    // Another client can't use it, and it stays good for its own.
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let stolen = suite.token(&suite.client2, &fields).await;
    Suite::check_refusal(&stolen, StatusCode::BAD_REQUEST, "invalid_grant");
    suite.wait(1);
    let answer = suite.token(&suite.client, &fields).await;
    let second = suite.tokens(&suite.client, &answer, None).await;
    for same in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(first.id[same], second.id[same], "{same}");
    }
    assert!(second.id["iat"].as_i64() > first.id["iat"].as_i64());
    assert_ne!(first.access, second.access);
    suite.userinfo(&second).await;
}

pub async fn oidcc_ensure_request_with_valid_pkce_succeeds(mode: Mode) {
    let suite = Suite::new(mode).await;
    let more = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let back = suite.authorize(&suite.app.browser(), &suite.client, &more).await;
    let answer = suite.exchange(&suite.client, back.code(), &[("code_verifier", VERIFIER)]).await;
    suite.tokens(&suite.client, &answer, Some(NONCE)).await;
    // And it is checked, whatever the policy (O-04).
    let back = suite.authorize(&suite.app.browser(), &suite.client, &more).await;
    let without = suite.exchange(&suite.client, back.code(), &[]).await;
    Suite::check_refusal(&without, StatusCode::BAD_REQUEST, "invalid_grant");
}
