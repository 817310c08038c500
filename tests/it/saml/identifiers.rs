//! Subject identifiers, and an assertion without a NameID.

use super::{fill, gateway, post, request, response, settings::values, status};
use crate::support::{
    app::{Browser, TestApp, saml_settings, start, system},
    database::Kind,
};
use gatehouse::{
    clock::Clock,
    config::Config,
    domain::{
        audit::EventType,
        connection::{
            AcsUrl, Connection, LogoutBinding, LogoutService, NameIdFormat, SamlConnection, ValueMapping,
            ValueSource,
        },
    },
    service::{self, apps, simulator},
    store::{self, audit::AuditFilter, page::PageRequest},
    web::Limits,
};

const SUBJECT_ID: &str = "urn:oasis:names:tc:SAML:attribute:subject-id";
const PAIRWISE_ID: &str = "urn:oasis:names:tc:SAML:attribute:pairwise-id";

fn identified() -> SamlConnection {
    let row = |name: &str, source: &str| ValueMapping::new(name, ValueSource::Source(source.into()));
    SamlConnection {
        attributes: vec![row(SUBJECT_ID, "subject_id"), row(PAIRWISE_ID, "pairwise_id")],
        ..saml_settings()
    }
}

async fn ids(browser: &Browser, slug: &str) -> (String, String, String) {
    let xml = response(&browser.get(&format!("/launch/{slug}")).await);
    for name in [SUBJECT_ID, PAIRWISE_ID] {
        let marked =
            format!("Name=\"{name}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"");
        assert!(xml.contains(&marked), "{xml}");
    }
    let one = |name: &str| {
        let mut values = values(&xml, name);
        assert_eq!(values.len(), 1, "{name}");
        values.remove(0)
    };
    let name_id = xml.split("</saml:NameID>").next().and_then(|before| before.rsplit('>').next());
    (one(SUBJECT_ID), one(PAIRWISE_ID), name_id.unwrap_or_default().to_owned())
}

/// SAML Subject Identifier Attributes 1.0 §3.3.1, §3.4.1.
fn assert_well_formed(id: &str, scope: &str) {
    let (unique, ours) = id.split_once('@').expect("an identifier has a scope");
    assert_eq!(ours, scope);
    assert!((1..=127).contains(&unique.len()), "{id}");
    assert!(unique.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{id}");
}

async fn subject_ids_name_people_and_pairwise_ids_tell_apps_nothing(kind: Kind) {
    let configure =
        |config: &mut Config| config.saml.scope = Some("Fernhill.Example".parse().expect("a domain"));
    let app = TestApp::with(kind, Clock::manual(start()), Limits::default(), configure).await;
    fill(&app, SamlConnection { name_id_format: NameIdFormat::Persistent, ..identified() }).await;
    let omar = app.person("omar", gatehouse::domain::user::Role::None).await;
    let group = app.group("Others", &[omar.id]).await;
    let crm = apps::find(&app.ctx, &system(), "crm").await.expect("there");
    let other = SamlConnection {
        sp_entity_id: "https://other.example".into(),
        acs_urls: vec![AcsUrl { url: "https://other.example/acs".into(), index: 0, default: true }],
        ..identified()
    };
    let (hr, _) = app.app("hr", Connection::Saml(Box::new(other)), &group).await;
    let maya =
        gatehouse::service::users::find(&app.ctx, &system(), "maya").await.expect("read").expect("there");
    for (to, who) in [(&crm, omar.id), (&hr, maya.id)] {
        let assignee = gatehouse::service::assignments::Assignee::User(who);
        gatehouse::service::assignments::set(&app.ctx, &system(), to, assignee, true).await.expect("bound");
    }
    let (first, second) = (app.browser(), app.browser());
    first.sign_in("maya").await;
    second.sign_in("omar").await;
    let (maya_crm, maya_again) = (ids(&first, "crm").await, ids(&first, "crm").await);
    let (maya_hr, omar_crm) = (ids(&first, "hr").await, ids(&second, "crm").await);
    for id in [&maya_crm.0, &maya_crm.1, &maya_hr.1, &omar_crm.0, &omar_crm.1] {
        assert_well_formed(id, "fernhill.example");
    }
    assert_eq!(maya_crm, maya_again, "for ever");
    assert_eq!(maya_crm.0, maya_hr.0, "the same at every app");
    assert_ne!(maya_crm.1, maya_hr.1, "another one at each");
    assert!(maya_crm.0 != omar_crm.0 && maya_crm.1 != omar_crm.1, "another person’s are others");
    assert_eq!(maya_crm.1, format!("{}@fernhill.example", maya_crm.2), "the pseudonym of the NameID");
}

#[tokio::test]
async fn sdp_idp13_and_14_subject_ids_name_people_and_pairwise_ids_tell_apps_nothing_sqlite() {
    subject_ids_name_people_and_pairwise_ids_tell_apps_nothing(Kind::Sqlite).await;
}

#[tokio::test]
async fn sdp_idp13_and_14_subject_ids_name_people_and_pairwise_ids_tell_apps_nothing_postgres() {
    subject_ids_name_people_and_pairwise_ids_tell_apps_nothing(Kind::Postgres).await;
}

#[tokio::test]
async fn a_simulation_makes_no_pairwise_id_and_the_host_is_the_scope() {
    let (app, maya, crm) = gateway(identified()).await;
    let simulated = simulator::simulate(&app.ctx, &system(), &crm, &maya, None).await.expect("simulated");
    assert_eq!(simulated.attributes[1].values, ["made-at-first-sign-on@127.0.0.1"]);
    let mut conn = app.ctx.db.read().await.expect("a connection");
    assert_eq!(store::name_ids::get(&mut conn, crm.id, maya.id).await.expect("read"), None);
    drop(conn);
    let browser = app.browser();
    browser.sign_in("maya").await;
    let (subject, pairwise, _) = ids(&browser, "crm").await;
    assert_well_formed(&subject, "127.0.0.1");
    let simulated = simulator::simulate(&app.ctx, &system(), &crm, &maya, None).await.expect("simulated");
    assert_eq!(simulated.attributes[1].values, [pairwise], "afterwards it is known");
}

#[tokio::test]
async fn iip_idp11_a_name_id_is_left_out_unless_the_app_asks_for_one() {
    let logout = LogoutService {
        binding: LogoutBinding::Redirect,
        url: "https://sp.example/slo".into(),
        response_url: String::new(),
    };
    let settings = SamlConnection { omit_name_id: true, logout_services: vec![logout], ..saml_settings() };
    let (app, maya, crm) = gateway(settings).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let xml = response(&post(&browser, &request(&app, "_r1", "", ""), None).await);
    assert!(xml.contains("AuthnStatement") && !xml.contains("<saml:NameID"), "{xml}");
    assert_eq!(values(&xml, "email"), ["maya@fernhill.example"]);
    let any = "<samlp:NameIDPolicy AllowCreate=\"true\"/>";
    let xml = response(&post(&browser, &request(&app, "_r2", "", any), None).await);
    assert!(!xml.contains("<saml:NameID"), "any format is none in particular");
    let wanted = "<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\"/>";
    let xml = response(&post(&browser, &request(&app, "_r3", "", wanted), None).await);
    assert!(xml.contains(">maya@fernhill.example</saml:NameID>"), "{xml}");
    let simulated = simulator::simulate(&app.ctx, &system(), &crm, &maya, None).await.expect("simulated");
    assert!(simulated.allowed && simulated.name_id.is_empty());
    assert!(simulated.response_xml.is_some_and(|xml| !xml.contains("<saml:NameID")));
}

#[tokio::test]
async fn an_app_that_was_told_no_name_cannot_be_told_of_a_logout() {
    let logout = LogoutService {
        binding: LogoutBinding::Redirect,
        url: "https://sp.example/slo".into(),
        response_url: String::new(),
    };
    for (omit_name_id, told) in [(true, false), (false, true)] {
        let logout_services = vec![logout.clone()];
        let (app, ..) = gateway(SamlConnection { omit_name_id, logout_services, ..saml_settings() }).await;
        let browser = app.browser();
        browser.sign_in("maya").await;
        response(&browser.get("/launch/crm").await);
        let page = browser.submit("/logout", "/logout", &[]).await;
        let walk = browser.get(page.location()).await;
        let leaves = walk.text.contains("sp.example/slo");
        assert_eq!(leaves, told, "{}", walk.text);
    }
}

/// SAML Core §3.4.1.1, for an app that is held to it: a lasting pseudonym is made when the request allows it, and used ever after.
async fn made_when_allowed(kind: Kind) {
    let app = TestApp::on(kind).await;
    let settings = SamlConnection { strict_allow_create: true, ..saml_settings() };
    fill(&app, settings).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let policy = |format: &str, rest: &str| {
        format!("<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:{format}\"{rest}/>")
    };
    let lasting = "2.0:nameid-format:persistent";
    let ask =
        async |id: &str, policy: &str| response(&post(&browser, &request(&app, id, "", policy), None).await);
    for (id, rest) in [("_r1", ""), ("_r2", " AllowCreate=\"false\""), ("_r3", " AllowCreate=\"0\"")] {
        let xml = ask(id, &policy(lasting, rest)).await;
        assert_eq!(status(&xml), "InvalidNameIDPolicy", "{rest}");
        assert!(xml.contains("status:Responder"), "{xml}");
    }
    let filter = AuditFilter { event_type: Some(EventType::SsoAuth), ..AuditFilter::default() };
    let page = PageRequest { offset: 0, limit: 10 };
    let events = service::audit::list(&app.ctx, &system(), &filter, page).await.expect("events");
    assert_eq!(events.items.len(), 3);
    assert!(events.items.iter().all(|event| event.error_code.as_deref() == Some("name_id_not_allowed")));
    let others = policy("1.1:nameid-format:emailAddress", "");
    assert!(ask("_r4", &others).await.contains("AuthnStatement"), "it is about lasting ones alone");
    let made = ask("_r5", &policy(lasting, " AllowCreate=\"true\"")).await;
    assert!(made.contains("AuthnStatement"), "the valid twin");
    let again = ask("_r6", &policy(lasting, " AllowCreate=\"false\"")).await;
    assert!(again.contains("AuthnStatement"), "it is there now: {again}");
}

#[tokio::test]
async fn iip_idp10_a_new_pseudonym_is_made_only_when_allowed_sqlite() {
    made_when_allowed(Kind::Sqlite).await;
}

#[tokio::test]
async fn iip_idp10_a_new_pseudonym_is_made_only_when_allowed_postgres() {
    made_when_allowed(Kind::Postgres).await;
}
