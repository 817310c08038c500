//! What is refused says why: to administrators by an event that its reference leads to, to the app by that reference in the status.

use super::{gateway, post, request, response, settings::values, status};
use crate::support::app::{Browser, Page, TestApp, saml_settings, system};
use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse::{
    domain::{
        audit::AuditEvent,
        connection::{Denied, NameIdFormat, SamlConnection, ValueMapping, ValueSource},
    },
    service::{self, ServiceError},
    store::{self, Written},
};
use reqwest::StatusCode;

fn expression(name: &str, text: &str) -> ValueMapping {
    ValueMapping::new(name, ValueSource::Expression(text.into()))
}

async fn maya(app: &TestApp) -> Browser {
    let browser = app.browser();
    browser.sign_in("maya").await;
    browser
}

async fn event(app: &TestApp, reference: &str) -> AuditEvent {
    service::audit::find(&app.ctx, &system(), reference).await.expect("an event")
}

/// The event behind the page that a refusal ends on.
async fn stopped(app: &TestApp, page: &Page) -> AuditEvent {
    assert!(
        page.status.is_client_error() && page.field("SAMLResponse").is_none(),
        "{} {}",
        page.status,
        page.text
    );
    event(app, &page.reference().unwrap_or_else(|| panic!("no reference: {}", page.text))).await
}

/// The reference in the StatusMessage of a Response.
fn told(xml: &str) -> String {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let message = document.descendants().find(|node| node.tag_name().name() == "StatusMessage");
    let message = message.and_then(|node| node.text()).unwrap_or_else(|| panic!("no message: {xml}"));
    message.rsplit(' ').next().expect("a word").to_owned()
}

fn about(name_id: &str) -> String {
    format!("<saml:Subject>{name_id}</saml:Subject>")
}

#[tokio::test]
async fn s31_an_app_without_an_entity_id_gets_no_assertion_and_sends_no_request() {
    let (app, ..) = gateway(SamlConnection { sp_entity_id: String::new(), ..saml_settings() }).await;
    let browser = maya(&app).await;
    let tile = stopped(&app, &browser.get("/launch/crm").await).await;
    assert_eq!(tile.error_code.as_deref(), Some("no_entity_id"));
    let named = request(&app, "_r1", "", "");
    let nobody =
        named.replace(&format!(">{}</saml:Issuer>", saml_settings().sp_entity_id), "></saml:Issuer>");
    assert_ne!(named, nobody);
    for xml in [&named, &nobody] {
        let refused = stopped(&app, &post(&browser, xml, None).await).await;
        assert_eq!(refused.error_code.as_deref(), Some("saml_issuer"));
    }
    let (twin, ..) = gateway(saml_settings()).await;
    let issued = response(&maya(&twin).await.get("/launch/crm").await);
    assert!(issued.contains(&format!("<saml:Audience>{}<", saml_settings().sp_entity_id)), "{issued}");
}

#[tokio::test]
async fn what_xml_cannot_carry_is_refused_by_name() {
    for (settings, what) in [
        (
            SamlConnection { attributes: vec![expression("desk", "\"a\\u0001b\"")], ..saml_settings() },
            "the attribute “desk” holds the character U+0001",
        ),
        (
            SamlConnection { name_id_expression: "\"a\\u0001b\"".into(), ..saml_settings() },
            "the NameID holds the character U+0001",
        ),
    ] {
        let (app, ..) = gateway(settings.clone()).await;
        let browser = maya(&app).await;
        for page in
            [browser.get("/launch/crm").await, post(&browser, &request(&app, "_r1", "", ""), None).await]
        {
            let event = stopped(&app, &page).await;
            assert_eq!(event.error_code.as_deref(), Some("value_not_sendable"));
            assert!(event.error_message.as_deref().is_some_and(|words| words.contains(what)), "{event:?}");
        }
        let (app, ..) = gateway(SamlConnection { denied: Denied::Status, ..settings }).await;
        let page = post(&maya(&app).await, &request(&app, "_r1", "", ""), None).await;
        let xml = response(&page);
        assert_eq!(status(&xml), "RequestDenied");
        assert!(xml.contains("status:Responder"), "{xml}");
        assert_eq!(event(&app, &told(&xml)).await.error_code.as_deref(), Some("value_not_sendable"));
    }
}

#[tokio::test]
async fn a_reference_is_in_the_status_where_no_page_shows_it_and_leads_admins_to_the_event() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = maya(&app).await;
    let policy = "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName\"/>";
    let xml = response(&post(&browser, &request(&app, "_r1", "", policy), None).await);
    assert_eq!(status(&xml), "InvalidNameIDPolicy");
    let reference = told(&xml);
    let event = event(&app, &reference).await;
    assert_eq!(event.error_code.as_deref(), Some("saml_name_id_policy"));
    let owner = app.browser();
    owner.sign_in("tomas").await;
    let shown = owner.get(&format!("/admin/audit/{reference}")).await.text;
    assert!(shown.contains(&format!("The app was told the reference {reference}")), "{shown}");
    assert!(!shown.contains("The person was shown"), "{shown}");
    let led = owner.get(&format!("/error/{reference}")).await;
    assert_eq!(
        (led.status, led.location()),
        (StatusCode::SEE_OTHER, format!("/admin/audit/{}", event.id).as_str())
    );
    let omar = app.person("omar", gatehouse::domain::user::Role::None).await;
    let other = app.browser();
    other.sign_in(&omar.username).await;
    assert_eq!(other.get(&format!("/error/{reference}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.get("/error/2222-2222").await.status, StatusCode::NOT_FOUND, "no such event");
}

#[tokio::test]
async fn a_passive_request_for_a_fresh_sign_in_says_what_it_would_have_taken() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = maya(&app).await;
    app.ctx.clock.advance(chrono::TimeDelta::minutes(1));
    let both = request(&app, "_r1", "IsPassive=\"true\" ForceAuthn=\"true\"", "");
    let xml = response(&post(&browser, &both, None).await);
    assert_eq!(status(&xml), "NoPassive");
    let words = event(&app, &told(&xml)).await.error_message.expect("words");
    assert!(words.contains("for a sign-in anew") && !words.contains("nobody was signed in"), "{words}");
    let stranger = request(&app, "_r2", "IsPassive=\"true\"", "");
    let xml = response(&post(&app.browser(), &stranger, None).await);
    assert!(event(&app, &told(&xml)).await.error_message.expect("words").contains("nobody was signed in"));
}

#[tokio::test]
async fn a_subject_is_matched_as_the_app_knows_the_person_and_both_sides_are_told() {
    let (app, maya_user, crm) = gateway(saml_settings()).await;
    let browser = maya(&app).await;
    let policy = "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" AllowCreate=\"true\"/>";
    response(&post(&browser, &request(&app, "_r0", "", policy), None).await);
    let mut conn = app.ctx.db.read().await.expect("a connection");
    let kept = store::name_ids::get(&mut conn, crm.id, maya_user.id).await.expect("read").expect("made");
    drop(conn);
    let persistent = "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"";
    let email = "Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\"";
    for (number, name_id) in [
        format!("<saml:NameID {persistent}>{kept}</saml:NameID>"),
        format!("<saml:NameID>{kept}</saml:NameID>"),
        format!("<saml:NameID {email}>Maya@Fernhill.example</saml:NameID>"),
        "<saml:NameID>maya@fernhill.example</saml:NameID>".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let xml = response(
            &post(&browser, &request(&app, &format!("_s{number}"), "", &about(name_id)), None).await,
        );
        assert!(xml.contains("<saml:Assertion"), "{name_id}: {xml}");
        assert_eq!(
            xml.contains(&format!(">{kept}</saml:NameID>")),
            number < 2,
            "in the form asked for: {xml}"
        );
    }
    let other = about(&format!("<saml:NameID {email}>omar@fernhill.example</saml:NameID>"));
    let xml = response(&post(&browser, &request(&app, "_o1", "", &other), None).await);
    assert_eq!(status(&xml), "UnknownPrincipal");
    let words = event(&app, &told(&xml)).await.error_message.expect("words");
    for side in ["“omar@fernhill.example” (emailAddress)", "“maya@fernhill.example” (emailAddress)"] {
        assert!(words.contains(side), "{words}");
    }
    let upper = about(&format!("<saml:NameID {persistent}>{}</saml:NameID>", kept.to_uppercase()));
    let xml = response(&post(&browser, &request(&app, "_o2", "", &upper), None).await);
    assert_eq!(status(&xml), "UnknownPrincipal", "only addresses have no case");
}

#[tokio::test]
async fn sdp_g02_an_identifier_of_more_than_256_characters_is_not_sent() {
    let long = |count: usize| SamlConnection {
        name_id_expression: format!("$pad(\"\", {count}, \"ü\")"),
        name_id_format: NameIdFormat::Unspecified,
        ..saml_settings()
    };
    let (app, ..) = gateway(long(257)).await;
    let event = stopped(&app, &maya(&app).await.get("/launch/crm").await).await;
    assert_eq!(event.error_code.as_deref(), Some("name_id_too_long"));
    assert!(event.error_message.expect("words").contains("257 characters"));
    let (app, ..) = gateway(long(256)).await;
    let xml = response(&maya(&app).await.get("/launch/crm").await);
    assert!(xml.contains(&"ü".repeat(256)), "the valid twin");
}

#[tokio::test]
async fn a_blank_constant_is_not_sent_as_an_empty_value() {
    let row = |name: &str, text: &str| ValueMapping::new(name, ValueSource::Constant(text.to_owned()));
    let attributes = vec![row("blank", " "), row("empty", ""), row("full", "x")];
    let (app, ..) = gateway(SamlConnection { attributes, ..saml_settings() }).await;
    let xml = response(&maya(&app).await.get("/launch/crm").await);
    assert!(!xml.contains("Name=\"blank\"") && !xml.contains("Name=\"empty\""), "{xml}");
    assert_eq!(values(&xml, "full"), ["x"]);
}

#[tokio::test]
async fn what_guides_write_is_understood() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = maya(&app).await;
    for (number, content) in [
        "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified\"/>",
        "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified\"/>",
        "<samlp:NameIDPolicy Format=\"\n  urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress \"/>",
        "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>\n    \
         urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\n  \
         </saml:AuthnContextClassRef></samlp:RequestedAuthnContext>",
    ]
    .iter()
    .enumerate()
    {
        let xml = response(&post(&browser, &request(&app, &format!("_g{number}"), "", content), None).await);
        assert!(xml.contains("<saml:Assertion"), "{content}: {xml}");
    }
    let spaced = request(&app, "_g9", "AssertionConsumerServiceURL=\" https://sp.example/acs \"", "");
    let refused = stopped(&app, &post(&browser, &spaced, None).await).await;
    assert_eq!(refused.error_code.as_deref(), Some("saml_assertion_consumer_service"), "S-19: byte for byte");
    let issuer = request(&app, "_g10", "", "").replace("</saml:Issuer>", " </saml:Issuer>");
    let refused = stopped(&app, &post(&browser, &issuer, None).await).await;
    assert_eq!(refused.error_code.as_deref(), Some("saml_issuer"), "a string keeps its white space");
}

#[tokio::test]
async fn s15_a_form_whose_address_holds_message_parameters_is_refused() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = maya(&app).await;
    let encoded = STANDARD.encode(request(&app, "_q1", "", ""));
    let fields = [("SAMLRequest", encoded.as_str())];
    for path in ["/saml2/crm", "/saml2/crm/slo"] {
        for query in
            ["SigAlg=a&Signature=b", "SAMLRequest=PGEvPg", "RelayState=q", "Relay%53tate=q", "SAMLResponse=x"]
        {
            let refused = stopped(&app, &browser.post(&format!("{path}?{query}"), &fields).await).await;
            assert_eq!(refused.error_code.as_deref(), Some("saml_parameters"), "{path} {query}");
        }
    }
    let stranger = app.browser();
    let cross = [("sec-fetch-site", "cross-site"), ("content-type", "application/x-www-form-urlencoded")];
    let body = format!("SAMLRequest={}", encoded.replace('+', "%2B").replace('=', "%3D"));
    let page = stranger.send(reqwest::Method::POST, "/saml2/crm?RelayState=q", &cross, &body).await;
    stopped(&app, &page).await;
    let fine = browser.post("/saml2/crm?lang=de", &fields).await;
    assert!(response(&fine).contains("<saml:Assertion"), "the valid twin: what isn’t SAML’s is left alone");
}

#[tokio::test]
async fn a_wrong_destination_is_compared_with_each_address_once() {
    let (app, ..) = gateway(saml_settings()).await;
    let wrong = request(&app, "_d1", "", "").replace("/saml2/crm", "/saml2/other");
    let event = stopped(&app, &post(&maya(&app).await, &wrong, None).await).await;
    let words = event.error_message.expect("words");
    assert_eq!(words.matches(&format!("{}/saml2/crm", app.url)).count(), 1, "{words}");
}

#[tokio::test]
async fn xs05_an_encrypted_assertion_is_signed_even_if_only_the_response_is_to_be() {
    let settings = SamlConnection {
        sign_assertion: false,
        sign_response: true,
        encrypt: gatehouse::domain::connection::Encrypt::On,
        encryption_certificates: vec![super::settings::certificate(2048)],
        ..saml_settings()
    };
    let (app, maya_user, crm) = gateway(settings).await;
    let simulated =
        service::simulator::simulate(&app.ctx, &system(), &crm, &maya_user, None).await.expect("simulated");
    let shown = simulated.response_xml.expect("a response");
    assert_eq!(shown.matches("<ds:Signature ").count(), 2, "{shown}");
    let check = simulated.checks.iter().find(|check| check.name == "encryption").expect("a check");
    assert!(check.words.contains("after it is signed, although"), "{}", check.words);
}

#[tokio::test]
async fn what_breaks_here_is_an_event_under_the_reference_of_the_page() {
    let (app, _, crm) = gateway(saml_settings()).await;
    let browser = maya(&app).await;
    let key = service::apps::active_key(&app.ctx, crm.id).await.expect("one").id;
    let remove = app.ctx.db.write(move |tx| {
        Box::pin(async move {
            store::signing_keys::delete(tx, key).await?;
            Ok::<_, ServiceError>(Written::unaudited(()))
        })
    });
    remove.await.expect("an app without a key");
    let page = browser.get("/launch/crm?x=secret").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    let event = event(&app, &page.reference().expect("on the page")).await;
    assert_eq!(
        (event.error_code.as_deref(), &event.details["address"]),
        (Some("internal"), &"/launch/crm".into())
    );
    assert_eq!(event.initiated_by.username.as_deref(), Some("maya"));
}
