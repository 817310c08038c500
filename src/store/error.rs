//! What can go wrong between us and the database. "Not found" is no error: it is `Option`.

/// A failed read or write.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique value is taken: `table.column`, the same on both databases, for example `users.email_key`.
    #[error("already taken: {0}")]
    Conflict(String),
    /// Someone else changed it since it was read, or removed it.
    #[error("changed by someone else meanwhile")]
    Stale,
    /// A row that this version can't have written.
    #[error("inconsistent row in {table}.{column} for {id}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
    },
    /// The database can't be reached, can't write (disk full, read-only, too slow), or is shutting down.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Anything else the driver says.
    #[error("database error")]
    Driver(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => {
                Self::Conflict(taken(database.table(), database.constraint(), database.message()))
            }
            sqlx::Error::Database(database) if database.code().is_some_and(|code| is_passing(&code)) => {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            _ => Self::Driver(Box::new(error)),
        }
    }
}

/// Extended result codes of a taken value: of a unique index, and of a primary key.
const TAKEN: [i32; 2] =
    [rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE, rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY];

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::SqliteFailure(failure, message) = &error {
            if TAKEN.contains(&failure.extended_code) {
                return Self::Conflict(taken(None, None, message.as_deref().unwrap_or_default()));
            }
            if is_passing(&failure.extended_code.to_string()) {
                return Self::Unavailable(error.to_string());
            }
        }
        Self::Driver(Box::new(error))
    }
}

/// `table.column` of a unique violation. PostgreSQL names the constraint `users_email_key_key`; SQLite says
/// `UNIQUE constraint failed: users.email_key`.
fn taken(table: Option<&str>, constraint: Option<&str>, message: &str) -> String {
    match (table, constraint) {
        (Some(table), Some(constraint)) => {
            let column = constraint.strip_prefix(table).and_then(|rest| rest.strip_prefix('_'));
            let column = column.map_or(constraint, |rest| rest.strip_suffix("_key").unwrap_or(rest));
            format!("{table}.{column}")
        }
        _ => message.rsplit(": ").next().unwrap_or(message).to_owned(),
    }
}

/// Conditions that pass by themselves or with an admin's help, and mean "try again later".
/// SQLite (primary code in the low byte): busy 5, locked 6, read-only 8, I/O error 10, full 13, cannot open 14.
/// PostgreSQL: class 08 connection, 53 resources, 57 operator intervention (statement timeout too), 40001
/// serialization, 40P01 deadlock, 25006 read-only, 25P02 aborted transaction.
fn is_passing(code: &str) -> bool {
    if code.len() == 5 {
        return matches!(&code[..2], "08" | "53" | "57")
            || matches!(code, "40001" | "40P01" | "25006" | "25P02");
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_name_a_taken_value_alike() {
        assert_eq!(taken(None, None, "UNIQUE constraint failed: users.email_key"), "users.email_key");
        assert_eq!(taken(Some("users"), Some("users_email_key_key"), "duplicate key"), "users.email_key");
        assert_eq!(taken(Some("apps"), Some("apps_pkey"), "duplicate key"), "apps.pkey");
    }

    #[test]
    fn full_disks_and_lost_servers_pass() {
        for code in ["13", "5", "261", "778", "53100", "57P01", "08006", "57014"] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["1", "19", "23505", "42601", ""] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
