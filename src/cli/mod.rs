//! The command line: what is asked for, exit codes, and errors as one line. One subcommand a file.
//! Does not own use cases (`crate::service`).

mod admin;
mod apply;
#[cfg(feature = "demo")]
mod demo;
mod export;
mod failure;
mod keys;
mod migrate;
mod open;
mod organisation_files;
mod output;
mod random_words;
mod remote;
mod serve;
mod token;
mod yaml;

use crate::{config::Config, telemetry};
use clap::{Parser, Subcommand, error::ErrorKind};
use failure::Failure;
use output::{Format, Output};
use std::{path::PathBuf, process::ExitCode};

/// A self-hosted single sign-on gateway: SAML 2.0 identity provider, OpenID Connect issuer, portal and console.
#[derive(Debug, Parser)]
#[command(name = "gatehouse", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every subcommand takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// Configuration file (TOML); every key can be overridden by GATEHOUSE_<SECTION>_<KEY>
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Output for people or for programs
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Run a filled example organisation with two sample apps
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Bring the database to this version
    Migrate(migrate::Migrate),
    /// Make the organisation match the files
    Apply(apply::Apply),
    /// Write the organisation out as a file
    Export(export::Export),
    /// Accounts that may enter the console
    #[command(subcommand)]
    Admin(admin::Admin),
    /// API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Keys that tokens are signed with
    #[command(subcommand)]
    Keys(keys::Keys),
}

/// What a subcommand is run with.
struct Invocation {
    config_file: Option<PathBuf>,
    env: Vec<(String, String)>,
    output: Output,
}

impl Invocation {
    /// The configuration, checked.
    fn config(&self) -> Result<Config, Failure> {
        Ok(Config::load(self.config_file.as_deref(), self.env.iter().cloned())?)
    }

    /// One environment variable of the command line itself.
    fn env(&self, name: &str) -> Option<&str> {
        self.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Runs the program.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let env = std::env::vars_os();
    let env = env.map(|(name, value)| (lossy(name), lossy(value))).collect();
    let invocation =
        Invocation { config_file: cli.global.config, env, output: Output::new(cli.global.format) };
    let result = runtime().and_then(|runtime| runtime.block_on(dispatch(&invocation, cli.command)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            Output::failure(&failure);
            failure.exit_code()
        }
    }
}

async fn dispatch(invocation: &Invocation, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(command) => command.run(invocation).await,
        #[cfg(feature = "demo")]
        Command::Demo(command) => command.run(invocation).await,
        Command::Migrate(command) => command.run(invocation).await,
        Command::Apply(command) => command.run(invocation).await,
        Command::Export(command) => command.run(invocation).await,
        Command::Admin(command) => command.run(invocation).await,
        Command::Token(command) => command.run(invocation).await,
        Command::Keys(command) => command.run(invocation).await,
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    telemetry::hide_memory_from_core_dumps();
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from)?)
}

/// Help and version as asked for; otherwise what is wrong, as one line.
fn refused(error: &clap::Error) -> ExitCode {
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let no_command = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if asked_for || no_command {
        Output::text(error.render().to_string().trim_end());
        return if asked_for { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let text = error.render().to_string();
    let what: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let what = what.join(" ");
    let failure = Failure::Input(format!("{}; see gatehouse --help", what.trim_start_matches("error: ")));
    Output::failure(&failure);
    failure.exit_code()
}

fn lossy(text: std::ffi::OsString) -> String {
    text.into_string().unwrap_or_else(|text| text.to_string_lossy().into_owned())
}
