//! People and groups by the console's forms.

use super::{as_owner, follow};
use crate::support::app::{PASSWORD, system};
use gatehouse::{
    domain::user::{CustomValue, Role, UserState},
    service::{groups, users},
};
use reqwest::StatusCode;

#[tokio::test]
async fn a_person_is_added_changed_and_helped() {
    let (app, owner) = as_owner().await;
    let new = "/admin/users/new";
    let bad = owner
        .submit(
            new,
            new,
            &[
                ("username", "a b"),
                ("email", "nowhere"),
                ("state", "active"),
                ("password", "short and secret"),
            ],
        )
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(bad.field("email").as_deref(), Some("nowhere"), "what was typed is kept");
    assert!(!bad.text.contains("short and secret"), "but never a password");

    let fields = [
        ("username", "ines"),
        ("email", "ines@fernhill.example"),
        ("first_name", "Ines"),
        ("last_name", "Duarte"),
        ("department", "Growth"),
        ("state", "active"),
        ("role", "helpdesk"),
        ("password", PASSWORD),
        ("custom_key", "floor"),
        ("custom_type", "number"),
        ("custom_value", "3"),
        ("custom_key", "teams"),
        ("custom_type", "json"),
        ("custom_value", "[\"a\",\"b\"]"),
    ];
    let added = owner.submit(new, new, &fields).await;
    let base = added.location().to_owned();
    let page = follow(&owner, added).await;
    for shown in ["Ines Duarte is added.", "Helpdesk", "Growth", "never signed in"] {
        assert!(page.text.contains(shown), "{shown}");
    }
    let ines = users::find(&app.ctx, &system(), "ines").await.expect("read").expect("there");
    assert_eq!(ines.custom["floor"], CustomValue::Number(3.0));
    assert_eq!(ines.custom["teams"], CustomValue::List(vec!["a".into(), "b".into()]));
    let taken = owner.submit(new, new, &fields).await;
    assert!(
        taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.text.contains("Somebody has this"),
        "{}",
        taken.text
    );

    let edit = format!("{base}/edit");
    let form = owner.get(&edit).await;
    assert_eq!(form.field("department").as_deref(), Some("Growth"));
    let refused = owner
        .submit(
            &edit,
            &edit,
            &[
                ("username", "ines"),
                ("email", "ines@fernhill.example"),
                ("state", "active"),
                ("custom_key", "floor"),
                ("custom_type", "number"),
                ("custom_value", "third"),
            ],
        )
        .await;
    assert!(refused.text.contains("floor: enter a number"), "{}", refused.text);

    let browser = app.browser();
    browser.sign_in("ines").await;
    assert!(owner.get("/admin/users?q=ines").await.text.contains("just now"), "the last sign-in is told");
    let page = follow(&owner, owner.submit(&base, &format!("{base}/sessions"), &[]).await).await;
    assert!(page.text.contains("1 session of Ines Duarte ended."), "{}", page.text);
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER, "she is signed out");

    let weak = owner.submit(&base, &format!("{base}/password"), &[("new_password", "short")]).await;
    assert!(
        weak.status == StatusCode::UNPROCESSABLE_ENTITY && weak.text.contains("id=\"new_password-error\"")
    );
    let set = owner
        .submit(&base, &format!("{base}/password"), &[("new_password", "quite another long phrase")])
        .await;
    assert_eq!(set.status, StatusCode::SEE_OTHER);

    follow(&owner, owner.submit(&base, &format!("{base}/state"), &[("state", "suspended")]).await).await;
    let ines = users::get(&app.ctx, &system(), ines.id).await.expect("there");
    assert_eq!(ines.state, UserState::Suspended);
    assert!(owner.get("/admin/users?state=suspended").await.text.contains("ines@fernhill.example"));
}

#[tokio::test]
async fn w17_roles_reach_only_so_far() {
    let (app, owner) = as_owner().await;
    let tomas = users::find(&app.ctx, &system(), "tomas").await.expect("read").expect("there");
    app.person("ada", Role::Admin).await;
    app.person("hans", Role::Helpdesk).await;
    let maya = app.person("maya", Role::None).await;
    let base = format!("/admin/users/{}", maya.id);
    let ada = app.browser();
    ada.sign_in("ada").await;
    assert!(!ada.get(&format!("{base}/edit")).await.text.contains("name=\"role\""), "only owners see roles");
    let fields =
        [("username", "maya"), ("email", "maya@fernhill.example"), ("state", "active"), ("role", "owner")];
    let raised = ada.submit(&format!("{base}/edit"), &format!("{base}/edit"), &fields).await;
    assert_eq!(raised.status, StatusCode::FORBIDDEN);
    let same = ada.submit(&format!("{base}/edit"), &format!("{base}/edit"), &fields[..3]).await;
    assert_eq!(same.status, StatusCode::SEE_OTHER, "without a role it is a change like any other");
    let boss = format!("/admin/users/{}", tomas.id);
    let new = ("new_password", "quite another long phrase");
    assert_eq!(ada.submit(&base, &format!("{boss}/password"), &[new]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        ada.submit(&base, &format!("{boss}/state"), &[("state", "suspended")]).await.status,
        StatusCode::FORBIDDEN
    );

    let hans = app.browser();
    hans.sign_in("hans").await;
    assert_eq!(hans.submit(&base, &format!("{base}/password"), &[new]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        hans.submit(&base, &format!("{base}/state"), &[("state", "suspended")]).await.status,
        StatusCode::FORBIDDEN
    );

    let own = owner.get(&boss).await;
    assert!(!own.text.contains("new_password"), "one’s own password is changed on one’s own page");
    assert_eq!(
        owner.submit("/admin/groups/new", &format!("{boss}/password"), &[new]).await.status,
        StatusCode::FORBIDDEN
    );
    let page = follow(
        &owner,
        owner.submit("/admin/groups/new", &format!("{boss}/state"), &[("state", "suspended")]).await,
    )
    .await;
    assert!(page.text.contains("Nothing was changed"), "{}", page.text);
}

#[tokio::test]
async fn a_group_is_added_filled_renamed_and_removed() {
    let (app, owner) = as_owner().await;
    let maya = app.person("maya", Role::None).await;
    let new = "/admin/groups/new";
    assert_eq!(owner.submit(new, new, &[("name", " ")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let added = owner.submit(new, new, &[("name", "Growth"), ("description", "Numbers")]).await;
    let base = added.location().to_owned();
    follow(&owner, added).await;
    let twice = owner.submit(new, new, &[("name", "GROWTH")]).await;
    assert!(
        twice.status == StatusCode::UNPROCESSABLE_ENTITY
            && twice.text.contains("There is a group of this name")
    );

    let members = format!("{base}/members");
    let nobody = owner.submit(&base, &members, &[("action", "add"), ("person", "nobody")]).await;
    assert_eq!(nobody.field("person").as_deref(), Some("nobody"));
    let page =
        follow(&owner, owner.submit(&base, &members, &[("action", "add"), ("person", "MAYA")]).await).await;
    assert!(page.text.contains("1 person") && page.text.contains("maya@fernhill.example"), "{}", page.text);
    assert!(owner.get("/admin/groups").await.text.contains("Growth"));
    let id = maya.id.to_string();
    follow(&owner, owner.submit(&base, &members, &[("action", "remove"), ("person", &id)]).await).await;
    follow(&owner, owner.submit(&base, &base, &[("name", "Growth team"), ("description", "")]).await).await;

    let remove = format!("{base}/remove");
    assert_eq!(
        owner.submit(&base, &remove, &[("confirm", "Growth")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(owner.submit(&base, &remove, &[("confirm", "Growth team")]).await.location(), "/admin/groups");
    assert!(groups::all(&app.ctx, &system()).await.expect("a list").is_empty());
}
