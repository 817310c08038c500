//! W-18: nobody sets what a body isn't for. Unknown members are refused, and fields of a form that it doesn't have change nothing.

use crate::support::app::{PASSWORD, TestApp, oidc_settings, saml_settings, system};
use gatehouse::{
    domain::{connection::Connection, user::Role},
    service::{self, organisation::api_tokens},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Members of our own records that no body has.
const MODEL: [&str; 9] = [
    "id",
    "roles",
    "verified",
    "email_verified",
    "tenant",
    "created_at",
    "updated_at",
    "password_hash",
    "is_admin",
];

async fn gateway() -> (TestApp, String) {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let maya = app.person("maya", Role::None).await;
    let group = app.group("Growth", &[maya.id]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &group).await;
    app.app("metrics", Connection::Oidc(Box::new(oidc_settings())), &group).await;
    let (_, token) = api_tokens::create(&app.ctx, &system(), "ci", Role::Owner, None).await.expect("a token");
    (app, format!("Bearer {}", token.expose()))
}

async fn send(app: &TestApp, bearer: &str, path: &str, body: &Value) -> (StatusCode, String) {
    let headers = [("authorization", bearer), ("content-type", "application/json")];
    let page = app.browser().send(Method::POST, path, &headers, &body.to_string()).await;
    (page.status, page.text)
}

fn with(body: &Value, name: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().expect("an object").insert(name.to_owned(), json!("x"));
    body
}

/// Each body with one member too many is refused by its name; without it the same body is taken.
#[tokio::test]
async fn w18_members_that_a_body_does_not_have_are_refused_by_name() {
    let (app, bearer) = gateway().await;
    let bodies = [
        ("/api/v1/apps/crm/simulate", json!({"user": "maya"})),
        ("/api/v1/apps/metrics/simulate", json!({"user": "maya"})),
        ("/api/v1/apps/crm/judge", json!({"request": "x"})),
        ("/api/v1/apps/metrics/judge", json!({"request": "x"})),
        ("/api/v1/apps/metrics/client-secrets", json!({})),
        ("/api/v1/keys/rotate", json!({"alg": "ES256"})),
    ];
    for (path, body) in &bodies {
        for name in MODEL {
            let (status, text) = send(&app, &bearer, path, &with(body, name)).await;
            assert!(status.is_client_error() && text.contains(name), "{path} with {name}: {status} {text}");
        }
        let (status, text) = send(&app, &bearer, path, body).await;
        assert!(status.is_success(), "{path}: {status} {text}");
    }
}

/// Every record of the organisation document.
#[tokio::test]
async fn w18_an_organisation_file_sets_what_it_names_and_nothing_else() {
    let (app, bearer) = gateway().await;
    let path = "/api/v1/organisation/apply?plan=true";
    let records = [
        ("users", json!({"username": "new", "email": "new@fernhill.example", "display_name": "New"})),
        ("groups", json!({"name": "New"})),
        ("apps", json!({"slug": "handbook", "connector": "bookmark", "url": "https://x.example/"})),
    ];
    for (list, record) in &records {
        for name in MODEL {
            let (status, text) = send(&app, &bearer, path, &json!({ *list: [with(record, name)] })).await;
            assert!(status.is_client_error() && text.contains(name), "{list} with {name}: {status} {text}");
        }
        let (status, text) = send(&app, &bearer, path, &json!({ *list: [record] })).await;
        assert!(status.is_success(), "{list}: {status} {text}");
    }
}

#[tokio::test]
async fn w18_a_form_of_ones_own_account_changes_no_role_or_name() {
    let (app, _) = gateway().await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let new = "another good passphrase";
    let mut fields = vec![("current_password", PASSWORD), ("new_password", new)];
    fields.extend(MODEL.map(|name| (name, "x")));
    fields.extend([
        ("role", "owner"),
        ("username", "tomas"),
        ("state", "active"),
        ("email", "x@evil.example"),
    ]);
    let changed = browser.submit("/account", "/account", &fields).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "what the form is for is done: {}", changed.text);
    let maya = service::users::list(
        &app.ctx,
        &system(),
        &gatehouse::store::users::UserFilter { q: "maya@".into(), state: None },
        gatehouse::store::page::PageRequest { offset: 0, limit: 2 },
    )
    .await
    .expect("listed");
    assert_eq!(maya.total, 1);
    assert_eq!((maya.items[0].role, &*maya.items[0].email), (Role::None, "maya@fernhill.example"));
}
