//! What an app is told of its groups: names that may change, ids that never do, or aliases (JC-9).

use super::{fill, post, request, response, settings::values};
use crate::support::{
    app::{TestApp, saml_settings, system},
    database::Kind,
};
use gatehouse::{
    domain::connection::SamlConnection,
    service::{
        groups,
        organisation::{self, ApplyOptions, Secrets},
    },
    store::page::PageRequest,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The groups of the next assertion about Maya.
async fn told(app: &TestApp, id: &str) -> Vec<String> {
    let browser = app.browser();
    browser.sign_in("maya").await;
    values(&response(&post(&browser, &request(app, id, "", ""), None).await), "memberOf")
}

async fn growth(app: &TestApp) -> gatehouse::domain::group::Group {
    let page = groups::list(&app.ctx, &system(), "growth", PageRequest::first(2)).await.expect("listed");
    page.items.into_iter().next().expect("there").0
}

#[tokio::test]
async fn jc_9_an_app_is_told_an_alias_or_the_id_and_renaming_warns() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::on(kind).await;
        fill(&app, saml_settings()).await;
        let group = growth(&app).await;
        let (id, page) = (group.id.to_string(), format!("/admin/groups/{}", group.id));
        let owner = app.browser();
        owner.sign_in("tomas").await;
        let access = "/admin/apps/crm/access";
        assert!(owner.get(access).await.text.contains("Told by name"));
        assert_eq!(told(&app, "_r1").await, ["Growth"]);

        // By name: an app would see another one.
        let renaming = [("name", "Growth team"), ("description", "")];
        let warned = owner.submit(&page, &page, &renaming).await;
        assert_eq!(warned.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(warned.text.contains("CRM would see another name"), "{}", warned.text);
        assert_eq!(growth(&app).await.name, "Growth", "nothing was changed");

        let alias = |alias: &'static str| {
            [("action", "send_as"), ("group", id.as_str()), ("as", "alias"), ("alias", alias)]
        };
        let refused = owner.submit(access, access, &alias(" ")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("Enter what the app calls the group"), "{}", refused.text);
        let saved = owner.submit(access, access, &alias("growth-eu")).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
        assert!(owner.get(access).await.text.contains("Told as growth-eu"));
        assert_eq!(told(&app, "_r2").await, ["growth-eu"]);
        let events = owner.get("/admin/audit").await.text;
        assert!(events.contains("Name of a group at an app changed"), "{events}");

        // The app goes by the alias: renaming asks nothing, and changes nothing there.
        let renamed = owner.submit(&page, &page, &renaming).await;
        assert_eq!(renamed.status, StatusCode::SEE_OTHER, "{}", renamed.text);
        assert_eq!(told(&app, "_r3").await, ["growth-eu"]);

        let by = |how: &'static str| [("action", "send_as"), ("group", id.as_str()), ("as", how)];
        assert_eq!(owner.submit(access, access, &by("id")).await.status, StatusCode::SEE_OTHER);
        assert_eq!(told(&app, "_r4").await, std::slice::from_ref(&id));
        assert_eq!(owner.submit(access, access, &by("name")).await.status, StatusCode::SEE_OTHER);
        let again = [("name", "Growth"), ("description", ""), ("renamed", "yes")];
        assert_eq!(owner.submit(&page, &page, &again).await.status, StatusCode::SEE_OTHER, "confirmed");
        assert_eq!(told(&app, "_r5").await, ["Growth"]);
    }
}

#[tokio::test]
async fn jc_9_an_app_that_hears_of_no_groups_is_no_reason_to_warn() {
    let app = TestApp::new().await;
    fill(&app, SamlConnection { groups_attribute: String::new(), ..saml_settings() }).await;
    let page = format!("/admin/groups/{}", growth(&app).await.id);
    let owner = app.browser();
    owner.sign_in("tomas").await;
    assert!(!owner.get("/admin/apps/crm/access").await.text.contains("Told by name"));
    let renamed = owner.submit(&page, &page, &[("name", "Growth team"), ("description", "")]).await;
    assert_eq!(renamed.status, StatusCode::SEE_OTHER, "{}", renamed.text);
}

#[tokio::test]
async fn jc_9_the_file_says_what_an_app_is_told_and_the_export_says_it_again() {
    let app = TestApp::new().await;
    fill(&app, SamlConnection { groups_matching: "*".into(), ..saml_settings() }).await;
    let apply = async |groups: Value| {
        let file = json!({ "apps": [{ "slug": "crm", "groups": groups }] });
        let document = organisation::document(file).expect("a document");
        organisation::apply(&app.ctx, &system(), &document, ApplyOptions::default()).await
    };
    let lines = |applied: organisation::Applied| -> Vec<String> {
        applied.changes.iter().map(|change| format!("{} {}", change.kind, change.name)).collect()
    };
    let alias = json!([{ "name": "Growth", "alias": "growth-eu" }]);
    let changed = lines(apply(alias.clone()).await.expect("applied"));
    assert_eq!(changed, ["group Growth at crm, as “growth-eu”"]);
    assert!(lines(apply(alias).await.expect("applied")).is_empty(), "the same again");
    assert_eq!(told(&app, "_r1").await, ["growth-eu"], "of groups that match as well");

    let exported = organisation::export(&app.ctx, &system(), Secrets::None).await.expect("exported");
    let text = serde_json::to_value(&exported).expect("JSON");
    assert_eq!(text["apps"][0]["groups"], json!([{ "name": "Growth", "alias": "growth-eu" }]));
    let again = organisation::apply(&app.ctx, &system(), &exported, ApplyOptions::default()).await;
    assert!(lines(again.expect("applied")).is_empty());

    let both = apply(json!([{ "name": "Growth", "alias": "x", "send_id": true }])).await;
    assert!(both.expect_err("one of them").to_string().contains("not both"));
    assert!(apply(json!([{ "name": "Growth", "alias": " " }])).await.is_err());
    assert_eq!(
        lines(apply(json!([{ "name": "Growth", "send_id": true }])).await.expect("applied")),
        ["group Growth at crm, by its id"]
    );
    assert_eq!(lines(apply(json!(["Growth"])).await.expect("applied")), ["group Growth at crm, by its name"]);
    assert_eq!(told(&app, "_r2").await, ["Growth"]);
}
