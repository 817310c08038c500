//! One PostgreSQL server for the whole test run, in a temporary folder, reachable by a Unix socket only.
//! It needs the server's programs (Debian: `postgresql`); without them the tests fail and say so.

use gatehouse::store::Database;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::sync::OnceCell;

/// Starts a server in `$1` with the programs in `$2`, says `ready`, and stops it when standard input ends: when the test
/// process is gone, however it went. Durability is switched off, the data do not outlive the run.
const SCRIPT: &str = r#"
"$2/initdb" -D "$1/data" -U gatehouse -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$1/initdb.log" 2>&1 || { cat "$1/initdb.log"; exit 1; }
"$2/pg_ctl" -D "$1/data" -l "$1/server.log" -w -t 60 \
  -o "-k '$1' -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=300" start >/dev/null 2>&1 \
  || { cat "$1/server.log"; exit 1; }
echo ready
cat >/dev/null
"$2/pg_ctl" -D "$1/data" -m immediate stop >/dev/null 2>&1
rm -rf "$1"
"#;

struct Server {
    socket_folder: PathBuf,
    /// Its standard input ends with this process.
    _keeper: Child,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static TEMPLATE: OnceCell<()> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The address of a new database with every migration applied.
pub async fn migrated() -> String {
    TEMPLATE
        .get_or_init(|| async {
            let db = Database::open(&template("migrated").await).await.expect("the template opens");
            db.migrate().await.expect("the template migrates");
            db.close().await;
        })
        .await;
    copy_of("migrated").await
}

/// The address of a new database of this name, to be made a template: whoever asks fills and closes it.
pub async fn template(name: &str) -> String {
    create(name, "template0").await;
    url(name)
}

/// The address of a copy of a template that nobody has open.
pub async fn copy_of(template: &str) -> String {
    let name = next_name();
    create(&name, template).await;
    url(&name)
}

/// The address of a new, empty database.
pub async fn empty() -> String {
    let name = next_name();
    create(&name, "template0").await;
    url(&name)
}

fn next_name() -> String {
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn url(database: &str) -> String {
    let server = SERVER.get_or_init(start);
    format!("postgres://gatehouse@localhost/{database}?host={}", server.socket_folder.display())
}

async fn create(name: &str, template: &str) {
    let mut conn = PgConnection::connect(&url("postgres")).await.expect("the server answers");
    // Both names are ours: letters, digits and underscores.
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}")))
        .execute(&mut conn)
        .await
        .expect("a new database");
    conn.close().await.expect("closes");
}

/// The folder of the server's programs: the newest that Debian has, else that of `pg_config`.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().or_else(|| {
        let output = Command::new("pg_config").arg("--bindir").output().ok()?;
        let bin = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        bin.join("initdb").exists().then_some(bin)
    })
}

fn start() -> Server {
    let bin = programs()
        .expect("these tests need PostgreSQL 15 or later: install it (Debian: apt install postgresql)");
    let folder =
        tempfile::Builder::new().prefix("gatehouse-pg-").tempdir().expect("a temporary folder").keep();
    let mut command = shell(&folder);
    let mut keeper = command
        .args(["-c", SCRIPT, "sh"])
        .arg(&folder)
        .arg(&bin)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let output = keeper.stdout.take().expect("piped");
    let mut said = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.expect("readable");
        if line == "ready" {
            return Server { socket_folder: folder, _keeper: keeper };
        }
        said.push_str(&line);
        said.push('\n');
    }
    let ended = keeper.wait();
    unreachable!("PostgreSQL did not start ({ended:?}):\n{said}")
}

/// PostgreSQL refuses to run as root: then the folder and the shell are given to the account `postgres`.
fn shell(folder: &Path) -> Command {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    if id.stdout.trim_ascii() != b"0" {
        return Command::new("sh");
    }
    let given = Command::new("chown").arg("postgres").arg(folder).status().expect("chown runs");
    assert!(given.success(), "these tests run as root and need an account named postgres");
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", "sh"]);
    command
}
