//! Identifiers that apps encrypt for us: the key in the metadata, both keys of a rollover, sign-on and logout.

use super::{fill, gateway, post, request, response, status};
use crate::support::{
    app::{Page, TestApp, saml_settings, system},
    count_events,
    database::Kind,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use gatehouse::{
    domain::{audit::EventType, connection::SamlConnection, user::Role},
    service::{
        apps, audit,
        authentication::throttle,
        organisation::api_tokens,
        overview::{AuditFilter, PageRequest},
    },
    store,
};
use openssl::{encrypt::Encrypter, pkey::PKey, pkey::Public, rsa::Padding, symm, x509::X509};
use reqwest::{Method, StatusCode};
use serde_json::Value;

const KEYS: &str = "/api/v1/apps/crm/decryption-keys";

async fn call(app: &TestApp, role: Role, method: Method, path: &str) -> Page {
    let lifetime = Some(TimeDelta::hours(1));
    let (_, secret) = api_tokens::create(&app.ctx, &system(), "keys", role, lifetime).await.expect("a token");
    let bearer = format!("Bearer {}", secret.expose());
    app.browser().send(method, path, &[("authorization", bearer.as_str())], "").await
}

/// Makes a key and answers its id.
async fn make(app: &TestApp) -> String {
    app.ctx.clock.advance(TimeDelta::milliseconds(1));
    let page = call(app, Role::Admin, Method::POST, KEYS).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.text);
    let key: Value = serde_json::from_str(&page.text).expect("JSON");
    assert!(!page.text.contains("sealed") && !page.text.contains("PRIVATE"), "{}", page.text);
    key["id"].as_str().expect("an id").to_owned()
}

/// The keys that the metadata names for encryption, in order.
async fn published(app: &TestApp) -> Vec<PKey<Public>> {
    let page = app.browser().get("/saml2/crm/metadata").await;
    let document = roxmltree::Document::parse(&page.text).expect("XML");
    let of_encryption = |node: &roxmltree::Node<'_, '_>| {
        node.tag_name().name() == "KeyDescriptor" && node.attribute("use") == Some("encryption")
    };
    document
        .descendants()
        .filter(of_encryption)
        .map(|key| {
            let text = key.descendants().find(|node| node.tag_name().name() == "X509Certificate");
            let der =
                STANDARD.decode(text.and_then(|node| node.text()).expect("a certificate")).expect("base64");
            X509::from_der(&der).expect("a certificate").public_key().expect("a key")
        })
        .collect()
}

/// What an app of somebody else's making sends: AES-256-GCM, RSA-OAEP; in canonical form.
pub(super) fn encrypted(key: &PKey<Public>, plain: &str) -> String {
    let (content_key, iv, mut tag) = ([3; 32], [5; 12], [0; 16]);
    let cipher = symm::Cipher::aes_256_gcm();
    let content = symm::encrypt_aead(cipher, &content_key, Some(&iv), &[], plain.as_bytes(), &mut tag);
    let content = STANDARD.encode([&iv[..], &content.expect("encrypts"), &tag].concat());
    let mut encrypter = Encrypter::new(key).expect("a key");
    encrypter.set_rsa_padding(Padding::PKCS1_OAEP).expect("set");
    let mut wrapped = vec![0; encrypter.encrypt_len(&content_key).expect("a length")];
    let length = encrypter.encrypt(&content_key, &mut wrapped).expect("encrypts");
    let wrapped = STANDARD.encode(&wrapped[..length]);
    format!(
        "<saml:EncryptedID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData \
         xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"><xenc:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"></xenc:EncryptionMethod><ds:KeyInfo \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey><xenc:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"></xenc:EncryptionMethod><xenc:CipherData>\
         <xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>\
         </saml:EncryptedID>"
    )
}

fn name_id(value: &str) -> String {
    format!(
        "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{value}</saml:NameID>"
    )
}

async fn a_subject_is_read_with_each_key_of_a_rollover(kind: Kind) {
    let app = TestApp::on(kind).await;
    fill(&app, saml_settings()).await;
    assert!(published(&app).await.is_empty(), "none, before one is made");
    let browser = app.browser();
    browser.sign_in("maya").await;
    let mut count = 0;
    let mut ask = async |key: &PKey<Public>, who: &str| {
        count += 1;
        let subject = format!("<saml:Subject>{}</saml:Subject>", encrypted(key, &name_id(who)));
        response(&post(&browser, &request(&app, &format!("_r{count}"), "", &subject), None).await)
    };
    let old = make(&app).await;
    let first = published(&app).await.remove(0);
    assert!(ask(&first, "maya@fernhill.example").await.contains(">maya@fernhill.example</saml:NameID>"));
    assert_eq!(status(&ask(&first, "omar@fernhill.example").await), "UnknownPrincipal", "another person");
    make(&app).await;
    let both = published(&app).await;
    assert_eq!(both.len(), 2);
    assert!(both[1].public_eq(&first) && !both[0].public_eq(&first), "the one to use comes first");
    for key in &both {
        assert!(ask(key, "maya@fernhill.example").await.contains("AuthnStatement"));
    }
    let removed = call(&app, Role::Admin, Method::DELETE, &format!("{KEYS}/{old}")).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert!(ask(&both[0], "maya@fernhill.example").await.contains("AuthnStatement"));
    assert_eq!(status(&ask(&first, "maya@fernhill.example").await), "RequestUnsupported", "it was removed");
    assert_eq!(count_events(&app, EventType::DecryptionKeyCreate).await, 2);
    assert_eq!(count_events(&app, EventType::DecryptionKeyDelete).await, 1);
}

#[tokio::test]
async fn iip_idp19_a_subject_is_read_with_each_key_of_a_rollover_sqlite() {
    a_subject_is_read_with_each_key_of_a_rollover(Kind::Sqlite).await;
}

#[tokio::test]
async fn iip_idp19_a_subject_is_read_with_each_key_of_a_rollover_postgres() {
    a_subject_is_read_with_each_key_of_a_rollover(Kind::Postgres).await;
}

#[tokio::test]
async fn decryption_keys_are_few_and_managed_by_admins() {
    let (app, ..) = gateway(SamlConnection::default()).await;
    for role in [Role::Auditor, Role::Helpdesk] {
        assert_eq!(call(&app, role, Method::POST, KEYS).await.status, StatusCode::FORBIDDEN);
        assert_eq!(call(&app, role, Method::GET, KEYS).await.status, StatusCode::OK);
    }
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(make(&app).await);
    }
    let fifth = call(&app, Role::Admin, Method::POST, KEYS).await;
    assert_eq!(fifth.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", fifth.text);
    let list = call(&app, Role::Auditor, Method::GET, KEYS).await;
    let list: Value = serde_json::from_str(&list.text).expect("JSON");
    let listed: Vec<&str> =
        list["keys"].as_array().expect("a list").iter().filter_map(|key| key["id"].as_str()).collect();
    ids.reverse();
    assert_eq!(listed, ids, "youngest first");
    let path = format!("{KEYS}/{}", ids[0]);
    assert_eq!(call(&app, Role::Helpdesk, Method::DELETE, &path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(call(&app, Role::Admin, Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
    for gone in [path.as_str(), &format!("{KEYS}/nonsense")] {
        assert_eq!(call(&app, Role::Admin, Method::DELETE, gone).await.status, StatusCode::NOT_FOUND);
    }
    assert!(apps::find(&app.ctx, &system(), "crm").await.is_ok());
}

/// How many decryptions of the network are counted.
async fn counted(app: &TestApp) -> i64 {
    let mut conn = app.ctx.db.read().await.expect("a connection");
    let counter = store::throttles::get(&mut conn, "decrypted/127.0.0.1").await.expect("read");
    counter.map_or(0, |counter| counter.failures)
}

#[tokio::test]
async fn s_34_unsigned_requests_have_identifiers_decrypted_within_a_limit_and_after_every_other_check() {
    let app = TestApp::new().await;
    fill(&app, saml_settings()).await;
    let encrypted = |key: &PKey<Public>| {
        format!("<saml:Subject>{}</saml:Subject>", encrypted(key, &name_id("maya@fernhill.example")))
    };
    let browser = app.browser();
    browser.sign_in("maya").await;
    let stranger = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).expect("a key")).expect("a key");
    let stranger = PKey::public_key_from_der(&stranger.public_key_to_der().expect("DER")).expect("a key");
    let xml = request(&app, "_none", "", &encrypted(&stranger));
    assert_eq!(status(&response(&post(&browser, &xml, None).await)), "RequestUnsupported");
    assert_eq!(counted(&app).await, 0, "without a key of ours there is nothing to decrypt");

    make(&app).await;
    let key = published(&app).await.remove(0);
    let subject = encrypted(&key);
    // What fails a check that costs little never gets that far.
    for (number, (attributes, content)) in [
        ("AssertionConsumerServiceURL=\"https://evil.example/acs\"", ""),
        ("ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:PAOS\"", ""),
        ("", "<samlp:NameIDPolicy Format=\"urn:example:none\"/>"),
        (
            "",
            "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:example:none</saml:AuthnContextClassRef>\
             </samlp:RequestedAuthnContext>",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let xml = request(&app, &format!("_cheap{number}"), attributes, &format!("{subject}{content}"));
        let page = post(&browser, &xml, None).await;
        assert!(!page.text.contains("AuthnStatement"), "{attributes}{content}");
        assert_eq!(counted(&app).await, 0, "{attributes}{content}");
    }
    let old = request(&app, "_old", "", &subject);
    app.ctx.clock.advance(TimeDelta::hours(1));
    let browser = app.browser();
    browser.sign_in("maya").await;
    post(&browser, &old, None).await;
    assert_eq!(counted(&app).await, 0, "too old");

    let good = request(&app, "_good", "", &subject);
    assert!(response(&post(&browser, &good, None).await).contains("AuthnStatement"), "the valid twin");
    assert_eq!(counted(&app).await, 1);
    let limit = gatehouse::domain::throttle::DECRYPTIONS;
    for _ in 1..limit.tries {
        throttle::count(&app.ctx, "decrypted/127.0.0.1", limit)
            .await
            .expect("counted")
            .expect("within the limit");
    }
    for number in 0..3 {
        let over = post(&browser, &request(&app, &format!("_over{number}"), "", &subject), None).await;
        assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS, "{}", over.text);
    }
    let filter = AuditFilter { event_type: Some(EventType::SsoAuth), ..AuditFilter::default() };
    let events =
        audit::list(&app.ctx, &system(), &filter, PageRequest::first(50)).await.expect("events").items;
    let told = events.iter().filter(|event| event.error_code.as_deref() == Some("too_many_decryptions"));
    assert_eq!(told.count(), 1, "said once a window");
    let plain = request(&app, "_plain", "", "");
    assert!(
        response(&post(&browser, &plain, None).await).contains("AuthnStatement"),
        "others are not held up"
    );
    app.ctx.clock.advance(limit.wait);
    let again = request(&app, "_again", "", &subject);
    assert!(response(&post(&browser, &again, None).await).contains("AuthnStatement"), "it ends by itself");
}
