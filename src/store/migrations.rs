//! The migrations that belong to this version, and which of them a database has. Does not own running them (`database`).

use super::{
    dialect::{Conn, fetch_all, table_exists},
    error::StoreError,
};
use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};
use std::collections::BTreeSet;

/// Version, name and text of every file in `migrations`, in order. They are part of the binary.
const FILES: &[(i64, &str, &str)] = &[
    (1, "create directory", include_str!("../../migrations/0001_create_directory.sql")),
    (2, "create secrets", include_str!("../../migrations/0002_create_secrets.sql")),
    (3, "create sign on", include_str!("../../migrations/0003_create_sign_on.sql")),
    (4, "create audit", include_str!("../../migrations/0004_create_audit.sql")),
    (5, "count sign ons of networks", include_str!("../../migrations/0005_count_sign_ons_of_networks.sql")),
    (6, "extend keys", include_str!("../../migrations/0006_extend_keys.sql")),
    (7, "app parameters", include_str!("../../migrations/0007_app_parameters.sql")),
    (8, "create logout", include_str!("../../migrations/0008_create_logout.sql")),
    (9, "create consents", include_str!("../../migrations/0009_create_consents.sql")),
    (11, "bind tokens", include_str!("../../migrations/0011_bind_tokens.sql")),
    (12, "create device grants", include_str!("../../migrations/0012_create_device_grants.sql")),
    (13, "order issuer keys", include_str!("../../migrations/0013_order_issuer_keys.sql")),
    (15, "create sp metadata", include_str!("../../migrations/0015_create_sp_metadata.sql")),
    (17, "create recordings", include_str!("../../migrations/0017_create_recordings.sql")),
    (18, "create decryption keys", include_str!("../../migrations/0018_create_decryption_keys.sql")),
    (19, "keep what consent was for", include_str!("../../migrations/0019_keep_what_consent_was_for.sql")),
    (20, "link pushed requests", include_str!("../../migrations/0020_link_pushed_requests.sql")),
    (21, "keep recordings by app", include_str!("../../migrations/0021_keep_recordings_by_app.sql")),
    (23, "find devices of families", include_str!("../../migrations/0023_find_devices_of_families.sql")),
    (26, "drop unused indexes", include_str!("../../migrations/0026_drop_unused_indexes.sql")),
    (27, "share entity ids", include_str!("../../migrations/0027_share_entity_ids.sql")),
    (30, "cluster sign on tables", include_str!("../../migrations/0030_cluster_sign_on_tables.sql")),
    (31, "mark withdrawn keys", include_str!("../../migrations/0031_mark_withdrawn_keys.sql")),
    (32, "find idp entity ids", include_str!("../../migrations/0032_find_idp_entity_ids.sql")),
    (33, "name sessions by client", include_str!("../../migrations/0033_name_sessions_by_client.sql")),
    (34, "send groups as", include_str!("../../migrations/0034_send_groups_as.sql")),
];

/// What stands below this line of a file is for SQLite alone: indexes that only one of the two can use.
const SQLITE_ALONE: &str = "-- SQLite alone:";

/// Which of the two a migrator is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The migrations, ready to run.
pub(super) fn migrator(database: For) -> Migrator {
    let migrations = FILES
        .iter()
        .map(|&(version, name, sql)| {
            let sql = match (database, sql.split_once(SQLITE_ALONE)) {
                (For::Postgres, Some((both, _))) => both,
                _ => sql,
            };
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    Migrator::with_migrations(migrations)
}

/// The names of the migrations that a database does not have yet. One that began and failed counts as not applied.
pub(super) async fn pending(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let applied: BTreeSet<i64> = if table_exists(conn, "_sqlx_migrations").await? {
        let rows = fetch_all!(conn, (i64,), "SELECT version FROM _sqlx_migrations WHERE success")?;
        rows.into_iter().map(|(version,)| version).collect()
    } else {
        BTreeSet::new()
    };
    Ok(FILES
        .iter()
        .filter(|(version, ..)| !applied.contains(version))
        .map(|(version, name, _)| format!("{version:04} {name}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_part_of_the_binary() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .map(|file| file.expect("readable").file_name().to_string_lossy().into_owned())
            .filter(|name| name.to_ascii_lowercase().ends_with(".sql"))
            .collect();
        found.sort();
        let listed: Vec<String> = FILES
            .iter()
            .map(|(version, name, _)| format!("{version:04}_{}.sql", name.replace(' ', "_")))
            .collect();
        assert_eq!(found, listed);
    }
    #[test]
    fn what_is_for_sqlite_alone_is_left_out_for_postgres_and_only_there() {
        // What both databases get of a file, and what SQLite alone gets.
        const DIVIDED: [(i64, &str, &str); 2] = [
            (26, "DROP INDEX app_sessions_by_expiry;", "DROP INDEX audit_events_by_app;"),
            (30, "PostgreSQL keeps its tables in heaps", "DROP TABLE access_tokens;"),
        ];
        let (sqlite, postgres) = (migrator(For::Sqlite), migrator(For::Postgres));
        for (&(version, _, sql), (sqlite, postgres)) in FILES.iter().zip(sqlite.iter().zip(postgres.iter())) {
            assert_eq!((sqlite.version, postgres.version), (version, version));
            assert_eq!(sqlite.sql.as_str(), sql, "{version}: SQLite runs the whole file");
            // In any spelling: one that isn't recognised would run on both.
            let marks: Vec<&str> =
                sql.lines().filter(|line| line.to_ascii_lowercase().contains("sqlite alone")).collect();
            if let Some((_, both, alone)) = DIVIDED.iter().find(|(divided, ..)| *divided == version) {
                assert_eq!(marks, [SQLITE_ALONE]);
                let kept = postgres.sql.as_str();
                assert!(kept.contains(both), "{kept}");
                assert!(sql.contains(alone) && !kept.contains(alone), "{kept}");
            } else {
                assert!(marks.is_empty(), "{version}: {marks:?}");
                assert_eq!(postgres.sql.as_str(), sql, "{version}");
            }
        }
        assert_eq!((sqlite.iter().count(), postgres.iter().count()), (FILES.len(), FILES.len()));
        for (divided, ..) in DIVIDED {
            assert!(FILES.iter().any(|(version, ..)| *version == divided));
        }
    }
}
