//! Durable commits a second: queued writes that share commits, against a transaction for each write, on one disk.
//! Prints a table with the disk's own rate of syncs beside it; the figures mean nothing without that.

#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::disallowed_methods, reason = "its tasks are all waited for")]

use chrono::{DateTime, Utc};
use gatehouse::{
    domain::{
        app::AppDraft,
        audit::{AuditEvent, EventType},
        connection::{Connection, OidcConnection},
        user::UserDraft,
    },
    id::{AppId, EventId, SessionId, TokenFamilyId, UserId},
    store::{
        Database, StoreError, Tx, Written, access_tokens, access_tokens::NewAccessToken, apps,
        refresh_tokens, refresh_tokens::RefreshToken, settings, token_families, token_families::Family,
        users,
    },
};
use rand::{SeedableRng, rngs::StdRng};
use sqlx::{
    ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long each figure is measured.
const TIME: Duration = Duration::from_secs(3);
/// A value about the size of an audit event.
const VALUE_BYTES: usize = 600;

#[tokio::main]
async fn main() {
    let folder =
        tempfile::tempdir_in(std::env::current_dir().expect("a folder")).expect("a folder on this disk");
    let syncs = sync_rate(&folder.path().join("raw"));
    println!("raw 4 KiB append + fdatasync: {syncs:>8.0} /s");
    println!("{:>8} {:>16} {:>16} {:>8}", "writers", "group commit /s", "one each /s", "ratio");
    for writers in [1, 8, 64] {
        let grouped = grouped_rate(&folder.path().join(format!("grouped-{writers}.db")), writers).await;
        let single = single_rate(&folder.path().join(format!("single-{writers}.db")), writers).await;
        println!("{writers:>8} {grouped:>16.0} {single:>16.0} {:>8.1}", grouped / single);
    }
    for writers in [1, 8, 64] {
        let refreshes = refresh_rate(&folder.path().join(format!("refresh-{writers}.db")), writers).await;
        println!("{writers:>8} {refreshes:>16.0} rotated refresh grants /s, 5 statements each");
    }
}

/// How often a second the disk makes a small append durable.
fn sync_rate(path: &Path) -> f64 {
    let mut file = std::fs::File::create(path).expect("a file");
    let page = [7u8; 4096];
    let begun = Instant::now();
    let mut count = 0u32;
    while begun.elapsed() < TIME {
        file.write_all(&page).expect("space");
        file.sync_data().expect("the disk syncs");
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// Runs `writers` tasks for [`TIME`] and answers how many writes a second were acknowledged.
async fn rate<W, F>(writers: u64, write: W) -> f64
where
    W: Fn(u64, u64) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    let done = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (done, write) = (done.clone(), write.clone());
            tokio::spawn(async move {
                let mut n = 0;
                while begun.elapsed() < TIME {
                    write(writer, n).await;
                    done.fetch_add(1, Ordering::Relaxed);
                    n += 1;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no write fails");
    }
    let done = u32::try_from(done.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
    f64::from(done) / begun.elapsed().as_secs_f64()
}

fn value() -> String {
    "x".repeat(VALUE_BYTES)
}

async fn grouped_rate(path: &Path, writers: u64) -> f64 {
    let db = Database::open(&format!("sqlite://{}", path.display())).await.expect("opens");
    db.migrate().await.expect("migrates");
    let rate = rate(writers, {
        let db = db.clone();
        move |writer, n| {
            let db = db.clone();
            async move {
                db.write(move |tx| {
                    Box::pin(async move {
                        let name = format!("{writer}/{n}");
                        settings::set(tx, &name, &value(), DateTime::<Utc>::UNIX_EPOCH).await?;
                        Ok::<_, StoreError>(Written::unaudited(()))
                    })
                })
                .await
                .expect("written");
            }
        }
    })
    .await;
    db.close().await;
    rate
}

/// The same statement with the same settings, each write in a transaction of its own on one connection.
async fn single_rate(path: &Path, writers: u64) -> f64 {
    let db = Database::open(&format!("sqlite://{}", path.display())).await.expect("opens");
    db.migrate().await.expect("migrates");
    db.close().await;
    let conn: SqliteConnection = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("temp_store", "MEMORY")
        .pragma("secure_delete", "ON")
        .pragma("cache_size", "-8192")
        .pragma("wal_autocheckpoint", "2000")
        .pragma("journal_size_limit", "16777216")
        .connect()
        .await
        .expect("connects");
    let conn = Arc::new(tokio::sync::Mutex::new(conn));
    rate(writers, move |writer, n| {
        let conn = conn.clone();
        async move {
            let mut conn = conn.lock().await;
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await.expect("begins");
            sqlx::query("INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, 0)")
                .bind(format!("{writer}/{n}"))
                .bind(value())
                .execute(&mut *conn)
                .await
                .expect("inserted");
            sqlx::query("COMMIT").execute(&mut *conn).await.expect("commits");
        }
    })
    .await
}

/// What one refresh grant stores: token and family read, token consumed, successor and access token kept, event written.
async fn refresh_rate(path: &Path, writers: u64) -> f64 {
    let db = Database::open(&format!("sqlite://{}", path.display())).await.expect("opens");
    db.migrate().await.expect("migrates");
    db.write(move |tx| Box::pin(begin_families(tx, writers))).await.expect("prepared");
    let rate = rate(writers, {
        let db = db.clone();
        move |writer, n| {
            let db = db.clone();
            async move {
                db.write(move |tx| Box::pin(rotate(tx, writer, n))).await.expect("rotated");
            }
        }
    })
    .await;
    db.close().await;
    rate
}

async fn begin_families(tx: &mut Tx, writers: u64) -> Result<Written<()>, StoreError> {
    let (now, mut rng) = (DateTime::UNIX_EPOCH, StdRng::seed_from_u64(1));
    let user =
        UserDraft { username: "maya".into(), email: "maya@fernhill.example".into(), ..UserDraft::default() };
    let user = users::insert(tx, UserId::new(now, &mut rng), &user.check().expect("valid"), now).await?;
    let connection = OidcConnection { client_id: "client".into(), ..OidcConnection::default() };
    let app = AppDraft {
        slug: "board".into(),
        label: "Board".into(),
        description: String::new(),
        connector: "custom-oidc".into(),
        parameters: std::collections::BTreeMap::new(),
        glyph: String::new(),
        colour: String::new(),
        category: String::new(),
        show_in_portal: true,
        active: true,
        connection: Connection::Oidc(Box::new(connection)),
    };
    let app = apps::insert(tx, AppId::new(now, &mut rng), &app.check().expect("valid"), now).await?;
    for writer in 0..writers {
        let family = Family {
            id: TokenFamilyId::new(now, &mut rng),
            app_id: app.id,
            user_id: user.id,
            session_id: SessionId::new(now, &mut rng),
            auth_time: now,
            amr: vec!["pwd".into()],
            grant_details: "{}".into(),
            created_at: now,
            expires_at: now,
            revoked_at: None,
            revoked_because: None,
        };
        token_families::insert(tx, &family).await?;
        refresh_tokens::insert(tx, &refresh_token(hash(writer, 0), family.id)).await?;
    }
    Ok(Written::unaudited(()))
}

/// Spread over the index like a real SHA-256.
fn hash(writer: u64, n: u64) -> String {
    let mixed = (writer << 32 | n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}-{writer:013}-{n:012}")
}

fn refresh_token(hash: String, family_id: TokenFamilyId) -> RefreshToken {
    RefreshToken {
        hash,
        family_id,
        client_id: "client".into(),
        scope: "openid profile email offline_access".into(),
        issued_at: DateTime::UNIX_EPOCH,
        idle_expires_at: DateTime::UNIX_EPOCH,
        consumed_at: None,
        successor_hash: None,
        key_thumbprint: None,
        replaced: false,
    }
}

async fn rotate(tx: &mut Tx, writer: u64, n: u64) -> Result<Written<()>, StoreError> {
    let now = DateTime::UNIX_EPOCH;
    let (old, new) = (hash(writer, n), hash(writer, n + 1));
    let (token, family) = refresh_tokens::get_with_family(tx, &old).await?.ok_or(StoreError::Stale)?;
    if !refresh_tokens::consume(tx, &token.hash, &new, now).await? {
        return Err(StoreError::Stale);
    }
    refresh_tokens::insert(tx, &refresh_token(new.clone(), family.id)).await?;
    let access = NewAccessToken {
        hash: new,
        family_id: family.id,
        client_id: token.client_id,
        scope: token.scope,
        audience: Vec::new(),
        key_thumbprint: None,
        issued_at: now,
        expires_at: now,
    };
    access_tokens::insert(tx, &access).await?;
    let id = EventId::new(now, &mut StdRng::seed_from_u64(writer << 32 | n));
    Ok(Written::new((), AuditEvent::new(id, EventType::OauthTokenIssue, now)))
}
