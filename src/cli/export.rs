//! `gatehouse export`: the organisation as YAML, or as JSON with `--format json`.

use super::{Invocation, failure::Failure, open, remote::Remote, yaml};
use crate::service::{
    Caller,
    organisation::{self, Secrets},
};
use anyhow::Context;
use clap::ValueEnum;

/// Write the organisation out; applied again, it changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Leave secrets out, or write the hashes of passwords and client secrets
    #[arg(long, value_enum, default_value_t = Which::None)]
    secrets: Which,
    /// Export from a running server, with the token in GATEHOUSE_TOKEN
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// No secrets
    None,
    /// Hashes, as they are stored
    Sealed,
}

impl Export {
    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let secrets = match self.secrets {
            Which::None => Secrets::None,
            Which::Sealed => Secrets::Sealed,
        };
        let document = if let Some(url) = &self.server {
            Remote::new(url, invocation)?.export(secrets).await?
        } else {
            let ctx = open::context(invocation.config()?, open::Migrations::Refuse).await?;
            let document = organisation::export(&ctx, &Caller::system("gatehouse export"), secrets).await;
            ctx.db.clone().close().await;
            document?
        };
        let yaml = yaml::text(&document).context("the organisation can't be written as YAML")?;
        invocation.output.say(yaml.trim_end(), &document);
        Ok(())
    }
}
