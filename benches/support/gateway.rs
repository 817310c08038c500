//! The gateway as a process: its folder, its configuration, start and stop. Does not own what is asked of it.

use super::{http::Client, process};
use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Longest start and longest stop that are waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// The environment's name for the address of an empty PostgreSQL database, to be measured instead of SQLite.
const DATABASE: &str = "BENCH_DATABASE_URL";

/// A data folder on the build's disk, with configuration. Goes away with the value.
pub struct Place {
    folder: tempfile::TempDir,
    address: SocketAddr,
    database_url: String,
}

impl Place {
    /// A new folder, and a port that is free at this moment; SQLite.
    pub fn new() -> Self {
        Self::with(None)
    }

    /// The same, on the database that the environment names, if it names one.
    pub fn with_chosen_database() -> Self {
        Self::with(std::env::var(DATABASE).ok())
    }

    fn with(database_url: Option<String>) -> Self {
        // Not the system's temporary folder: that may be memory, where making something durable costs nothing.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let sqlite = || format!("sqlite://{}", folder.path().join("gatehouse.db").display());
        let database_url = database_url.unwrap_or_else(sqlite);
        let place = Self { folder, address, database_url };
        // All else by default, the log and the cost of passwords too. The proxy lets each client have an address.
        let config = format!(
            "[http]\nlisten = \"{address}\"\npublic_url = \"http://{address}\"\ntrusted_proxies = [\"127.0.0.1\"]\n\
             [database]\nurl = \"{}\"\n[secrets]\nmaster_key_file = \"{}\"\n",
            place.database_url,
            place.path("master.key").display()
        );
        std::fs::write(place.path("gatehouse.toml"), config).expect("written");
        place
    }

    /// The binary that is measured.
    pub fn binary() -> PathBuf {
        std::env::var_os("GATEHOUSE_BIN")
            .map_or_else(|| env!("CARGO_BIN_EXE_gatehouse").into(), PathBuf::from)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command with this place's configuration, and none from the environment.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Self::binary());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GATEHOUSE_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).arg("--config").arg(self.path("gatehouse.toml")).stdin(Stdio::null());
        command
    }

    /// Makes the database and applies an organisation file.
    pub fn apply(&self, document: &serde_json::Value) {
        let file = self.path("organisation.json");
        std::fs::write(&file, document.to_string()).expect("written");
        let file = file.display().to_string();
        for arguments in [&["migrate"][..], &["apply", &file]] {
            let output = self.command(arguments).output().expect("the binary runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "gatehouse {}: {said}", arguments.join(" "));
        }
    }
}

/// A running gateway; killed when dropped.
pub struct Gateway {
    child: Child,
    address: SocketAddr,
    /// From the start of the process to the first 200 of `/readyz`.
    pub ready_after: Duration,
    idle_mib: f64,
}

impl Gateway {
    /// Starts it and waits until it is ready.
    pub fn start(place: &Place) -> Self {
        let log = place.path("gatehouse.log");
        let stderr = File::create(&log).expect("a file");
        let begun = Instant::now();
        let child = place.command(&["serve", "--migrate"]).stdout(Stdio::null()).stderr(stderr).spawn();
        let mut child = child.expect("the binary starts");
        let mut client = Client::new(place.address);
        // A connection that was refused is tried again; the pause bounds what this costs and how exact it is.
        while !matches!(client.send("GET", "/readyz", &[], ""), Ok(answer) if answer.status == 200) {
            let ended = child.try_wait().expect("its own child");
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "gatehouse serve ended: {}", said());
            assert!(begun.elapsed() < PATIENCE, "gatehouse serve is not ready: {}", said());
            std::thread::sleep(Duration::from_millis(1));
        }
        let ready_after = begun.elapsed();
        Self { child, address: place.address, ready_after, idle_mib: 0.0 }.after_a_moment()
    }

    /// Notes the memory right after the start.
    fn after_a_moment(mut self) -> Self {
        self.idle_mib = self.rss_mib();
        self
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new client.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// User and system time until now, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.child.id())
    }

    /// Resident memory, in MiB.
    pub fn rss_mib(&self) -> f64 {
        process::memory_mib(self.child.id(), "VmRSS")
    }

    /// How the memory grew under load.
    pub fn describe_memory(&self) -> String {
        let peak = process::memory_mib(self.child.id(), "VmHWM");
        format!(
            "Resident memory: {:.0} MiB when ready, {:.0} MiB after the load, {peak:.0} MiB at its peak",
            self.idle_mib,
            self.rss_mib()
        )
    }

    /// Asks it to stop, and waits.
    pub fn stop(mut self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success(), "{kill}");
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("its own child") {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "gatehouse serve does not stop");
            std::thread::sleep(Duration::from_millis(2));
        };
        assert!(status.success(), "gatehouse serve ended badly: {status}");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
