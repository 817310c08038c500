//! Two admins at once: the later form doesn't undo what the earlier one did.

use crate::support::app::{TestApp, bookmark, system};
use gatehouse::{
    domain::user::{Role, UserState},
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
    let saved = owner.submit(sso, sso, &[("url", "https://newer.example/")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
}
