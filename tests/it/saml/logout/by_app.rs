//! An app asks to sign the person out.

use super::*;
use chrono::TimeDelta;
use gatehouse::domain::app::AppDraft;
use reqwest::StatusCode;

async fn one_app(kind: Kind) {
    let house = House::on(kind).await;
    let crm = house.sp("crm", &["redirect", "post", "soap"]).await;
    let app = &house.app;
    let state = RelayState::new("a&b=<c>\"'é 1").expect("short");
    for binding in [Binding::HttpRedirect, Binding::HttpPost, Binding::Soap] {
        let browser = house.signed_in().await;
        let about = crm.sign_on(&browser).await;
        assert!(house.is_in(&browser).await);
        let relay = Some(&state).filter(|_| binding != Binding::Soap);
        let asked = crm.request_with(app, binding, &about.name_id, &[&about.index], relay).await;
        let answer = deliver(&browser, &asked.message).await;
        let heard = crm.hear(app, &asked, &answer).await;
        assert_eq!(heard.outcome(), &SUCCESS, "{binding:?}");
        assert_eq!(heard.relay_state(), relay, "byte for byte");
        assert!(!house.is_in(&browser).await, "{binding:?}: the session here ended");
    }
    assert_eq!(house.told().await, vec![("crm".to_owned(), None); 3]);
    assert_eq!(house.events().await[0].initiated_by.id, Some(house.maya.id.to_string()));
}

#[tokio::test]
async fn one_app_is_answered_by_the_binding_it_asked_with_sqlite() {
    one_app(Kind::Sqlite).await;
}

#[tokio::test]
async fn one_app_is_answered_by_the_binding_it_asked_with_postgres() {
    one_app(Kind::Postgres).await;
}

async fn three_apps(kind: Kind) {
    let house = House::on(kind).await;
    let crm = house.sp("crm", &["redirect"]).await;
    let hr = house.sp("hr", &["redirect"]).await;
    let pay = house.sp_at("pay", "https://pay.example", &["post"], "transient").await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let about = crm.sign_on(&browser).await;
    let (at_hr, at_pay, again) =
        (hr.sign_on(&browser).await, pay.sign_on(&browser).await, hr.sign_on(&browser).await);
    let asked = crm.request(app, Binding::HttpRedirect, &about).await;
    let page = follow(&browser, deliver(&browser, &asked.message).await).await;
    assert!(!house.is_in(&browser).await, "the session here ends first");
    assert!(page.text.contains("Signing out of HR"), "{}", page.text);
    let request = hr.take(app, &page).await;
    assert_eq!(request.name_id(), &at_hr.name_id, "exactly as issued, qualifiers included");
    assert!(request.name_id().name_qualifier.is_some() && request.name_id().sp_name_qualifier.is_some());
    assert_eq!(request.session_indexes(), [at_hr.index.as_str(), &again.index]);
    let page = hr.answer(app, &browser, &request, &LogoutStatus::Success).await;
    let page = follow(&browser, page).await;
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("form-action http: https:") && !policy.contains("unsafe"), "{policy}");
    let request = pay.take(app, &page).await;
    assert_eq!(request.name_id(), &at_pay.name_id);
    let page = pay.answer(app, &browser, &request, &LogoutStatus::Success).await;
    let page = follow(&browser, page).await;
    assert_eq!(crm.hear(app, &asked, &page).await.outcome(), &SUCCESS);
    assert_eq!(
        house.told().await,
        [("pay".to_owned(), None), ("hr".to_owned(), None), ("crm".to_owned(), None)]
    );
}

#[tokio::test]
async fn others_are_told_one_after_another_sqlite() {
    three_apps(Kind::Sqlite).await;
}

#[tokio::test]
async fn others_are_told_one_after_another_postgres() {
    three_apps(Kind::Postgres).await;
}

/// Maya signed on to `crm`, which asks, and to `hr`, which is told; answers the page that brings the request to `hr`.
async fn asked(house: &House, crm: &Sp, hr: &Sp) -> (Browser, IssuedLogoutRequest, Page) {
    let browser = house.signed_in().await;
    let about = crm.sign_on(&browser).await;
    hr.sign_on(&browser).await;
    let asked = crm.request(&house.app, Binding::HttpRedirect, &about).await;
    let page = deliver(&browser, &asked.message).await;
    (browser, asked, page)
}

#[tokio::test]
async fn an_app_that_fails_makes_the_logout_partial() {
    use ::saml::{Status, StatusCode as Code};
    let house = House::new().await;
    let (crm, hr) = (house.sp("crm", &["redirect"]).await, house.sp("hr", &["redirect"]).await);
    let app = &house.app;
    for (status, code) in [
        (LogoutStatus::Failed(Status::new(Code::Responder, None)), Some("logout_refused".to_owned())),
        (LogoutStatus::Partial, None),
    ] {
        let (browser, asked, page) = asked(&house, &crm, &hr).await;
        let page = follow(&browser, page).await;
        let request = hr.take(app, &page).await;
        let page = follow(&browser, hr.answer(app, &browser, &request, &status).await).await;
        assert_eq!(crm.hear(app, &asked, &page).await.outcome(), &PARTIAL, "{status:?}");
        assert_eq!(house.told().await[0], ("hr".to_owned(), code));
    }
}

#[tokio::test]
async fn s37_an_app_that_keeps_the_browser_does_not_stop_the_logout() {
    let house = House::new().await;
    let (crm, hr) = (house.sp("crm", &["redirect"]).await, house.sp("hr", &["redirect"]).await);
    let app = &house.app;
    // The person goes on without it, by the button.
    let (browser, first, page) = asked(&house, &crm, &hr).await;
    let walk = page.location().to_owned();
    let sent = browser.get(&walk).await;
    let request = hr.take(app, &sent).await;
    let waits = browser.get(&walk).await;
    assert!(waits.text.contains("HR hasn’t answered"), "asked once only: {}", waits.text);
    assert_eq!(browser.post(&walk, &[]).await.status, StatusCode::FORBIDDEN, "W-01: not without its token");
    let page = follow(&browser, browser.submit(&walk, &walk, &[]).await).await;
    assert_eq!(crm.hear(app, &first, &page).await.outcome(), &PARTIAL);
    assert_eq!(house.told().await[0], ("hr".to_owned(), Some("skipped".to_owned())));
    // Its answer comes late, when the sign-out is over: nothing happens.
    let late = hr.answer(app, &browser, &request, &LogoutStatus::Success).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(late.reference().is_some());
    // Or the time is over.
    let (browser, second, page) = asked(&house, &crm, &hr).await;
    let walk = page.location().to_owned();
    browser.get(&walk).await;
    app.ctx.clock.advance(TimeDelta::seconds(29));
    assert!(browser.get(&walk).await.text.contains("HR hasn’t answered"));
    app.ctx.clock.advance(TimeDelta::seconds(1));
    let page = follow(&browser, browser.get(&walk).await).await;
    assert_eq!(crm.hear(app, &second, &page).await.outcome(), &PARTIAL);
    assert_eq!(house.told().await[0], ("hr".to_owned(), Some("no_answer".to_owned())));
    assert_eq!(browser.get(&walk).await.location(), "/logout", "answered once");
}

#[tokio::test]
async fn an_app_without_logout_makes_it_partial_at_once() {
    let house = House::new().await;
    let (crm, hr) = (house.sp("crm", &["redirect"]).await, house.sp("hr", &[]).await);
    let (browser, asked, page) = asked(&house, &crm, &hr).await;
    assert_eq!(crm.hear(&house.app, &asked, &page).await.outcome(), &PARTIAL);
    assert!(!house.is_in(&browser).await);
    let event = &house.events().await[0];
    assert_eq!(event.details["not_told"], "HR", "the event says who was not told");
}

#[tokio::test]
async fn an_unknown_session_is_answered_like_one_that_ended() {
    let house = House::new().await;
    let crm = house.sp("crm", &["redirect", "soap"]).await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let about = crm.sign_on(&browser).await;
    let mut nobody = about.name_id.clone();
    nobody.value = "nobody".into();
    for binding in [Binding::HttpRedirect, Binding::Soap] {
        for (name_id, index) in [(&nobody, "_other"), (&about.name_id, "_other")] {
            let asked = crm.request_with(app, binding, name_id, &[index], None).await;
            let answer = deliver(&browser, &asked.message).await;
            assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &SUCCESS);
        }
    }
    assert!(house.is_in(&browser).await, "S-37: nobody else’s session ended");
    // Without an index, all of the person's sessions at this app end, also in other browsers.
    let other = house.signed_in().await;
    crm.sign_on(&other).await;
    let asked = crm.request_with(app, Binding::HttpRedirect, &about.name_id, &[], None).await;
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &SUCCESS);
    assert!(!house.is_in(&browser).await && !house.is_in(&other).await);
}

#[tokio::test]
async fn sdp_idp21_the_status_says_so_when_the_session_that_was_named_goes_on() {
    let house = House::new().await;
    let crm = house.sp("crm", &["redirect", "soap"]).await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let about = crm.sign_on(&browser).await;
    let mut others = vec![about.name_id.clone(); 3];
    others[0].value = about.name_id.value.to_uppercase();
    others[1].format = NameIdFormat::EmailAddress;
    others[2].sp_name_qualifier = Some("https://other.example".into());
    for binding in [Binding::HttpRedirect, Binding::Soap] {
        for name_id in &others {
            let asked = crm.request_with(app, binding, name_id, &[&about.index], None).await;
            let answer = deliver(&browser, &asked.message).await;
            assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &unknown_principal(), "{name_id:?}");
            let event = house.events().await.remove(0);
            assert_eq!(event.error_code.as_deref(), Some("unknown_principal"));
            assert!(house.is_in(&browser).await, "nothing ended");
        }
    }
    let asked = crm.request(app, Binding::HttpRedirect, &about).await;
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &SUCCESS, "the valid twin");
    assert!(!house.is_in(&browser).await);
    // The session is over by now: whoever is named, there is nothing left that could go on.
    let asked = crm.request_with(app, Binding::HttpRedirect, &others[0], &[&about.index], None).await;
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &SUCCESS);
}

#[tokio::test]
async fn iip_g01_logout_messages_are_taken_within_the_app_s_own_skew() {
    for (skew_seconds, seconds, taken) in
        [(0, 299, true), (0, 302, false), (600, 890, true), (600, 903, false)]
    {
        let house = House::new().await;
        let crm = house.sp("crm", &["redirect"]).await;
        let (app, browser) = (&house.app, house.signed_in().await);
        let stored = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
        let settings = SamlConnection { skew_seconds, ..stored.connection.saml().expect("SAML").clone() };
        let draft = AppDraft { connection: Connection::Saml(Box::new(settings)), ..AppDraft::of(&stored) };
        let version = stored.version;
        service::apps::update(&app.ctx, &system(), stored, version, draft).await.expect("saved");
        let about = crm.sign_on(&browser).await;
        let asked = crm.request_with(app, Binding::HttpRedirect, &about.name_id, &[&about.index], None).await;
        app.ctx.clock.advance(TimeDelta::seconds(seconds));
        let answer = deliver(&browser, &asked.message).await;
        let outcome = crm.hear(app, &asked, &answer).await.outcome().clone();
        assert_eq!(outcome == SUCCESS, taken, "{skew_seconds} {seconds}: {outcome:?}");
        assert_ne!(house.is_in(&browser).await, taken);
    }
}

#[tokio::test]
async fn a_cross_site_form_without_cookies_is_sent_once_more_by_our_own_page() {
    let house = House::new().await;
    let (crm, hr) = (house.sp("crm", &["post"]).await, house.sp("hr", &["post"]).await);
    let (app, browser) = (&house.app, house.signed_in().await);
    let about = crm.sign_on(&browser).await;
    hr.sign_on(&browser).await;
    let asked = crm.request(app, Binding::HttpPost, &about).await;
    let page = follow(&browser, deliver(&browser, &asked.message).await).await;
    let request = hr.take(app, &page).await;
    // What Chromium does with `SameSite=Lax` on the form of `hr`: no cookies.
    let target = request.response_target(&hr.idp(app).await).expect("answerable");
    let answer = issue_response(
        &target,
        &hr.entity_id,
        &LogoutStatus::Success,
        &hr.signer(),
        app.ctx.now(),
        &mut rng(),
    )
    .expect("issued");
    let OutboundMessage::Post { action, value, .. } = &answer.message else { panic!("by HTTP-POST") };
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("SAMLResponse", value).finish();
    let headers = [("sec-fetch-site", "cross-site"), ("content-type", "application/x-www-form-urlencoded")];
    let bare = app.browser().send(Method::POST, action, &headers, &body).await;
    assert!(bare.text.contains("/saml2/hr/slo?resent"), "{}", bare.text);
    let kept = bare.field("SAMLResponse").expect("kept");
    let page = browser.post("/saml2/hr/slo?resent", &[("SAMLResponse", &kept)]).await;
    let page = follow(&browser, page).await;
    assert_eq!(crm.hear(app, &asked, &page).await.outcome(), &SUCCESS);
}

#[tokio::test]
async fn sdp_idp12_a_transient_name_is_enough_to_sign_out() {
    let house = House::new().await;
    let crm = house.sp_at("crm", "https://crm.example", &["soap"], "transient").await;
    let app = &house.app;
    let (browser, other) = (house.signed_in().await, house.signed_in().await);
    let (about, elsewhere) = (crm.sign_on(&browser).await, crm.sign_on(&other).await);
    assert_eq!(about.name_id.format, NameIdFormat::Transient);
    assert_ne!(about.name_id.value, elsewhere.name_id.value, "another one at each sign-on");
    let asked = crm.request(app, Binding::Soap, &about).await;
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &SUCCESS);
    assert!(!house.is_in(&browser).await && house.is_in(&other).await, "that session and no other");
}
