//! People who may, get in; the message says what was agreed.

use super::{fill, gateway, post, request, response, status};
use crate::support::{
    app::{PASSWORD, TestApp, saml_settings, system},
    database::Kind,
};
use gatehouse::{domain::audit::EventType, service};
use reqwest::StatusCode;

fn text_of(document: &roxmltree::Document<'_>, name: &str) -> Vec<String> {
    document
        .descendants()
        .filter(|node| node.tag_name().name() == name)
        .map(|node| node.text().unwrap_or_default().to_owned())
        .collect()
}

async fn sp_initiated_sign_on(kind: Kind) {
    let app = TestApp::on(kind).await;
    let (maya, _) = fill(&app, saml_settings()).await;
    let browser = app.browser();
    let state = "a&b=<c>\"'é 1";
    let asked = post(&browser, &request(&app, "_r1", "", ""), Some(state)).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
    let after = browser.sign_in_from(asked.location(), "maya", PASSWORD).await;
    let page = browser.leave(&after).await;
    assert_eq!(page.action().as_deref(), Some("https://sp.example/acs"));
    assert_eq!(page.field("RelayState").as_deref(), Some(state), "XS-16: byte for byte");
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("form-action http: https:") && !policy.contains("unsafe"), "{policy}");

    assert_eq!(page.headers["cache-control"], "no-cache, no-store", "CTK-23");
    assert_eq!(page.headers["pragma"], "no-cache", "CTK-23");

    let xml = response(&page);
    let document = roxmltree::Document::parse(&xml).expect("XML");
    let root = document.root_element();
    assert_eq!(root.attribute("InResponseTo"), Some("_r1"));
    assert_eq!(root.attribute("Destination"), Some("https://sp.example/acs"));
    assert_eq!(text_of(&document, "Audience"), ["https://sp.example/metadata"]);
    assert_eq!(text_of(&document, "NameID"), ["maya@fernhill.example"]);
    assert_eq!(text_of(&document, "AttributeValue"), ["maya@fernhill.example", "Maya Okafor", "Growth"]);
    assert_eq!(text_of(&document, "Signature").len(), 2, "response and assertion");
    assert_eq!(text_of(&document, "Issuer"), vec![format!("{}/saml2/crm/metadata", app.url); 2]);

    let events = service::audit::list(
        &app.ctx,
        &system(),
        &gatehouse::store::audit::AuditFilter { event_type: Some(EventType::SsoAuth), ..Default::default() },
        gatehouse::store::page::PageRequest { offset: 0, limit: 10 },
    )
    .await
    .expect("events");
    assert_eq!(events.total, 1);
    let event = &events.items[0];
    assert!(event.success && event.idp_initiated == Some(false));
    assert_eq!(event.initiated_by.id, Some(maya.id.to_string()));
}

#[tokio::test]
async fn sp_initiated_sign_on_sqlite() {
    sp_initiated_sign_on(Kind::Sqlite).await;
}

#[tokio::test]
async fn sp_initiated_sign_on_postgres() {
    sp_initiated_sign_on(Kind::Postgres).await;
}

#[tokio::test]
async fn a_signed_in_person_is_not_asked_again_unless_the_app_insists() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let straight = post(&browser, &request(&app, "_r1", "", ""), None).await;
    assert!(response(&straight).contains("AuthnStatement"));
    app.ctx.clock.advance(chrono::TimeDelta::seconds(5));
    let forced = post(&browser, &request(&app, "_r2", "ForceAuthn=\"1\"", ""), None).await;
    assert_eq!(forced.status, StatusCode::SEE_OTHER, "S-38: a fresh sign-in");
    let skipped = browser.get(&forced.location().replace("/login?flow=", "/login/continue/")).await;
    assert_eq!(skipped.status, StatusCode::SEE_OTHER, "O-19: going on without it asks again");
    assert!(skipped.location().starts_with("/login?flow="));
    let after = browser.sign_in_from(forced.location(), "maya", PASSWORD).await;
    let xml = response(&browser.leave(&after).await);
    let document = roxmltree::Document::parse(&xml).expect("XML");
    let statement =
        document.descendants().find(|node| node.tag_name().name() == "AuthnStatement").expect("one");
    let instant = app.ctx.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    assert_eq!(statement.attribute("AuthnInstant"), Some(instant.as_str()));
}

#[tokio::test]
async fn a_passive_request_gets_a_status_and_never_a_page() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    let answer = post(&browser, &request(&app, "_r1", "IsPassive=\"true\"", ""), Some("state")).await;
    assert_eq!(status(&response(&answer)), "NoPassive");
    assert_eq!(answer.field("RelayState").as_deref(), Some("state"));
    browser.sign_in("maya").await;
    let answer = post(&browser, &request(&app, "_r2", "IsPassive=\"true\"", ""), None).await;
    assert!(response(&answer).contains("AuthnStatement"), "the valid twin");
}

#[tokio::test]
async fn metadata_and_certificate_are_downloads_that_agree() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    let metadata = browser.get("/saml2/crm/metadata").await;
    assert_eq!(
        metadata.headers["content-disposition"],
        "attachment; filename=\"Gatehouse-crm-metadata.xml\""
    );
    let document = roxmltree::Document::parse(&metadata.text).expect("XML");
    assert_eq!(
        document.root_element().attribute("entityID"),
        Some(format!("{}/saml2/crm/metadata", app.url).as_str())
    );
    let certificate = browser.get("/saml2/crm/certificate.pem").await;
    let base64: String = text_of(&document, "X509Certificate").concat().split_whitespace().collect();
    let pem: String = certificate.text.lines().filter(|line| !line.starts_with("-----")).collect();
    assert_eq!(base64, pem);
    assert_eq!(browser.get("/saml2/nothing/metadata").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cross_site_post_without_cookies_is_sent_once_more_by_our_own_page() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let xml = request(&app, "_r1", "", "");
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &xml);
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", &encoded)
        .append_pair("RelayState", "x")
        .finish();
    // What Chromium does with `SameSite=Lax` on a cross-site POST: no cookies.
    let headers = [("sec-fetch-site", "cross-site"), ("content-type", "application/x-www-form-urlencoded")];
    let bare = app.browser().send(reqwest::Method::POST, "/saml2/crm", &headers, &body).await;
    assert_eq!(bare.status, StatusCode::OK);
    assert!(bare.text.contains("/saml2/crm?resent"), "{}", bare.text);
    let (request_again, state) =
        (bare.field("SAMLRequest").expect("kept"), bare.field("RelayState").expect("kept"));
    let fields = [("SAMLRequest", request_again.as_str()), ("RelayState", state.as_str())];
    let again = browser.post("/saml2/crm?resent", &fields).await;
    assert!(response(&again).contains("AuthnStatement"));
}

#[tokio::test]
async fn iip_md09_and_sdp_md10_our_metadata_says_what_we_take_who_helps_and_where_errors_go() {
    let https = |config: &mut gatehouse::config::Config| {
        config.http.public_url = "https://id.fernhill.example".parse().expect("an address");
    };
    let clock = gatehouse::clock::Clock::manual(crate::support::app::start());
    let app = TestApp::with(Kind::Sqlite, clock, gatehouse::web::Limits::default(), https).await;
    super::fill(&app, saml_settings()).await;
    let published = gatehouse::service::idp_metadata::document(&app.ctx, "crm").await.expect("published");
    let document = roxmltree::Document::parse(&published.xml).expect("XML");
    let named =
        |name: &str| document.descendants().filter(|node| node.tag_name().name() == name).collect::<Vec<_>>();
    let role = named("IDPSSODescriptor")[0];
    assert_eq!(role.attribute("errorURL"), Some("https://id.fernhill.example/error?code=ERRORURL_CODE"));
    assert_eq!(named("Logo")[0].text(), Some("https://id.fernhill.example/logo.svg"));
    assert_eq!(named("DisplayName")[0].text(), Some("Fernhill"));
    let algorithms: Vec<_> =
        named("SigningMethod").iter().filter_map(|node| node.attribute("Algorithm")).collect();
    assert!(algorithms.contains(&"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"), "{algorithms:?}");
    assert!(!algorithms.iter().any(|uri| uri.ends_with("rsa-sha1")), "{algorithms:?}");
    assert_eq!(named("DigestMethod").len(), 3);
    let kinds: Vec<_> =
        named("ContactPerson").iter().filter_map(|node| node.attribute("contactType")).collect();
    assert_eq!(kinds, ["technical", "support"]);
}

/// A page that posts away may post where its form goes, and only there is plain http let out of an https gateway: browsers count
/// `form-action` for the form's own address too.
#[tokio::test]
async fn the_form_of_an_app_on_loopback_is_let_out_of_an_https_gateway() {
    let https = |config: &mut gatehouse::config::Config| {
        config.http.public_url = "https://id.fernhill.example".parse().expect("an address");
    };
    let clock = gatehouse::clock::Clock::manual(crate::support::app::start());
    let app = TestApp::with(Kind::Sqlite, clock, gatehouse::web::Limits::default(), https).await;
    for (slug, acs, allowed) in [
        ("local", "http://127.0.0.1:5000/acs", "form-action http: https:;"),
        ("crm", "https://sp.example/acs", "form-action https:;"),
    ] {
        let mut settings = saml_settings();
        acs.clone_into(&mut settings.acs_urls[0].url);
        let group = app.group(slug, &[]).await;
        app.app(slug, gatehouse::domain::connection::Connection::Saml(Box::new(settings)), &group).await;
        let xml = request(&app, "_r1", "IsPassive=\"true\"", "")
            .replace(&format!("Destination=\"{}/saml2/crm\"", app.url), "");
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &xml);
        let body =
            form_urlencoded::Serializer::new(String::new()).append_pair("SAMLRequest", &encoded).finish();
        let headers =
            [("host", "id.fernhill.example"), ("content-type", "application/x-www-form-urlencoded")];
        let at = format!("http://{}/saml2/{slug}", app.listening());
        let page = app.browser().send(reqwest::Method::POST, &at, &headers, &body).await;
        assert_eq!(page.action().as_deref(), Some(acs), "{} {}", page.status, page.text);
        let policy = page.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains(allowed) && !policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn sdp_md12_people_sent_by_an_app_are_told_what_to_do_and_the_logo_is_there() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    for (query, words) in [
        ("", "The app couldn’t sign you in"),
        ("?code=AUTHORIZATION_FAILURE&rp=x", "The app doesn’t let you in"),
        ("?code=%3Cscript%3Ealert(1)%3C%2Fscript%3E", "The app couldn’t sign you in"),
    ] {
        let page = browser.get(&format!("/error{query}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(words) && page.text.contains("it@fernhill.example"), "{}", page.text);
        assert!(!page.text.contains("alert(1)"), "nothing of the address is shown");
    }
    let logo = browser.get("/logo.svg").await;
    assert_eq!(
        (logo.status, &logo.headers["content-type"]),
        (StatusCode::OK, &"image/svg+xml".parse().expect("a value"))
    );
    let metadata = browser.get("/saml2/crm/metadata").await.text;
    assert!(!metadata.contains("errorURL") && !metadata.contains("mdui:Logo"), "not over plain http");
}
