//! Authorization and logout requests: whom they may ask about, and where an answer may go.

use super::{Gateway, REDIRECT, claims, json, query, text};
use crate::support::app::{PASSWORD, TestApp, oidc_settings};
use gatehouse::domain::{
    audit::EventType,
    connection::{OidcConnection, ValueMapping, ValueSource},
};
use reqwest::{Method, StatusCode};

#[tokio::test]
async fn a_stranger_signs_in_first_and_leaves_by_a_page() {
    let gateway = Gateway::new().await;
    let browser = gateway.app.browser();
    let asked = browser.get(&gateway.authorize(&[("login_hint", "maya")])).await;
    assert!(asked.location().starts_with("/login?flow="), "{}", asked.location());
    let page = browser.get(asked.location()).await;
    assert!(page.text.contains("METRICS"), "the way is shown");
    assert_eq!(page.field("username").as_deref(), Some("maya"));
    let after = browser.sign_in_from(asked.location(), "maya", PASSWORD).await;
    let left = browser.leave(&after).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert!(left.location().starts_with(&format!("{REDIRECT}?")), "{}", left.location());
    assert_eq!(gateway.redeem(&query(left.location())["code"]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn o01_o03_an_address_that_is_not_registered_is_never_gone_to() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for bad in [
        "https://rp.example/callback/",
        "https://rp.example/callback?x=1",
        "https://rp.example.evil/callback",
        "https://evil.example/",
        "http://rp.example/callback",
        "HTTPS://rp.example/callback",
        "https://rp.example@evil.example/callback",
        "javascript:alert(1)",
        "//rp.example/callback",
        "-",
    ] {
        let page = browser.get(&gateway.authorize(&[("redirect_uri", bad)])).await;
        assert!(page.status.is_client_error(), "{bad}: {}", page.status);
        assert!(page.location().is_empty() && page.reference().is_some(), "{bad}");
    }
    let unknown = browser.get(&gateway.authorize(&[("client_id", "nobody")])).await;
    assert!(unknown.status.is_client_error() && unknown.location().is_empty());
    assert!(browser.get(&gateway.authorize(&[])).await.location().starts_with(REDIRECT), "the valid twin");
}

#[tokio::test]
async fn refusals_after_that_are_told_to_the_client() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for (more, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", "-"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("request", "x.y.z"), "request_not_supported"),
        (("request_uri", "https://rp.example/r"), "request_uri_not_supported"),
        (("scope", "profile"), "invalid_scope"),
        (("prompt", "none login"), "invalid_request"),
    ] {
        let page = browser.get(&gateway.authorize(&[more])).await;
        let answer = query(page.location());
        assert_eq!(answer["error"], error, "{more:?}");
        assert_eq!((answer["state"].as_str(), &answer["iss"]), ("s1", &gateway.app.url), "{more:?}");
        assert!(!answer.contains_key("code"));
    }
}

#[tokio::test]
async fn o18_o19_prompts_and_ages_are_obeyed() {
    let gateway = Gateway::new().await;
    let stranger = gateway.app.browser().get(&gateway.authorize(&[("prompt", "none")])).await;
    assert_eq!(query(stranger.location())["error"], "login_required");
    let browser = gateway.signed_in().await;
    let silent = browser.get(&gateway.authorize(&[("prompt", "none")])).await;
    assert!(query(silent.location()).contains_key("code"));
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(10));
    for more in [("prompt", "login"), ("max_age", "5"), ("max_age", "0")] {
        let page = browser.get(&gateway.authorize(&[more])).await;
        assert!(page.location().starts_with("/login?flow="), "{more:?}");
        let skipped = browser.get(&page.location().replace("/login?flow=", "/login/continue/")).await;
        assert!(skipped.location().starts_with("/login?flow="), "{more:?}: no way round");
    }
    let recent = browser.get(&gateway.authorize(&[("max_age", "10000")])).await;
    let tokens = json(&gateway.redeem(&query(recent.location())["code"]).await);
    assert!(claims(&text(&tokens, "id_token"))["auth_time"].is_number());
}

#[tokio::test]
async fn o22_a_hint_for_another_person_asks_again() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let hint = text(&tokens, "id_token");
    let same = browser.get(&gateway.authorize(&[("prompt", "none"), ("id_token_hint", &hint)])).await;
    assert!(query(same.location()).contains_key("code"));
    let other = gateway.app.browser();
    other.sign_in("tomas").await;
    let differs = other.get(&gateway.authorize(&[("prompt", "none"), ("id_token_hint", &hint)])).await;
    assert_eq!(query(differs.location())["error"], "login_required");
}

#[tokio::test]
async fn o22_another_person_than_the_hint_names_is_asked_once_and_then_the_client_is_told() {
    let gateway = Gateway::new().await;
    let maya = gateway.signed_in().await;
    let hint = text(&json(&gateway.redeem(&gateway.code(&maya).await).await), "id_token");
    let browser = gateway.app.browser();
    browser.sign_in("tomas").await;
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(10));
    let address = gateway.authorize(&[("id_token_hint", &hint)]);
    let asked = browser.get(&address).await;
    assert!(asked.location().starts_with("/login?flow="), "somebody else is signed in: {}", asked.location());
    let on = asked.location().replace("/login?flow=", "/login/continue/");
    assert_eq!(browser.get(&on).await.location(), asked.location(), "nobody signed in for it yet");
    let after = browser.sign_in_from(asked.location(), "tomas", PASSWORD).await;
    let told = browser.leave(&after).await;
    assert!(told.location().starts_with(&format!("{REDIRECT}?")), "{} {}", told.status, told.location());
    let answer = query(told.location());
    assert_eq!((answer["error"].as_str(), answer["state"].as_str()), ("login_required", "s1"));
    assert_eq!(answer["iss"], gateway.app.url);
    assert!(!answer.contains_key("code"));
    assert!(browser.get(&on).await.reference().is_some(), "answered once");

    let again = browser.get(&address).await;
    let after = browser.sign_in_from(again.location(), "maya", PASSWORD).await;
    let left = browser.leave(&after).await;
    let tokens = json(&gateway.redeem(&query(left.location())["code"]).await);
    assert_eq!(claims(&text(&tokens, "id_token"))["sub"], gateway.maya.id.to_string(), "the valid twin");
}

#[tokio::test]
async fn form_post_carries_the_answer_in_a_page() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let page =
        browser.get(&gateway.authorize(&[("response_mode", "form_post"), ("state", "\"><script>")])).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.action().as_deref(), Some(REDIRECT));
    assert_eq!(page.field("state").as_deref(), Some("\"><script>"), "O-16");
    assert!(!page.text.contains("\"><script>"));
    assert_eq!(gateway.redeem(&page.field("code").expect("a code")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn o12_o32_clients_authenticate_their_one_way_and_scripts_may_ask() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let code = gateway.code(&browser).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", super::VERIFIER),
        ("client_id", "metrics"),
        ("client_secret", gateway.secret.as_str()),
    ];
    let posted = gateway.app.browser().post("/oauth2/token", &fields).await;
    assert_eq!(
        (posted.status, &json(&posted)["error"]),
        (StatusCode::UNAUTHORIZED, &"invalid_client".into())
    );
    let mixed = gateway.token(&fields).await;
    assert!(mixed.status.is_client_error());
    assert_eq!(
        gateway.redeem(&code).await.status,
        StatusCode::OK,
        "the registered way; the code was never touched"
    );
    let origin = [("origin", "https://spa.example")];
    for path in ["/.well-known/openid-configuration", "/oauth2/jwks"] {
        let page = gateway.app.browser().send(Method::GET, path, &origin, "").await;
        assert_eq!(page.headers["access-control-allow-origin"], "*", "{path}");
        assert!(!page.headers.contains_key("access-control-allow-credentials"));
    }
    for path in ["/oauth2/authorize", "/login", "/", "/admin"] {
        let page = gateway.app.browser().send(Method::GET, path, &origin, "").await;
        assert!(!page.headers.contains_key("access-control-allow-origin"), "{path}");
    }
    let token = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "access_token");
    let in_query = gateway.app.browser().get(&format!("/oauth2/userinfo?access_token={token}")).await;
    assert!(in_query.status.is_client_error(), "O-31");
}

#[tokio::test]
async fn discovery_and_keys_tell_the_truth() {
    let gateway = Gateway::new().await;
    let document = json(&gateway.app.browser().get("/.well-known/openid-configuration").await);
    assert_eq!(document["issuer"], gateway.app.url.as_str());
    for (name, path) in [("token_endpoint", "/oauth2/token"), ("jwks_uri", "/oauth2/jwks")] {
        assert_eq!(document[name], format!("{}{path}", gateway.app.url));
    }
    let keys = json(&gateway.app.browser().get("/oauth2/jwks").await);
    let keys = keys["keys"].as_array().expect("keys").clone();
    assert_eq!(keys.len(), 3, "RS256, ES256, EdDSA");
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "O-41");
        }
    }
}

#[tokio::test]
async fn o23_logout_goes_only_where_it_may_and_never_silently() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let bare = browser.get("/oauth2/logout").await;
    assert_eq!(bare.status, StatusCode::OK, "asked first");
    assert_eq!(browser.get("/account").await.status, StatusCode::OK, "still signed in");
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let hint = text(&tokens, "id_token");
    let address = |uri: &str| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("id_token_hint", &hint)
            .append_pair("post_logout_redirect_uri", uri)
            .append_pair("state", "x y")
            .finish();
        format!("/oauth2/logout?{query}")
    };
    let bad = browser.get(&address("https://rp.example/bye?foo=bar")).await;
    assert_eq!(bad.status, StatusCode::OK, "no redirect: {}", bad.location());
    let good = browser.get(&address(&oidc_settings().post_logout_redirect_uris[0])).await;
    assert_eq!(good.status, StatusCode::SEE_OTHER);
    assert_eq!(query(good.location())["state"], "x y");
    let after = browser.get(&gateway.authorize(&[("prompt", "none")])).await;
    assert_eq!(query(after.location())["error"], "login_required");
}

/// OpenID Connect Core §5.5.1: `sub` with several values means one of these people, and nobody else.
#[tokio::test]
async fn a_sub_of_several_values_names_everybody_it_may_be() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let asked = async |values: &[&str]| {
        let claims = serde_json::json!({ "id_token": { "sub": { "values": values } } }).to_string();
        let page = browser.get(&gateway.authorize(&[("claims", &claims), ("prompt", "none")])).await;
        query(page.location())
    };
    let maya = gateway.maya.id.to_string();
    assert!(asked(&["somebody", &maya]).await.contains_key("code"), "the valid twin");
    assert_eq!(asked(&["somebody", "else"]).await["error"], "login_required");
}

/// RFC 6750 §2.2: the body of a GET means nothing. RFC 9110 §15.5.6: what a 405 allows is said.
#[tokio::test]
async fn a_get_has_no_body_and_a_head_begins_nothing() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let access = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "access_token");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let with = async |method: Method| {
        let body = format!("access_token={access}");
        gateway.app.browser().send(method, "/oauth2/userinfo", &headers, &body).await.status
    };
    assert_eq!(with(Method::POST).await, StatusCode::OK, "the valid twin");
    assert_eq!(with(Method::GET).await, StatusCode::UNAUTHORIZED);
    for path in [gateway.authorize(&[]), "/oauth2/logout".to_owned()] {
        let page = browser.send(Method::HEAD, &path, &[], "").await;
        assert_eq!((page.status, page.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("GET, POST")));
    }
}

/// OpenID Connect Core §12: a refresh that is narrowed to a scope without `openid` brings no ID token.
#[tokio::test]
async fn a_refresh_without_openid_is_no_sign_in() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let refresh = async |token: &str, scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        json(&gateway.token(&fields).await)
    };
    let narrowed = refresh(&text(&tokens, "refresh_token"), "email").await;
    assert_eq!((&narrowed["scope"], narrowed.get("id_token")), (&"email".into(), None), "{narrowed}");
    let whole = refresh(&text(&narrowed, "refresh_token"), "openid email").await;
    assert!(whole["id_token"].is_string(), "the valid twin: {whole}");
}

/// A request that says a parameter twice is refused on a page; with one clear client_id the event and the page name the app.
#[tokio::test]
async fn a_repeated_parameter_still_names_the_app() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for (more, named) in [("&state=again", true), ("&client_id=other", false)] {
        // Events of one instant have no order.
        gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(1));
        let page = browser.get(&format!("{}{more}", gateway.authorize(&[]))).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        let events = gateway.events(EventType::SsoAuth).await;
        assert_eq!(events[0].application.is_some(), named, "{more}: {:?}", events[0]);
    }
}

/// A claim that the app needs and the person has no value for is said in the event of the sign-on.
#[tokio::test]
async fn a_required_claim_without_a_value_is_in_the_event() {
    let row = ValueMapping {
        required: true,
        ..ValueMapping::new("cost", ValueSource::Source("cost_center".into()))
    };
    let settings = OidcConnection { claims: vec![row], ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    gateway.code(&browser).await;
    let events = gateway.events(EventType::SsoAuth).await;
    assert!(format!("{:?}", events[0]).contains("left_out.cost"), "{:?}", events[0]);
}
