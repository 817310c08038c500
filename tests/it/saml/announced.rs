//! A key for encryption that an app's metadata announces is followed. Does not own its entity attributes
//! (`entity_attributes`).

use super::{
    entity_attributes::{CATEGORY, R_AND_S},
    fill, gateway,
    metadata_source::{descriptor, known, refresh, saml, settings as fetched, source},
    post, request, response,
    settings::certificate,
};
use crate::support::{
    app::{TestApp, saml_settings, start, system},
    database::Kind,
    metadata::{MetadataServer, Pair},
};
use gatehouse::{
    clock::Clock,
    config::Config,
    domain::{
        app::{App, AppDraft},
        connection::{Connection, Encrypt, EntityAttribute, MetadataApply, MetadataSource, SamlConnection},
    },
    service::{
        self,
        organisation::{self, ApplyOptions, Notation, Secrets},
        sp_metadata::{self, Reading, Refreshed},
    },
    web::Limits,
};

/// The metadata of `crm` with a key of this use and these methods.
fn with_key(of_use: &str, methods: &[&str], certificate: &str) -> String {
    descriptor().holding(&key_descriptor(of_use, methods, certificate), "").xml()
}

fn key_descriptor(of_use: &str, methods: &[&str], certificate: &str) -> String {
    let method = |uri: &&str| format!("<md:EncryptionMethod Algorithm=\"{uri}\"></md:EncryptionMethod>");
    let methods = methods.iter().map(method).collect::<Vec<_>>().concat();
    format!(
        "<md:KeyDescriptor{of_use}><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"
    )
}

/// What the settings become when this metadata is uploaded.
pub(super) fn proposed(app: &TestApp, current: &SamlConnection, xml: &str) -> sp_metadata::Proposal {
    let reading = Reading {
        entity_id: "",
        current,
        label: "CRM",
        organization: "Fernhill",
        public_url: &app.url,
        config: &app.ctx.config.saml,
        now: app.ctx.now(),
    };
    sp_metadata::propose(xml, &reading).expect("readable")
}

/// The app as it is stored.
pub(super) async fn crm(app: &TestApp) -> App {
    service::apps::find(&app.ctx, &system(), "crm").await.expect("there")
}

/// Saves it with these settings.
pub(super) async fn save(app: &TestApp, saml: SamlConnection) {
    let crm = crm(app).await;
    let draft = AppDraft { connection: Connection::Saml(Box::new(saml)), ..AppDraft::of(&crm) };
    service::apps::update(&app.ctx, &system(), crm.clone(), crm.version, draft).await.expect("saved");
}

/// What Maya's browser posts when `crm` asks.
pub(super) async fn issued(app: &TestApp, id: &str) -> String {
    let browser = app.browser();
    browser.sign_in("maya").await;
    response(&post(&browser, &request(app, id, "", ""), None).await)
}

#[tokio::test]
async fn sdp_idp11_an_app_that_announces_a_key_gets_encrypted_assertions() {
    let (app, ..) = gateway(saml_settings()).await;
    let rsa = certificate(2048);
    let (gcm, oaep) =
        ("http://www.w3.org/2009/xmlenc11#aes128-gcm", "http://www.w3.org/2009/xmlenc11#rsa-oaep");
    for (number, (of_use, methods, encrypted, algorithm)) in [
        ("", &[][..], false, ""),
        (" use=\"signing\"", &[], false, ""),
        (" use=\"encryption\"", &[], true, "xmlenc11#aes256-gcm"),
        (" use=\"encryption\"", &[gcm, oaep], true, "xmlenc11#aes128-gcm"),
        ("", &[gcm, oaep], true, "xmlenc11#aes128-gcm"),
        (" use=\"encryption\"", &["http://www.w3.org/2001/04/xmlenc#rsa-1_5"], false, ""),
    ]
    .into_iter()
    .enumerate()
    {
        let proposal = proposed(&app, &saml_settings(), &with_key(of_use, methods, &rsa));
        save(&app, proposal.connection).await;
        let xml = issued(&app, &format!("_r{number}")).await;
        assert_eq!(xml.contains("EncryptedAssertion"), encrypted, "{of_use} {methods:?}: {xml}");
        assert!(xml.contains(algorithm), "{of_use} {methods:?}: {xml}");
        assert_eq!(xml.contains("maya@fernhill.example"), !encrypted);
    }
}

#[tokio::test]
async fn sdp_idp11_an_app_of_before_and_one_that_is_set_so_stay_as_they_are() {
    let (app, ..) = gateway(saml_settings()).await;
    let announced = with_key(" use=\"encryption\"", &[], &certificate(2048));
    let off = SamlConnection { encrypt: Encrypt::Off, ..saml_settings() };
    save(&app, proposed(&app, &off, &announced).connection).await;
    assert!(!issued(&app, "_r1").await.contains("EncryptedAssertion"));
    let unsaid = with_key("", &[], &certificate(2048));
    let on = SamlConnection { encrypt: Encrypt::On, ..saml_settings() };
    save(&app, proposed(&app, &on, &unsaid).connection).await;
    assert!(
        issued(&app, "_r2").await.contains("EncryptedAssertion"),
        "a key without use serves for both (IIP-MD11)"
    );
}

async fn a_fetched_key_waits(kind: Kind) {
    let app = TestApp::on(kind).await;
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    fill(&app, fetched(source(&format!("{}/sp", server.url)))).await;
    assert_eq!(refresh(&app).await, Refreshed::Same);
    server.put("/sp", with_key(" use=\"encryption\"", &[], &certificate(2048)));
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    assert!(!saml(&app).await.encrypts(), "not before somebody looked");
    let shown = crm(&app).await;
    let pending =
        sp_metadata::pending(&app.ctx, &shown, &known(&app).await).await.expect("read").expect("waits");
    let row = pending.rows.iter().find(|row| row.field == "Encrypts assertions").expect("it is said");
    assert_eq!((row.now.as_str(), row.from_metadata.as_str(), row.changes), ("no", "yes", true));
    assert!(pending.fields().contains("Encrypts assertions"), "{}", pending.fields());
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &pending.digest)
        .await
        .expect("approved");
    assert!(issued(&app, "_r1").await.contains("EncryptedAssertion"));
    // A key that goes would end it: that waits too.
    server.put("/sp", descriptor().xml());
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    assert!(issued(&app, "_r2").await.contains("EncryptedAssertion"));
}

const GCM_128: &str = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

/// The algorithms that an encrypted assertion names.
fn used(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let methods = document.descendants().filter(|node| node.tag_name().name() == "EncryptionMethod");
    methods.filter_map(|node| node.attribute("Algorithm")).map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn iip_md10_encryption_begins_by_approval_with_what_the_app_names() {
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    let (app, ..) = gateway(fetched(source(&format!("{}/sp", server.url)))).await;
    assert_eq!(refresh(&app).await, Refreshed::Same);
    let key = certificate(2048);
    server.put("/sp", with_key(" use=\"encryption\"", &[GCM_128, OAEP], &key));
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    let shown = crm(&app).await;
    let pending =
        sp_metadata::pending(&app.ctx, &shown, &known(&app).await).await.expect("read").expect("waits");
    let row = pending.rows.iter().find(|row| row.field == "Encryption").expect("it is said");
    assert_eq!(
        (row.now.as_str(), row.from_metadata.as_str(), row.changes),
        ("aes256-gcm, rsa-oaep-mgf1p", "aes128-gcm, rsa-oaep", true)
    );
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &pending.digest)
        .await
        .expect("approved");
    assert_eq!(used(&issued(&app, "_r1").await), [GCM_128, OAEP]);
    assert_eq!(refresh(&app).await, Refreshed::Same);
    // Another algorithm beside the same key is another digest, and waits as well.
    server.put(
        "/sp",
        with_key(" use=\"encryption\"", &["http://www.w3.org/2001/04/xmlenc#aes256-cbc", OAEP], &key),
    );
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    assert_eq!(used(&issued(&app, "_r2").await), [GCM_128, OAEP]);
    assert_ne!(known(&app).await.progress.waiting.expect("waits").digest, pending.digest);
    // Who names nothing is sent what was chosen here.
    server.put("/sp", with_key(" use=\"encryption\"", &[], &key));
    assert_eq!(refresh(&app).await, Refreshed::Same);
    assert_eq!(used(&issued(&app, "_r3").await), [GCM_128, OAEP]);
}

#[tokio::test]
async fn iip_md10_encryption_begins_by_a_signature_with_what_the_app_names() {
    let (pair, server) = (Pair::new(), MetadataServer::start().await);
    let signed = MetadataSource {
        certificates: vec![pair.certificate.clone()],
        apply: MetadataApply::Signed,
        ..source(&format!("{}/sp", server.url))
    };
    server.put("/sp", descriptor().signed(&pair));
    let (app, ..) = gateway(fetched(signed)).await;
    assert_eq!(refresh(&app).await, Refreshed::Same);
    let key = certificate(2048);
    let with = |methods: &[&str]| {
        descriptor().holding(&key_descriptor(" use=\"encryption\"", methods, &key), "").signed(&pair)
    };
    server.put("/sp", with(&[GCM_128, OAEP]));
    assert_eq!(refresh(&app).await, Refreshed::Applied);
    assert_eq!(used(&issued(&app, "_r1").await), [GCM_128, OAEP]);
    server.put("/sp", with(&["http://www.w3.org/2001/04/xmlenc#aes256-cbc", OAEP]));
    assert_eq!(refresh(&app).await, Refreshed::Applied);
    assert_eq!(used(&issued(&app, "_r2").await), ["http://www.w3.org/2001/04/xmlenc#aes256-cbc", OAEP]);
}

#[tokio::test]
async fn iip_alg08_an_app_that_names_only_what_is_blocked_goes_on_in_clear() {
    let blocked = vec!["aes128-gcm".parse().expect("known")];
    let configure = move |config: &mut Config| config.saml.blocked_algorithms = blocked;
    let app = TestApp::with(Kind::Sqlite, Clock::manual(start()), Limits::default(), configure).await;
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    fill(&app, fetched(source(&format!("{}/sp", server.url)))).await;
    assert_eq!(refresh(&app).await, Refreshed::Same);
    let key = certificate(2048);
    for (number, (methods, encrypted)) in [
        (&[GCM_128, OAEP][..], None),
        // Beside it something else: that is used. And who names nothing takes everything.
        (
            &[GCM_128, "http://www.w3.org/2001/04/xmlenc#aes128-cbc", OAEP],
            Some("http://www.w3.org/2001/04/xmlenc#aes128-cbc"),
        ),
        (&[], Some("http://www.w3.org/2001/04/xmlenc#aes128-cbc")),
    ]
    .into_iter()
    .enumerate()
    {
        let xml = with_key(" use=\"encryption\"", methods, &key);
        let warned = proposed(&app, &saml(&app).await, &xml).warnings;
        let told = warned.iter().any(|line| line.contains("saml.blocked_algorithms"));
        assert_eq!(told, encrypted.is_none(), "{warned:?}");
        server.put("/sp", xml);
        if refresh(&app).await == Refreshed::Waits {
            let shown = crm(&app).await;
            let digest = known(&app).await.progress.waiting.expect("waits").digest;
            sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &digest)
                .await
                .expect("approved");
        }
        let xml = issued(&app, &format!("_r{number}")).await;
        assert_eq!(used(&xml).first().map(String::as_str), encrypted, "{methods:?}: {xml}");
        assert_eq!(xml.contains("maya@fernhill.example"), encrypted.is_none());
    }
}

#[tokio::test]
async fn sdp_idp11_a_fetched_key_begins_encryption_once_it_is_approved_sqlite() {
    a_fetched_key_waits(Kind::Sqlite).await;
}

#[tokio::test]
async fn sdp_idp11_a_fetched_key_begins_encryption_once_it_is_approved_postgres() {
    a_fetched_key_waits(Kind::Postgres).await;
}

#[tokio::test]
async fn the_file_carries_both_there_and_back() {
    let (app, ..) = gateway(saml_settings()).await;
    let key = certificate(2048);
    let yaml = format!(
        "apps:\n- slug: crm\n  saml:\n    sp_entity_id: https://sp.example/metadata\n    acs_urls: [{{url: https://sp.example/acs}}]\n    \
         encryption_certificates: [\"{key}\"]\n    entity_attributes: [{{name: {CATEGORY}, value: {R_AND_S}}}]\n    attributes:\n    \
         - {{name: mail, source: email, only_for: [{{name: {CATEGORY}, value: {R_AND_S}}}]}}\n"
    );
    let apply = async |yaml: &str| {
        let value = organisation::value(yaml.as_bytes(), Notation::Yaml).expect("a value");
        let document = organisation::document(value).expect("a document");
        organisation::apply(&app.ctx, &system(), &document, ApplyOptions::default()).await
    };
    apply(&yaml).await.expect("applied");
    let saved = saml(&app).await;
    assert_eq!(
        (saved.encrypt, saved.sp_decrypts),
        (Encrypt::Auto, true),
        "a key in the file is one to encrypt to"
    );
    assert_eq!(saved.attributes[0].only_for, [EntityAttribute::new(CATEGORY, R_AND_S)]);
    let out = organisation::export(&app.ctx, &system(), Secrets::None).await.expect("exported");
    let out = serde_json::to_value(&out.apps.expect("apps")[0].saml).expect("JSON");
    assert_eq!((out["encrypt"].as_str(), out["sp_decrypts"].as_bool()), (Some("auto"), Some(true)));
    assert_eq!(out["attributes"][0]["only_for"][0]["value"], R_AND_S);
    assert_eq!(out["entity_attributes"][0]["name"], CATEGORY);
    // An app that was never encrypted for isn't by a file that doesn't say so.
    save(&app, SamlConnection { encrypt: Encrypt::Off, ..saved }).await;
    apply(&yaml).await.expect("applied");
    assert_eq!(saml(&app).await.encrypt, Encrypt::Off);
    apply(&yaml.replace("encryption_certificates", "encrypt: auto\n    encryption_certificates"))
        .await
        .expect("applied");
    assert_eq!(saml(&app).await.encrypt, Encrypt::Auto);
    for wrong in ["encrypt: perhaps", "encrypt: 1"] {
        let bad = yaml.replace("encryption_certificates", &format!("{wrong}\n    encryption_certificates"));
        let value = organisation::value(bad.as_bytes(), Notation::Yaml).expect("a value");
        let refused = organisation::document(value).expect_err(wrong);
        assert_eq!(refused.0[0].field, "apps[0].saml.encrypt", "{refused}");
    }
}
