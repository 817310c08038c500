//! What is settled per app is what is sent: algorithm, encryption, lifetime, audiences, expressions, groups.

use super::{gateway, post, request, response};
use crate::support::app::{TestApp, saml_settings, system};
use gatehouse::{
    domain::{
        audit::EventType,
        connection::{
            ContentEncryption, Encrypt, LogoutBinding, LogoutService, SamlConnection, SamlSignatureAlgorithm,
            ValueMapping, ValueSource,
        },
    },
    service,
    store::{audit::AuditFilter, page::PageRequest},
};
use openssl::{asn1::Asn1Time, hash::MessageDigest, pkey::PKey, rsa::Rsa, x509::X509};

/// A certificate of the app's, base64 DER; nobody opens what is encrypted for it here.
pub(super) fn certificate(bits: u32) -> String {
    let key = PKey::from_rsa(Rsa::generate(bits).expect("a key")).expect("a key");
    let mut builder = X509::builder().expect("a builder");
    builder.set_pubkey(&key).expect("set");
    builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("set");
    builder.set_not_after(&Asn1Time::days_from_now(30).expect("a time")).expect("set");
    builder.sign(&key, MessageDigest::sha256()).expect("signed");
    openssl::base64::encode_block(&builder.build().to_der().expect("DER"))
}

/// The Response that Maya's browser posts when `crm` asks.
async fn issued(settings: SamlConnection) -> (TestApp, String) {
    let (app, ..) = gateway(settings).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let page = post(&browser, &request(&app, "_r1", "", ""), None).await;
    let xml = response(&page);
    (app, xml)
}

pub(super) fn values(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).expect("XML");
    document
        .descendants()
        .find(|node| node.tag_name().name() == "Attribute" && node.attribute("Name") == Some(name))
        .map(|attribute| {
            attribute.children().map(|value| value.text().unwrap_or_default().to_owned()).collect()
        })
        .unwrap_or_default()
}

#[tokio::test]
async fn the_algorithm_of_the_app_is_used() {
    let wanted = [
        (SamlSignatureAlgorithm::RsaSha256, "xmldsig-more#rsa-sha256"),
        (SamlSignatureAlgorithm::RsaSha512, "xmldsig-more#rsa-sha512"),
        (SamlSignatureAlgorithm::RsaSha1, "xmldsig#rsa-sha1"),
    ];
    for (signature_algorithm, uri) in wanted {
        let (_, xml) = issued(SamlConnection { signature_algorithm, ..saml_settings() }).await;
        assert_eq!(xml.matches(uri).count(), 2, "{uri}: response and assertion");
    }
}

#[tokio::test]
async fn assertions_are_encrypted_for_the_app() {
    let settings = SamlConnection {
        encrypt: Encrypt::On,
        encryption_certificates: vec![certificate(2048)],
        ..saml_settings()
    };
    let (_, xml) = issued(settings.clone()).await;
    assert!(xml.contains("EncryptedAssertion") && xml.contains("xmlenc11#aes256-gcm"), "{xml}");
    assert!(!xml.contains("maya@fernhill.example"), "nothing about the person can be read");
    let legacy = SamlConnection { content_encryption: ContentEncryption::Aes128Cbc, ..settings };
    assert!(issued(legacy).await.1.contains("xmlenc#aes128-cbc"));
    assert!(issued(saml_settings()).await.1.contains("maya@fernhill.example"), "the twin without encryption");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_when_saved() {
    let (app, _, crm) = gateway(saml_settings()).await;
    let save = async |settings: SamlConnection| {
        let connection = gatehouse::domain::connection::Connection::Saml(Box::new(settings));
        let draft =
            gatehouse::domain::app::AppDraft { connection, ..gatehouse::domain::app::AppDraft::of(&crm) };
        service::apps::update(&app.ctx, &system(), crm.clone(), crm.version, draft).await
    };
    let expression = |text: &str| vec![ValueMapping::new("full", ValueSource::Expression(text.into()))];
    for (why, settings) in [
        ("no certificate", SamlConnection { encrypt: Encrypt::On, ..saml_settings() }),
        (
            "a weak key",
            SamlConnection {
                encrypt: Encrypt::On,
                encryption_certificates: vec![certificate(1024)],
                ..saml_settings()
            },
        ),
        ("a short life", SamlConnection { assertion_seconds: 5, ..saml_settings() }),
        ("an audience with blanks", SamlConnection { audiences: vec![" x ".into()], ..saml_settings() }),
        ("an open bracket", SamlConnection { attributes: expression("user.(email"), ..saml_settings() }),
        ("an unknown function", SamlConnection { attributes: expression("$eval(\"1\")"), ..saml_settings() }),
        (
            "a script as address",
            SamlConnection {
                logout_services: vec![LogoutService {
                    binding: LogoutBinding::Redirect,
                    url: "javascript:alert(1)".into(),
                    response_url: String::new(),
                }],
                ..saml_settings()
            },
        ),
    ] {
        let refused = save(settings).await;
        assert!(matches!(refused, Err(service::ServiceError::Invalid(_))), "{why}: {refused:?}");
    }
    let valid = SamlConnection { attributes: expression("user.email"), ..saml_settings() };
    save(valid).await.expect("the valid twin");
}

#[tokio::test]
async fn expressions_make_attributes_and_identifiers() {
    let row = |name: &str, text: &str| ValueMapping::new(name, ValueSource::Expression(text.into()));
    let settings = SamlConnection {
        name_id_expression: "$uppercase(user.username)".into(),
        attributes: vec![
            row("full", "user.firstname & ' ' & user.lastname"),
            row("teams", "groups"),
            row("nothing", "user.costCenter"),
            row("broken", "user.firstname - 1"),
            ValueMapping { off: true, ..row("switched-off", "user.email") },
        ],
        ..saml_settings()
    };
    let (app, xml) = issued(settings).await;
    assert!(xml.contains(">MAYA</saml:NameID>"), "{xml}");
    assert_eq!(values(&xml, "full"), ["Maya Okafor"]);
    assert_eq!(values(&xml, "teams"), ["Growth"]);
    for absent in ["nothing", "broken", "switched-off"] {
        assert!(values(&xml, absent).is_empty(), "{absent}");
    }
    let filter = AuditFilter { event_type: Some(EventType::SsoAuth), ..AuditFilter::default() };
    let events = service::audit::list(&app.ctx, &system(), &filter, PageRequest { offset: 0, limit: 5 })
        .await
        .expect("events");
    let told = serde_json::to_string(&events.items[0]).expect("JSON");
    assert!(told.contains("left_out.broken"), "an admin sees why it is missing: {told}");
}

#[tokio::test]
async fn audiences_and_lifetime_are_as_agreed() {
    let settings = SamlConnection {
        audiences: vec!["https://sp.example/second".into()],
        assertion_seconds: 90,
        ..saml_settings()
    };
    let (app, xml) = issued(settings).await;
    let document = roxmltree::Document::parse(&xml).expect("XML");
    let audiences: Vec<&str> = document
        .descendants()
        .filter(|node| node.tag_name().name() == "Audience")
        .filter_map(|node| node.text())
        .collect();
    assert_eq!(audiences, ["https://sp.example/metadata", "https://sp.example/second"]);
    let end = (app.ctx.now() + chrono::TimeDelta::seconds(90)).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    assert!(xml.contains(&format!("NotOnOrAfter=\"{end}\"")), "{end} {xml}");
}

#[tokio::test]
async fn a_groups_filter_takes_the_place_of_the_bound_groups() {
    let (app, maya, _) = gateway(SamlConnection { groups_matching: "crm-*".into(), ..saml_settings() }).await;
    app.group("crm-admins", &[maya.id]).await;
    app.group("crm-editors", &[]).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let xml = response(&post(&browser, &request(&app, "_r1", "", ""), None).await);
    assert_eq!(values(&xml, "memberOf"), ["crm-admins"], "neither Growth nor a group she isn't in");
}

#[tokio::test]
async fn clocks_may_differ_by_as_much_as_the_app_says() {
    for (skew_seconds, ahead, taken) in
        [(180, 170, true), (180, 200, false), (0, 30, false), (600, 590, true)]
    {
        let (app, ..) = gateway(SamlConnection { skew_seconds, ..saml_settings() }).await;
        let browser = app.browser();
        browser.sign_in("maya").await;
        let instant = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let ours = request(&app, "_r1", "", "");
        let theirs = ours
            .replace(&instant(app.ctx.now()), &instant(app.ctx.now() + chrono::TimeDelta::seconds(ahead)));
        let xml = response(&post(&browser, &theirs, None).await);
        assert_eq!(xml.contains("AuthnStatement"), taken, "{skew_seconds} {ahead}: {xml}");
    }
}
