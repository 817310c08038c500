//! `gatehouse migrate`.

use super::{Invocation, failure::Failure, open};
use anyhow::Context;
use serde_json::json;

/// Bring the database to this version.
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {}

impl Migrate {
    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let config = invocation.config()?;
        let db = open::database(&config).await?;
        let pending = db.pending_migrations().await.context("cannot read which migrations are applied")?;
        db.migrate().await.context("cannot migrate the database")?;
        let text = match pending.as_slice() {
            [] => "The database is up to date.".to_owned(),
            names => format!("Applied {}.", names.join(", ")),
        };
        invocation.output.say(&text, &json!({ "applied": pending }));
        db.close().await;
        Ok(())
    }
}
