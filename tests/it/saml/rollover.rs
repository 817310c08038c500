//! A certificate changes while people sign on: what the metadata shows at that time verifies every message.

use super::{fill, gateway, post, request, response};
use crate::support::{
    app::{Browser, TestApp, saml_settings, system},
    database::Kind,
    spawn,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::{
        app::App,
        audit::EventType,
        connection::{SamlConnection, SamlSignatureAlgorithm},
        key::{KeyAlgorithm, SigningKey, rollover::AppKeys},
    },
    service::{
        self,
        keys::{self, NewKey},
    },
    store::{audit::AuditFilter, page::PageRequest},
};
use reqwest::StatusCode;
use saml::{
    CertificateDer,
    signature::{OwnVerifier, SignatureVerifier, Trust},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

const QUICK: NewKey = NewKey { algorithm: KeyAlgorithm::P256, years: 3 };

/// The settings of an app whose messages carry one signature, of the whole Response.
fn settings() -> SamlConnection {
    SamlConnection { sign_assertion: false, sign_response: true, ..saml_settings() }
}

/// The certificates that the metadata shows, in their order.
async fn certificates(browser: &Browser) -> Vec<CertificateDer> {
    let metadata = browser.get("/saml2/crm/metadata").await;
    assert_eq!(metadata.status, StatusCode::OK, "{}", metadata.text);
    let document = roxmltree::Document::parse(&metadata.text).expect("XML");
    let texts = document.descendants().filter(|node| node.tag_name().name() == "X509Certificate");
    let read = texts.filter_map(|node| node.text());
    read.map(|text| CertificateDer::from_pem_or_base64(text).expect("a certificate")).collect()
}

/// Whether one of the certificates verifies the Response.
fn verifies(xml: &str, certificates: &[CertificateDer]) -> bool {
    let root = ("urn:oasis:names:tc:SAML:2.0:protocol", "Response");
    OwnVerifier
        .verify_enveloped(xml.as_bytes(), root, Trust { certificates, allow_sha1: false, blocked: &[] })
        .is_ok()
}

/// A sign-on from the portal.
async fn sign_on(browser: &Browser) -> String {
    response(&browser.get("/launch/crm").await)
}

async fn keys_of(app: &TestApp, crm: &App) -> AppKeys {
    keys::of_app(&app.ctx, &system(), crm).await.expect("keys")
}

fn der(key: &SigningKey) -> CertificateDer {
    CertificateDer::from_pem_or_base64(key.certificate.as_deref().expect("one")).expect("a certificate")
}

async fn events(app: &TestApp, kind: EventType) -> i64 {
    let filter = AuditFilter { event_type: Some(kind), ..AuditFilter::default() };
    service::audit::list(&app.ctx, &system(), &filter, PageRequest::first(10)).await.expect("events").total
}

async fn a_rollover_under_traffic_fails_nobody(kind: Kind) {
    let app = TestApp::on(kind).await;
    let (_, crm) = fill(&app, settings()).await;
    let ended = Arc::new(AtomicBool::new(false));
    let mut people = Vec::new();
    for _ in 0..3 {
        let (browser, ended) = (app.browser(), ended.clone());
        browser.sign_in("maya").await;
        people.push(spawn(async move {
            let mut verified = 0;
            while !ended.load(Ordering::SeqCst) {
                // An SP that read the metadata before the sign-on, and one that reads it after.
                let before = certificates(&browser).await;
                let xml = sign_on(&browser).await;
                let after = certificates(&browser).await;
                assert!(verifies(&xml, &before), "with the copy from before");
                assert!(verifies(&xml, &after), "with the copy from after");
                verified += 1;
            }
            verified
        }));
    }
    let (ctx, caller) = (&app.ctx, system());
    for round in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        let old = keys_of(&app, &crm).await.active().expect("one").id;
        let next = keys::make_next(ctx, &caller, &crm, QUICK).await.expect("made");
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        keys::switch(ctx, &caller, &crm, next.id).await.expect("switched");
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        if round % 2 == 0 {
            keys::roll_back(ctx, &caller, &crm, old).await.expect("rolled back");
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
            keys::switch(ctx, &caller, &crm, next.id).await.expect("switched again");
        }
    }
    ended.store(true, Ordering::SeqCst);
    let mut verified = 0;
    for person in people {
        verified += person.await.expect("0 failures");
    }
    assert!(verified > 20, "there was traffic: {verified}");
    assert_eq!(events(&app, EventType::SigningKeySwitch).await, 6);
    assert_eq!(events(&app, EventType::SigningKeyRollback).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollover_under_traffic_fails_nobody_sqlite() {
    a_rollover_under_traffic_fails_nobody(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollover_under_traffic_fails_nobody_postgres() {
    a_rollover_under_traffic_fails_nobody(Kind::Postgres).await;
}

#[tokio::test]
async fn the_metadata_shows_the_one_in_use_first_and_the_old_one_for_a_day() {
    let (app, _, crm) = gateway(settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let (ctx, caller) = (&app.ctx, system());
    let old = der(keys_of(&app, &crm).await.active().expect("one"));
    assert_eq!(certificates(&browser).await, std::slice::from_ref(&old));
    assert_eq!(browser.get("/saml2/crm/certificate.pem?next").await.status, StatusCode::NOT_FOUND);

    let next = keys::make_next(ctx, &caller, &crm, QUICK).await.expect("made");
    let new = der(&next);
    assert_eq!(certificates(&browser).await, [old.clone(), new.clone()]);
    let download = browser.get("/saml2/crm/certificate.pem?next").await.text;
    assert_eq!(CertificateDer::from_pem_or_base64(&download).as_ref(), Ok(&new));
    let xml = sign_on(&browser).await;
    assert!(verifies(&xml, std::slice::from_ref(&old)) && !verifies(&xml, std::slice::from_ref(&new)));

    keys::switch(ctx, &caller, &crm, next.id).await.expect("switched");
    assert_eq!(certificates(&browser).await, [new.clone(), old.clone()]);
    assert!(!verifies(&sign_on(&browser).await, std::slice::from_ref(&old)));
    assert!(verifies(&sign_on(&browser).await, std::slice::from_ref(&new)));
    app.ctx.clock.advance(TimeDelta::hours(24));
    assert_eq!(certificates(&app.browser()).await, [new]);
}

async fn a_scheduled_switch_happens_at_its_time(kind: Kind) {
    let app = TestApp::on(kind).await;
    let (_, crm) = fill(&app, settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let (ctx, caller) = (&app.ctx, system());
    let next = keys::make_next(ctx, &caller, &crm, QUICK).await.expect("made");
    let new = [der(&next)];
    let at = ctx.now() + TimeDelta::minutes(10);
    keys::schedule(ctx, &caller, &crm, next.id, Some(at)).await.expect("scheduled");
    ctx.clock.advance(TimeDelta::minutes(10) - TimeDelta::milliseconds(1));
    assert_eq!(keys::settle_due(ctx).await.expect("nothing due"), 0);
    assert!(!verifies(&sign_on(&browser).await, &new), "not a moment too soon");

    ctx.clock.advance(TimeDelta::milliseconds(1));
    assert!(verifies(&sign_on(&browser).await, &new), "no job was needed");
    assert_eq!(certificates(&browser).await.first(), new.first());
    let nodes = tokio::join!(
        Box::pin(keys::settle_due(ctx)),
        Box::pin(keys::settle_due(ctx)),
        Box::pin(keys::settle_due(ctx))
    );
    let settled = [nodes.0, nodes.1, nodes.2].map(|node| node.expect("no fault")).iter().sum::<usize>();
    assert_eq!(settled, 1, "exactly one node stores it");
    assert_eq!(keys::settle_due(ctx).await.expect("nothing left"), 0);
    assert_eq!(events(&app, EventType::SigningKeySwitch).await, 1, "and says so once");
    let keys = keys_of(&app, &crm).await;
    assert_eq!(keys.retired()[0].retired_at, Some(at));
    assert!(verifies(&sign_on(&browser).await, &new));
}

#[tokio::test]
async fn a_scheduled_switch_happens_at_its_time_sqlite() {
    a_scheduled_switch_happens_at_its_time(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_switch_happens_at_its_time_postgres() {
    a_scheduled_switch_happens_at_its_time(Kind::Postgres).await;
}

#[tokio::test]
async fn a_step_after_a_switch_that_was_due_stores_and_says_both() {
    let (app, _, crm) = gateway(settings()).await;
    let (ctx, caller) = (&app.ctx, system());
    let old = keys_of(&app, &crm).await.active().expect("one").id;
    let next = keys::make_next(ctx, &caller, &crm, QUICK).await.expect("made");
    keys::schedule(ctx, &caller, &crm, next.id, Some(ctx.now() + TimeDelta::hours(1))).await.expect("ahead");
    ctx.clock.advance(TimeDelta::hours(2));
    let late = keys::switch(ctx, &caller, &crm, next.id).await;
    assert!(late.is_err(), "it switched by itself an hour ago");
    keys::roll_back(ctx, &caller, &crm, old).await.expect("rolled back");
    let kinds = [EventType::SigningKeySwitch, EventType::SigningKeyRollback];
    for kind in kinds {
        assert_eq!(events(&app, kind).await, 1, "{kind:?}");
    }
    assert_eq!(keys::settle_due(ctx).await.expect("nothing due"), 0, "the old schedule is gone");
    let keys = keys_of(&app, &crm).await;
    assert_eq!((keys.active().map(|key| key.id), keys.next().map(|key| key.id)), (Some(old), Some(next.id)));
}

#[tokio::test]
async fn an_emergency_leaves_only_the_new_certificate() {
    let (app, _, crm) = gateway(settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let (ctx, caller) = (&app.ctx, system());
    keys::make_next(ctx, &caller, &crm, QUICK).await.expect("made");
    let before = certificates(&browser).await;
    let new = keys::replace_at_once(ctx, &caller, &crm, QUICK).await.expect("replaced");
    assert_eq!(certificates(&browser).await, [der(&new)]);
    let xml = sign_on(&browser).await;
    assert!(verifies(&xml, &[der(&new)]) && !verifies(&xml, &before));
    assert_eq!(events(&app, EventType::SigningKeyReplace).await, 1);
    assert_eq!(keys_of(&app, &crm).await.retired().len(), 2);
}

/// The setting of an app that is stored now.
async fn stored_algorithm(app: &TestApp) -> SamlSignatureAlgorithm {
    let crm = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    crm.connection.saml().expect("SAML").signature_algorithm
}

#[tokio::test]
async fn the_setting_says_what_the_key_signs_with_after_every_change_of_kind() {
    let (app, _, crm) = gateway(settings()).await;
    let (ctx, caller) = (&app.ctx, system());
    let old = keys_of(&app, &crm).await.active().expect("one").id;
    let next = keys::make_next(ctx, &caller, &crm, QUICK).await.expect("made");
    assert_eq!(stored_algorithm(&app).await, SamlSignatureAlgorithm::RsaSha256, "nothing signs with it yet");
    keys::switch(ctx, &caller, &crm, next.id).await.expect("switched");
    assert_eq!(stored_algorithm(&app).await, SamlSignatureAlgorithm::EcdsaSha256);
    let filter = AuditFilter { event_type: Some(EventType::ApplicationUpdate), ..AuditFilter::default() };
    let told =
        service::audit::list(ctx, &caller, &filter, PageRequest::first(5)).await.expect("events").items;
    let [told] = &told[..] else { panic!("{told:?}") };
    let [change] = &told.changes[..] else { panic!("{told:?}") };
    assert_eq!(
        (change.field.as_str(), &change.from, &change.to),
        ("signature_algorithm", &"rsa-sha256".into(), &"ecdsa-sha256".into())
    );
    keys::roll_back(ctx, &caller, &crm, old).await.expect("rolled back");
    assert_eq!(stored_algorithm(&app).await, SamlSignatureAlgorithm::RsaSha256);
    keys::schedule(ctx, &caller, &crm, next.id, Some(ctx.now() + TimeDelta::hours(1))).await.expect("ahead");
    ctx.clock.advance(TimeDelta::hours(2));
    assert_eq!(keys::settle_due(ctx).await.expect("stored"), 1);
    assert_eq!(stored_algorithm(&app).await, SamlSignatureAlgorithm::EcdsaSha256, "by schedule as well");
    keys::replace_at_once(ctx, &caller, &crm, NewKey::default()).await.expect("replaced");
    assert_eq!(stored_algorithm(&app).await, SamlSignatureAlgorithm::RsaSha256);
    assert_eq!(events(&app, EventType::ApplicationUpdate).await, 4);
    let same = keys::make_next(ctx, &caller, &crm, NewKey::default()).await.expect("made");
    keys::switch(ctx, &caller, &crm, same.id).await.expect("switched");
    assert_eq!(events(&app, EventType::ApplicationUpdate).await, 4, "the same kind changes nothing");
}

#[tokio::test]
async fn every_kind_of_key_signs_what_its_certificate_verifies() {
    let (app, _, crm) = gateway(settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let (ctx, caller) = (&app.ctx, system());
    for &algorithm in KeyAlgorithm::OF_APPS {
        let next = keys::make_next(ctx, &caller, &crm, NewKey { algorithm, years: 1 }).await.expect("made");
        keys::switch(ctx, &caller, &crm, next.id).await.expect("switched");
        let certificate = der(&next);
        let x509 = openssl::x509::X509::from_der(certificate.as_der()).expect("parses");
        let public = x509.public_key().expect("a key");
        assert_eq!(public.bits(), algorithm.rsa_bits().unwrap_or(256));
        assert!(verifies(&sign_on(&browser).await, &[certificate]), "{algorithm:?}");
        let asked = post(&browser, &request(&app, &format!("_{}", next.id), "", ""), None).await;
        assert!(verifies(&response(&asked), &[der(&next)]), "asked for by the app");
    }
    let ed = NewKey { algorithm: KeyAlgorithm::Ed25519, years: 1 };
    assert!(keys::make_next(ctx, &caller, &crm, ed).await.is_err());
    let long = NewKey { years: 11, ..QUICK };
    assert!(keys::make_next(ctx, &caller, &crm, long).await.is_err());
}

async fn two_admins_make_one_next_key(kind: Kind) {
    let app = TestApp::on(kind).await;
    let (_, crm) = fill(&app, settings()).await;
    let (ctx, caller) = (&app.ctx, system());
    let made = tokio::join!(
        Box::pin(keys::make_next(ctx, &caller, &crm, QUICK)),
        Box::pin(keys::make_next(ctx, &caller, &crm, QUICK)),
        Box::pin(keys::make_next(ctx, &caller, &crm, QUICK))
    );
    let made = [made.0, made.1, made.2];
    assert_eq!(made.iter().filter(|one| one.is_ok()).count(), 1, "{made:?}");
    for refused in made.iter().filter_map(|one| one.as_ref().err()) {
        assert!(matches!(refused, service::ServiceError::Invalid(_)), "{refused:?}");
    }
    assert_eq!(events(&app, EventType::SigningKeyCreate).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_admins_make_one_next_key_sqlite() {
    two_admins_make_one_next_key(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_admins_make_one_next_key_postgres() {
    two_admins_make_one_next_key(Kind::Postgres).await;
}

#[tokio::test]
async fn an_end_is_warned_of_four_times_and_once_each() {
    let (app, _, crm) = gateway(settings()).await;
    let ctx = &app.ctx;
    let end = keys_of(&app, &crm).await.active().and_then(|key| key.not_after).expect("an end");
    assert_eq!(service::key_expiry::warn(ctx).await.expect("no fault"), 0);
    for (number, days) in [60, 30, 7, 1].into_iter().enumerate() {
        ctx.clock.advance(end - TimeDelta::days(days) - ctx.now());
        let nodes = tokio::join!(service::key_expiry::warn(ctx), service::key_expiry::warn(ctx));
        assert_eq!(nodes.0.expect("no fault") + nodes.1.expect("no fault"), 1, "{days}");
        assert_eq!(service::key_expiry::warn(ctx).await.expect("no fault"), 0, "{days}");
        let total = events(&app, EventType::CertificateExpiry).await;
        assert_eq!(total, i64::try_from(number).expect("small") + 1);
    }
    let filter = AuditFilter { event_type: Some(EventType::CertificateExpiry), ..AuditFilter::default() };
    let last = service::audit::list(ctx, &system(), &filter, PageRequest::first(1)).await.expect("events");
    assert_eq!(last.items[0].details["days"], "1");
    assert_eq!(last.items[0].application.as_ref().map(|app| app.name.as_str()), Some("crm"));
    // A successor quiets nothing before it signs; then the old end concerns nobody.
    let next = keys::make_next(ctx, &system(), &crm, QUICK).await.expect("made");
    keys::switch(ctx, &system(), &crm, next.id).await.expect("switched");
    assert!(service::key_expiry::soon(ctx, &system()).await.expect("read").is_empty());
    assert_eq!(service::key_expiry::list(ctx, &system()).await.expect("read").len(), 1);
}
