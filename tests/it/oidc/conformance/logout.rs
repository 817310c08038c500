//! The modules of the three logout plans: RP-initiated, back-channel and front-channel.

use super::suite::{Client, Mode, STATE, Suite, Tokens};
use crate::{
    oidc::{json, logout::Receiver, query, text},
    support::app::{Browser, Page, unescape},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gatehouse::domain::connection::OidcConnection;
use reqwest::StatusCode;

/// A signed-in browser and its tokens.
async fn signed_on(suite: &Suite) -> (Browser, Tokens) {
    let browser = suite.app.browser();
    let tokens = suite.flow(&browser, &suite.client, &[]).await;
    (browser, tokens)
}

fn registered(client: &Client) -> String {
    client.redirect.replace("/callback", "/post_logout_redirect")
}

async fn logout(browser: &Browser, fields: &[(&str, &str)]) -> Page {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let address =
        if query.is_empty() { "/oauth2/logout".to_owned() } else { format!("/oauth2/logout?{query}") };
    browser.get(&address).await
}

/// Whether the browser is signed in, asked as a client asks.
async fn is_in(suite: &Suite, browser: &Browser) -> bool {
    let page = suite.ask(browser, &suite.client, &[("prompt", "none")]).await;
    let back = suite.callback(&suite.client, &page);
    match back.fields.get("error").map(String::as_str) {
        Some("login_required" | "interaction_required") => false,
        None => true,
        other => panic!("{other:?}"),
    }
}

/// A page of ours that asks, and goes nowhere.
fn asks(page: &Page) {
    assert_eq!((page.status, page.location()), (StatusCode::OK, ""), "{}", page.text);
    assert!(page.field("csrf").is_some() && !page.text.contains("suite.example/test/a/client/post"));
}

/// The person says yes on that page.
async fn confirm(browser: &Browser, page: &Page) -> Page {
    let (csrf, request) = (page.field("csrf").expect("a form"), page.field("request").unwrap_or_default());
    let page = browser.post("/logout", &[("csrf", &csrf), ("request", &request)]).await;
    if page.location().starts_with('/') { browser.get(page.location()).await } else { page }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let suite = Suite::new(Mode::Default).await;
    let document = json(&suite.app.browser().get("/.well-known/openid-configuration").await);
    assert_eq!(document["end_session_endpoint"], format!("{}/oauth2/logout", suite.app.url));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let suite = Suite::new(Mode::Default).await;
    let (browser, tokens) = signed_on(&suite).await;
    let back = registered(&suite.client);
    let fields =
        [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", &back), ("state", STATE)];
    let page = logout(&browser, &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    assert!(page.location().starts_with(&format!("{back}?")));
    let answer = query(page.location());
    assert_eq!((answer.len(), answer["state"].as_str()), (1, STATE));
    assert!(!is_in(&suite, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let suite = Suite::new(Mode::Default).await;
    let (browser, tokens) = signed_on(&suite).await;
    let other = "https://suite.example/test/a/client/other";
    let fields =
        [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", other), ("state", STATE)];
    asks(&logout(&browser, &fields).await);
    assert!(is_in(&suite, &browser).await);
}

/// Header `alg` none, no signature.
fn unsigned(token: &str) -> String {
    let payload = token.split('.').nth(1).expect("claims");
    format!("{}.{payload}.", URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"))
}

async fn hint_is_worth_nothing(change: impl Fn(&str) -> String) {
    let suite = Suite::new(Mode::Default).await;
    let (browser, tokens) = signed_on(&suite).await;
    let (hint, back) = (change(&tokens.id_token), registered(&suite.client));
    let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &back), ("state", STATE)];
    let page = logout(&browser, &fields).await;
    asks(&page);
    assert!(is_in(&suite, &browser).await, "not before the person says yes");
    let done = confirm(&browser, &page).await;
    assert!(!done.text.contains(&back), "and then it goes nowhere: {}", done.text);
    assert!(!is_in(&suite, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    hint_is_worth_nothing(unsigned).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let key = openssl::rsa::Rsa::generate(2048).expect("a key");
    let key = openssl::pkey::PKey::from_rsa(key).expect("a key");
    // Same header and claims, signed by somebody else.
    hint_is_worth_nothing(|token| {
        let (message, _) = token.rsplit_once('.').expect("three parts");
        let mut signer =
            openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &key).expect("a signer");
        let signature = signer.sign_oneshot_to_vec(message.as_bytes()).expect("signed");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    })
    .await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let suite = Suite::new(Mode::Default).await;
    let (browser, _) = signed_on(&suite).await;
    let back = registered(&suite.client);
    asks(&logout(&browser, &[("post_logout_redirect_uri", &back), ("state", STATE)]).await);
    assert!(is_in(&suite, &browser).await);
}

/// The person says yes, is signed out, and sees a page.
async fn ends_on_a_page(fields: &[(&str, &str)]) {
    let suite = Suite::new(Mode::Default).await;
    let (browser, _) = signed_on(&suite).await;
    let page = logout(&browser, fields).await;
    asks(&page);
    let done = confirm(&browser, &page).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.text.contains("You’re signed out"), "{}", done.text);
    assert!(!is_in(&suite, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    ends_on_a_page(&[]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    ends_on_a_page(&[("state", STATE)]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let suite = Suite::new(Mode::Default).await;
    let (browser, tokens) = signed_on(&suite).await;
    let mut page = logout(&browser, &[("id_token_hint", &tokens.id_token), ("state", STATE)]).await;
    while page.location().starts_with('/') {
        page = browser.get(page.location()).await;
    }
    assert_eq!((page.status, page.location()), (StatusCode::OK, ""));
    assert!(page.text.contains("You’re signed out"), "{}", page.text);
    assert!(!is_in(&suite, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let suite = Suite::new(Mode::Default).await;
    let (browser, tokens) = signed_on(&suite).await;
    let back = registered(&suite.client);
    let fields = [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", &back)];
    assert_eq!(logout(&browser, &fields).await.location(), back, "no state, no query");
    assert!(!is_in(&suite, &browser).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let suite = Suite::new(Mode::Default).await;
    let (browser, tokens) = signed_on(&suite).await;
    let back = format!("{}?foo=bar", registered(&suite.client));
    asks(
        &logout(&browser, &[("id_token_hint", &tokens.id_token), ("post_logout_redirect_uri", &back)]).await,
    );
    assert!(is_in(&suite, &browser).await);
}

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let suite = Suite::new(Mode::Default).await;
    let document = json(&suite.app.browser().get("/.well-known/openid-configuration").await);
    assert_eq!(document["backchannel_logout_supported"], true);
    assert_eq!(document["backchannel_logout_session_supported"], true);
    assert!(document["end_session_endpoint"].is_string());
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let suite = Suite::new(Mode::Default).await;
    let receiver = Receiver::start().await;
    let settings = OidcConnection {
        backchannel_logout_uri: receiver.url.clone(),
        backchannel_logout_session_required: true,
        ..OidcConnection::default()
    };
    let client = suite.register("client-back", settings).await;
    let browser = suite.app.browser();
    let tokens = suite.flow(&browser, &client, &[]).await;
    let back = registered(&client);
    let fields =
        [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", &back), ("state", STATE)];
    let page = logout(&browser, &fields).await;
    let told = receiver.tokens();
    assert_eq!(told.len(), 1, "before the browser is back");
    let jwks = json(&suite.app.browser().get("/oauth2/jwks").await);
    let told = crate::oidc::jose::proven(&told[0], &jwks);
    assert_eq!(told.header["typ"], "logout+jwt");
    let (claims, now) = (&told.claims, suite.app.ctx.now().timestamp());
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&suite.app.url.as_str().into(), &client.id.as_str().into())
    );
    assert!(claims["iat"].as_i64().is_some_and(|iat| iat <= now && iat > now - 86_400));
    assert!(claims["exp"].as_i64().is_some_and(|exp| exp > now && exp <= now + 120), "ASVS 10.5.5");
    assert!(!text(claims, "jti").is_empty());
    let event = serde_json::json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    assert_eq!(claims["events"], event);
    assert_eq!((&claims["sub"], &claims["sid"]), (&tokens.id["sub"], &tokens.id["sid"]));
    assert!(claims.get("nonce").is_none());
    assert_eq!(query(page.location())["state"], STATE);
    assert!(!is_in(&suite, &browser).await);
}

#[tokio::test]
async fn oidcc_frontchannel_logout_discovery_endpoint_verification() {
    let suite = Suite::new(Mode::Default).await;
    let document = json(&suite.app.browser().get("/.well-known/openid-configuration").await);
    assert_eq!(document["frontchannel_logout_supported"], true);
    assert_eq!(document["frontchannel_logout_session_supported"], true);
    assert!(document["end_session_endpoint"].is_string());
}

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout() {
    let suite = Suite::new(Mode::Default).await;
    let uri = "https://suite.example/test/a/client-front/frontchannel_logout";
    let settings = OidcConnection {
        frontchannel_logout_uri: uri.into(),
        frontchannel_logout_session_required: true,
        ..OidcConnection::default()
    };
    let client = suite.register("client-front", settings).await;
    let browser = suite.app.browser();
    let tokens = suite.flow(&browser, &client, &[]).await;
    let back = registered(&client);
    let fields =
        [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", &back), ("state", STATE)];
    let walk = logout(&browser, &fields).await.location().to_owned();
    let page = browser.get(&walk).await;
    let frame = page.text.split("<iframe").nth(1).and_then(|part| part.split("src=\"").nth(1));
    let frame = unescape(frame.and_then(|part| part.split('"').next()).expect("an iframe"));
    assert!(frame.starts_with(&format!("{uri}?")), "{frame}");
    let told = query(&frame);
    assert_eq!(
        (told["iss"].as_str(), told["sid"].as_str()),
        (suite.app.url.as_str(), &*text(&tokens.id, "sid"))
    );
    assert_eq!(told.len(), 2);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-src https://suite.example"), "{policy}");
    // Then the page leads on to the client.
    let end = browser.get(&walk).await;
    assert!(end.text.contains(&format!("{back}?state=")), "{}", end.text);
    assert!(!is_in(&suite, &browser).await);
}
