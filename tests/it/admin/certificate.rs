//! The certificate page by its forms: a rollover, one's own pair, the emergency, and who may.

use super::{as_owner, follow, upload};
use crate::support::{
    app::{Browser, Page, TestApp, saml_settings, start, system},
    at,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::{app::App, connection::Connection, user::Role},
    service::{self, keys},
};
use openssl::{
    asn1::Asn1Time,
    hash::MessageDigest,
    pkey::{PKey, Private},
    rsa::Rsa,
    symm::Cipher,
    x509::{X509, X509NameBuilder},
};
use reqwest::StatusCode;

const PAGE: &str = "/admin/apps/crm/certificate";

async fn with_app() -> (TestApp, Browser, App) {
    let (app, owner) = as_owner().await;
    let maya = app.person("maya", Role::None).await;
    let group = app.group("Growth", &[maya.id]).await;
    let (crm, _) = app.app("crm", Connection::Saml(Box::new(saml_settings())), &group).await;
    (app, owner, crm)
}

async fn step(owner: &Browser, action: &str, fields: &[(&str, &str)]) -> Page {
    let fields: Vec<_> = [("action", action)].into_iter().chain(fields.iter().copied()).collect();
    owner.submit(PAGE, PAGE, &fields).await
}

/// The ids of the active key, the next one and the retired ones.
async fn ids(app: &TestApp, crm: &App) -> (String, Option<String>, Vec<String>) {
    let keys = keys::of_app(&app.ctx, &system(), crm).await.expect("keys");
    (
        keys.active().expect("one").id.to_string(),
        keys.next().map(|key| key.id.to_string()),
        keys.retired().into_iter().map(|key| key.id.to_string()).collect(),
    )
}

fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).expect("made")).expect("a key")
}

/// A certificate of the key, from an hour before the test's time for so many days.
fn certificate(key: &PKey<Private>, days: i64) -> String {
    let mut name = X509NameBuilder::new().expect("OpenSSL");
    name.append_entry_by_text("CN", "own.example").expect("a name");
    let name = name.build();
    let mut builder = X509::builder().expect("OpenSSL");
    let time = |at: chrono::DateTime<chrono::Utc>| Asn1Time::from_unix(at.timestamp()).expect("a time");
    builder.set_version(2).expect("OpenSSL");
    builder.set_subject_name(&name).expect("OpenSSL");
    builder.set_issuer_name(&name).expect("OpenSSL");
    builder.set_not_before(&time(start() - TimeDelta::days(400))).expect("OpenSSL");
    builder.set_not_after(&time(start() + TimeDelta::days(days))).expect("OpenSSL");
    builder.set_pubkey(key).expect("OpenSSL");
    builder.sign(key, MessageDigest::sha256()).expect("OpenSSL");
    String::from_utf8(builder.build().to_pem().expect("PEM")).expect("text")
}

fn pem(key: &PKey<Private>) -> String {
    String::from_utf8(key.private_key_to_pem_pkcs8().expect("PEM")).expect("text")
}

#[tokio::test]
async fn a_certificate_is_renewed_in_three_steps_and_rolled_back() {
    let (app, owner, crm) = with_app().await;
    let first = owner.get(PAGE).await;
    assert!(first.text.contains("aria-current=\"page\">Certificate<"), "a tab of its own");
    let (old, none, _) = ids(&app, &crm).await;
    assert_eq!(none, None);

    let made = step(&owner, "make", &[("algorithm", "p256"), ("years", "2")]).await;
    let page = follow(&owner, made).await.text;
    let (_, next, _) = ids(&app, &crm).await;
    let next = next.expect("a next one");
    assert!(page.contains("ECDSA P-256") && page.contains("Nobody has fetched the metadata yet."), "{page}");
    assert!(page.contains("make sure that CRM takes it"), "another kind of key is said");
    let twice = step(&owner, "make", &[("algorithm", "p256"), ("years", "2")]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text.contains("There is a next certificate already"), "{}", twice.text);

    let headers = [("user-agent", "sp-of-crm/7")];
    app.browser().send(reqwest::Method::GET, "/saml2/crm/metadata", &headers, "").await;
    let page = owner.get(PAGE).await.text;
    assert!(page.contains("sp-of-crm/7") && page.contains("Has it") && page.contains("127.0.0.1"), "{page}");
    assert!(page.contains("One reader of the metadata has the next certificate."), "{page}");

    let wrong = step(&owner, "switch", &[("key", &old)]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = follow(&owner, step(&owner, "switch", &[("key", &next)]).await).await.text;
    assert!(page.contains("Switched.") && page.contains("in the metadata until 2 March 2026, 12:00 UTC"));
    assert_eq!(ids(&app, &crm).await, (next.clone(), None, vec![old.clone()]));

    let page = follow(&owner, step(&owner, "roll_back", &[("key", &old)]).await).await.text;
    assert!(page.contains("Rolled back."));
    assert_eq!(ids(&app, &crm).await, (old.clone(), Some(next.clone()), Vec::new()));
    let in_use = step(&owner, "remove", &[("key", &old)]).await;
    assert_eq!(in_use.status, StatusCode::UNPROCESSABLE_ENTITY);
    follow(&owner, step(&owner, "remove", &[("key", &next)]).await).await;
    assert_eq!(ids(&app, &crm).await, (old, None, Vec::new()));
    let page = follow(&owner, step(&owner, "dance", &[]).await).await.text;
    assert!(page.contains("Nothing was changed"));
}

#[tokio::test]
async fn a_switch_is_scheduled_in_utc_and_taken_back() {
    let (app, owner, crm) = with_app().await;
    follow(&owner, step(&owner, "make", &[("algorithm", "p256"), ("years", "1")]).await).await;
    let (old, next, _) = ids(&app, &crm).await;
    let next = next.expect("a next one");
    for wrong in ["", "soon", "2026-03-01T11:00", "2031-01-01T00:00"] {
        let page = step(&owner, "schedule", &[("key", &next), ("switch_at", wrong)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(page.text.contains("id=\"switch_at-error\""), "{wrong}: {}", page.text);
    }
    let fields = [("key", next.as_str()), ("switch_at", "2026-03-02T02:00")];
    let page = follow(&owner, step(&owner, "schedule", &fields).await).await.text;
    assert!(page.contains("Switches by itself on 2 March 2026, 02:00 UTC."), "{page}");
    follow(&owner, step(&owner, "unschedule", &[("key", &next)]).await).await;
    app.ctx.clock.advance(TimeDelta::hours(15));
    assert_eq!(ids(&app, &crm).await.0, old);
    assert!(at(0) < app.ctx.now());
}

#[tokio::test]
async fn ones_own_pair_is_taken_and_signs() {
    let (app, owner, crm) = with_app().await;
    let key = rsa(2048);
    let sealed = key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"open sesame").expect("PEM");
    let sealed = String::from_utf8(sealed).expect("text");
    let own = certificate(&key, 300);
    let action = format!("{PAGE}/upload");
    let fields = [("certificate", own.as_str()), ("private_key", &sealed), ("passphrase", "open sesame")];
    let page = follow(&owner, upload(&owner, PAGE, &action, &fields).await).await.text;
    assert!(page.contains("Your certificate is the next one."), "{page}");
    assert!(!page.contains("PRIVATE KEY") && !page.contains("open sesame"));
    let next = ids(&app, &crm).await.1.expect("a next one");
    follow(&owner, step(&owner, "switch", &[("key", &next)]).await).await;
    let shown = app.browser().get("/saml2/crm/certificate.pem").await.text;
    assert_eq!(shown.trim(), own.trim());
    let maya = app.browser();
    maya.sign_in("maya").await;
    assert!(maya.get("/launch/crm").await.field("SAMLResponse").is_some(), "it signs");
}

#[tokio::test]
async fn pairs_that_would_not_work_are_refused_beside_their_field() {
    let (app, owner, crm) = with_app().await;
    let (key, other, weak) = (rsa(2048), rsa(2048), rsa(1024));
    let action = format!("{PAGE}/upload");
    let sealed = key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"right").expect("PEM");
    let sealed = String::from_utf8(sealed).expect("text");
    let own = certificate(&key, 300);
    let cases = [
        (own.clone(), pem(&other), "private_key", "doesn’t belong to the certificate"),
        (certificate(&weak, 300), pem(&weak), "private_key", "RSA of 1024 bits"),
        (certificate(&key, -1), pem(&key), "certificate", "ended on 28 February 2026"),
        ("hello".to_owned(), pem(&key), "certificate", "not a certificate in PEM"),
        (own.clone(), own.clone(), "private_key", "not a private key in PEM"),
        (own.clone(), sealed, "passphrase", "Enter its passphrase"),
    ];
    for (certificate, private, field, why) in &cases {
        let fields = [("certificate", certificate.as_str()), ("private_key", private)];
        let page = upload(&owner, PAGE, &action, &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}: {}", page.text);
        assert!(page.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", page.text);
        assert!(page.text.contains(why), "{why}: {}", page.text);
        assert!(!page.text.contains("BEGIN PRIVATE KEY"), "a key is never shown again");
    }
    let files = [("certificate_file", own.as_str()), ("private_key_file", "hello")];
    let page = upload(&owner, PAGE, &action, &files).await;
    assert!(page.text.contains("id=\"private_key_file-error\""), "{}", page.text);
    assert_eq!(ids(&app, &crm).await.1, None, "nothing was kept");
}

#[tokio::test]
async fn an_emergency_is_said_before_it_is_done() {
    let (app, owner, crm) = with_app().await;
    let replace = format!("{PAGE}/replace");
    let page = owner.get(&replace).await.text;
    assert!(page.contains("1 person can’t sign in to CRM until it has the new certificate"), "{page}");
    let (old, ..) = ids(&app, &crm).await;
    let wrong = owner.submit(&replace, &replace, &[("algorithm", "dsa"), ("years", "3")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = owner.submit(&replace, &replace, &[("algorithm", "p256"), ("years", "3")]).await;
    assert!(follow(&owner, done).await.text.contains("take the old one out there"));
    let (active, next, retired) = ids(&app, &crm).await;
    assert!(active != old && next.is_none() && retired == std::slice::from_ref(&old));
    let page = owner.get(PAGE).await.text;
    assert!(page.contains("never used again") && !page.contains("Roll back to"), "no way back: {page}");
    let refused = step(&owner, "roll_back", &[("key", &old)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("withdrawn in an emergency"), "{}", refused.text);
    let (now, ..) = ids(&app, &crm).await;
    assert_eq!(now, active);
}

#[tokio::test]
async fn what_ends_soon_is_on_the_first_page_the_list_and_the_app() {
    let (app, _, crm) = with_app().await;
    let keys = keys::of_app(&app.ctx, &system(), &crm).await.expect("keys");
    let end = keys.active().and_then(|key| key.not_after).expect("an end");
    app.ctx.clock.advance(end - TimeDelta::days(12) - app.ctx.now());
    let owner = app.browser();
    owner.sign_in("tomas").await;
    let home = owner.get("/admin").await.text;
    assert!(home.contains("CRM’s certificate ends in 12 days"), "{home}");
    assert!(home.contains("One certificate ends soon."), "{home}");
    for path in ["/admin/apps", "/admin/apps/crm/access"] {
        assert!(owner.get(path).await.text.contains("Certificate ends in 12 days"), "{path}");
    }
    assert!(owner.get(PAGE).await.text.contains("Make the next one now"));
    let list = owner.get("/admin/keys").await.text;
    assert!(list.contains("Ends in 12 days") && list.contains(PAGE), "{list}");
    service::key_expiry::warn(&app.ctx).await.expect("warned");
    let events = owner.get("/admin/audit?type=certificate_expiry").await.text;
    assert!(events.contains("Certificate ends soon"), "{events}");
}

#[tokio::test]
async fn only_who_may_manage_changes_a_certificate() {
    let (app, _, crm) = with_app().await;
    let before = ids(&app, &crm).await;
    for (name, role) in [("noor", Role::Auditor), ("ines", Role::Helpdesk)] {
        app.person(name, role).await;
        let browser = app.browser();
        browser.sign_in(name).await;
        assert_eq!(browser.get(PAGE).await.status, StatusCode::OK, "{name} may look");
        let forms: [(&str, &[(&str, &str)]); 4] = [
            (PAGE, &[("action", "make"), ("algorithm", "p256"), ("years", "3")]),
            (PAGE, &[("action", "remove"), ("key", before.0.as_str())]),
            ("/admin/apps/crm/certificate/replace", &[("algorithm", "p256"), ("years", "3")]),
            ("/admin/apps/crm/certificate/upload", &[("certificate", "x"), ("private_key", "y")]),
        ];
        for (action, fields) in forms {
            let refused = browser.submit("/account", action, fields).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name} {action}");
        }
    }
    assert_eq!(ids(&app, &crm).await, before);
    app.person("olu", Role::Admin).await;
    let admin = app.browser();
    admin.sign_in("olu").await;
    let made = step(&admin, "make", &[("algorithm", "p256"), ("years", "3")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "the valid twin: {}", made.text);
}

#[tokio::test]
async fn apps_without_saml_have_no_certificate() {
    let (app, owner, _) = with_app().await;
    let group = app.group("Everyone", &[]).await;
    app.app("wiki", crate::support::app::bookmark("https://wiki.example/"), &group).await;
    let (path, replace) = ("/admin/apps/wiki/certificate", "/admin/apps/wiki/certificate/replace");
    for path in [path, replace] {
        assert_eq!(owner.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!owner.get("/admin/apps/wiki/sso").await.text.contains(">Certificate<"));
}
