//! What an app is set to get: sets of attributes, algorithms, a status instead of a page.

use super::{gateway, post, request, response, settings::values, status};
use crate::support::{
    app::{TestApp, saml_settings, start, system},
    count_events,
    database::Kind,
};
use gatehouse::{
    clock::Clock,
    config::Config,
    domain::{
        audit::EventType,
        connection::{
            AttributeSet, Denied, SamlConnection, SamlSignatureAlgorithm, ValueMapping, ValueSource,
        },
    },
    service::{
        organisation::{self, ApplyOptions, Secrets},
        simulator::{self, Verdict},
    },
    web::Limits,
};

fn with_sets() -> SamlConnection {
    let constant = |name: &str, text: &str| ValueMapping::new(name, ValueSource::Constant(text.into()));
    let set =
        |index: u16, attributes: Vec<ValueMapping>| AttributeSet { index, name: "Set".into(), attributes };
    SamlConnection {
        attribute_sets: vec![set(1, vec![constant("plan", "blue")]), set(7, Vec::new())],
        ..saml_settings()
    }
}

#[tokio::test]
async fn iip_idp04_the_set_that_is_asked_for_is_sent() {
    let (app, ..) = gateway(with_sets()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    for (number, (index, plan, email)) in [
        ("", false, true),
        ("1", true, false),
        ("7", false, false),
        ("9", false, true),
        ("65535", false, true),
    ]
    .into_iter()
    .enumerate()
    {
        let attribute = match index {
            "" => String::new(),
            index => format!("AttributeConsumingServiceIndex=\"{index}\""),
        };
        let xml =
            response(&post(&browser, &request(&app, &format!("_r{number}"), &attribute, ""), None).await);
        assert_eq!(!values(&xml, "plan").is_empty(), plan, "{index}: {xml}");
        assert_eq!(!values(&xml, "email").is_empty(), email, "{index}: {xml}");
        assert_eq!(values(&xml, "memberOf"), ["Growth"], "groups are sent with every set");
    }
    let bad = request(&app, "_bad", "AttributeConsumingServiceIndex=\"65536\"", "");
    assert!(post(&browser, &bad, None).await.reference().is_some(), "no number of the schema");
}

#[tokio::test]
async fn sets_denials_and_omission_come_back_from_the_organisation_file() {
    let settings = SamlConnection { omit_name_id: true, denied: Denied::Status, ..with_sets() };
    let (app, _, crm) = gateway(settings).await;
    let document = organisation::export(&app.ctx, &system(), Secrets::None).await.expect("exported");
    let text = serde_json::to_string(&document).expect("JSON");
    for word in ["attribute_sets", "\"denied\":\"status\"", "\"omit\":true"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let options = ApplyOptions { plan_only: true, prune: false };
    let applied = organisation::apply(&app.ctx, &system(), &document, options).await.expect("planned");
    assert!(applied.changes.is_empty(), "{:?}", applied.changes);
    let mut broken = gatehouse::domain::connection::Connection::clone(&crm.connection);
    if let gatehouse::domain::connection::Connection::Saml(saml) = &mut broken {
        saml.attribute_sets[1].index = 1;
        saml.acs_urls.push(gatehouse::domain::connection::AcsUrl {
            url: "https://sp.example/second".into(),
            index: 1,
            default: true,
        });
    }
    let refused = broken.checked().expect_err("two sets of one number, two defaults");
    assert!(refused.of("attribute_sets").is_some() && refused.of("acs_urls").is_some(), "{refused}");
}

#[tokio::test]
async fn iip_idp05_a_denial_is_told_to_the_app_where_it_is_set_so() {
    for (denied, told) in [(Denied::Page, false), (Denied::Status, true)] {
        let (app, ..) = gateway(SamlConnection { denied, ..saml_settings() }).await;
        let browser = app.browser();
        browser.sign_in("tomas").await;
        let before = count_events(&app, EventType::SsoAuth).await;
        let page = post(&browser, &request(&app, "_r1", "", ""), Some("state")).await;
        if told {
            let xml = response(&page);
            assert_eq!(status(&xml), "RequestDenied");
            assert!(
                xml.contains("InResponseTo=\"_r1\"") && !xml.contains("tomas"),
                "nothing about the person"
            );
            assert_eq!(page.field("RelayState").as_deref(), Some("state"));
        } else {
            assert!(page.reference().is_some(), "our page, by decision 0007");
        }
        assert_eq!(count_events(&app, EventType::SsoAuth).await, before + 1, "told to the admin either way");
        let tile = browser.get("/launch/crm").await;
        assert!(tile.reference().is_some(), "nobody asked: a tile ends here");
    }
}

#[tokio::test]
async fn iip_idp05_what_the_directory_lacks_is_told_too() {
    for (denied, told) in [(Denied::Page, false), (Denied::Status, true)] {
        let name_id_source = "attributes.badge".to_owned();
        let (app, ..) = gateway(SamlConnection { denied, name_id_source, ..saml_settings() }).await;
        let browser = app.browser();
        browser.sign_in("maya").await;
        let page = post(&browser, &request(&app, "_r1", "", ""), None).await;
        assert_eq!(page.field("SAMLResponse").is_some(), told, "{}", page.text);
        if told {
            assert_eq!(status(&response(&page)), "RequestDenied");
        }
    }
}

async fn blocking(name: &str) -> TestApp {
    let blocked = vec![name.parse().expect("known")];
    let configure = move |config: &mut Config| config.saml.blocked_algorithms = blocked;
    TestApp::with(Kind::Sqlite, Clock::manual(start()), Limits::default(), configure).await
}

#[tokio::test]
async fn iip_alg08_what_is_blocked_signs_nothing() {
    let settings =
        SamlConnection { signature_algorithm: SamlSignatureAlgorithm::RsaSha512, ..saml_settings() };
    for (blocked, issued) in [("rsa-sha512", false), ("rsa-sha1", true), ("aes256-gcm", true)] {
        let app = blocking(blocked).await;
        let (maya, crm) = super::fill(&app, settings.clone()).await;
        let browser = app.browser();
        browser.sign_in("maya").await;
        let page = post(&browser, &request(&app, "_r1", "", ""), None).await;
        assert_eq!(page.field("SAMLResponse").is_some(), issued, "{blocked}: {}", page.text);
        let simulated = simulator::simulate(&app.ctx, &system(), &crm, &maya, None).await.expect("simulated");
        assert_eq!(simulated.allowed, issued, "{blocked}");
        let failed = simulated.checks.iter().find(|check| check.verdict == Verdict::Failed);
        assert_eq!(failed.map(|check| check.name), (!issued).then_some("algorithm"));
        // What must be answered is answered, in another way.
        let passive = request(&app, "_r2", "IsPassive=\"true\"", "");
        let refused = response(&post(&app.browser(), &passive, None).await);
        assert_eq!(refused.contains("rsa-sha512"), issued, "{refused}");
    }
}

#[tokio::test]
async fn sdp_g02_long_values_are_pointed_out_and_sent() {
    let long = "x".repeat(257);
    let row = |name: &str, text: &str| ValueMapping::new(name, ValueSource::Constant(text.to_owned()));
    let attributes = vec![row("long", &long), row("fits", &"ü".repeat(256))];
    let (app, maya, crm) = gateway(SamlConnection { attributes, ..saml_settings() }).await;
    let simulated = simulator::simulate(&app.ctx, &system(), &crm, &maya, None).await.expect("simulated");
    assert!(simulated.allowed);
    let warned: Vec<&str> = simulated
        .checks
        .iter()
        .filter(|check| check.name == "attribute_length")
        .map(|check| check.words.as_str())
        .collect();
    assert!(matches!(warned[..], [one] if one.contains("“long”") && one.contains("257")), "{warned:?}");
    let browser = app.browser();
    browser.sign_in("maya").await;
    let xml = response(&post(&browser, &request(&app, "_r1", "", ""), None).await);
    assert_eq!(values(&xml, "long"), [long], "whole");
}

#[tokio::test]
async fn iip_sso06_every_service_of_the_metadata_is_a_set() {
    let (app, ..) = gateway(saml_settings()).await;
    let service = |index: u8, name: &str| {
        format!(
            "<AttributeConsumingService index=\"{index}\"><ServiceName xmlns:xml=\"http://www.w3.org/XML/1998/namespace\" \
             xml:lang=\"en\">S{index}</ServiceName><RequestedAttribute Name=\"{name}\"/></AttributeConsumingService>"
        )
    };
    let xml = format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://sp.example/metadata\"><SPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><AssertionConsumerService \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp.example/acs\" index=\"0\"/>{}{}\
         </SPSSODescriptor></EntityDescriptor>",
        service(1, "mail"),
        service(2, "displayName"),
    );
    let document =
        organisation::document(serde_json::json!({"apps": [{"slug": "crm", "saml": {"sp_metadata": xml}}]}));
    let document = document.expect("a document");
    let applied =
        organisation::apply(&app.ctx, &system(), &document, ApplyOptions::default()).await.expect("applied");
    assert!(applied.written, "{applied:?}");
    let browser = app.browser();
    browser.sign_in("maya").await;
    for (id, wish, mail, display_name) in [
        ("_r1", "", true, false),
        ("_r2", "AttributeConsumingServiceIndex=\"1\"", true, false),
        ("_r3", "AttributeConsumingServiceIndex=\"2\"", false, true),
    ] {
        let xml = response(&post(&browser, &request(&app, id, wish, ""), None).await);
        assert_eq!(!values(&xml, "mail").is_empty(), mail, "{wish}: {xml}");
        assert_eq!(!values(&xml, "displayName").is_empty(), display_name, "{wish}: {xml}");
    }
}
