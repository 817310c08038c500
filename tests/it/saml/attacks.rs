//! What must not happen, each beside its valid twin. The message-level attacks are tests of `crates/saml`.

use super::{gateway, post, request, response, status};
use crate::support::app::{PASSWORD, Page, TestApp, saml_settings, system};
use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse::{
    clock::Clock,
    context::{AppContext, Parts},
    domain::{connection::RequireSigned, user::UserState},
    keyring::Keyring,
    service::{self, authentication::hasher::Hasher, settings::OrganizationCache},
};
use reqwest::{Method, StatusCode};

/// A page that sends nothing anywhere, with a reference that an admin can open.
async fn assert_stopped(app: &TestApp, page: &Page, code: &str) {
    assert!(page.status.is_client_error(), "{} {}", page.status, page.text);
    assert!(page.field("SAMLResponse").is_none() && page.location().is_empty());
    let reference = page.reference().unwrap_or_else(|| panic!("no reference: {}", page.text));
    let event = service::audit::find(&app.ctx, &system(), &reference).await.expect("an event");
    assert_eq!(event.error_code.as_deref(), Some(code));
    assert!(!event.success && event.error_message.is_some_and(|message| !message.is_empty()));
}

#[tokio::test]
async fn refused_requests_stop_on_a_page_with_a_reference() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let good = request(&app, "_good", "", "");
    let cases = [
        (good.replace("https://sp.example/metadata", "https://evil.example/metadata"), "saml_issuer", "S-19"),
        (
            good.replace(
                "Version=\"2.0\"",
                "Version=\"2.0\" AssertionConsumerServiceURL=\"https://sp.example.evil/acs\"",
            ),
            "saml_assertion_consumer_service",
            "S-19",
        ),
        (
            good.replace("Version=\"2.0\"", "Version=\"2.0\" AssertionConsumerServiceIndex=\"7\""),
            "saml_assertion_consumer_service",
            "S-20",
        ),
        (good.replace("/saml2/crm", "/saml2/other"), "saml_destination", "S-27"),
        (format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{good}"), "saml_xml", "S-01"),
        ("not XML at all".to_owned(), "saml_xml", "S-40"),
        (String::new(), "saml_xml", "S-40"),
    ];
    for (xml, code, _) in cases {
        let page = post(&browser, &xml, None).await;
        assert_stopped(&app, &page, code).await;
    }
    assert!(response(&post(&browser, &good, None).await).contains("AuthnStatement"), "the valid twin");
}

#[tokio::test]
async fn s13_an_unsigned_request_of_an_app_that_signs_is_refused() {
    let mut settings = saml_settings();
    settings.require_signed_requests = RequireSigned::Auto;
    settings.sp_signs_requests = true;
    let (app, ..) = gateway(settings).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let page = post(&browser, &request(&app, "_r1", "", ""), None).await;
    assert_stopped(&app, &page, "saml_signature").await;
}

#[tokio::test]
async fn s26_a_replayed_request_is_refused_also_on_another_node() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let xml = request(&app, "_r1", "", "");
    assert!(response(&post(&browser, &xml, None).await).contains("AuthnStatement"));
    assert_stopped(&app, &post(&browser, &xml, None).await, "request_replayed").await;

    // Another node on the same database: nothing of the first one's memory.
    let node = AppContext::new(Parts {
        db: app.ctx.db.clone(),
        clock: Clock::manual(app.ctx.now()),
        keyring: Keyring::ephemeral().expect("a key"),
        config: app.ctx.config.clone(),
        organization: OrganizationCache::default(),
        hasher: Hasher::new(&app.ctx.config.passwords).expect("valid"),
    });
    let visitor = service::sign_on::Visitor {
        browser: "x".repeat(43),
        origin: gatehouse::domain::audit::Origin::default(),
        known_device: false,
        session: None,
    };
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", &base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &xml))
        .finish();
    let incoming = service::sign_on::saml::Incoming::Post { query: "", body: &body };
    let outcome = service::sign_on::saml::begin(&node, &visitor, "crm", incoming).await.expect("answers");
    assert!(
        matches!(outcome, service::sign_on::Outcome::Stop(stop) if stop.cause == service::sign_on::StopCause::TooOld)
    );

    app.ctx.clock.advance(chrono::TimeDelta::minutes(11));
    let stale = xml.replace("_r1", "_r2");
    assert_eq!(
        status(&response(&post(&browser, &stale, None).await)),
        "RequestDenied",
        "too old, said to the app"
    );
    assert!(response(&post(&browser, &request(&app, "_r3", "", ""), None).await).contains("AuthnStatement"));
}

#[tokio::test]
async fn s30_a_flow_belongs_to_the_browser_that_began_it() {
    let (app, ..) = gateway(saml_settings()).await;
    let (attacker, victim) = (app.browser(), app.browser());
    let begun = post(&attacker, &request(&app, "_r1", "", ""), None).await;
    let flow = begun.location().replace("/login?flow=", "/login/continue/");
    victim.sign_in("maya").await;
    let page = victim.get(&flow).await;
    assert_stopped(&app, &page, "flow_gone").await;
    let after = attacker.sign_in_from(begun.location(), "maya", PASSWORD).await;
    assert!(response(&attacker.leave(&after).await).contains("AuthnStatement"), "the valid twin");
    assert_stopped(&app, &attacker.get(&flow).await, "flow_gone").await;
}

/// A request that another site posts comes without our cookies: nobody is signed in by it, and nothing begins.
#[tokio::test]
async fn s28_a_request_posted_by_another_site_signs_nobody_in_until_our_own_page_posts_it() {
    let (app, ..) = gateway(saml_settings()).await;
    let victim = app.browser();
    victim.sign_in("maya").await;
    let message = STANDARD.encode(request(&app, "_r1", "", ""));
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", &message)
        .append_pair("RelayState", "deep/link")
        .finish();
    let kind = ("content-type", "application/x-www-form-urlencoded");
    // `SameSite=Lax`: the browser keeps its cookies to itself.
    let bare = app.browser();
    let page = bare.send(Method::POST, "/saml2/crm", &[kind, ("sec-fetch-site", "cross-site")], &form).await;
    assert!(page.status.is_success() && page.field("SAMLResponse").is_none(), "{}", page.text);
    assert!(page.text.contains("action=\"/saml2/crm?resent\""), "ours, and no other address: {}", page.text);
    assert_eq!(page.field("SAMLRequest").as_deref(), Some(&*message));
    assert!(page.header("set-cookie").is_none(), "the cookies that the browser has are not replaced");
    // Sent once more by our page the request counts, for whoever the browser is signed in as.
    let own = [kind, ("sec-fetch-site", "same-origin")];
    let page = victim.send(Method::POST, "/saml2/crm?resent", &own, &form).await;
    assert!(response(&page).contains("InResponseTo=\"_r1\""), "the valid twin");
    assert_eq!(page.field("RelayState").as_deref(), Some("deep/link"));
}

/// Login CSRF: a form of ours that an attacker got for their browser signs nobody in elsewhere.
#[tokio::test]
async fn s28_a_sign_in_form_counts_in_the_browser_that_it_was_made_for() {
    let (app, ..) = gateway(saml_settings()).await;
    let (attacker, victim) = (app.browser(), app.browser());
    let begun = post(&attacker, &request(&app, "_r1", "", ""), None).await;
    let form = attacker.get(begun.location()).await;
    let (csrf, flow) = (form.field("csrf").expect("a form"), form.field("flow").expect("a flow"));
    victim.get("/login").await;
    let fields =
        [("csrf", &*csrf), ("flow", &flow), ("next", ""), ("username", "maya"), ("password", PASSWORD)];
    for address in ["/login", "/login/password"] {
        let refused = victim.post(address, &fields).await;
        assert!(refused.status.is_client_error(), "{address}: {}", refused.text);
        assert_eq!(victim.get("/account").await.status, StatusCode::SEE_OTHER, "nobody is signed in");
    }
    let after = attacker.post("/login/password", &fields).await;
    assert_eq!(after.status, StatusCode::SEE_OTHER, "the valid twin: {}", after.text);
}

#[tokio::test]
async fn s42_who_is_switched_off_during_sign_in_gets_no_assertion() {
    let (app, maya, crm) = gateway(saml_settings()).await;
    let browser = app.browser();
    let begun = post(&browser, &request(&app, "_r1", "", ""), None).await;
    let after = browser.sign_in_from(begun.location(), "maya", PASSWORD).await;
    service::users::set_state(&app.ctx, &system(), maya.id, UserState::Suspended).await.expect("suspended");
    let page = browser.get(after.location()).await;
    assert!(page.field("SAMLResponse").is_none());

    service::users::set_state(&app.ctx, &system(), maya.id, UserState::Active).await.expect("active");
    browser.sign_in("maya").await;
    let mut draft = gatehouse::domain::app::AppDraft::of(&crm);
    draft.active = false;
    let version = crm.version;
    service::apps::update(&app.ctx, &system(), crm, version, draft).await.expect("paused");
    let page = post(&browser, &request(&app, "_r2", "", ""), None).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_stopped(&app, &page, "app_paused").await;
}

#[tokio::test]
async fn s23_nothing_of_a_request_reaches_a_page_unescaped() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let evil = "\"><script>alert(1)</script>'&";
    let page = post(&browser, &request(&app, "_r1", "", ""), Some(evil)).await;
    assert!(!page.text.contains("<script>alert"));
    assert_eq!(page.field("RelayState").as_deref(), Some(evil));
    for address in [
        "/saml2/%3Cscript%3E",
        "/launch/%22%3E%3Cscript%3Ealert(1)",
        "/error/%3Cscript%3E",
        "/?q=%3Cscript%3Ealert(1)",
    ] {
        let page = browser.get(address).await;
        assert!(!page.text.contains("<script>"), "{address}");
        assert!(page.status.as_u16() < 500, "{address}");
    }
}

#[tokio::test]
async fn s13_a_certificate_on_file_that_cannot_be_read_stops_with_its_name() {
    let mut settings = saml_settings();
    settings.require_signed_requests = RequireSigned::Auto;
    let (app, ..) = gateway(settings).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let good = post(&browser, &request(&app, "_r1", "", ""), None).await;
    assert!(response(&good).contains("AuthnStatement"), "the valid twin");

    let damage = "UPDATE apps SET connection = json_set(connection, '$.sp_certificates', json('[\"MIIBdamaged\"]')) \
        WHERE slug = 'crm'";
    assert_eq!(app.tamper(damage), 1);
    let page = post(&browser, &request(&app, "_r2", "", ""), None).await;
    assert_stopped(&app, &page, "certificate_unreadable").await;
    let reference = page.reference().expect("a reference");
    let event = service::audit::find(&app.ctx, &system(), &reference).await.expect("an event");
    let words = event.error_message.expect("words");
    assert!(words.contains("Certificate 1 of 1") && words.contains("MIIBdamaged"), "{words}");
    assert_eq!(event.application.expect("the app").name, "crm");
    let tile = browser.get("/launch/crm").await;
    assert!(response(&tile).contains("AuthnStatement"), "a tile needs no certificate of theirs");
}
