//! What must not end a session or move a browser, each beside its valid twin.

use super::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::StatusCode;

/// A page that sends nothing anywhere, with an event of this code.
async fn assert_stopped(house: &House, page: &Page, code: &str) {
    assert!(page.status.is_client_error(), "{} {}", page.status, page.text);
    assert!(page.field("SAMLResponse").is_none() && page.location().is_empty());
    let reference = page.reference().unwrap_or_else(|| panic!("no reference: {}", page.text));
    let event = service::audit::find(&house.app.ctx, &system(), &reference).await.expect("an event");
    assert_eq!(event.error_code.as_deref(), Some(code));
    assert_eq!(event.event_type, EventType::SsoLogout);
}

#[tokio::test]
async fn s37_what_is_not_signed_by_the_app_ends_nothing() {
    let house = House::new().await;
    let (crm, hr) = (house.sp("crm", &["redirect", "post", "soap"]).await, house.sp("hr", &["post"]).await);
    let (app, browser) = (&house.app, house.signed_in().await);
    let about = crm.sign_on(&browser).await;
    // Another app's key.
    let mut forged = Sp::new("crm", "https://crm.example");
    (forged.key, forged.certificate) = (hr.key.clone(), hr.certificate.clone());
    let asked = forged.request(app, Binding::HttpPost, &about).await;
    assert_stopped(&house, &deliver(&browser, &asked.message).await, "saml_signature").await;
    // Another app's name, with its own good signature, at this app's address.
    let mut other = Sp::new("crm", "https://crm.example");
    (other.key, other.certificate) = (crm.key.clone(), crm.certificate.clone());
    other.entity_id = hr.entity_id.clone();
    let asked = other.request(app, Binding::HttpPost, &about).await;
    assert_stopped(&house, &deliver(&browser, &asked.message).await, "saml_issuer").await;
    // No signature, by each binding.
    let asked = crm.request(app, Binding::HttpRedirect, &about).await;
    let OutboundMessage::Redirect { url } = &asked.message else { panic!("by redirect") };
    let unsigned = url.split("&SigAlg").next().expect("the message");
    assert_stopped(&house, &browser.get(unsigned).await, "saml_signature").await;
    let bare = STANDARD.encode(&asked.xml);
    let page = browser.post("/saml2/crm/slo", &[("SAMLRequest", &bare)]).await;
    assert_stopped(&house, &page, "saml_signature").await;
    // One octet changed.
    let tampered = url.replacen("SAMLRequest=", "SAMLRequest=x", 1);
    assert!(browser.get(&tampered).await.status.is_client_error());
    // At another app's address.
    let elsewhere = url.replace("/saml2/crm/", "/saml2/hr/");
    assert_stopped(&house, &browser.get(&elsewhere).await, "saml_signature").await;
    // Neither message, both, nonsense.
    for body in [vec![("SAMLRequest", "x"), ("SAMLResponse", "x")], vec![("SAMLRequest", "!")], vec![]] {
        assert!(browser.post("/saml2/crm/slo", &body).await.status.is_client_error(), "{body:?}");
    }
    assert!(house.is_in(&browser).await, "nothing ended");
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &SUCCESS, "the valid twin");
    assert!(!house.is_in(&browser).await);
}

#[tokio::test]
async fn s37_an_app_ends_only_its_own_sessions_of_the_person_it_names() {
    let house = House::new().await;
    let crm = house.sp_at("crm", "https://crm.example", &["redirect"], "emailAddress").await;
    let hr = house.sp_at("hr", "https://hr.example", &["redirect"], "emailAddress").await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let (at_crm, at_hr) = (crm.sign_on(&browser).await, hr.sign_on(&browser).await);
    assert_eq!(at_crm.name_id, at_hr.name_id, "both know the same address");
    let foreign = SignedOn { name_id: at_hr.name_id.clone(), index: at_crm.index.clone() };
    let asked = hr.request(app, Binding::HttpRedirect, &foreign).await;
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(hr.hear(app, &asked, &answer).await.outcome(), &SUCCESS, "no leak");
    let mut other_format = at_hr.clone();
    other_format.name_id.format = NameIdFormat::Persistent;
    let asked = hr.request(app, Binding::HttpRedirect, &other_format).await;
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(hr.hear(app, &asked, &answer).await.outcome(), &unknown_principal());
    assert!(house.is_in(&browser).await);
    let asked = hr.request(app, Binding::HttpRedirect, &at_hr).await;
    deliver(&browser, &asked.message).await;
    assert!(!house.is_in(&browser).await, "the valid twin");
}

async fn replayed(kind: Kind) {
    let house = House::on(kind).await;
    let crm = house.sp("crm", &["redirect", "soap"]).await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let about = crm.sign_on(&browser).await;
    let asked = crm.request_with(app, Binding::HttpRedirect, &about.name_id, &[], None).await;
    deliver(&browser, &asked.message).await;
    browser.sign_in("maya").await;
    crm.sign_on(&browser).await;
    let page = deliver(&browser, &asked.message).await;
    assert_stopped(&house, &page, "request_replayed").await;
    assert!(house.is_in(&browser).await, "S-26: once");
    let asked = crm.request_with(app, Binding::Soap, &about.name_id, &["_none"], None).await;
    let first = deliver(&browser, &asked.message).await;
    assert_eq!(crm.hear(app, &asked, &first).await.outcome(), &SUCCESS);
    let second = deliver(&browser, &asked.message).await;
    let refused = crm.hear(app, &asked, &second).await;
    assert!(matches!(refused.outcome(), LogoutOutcome::Failed { .. }), "{:?}", refused.outcome());
}

#[tokio::test]
async fn s26_a_replayed_request_ends_nothing_sqlite() {
    replayed(Kind::Sqlite).await;
}

#[tokio::test]
async fn s26_a_replayed_request_ends_nothing_postgres() {
    replayed(Kind::Postgres).await;
}

#[tokio::test]
async fn o21_a_sign_out_belongs_to_its_browser() {
    let house = House::new().await;
    let (crm, hr) = (house.sp("crm", &["redirect"]).await, house.sp("hr", &["redirect"]).await);
    let (app, browser) = (&house.app, house.signed_in().await);
    let about = crm.sign_on(&browser).await;
    hr.sign_on(&browser).await;
    let asked = crm.request(app, Binding::HttpRedirect, &about).await;
    let walk = deliver(&browser, &asked.message).await.location().to_owned();
    let stranger = app.browser();
    assert_eq!(stranger.get(&walk).await.location(), "/logout", "nothing to see");
    let prefetch = browser.send(Method::GET, &walk, &[("sec-purpose", "prefetch")], "").await;
    assert_eq!(prefetch.status, StatusCode::METHOD_NOT_ALLOWED, "a look ahead sends nothing");
    let page = browser.get(&walk).await;
    let request = hr.take(app, &page).await;
    // Its answer in another browser, and another app's answer in this one.
    let page = hr.answer(app, &stranger, &request, &LogoutStatus::Success).await;
    assert_stopped(&house, &page, "saml_in_response_to").await;
    let mut forged = Sp::new("hr", "https://hr.example");
    (forged.key, forged.certificate) = (crm.key.clone(), crm.certificate.clone());
    app.ctx.clock.advance(chrono::TimeDelta::milliseconds(1));
    let page = forged.answer(app, &browser, &request, &LogoutStatus::Success).await;
    let page = follow(&browser, page).await;
    assert_eq!(crm.hear(app, &asked, &page).await.outcome(), &PARTIAL, "a forged answer confirms nothing");
    assert_eq!(house.told().await[0], ("hr".to_owned(), Some("saml_signature".to_owned())));
}

#[tokio::test]
async fn messages_for_no_app_and_broken_envelopes_are_refused_quietly() {
    let house = House::new().await;
    house.sp("crm", &["soap"]).await;
    let browser = house.app.browser();
    let headers = [("content-type", "text/xml")];
    for (path, body, status) in [
        ("/saml2/crm/slo", "nonsense", StatusCode::INTERNAL_SERVER_ERROR),
        ("/saml2/crm/slo/soap", "<!DOCTYPE x>", StatusCode::INTERNAL_SERVER_ERROR),
        ("/saml2/none/slo/soap", "<a/>", StatusCode::NOT_FOUND),
    ] {
        let page = browser.send(Method::POST, path, &headers, body).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.text.contains("<soap:Fault>"), "{}", page.text);
        assert!(page.headers["content-type"].to_str().expect("text").starts_with("text/xml"));
    }
    assert_eq!(browser.get("/saml2/none/slo?SAMLRequest=x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/saml2/crm/slo").await.location(), "/logout", "an address alone asks first");
}
