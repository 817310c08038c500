//! The authorization endpoint, by the names of the public conformance suite where it has one. Not a certification: the
//! checks are our own.

use super::{Gateway, REDIRECT, claims, json, query, text};
use crate::support::app::{Browser, PASSWORD, TestApp, oidc_settings};
use gatehouse::domain::connection::OidcConnection;
use oidc::authorization::request::ResponseMode;
use reqwest::{Method, StatusCode};

impl Gateway {
    /// The tokens of an authorization with these parameters, from a browser that is signed in.
    pub(super) async fn tokens(&self, browser: &Browser, more: &[(&str, &str)]) -> serde_json::Value {
        let page = browser.get(&self.authorize(more)).await;
        let answer = query(page.location());
        let code = answer.get("code").unwrap_or_else(|| panic!("{more:?}: {answer:?}"));
        json(&self.redeem(code).await)
    }

    async fn id_token(&self, browser: &Browser, more: &[(&str, &str)]) -> serde_json::Value {
        claims(&text(&self.tokens(browser, more).await, "id_token"))
    }

    /// What the client is told by redirect.
    pub(super) async fn told(&self, browser: &Browser, more: &[(&str, &str)]) -> String {
        let page = browser.get(&self.authorize(more)).await;
        assert!(page.location().starts_with(REDIRECT), "{more:?}: {} {}", page.status, page.location());
        let answer = query(page.location());
        assert_eq!(answer["iss"], self.app.url, "O-08");
        answer.get("error").cloned().unwrap_or_default()
    }
}

async fn with(change: impl FnOnce(&mut OidcConnection)) -> Gateway {
    let mut settings = oidc_settings();
    change(&mut settings);
    Gateway::with(TestApp::new().await, settings).await
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in_and_logged_in() {
    let gateway = Gateway::new().await;
    assert_eq!(gateway.told(&gateway.app.browser(), &[("prompt", "none")]).await, "login_required");
    let browser = gateway.signed_in().await;
    let first = gateway.id_token(&browser, &[]).await;
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(30));
    let second = gateway.id_token(&browser, &[("prompt", "none")]).await;
    assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
}

#[tokio::test]
async fn oidcc_prompt_login_and_max_age_1_authenticate_anew() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let first = gateway.id_token(&browser, &[]).await;
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(10));
    for more in [("prompt", "login"), ("max_age", "1")] {
        let asked = browser.get(&gateway.authorize(&[more])).await;
        assert!(asked.location().starts_with("/login?flow="), "{more:?}");
        let after = browser.sign_in_from(asked.location(), "maya", PASSWORD).await;
        let left = browser.leave(&after).await;
        let tokens = json(&gateway.redeem(&query(left.location())["code"]).await);
        let later = claims(&text(&tokens, "id_token"));
        assert!(later["auth_time"].as_i64() > first["auth_time"].as_i64(), "{more:?}");
        gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(10));
    }
}

#[tokio::test]
async fn oidcc_max_age_10000_does_not_ask_again() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let first = gateway.id_token(&browser, &[]).await;
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(30));
    assert_eq!(gateway.id_token(&browser, &[("max_age", "10000")]).await["auth_time"], first["auth_time"]);
}

#[tokio::test]
async fn oidcc_wishes_that_change_nothing_are_no_errors() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for more in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("login_hint", "buffy@rp.example"),
        ("extra", "foobar"),
        ("nonce", "-"),
        ("state", "-"),
        ("acr_values", "1 2"),
        ("scope", "email openid"),
    ] {
        let token = gateway.id_token(&browser, &[more]).await;
        assert_eq!(token["sub"], gateway.maya.id.to_string(), "{more:?}");
        let acr = token["acr"].as_str().expect("an acr");
        assert!(acr.ends_with("PasswordProtectedTransport"), "the context that there is: {acr}");
    }
}

#[tokio::test]
async fn oidcc_id_token_hint_names_whom_the_client_means() {
    let gateway = Gateway::new().await;
    let maya = gateway.signed_in().await;
    let hint = text(&gateway.tokens(&maya, &[]).await, "id_token");
    let silent = [("prompt", "none"), ("id_token_hint", hint.as_str())];
    assert_eq!(gateway.told(&maya, &silent).await, "", "a code");
    let tomas = gateway.app.browser();
    tomas.sign_in("tomas").await;
    assert_eq!(gateway.told(&tomas, &silent).await, "login_required", "O-22: somebody else");
    let cut = hint[..hint.len() - 2].to_owned();
    for bad in [cut.as_str(), "eyJhbGciOiJub25lIn0.e30.", "x"] {
        let forged = [("prompt", "none"), ("id_token_hint", bad)];
        assert_eq!(gateway.told(&maya, &forged).await, "login_required", "O-22: {bad}");
    }
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let address = gateway.authorize(&[]);
    let (path, body) = address.split_once('?').expect("a query");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let page = browser.send(Method::POST, path, &form, body).await;
    assert!(query(page.location()).contains_key("code"), "{} {}", page.status, page.location());
}

#[tokio::test]
async fn oidcc_request_objects_are_rejected_as_unsupported() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for (more, error) in [
        (("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        (("request_uri", "https://rp.example/request.jwt"), "request_uri_not_supported"),
        (("request_uri", "file:///etc/passwd"), "request_uri_not_supported"),
        (("registration", "{}"), "registration_not_supported"),
    ] {
        assert_eq!(gateway.told(&browser, &[more]).await, error, "O-25 {more:?}");
    }
}

#[tokio::test]
async fn oidcc_claims_essential_and_by_name_are_delivered_as_asked() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let wish = r#"{"userinfo":{"name":{"essential":true}},"id_token":{"email":null,"auth_time":{"essential":true}}}"#;
    let tokens = gateway.tokens(&browser, &[("scope", "openid"), ("claims", wish)]).await;
    let token = claims(&text(&tokens, "id_token"));
    assert_eq!(token["email"], "maya@fernhill.example");
    assert!(token.get("name").is_none() && token["auth_time"].is_number());
    let told = json(&gateway.userinfo(&text(&tokens, "access_token")).await);
    assert!(told["name"].is_string() && told.get("email").is_none(), "{told}");
    let plain = gateway.id_token(&browser, &[("scope", "openid profile email")]).await;
    for unasked in ["name", "email", "groups"] {
        assert!(plain.get(unasked).is_none(), "{unasked} was not asked for in the ID token");
    }
}

#[tokio::test]
async fn claims_for_another_subject_or_out_of_reach_end_in_the_right_error() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let sub = |value: &str| format!(r#"{{"id_token":{{"sub":{{"value":"{value}"}}}}}}"#);
    let own = sub(&gateway.maya.id.to_string());
    assert_eq!(gateway.told(&browser, &[("prompt", "none"), ("claims", &own)]).await, "");
    let other = sub("somebody-else");
    assert_eq!(gateway.told(&browser, &[("prompt", "none"), ("claims", &other)]).await, "login_required");
    let acr = r#"{"id_token":{"acr":{"essential":true,"values":["urn:example:hardware"]}}}"#;
    assert_eq!(gateway.told(&browser, &[("claims", acr)]).await, "unmet_authentication_requirements");
    let wish = r#"{"id_token":{"acr":{"values":["urn:example:hardware"]}}}"#;
    assert_eq!(gateway.told(&browser, &[("claims", wish)]).await, "", "a mere wish");
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    for bad in ["{", "[]", "7", deep.as_str(), r#"{"id_token":[]}"#] {
        assert_eq!(gateway.told(&browser, &[("claims", bad)]).await, "invalid_request", "{bad}");
    }
}

#[tokio::test]
async fn o16_response_modes_are_those_that_are_registered() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for mode in ["fragment", "web_message", "query.jwt"] {
        assert_eq!(gateway.told(&browser, &[("response_mode", mode)]).await, "invalid_request", "{mode}");
    }
    let gateway = with(|c| c.response_modes.push(ResponseMode::Fragment)).await;
    let browser = gateway.signed_in().await;
    let page = browser.get(&gateway.authorize(&[("response_mode", "fragment")])).await;
    let (address, fragment) = page.location().split_once('#').expect("a fragment");
    assert_eq!(address, REDIRECT);
    assert!(fragment.contains("code=") && fragment.contains("state=s1") && fragment.contains("iss="));

    let gateway = with(|c| c.response_modes = vec![ResponseMode::FormPost]).await;
    let browser = gateway.signed_in().await;
    let page = browser.get(&gateway.authorize(&[])).await;
    assert_eq!(page.action().as_deref(), Some(REDIRECT), "the one it has");
    let refused = browser.get(&gateway.authorize(&[("response_mode", "query")])).await;
    assert_eq!(refused.field("error").as_deref(), Some("invalid_request"), "and by the way it has");
}

#[tokio::test]
async fn o04_pkce_is_the_client_s_policy_and_always_checked() {
    let gateway = with(|c| c.require_pkce = false).await;
    let browser = gateway.signed_in().await;
    let none = [("code_challenge", "-"), ("code_challenge_method", "-")];
    let page = browser.get(&gateway.authorize(&none)).await;
    let code = query(page.location())["code"].clone();
    let fields = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)];
    assert_eq!(gateway.token(&fields).await.status, StatusCode::OK);
    assert_eq!(gateway.told(&browser, &[("code_challenge_method", "plain")]).await, "invalid_request");
    assert_eq!(gateway.told(&browser, &[("code_challenge_method", "-")]).await, "invalid_request");
    let page = browser.get(&gateway.authorize(&[])).await;
    let code = query(page.location())["code"].clone();
    let fields = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)];
    assert_eq!(json(&gateway.token(&fields).await)["error"], "invalid_grant", "sent, so it is checked");
    let required = Gateway::new().await;
    let browser = required.signed_in().await;
    assert_eq!(required.told(&browser, &none).await, "invalid_request");
}

#[tokio::test]
async fn o36_resources_are_those_of_the_client() {
    let gateway = with(|c| c.resources = vec!["https://api.example/".into(), "urn:example:b".into()]).await;
    let browser = gateway.signed_in().await;
    let twice =
        format!("{}&resource=urn%3Aexample%3Ab", gateway.authorize(&[("resource", "https://api.example/")]));
    assert!(query(browser.get(&twice).await.location()).contains_key("code"), "RFC 8707 allows several");
    for bad in ["https://other.example/", "https://api.example", "https://api.example/#x", "api"] {
        assert_eq!(gateway.told(&browser, &[("resource", bad)]).await, "invalid_target", "{bad}");
    }
}

#[tokio::test]
async fn o44_a_repeated_parameter_is_refused_on_our_page() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for more in ["&state=s2", "&client_id=metrics", "&scope=openid", "&unknown=1&unknown=1"] {
        let page = browser.get(&format!("{}{more}", gateway.authorize(&[]))).await;
        assert!(page.status.is_client_error() && page.location().is_empty(), "{more}: {}", page.status);
    }
}

#[tokio::test]
async fn scopes_are_those_of_the_client() {
    let gateway = with(|c| c.scopes = ["openid", "email", "api:read"].map(str::to_owned).into()).await;
    let browser = gateway.signed_in().await;
    let asked = [("scope", "openid profile email api:read api:write")];
    let tokens = gateway.tokens(&browser, &asked).await;
    assert_eq!(tokens["scope"], "openid email api:read");
    let wish = [("scope", "openid"), ("claims", r#"{"userinfo":{"name":null}}"#)];
    let tokens = gateway.tokens(&browser, &wish).await;
    let told = json(&gateway.userinfo(&text(&tokens, "access_token")).await);
    assert!(told.get("name").is_none(), "O-38: the claims parameter reaches no further than the scopes");
}

#[tokio::test]
async fn prompt_select_account_offers_the_account_that_is_signed_in_or_another() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(10));
    let address = gateway.authorize(&[("prompt", "select_account")]);
    let asked = browser.get(&address).await;
    assert!(asked.location().starts_with("/login/account?flow="), "{}", asked.location());
    let on = asked.location().replace("/login/account?flow=", "/login/continue/");
    assert_eq!(browser.get(&on).await.location(), asked.location(), "there is no way round the question");
    let page = browser.get(asked.location()).await;
    assert!(page.text.contains("Continue as") && page.text.contains("maya@fernhill.example"));
    let flow = page.field("flow").expect("the flow");
    let chosen = browser.submit(asked.location(), "/login/account", &[("flow", &flow)]).await;
    let left = browser.leave(&chosen).await;
    assert!(query(left.location()).contains_key("code"), "{}", left.location());

    let asked = browser.get(&address).await;
    let login = asked.location().replace("/login/account", "/login");
    let after = browser.sign_in_from(&login, "maya", PASSWORD).await;
    let left = browser.leave(&after).await;
    assert!(query(left.location()).contains_key("code"), "who just signed in has chosen");

    let stranger = gateway.app.browser().get(&address).await;
    assert!(stranger.location().starts_with("/login?flow="), "nobody to choose");
    assert_eq!(gateway.told(&browser, &[("prompt", "none select_account")]).await, "invalid_request");
}

#[tokio::test]
async fn a_native_app_may_use_any_port_of_this_machine() {
    let native = |native| {
        move |c: &mut OidcConnection| {
            c.native = native;
            c.redirect_uris = vec!["http://127.0.0.1/cb".into(), "http://localhost/cb".into()];
        }
    };
    let gateway = with(native(true)).await;
    let browser = gateway.signed_in().await;
    for (uri, goes) in [
        ("http://127.0.0.1:51004/cb", true),
        ("http://127.0.0.1/cb", true),
        ("http://localhost:51004/cb", false),
        ("http://127.0.0.1:51004/other", false),
        ("http://127.0.0.1:0/cb", false),
        ("http://127.0.0.2:51004/cb", false),
    ] {
        let page = browser.get(&gateway.authorize(&[("redirect_uri", uri)])).await;
        assert_eq!(page.location().starts_with(&format!("{uri}?")), goes, "O-01 {uri}: {}", page.status);
    }
    let gateway = with(native(false)).await;
    let browser = gateway.signed_in().await;
    let page = browser.get(&gateway.authorize(&[("redirect_uri", "http://127.0.0.1:51004/cb")])).await;
    assert!(page.status.is_client_error() && page.location().is_empty());
}
