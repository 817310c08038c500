//! Which migrations are pending, and applying them.

use crate::support::database::TestDatabase;
use gatehouse::store::{Database, StoreError};
use sqlx::Connection;
use std::{collections::BTreeSet, os::unix::fs::PermissionsExt};

async fn migrations_are_pending_until_applied(test: TestDatabase) {
    let db = &test.db;
    let pending = db.pending_migrations().await.expect("answered");
    assert_eq!(pending.first().map(String::as_str), Some("0001 create directory"));
    assert!(pending.len() >= 4);
    db.migrate().await.expect("applied");
    assert_eq!(db.pending_migrations().await.expect("answered"), Vec::<String>::new());
    db.migrate().await.expect("nothing to do");
    let again = Database::open(&test.url).await.expect("opens once more");
    assert_eq!(again.pending_migrations().await.expect("answered"), Vec::<String>::new());
    again.close().await;
}

#[tokio::test]
async fn pending_on_sqlite() {
    migrations_are_pending_until_applied(TestDatabase::empty_sqlite().await).await;
}

#[tokio::test]
async fn pending_on_postgres() {
    migrations_are_pending_until_applied(TestDatabase::empty_postgres().await).await;
}

/// PostgreSQL plans with the filter at hand and uses these; SQLite would only pay for them.
const OF_ONE: [&str; 3] = ["audit_events_by_actor", "audit_events_by_app", "audit_events_by_resource"];
/// What both keep.
const OF_BOTH: &str = "audit_events_by_time";

#[tokio::test]
async fn sqlite_has_no_index_that_only_postgres_can_use() {
    let test = TestDatabase::sqlite().await;
    let file = rusqlite::Connection::open(test.file()).expect("opens");
    let mut asked = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'index'").expect("asked");
    let found: BTreeSet<String> =
        asked.query_map([], |row| row.get(0)).expect("answered").map(|name| name.expect("a name")).collect();
    assert!(found.contains(OF_BOTH), "{found:?}");
    assert!(OF_ONE.iter().all(|name| !found.contains(*name)), "{found:?}");
}

#[tokio::test]
async fn postgres_keeps_the_indexes_that_sqlite_cannot_use() {
    let test = TestDatabase::postgres().await;
    let mut conn = sqlx::PgConnection::connect(&test.url).await.expect("answers");
    let found: Vec<String> =
        sqlx::query_scalar("SELECT indexname::text FROM pg_indexes WHERE tablename = 'audit_events'")
            .fetch_all(&mut conn)
            .await
            .expect("answered");
    for name in OF_ONE.iter().chain([&OF_BOTH]) {
        assert!(found.iter().any(|index| index == name), "{name} of {found:?}");
    }
}

/// The migrations before one.
fn before(number: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("there").map(|file| file.expect("readable").path()).collect();
    files.sort();
    let mut sql = String::new();
    for file in files.iter().filter(|file| file.file_name().is_some_and(|name| name < number)) {
        let text = std::fs::read_to_string(file).expect("readable");
        sql.push_str(text.split("-- SQLite alone:").next().expect("some text"));
    }
    sql
}

/// The migrations before 0027, an app that has an entity ID with a request that was seen, and one that has none.
fn before_0027() -> String {
    const APP: &str = "INSERT INTO apps (id, slug, label, label_key, search_key, description, connector, protocol, glyph, colour, \
        category, show_in_portal, active, connection, sp_entity_id, client_id, created_at, updated_at, version) VALUES";
    let mut sql = before("0027");
    for (id, entity_id) in [("01A", "'https://sp.example'"), ("01B", "NULL")] {
        sql.extend([format!(
            "{APP} ('{id}', '{id}', '', '', '', '', '', 'saml', '', '', '', TRUE, TRUE, '', {entity_id}, NULL, 0, 0, 1);"
        )]);
    }
    for issuer in ["https://sp.example", "https://gone.example"] {
        sql.extend([format!("INSERT INTO saml_requests_seen VALUES ('{issuer}', '_1', 9);")]);
    }
    sql
}

const APPS_SHARE: &str = include_str!("../../../migrations/0027_share_entity_ids.sql");
/// What is there afterwards, and another app of the same entity.
const AFTER: [&str; 3] = [
    "SELECT id || ' ' || COALESCE(entity_id, '-') || ' ' || COALESCE(sp_entity_id, '-') FROM apps ORDER BY id",
    "SELECT issuer FROM saml_requests_seen ORDER BY issuer",
    "UPDATE apps SET entity_id = 'https://sp.example' RETURNING entity_id",
];
const EXPECTED: [[&str; 2]; 3] = [
    ["01A https://sp.example -", "01B - -"],
    ["01A", "https://gone.example"],
    ["https://sp.example", "https://sp.example"],
];

#[tokio::test]
async fn entity_ids_stop_being_unique_and_what_was_seen_stays_seen_sqlite() {
    let test = TestDatabase::empty_sqlite().await;
    let file = rusqlite::Connection::open(test.file()).expect("opens");
    file.execute_batch(&before_0027()).expect("as it was");
    file.execute_batch(APPS_SHARE).expect("migrates");
    for (sql, expected) in AFTER.iter().zip(EXPECTED) {
        let mut asked = file.prepare(sql).expect("asked");
        let found: Vec<String> = asked
            .query_map([], |row| row.get(0))
            .expect("answered")
            .map(|text| text.expect("text"))
            .collect();
        assert_eq!(found, expected, "{sql}");
    }
}

#[tokio::test]
async fn entity_ids_stop_being_unique_and_what_was_seen_stays_seen_postgres() {
    let test = TestDatabase::empty_postgres().await;
    let mut conn = sqlx::PgConnection::connect(&test.url).await.expect("answers");
    let sql = before_0027() + APPS_SHARE;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.expect("migrates");
    for (sql, expected) in AFTER.iter().zip(EXPECTED) {
        let found: Vec<String> = sqlx::query_scalar(*sql).fetch_all(&mut conn).await.expect("answered");
        assert_eq!(found, expected, "{sql}");
    }
}

const NAMES_BY_CLIENT: &str = include_str!("../../../migrations/0033_name_sessions_by_client.sql");
const UNTIL: &str = "SELECT value FROM settings WHERE name = 'sids_shared_until'";

/// The migrations before 0033, and sessions that began at these times.
fn before_0033(began: &[i64]) -> String {
    const USER: &str = "INSERT INTO users";
    let mut sql = before("0033");
    for at in began {
        sql.extend([format!(
            "{USER} (id, username, username_key, email, email_key, display_name, display_key, search_key, state, role, profile, custom, created_at, \
                updated_at, version) VALUES ('u{at}', 'u{at}', 'u{at}', 'u{at}', 'u{at}', '', '', '', 'active', 'none', '{{}}', '{{}}', 0, 0, 1);\
            INSERT INTO sessions (id, secret_hash, user_id, authenticated_at, last_seen_at, expires_at, amr, client_ip, user_agent, \
                created_at) VALUES ('s{at}', 's{at}', 'u{at}', 0, 0, 0, '', '', '', {at});"
        )]);
    }
    sql
}

#[tokio::test]
async fn the_last_session_with_a_shared_name_is_known_sqlite() {
    for (began, expected) in [(&[][..], None), (&[7, 1_790_000_000_123][..], Some("1790000000123"))] {
        let test = TestDatabase::empty_sqlite().await;
        let file = rusqlite::Connection::open(test.file()).expect("opens");
        file.execute_batch(&before_0033(began)).expect("as it was");
        file.execute_batch(NAMES_BY_CLIENT).expect("migrates");
        let found: Option<String> = file.query_row(UNTIL, [], |row| row.get(0)).ok();
        assert_eq!(found.as_deref(), expected);
    }
}

#[tokio::test]
async fn the_last_session_with_a_shared_name_is_known_postgres() {
    for (began, expected) in [(&[][..], None), (&[7, 1_790_000_000_123][..], Some("1790000000123"))] {
        let test = TestDatabase::empty_postgres().await;
        let mut conn = sqlx::PgConnection::connect(&test.url).await.expect("answers");
        let sql = before_0033(began) + NAMES_BY_CLIENT;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut conn).await.expect("migrates");
        let found: Option<String> =
            sqlx::query_scalar(UNTIL).fetch_optional(&mut conn).await.expect("answered");
        assert_eq!(found.as_deref(), expected);
    }
}

#[tokio::test]
async fn d05_the_files_are_for_their_owner_only() {
    let test = TestDatabase::sqlite().await;
    let mut seen = 0;
    for suffix in ["", "-wal", "-shm"] {
        let mut path = test.file().into_os_string();
        path.push(suffix);
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn d05_a_file_that_everyone_may_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("open.db");
    std::fs::write(&path, []).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
    let refused = Database::open(&format!("sqlite://{}", path.display())).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(ref why)) if why.contains("chmod 600")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn addresses_that_name_no_database_are_refused() {
    for url in ["mysql://x", "sqlite::memory:", "sqlite://", ""] {
        let refused = Database::open(url).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{url}: {refused:?}");
    }
}

#[tokio::test]
async fn a_new_folder_is_made_for_its_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("data");
    let url = format!("sqlite://{}", inner.join("gatehouse.db").display());
    let db = Database::open(&url).await.expect("opens");
    let mode = std::fs::metadata(&inner).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(db.kind(), "sqlite");
    db.close().await;
}
