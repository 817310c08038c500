//! Client secrets over the admin API: listed without the secret, shown once, two at a time, set to end, removed.

use super::{Gateway, json, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings, system},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{
    context::AppContext,
    domain::{
        audit::EventType,
        connection::{ClientAuth, OidcConnection},
        user::Role,
    },
    id::ClientSecretId,
    service::{
        self, ServiceError,
        client_secrets::{OVERLAP, expire, rotate},
        organisation::{self, ApplyOptions, Secrets, api_tokens},
    },
    store::{self, Written},
};
use oidc::GrantType;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json as value};
use std::time::Duration;
use tokio::{sync::oneshot, time::timeout};

const SECRETS: &str = "/api/v1/apps/metrics/client-secrets";

async fn service() -> Gateway {
    service_on(Kind::Sqlite).await
}

async fn service_on(kind: Kind) -> Gateway {
    let settings = OidcConnection {
        grant_types: vec![GrantType::ClientCredentials],
        scopes: vec!["read".into()],
        ..oidc_settings()
    };
    Gateway::with(TestApp::on(kind).await, settings).await
}

impl Gateway {
    pub(super) async fn api(&self, role: Role, method: Method, path: &str, body: &Value) -> Page {
        let token = api_tokens::create(&self.app.ctx, &system(), "t", role, None).await.expect("a token").1;
        let bearer = format!("Bearer {}", token.expose());
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.app.browser().send(method, path, &headers, &body).await
    }

    async fn works(&self, secret: &str) -> bool {
        let with =
            Self { app: self.app.another_node().await, maya: self.maya.clone(), secret: secret.into() };
        with.token(&[("grant_type", "client_credentials")]).await.status == StatusCode::OK
    }

    async fn listed(&self) -> Vec<Value> {
        let page = self.api(Role::Auditor, Method::GET, SECRETS, &Value::Null).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert_eq!(page.header("cache-control"), Some("no-store"));
        json(&page)["secrets"].as_array().expect("a list").clone()
    }
}

#[tokio::test]
async fn w20_secrets_are_shown_once_and_live_two_at_a_time() {
    let gateway = service().await;
    let first = gateway.secret.clone();
    let listed = gateway.listed().await;
    assert_eq!(listed.len(), 1);
    assert!(!listed[0].to_string().contains(&first) && first.ends_with(&text(&listed[0], "ends_in")));
    let make = async |body: &Value| gateway.api(Role::Admin, Method::POST, SECRETS, body).await;
    // Secrets of one instant have no order.
    gateway.app.ctx.clock.advance(TimeDelta::seconds(1));
    let made = make(&value!({})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let second = text(&json(&made), "client_secret");
    assert!(gateway.works(&first).await && gateway.works(&second).await, "for a day");
    let listed = gateway.listed().await;
    assert_eq!(listed.len(), 2);
    assert!(!Value::from(listed.clone()).to_string().contains(&second), "never again");
    assert!(listed.iter().all(|secret| secret["active"] == true && secret.get("hash").is_none()));
    gateway.app.ctx.clock.advance(TimeDelta::seconds(1));
    // JC-26: the older may be the one that is in use; nothing ends it unsaid.
    let refused = make(&value!({ "old_ends_after_hours": 1 })).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    for secret in [&first, &second] {
        let named = format!("…{} (last used ", &secret[secret.len() - 4..]);
        assert!(refused.text.contains(&named), "{named}: {}", refused.text);
    }
    assert!(gateway.works(&first).await && gateway.works(&second).await);
    let body = value!({ "old_ends_after_hours": 1, "end_older": true });
    let third = text(&json(&make(&body).await), "client_secret");
    assert!(!gateway.works(&first).await, "two at most");
    assert!(gateway.works(&second).await && gateway.works(&third).await);
    gateway.app.ctx.clock.advance(TimeDelta::minutes(61));
    assert!(!gateway.works(&second).await && gateway.works(&third).await);
    assert_eq!(gateway.events(EventType::ClientSecretCreate).await.len(), 2);
    for (body, status) in [
        (value!({ "old_ends_after_hours": 721 }), StatusCode::UNPROCESSABLE_ENTITY),
        (value!({ "secret": "chosen-by-somebody-else" }), StatusCode::UNPROCESSABLE_ENTITY),
        (Value::Null, StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(make(&body).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn secrets_are_set_to_end_and_removed() {
    let gateway = service().await;
    let first = gateway.secret.clone();
    let made = json(&gateway.api(Role::Admin, Method::POST, SECRETS, &value!({})).await);
    let (second, id) = (text(&made, "client_secret"), text(&made, "id"));
    let expire = format!("{SECRETS}/{id}/expire");
    let ends = async |hours: u32| {
        gateway.api(Role::Admin, Method::POST, &expire, &value!({ "after_hours": hours })).await
    };
    assert_eq!(ends(2).await.status, StatusCode::OK);
    let longer = json(&ends(24).await);
    assert_eq!(longer["expires_at"], json(&ends(2).await)["expires_at"], "it never lives longer for it");
    gateway.app.ctx.clock.advance(TimeDelta::hours(2));
    assert!(!gateway.works(&second).await && gateway.works(&first).await);
    assert_eq!(ends(1).await.status, StatusCode::NOT_FOUND, "what has ended stays so");
    assert_eq!(ends(721).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let old = gateway.listed().await.iter().map(|secret| text(secret, "id")).find(|one| *one != id);
    let path = format!("{SECRETS}/{}", old.expect("the first"));
    let refused = gateway.api(Role::Auditor, Method::DELETE, &path, &Value::Null).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "W-16");
    assert!(gateway.works(&first).await);
    let removed = gateway.api(Role::Admin, Method::DELETE, &path, &Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text);
    assert!(!gateway.works(&first).await);
    let again = gateway.api(Role::Admin, Method::DELETE, &path, &Value::Null).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(gateway.events(EventType::ClientSecretExpire).await.len(), 3);
    assert_eq!(gateway.events(EventType::ClientSecretDelete).await.len(), 1);
}

#[tokio::test]
async fn clients_without_secrets_get_none_and_strangers_nothing() {
    let public = OidcConnection { client_auth: ClientAuth::None, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, public).await;
    let refused = gateway.api(Role::Admin, Method::POST, SECRETS, &value!({})).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let gateway = service().await;
    for (role, method, body) in
        [(Role::Auditor, Method::POST, value!({})), (Role::Helpdesk, Method::POST, value!({}))]
    {
        let refused = gateway.api(role, method.clone(), SECRETS, &body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role:?} {method}");
    }
    for path in [format!("{SECRETS}/nonsense"), format!("{SECRETS}/01J9Z3N4T5V6W7X8Y9Z0A1B2C3")] {
        let gone = gateway.api(Role::Admin, Method::DELETE, &path, &Value::Null).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND, "{path}");
    }
    let bare = gateway.app.browser().get(SECRETS).await;
    assert_eq!(bare.status, StatusCode::UNAUTHORIZED);
    assert_eq!(gateway.listed().await.len(), 1, "the valid twin");
}

/// Two admins at once: what one has ended stays ended, and of two new secrets the second knows of the first.
async fn w20_changes_at_once_count_one_after_the_other(kind: Kind) {
    let gateway = service_on(kind).await;
    let (ctx, admin) = (&gateway.app.ctx, system());
    let app = &service::apps::find(ctx, &admin, "metrics").await.expect("an app");
    let new = async || rotate(ctx, &admin, app, OVERLAP, true).await.expect("a secret").0.id;
    let valid = async || {
        // Secrets of one instant have no order.
        ctx.clock.advance(TimeDelta::seconds(1));
        let all = service::client_secrets::of_app(ctx, &admin, app).await.expect("secrets");
        let valid = all.into_iter().filter(|secret| secret.expires_at.is_none_or(|end| end > ctx.now()));
        valid.map(|secret| secret.id).collect::<Vec<ClientSecretId>>()
    };
    // The first one was made at this instant.
    ctx.clock.advance(TimeDelta::seconds(1));
    for round in 0..20 {
        let leaked = new().await;
        assert!(valid().await.contains(&leaked), "the valid twin");
        let end = expire(ctx, &admin, app, leaked, TimeDelta::zero());
        let (ended, next) = tokio::join!(end, new());
        ended.expect("it was valid, and is no more");
        let left = valid().await;
        assert!(!left.contains(&leaked) && left.contains(&next), "round {round}");
        let (one, other) = tokio::join!(new(), new());
        let mut left = valid().await;
        left.sort();
        let mut both = vec![one, other];
        both.sort();
        assert_eq!(left, both, "round {round}: two at most");
    }
}

#[tokio::test]
async fn w20_changes_at_once_count_one_after_the_other_sqlite() {
    w20_changes_at_once_count_one_after_the_other(Kind::Sqlite).await;
}

#[tokio::test]
async fn w20_changes_at_once_count_one_after_the_other_postgres() {
    w20_changes_at_once_count_one_after_the_other(Kind::Postgres).await;
}

/// Holds the row of a secret for as long as this takes.
async fn holding(ctx: &AppContext, id: ClientSecretId, work: impl Future<Output = ()>) {
    let ((held, is_held), (release, released)) = (oneshot::channel(), oneshot::channel());
    let far = ctx.now() + TimeDelta::days(1);
    let gate = ctx.db.write(move |tx| {
        Box::pin(async move {
            store::client_secrets::expire(tx, id, far).await?;
            held.send(()).expect("awaited");
            released.await.expect("released");
            Ok::<_, ServiceError>(Written::unaudited(()))
        })
    });
    let inside = async {
        is_held.await.expect("held");
        work.await;
        release.send(()).expect("awaited");
    };
    tokio::join!(gate, inside).0.expect("it was only held");
}

/// An organisation file that brings another secret, beside a rotation: each counts wholly before or after the other. Two work at a
/// time, so what was there before both is over either way, and of the two the earlier has an end. On PostgreSQL a third write holds that one until both
/// are under way, the file first or the rotation.
async fn w20_a_file_applied_beside_a_rotation(kind: Kind) {
    let gateway = service_on(kind).await;
    let (ctx, admin) = (&gateway.app.ctx, system());
    let app = &service::apps::find(ctx, &admin, "metrics").await.expect("an app");
    let exported = organisation::export(ctx, &admin, Secrets::None).await.expect("exported");
    let exported = serde_json::to_value(&exported.apps.expect("apps")[0]).expect("JSON");
    let valid = async || {
        let all = service::client_secrets::of_app(ctx, &admin, app).await.expect("secrets");
        let valid = all.into_iter().filter(|secret| secret.expires_at.is_none_or(|end| end > ctx.now()));
        valid.collect::<Vec<_>>()
    };
    for (round, file_first) in [true, false, true, false].into_iter().enumerate() {
        ctx.clock.advance(TimeDelta::seconds(1));
        rotate(ctx, &admin, app, TimeDelta::zero(), false).await.expect("one secret");
        ctx.clock.advance(TimeDelta::seconds(1));
        let before = valid().await.remove(0);
        let chosen = format!("a-chosen-secret-of-round-{round}");
        let mut entry = exported.clone();
        entry["oidc"]["client_secret"] = chosen.as_str().into();
        let document = organisation::document(value!({ "apps": [entry] })).expect("a document");

        let mut apply = Box::pin(organisation::apply(ctx, &admin, &document, ApplyOptions::default()));
        let mut rotated = Box::pin(rotate(ctx, &admin, app, OVERLAP, true));
        let under_way = async {
            // Each gets as far as it can before the next one begins.
            let moment = Duration::from_millis(250);
            let waits = if file_first {
                [timeout(moment, &mut apply).await.is_err(), timeout(moment, &mut rotated).await.is_err()]
            } else {
                [timeout(moment, &mut rotated).await.is_err(), timeout(moment, &mut apply).await.is_err()]
            };
            assert_eq!(waits, [true, true], "round {round}");
        };
        if kind == Kind::Postgres {
            holding(ctx, before.id, under_way).await;
        } else {
            // One writer takes one after the other, in the order in which they come.
            drop(under_way);
        }
        let (applied, rotated) = tokio::join!(apply, rotated);
        applied.expect("applied");
        let made = rotated.expect("rotated").0;

        ctx.clock.advance(TimeDelta::seconds(1));
        let left = valid().await;
        let chosen = gatehouse::keyring::secret_hash(&chosen);
        assert!(left.iter().any(|secret| secret.hash == chosen), "round {round}: what the file says");
        assert!(left.iter().all(|secret| secret.id != before.id), "round {round}: the old one is over");
        assert_eq!(left.len(), 2, "round {round}: two at most, and the earlier goes on for a while");
        let last = left.iter().find(|secret| secret.expires_at.is_none()).expect("the last one has no end");
        let rotated_last = last.id == made.id;
        assert!(kind == Kind::Sqlite || rotated_last == file_first, "round {round}: one after the other");
    }
}

#[tokio::test]
async fn w20_a_file_applied_beside_a_rotation_sqlite() {
    w20_a_file_applied_beside_a_rotation(Kind::Sqlite).await;
}

#[tokio::test]
async fn w20_a_file_applied_beside_a_rotation_postgres() {
    w20_a_file_applied_beside_a_rotation(Kind::Postgres).await;
}

/// JC-26: a secret that a file brings leaves the one in use the time that a rotation does, and the plan says so.
#[tokio::test]
async fn w20_a_file_s_secret_overlaps_with_the_one_before() {
    let gateway = service().await;
    let (ctx, admin) = (&gateway.app.ctx, system());
    let exported = organisation::export(ctx, &admin, Secrets::None).await.expect("exported");
    let exported = serde_json::to_value(&exported.apps.expect("apps")[0]).expect("JSON");
    let apply = async |secret: &str, hours: Option<u32>, plan_only: bool| {
        let mut entry = exported.clone();
        entry["oidc"]["client_secret"] = secret.into();
        entry["oidc"]["old_secrets_end_after_hours"] = hours.into();
        let document = organisation::document(value!({ "apps": [entry] })).expect("a document");
        ctx.clock.advance(TimeDelta::seconds(1));
        let options = ApplyOptions { plan_only, ..ApplyOptions::default() };
        let outcome = organisation::apply(ctx, &admin, &document, options).await.expect("applied");
        outcome.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let (first, second) = (gateway.secret.clone(), "a-second-secret-of-the-file");
    assert!(gateway.works(&first).await);
    let told = apply(second, None, true).await;
    let hint = &first[first.len() - 4..];
    assert!(told.contains(&format!("! …{hint} (last used ")) && told.contains("works on until"), "{told}");
    assert!(!gateway.works(second).await, "only planned");
    apply(second, None, false).await;
    assert!(gateway.works(&first).await && gateway.works(second).await, "for a day");
    assert_eq!(apply(second, None, false).await, "", "nothing to do");
    let told = apply("a-third-secret-of-the-file", None, true).await;
    assert!(
        told.contains(&format!("…{hint} (last used ")) && told.contains("ends at once"),
        "two at most: {told}"
    );
    ctx.clock.advance(TimeDelta::hours(25));
    assert!(!gateway.works(&first).await && gateway.works(second).await);
    let leaked = apply("a-third-secret-of-the-file", Some(0), false).await;
    assert!(leaked.contains("ends at once"), "{leaked}");
    assert!(!gateway.works(second).await && gateway.works("a-third-secret-of-the-file").await);
}

/// A sealed export in the middle of a rotation brings both secrets back, each with its end.
#[tokio::test]
async fn a_sealed_export_keeps_every_secret_that_works() {
    let gateway = service().await;
    let (ctx, admin) = (&gateway.app.ctx, system());
    let app = service::apps::find(ctx, &admin, "metrics").await.expect("an app");
    ctx.clock.advance(TimeDelta::seconds(1));
    let (row, second) = rotate(ctx, &admin, &app, OVERLAP, false).await.expect("a second");
    let exported = organisation::export(ctx, &admin, Secrets::Sealed).await.expect("exported");
    let entry = serde_json::to_value(&exported.apps.as_ref().expect("apps")[0]).expect("JSON");
    let sealed = entry["oidc"]["client_secrets"].as_array().expect("both");
    assert_eq!((sealed.len(), &sealed[0]["ends_in"]), (2, &value!(row.hint)), "{sealed:?}");
    let restored = service().await;
    restored.app.ctx.clock.advance(TimeDelta::seconds(2));
    let document =
        organisation::document(serde_json::to_value(&exported).expect("JSON")).expect("a document");
    let apply = async || {
        let options = ApplyOptions::default();
        organisation::apply(&restored.app.ctx, &system(), &document, options).await.expect("applied").changes
    };
    apply().await;
    assert!(restored.works(&gateway.secret).await && restored.works(&second).await);
    assert_eq!(apply().await.len(), 0, "and that is all");
    restored.app.ctx.clock.advance(TimeDelta::hours(25));
    assert!(!restored.works(&gateway.secret).await && restored.works(&second).await, "each with its end");
}
