//! `gatehouse apply`: the organisation made to match files, here or on a running server.
//! Does not own what changes (`service::organisation`).

use super::{Invocation, failure::Failure, open, organisation_files::OrganisationFiles, remote::Remote};
use crate::service::{
    Caller, ServiceError,
    organisation::{self, Applied, ApplyOptions},
};
use std::{fmt::Write, path::PathBuf};

/// Make the organisation match the files; prints what changes. Running it again changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Apply {
    /// YAML or JSON
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only say what would change
    #[arg(long)]
    plan: bool,
    /// Remove what the files don't name, of the kinds they list
    #[arg(long)]
    prune: bool,
    /// Apply to a running server, with the token in GATEHOUSE_TOKEN
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

impl Apply {
    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let files = OrganisationFiles::read(&self.files)?;
        let options = ApplyOptions { plan_only: self.plan, prune: self.prune };
        let applied = if let Some(url) = &self.server {
            Remote::new(url, invocation)?.apply(&files, options).await?
        } else {
            let ctx = open::context(invocation.config()?, open::Migrations::Refuse).await?;
            let caller = Caller::system("gatehouse apply");
            let applied = organisation::apply(&ctx, &caller, &files.document, options).await;
            ctx.db.clone().close().await;
            applied.map_err(|error| match error {
                ServiceError::Invalid(errors) => files.locate(errors),
                other => other.into(),
            })?
        };
        invocation.output.say(text(&applied).trim_end(), &applied);
        Ok(())
    }
}

/// One line a change, one each for what deserves a second look, a sum, and the secrets that are shown this once.
fn text(applied: &Applied) -> String {
    let mut text = String::new();
    for change in &applied.changes {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{change}");
    }
    for warning in &applied.warnings {
        let _ = writeln!(text, "{warning}");
    }
    let count = match applied.changes.len() {
        1 => "1 change".to_owned(),
        n => format!("{n} changes"),
    };
    let _ = match (applied.changes.is_empty(), applied.written) {
        (true, _) => writeln!(text, "No change."),
        (false, true) => writeln!(text, "{count} made."),
        (false, false) => writeln!(text, "{count} planned; nothing was written."),
    };
    for secret in &applied.secrets {
        let _ = writeln!(
            text,
            "Client secret of {}, client id {}, shown this once: {}",
            secret.app, secret.client_id, secret.client_secret
        );
    }
    text
}
