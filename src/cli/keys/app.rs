//! `gatehouse keys … --app SLUG`: the signing keys of one SAML app, here or on a running server. Does not own their life
//! (`service::keys`).

use crate::{
    cli::{Invocation, failure::Failure, open, remote::Remote},
    context::AppContext,
    domain::{
        app::App,
        key::{KeyAlgorithm, KeyState},
    },
    id::KeyId,
    keyring::SecretText,
    service::{
        Caller, ServiceError, apps,
        keys::{self, AppKey, BroughtKey, NewKey},
    },
};
use chrono::{DateTime, Utc};
use serde_json::json;

/// One step.
#[derive(Debug)]
pub(super) enum Step {
    /// None: only look.
    List,
    /// Make the next key, unless it is there and is to be switched to; then perhaps switch. `wished`: somebody said what it is to be.
    Rotate { new: NewKey, wished: bool, then: Then },
    /// Take a pair as the next key.
    Upload { certificate: String, private_key: SecretText, passphrase: SecretText },
    /// Take a scheduled switch back.
    Unschedule,
    /// A retired key signs again.
    RollBack(String),
    /// Withdraw a key.
    Retire(String),
}

/// What becomes of the next key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It waits until somebody switches.
    Wait,
    /// It signs from now on.
    Switch,
    /// It signs from then on.
    Schedule(DateTime<Utc>),
}

/// Where the app is.
enum Place {
    Here { ctx: Box<AppContext>, app: Box<App> },
    There { server: Box<Remote>, slug: String },
}

/// Does the step; answers the keys as they are then.
pub(super) async fn run(
    invocation: &Invocation,
    server: Option<&str>,
    slug: &str,
    step: Step,
) -> Result<Vec<AppKey>, Failure> {
    if let Some(url) = server {
        let place = Place::There { server: Box::new(Remote::new(url, invocation)?), slug: slug.to_owned() };
        return place.step(step).await;
    }
    let ctx = open::context(invocation.config()?, open::Migrations::Refuse).await?;
    let done = async {
        let app = apps::find(&ctx, &caller(), slug).await?;
        Place::Here { ctx: Box::new(ctx.clone()), app: Box::new(app) }.step(step).await
    };
    let keys = done.await;
    ctx.db.clone().close().await;
    keys
}

fn caller() -> Caller {
    Caller::system("gatehouse keys")
}

fn id(text: &str) -> Result<KeyId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound("key"))
}

impl Place {
    async fn step(&self, step: Step) -> Result<Vec<AppKey>, Failure> {
        match step {
            Step::List => self.list().await,
            Step::Rotate { new, wished, then } => self.rotate(new, wished, then).await,
            Step::Upload { certificate, private_key, passphrase } => match self {
                Self::Here { ctx, app } => {
                    let brought = BroughtKey { certificate, private_key, passphrase };
                    keys::bring_next(ctx, &caller(), app, brought).await?;
                    self.list().await
                }
                Self::There { server, slug } => {
                    let body = json!({
                        "certificate": certificate,
                        "private_key": private_key.expose(),
                        "passphrase": passphrase.expose(),
                    });
                    server.app_keys(slug, "", Some(&body)).await
                }
            },
            Step::Unschedule => {
                let next = self.next().await?.ok_or(ServiceError::NotFound("next key"))?;
                self.schedule(&next.id, None).await
            }
            Step::RollBack(key) => match self {
                Self::Here { ctx, app } => {
                    keys::roll_back(ctx, &caller(), app, id(&key)?).await?;
                    self.list().await
                }
                Self::There { server, slug } => server.app_key(slug, &key, "roll-back", &json!({})).await,
            },
            Step::Retire(key) => match self {
                Self::Here { ctx, app } => {
                    keys::retire(ctx, &caller(), app, id(&key)?).await?;
                    self.list().await
                }
                Self::There { server, slug } => server.app_key(slug, &key, "retire", &json!({})).await,
            },
        }
    }

    /// A next key that is there already is switched to, where it is to be switched at all; what it is to be was settled when it was
    /// made.
    async fn rotate(&self, new: NewKey, wished: bool, then: Then) -> Result<Vec<AppKey>, Failure> {
        let next = match (self.next().await?, then) {
            (Some(next), Then::Switch | Then::Schedule(_)) if !wished => next,
            // With one there already, this says so.
            _ => self.make(new).await?,
        };
        match then {
            Then::Wait => self.list().await,
            Then::Schedule(at) => self.schedule(&next.id, Some(at)).await,
            Then::Switch => match self {
                Self::Here { ctx, app } => {
                    keys::switch(ctx, &caller(), app, id(&next.id)?).await?;
                    self.list().await
                }
                Self::There { server, slug } => server.app_key(slug, &next.id, "activate", &json!({})).await,
            },
        }
    }

    async fn make(&self, new: NewKey) -> Result<AppKey, Failure> {
        match self {
            Self::Here { ctx, app } => {
                keys::make_next(ctx, &caller(), app, new).await?;
            }
            Self::There { server, slug } => {
                let body = json!({ "algorithm": new.algorithm.as_str(), "years": new.years });
                server.app_keys(slug, "", Some(&body)).await?;
            }
        }
        Ok(self.next().await?.ok_or(ServiceError::NotFound("next key"))?)
    }

    async fn schedule(&self, key: &str, at: Option<DateTime<Utc>>) -> Result<Vec<AppKey>, Failure> {
        match self {
            Self::Here { ctx, app } => {
                keys::schedule(ctx, &caller(), app, id(key)?, at).await?;
                self.list().await
            }
            Self::There { server, slug } => {
                server.app_key(slug, key, "schedule", &json!({ "switch_at": at })).await
            }
        }
    }

    async fn list(&self) -> Result<Vec<AppKey>, Failure> {
        match self {
            Self::Here { ctx, app } => Ok(keys::list(ctx, &caller(), app).await?),
            Self::There { server, slug } => server.app_keys(slug, "", None).await,
        }
    }

    async fn next(&self) -> Result<Option<AppKey>, Failure> {
        Ok(self.list().await?.into_iter().find(|key| key.state == KeyState::Next.as_str()))
    }
}

/// What a key of an app is made of, by the name on the command line.
pub(super) fn algorithm(name: Option<&str>) -> Result<KeyAlgorithm, Failure> {
    let Some(name) = name else { return Ok(NewKey::default().algorithm) };
    let known = KeyAlgorithm::parse(name).filter(|algorithm| KeyAlgorithm::OF_APPS.contains(algorithm));
    known.ok_or_else(|| {
        Failure::Input(format!("--alg {name}: a key of an app is rsa2048, rsa3072, rsa4096 or p256"))
    })
}

/// One line a key.
pub(super) fn table(keys: &[AppKey]) -> String {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    let lines = keys.iter().map(|key| {
        let ends = key.not_after.map(|end| format!("  ends {}", day(end))).unwrap_or_default();
        let withdrawn = key.withdrawn_at.map(|at| format!("  withdrawn {}", day(at))).unwrap_or_default();
        let since = match (key.switch_at, key.retired_at, key.published_until) {
            (Some(at), ..) => format!("  signs from {}", day(at)),
            (_, Some(_), Some(until)) if key.published => format!("  published until {}", day(until)),
            (_, Some(at), _) => format!("  signed until {}", day(at)),
            _ => String::new(),
        };
        let (algorithm, state, id) = (&key.algorithm, &key.state, &key.id);
        format!(
            "{algorithm:<8} {state:<8} {id}{ends}{since}{withdrawn}\n         SHA-256 {}",
            key.fingerprint
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
