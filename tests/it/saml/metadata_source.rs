//! Metadata that is fetched by address: refreshed, verified, reviewed, held to its dates. The server stands on loopback.

use super::{fill, gateway, post, request, response};
use crate::support::{
    app::{TestApp, saml_settings, system},
    database::Kind,
    metadata::{Descriptor, MetadataServer, Pair, Reply},
};
use chrono::{SecondsFormat, TimeDelta};
use gatehouse::{
    clock::Clock,
    context::{AppContext, Parts},
    domain::{
        app::{App, AppDraft},
        audit::{AuditEvent, EventType},
        connection::{Connection, EndedMetadata, MetadataApply, MetadataSource, SamlConnection},
        sp_metadata::SpMetadata,
    },
    keyring::Keyring,
    service::{
        self, ServiceError,
        authentication::hasher::Hasher,
        overview::{AuditFilter, PageRequest},
        settings::OrganizationCache,
        sp_metadata::{self, Refreshed},
    },
};

pub(super) const SP: &str = "https://sp.example/metadata";
pub(super) const ACS: &str = "https://sp.example/acs";

pub(super) fn source(url: &str) -> MetadataSource {
    MetadataSource { urls: vec![url.to_owned()], ..MetadataSource::default() }
}

/// The settings of `crm`, which agree with [`descriptor`].
pub(super) fn settings(source: MetadataSource) -> SamlConnection {
    SamlConnection { metadata_source: Some(source), ..saml_settings() }
}

pub(super) fn descriptor() -> Descriptor {
    Descriptor::new(SP, ACS)
}

pub(super) async fn crm(app: &TestApp) -> App {
    service::apps::find(&app.ctx, &system(), "crm").await.expect("there")
}

pub(super) async fn saml(app: &TestApp) -> SamlConnection {
    crm(app).await.connection.saml().expect("SAML").clone()
}

pub(super) async fn known(app: &TestApp) -> SpMetadata {
    sp_metadata::look(&app.ctx, &system(), &crm(app).await).await.expect("answered").expect("it has a source")
}

pub(super) async fn refresh(app: &TestApp) -> Refreshed {
    let id = crm(app).await.id;
    sp_metadata::refresh_now(&app.ctx, &system(), id).await.expect("answered")
}

/// The code with which a refresh failed; the settings stayed.
pub(super) async fn refused(app: &TestApp) -> String {
    let before = saml(app).await;
    let outcome = refresh(app).await;
    assert!(matches!(outcome, Refreshed::Failed(_)), "{outcome:?}");
    assert_eq!(saml(app).await, before, "good is never replaced by bad");
    known(app).await.progress.trouble.expect("said").code
}

async fn events(app: &TestApp, event_type: EventType) -> Vec<AuditEvent> {
    let filter = AuditFilter { event_type: Some(event_type), ..AuditFilter::default() };
    service::audit::list(&app.ctx, &system(), &filter, PageRequest::first(50)).await.expect("events").items
}

async fn fetched_by_the_clock(kind: Kind) {
    let app = TestApp::on(kind).await;
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    fill(&app, settings(source(&format!("{}/sp", server.url)))).await;
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 1, "a new source is due at once");
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 0, "and then it is not");
    assert_eq!(events(&app, EventType::SpMetadataRefresh).await.len(), 1, "the first success is news");
    app.ctx.clock.advance(TimeDelta::hours(21));
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 0);
    app.ctx.clock.advance(TimeDelta::hours(3));
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 1, "daily");
    let asked = server.asked();
    assert_eq!(
        (asked.len(), asked[0].if_none_match.is_some(), asked[1].if_none_match.is_some()),
        (2, false, true)
    );
    let known = known(&app).await;
    assert_eq!(known.progress.fetched_at, Some(app.ctx.now()), "that nothing changed is a success");
    assert_eq!(known.progress.trouble, None);
    assert_eq!(events(&app, EventType::SpMetadataRefresh).await.len(), 1, "no event a day");
    assert_eq!(events(&app, EventType::ApplicationUpdate).await.len(), 0);

    // It wants to be asked more often: an hour is the least.
    server.put("/sp", Descriptor { cache: Some("PT1M"), ..descriptor() }.xml());
    app.ctx.clock.advance(TimeDelta::days(1));
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 1);
    app.ctx.clock.advance(TimeDelta::minutes(50));
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 0);
    app.ctx.clock.advance(TimeDelta::minutes(10));
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 1);
}

#[tokio::test]
async fn iip_md02_it_is_fetched_daily_and_asked_whether_it_changed_sqlite() {
    fetched_by_the_clock(Kind::Sqlite).await;
}

#[tokio::test]
async fn iip_md02_it_is_fetched_daily_and_asked_whether_it_changed_postgres() {
    fetched_by_the_clock(Kind::Postgres).await;
}

async fn one_node_fetches(kind: Kind) {
    let app = TestApp::on(kind).await;
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    fill(&app, settings(source(&format!("{}/sp", server.url)))).await;
    let node = AppContext::new(Parts {
        db: app.ctx.db.clone(),
        clock: Clock::manual(app.ctx.now()),
        keyring: Keyring::ephemeral().expect("a key"),
        config: app.ctx.config.clone(),
        organization: OrganizationCache::default(),
        hasher: Hasher::new(&app.ctx.config.passwords).expect("valid"),
    });
    let (one, two) = tokio::join!(sp_metadata::refresh_due(&app.ctx), sp_metadata::refresh_due(&node));
    assert_eq!(one.expect("done") + two.expect("done"), 1);
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn two_nodes_do_not_fetch_twice_sqlite() {
    one_node_fetches(Kind::Sqlite).await;
}

#[tokio::test]
async fn two_nodes_do_not_fetch_twice_postgres() {
    one_node_fetches(Kind::Postgres).await;
}

async fn waiting_and_approved(kind: Kind) {
    let app = TestApp::on(kind).await;
    let server = MetadataServer::start().await;
    let (old, new) = (Pair::new(), Pair::new());
    server.put("/sp", descriptor().with(&[&old.certificate]).xml());
    let mut with_key = settings(source(&format!("{}/sp", server.url)));
    with_key.sp_certificates = vec![old.certificate.clone()];
    fill(&app, with_key.clone()).await;
    assert_eq!(refresh(&app).await, Refreshed::Same);

    // Another key, another address, and an attribute: the attribute gets a row, the rest waits.
    let moved = Descriptor { asks: vec!["title"], ..Descriptor::new(SP, "https://sp.example/moved") };
    server.put("/sp", moved.clone().with(&[&new.certificate]).xml());
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    let saved = saml(&app).await;
    assert_eq!((&saved.sp_certificates, &saved.acs_urls), (&with_key.sp_certificates, &with_key.acs_urls));
    let title = saved.attributes.iter().find(|row| row.name == "title").expect("a row");
    assert!(title.off, "nothing more is released by itself");
    let pending = sp_metadata::pending(&app.ctx, &crm(&app).await, &known(&app).await)
        .await
        .expect("read")
        .expect("waits");
    assert_eq!(pending.fields(), "Reply addresses, Signing certificates");
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    assert_eq!(events(&app, EventType::SpMetadataWaiting).await.len(), 1, "said once");
    assert_eq!(sp_metadata::attention(&app.ctx, &system()).await.expect("read").len(), 1);

    // Approving approves what was shown, at the app's version, and nothing else.
    let shown = crm(&app).await;
    let other = sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, "another").await;
    assert!(matches!(other, Err(ServiceError::Stale)), "{other:?}");
    let stale = sp_metadata::approve(&app.ctx, &system(), &shown, shown.version - 1, &pending.digest).await;
    assert!(matches!(stale, Err(ServiceError::Stale)), "{stale:?}");
    assert!(known(&app).await.progress.waiting.is_some(), "one write: nothing of it happened");
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &pending.digest)
        .await
        .expect("approved");
    let saved = saml(&app).await;
    assert_eq!(saved.acs_urls[0].url, "https://sp.example/moved");
    assert_eq!(saved.sp_certificates, std::slice::from_ref(&new.certificate));
    assert_eq!(known(&app).await.progress.waiting, None);
    assert_eq!(events(&app, EventType::SpMetadataApprove).await.len(), 1);
    assert_eq!(refresh(&app).await, Refreshed::Same);

    // Dismissed, it isn't proposed again; something else is.
    server.put("/sp", moved.clone().with(&[&old.certificate]).xml());
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    let waiting = known(&app).await.progress.waiting.expect("waits").digest;
    sp_metadata::dismiss(&app.ctx, &system(), &crm(&app).await, &waiting).await.expect("dismissed");
    app.ctx.clock.advance(TimeDelta::days(1));
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 1);
    assert_eq!(known(&app).await.progress.waiting, None, "the clock does not ask again");
    assert_eq!(refresh(&app).await, Refreshed::Waits, "who asks by hand is shown it");
    sp_metadata::dismiss(&app.ctx, &system(), &crm(&app).await, &waiting).await.expect("dismissed");
    server.put("/sp", moved.with(&[&old.certificate, &new.certificate]).xml());
    assert_eq!(refresh(&app).await, Refreshed::Waits);
}

#[tokio::test]
async fn s_35_keys_and_addresses_wait_for_approval_sqlite() {
    waiting_and_approved(Kind::Sqlite).await;
}

#[tokio::test]
async fn s_35_keys_and_addresses_wait_for_approval_postgres() {
    waiting_and_approved(Kind::Postgres).await;
}

#[tokio::test]
async fn iip_md03_only_what_the_source_signed_counts_and_may_apply_by_itself() {
    let (pair, stranger, key) = (Pair::new(), Pair::new(), Pair::new());
    let server = MetadataServer::start().await;
    let trusted = MetadataSource {
        certificates: vec![pair.certificate.clone()],
        apply: MetadataApply::Signed,
        ..source(&format!("{}/sp", server.url))
    };
    let (app, ..) = gateway(settings(trusted)).await;
    let moved = Descriptor::new(SP, "https://sp.example/moved").with(&[&key.certificate]);
    for (name, bad) in [
        ("unsigned", moved.xml()),
        ("of a stranger", moved.signed(&stranger)),
        ("changed", moved.signed(&pair).replace("/moved", "/taken")),
    ] {
        server.put("/sp", bad);
        assert_eq!(refused(&app).await, "metadata_signature", "{name}");
    }
    assert_eq!(events(&app, EventType::SpMetadataRefresh).await.len(), 1, "the same failure is said once");
    server.put("/sp", moved.signed(&pair));
    assert_eq!(refresh(&app).await, Refreshed::Applied, "verified, it applies by itself");
    let saved = saml(&app).await;
    assert_eq!(saved.acs_urls[0].url, "https://sp.example/moved");
    assert_eq!(saved.sp_certificates, [key.certificate]);
    let told = events(&app, EventType::ApplicationUpdate).await;
    assert_eq!(told[0].initiated_by.username.as_deref(), Some("metadata"));
    assert!(told[0].changes.iter().any(|change| change.field == "sp_certificates"), "{:?}", told[0].changes);
}

#[tokio::test]
async fn s_35_bad_documents_never_replace_good_ones() {
    let server = MetadataServer::start().await;
    let (app, ..) = gateway(settings(source(&format!("{}/sp", server.url)))).await;
    let good = descriptor().xml();
    server.put("/sp", good.clone());
    assert_eq!(refresh(&app).await, Refreshed::Same);
    let short = Descriptor { valid_until: Some("2026-02-01T00:00:00Z".into()), ..descriptor() }.xml();
    for (name, body, code) in [
        ("broken", good[..good.len() - 9].to_owned(), "metadata_unreadable"),
        (
            "DTD",
            format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{good}"),
            "metadata_unreadable",
        ),
        ("a page", "<html><body>Sign in</body></html>".to_owned(), "metadata_unreadable"),
        ("another entity", Descriptor::new("https://evil.example", ACS).xml(), "metadata_entity"),
        ("http", Descriptor::new(SP, "javascript:alert(1)").xml(), "metadata_unreadable"),
        ("ended", short, "metadata_validity"),
    ] {
        server.put("/sp", body);
        assert_eq!(refused(&app).await, code, "{name}");
        assert!(known(&app).await.document.is_some_and(|document| document.contains(ACS)), "{name}");
    }
    for status in [401, 404, 500] {
        server.reply("/sp", Reply { status, ..Reply::default() });
        assert_eq!(refused(&app).await, "metadata_status", "{status}");
    }
    let told = async |success: bool| {
        let events = events(&app, EventType::SpMetadataRefresh).await;
        events.iter().filter(|event| event.success == success).count()
    };
    assert_eq!(told(false).await, 5, "each change of kind is said, not each failure");
    assert_eq!(told(true).await, 1, "the first success");
    server.put("/sp", good);
    assert_eq!(refresh(&app).await, Refreshed::Same);
    assert_eq!(told(true).await, 2, "and that it works again");
}

#[tokio::test]
async fn iip_md04_dates_are_held_to_the_source_s_terms() {
    let server = MetadataServer::start().await;
    let strict = MetadataSource {
        require_valid_until: true,
        max_valid_days: Some(30),
        ended: EndedMetadata::Refuse,
        ..source(&format!("{}/sp", server.url))
    };
    let (app, ..) = gateway(settings(strict)).await;
    let until = |days: i64| {
        let end = app.ctx.now() + TimeDelta::days(days);
        Descriptor { valid_until: Some(end.to_rfc3339_opts(SecondsFormat::Secs, true)), ..descriptor() }.xml()
    };
    server.put("/sp", descriptor().xml());
    assert_eq!(refused(&app).await, "metadata_validity", "no end");
    server.put("/sp", until(31));
    assert_eq!(refused(&app).await, "metadata_validity", "too far away");
    server.put("/sp", until(30));
    assert_eq!(refresh(&app).await, Refreshed::Same);

    let browser = app.browser();
    browser.sign_in("maya").await;
    assert!(response(&post(&browser, &request(&app, "_r1", "", ""), None).await).contains("AuthnStatement"));
    app.ctx.clock.advance(TimeDelta::days(31));
    browser.sign_in("maya").await;
    let stopped = post(&browser, &request(&app, "_r2", "", ""), None).await;
    assert!(stopped.reference().is_some(), "{}", stopped.text);
    let event = events(&app, EventType::SsoAuth).await.remove(0);
    assert_eq!(event.error_code.as_deref(), Some("metadata_ended"));
    assert_eq!(
        refused(&app).await,
        "metadata_validity",
        "the source says that nothing changed, but it ended"
    );

    // The other policy: the last good document goes on to count.
    let now = crm(&app).await;
    let kept = Connection::Saml(Box::new(settings(source(&format!("{}/sp", server.url)))));
    let draft = AppDraft { connection: kept, ..AppDraft::of(&now) };
    service::apps::update(&app.ctx, &system(), now.clone(), now.version, draft).await.expect("saved");
    assert!(known(&app).await.document.is_some(), "the same place: what is known of it stays");
    assert!(response(&post(&browser, &request(&app, "_r3", "", ""), None).await).contains("AuthnStatement"));
}
