//! Which migrations are pending, and applying them.

use crate::support::database::TestDatabase;
use gatehouse::store::{Database, StoreError};
use std::os::unix::fs::PermissionsExt;

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
