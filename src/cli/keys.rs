//! `gatehouse keys`: the keys that tokens are signed with, or with `--app` those of a SAML app, here or on a running server. Does not
//! own their life (`service::issuer_keys`, `service::keys`).

mod app;

use super::{Invocation, failure::Failure, open, remote::Remote};
use crate::{
    keyring::SecretText,
    service::{
        Caller,
        issuer_keys::{self, IssuerKey, rotation},
        keys::NewKey,
    },
};
use app::{Step, Then};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Largest file of a certificate or key, in bytes.
const FILE_MAX: u64 = 64 << 10;

/// Keys of the OpenID Connect issuer, or with --app of a SAML app.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Keys {
    /// List the keys: next, active and retired
    List(Where),
    /// Publish a next key, or let it sign: the issuer's signs in two days, an app's when it is told to
    Rotate(Rotate),
    /// Withdraw a key at once, for when somebody else may have it; of one that signs, a new one takes the place
    Retire(Retire),
    /// Let an earlier key of an app sign again
    Rollback(Rollback),
    /// Take a certificate and key of one's own as the next of an app
    Upload(Upload),
}

/// Whose keys.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// On a running server, with the token in GATEHOUSE_TOKEN
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The SAML app whose keys are meant; without it, the issuer's
    #[arg(long, value_name = "SLUG")]
    app: Option<String>,
}

/// Which key changes.
#[derive(Debug, clap::Args)]
pub(super) struct Rotate {
    /// What the key signs with. The issuer's: RS256, ES256 or EdDSA; without it, all. An app's: rsa2048 (usual), rsa3072, rsa4096 or
    /// p256
    #[arg(long)]
    alg: Option<String>,
    /// Let the next key sign at once; the one before stays published for a while
    #[arg(long, conflicts_with_all = ["on", "unschedule"])]
    now: bool,
    /// With --app: let the next key sign from then on, such as 2031-05-09T06:00:00Z
    #[arg(long, value_name = "TIME", requires = "app", conflicts_with = "unschedule")]
    on: Option<DateTime<Utc>>,
    /// With --app: take that back
    #[arg(long, requires = "app", conflicts_with_all = ["alg", "years"])]
    unschedule: bool,
    /// With --app: how many years the new certificate lasts, 3 unless said otherwise
    #[arg(long, value_name = "1-10", requires = "app")]
    years: Option<u32>,
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

/// Which key signs again.
#[derive(Debug, clap::Args)]
pub(super) struct Rollback {
    /// Its id, as `keys list --app` shows it
    id: String,
    #[command(flatten)]
    at: Where,
}

/// What is brought.
#[derive(Debug, clap::Args)]
pub(super) struct Upload {
    /// PEM; of a chain, the certificate of the key counts
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// PEM; the passphrase of an encrypted one is taken from GATEHOUSE_KEY_PASSPHRASE
    #[arg(long, value_name = "FILE")]
    private_key: PathBuf,
    #[command(flatten)]
    at: Where,
}

impl Keys {
    fn place(&self) -> &Where {
        match self {
            Self::List(at)
            | Self::Rotate(Rotate { at, .. })
            | Self::Retire(Retire { at, .. })
            | Self::Rollback(Rollback { at, .. })
            | Self::Upload(Upload { at, .. }) => at,
        }
    }

    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let at = self.place();
        if let Some(slug) = &at.app {
            let keys = app::run(invocation, at.server.as_deref(), slug, self.step(invocation)?).await?;
            invocation.output.say(&app::table(&keys), &json!({ "keys": keys }));
            return Ok(());
        }
        self.check()?;
        let keys = match &at.server {
            Some(url) => self.there(&Remote::new(url, invocation)?).await?,
            None => self.here(invocation).await?,
        };
        invocation.output.say(&table(&keys), &json!({ "keys": keys }));
        Ok(())
    }

    /// What is to be done with the keys of an app.
    fn step(&self, invocation: &Invocation) -> Result<Step, Failure> {
        Ok(match self {
            Self::List(_) => Step::List,
            Self::Rotate(rotate) if rotate.unschedule => Step::Unschedule,
            Self::Rotate(rotate) => {
                let fresh = NewKey::default();
                let (algorithm, years) = (app::algorithm(rotate.alg.as_deref())?, rotate.years);
                Step::Rotate {
                    new: NewKey { algorithm, years: years.unwrap_or(fresh.years) },
                    wished: rotate.alg.is_some() || years.is_some(),
                    then: match (rotate.now, rotate.on) {
                        (true, _) => Then::Switch,
                        (_, Some(at)) => Then::Schedule(at),
                        _ => Then::Wait,
                    },
                }
            }
            Self::Retire(retire) => Step::Retire(retire.kid.clone()),
            Self::Rollback(rollback) => Step::RollBack(rollback.id.clone()),
            Self::Upload(upload) => Step::Upload {
                certificate: file(&upload.certificate)?,
                private_key: SecretText::new(file(&upload.private_key)?),
                passphrase: SecretText::new(invocation.env("GATEHOUSE_KEY_PASSPHRASE").unwrap_or_default()),
            },
        })
    }

    /// What only an app's keys can be told.
    fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Rollback(_) | Self::Upload(_) => {
                Err(Failure::Input("Name the SAML app whose keys are meant: --app SLUG".into()))
            }
            Self::Rotate(Rotate { alg: Some(alg), .. }) if rotation::named(alg).is_none() => {
                Err(Failure::Input(format!("--alg {alg}: the issuer has RS256, ES256 and EdDSA")))
            }
            _ => Ok(()),
        }
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
                Self::List(_) | Self::Rollback(_) | Self::Upload(_) => {}
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
            Self::List(_) | Self::Rollback(_) | Self::Upload(_) => {}
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

/// A small text file.
fn file(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let refused = |error: std::io::Error| Failure::Input(format!("cannot read {shown}: {error}"));
    if std::fs::metadata(path).map_err(refused)?.len() > FILE_MAX {
        return Err(Failure::Input(format!(
            "{shown} is larger than 64 KiB: give a certificate or key in PEM form"
        )));
    }
    std::fs::read_to_string(path).map_err(refused)
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
