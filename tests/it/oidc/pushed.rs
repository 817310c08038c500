//! Pushed authorization requests (RFC 9126), by the names of the public FAPI 2 modules. Not a certification: the checks are
//! our own.

use super::{CHALLENGE, Gateway, REDIRECT, json, query, text};
use crate::support::app::{Browser, PASSWORD, Page, TestApp, oidc_settings};
use reqwest::{Method, StatusCode};

const USUAL: [(&str, &str); 6] = [
    ("redirect_uri", REDIRECT),
    ("response_type", "code"),
    ("scope", "openid email"),
    ("state", "s1"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

impl Gateway {
    async fn push(&self, more: &[(&str, &str)]) -> Page {
        let mut fields = USUAL.to_vec();
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        fields.retain(|(_, value)| *value != "-");
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.push_raw(&body).await
    }

    async fn push_raw(&self, body: &str) -> Page {
        let basic = self.basic();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
        self.app.browser().send(Method::POST, "/oauth2/par", &headers, body).await
    }

    pub(super) async fn reference(&self) -> String {
        let page = self.push(&[]).await;
        assert_eq!(page.status, StatusCode::CREATED, "{}", page.text);
        text(&json(&page), "request_uri")
    }

    async fn present(&self, browser: &Browser, client: &str, reference: &str) -> Page {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client)
            .append_pair("request_uri", reference)
            .finish();
        browser.get(&format!("/oauth2/authorize?{query}")).await
    }
}

async fn strict() -> Gateway {
    let mut settings = oidc_settings();
    settings.require_par = true;
    Gateway::with(TestApp::new().await, settings).await
}

#[tokio::test]
async fn a_pushed_request_is_answered_with_a_code() {
    let gateway = strict().await;
    let browser = gateway.signed_in().await;
    let page = gateway.push(&[]).await;
    let answer = json(&page);
    assert_eq!((page.status, &answer["expires_in"]), (StatusCode::CREATED, &60.into()));
    assert_eq!(page.headers["cache-control"], "no-store");
    let reference = text(&answer, "request_uri");
    assert!(reference.starts_with("urn:ietf:params:oauth:request_uri:"), "{reference}");
    assert!(reference.len() >= 34 + 22, "128 bit and more");
    let left = gateway.present(&browser, "metrics", &reference).await;
    let told = query(left.location());
    assert_eq!(told["state"], "s1");
    assert_eq!(gateway.redeem(&told["code"]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn ensure_unsigned_authorization_request_without_using_par_fails() {
    let gateway = strict().await;
    let browser = gateway.signed_in().await;
    assert_eq!(gateway.told(&browser, &[]).await, "invalid_request");
    let open = Gateway::new().await;
    let browser = open.signed_in().await;
    assert_eq!(open.told(&browser, &[]).await, "", "where it isn’t required");
}

#[tokio::test]
async fn o27_par_attempt_reuse_request_uri() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let reference = gateway.reference().await;
    let first = gateway.present(&browser, "metrics", &reference).await;
    assert!(query(first.location()).contains_key("code"));
    let second = gateway.present(&browser, "metrics", &reference).await;
    assert!(second.status.is_client_error() && second.location().is_empty(), "{}", second.location());
}

#[tokio::test]
async fn o27_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds() {
    let gateway = Gateway::new().await;
    let reference = gateway.reference().await;
    let browser = gateway.app.browser();
    let first = gateway.present(&browser, "metrics", &reference).await;
    let second = gateway.present(&browser, "metrics", &reference).await;
    assert!(first.location().starts_with("/login?flow="), "{}", first.location());
    // The reference ends, the sign-on that began with it doesn’t.
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(120));
    let unused = gateway.reference().await;
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(61));
    let purged = gatehouse::service::housekeeping::purge(&gateway.app.ctx).await.expect("purged");
    assert_eq!(purged.pushed_requests, 1, "{unused} only");
    let after = browser.sign_in_from(second.location(), "maya", PASSWORD).await;
    let left = browser.leave(&after).await;
    assert!(query(left.location()).contains_key("code"), "{}", left.location());
    let on = first.location().replace("/login?flow=", "/login/continue/");
    let late = browser.get(&on).await;
    assert!(late.reference().is_some() && late.location().is_empty(), "one answer in all");
}

#[tokio::test]
async fn o27_par_attempt_to_use_expired_request_uri() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let reference = gateway.reference().await;
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(59));
    let twin = gateway.reference().await;
    assert!(query(gateway.present(&browser, "metrics", &reference).await.location()).contains_key("code"));
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(60));
    let late = gateway.present(&browser, "metrics", &twin).await;
    assert!(late.status.is_client_error() && late.location().is_empty());
}

#[tokio::test]
async fn o27_par_attempt_to_use_request_uri_for_different_client() {
    let gateway = Gateway::new().await;
    let group = gateway.app.group("Others", &[gateway.maya.id]).await;
    let mut other = oidc_settings();
    other.client_id = "other".into();
    let connection = gatehouse::domain::connection::Connection::Oidc(Box::new(other));
    gateway.app.app("other", connection, &group).await;
    let browser = gateway.signed_in().await;
    let reference = gateway.reference().await;
    for client in ["other", "nobody", ""] {
        let page = gateway.present(&browser, client, &reference).await;
        assert!(page.status.is_client_error() && page.location().is_empty(), "{client}");
    }
    for bad in [&reference[..reference.len() - 1], "urn:ietf:params:oauth:request_uri:x"] {
        let page = gateway.present(&browser, "metrics", bad).await;
        assert!(page.status.is_client_error() && page.location().is_empty(), "{bad}");
    }
    assert!(query(gateway.present(&browser, "metrics", &reference).await.location()).contains_key("code"));
}

#[tokio::test]
async fn par_refuses_what_the_authorization_endpoint_would() {
    let gateway = Gateway::new().await;
    for (more, error) in [
        // par-authorization-request-containing-request_uri-form-param
        (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
        (("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        // par-ensure-pkce-required, par-plain-pkce-rejected
        (("code_challenge", "-"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        // ensure-request-object-without-redirect-uri-fails, ensure-registered-redirect-uri
        (("redirect_uri", "-"), "invalid_request"),
        (("redirect_uri", "https://evil.example/"), "invalid_request"),
        // ensure-response-type-code-idtoken-fails, ensure-response-type-token-fails
        (("response_type", "code id_token"), "unsupported_response_type"),
        (("response_type", "token"), "unsupported_response_type"),
        (("client_id", "other"), "invalid_request"),
        (("scope", "profile"), "invalid_scope"),
        (("resource", "https://api.example"), "invalid_target"),
        (("dpop_jkt", "short"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
    ] {
        let page = gateway.push(&[more]).await;
        assert_eq!(
            (page.status, &json(&page)["error"]),
            (StatusCode::BAD_REQUEST, &error.into()),
            "{more:?}"
        );
    }
    let twice = gateway.push_raw("scope=openid&scope=openid").await;
    assert_eq!(json(&twice)["error"], "invalid_request", "par-without-duplicate-parameters");
}

#[tokio::test]
async fn par_needs_the_client_s_own_authentication_and_post() {
    let gateway = Gateway::new().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let bare = gateway.app.browser().send(Method::POST, "/oauth2/par", &form, "client_id=metrics").await;
    assert_eq!((bare.status, &json(&bare)["error"]), (StatusCode::UNAUTHORIZED, &"invalid_client".into()));
    for method in [Method::GET, Method::PUT] {
        // par-attempt-invalid-http-method
        let page = gateway.app.browser().send(method, "/oauth2/par", &[], "").await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn what_stands_beside_the_reference_counts_for_nothing() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let reference = gateway.reference().await;
    let query_text = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "metrics")
        .append_pair("request_uri", &reference)
        .append_pair("state", "other")
        .append_pair("scope", "openid groups")
        .append_pair("redirect_uri", "https://evil.example/")
        .finish();
    let left = browser.get(&format!("/oauth2/authorize?{query_text}")).await;
    assert!(left.location().starts_with(&format!("{REDIRECT}?")), "{}", left.location());
    let told = query(left.location());
    assert_eq!(told["state"], "s1", "state-only-outside-request-object-not-used");
    assert_eq!(json(&gateway.redeem(&told["code"]).await)["scope"], "openid email");
}

#[tokio::test]
async fn ensure_authorization_request_with_long_nonce_and_state() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let (nonce, state) = ("n".repeat(384), "s".repeat(384));
    let page = gateway.push(&[("nonce", &nonce), ("state", &state)]).await;
    let left = gateway.present(&browser, "metrics", &text(&json(&page), "request_uri")).await;
    let told = query(left.location());
    assert_eq!(told["state"], state);
    let tokens = json(&gateway.redeem(&told["code"]).await);
    assert_eq!(super::claims(&text(&tokens, "id_token"))["nonce"], nonce);
}

/// RFC 9101 §5: by value or by reference. A party that looked only at the one would let the other through.
#[tokio::test]
async fn o26_a_request_by_value_beside_one_by_reference_is_refused() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let reference = gateway.reference().await;
    let both = |by_value: &str| {
        let fields = [("client_id", "metrics"), ("request_uri", &reference), ("request", by_value)];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/oauth2/authorize?{query}")
    };
    for by_value in ["eyJhbGciOiJub25lIn0.e30.", "x", ""] {
        let refused = browser.get(&both(by_value)).await;
        assert!(
            refused.status.is_client_error() && refused.location().is_empty(),
            "{by_value:?}: {} {}",
            refused.status,
            refused.location()
        );
        assert!(refused.reference().is_some(), "with a reference of the event");
    }
    // An address to be fetched beside it, and both inside a push.
    let mixed = gateway.authorize(&[("request", "x.y.z"), ("request_uri", "https://rp.example/request")]);
    let refused = browser.get(&mixed).await;
    assert_eq!(query(refused.location())["error"], "invalid_request");
    let pushed = gateway.push(&[("request", "x.y.z"), ("request_uri", &reference)]).await;
    assert_eq!(json(&pushed)["error"], "invalid_request");
    let events = gatehouse::service::audit::list(
        &gateway.app.ctx,
        &crate::support::app::system(),
        &gatehouse::store::audit::AuditFilter::default(),
        gatehouse::store::page::PageRequest::default(),
    )
    .await
    .expect("events");
    let events = format!("{events:?}");
    assert!(events.contains("request and request_uri cannot be sent together"), "it is told: {events}");
    let twin = gateway.present(&browser, "metrics", &reference).await;
    assert!(query(twin.location()).contains_key("code"), "the reference was not spent: {}", twin.location());
}
