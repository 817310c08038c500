//! Requests of strangers: addresses, schemes, response types, and what a request makes the provider call.

use super::{Gateway, REDIRECT, json, query, text};
use crate::support::app::{Browser, Page, TestApp, oidc_settings, system};
use gatehouse::{
    domain::{
        app::AppDraft,
        connection::{Connection, OidcConnection},
    },
    service,
};
use reqwest::{Method, StatusCode};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const REFRESH: (&str, &str) = ("grant_type", "refresh_token");

/// Counts who calls; answers nothing. For addresses that must not be called.
async fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    crate::support::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (format!("http://{address}"), calls)
}

/// Row 23: prefixes, wildcards and clever spellings of a redirect address.
#[tokio::test]
async fn cve_2026_41569_2026_7504_2026_3872_2024_8883_2026_28512_2024_52289_addresses_match_to_the_letter() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for hostile in [
        "https://rp.example/callback/",
        "https://rp.example/callback?x=1",
        "https://rp.example/callback#x",
        "https://rp.example/callback/..;/evil",
        "https://rp.example/callback%2f..%2fevil",
        "https://rp.example/Callback",
        "https://rp.example.evil.example/callback",
        "https://evil.example/https://rp.example/callback",
        "https://rp.example@evil.example/callback",
        "https://a@b@rp.example/callback",
        "https://rp.example:444/callback",
        "https://rp.example\\@evil.example/callback",
        "https://rpXexample/callback",
        "http://localhost/callback",
        "*",
    ] {
        let page = browser.get(&gateway.authorize(&[("redirect_uri", hostile)])).await;
        assert_eq!(page.location(), "", "{hostile}");
        assert!(page.status.is_client_error() && page.reference().is_some(), "{hostile}: {}", page.status);
    }
    let twin = browser.get(&gateway.authorize(&[])).await;
    assert!(twin.location().starts_with(&format!("{REDIRECT}?code=")), "{}", twin.location());
}

/// Row 24: a list of bad schemes that minded the case.
#[tokio::test]
async fn cve_2026_9086_no_script_scheme_is_registered_in_any_case() {
    let gateway = Gateway::new().await;
    let save = async |change: fn(&mut OidcConnection, String), uri: &str| {
        let app = service::apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
        let mut settings = app.connection.oidc().expect("OIDC").clone();
        change(&mut settings, uri.to_owned());
        let draft = AppDraft { connection: Connection::Oidc(Box::new(settings)), ..AppDraft::of(&app) };
        let version = app.version;
        service::apps::update(&gateway.app.ctx, &system(), app, version, draft).await.is_ok()
    };
    let fields: [fn(&mut OidcConnection, String); 5] = [
        |c, uri| c.redirect_uris = vec![uri],
        |c, uri| c.post_logout_redirect_uris = vec![uri],
        |c, uri| c.initiate_login_uri = uri,
        |c, uri| c.backchannel_logout_uri = uri,
        |c, uri| c.frontchannel_logout_uri = uri,
    ];
    for field in fields {
        for hostile in
            ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:x", "DATA:text/html,x", "vbScript:x"]
        {
            assert!(!save(field, hostile).await, "{hostile}");
        }
        assert!(save(field, "https://rp.example/twin").await);
    }
}

/// Row 31: a sign-on begun in one browser and finished in another.
#[tokio::test]
async fn cve_2026_7507_2024_28197_a_sign_on_stays_in_its_browser() {
    let gateway = Gateway::new().await;
    let (thief, victim) = (gateway.app.browser(), gateway.signed_in().await);
    let login = thief.get(&gateway.authorize(&[])).await.location().to_owned();
    let flow = login.split("flow=").nth(1).expect("a flow").split('&').next().expect("a flow").to_owned();
    let foreign = victim.get(&format!("/login/continue/{flow}")).await;
    assert!(
        !foreign.location().contains("code=") && foreign.status != StatusCode::SEE_OTHER,
        "{}",
        foreign.status
    );
    let after = thief.sign_in_from(&login, "maya", crate::support::app::PASSWORD).await;
    let twin: Page = thief.leave(&after).await;
    assert!(twin.location().contains("code="), "the valid twin: {}", twin.location());
}

/// Row 32 and CVE-2026-4874: addresses in requests that the provider called.
#[tokio::test]
async fn cve_2026_1180_2026_4366_2026_4874_2022_24129_no_address_of_a_request_is_called() {
    let (trap, calls) = trap().await;
    let settings = OidcConnection {
        sector_identifier_uri: "https://sector.invalid/list.json".into(),
        ..oidc_settings()
    };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser: Browser = gateway.signed_in().await;
    let asked = [("request_uri", trap.as_str()), ("logo_uri", &trap), ("policy_uri", &trap)];
    let refused = browser.get(&gateway.authorize(&asked)).await;
    assert!(!refused.location().contains("code="), "{}", refused.location());
    let ignored = [("logo_uri", trap.as_str()), ("sector_identifier_uri", &trap), ("jwks_uri", &trap)];
    let code = query(browser.get(&gateway.authorize(&ignored)).await.location())["code"].clone();
    let tokens = json(&gateway.redeem(&code).await);
    let refresh = text(&tokens, "refresh_token");
    let fields = [
        REFRESH,
        ("refresh_token", &*refresh),
        ("client_session_host", &*trap),
        ("request_uri", &trap),
        ("jwks_uri", &trap),
    ];
    assert_eq!(gateway.token(&fields).await.status, StatusCode::OK, "the valid twin: they mean nothing");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

/// Tokens in the address, from a client that never asked for them; and a way to register that nobody watches.
#[tokio::test]
async fn cve_2026_7571_2026_16102_2026_15572_only_codes_and_no_registration() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    for response_type in ["token", "id_token", "id_token token", "code id_token", "code token", "none"] {
        let page = browser.get(&gateway.authorize(&[("response_type", response_type)])).await;
        let location = page.location();
        assert!(location.contains("error=unsupported_response_type"), "{response_type}: {location}");
        assert!(!location.contains("access_token=") && !location.contains("code="), "{location}");
    }
    assert!(browser.get(&gateway.authorize(&[])).await.location().contains("code="), "the valid twin");
    let document = json(&browser.get("/.well-known/openid-configuration").await);
    assert!(document.get("registration_endpoint").is_none());
    for path in ["/oauth2/register", "/connect/register"] {
        let headers = [("content-type", "application/json")];
        let page = gateway.app.browser().send(Method::POST, path, &headers, "{}").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// Row 18: script in the page that posts the answer, by way of the state.
#[tokio::test]
async fn cve_2026_42849_2026_29191_a_state_is_text_on_the_page_that_posts_it() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let state = "\"></form></script><script>alert(1)</script><form action=javascript:alert(1)>";
    let page = browser.get(&gateway.authorize(&[("response_mode", "form_post"), ("state", state)])).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(
        !page.text.contains("<script>alert") && !page.text.contains("<form action=javascript"),
        "{}",
        page.text
    );
    assert_eq!(page.field("state").as_deref(), Some(state), "the valid twin: it comes back to the letter");
    assert_eq!(page.action().as_deref(), Some(REDIRECT));
}
