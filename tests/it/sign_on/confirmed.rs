//! S-42: what was decided counts only if it still holds inside the write that answers.
//!
//! The change is held back until the request has decided by what it read, and queues to write. Nothing may be issued then; the
//! same wait without a change lets everybody in.

use super::{House, Way, events};
use crate::support::{app::TestApp, database::Kind, spawn};
use futures_util::future::join_all;
use gatehouse::{
    domain::{
        app::AppDraft,
        audit::EventType,
        user::{UserDraft, UserState},
    },
    service::{self, ServiceError},
    store::{self, Tx, Written, apps, assignments, members, sessions},
};
use reqwest::StatusCode;
use std::{sync::mpsc, time::Duration};

/// What happens between decision and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Nothing,
    SessionEnded,
    Suspended,
    GroupUnbound,
    LeftTheGroup,
    AppPaused,
    AppRemoved,
}

impl Change {
    async fn make(self, tx: &mut Tx, house: &House, way: Way) -> Result<(), ServiceError> {
        let (maya, app) = (&house.maya, house.app_of(way));
        match self {
            Self::Nothing => {}
            Self::SessionEnded => {
                sessions::delete_of_user(tx, maya.id, None).await?;
            }
            Self::Suspended => {
                let draft = UserDraft { state: UserState::Suspended, ..UserDraft::of(maya) };
                let (checked, now) = (draft.check()?, maya.updated_at);
                let event = gatehouse::domain::audit::AuditEvent::new(
                    crate::support::new_id!(gatehouse::id::EventId),
                    EventType::UserUpdate,
                    now,
                );
                service::users::apply_update(tx, maya, maya.version, &checked, event, now).await?;
            }
            Self::GroupUnbound => {
                assignments::unbind_group(tx, app.id, house.group.id).await?;
            }
            Self::LeftTheGroup => {
                members::remove(tx, house.group.id, maya.id).await?;
            }
            Self::AppPaused => {
                let paused = AppDraft { active: false, ..AppDraft::of(app) }.check()?;
                apps::update(tx, app.id, None, &paused, app.updated_at).await?;
            }
            Self::AppRemoved => {
                apps::delete(tx, app.id).await?;
            }
        }
        Ok(())
    }
}

/// Time for a request to decide and to queue behind the change.
const DECIDE: Duration = Duration::from_millis(700);

/// Asks while the change is held back, and answers the page and the house.
async fn ask_during(kind: Kind, way: Way, change: Change) -> (TestApp, super::Page) {
    let app = TestApp::on(kind).await;
    let house = House::fill(&app).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let (holds, held) = tokio::sync::oneshot::channel();
    let (let_go, wait) = mpsc::channel::<()>();
    let db = app.ctx.db.clone();
    let writing = spawn(async move {
        db.write(move |tx| {
            Box::pin(async move {
                // SQLite has one writer: whoever holds it keeps the rest waiting. PostgreSQL has rows: the change is made, and
                // seen when it is committed.
                if kind == Kind::Postgres {
                    change.make(tx, &house, way).await?;
                }
                holds.send(()).expect("the test waits");
                wait.recv_timeout(Duration::from_secs(20)).expect("the test lets go");
                if kind == Kind::Sqlite {
                    change.make(tx, &house, way).await?;
                }
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
        .expect("changed");
    });
    held.await.expect("the change is held back");
    let release = async {
        tokio::time::sleep(DECIDE).await;
        let_go.send(()).expect("it waits");
    };
    let (page, ()) = tokio::join!(way.ask(&app, &browser), release);
    writing.await.expect("no panic");
    (app, page)
}

async fn nothing_is_issued(kind: Kind, way: Way, change: Change) {
    let (app, page) = ask_during(kind, way, change).await;
    assert!(!way.issues(&page), "{way:?} {change:?}: {}", page.text);
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{way:?} {change:?}: {}", page.location());
    assert!(events(&app, EventType::SsoAuth, true).await.is_empty(), "{way:?} {change:?}");
    let refused = events(&app, EventType::SsoAuth, false).await;
    // Another code would say that the change was seen before it was decided: then this would test nothing.
    assert_eq!(refused[0].error_code.as_deref(), Some("flow_gone"), "{way:?} {change:?}");
    let reference = page.reference().expect("a reference");
    assert_eq!(refused[0].reference.as_deref(), Some(reference.as_str()));
}

async fn everybody_gets_in(kind: Kind, way: Way) {
    let (app, page) = ask_during(kind, way, Change::Nothing).await;
    assert!(way.issues(&page), "{way:?}: {} {}", page.status, page.text);
    let expected = events(&app, EventType::SsoAuth, true).await.len();
    assert_eq!(expected, 1, "{way:?}");
}

const CHANGES: [Change; 6] = [
    Change::SessionEnded,
    Change::Suspended,
    Change::GroupUnbound,
    Change::LeftTheGroup,
    Change::AppPaused,
    Change::AppRemoved,
];

async fn s42_on_sqlite(way: Way) {
    everybody_gets_in(Kind::Sqlite, way).await;
    join_all(CHANGES.map(|change| nothing_is_issued(Kind::Sqlite, way, change))).await;
}

/// On PostgreSQL a change that is not committed is not seen; the ends of a session and of an account hold its row, so that who
/// asks meanwhile waits, and sees them.
async fn s42_on_postgres(way: Way) {
    everybody_gets_in(Kind::Postgres, way).await;
    join_all(
        [Change::SessionEnded, Change::Suspended]
            .map(|change| nothing_is_issued(Kind::Postgres, way, change)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn s42_no_saml_response_for_what_changed_meanwhile() {
    s42_on_sqlite(Way::Saml).await;
    s42_on_postgres(Way::Saml).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn s42_no_code_for_what_changed_meanwhile() {
    s42_on_sqlite(Way::Oidc).await;
    s42_on_postgres(Way::Oidc).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn s42_no_saml_tile_for_what_changed_meanwhile() {
    s42_on_sqlite(Way::SamlTile).await;
    s42_on_postgres(Way::SamlTile).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn s42_no_bookmark_for_what_changed_meanwhile() {
    s42_on_sqlite(Way::BookmarkTile).await;
    s42_on_postgres(Way::BookmarkTile).await;
}

/// What a refused code leaves behind: nothing that a token could come from.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn s42_no_token_family_is_left_for_what_changed_meanwhile() {
    for (change, expected) in [(Change::GroupUnbound, 0), (Change::Nothing, 1)] {
        let (app, _) = ask_during(Kind::Sqlite, Way::Oidc, change).await;
        let purged = app
            .ctx
            .db
            .write(move |tx| {
                let end = crate::support::at(0) + chrono::TimeDelta::days(400);
                let expiry = store::housekeeping::Expiry {
                    now: end,
                    sessions_idle_since: crate::support::at(0),
                    audit_before: None,
                    recordings_before: None,
                    recordings_per_app: 10,
                };
                Box::pin(async move {
                    let purged = store::housekeeping::purge(tx, &expiry).await?;
                    Ok::<_, ServiceError>(Written::unaudited(purged))
                })
            })
            .await
            .expect("purged");
        assert_eq!(purged.token_families, expected, "{change:?}");
    }
}
