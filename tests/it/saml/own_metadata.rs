//! Our own metadata for an app as it is set: signed and with an end, or bare; and how long others may keep it.

use super::gateway;
use crate::support::{
    app::{Browser, Page, TestApp, saml_settings, system},
    database::Kind,
};
use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::{
    domain::{connection::SamlConnection, key::KeyAlgorithm, user::Role},
    service::{
        self,
        keys::{self, NewKey},
        organisation::{self, ApplyOptions, Secrets},
    },
};
use reqwest::{Method, StatusCode};
use saml::{
    CertificateDer,
    signature::{OwnVerifier, SignatureVerifier, Trust},
};
use serde_json::{Value, json};

const METADATA: &str = "/saml2/crm/metadata";

fn signed() -> SamlConnection {
    SamlConnection { sign_metadata: true, metadata_valid_days: 7, ..saml_settings() }
}

async fn certificate(browser: &Browser, path: &str) -> CertificateDer {
    let pem = browser.get(path).await.text;
    CertificateDer::from_pem_or_base64(&pem).expect("a certificate")
}

/// What the signature of a document covers, if it is by this certificate.
fn verified(page: &Page, certificate: &CertificateDer) -> Option<String> {
    let trust = Trust { certificates: std::slice::from_ref(certificate), allow_sha1: false, blocked: &[] };
    let root = ("urn:oasis:names:tc:SAML:2.0:metadata", "EntityDescriptor");
    OwnVerifier.verify_enveloped(page.text.as_bytes(), root, trust).ok().map(|covered| covered.xml)
}

fn valid_until(xml: &str) -> DateTime<Utc> {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let root = document.root_element();
    assert!(root.attribute("ID").is_some_and(|id| id.starts_with('_')), "{xml}");
    root.attribute("validUntil").expect("an end").parse().expect("an instant")
}

async fn signed_and_dated(kind: Kind) {
    let app = TestApp::on(kind).await;
    let (_, crm) = super::fill(&app, signed()).await;
    let browser = app.browser();
    let page = browser.get(METADATA).await;
    let active = certificate(&browser, "/saml2/crm/certificate.pem").await;
    let covered = verified(&page, &active).expect("signed by the key in use");
    assert!(covered.contains("IDPSSODescriptor") && covered.contains("validUntil"), "{covered}");
    let now = app.ctx.now();
    let end = valid_until(&page.text);
    assert!(end <= now + TimeDelta::days(7) && end > now + TimeDelta::days(7) - TimeDelta::hours(1), "{end}");
    let forged = Page {
        text: page.text.replace("/saml2/crm\"", "/saml2/evil\""),
        headers: page.headers.clone(),
        status: page.status,
    };
    assert_ne!(forged.text, page.text);
    assert_eq!(verified(&forged, &active), None, "S-35");
    // During a change of keys both are shown, and the one in use signs.
    let quick = NewKey { algorithm: KeyAlgorithm::P256, years: 3 };
    keys::make_next(&app.ctx, &system(), &crm, quick).await.expect("a next key");
    let page = browser.get(METADATA).await;
    let next = certificate(&browser, "/saml2/crm/certificate.pem?next").await;
    assert!(page.text.contains(&next.to_base64()), "published");
    assert!(verified(&page, &active).is_some() && verified(&page, &next).is_none());
}

#[tokio::test]
async fn our_metadata_is_signed_by_the_key_in_use_and_has_an_end_sqlite() {
    signed_and_dated(Kind::Sqlite).await;
}

#[tokio::test]
async fn our_metadata_is_signed_by_the_key_in_use_and_has_an_end_postgres() {
    signed_and_dated(Kind::Postgres).await;
}

#[tokio::test]
async fn an_entity_tag_names_what_is_said_and_moves_with_the_end() {
    let (app, ..) = gateway(signed()).await;
    let browser = app.browser();
    let ask = async |tag: &str| browser.send(Method::GET, METADATA, &[("if-none-match", tag)], "").await;
    let first = browser.get(METADATA).await;
    let tag = first.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with("W/\""), "signatures may differ");
    assert_eq!(first.header("cache-control"), Some("public, max-age=300"));
    let same = ask(&tag).await;
    assert_eq!((same.status, same.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(same.header("etag"), Some(tag.as_str()));
    app.ctx.clock.advance(TimeDelta::hours(1));
    let later = ask(&tag).await;
    assert_eq!(later.status, StatusCode::OK, "it is valid for an hour more");
    assert_eq!(valid_until(&later.text) - valid_until(&first.text), TimeDelta::hours(1));
    assert_ne!(later.header("etag"), Some(tag.as_str()));

    let (app, ..) = gateway(saml_settings()).await;
    let bare = app.browser().get(METADATA).await;
    assert!(!bare.text.contains("validUntil") && !bare.text.contains("Signature>"), "as it always was");
    let tag = bare.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with('"'));
    app.ctx.clock.advance(TimeDelta::hours(1));
    let same = app.browser().send(Method::GET, METADATA, &[("if-none-match", &tag)], "").await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn no_next_certificate_is_said_in_its_own_words() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    let none = browser.get("/saml2/crm/certificate.pem?next").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(none.text.contains("no next certificate"), "{}", none.text);
    let nowhere = browser.get("/saml2/nothing/certificate.pem?next").await;
    assert!(nowhere.text.contains("No SAML app has this address"), "{}", nowhere.text);
}

#[tokio::test]
async fn the_file_sets_it_and_bounds_it() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let apply = async |saml: Value| {
        let file = json!({ "apps": [{ "slug": "crm", "connector": "custom-saml", "saml": saml }] });
        let document = organisation::document(file).map_err(|error| error.to_string())?;
        let applied = organisation::apply(&app.ctx, &system(), &document, ApplyOptions::default()).await;
        applied.map(|applied| applied.changes.len()).map_err(|error| error.to_string())
    };
    assert_eq!(apply(json!({ "sign_metadata": true, "strict_allow_create": true })).await, Ok(1));
    let saved = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    let saml = saved.connection.saml().expect("SAML");
    assert_eq!((saml.sign_metadata, saml.metadata_valid_days, saml.strict_allow_create), (true, 14, true));
    let exported = organisation::export(&app.ctx, &system(), Secrets::None).await.expect("exported");
    let block = serde_json::to_value(&exported).expect("JSON")["apps"][0]["saml"].clone();
    assert_eq!((&block["sign_metadata"], &block["metadata_valid_days"]), (&json!(true), &json!(14)));
    assert_eq!(apply(block).await, Ok(0));
    for days in [0, 366] {
        let refused = apply(json!({ "metadata_valid_days": days })).await.expect_err("refused");
        assert!(refused.contains("apps[0].saml.metadata_valid_days"), "{refused}");
    }
    assert_eq!(apply(json!({ "metadata_valid_days": 365 })).await, Ok(1), "the valid twin");
}
