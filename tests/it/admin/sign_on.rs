//! The sign-on tab: SAML fields, metadata reviewed before it counts, and OIDC secrets that are shown once.

use super::{as_owner, follow, sp_metadata, upload};
use crate::support::app::{TestApp, saml_settings, system};
use gatehouse::{
    domain::{
        audit::AuditEvent,
        connection::{Connection, SamlConnection},
    },
    service::{
        apps, audit, client_secrets,
        overview::{AuditFilter, PageRequest},
    },
};
use reqwest::StatusCode;

async fn saml_of(app: &TestApp, slug: &str) -> SamlConnection {
    let found = apps::find(&app.ctx, &system(), slug).await.expect("an app");
    found.connection.saml().expect("a SAML app").clone()
}

async fn events(app: &TestApp) -> Vec<AuditEvent> {
    audit::list(&app.ctx, &system(), &AuditFilter::default(), PageRequest::first(200))
        .await
        .expect("events")
        .items
}

#[tokio::test]
async fn metadata_is_reviewed_before_it_counts() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let (sso, address) = ("/admin/apps/crm/sso", "/admin/apps/crm/sso/metadata");
    let before = saml_of(&app, "crm").await;
    let xml = sp_metadata("https://sp.example/metadata", "https://sp.example/acs/eu");
    let review = upload(&owner, sso, address, &[("metadata_file", &xml), ("metadata_xml", "")]).await;
    assert_eq!(review.status, StatusCode::OK, "{}", review.text);
    assert!(
        review.text.contains("https://sp.example/acs/eu") && review.text.contains("One value would change."),
        "{}",
        review.text
    );
    assert_eq!(saml_of(&app, "crm").await, before, "nothing is saved yet");

    let payload = review.field("metadata_xml").expect("the document comes back");
    let used = upload(&owner, sso, address, &[("metadata_xml", &payload), ("confirm", "yes")]).await;
    assert_eq!(used.location(), sso, "{}", used.text);
    let after = saml_of(&app, "crm").await;
    assert_eq!(after.acs_urls[0].url, "https://sp.example/acs/eu");
    assert_eq!(after.attributes, before.attributes, "what the document doesn’t say stays");

    let changed = payload.replace("entityID=\"https://sp.example/metadata\"", "entityID=\"\"");
    let forged = upload(&owner, sso, address, &[("metadata_xml", &changed), ("confirm", "yes")]).await;
    assert_eq!(forged.status, StatusCode::UNPROCESSABLE_ENTITY, "the payload is read anew");
    assert_eq!(saml_of(&app, "crm").await, after);
}

#[tokio::test]
async fn our_own_metadata_is_refused_in_words() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let own = owner.get("/saml2/crm/metadata").await.text;
    let (sso, address) = ("/admin/apps/crm/sso", "/admin/apps/crm/sso/metadata");
    let page = upload(&owner, sso, address, &[("metadata_file", &own)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text.contains("This file is Fernhill’s own metadata. Upload the one from CRM."),
        "{}",
        page.text
    );
    let large = format!("<EntityDescriptor>{}</EntityDescriptor>", "x".repeat(600 * 1024));
    let page = upload(&owner, sso, address, &[("metadata_file", &large)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "a large file is read and refused in words");
    let larger = "x".repeat(2 * 1024 * 1024);
    let page = upload(&owner, sso, address, &[("metadata_file", &larger)]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn saml_fields_are_saved_and_refused_beside_their_control() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let sso = "/admin/apps/crm/sso";
    let mut fields = vec![
        ("acs_urls", "https://sp.example/acs\nhttps://sp.example/acs2"),
        ("sp_entity_id", "https://sp.example/metadata"),
        ("name_id_source", "username"),
        ("name_id_format", "persistent"),
        ("sign", "assertion"),
        ("require_signed_requests", "auto"),
        ("attribute_name", "mail"),
        ("attribute_kind", "source"),
        ("attribute_value", "email"),
        ("attribute_name", ""),
        ("attribute_kind", "source"),
        ("attribute_value", "ignored"),
        ("attribute_name", "plan"),
        ("attribute_kind", "constant"),
        ("attribute_value", "gold"),
    ];
    let page = follow(&owner, owner.submit(sso, sso, &fields).await).await;
    assert!(page.text.contains("Saved. It counts from the next sign-in."));
    let saved = saml_of(&app, "crm").await;
    assert_eq!(saved.acs_urls.len(), 2);
    assert_eq!((saved.sign_assertion, saved.sign_response), (true, false));
    let names: Vec<&str> = saved.attributes.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["mail", "plan"]);

    fields[0].1 = "http://user@evil.example/\njavascript:alert(1)";
    fields[8].1 = "no_such_attribute";
    fields.push(("sp_certificates", "</textarea><script>"));
    let refused = owner.submit(sso, sso, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.text.contains("</textarea><script>"), "typed text is escaped");
    assert!(refused.text.contains("id=\"sp_certificates-error\""), "{}", refused.text);
    fields.pop();
    let refused = owner.submit(sso, sso, &fields).await;
    for id in ["id=\"acs_urls-error\"", "id=\"attribute_name\"", "javascript:alert(1)", "no_such_attribute"] {
        assert!(refused.text.contains(id), "{id}: {}", refused.text);
    }
    assert_eq!(saml_of(&app, "crm").await, saved, "nothing was changed");
}

#[tokio::test]
async fn an_oidc_secret_is_shown_once_and_nowhere_else() {
    let (app, owner) = as_owner().await;
    let new = "/admin/apps/new/custom-oidc";
    let made =
        owner.submit(new, new, &[("label", "Statsig"), ("redirect_uris", "https://rp.example/cb")]).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert_eq!(made.headers["cache-control"], "no-store");
    let secret = secret_in(&made.text).expect("shown");
    let sso = "/admin/apps/statsig/sso";
    let page = owner.get(sso).await.text;
    assert!(!page.contains(&secret), "never again");
    assert!(page.contains(&format!("Ends in …{}", &secret[secret.len() - 4..])), "{page}");

    // The file comes from the page that shows the secret, and from no other.
    let download = "/admin/apps/statsig/secret/file";
    let file = owner.submit(sso, download, &[("secret", &secret)]).await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(file.text.ends_with(&format!("client_secret: {secret}\n")), "{}", file.text);
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"statsig-client-secret.txt\""),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(file.headers[name], value);
    }
    let other = owner.submit(sso, download, &[("secret", "<script>alert(1)</script>")]).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER, "what isn’t its secret is not given back");
    assert_eq!(other.location(), "/admin/apps/statsig/secret");

    let rotated = owner.submit(sso, "/admin/apps/statsig/sso/secret", &[]).await;
    let second = secret_in(&rotated.text).expect("shown");
    assert_ne!(second, secret);
    assert!(owner.get(sso).await.text.contains("works until"), "both work for a day");
    for event in events(&app).await {
        let stored = serde_json::to_string(&event).expect("JSON");
        assert!(!stored.contains(&secret) && !stored.contains(&second), "{stored}");
    }

    let public =
        [("redirect_uris", "https://rp.example/cb"), ("client_auth", "none"), ("id_token_alg", "ES256")];
    let page = follow(&owner, owner.submit(sso, sso, &public).await).await;
    assert!(page.text.contains("proves itself with PKCE"), "{}", page.text);
    let stored = apps::find(&app.ctx, &system(), "statsig").await.expect("an app");
    assert!(
        client_secrets::of_app(&app.ctx, &system(), &stored).await.expect("a list").is_empty(),
        "a public client keeps none"
    );
    let again = [
        ("redirect_uris", "https://rp.example/cb"),
        ("client_auth", "client_secret_post"),
        ("id_token_alg", "ES256"),
        ("initiate_login_uri", "https://rp.example/login"),
        ("start_links", "board | My board | https://rp.example/boards/1"),
    ];
    let page = owner.submit(sso, sso, &again).await;
    assert!(page.status == StatusCode::OK && secret_in(&page.text).is_some(), "a new one is shown at once");
    let stored = apps::find(&app.ctx, &system(), "statsig").await.expect("an app");
    let [link] = stored.connection.start_links() else { panic!("{stored:?}") };
    assert_eq!((link.name.as_str(), link.target.as_str()), ("board", "https://rp.example/boards/1"));
    let without_start = [
        ("redirect_uris", "https://rp.example/cb"),
        ("client_auth", "client_secret_post"),
        ("id_token_alg", "ES256"),
        ("start_links", "board | My board | https://rp.example/boards/1"),
    ];
    let refused = owner.submit(sso, sso, &without_start).await;
    assert!(refused.text.contains("Give the app’s start address"), "{}", refused.text);
}

fn secret_in(text: &str) -> Option<String> {
    let start = text.find("ghs_")?;
    let secret: String =
        text[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    (secret.len() > 20).then_some(secret)
}
