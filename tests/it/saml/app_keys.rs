//! A rollover of an app's keys over the API: the same steps as on the certificate page, with roles and events.

use super::{fill, gateway};
use crate::support::{
    app::{Page, TestApp, saml_settings, system},
    database::Kind,
};
use chrono::{SecondsFormat, TimeDelta};
use gatehouse::{
    domain::{audit::EventType, user::Role},
    service::{self, organisation::api_tokens},
    store::{audit::AuditFilter, page::PageRequest},
};
use openssl::{
    asn1::Asn1Time,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::PKey,
    x509::{X509, X509Name},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const KEYS: &str = "/api/v1/apps/crm/keys";

async fn bearer(app: &TestApp, role: Role) -> String {
    let lifetime = Some(TimeDelta::hours(24));
    let (_, secret) = api_tokens::create(&app.ctx, &system(), "keys", role, lifetime).await.expect("a token");
    format!("Bearer {}", secret.expose())
}

async fn ask(app: &TestApp, token: &str, path: &str, body: Option<Value>) -> Page {
    let headers = [("authorization", token), ("content-type", "application/json")];
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    app.browser().send(method, path, &headers, &body).await
}

fn keys(page: &Page) -> Vec<Value> {
    assert!(page.status.is_success(), "{} {}", page.status, page.text);
    assert!(!page.text.contains("PRIVATE") && !page.text.contains("sealed"), "{}", page.text);
    let body: Value = serde_json::from_str(&page.text).expect("JSON");
    body["keys"].as_array().expect("a list").clone()
}

/// The ids of the keys in a state.
fn ids(keys: &[Value], state: &str) -> Vec<String> {
    let of_state = keys.iter().filter(|key| key["state"] == state);
    of_state.map(|key| key["id"].as_str().expect("an id").to_owned()).collect()
}

/// A pair of one's own, PEM: certificate, key.
pub fn pair() -> (String, String) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
    let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
    let mut name = X509Name::builder().expect("a builder");
    name.append_entry_by_text("CN", "our own").expect("set");
    let name = name.build();
    let mut builder = X509::builder().expect("a builder");
    builder.set_version(2).expect("set");
    builder.set_subject_name(&name).expect("set");
    builder.set_issuer_name(&name).expect("set");
    builder.set_pubkey(&key).expect("set");
    // The clock of the tests stands in a year of its own.
    builder.set_not_before(&Asn1Time::from_unix(0).expect("a time")).expect("set");
    builder.set_not_after(&Asn1Time::from_str("20991231235959Z").expect("a time")).expect("set");
    builder.sign(&key, MessageDigest::sha256()).expect("signed");
    let text = |pem: Vec<u8>| String::from_utf8(pem).expect("text");
    (text(builder.build().to_pem().expect("PEM")), text(key.private_key_to_pem_pkcs8().expect("PEM")))
}

async fn a_rollover_step_by_step(kind: Kind) {
    let app = TestApp::on(kind).await;
    fill(&app, saml_settings()).await;
    let admin = bearer(&app, Role::Admin).await;
    let first = keys(&ask(&app, &admin, KEYS, None).await);
    let [active] = &ids(&first, "active")[..] else { panic!("{first:?}") };
    assert_eq!(
        (first.len(), &first[0]["published"], &first[0]["algorithm"]),
        (1, &json!(true), &json!("rsa2048"))
    );

    let made = ask(&app, &admin, KEYS, Some(json!({"algorithm": "p256", "years": 2}))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let next = ids(&keys(&made), "next").remove(0);
    let second = ask(&app, &admin, KEYS, Some(json!({}))).await;
    assert_eq!(second.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", second.text);
    assert!(second.text.contains("next certificate already"), "{}", second.text);

    let at = (app.ctx.now() + TimeDelta::hours(3)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let step = |key: &str, step: &str| format!("{KEYS}/{key}/{step}");
    let planned = keys(&ask(&app, &admin, &step(&next, "schedule"), Some(json!({"switch_at": at}))).await);
    let of = |keys: &[Value], id: &str| keys.iter().find(|key| key["id"] == id).cloned().expect("there");
    assert_eq!(of(&planned, &next)["switch_at"], json!(at));
    let past =
        ask(&app, &admin, &step(&next, "schedule"), Some(json!({"switch_at": "2001-01-01T00:00:00Z"}))).await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unplanned =
        keys(&ask(&app, &admin, &step(&next, "schedule"), Some(json!({"switch_at": null}))).await);
    assert_eq!(of(&unplanned, &next).get("switch_at"), None);

    let switched = keys(&ask(&app, &admin, &step(&next, "activate"), Some(json!({}))).await);
    assert_eq!(
        (ids(&switched, "active"), ids(&switched, "retired")),
        (vec![next.clone()], vec![active.clone()])
    );
    assert_eq!(of(&switched, active)["published"], json!(true), "for a day");
    let back = keys(&ask(&app, &admin, &step(active, "roll-back"), Some(json!({}))).await);
    assert_eq!((ids(&back, "active"), ids(&back, "next")), (vec![active.clone()], vec![next.clone()]));

    // A next key is given up; the one in use is withdrawn, and a new one signs.
    let fewer = keys(&ask(&app, &admin, &step(&next, "retire"), Some(json!({}))).await);
    assert_eq!(fewer.len(), 1, "{fewer:?}");
    let replaced = keys(&ask(&app, &admin, &step(active, "retire"), Some(json!({}))).await);
    assert_eq!(ids(&replaced, "retired"), std::slice::from_ref(active));
    assert_eq!(of(&replaced, active)["published"], json!(false), "at once");
    assert!(of(&replaced, active)["withdrawn_at"].is_string(), "{replaced:?}");
    let again = ask(&app, &admin, &step(active, "roll-back"), Some(json!({}))).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.text);
    assert!(again.text.contains("withdrawn in an emergency"), "{}", again.text);
    let fresh = ids(&replaced, "active").remove(0);
    assert_eq!(of(&replaced, &fresh)["algorithm"], "rsa2048", "of the same kind");

    let (certificate, private_key) = pair();
    let brought = json!({"certificate": certificate, "private_key": private_key});
    let brought = ask(&app, &admin, KEYS, Some(brought)).await;
    assert_eq!(brought.status, StatusCode::CREATED, "{}", brought.text);
    let own = ids(&keys(&brought), "next").remove(0);
    assert_eq!(of(&keys(&brought), &own)["algorithm"], "p256");
    for (kind, expected) in [
        (EventType::SigningKeyCreate, 2),
        (EventType::SigningKeySchedule, 2),
        (EventType::SigningKeySwitch, 1),
        (EventType::SigningKeyRollback, 1),
        (EventType::SigningKeyDelete, 1),
        (EventType::SigningKeyReplace, 1),
    ] {
        let filter = AuditFilter { event_type: Some(kind), ..AuditFilter::default() };
        let events =
            service::audit::list(&app.ctx, &system(), &filter, PageRequest::first(10)).await.expect("events");
        assert_eq!(events.total, expected, "{kind:?}");
        assert!(!serde_json::to_string(&events.items).expect("JSON").contains("PRIVATE"));
    }
}

#[tokio::test]
async fn a_rollover_step_by_step_sqlite() {
    a_rollover_step_by_step(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollover_step_by_step_postgres() {
    a_rollover_step_by_step(Kind::Postgres).await;
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_and_changes_nothing() {
    let (app, ..) = gateway(saml_settings()).await;
    let (admin, auditor) = (bearer(&app, Role::Admin).await, bearer(&app, Role::Auditor).await);
    let before = keys(&ask(&app, &auditor, KEYS, None).await);
    let active = ids(&before, "active").remove(0);
    let (certificate, private_key) = pair();
    let (_, other_key) = pair();
    let step = |key: &str, step: &str| format!("{KEYS}/{key}/{step}");
    let nobody = "01JD3W6N3Q8Z7K5V2B9XTHM4RC";
    for (path, body, status) in [
        (KEYS.to_owned(), json!({"algorithm": "ed25519"}), 422),
        (KEYS.to_owned(), json!({"algorithm": "md5"}), 422),
        (KEYS.to_owned(), json!({"years": 11}), 422),
        (KEYS.to_owned(), json!({"years": 0}), 422),
        (KEYS.to_owned(), json!({"certificate": certificate}), 422),
        (KEYS.to_owned(), json!({"private_key": private_key}), 422),
        (KEYS.to_owned(), json!({"passphrase": "x"}), 422),
        (KEYS.to_owned(), json!({"certificate": certificate, "private_key": other_key}), 422),
        (KEYS.to_owned(), json!({"certificate": certificate, "private_key": private_key, "years": 3}), 422),
        (KEYS.to_owned(), json!({"certificate": "x".repeat(70_000), "private_key": private_key}), 413),
        (KEYS.to_owned(), json!({"key": 1}), 422),
        (step(&active, "activate"), json!({}), 422),
        (step(&active, "roll-back"), json!({}), 422),
        (step(nobody, "retire"), json!({}), 422),
        (step("nonsense", "retire"), json!({}), 404),
        (step(&active, "schedule"), json!({"switch_at": "soon"}), 422),
        ("/api/v1/apps/none/keys".to_owned(), json!({}), 404),
    ] {
        let refused = ask(&app, &admin, &path, Some(body.clone())).await;
        assert_eq!(refused.status.as_u16(), status, "{path} {body}: {}", refused.text);
        assert!(!refused.text.contains("BEGIN PRIVATE"), "{}", refused.text);
    }
    for path in [KEYS.to_owned(), step(&active, "retire")] {
        let forbidden = ask(&app, &auditor, &path, Some(json!({}))).await;
        assert_eq!(forbidden.status, StatusCode::FORBIDDEN, "{path}");
        let stranger =
            app.browser().send(Method::POST, &path, &[("content-type", "application/json")], "{}").await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(keys(&ask(&app, &auditor, KEYS, None).await), before);
}

/// Two who withdraw the same key at once make one successor between them: the certificate that the first gives the app stays good.
#[tokio::test]
async fn of_two_who_withdraw_a_key_at_once_the_second_is_refused() {
    let (app, _, crm) = gateway(saml_settings()).await;
    let admin = bearer(&app, Role::Admin).await;
    let before = keys(&ask(&app, &admin, KEYS, None).await);
    let id = ids(&before, "active").remove(0).parse().expect("an id");
    let by = system();
    let (one, two) = tokio::join!(
        service::keys::retire(&app.ctx, &by, &crm, id),
        service::keys::retire(&app.ctx, &by, &crm, id)
    );
    let refused = [one, two].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(format!("{:?}", refused[0]).contains("in use any more"), "{refused:?}");
    let after = keys(&ask(&app, &admin, KEYS, None).await);
    assert_eq!((after.len(), ids(&after, "active").len()), (before.len() + 1, 1));
}
