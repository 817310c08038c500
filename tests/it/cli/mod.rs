//! The command line as people and scripts meet it: the real binary, its exit codes, its one line on standard error.

mod accounts;
mod apply;
mod configuration;
mod demo;
mod keys;
mod killed;
mod secrets;
mod serve;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A folder to run the program in, with an environment of its own.
pub struct Sandbox {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Sandbox {
    /// An empty folder, SQLite in it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Hashes are cheap here: what they cost is the hasher's own test.
        let env = [("GATEHOUSE_PASSWORDS_MEMORY_KIB", "256"), ("GATEHOUSE_PASSWORDS_ITERATIONS", "1")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { folder, env: env.to_vec() }
    }

    /// The same over a database that is migrated already.
    pub fn on(database_url: &str) -> Self {
        Self::new().with("GATEHOUSE_DATABASE_URL", database_url)
    }

    /// The same with a migrated SQLite database.
    pub fn migrated() -> Self {
        let sandbox = Self::new();
        sandbox.run(&["migrate"]).succeeded();
        sandbox
    }

    /// Sets an environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.path(name), text).expect("written");
        self
    }

    /// Every file in the folder, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("readable") {
                let path = entry.expect("an entry").path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        found
    }

    /// The program, ready to be started here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
        command.args(arguments).current_dir(&self.folder).env_clear().envs(self.env.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("it starts"))
    }

    /// Runs the program with something on its standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("written");
        drop(stdin);
        Ran::of(child.wait_with_output().expect("it ends"))
    }

    /// The whole organisation, to compare by.
    pub fn export(&self) -> String {
        self.run(&["export", "--secrets", "sealed"]).succeeded()
    }
}

impl Ran {
    fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Exit code 0 and nothing on standard error; answers standard output.
    #[track_caller]
    pub fn succeeded(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// Another exit code and exactly one line on standard error; answers it.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        let line = self.stderr.strip_suffix('\n').unwrap_or_default().to_owned();
        assert!(line.starts_with("gatehouse: ") && !line.contains('\n'), "one line: {self:?}");
        line
    }
}

/// The bytes of a file.
pub fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("readable")
}
