//! Requests that a page of another site posts: browsers keep our cookies from them, so that they are sent once more from here, and
//! an ID token among them gets into no address (O-31).

use super::{Gateway, REDIRECT, query, text};
use crate::support::app::{Browser, Page, oidc_settings, unescape};
use reqwest::{Method, StatusCode};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What Chromium does with `SameSite=Lax` on a cross-site POST: a browser that has cookies sends none.
async fn from_elsewhere(gateway: &Gateway, path: &str, body: &str) -> Page {
    let headers = [FORM, ("sec-fetch-site", "cross-site"), ("origin", "https://rp.example")];
    gateway.app.browser().send(Method::POST, path, &headers, body).await
}

/// Every field of the page's form, and where it goes.
fn form(page: &Page) -> (String, Vec<(String, String)>) {
    let (_, form) = page.text.split_once("<form").expect("a form");
    let (form, _) = form.split_once("</form>").expect("it ends");
    let value = |tag: &str, name: &str| {
        let after = tag.split(&format!("{name}=\"")).nth(1)?;
        after.split('"').next().map(unescape)
    };
    let action = value(form, "action").expect("an address");
    let inputs = form.split("<input").skip(1).map(|tag| tag.split('>').next().unwrap_or_default());
    let fields =
        inputs.map(|tag| (value(tag, "name").expect("a name"), value(tag, "value").unwrap_or_default()));
    (action, fields.collect())
}

/// What the browser does with our page, by script or by the button: a form of our own origin, with its cookies.
async fn sent_again(browser: &Browser, page: &Page) -> Page {
    let (action, fields) = form(page);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    browser.send(Method::POST, &action, &[FORM, ("sec-fetch-site", "same-origin")], &body).await
}

fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn is_page_of_ours(page: &Page, path: &str) {
    assert_eq!((page.status, page.location()), (StatusCode::OK, ""), "{}", page.text);
    assert!(page.header("set-cookie").is_none(), "the cookies that it may have are left alone");
    assert_eq!(form(page).0, format!("{path}?resent"));
    // Without script there is a button; with it the form of the page sends itself.
    assert!(page.text.contains("<button") && page.text.contains("type=\"submit\""), "{}", page.text);
    assert!(page.text.contains("data-post") && page.text.contains("post.js"), "{}", page.text);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    // Chromium holds redirects after a form to `form-action`: the answer goes to the app.
    assert!(policy.contains("form-action http: https:"), "{policy}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-cache, no-store"));
}

#[tokio::test]
async fn o31_a_posted_logout_request_puts_no_id_token_into_an_address() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let hint = text(&gateway.tokens(&browser, &[]).await, "id_token");
    let back = oidc_settings().post_logout_redirect_uris[0].clone();
    let fields =
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &back), ("state", "a \"b\"")];
    let page = from_elsewhere(&gateway, "/oauth2/logout", &encoded(&fields)).await;
    is_page_of_ours(&page, "/oauth2/logout");
    let sent: Vec<(String, String)> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(form(&page).1, sent, "to the letter");
    assert_eq!(browser.get("/account").await.status, StatusCode::OK, "nobody is signed out by the page");
    let done = sent_again(&browser, &page).await;
    assert!(done.location().starts_with(&back), "{} {}", done.status, done.location());
    assert_eq!(query(done.location())["state"], "a \"b\"");
    assert!(!done.location().contains("eyJ"), "{}", done.location());
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER, "signed out");
    // The name by escapes is the same name.
    let escaped = encoded(&fields).replace("id_token_hint", "id%5Ftoken%5fhint");
    is_page_of_ours(&from_elsewhere(&gateway, "/oauth2/logout", &escaped).await, "/oauth2/logout");
}

#[tokio::test]
async fn o31_a_posted_authorization_request_puts_no_id_token_into_an_address() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let hint = text(&gateway.tokens(&browser, &[]).await, "id_token");
    let query_of = |more: &[(&str, &str)]| {
        gateway.authorize(more).split_once('?').map(|(_, query)| query.to_owned()).expect("a query")
    };
    let with_hint = query_of(&[("id_token_hint", &hint), ("prompt", "none")]);
    let page = from_elsewhere(&gateway, "/oauth2/authorize", &with_hint).await;
    is_page_of_ours(&page, "/oauth2/authorize");
    let done = sent_again(&browser, &page).await;
    assert!(done.location().starts_with(REDIRECT), "{} {}", done.status, done.location());
    assert!(query(done.location()).contains_key("code"), "{}", done.location());

    let without = query_of(&[]);
    let sent_on = from_elsewhere(&gateway, "/oauth2/authorize", &without).await;
    assert_eq!(sent_on.location(), format!("/oauth2/authorize?{without}"), "the rest needs no page");
    assert_eq!(sent_on.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_browser_that_never_sends_cookies_is_sent_round_once() {
    let gateway = Gateway::new().await;
    let body = encoded(&[("state", "s")]);
    // Even from a browser that calls our own form one of another site.
    let again = from_elsewhere(&gateway, "/oauth2/logout?resent", &body).await;
    assert_eq!((again.status, again.location()), (StatusCode::SEE_OTHER, "/logout"), "answered as it came");
    let own = gateway.app.browser();
    let page =
        own.send(Method::POST, "/oauth2/logout", &[FORM, ("sec-fetch-site", "same-origin")], &body).await;
    assert_eq!(page.location(), "/logout", "it came from here");
}

#[tokio::test]
async fn what_cannot_be_sent_again_is_refused_as_it_came() {
    let gateway = Gateway::new().await;
    for bad in ["id_token_hint=a&id_token_hint=b", "id_token_hint=%zz"] {
        let page = from_elsewhere(&gateway, "/oauth2/logout", bad).await;
        assert_eq!((page.status, page.location()), (StatusCode::BAD_REQUEST, ""), "{bad}");
        let page = from_elsewhere(&gateway, "/oauth2/authorize", bad).await;
        assert_eq!((page.status, page.location()), (StatusCode::BAD_REQUEST, ""), "{bad}");
    }
    for path in ["/oauth2/logout", "/oauth2/authorize"] {
        let long = format!("id_token_hint={}", "a".repeat(33 * 1024));
        let page = from_elsewhere(&gateway, path, &long).await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let script = encoded(&[("id_token_hint", "\"><script>alert(1)</script>")]);
        let page = from_elsewhere(&gateway, path, &script).await;
        assert!(!page.text.contains("<script>alert"), "{path}: it is text");
    }
}
