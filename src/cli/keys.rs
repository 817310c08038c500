//! `gatehouse keys`: the keys that tokens are signed with, here or on a running server. Does not own their life
//! (`service::issuer_keys`).

use super::{Invocation, failure::Failure, open, remote::Remote};
use crate::service::{
    Caller,
    issuer_keys::{self, IssuerKey, rotation},
};
use chrono::{DateTime, Utc};
use serde_json::json;

/// Keys of the OpenID Connect issuer.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Keys {
    /// List the keys: next, active and retired
    List(Where),
    /// Publish a next key, which signs in two days, or let it sign at once
    Rotate(Rotate),
    /// Withdraw a key at once, for when somebody else may have it; a new one takes its place
    Retire(Retire),
}

/// Whose keys.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// On a running server, with the token in GATEHOUSE_TOKEN
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

/// Which key changes.
#[derive(Debug, clap::Args)]
pub(super) struct Rotate {
    /// What the key signs with; without it, every algorithm
    #[arg(long, value_parser = ["RS256", "ES256", "EdDSA"])]
    alg: Option<String>,
    /// Let the next key sign at once; the one before stays published until its tokens have ended
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    at: Where,
}

/// Which key is withdrawn.
#[derive(Debug, clap::Args)]
pub(super) struct Retire {
    /// Its name, as `keys list` shows it
    kid: String,
    #[command(flatten)]
    at: Where,
}

impl Keys {
    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let keys = match &self {
            Self::List(at) | Self::Rotate(Rotate { at, .. }) | Self::Retire(Retire { at, .. }) => {
                match &at.server {
                    Some(url) => self.there(&Remote::new(url, invocation)?).await?,
                    None => self.here(invocation).await?,
                }
            }
        };
        invocation.output.say(&table(&keys), &json!({ "keys": keys }));
        Ok(())
    }

    /// The algorithms of a rotation.
    fn algorithms(rotate: &Rotate) -> Vec<&str> {
        rotate.alg.as_deref().map_or_else(|| vec!["RS256", "ES256", "EdDSA"], |alg| vec![alg])
    }

    async fn here(&self, invocation: &Invocation) -> Result<Vec<IssuerKey>, Failure> {
        let ctx = open::context(invocation.config()?, open::Migrations::Refuse).await?;
        let caller = Caller::system("gatehouse keys");
        let done = async {
            issuer_keys::ensure(&ctx).await?;
            match self {
                Self::List(_) => {}
                Self::Rotate(rotate) => {
                    for algorithm in Self::algorithms(rotate).into_iter().filter_map(rotation::named) {
                        rotation::rotate(&ctx, &caller, algorithm, rotate.now).await?;
                    }
                }
                Self::Retire(retire) => {
                    rotation::retire(&ctx, &caller, &retire.kid).await?;
                }
            }
            issuer_keys::list(&ctx, &caller).await
        };
        let keys = done.await;
        ctx.db.clone().close().await;
        Ok(keys?)
    }

    async fn there(&self, server: &Remote) -> Result<Vec<IssuerKey>, Failure> {
        match self {
            Self::List(_) => {}
            Self::Rotate(rotate) => {
                for alg in Self::algorithms(rotate) {
                    server.rotate_key(alg, rotate.now).await?;
                }
            }
            Self::Retire(retire) => server.retire_key(&retire.kid).await?,
        }
        server.keys().await
    }
}

/// One line a key.
fn table(keys: &[IssuerKey]) -> String {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    let lines = keys.iter().map(|key| {
        let since = match (key.signs_from, key.signs_since, key.published_until, key.retired_at) {
            (Some(at), ..) => format!("signs from {}", day(at)),
            (_, Some(at), ..) => format!("signs since {}", day(at)),
            (_, _, Some(at), _) if key.published => format!("published until {}", day(at)),
            (.., Some(at)) => format!("withdrawn, signed until {}", day(at)),
            _ => format!("made {}", day(key.created_at)),
        };
        format!("{:<6} {:<8} {}  {since}", key.alg, key.state, key.kid)
    });
    lines.collect::<Vec<_>>().join("\n")
}
