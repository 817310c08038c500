//! Steps of signing in that were left out, restarted, or believed on the word of who asked.

use super::{Gateway, everything, json, query, text};
use crate::support::app::{Browser, PASSWORD, Page, TestApp, oidc_settings};
use reqwest::{Method, StatusCode};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The value that a page set a cookie to.
fn cookie(page: &Page, name: &str) -> Option<String> {
    let values = page.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.filter_map(|value| value.split(';').next()?.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

async fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    browser.send(Method::POST, path, &[FORM], &body).await
}

/// The way from the login page to the session cookie.
async fn session_of(gateway: &Gateway, browser: &Browser) -> String {
    let after = browser.sign_in("maya").await;
    cookie(&after, "gatehouse_session").unwrap_or_else(|| panic!("{}: {:?}", gateway.app.url, after.headers))
}

/// Row 25: kanidm issue 1097, a verifier that nobody compares, because no challenge was kept.
#[tokio::test]
async fn kanidm_1097_a_verifier_without_a_challenge_is_refused() {
    let settings = gatehouse::domain::connection::OidcConnection { require_pkce: false, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let code = async |more: &[(&str, &str)]| {
        query(browser.get(&gateway.authorize(more)).await.location())["code"].clone()
    };
    let none = [("code_challenge", "-"), ("code_challenge_method", "-")];
    let grant = ("grant_type", "authorization_code");
    let redirect = ("redirect_uri", super::REDIRECT);
    for verifier in [super::VERIFIER, "x", &"a".repeat(128)] {
        let code = code(&none).await;
        let with = [grant, ("code", &*code), redirect, ("code_verifier", verifier)];
        let refused = gateway.token(&with).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{verifier}: {}", refused.text);
        let burned = gateway.token(&[grant, ("code", &code), redirect]).await;
        assert_eq!(json(&burned)["error"], "invalid_grant", "O-05: the try spent it");
    }
    // The other half: a challenge that was kept is never left out, nor an empty verifier taken for none.
    for verifier in [None, Some("")] {
        let code = code(&[]).await;
        let mut fields = vec![grant, ("code", &*code), redirect];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        assert_eq!(json(&gateway.token(&fields).await)["error"], "invalid_grant", "{verifier:?}");
    }
    let twin = code(&none).await;
    assert_eq!(
        gateway.token(&[grant, ("code", &twin), redirect]).await.status,
        StatusCode::OK,
        "the valid twins"
    );
    assert_eq!(gateway.redeem(&code(&[]).await).await.status, StatusCode::OK);
}

/// Row 31: a session whose id came back after it was signed out, with what hung on it.
#[tokio::test]
async fn cve_2025_12390_no_session_comes_back_after_a_logout() {
    let gateway = Gateway::new().await;
    let (mut cookies, mut ids, mut refresh) = (Vec::new(), Vec::new(), Vec::new());
    let browser = gateway.app.browser();
    for _ in 0..3 {
        cookies.push(session_of(&gateway, &browser).await);
        let tokens = gateway.tokens(&browser, &[]).await;
        ids.push(text(&super::super::claims(&text(&tokens, "id_token")), "sid"));
        refresh.push(text(&tokens, "refresh_token"));
        let out = browser.submit("/logout", "/logout", &[]).await;
        assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text);
    }
    cookies.push(session_of(&gateway, &browser).await);
    for list in [&cookies, &ids] {
        let different: std::collections::HashSet<&String> = list.iter().collect();
        assert_eq!(different.len(), list.len(), "{list:?}");
    }
    let with = async |secret: &str| {
        let header = format!("gatehouse_session={secret}");
        gateway.app.browser().send(Method::GET, "/account", &[("cookie", &header)], "").await.status
    };
    for (old, token) in cookies.iter().zip(&refresh) {
        assert_eq!(with(old).await, StatusCode::SEE_OTHER, "signed out for good");
        assert_eq!(json(&gateway.refresh(token).await)["error"], "invalid_grant", "and what hung on it");
    }
    assert_eq!(with(&cookies[3]).await, StatusCode::OK, "the valid twin");
    let twin = gateway.tokens(&browser, &[]).await;
    assert_eq!(gateway.refresh(&text(&twin, "refresh_token")).await.status, StatusCode::OK);
}

/// Row 33: steps that were skipped by an empty form, state of one step that counted for another, a person named by the request,
/// cookies that could be forged, and a code that was told to the one who asked for it.
#[tokio::test]
async fn cve_2026_18963_2026_49443_2026_119128_2026_105211_ghsa_qgqp_xh8r_v73r_every_step_is_proven() {
    let gateway = Gateway::with(TestApp::new().await, everything()).await;
    let browser = gateway.app.browser();
    let login = browser.get(&gateway.authorize(&[("scope", "openid")])).await.location().to_owned();
    let flow = login.rsplit('=').next().expect("a flow").to_owned();
    let csrf = browser.get(&login).await.field("csrf").expect("a form");
    let usual = [("csrf", csrf.as_str()), ("flow", flow.as_str())];
    let is_out = async |what: &str| {
        let on = browser.get(&format!("/login/continue/{flow}")).await;
        assert!(!on.location().contains("code="), "{what}: {}", on.location());
        assert_eq!(
            browser.get("/account").await.status,
            StatusCode::SEE_OTHER,
            "{what}: nobody is signed in"
        );
    };
    // CVE-2026-49443: an empty form at every step.
    for path in ["/login", "/login/password", "/login/account", "/login/consent", "/setup", "/account"] {
        for fields in [&[][..], &usual[..1], &usual[..]] {
            let page = post(&browser, path, fields).await;
            assert!(!page.location().contains("code="), "{path}: {}", page.location());
            assert!(cookie(&page, "gatehouse_session").is_none(), "{path}");
            is_out(path).await;
        }
    }
    // CVE-2026-18963: tomas proves himself in another browser; that counts for nothing in this flow, nor for maya.
    let other = gateway.app.browser();
    other.sign_in("tomas").await;
    assert!(!other.get(&format!("/login/continue/{flow}")).await.location().contains("code="));
    is_out("a step of another flow").await;
    // GHSA-qgqp-xh8r-v73r: who is meant, and where the proof goes, isn't the request's to say.
    for claimed in [
        ("user", "maya"),
        ("user_id", "1"),
        ("authenticated", "true"),
        ("session", "1"),
        ("email", "x@evil.example"),
    ] {
        let fields = [usual[0], usual[1], ("username", "maya"), claimed];
        let page = post(&browser, "/login/password", &fields).await;
        assert!(cookie(&page, "gatehouse_session").is_none(), "{claimed:?}");
        is_out(claimed.0).await;
    }
    // CVE-2026-119128: cookies that anybody could write.
    let maya = gateway.maya.id.to_string();
    let own = "A".repeat(43);
    for forged in [
        format!("gatehouse_session={maya}"),
        "gatehouse_session=".to_owned(),
        format!("gatehouse_session={own}"),
        format!("gatehouse_session={own}; gatehouse_device={maya}.1.AAAA"),
        format!("gatehouse_session={own}; gatehouse_session={own}"),
    ] {
        let page = gateway.app.browser().send(Method::GET, "/account", &[("cookie", &forged)], "").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{forged}");
        let address = gateway.authorize(&[("prompt", "none"), ("scope", "openid")]);
        let page = gateway.app.browser().send(Method::GET, &address, &[("cookie", &forged)], "").await;
        assert_eq!(query(page.location())["error"], "login_required", "{forged}");
    }
    // CVE-2026-105211: what a device shows its person is no proof of the person; it gets them nothing but a question.
    let basic = gateway.basic();
    let begun = gateway.app.browser();
    let headers = [FORM, ("authorization", basic.as_str())];
    let begun = json(&begun.send(Method::POST, "/oauth2/device_authorization", &headers, "").await);
    let code = text(&begun, "device_code");
    let user_code = text(&begun, "user_code");
    for fields in [&[("user_code", user_code.as_str()), ("answer", "yes")][..], &[("user_code", &user_code)]]
    {
        let nobody = post(&gateway.app.browser(), "/device/answer", fields).await;
        assert!(
            nobody.status.is_client_error() || nobody.status == StatusCode::SEE_OTHER,
            "{}",
            nobody.status
        );
    }
    let poll = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", &*code)];
    assert_eq!(json(&gateway.token(&poll).await)["error"], "authorization_pending");

    // So many empty tries have to wait.
    gateway.app.ctx.clock.advance(chrono::TimeDelta::minutes(30));
    let login = browser.get(&gateway.authorize(&[("scope", "openid")])).await.location().to_owned();
    let after = browser.sign_in_from(&login, "maya", PASSWORD).await;
    let twin = browser.leave(&after).await;
    assert!(twin.location().contains("code="), "the valid twin, after all that: {}", twin.location());
}

/// Section 3.1: a sign-in that was started again half way, and then lacked a step.
#[tokio::test]
async fn cve_2026_94218_starting_again_leaves_no_step_out() {
    let gateway = Gateway::new().await;
    let strong = r#"{"id_token":{"acr":{"essential":true,"values":["urn:example:second-factor"]}}}"#;
    let demands = [("claims", strong)];
    let browser = gateway.app.browser();
    // The first step is done, then everything begins again: by the same address, from the portal, by a step's own address.
    let after = {
        let login = browser.get(&gateway.authorize(&demands)).await.location().to_owned();
        browser.sign_in_from(&login, "maya", PASSWORD).await
    };
    let on = after.location().to_owned();
    for restart in [gateway.authorize(&demands), "/login".into(), "/".into(), "/login/password".into(), on] {
        let page = browser.get(&restart).await;
        assert!(!page.location().contains("code="), "{restart}: {}", page.location());
        assert_eq!(
            gateway.told(&browser, &demands).await,
            "unmet_authentication_requirements",
            "what was demanded is demanded still: {restart}"
        );
    }
    // Freshness is a demand too: a sign-in from before the restart doesn't meet it.
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(10));
    let login = browser.get(&gateway.authorize(&[("prompt", "login")])).await.location().to_owned();
    let flow = login.rsplit('=').next().expect("a flow");
    for restart in [format!("/login?flow={flow}"), format!("/login/continue/{flow}"), login.clone()] {
        let page = browser.get(&restart).await;
        assert!(!page.location().contains("code="), "{restart}: {}", page.location());
    }
    let after = browser.sign_in_from(&login, "maya", PASSWORD).await;
    assert!(browser.leave(&after).await.location().contains("code="), "the valid twin");
}
