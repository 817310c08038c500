//! Two admins at once: the later form doesn't undo what the earlier one did.

use crate::support::app::{Browser, Page, TestApp, bookmark, oidc_settings, saml_settings, system, unescape};
use gatehouse::{
    domain::{
        app::{App, AppDraft},
        connection::Connection,
        group::GroupDraft,
        user::{Role, UserState},
    },
    service,
};
use reqwest::StatusCode;

#[tokio::test]
async fn a_form_that_was_open_meanwhile_does_not_undo_a_suspension() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let maya = app.person("maya", Role::None).await;
    let owner = app.browser();
    owner.sign_in("tomas").await;
    let edit = format!("/admin/users/{}/edit", maya.id);
    let open = owner.get(&edit).await;
    let (csrf, version) = (open.field("csrf").expect("a form"), open.field("version").expect("a version"));
    service::users::set_state(&app.ctx, &system(), maya.id, UserState::Suspended).await.expect("suspended");

    let mut fields = vec![
        ("csrf", csrf.as_str()),
        ("version", version.as_str()),
        ("username", "maya"),
        ("email", "maya@fernhill.example"),
        ("department", "Growth"),
        ("state", "active"),
    ];
    let late = owner.post(&edit, &fields).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    let text = unescape(&late.text);
    for shown in [
        "somebody else saved meanwhile",
        "test changed State",
        "<code>suspended</code>",
        "<code>active</code>",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert_eq!(late.field("department").as_deref(), Some("Growth"), "what was typed is kept");
    assert_eq!(late.field("version").as_deref(), Some(still_version(&app, &maya).await.as_str()));
    let still = service::users::get(&app.ctx, &system(), maya.id).await.expect("maya");
    assert_eq!(still.state, UserState::Suspended);
    fields.remove(1);
    assert_eq!(
        owner.post(&edit, &fields).await.status,
        StatusCode::FORBIDDEN,
        "a form of ours has its version"
    );

    let again = [
        ("username", "maya"),
        ("email", "maya@fernhill.example"),
        ("department", "Growth"),
        ("state", "suspended"),
    ];
    let saved = owner.submit(&edit, &edit, &again).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "the valid twin: {}", saved.text);
}

#[tokio::test]
async fn an_old_form_does_not_bring_back_an_address_that_was_taken_away() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let everyone = app.group("Everyone", &[]).await;
    let (wiki, _) = app.app("wiki", bookmark("https://old.example/"), &everyone).await;
    let owner = app.browser();
    owner.sign_in("tomas").await;
    let sso = "/admin/apps/wiki/sso";
    let open = owner.get(sso).await;
    let (csrf, version) = (open.field("csrf").expect("a form"), open.field("version").expect("a version"));
    let mut draft = gatehouse::domain::app::AppDraft::of(&wiki);
    draft.connection = bookmark("https://new.example/");
    let before = wiki.version;
    service::apps::update(&app.ctx, &system(), wiki, before, draft).await.expect("changed");
    let late =
        owner.post(sso, &[("csrf", &csrf), ("version", &version), ("url", "https://old.example/")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert_eq!(late.field("url").as_deref(), Some("https://old.example/"), "what was typed is kept");
    let text = unescape(&late.text);
    assert!(
        text.contains("test changed Address, ") && text.contains("<code>https://new.example/</code>"),
        "{text}"
    );
    let saved = owner.submit(sso, sso, &[("url", "https://newer.example/")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
}

async fn still_version(app: &TestApp, user: &gatehouse::domain::user::User) -> String {
    service::users::get(&app.ctx, &system(), user.id).await.expect("there").version.to_string()
}

/// Sends a form with the version and token of an earlier page.
async fn send_late(browser: &Browser, open: &Page, to: &str, fields: &[(&str, &str)]) -> Page {
    let (csrf, version) = (open.field("csrf").expect("a form"), open.field("version").expect("a version"));
    let mut all = vec![("csrf", csrf.as_str()), ("version", version.as_str())];
    all.extend_from_slice(fields);
    browser.post(to, &all).await
}

async fn change(app: &TestApp, it: &App, by: impl FnOnce(&mut AppDraft)) -> App {
    let mut draft = AppDraft::of(it);
    by(&mut draft);
    service::apps::update(&app.ctx, &system(), it.clone(), it.version, draft).await.expect("changed")
}

#[tokio::test]
async fn a_form_that_was_overtaken_shows_what_was_typed_and_who_changed_what() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    app.person("ada", Role::Admin).await;
    let everyone = app.group("Everyone", &[]).await;
    let (crm, _) = app.app("crm", Connection::Saml(Box::new(saml_settings())), &everyone).await;
    let (owner, ada) = (app.browser(), app.browser());
    owner.sign_in("tomas").await;
    ada.sign_in("ada").await;
    let sso = "/admin/apps/crm/sso";
    let open = owner.get(sso).await;
    let settings = [
        ("acs_urls", "https://sp.example/acs\r\nhttps://sp.example/second"),
        ("sp_entity_id", "https://sp.example/metadata"),
        ("name_id_source", "email"),
        ("name_id_format", "emailAddress"),
        ("sign", "assertion"),
        ("require_signed_requests", "auto"),
    ];
    assert_eq!(ada.submit(sso, sso, &settings).await.status, StatusCode::SEE_OTHER);
    let typed = [
        ("acs_urls", "https://sp.example/acs"),
        ("sp_entity_id", "https://mine.example"),
        ("name_id_source", "email"),
        ("name_id_format", "emailAddress"),
        ("sign", "assertion"),
        ("require_signed_requests", "auto"),
    ];
    let late = send_late(&owner, &open, sso, &typed).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let text = unescape(&late.text);
    let told = text.split("Maya Okafor changed ").nth(1).expect("who").split("</li>").next().expect("what");
    for label in ["Reply addresses", "Attributes", "Groups"] {
        assert!(told.contains(label), "{label}: {told}");
    }
    assert!(!told.contains("App entity ID"), "{told}");
    assert_eq!(late.field("sp_entity_id").as_deref(), Some("https://mine.example"));
    let differs: Vec<&str> = text
        .split("<th scope=\"row\">")
        .skip(1)
        .filter_map(|row| row.split('<').next().map(str::trim))
        .collect();
    assert_eq!(differs, ["Reply addresses", "App entity ID"], "line ends are no difference: {text}");
    assert_eq!(text.matches("changed meanwhile</span>").count(), 1, "{text}");
    assert!(text.contains("<title>Error: "), "{text}");

    // Saving what the page now holds is a decision, and counts.
    let saved = send_late(&owner, &late, sso, &typed).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let now = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    assert_eq!(now.connection.saml().expect("SAML").sp_entity_id, "https://mine.example");
    assert_eq!(now.version, crm.version + 2);
}

#[tokio::test]
async fn every_form_with_a_version_is_shown_again_when_overtaken() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let growth = app.group("Growth", &[]).await;
    let (wiki, _) = app.app("wiki", bookmark("https://wiki.example/"), &growth).await;
    let (metrics, _) = app.app("metrics", Connection::Oidc(Box::new(oidc_settings())), &growth).await;
    let owner = app.browser();
    owner.sign_in("tomas").await;

    let (look, sso) = ("/admin/apps/wiki/appearance", "/admin/apps/metrics/sso");
    let group = format!("/admin/groups/{}", growth.id);
    let (a, b, c) = (owner.get(look).await, owner.get(sso).await, owner.get(&group).await);
    change(&app, &wiki, |draft| draft.slug = "handbook".into()).await;
    change(&app, &metrics, |draft| {
        if let Connection::Oidc(oidc) = &mut draft.connection {
            oidc.require_pkce = !oidc.require_pkce;
        }
    })
    .await;
    let draft = GroupDraft { name: "Growth".into(), description: "Theirs".into() };
    service::groups::update(&app.ctx, &system(), growth.id, growth.version, draft).await.expect("changed");

    let late = send_late(&owner, &a, look, &[("label", "Mine"), ("slug", "wiki")]).await;
    let text = unescape(&late.text);
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(text.contains("test changed Address name, ") && text.contains("<code>handbook</code>"), "{text}");
    assert_eq!(late.field("label").as_deref(), Some("Mine"));

    let fields =
        [("redirect_uris", "https://mine.example/cb"), ("client_auth", "none"), ("id_token_alg", "RS256")];
    let late = send_late(&owner, &b, sso, &fields).await;
    let text = unescape(&late.text);
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        text.contains("test changed Require PKCE, ") && text.contains("https://mine.example/cb"),
        "{text}"
    );

    // Even with something wrong in it, being overtaken comes first: the page carries the version of now.
    let late = send_late(&owner, &c, &group, &[("name", ""), ("description", "Mine")]).await;
    let text = unescape(&late.text);
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(text.contains("test changed Description, ") && text.contains("<code>Theirs</code>"), "{text}");
    let refused = send_late(&owner, &late, &group, &[("name", ""), ("description", "Mine")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn reviewed_metadata_is_reviewed_again_when_the_app_changed_meanwhile() {
    let (app, owner) = super::as_owner().await;
    let growth = app.group("Growth", &[]).await;
    let (crm, _) = app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let (sso, address) = ("/admin/apps/crm/sso", "/admin/apps/crm/sso/metadata");
    let xml = super::sp_metadata("https://sp.example/metadata", "https://sp.example/acs/eu");
    let review = super::upload(&owner, sso, address, &[("metadata_xml", &xml)]).await;
    assert_eq!(review.status, StatusCode::OK);
    change(&app, &crm, |draft| draft.description = "Theirs".into()).await;
    let late = send_late(&owner, &review, address, &[("metadata_xml", &xml), ("confirm", "yes")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    assert!(
        late.text.contains("Review the metadata") && late.text.contains("changed description"),
        "{}",
        late.text
    );
    let used = send_late(&owner, &late, address, &[("metadata_xml", &xml), ("confirm", "yes")]).await;
    assert_eq!(used.location(), sso, "{}", used.text);
}
