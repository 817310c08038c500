//! Databases with migrations and issuer keys, made once and copied: making them takes longer than most tests.
//! Does not own the gateways on them (`app`).

use super::{app::start, database::Kind, postgres};
use gatehouse::{
    clock::Clock,
    config::Config,
    context::{AppContext, Parts},
    keyring::Keyring,
    service::{self, authentication::hasher::Hasher, settings::OrganizationCache},
    store::Database,
};
use std::{cell::Cell, fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};
use tokio::sync::OnceCell;

/// How many gateways of one test have keys from here, each others: two that trust each other's tokens would hide mistakes.
const KINDS: usize = 2;

thread_local! {
    /// How many gateways this test has made: each test has a thread.
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// A new database, and the master key that opens what is sealed in it.
pub struct Copied {
    pub url: String,
    pub keyring: Keyring,
}

struct Template {
    /// The SQLite file.
    file: Vec<u8>,
    master_key: Vec<u8>,
}

static SQLITE: [OnceCell<Template>; KINDS] = [const { OnceCell::const_new() }; KINDS];
static POSTGRES: [OnceCell<Template>; KINDS] = [const { OnceCell::const_new() }; KINDS];

/// A copy for the next gateway of this test, with keys made at [`start`]; `None` when it has to make its own.
pub async fn copy(kind: Kind, folder: &Path) -> Option<Copied> {
    let number = MADE.replace(MADE.get() + 1);
    let template = match kind {
        Kind::Sqlite => SQLITE.get(number)?.get_or_init(sqlite).await,
        Kind::Postgres => {
            POSTGRES.get(number)?.get_or_init(|| async move { on_postgres(&name(number)).await }).await
        }
    };
    let key_file = folder.join("template.key");
    write(&key_file, &template.master_key);
    let keyring = Keyring::load(&key_file).expect("the key of the template");
    let url = match kind {
        Kind::Sqlite => {
            write(&folder.join("gatehouse.db"), &template.file);
            super::database::url(kind, folder).await
        }
        Kind::Postgres => postgres::copy_of(&name(number)).await,
    };
    Some(Copied { url, keyring })
}

/// A file that nobody else can read: the gateway insists.
fn write(path: &Path, bytes: &[u8]) {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).expect("a new file");
    file.write_all(bytes).expect("written");
}

fn name(number: usize) -> String {
    format!("keyed_{number}")
}

async fn sqlite() -> Template {
    let folder = tempfile::tempdir().expect("a folder");
    let url = super::database::url(Kind::Sqlite, folder.path()).await;
    let master_key = fill(&url, folder.path()).await;
    Template { file: std::fs::read(folder.path().join("gatehouse.db")).expect("there"), master_key }
}

async fn on_postgres(name: &str) -> Template {
    let folder = tempfile::tempdir().expect("a folder");
    let url = postgres::template(name).await;
    Template { file: Vec::new(), master_key: fill(&url, folder.path()).await }
}

/// Migrates, makes the keys, and closes; the bytes of the master key.
async fn fill(url: &str, folder: &Path) -> Vec<u8> {
    let db = Database::open(url).await.expect("opens");
    db.migrate().await.expect("migrates");
    let config = Config::default();
    let key_file = folder.join("master.key");
    let ctx = AppContext::new(Parts {
        db,
        clock: Clock::manual(start()),
        keyring: Keyring::load_or_create(&key_file).expect("a key"),
        hasher: Hasher::new(&config.passwords).expect("parameters are valid"),
        config,
        organization: OrganizationCache::default(),
    });
    service::issuer_keys::ensure(&ctx).await.expect("keys");
    ctx.db.clone().close().await;
    std::fs::read(key_file).expect("there")
}
