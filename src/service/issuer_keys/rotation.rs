//! Changing the issuer's keys: by the calendar, by hand, and in an emergency. Each step is one write that nobody else's step comes
//! between. Does not own what may follow what (`domain::key::rollover`) or the calendar (`domain::key::issuer`).

use super::{IssuerKey, by_algorithm, list, made};
use crate::{
    context::AppContext,
    domain::{
        audit::{AuditEvent, EventType},
        key::{
            KeyAlgorithm, KeyState, SigningKey, issuer,
            rollover::{AppKeys, KeyRefusal},
        },
        permission::Permission,
    },
    id::KeyId,
    service::{Caller, ServiceError, oidc::keys::kid},
    store::{self, Written},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// What the resource of an event is called.
pub const RESOURCE: &str = "issuer_key";

/// The algorithm of a name such as `RS256`.
pub fn named(alg: &str) -> Option<KeyAlgorithm> {
    KeyAlgorithm::OF_ISSUER.iter().copied().find(|algorithm| algorithm.jose_name() == alg)
}

/// Begins a rotation, or finishes it at once: publishes the next key, which signs in two days; with `at_once`, the next key, made
/// now if there is none, signs from now on. Either way the key before stays published until no token of it lives any more.
pub async fn rotate(
    ctx: &AppContext,
    caller: &Caller,
    algorithm: KeyAlgorithm,
    at_once: bool,
) -> Result<Vec<IssuerKey>, ServiceError> {
    caller.require(Permission::Manage)?;
    known(algorithm)?;
    let now = ctx.now();
    let key = made(ctx, algorithm, KeyState::Next).await?;
    let created = event(ctx, caller, EventType::SigningKeyCreate, &key)?;
    let scheduled = now + issuer::LEAD;
    let switched = caller.event(ctx, EventType::SigningKeySwitch);
    step(ctx, algorithm, move |keys| {
        let waiting = keys.next().cloned();
        match (waiting, at_once) {
            (Some(_), false) => Err(refused(KeyRefusal::NextExists)),
            (None, false) => {
                keys.may_add_next().map_err(refused)?;
                let created = created.detail("switch_at", text(scheduled));
                let key = SigningKey { switch_at: Some(scheduled), ..key };
                Ok(Step::saying(vec![created]).adding(key))
            }
            (Some(waiting), true) => {
                keys.switch(waiting.id).map_err(refused)?;
                Ok(Step::saying(vec![on(switched, &waiting)?]))
            }
            (None, true) => {
                keys.may_add_next().map_err(refused)?;
                keys.step_down();
                let key = SigningKey { state: KeyState::Active, ..key };
                Ok(Step::saying(vec![created, on(switched, &key)?]).adding(key))
            }
        }
    })
    .await?;
    list(ctx, caller).await
}

/// An emergency: the key of this name leaves the JWKS at once, so that nothing signed with it counts any more. If it signs, a new
/// key signs in its place from now on.
pub async fn retire(ctx: &AppContext, caller: &Caller, name: &str) -> Result<Vec<IssuerKey>, ServiceError> {
    caller.require(Permission::Manage)?;
    let stored = store::signing_keys::of_issuer(&mut ctx.db.read().await?).await?;
    let mut found = None;
    for key in &stored {
        if kid(key)? == name {
            found = Some(key.clone());
        }
    }
    let key = found.ok_or(ServiceError::NotFound("key"))?;
    let (id, algorithm) = (key.id, key.algorithm);
    let fresh = made(ctx, algorithm, KeyState::Active).await?;
    let created = event(ctx, caller, EventType::SigningKeyCreate, &fresh)?;
    let withdrawn = event(ctx, caller, EventType::SigningKeyReplace, &key)?;
    step(ctx, algorithm, move |keys| {
        let state = keys.withdraw(id).map_err(refused)?;
        let withdrawn = withdrawn.detail("state", state.as_str());
        Ok(match state {
            KeyState::Active => Step::saying(vec![withdrawn, created]).adding(fresh),
            // It never signed: there is nothing to remember it for.
            KeyState::Next => Step { gone: Some(id), ..Step::saying(vec![withdrawn]) },
            KeyState::Retired => Step::saying(vec![withdrawn]),
        })
    })
    .await?;
    list(ctx, caller).await
}

/// What the calendar asks for: stores switches whose time has come, publishes next keys, forgets old ones; how many steps. Any node
/// may run it at any time: who comes second finds nothing to do.
pub async fn keep(ctx: &AppContext) -> Result<usize, ServiceError> {
    let days = ctx.config.oidc.key_rotation_days;
    let every = (days > 0).then(|| TimeDelta::days(i64::from(days)));
    let stored = store::signing_keys::of_issuer(&mut ctx.db.read().await?).await?;
    let mut steps = 0;
    let caller = Caller::system("schedule");
    for (keys, algorithm) in by_algorithm(&stored, ctx.now()).iter().zip(KeyAlgorithm::OF_ISSUER) {
        let wanted = every.and_then(|every| issuer::due_next(keys, every, ctx.now()));
        if keys.due().is_none() && wanted.is_none() && issuer::forgotten(keys, ctx.now()).is_empty() {
            continue;
        }
        let new = match wanted {
            Some(_) => Some(made(ctx, *algorithm, KeyState::Next).await?),
            None => None,
        };
        let created = match &new {
            Some(key) => Some(event(ctx, &caller, EventType::SigningKeyCreate, key)?),
            None => None,
        };
        let now = ctx.now();
        step(ctx, *algorithm, move |keys| {
            let due = every.and_then(|every| issuer::due_next(keys, every, now));
            Ok(match (due, new, created) {
                (Some(at), Some(key), Some(created)) => {
                    let created = created.detail("source", "schedule").detail("switch_at", text(at));
                    Step::saying(vec![created]).adding(SigningKey { switch_at: Some(at), ..key })
                }
                _ => Step::saying(Vec::new()),
            })
        })
        .await?;
        steps += 1;
    }
    Ok(steps)
}

/// What a step does beside changing the keys that are there.
struct Step {
    new: Option<SigningKey>,
    gone: Option<KeyId>,
    events: Vec<AuditEvent>,
}

impl Step {
    fn saying(events: Vec<AuditEvent>) -> Self {
        Self { new: None, gone: None, events }
    }

    fn adding(self, key: SigningKey) -> Self {
        Self { new: Some(key), ..self }
    }
}

/// One step in one write; a switch that was due is stored along, and what is past remembering goes.
async fn step(
    ctx: &AppContext,
    algorithm: KeyAlgorithm,
    decide: impl FnOnce(&mut AppKeys) -> Result<Step, ServiceError> + Send + 'static,
) -> Result<(), ServiceError> {
    let now = ctx.now();
    let due_event = Caller::system("schedule").event(ctx, EventType::SigningKeySwitch);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::signing_keys::hold_issuer(tx).await?;
                let stored = store::signing_keys::of_issuer(tx).await?;
                let own = stored.into_iter().filter(|key| key.algorithm == algorithm).collect();
                let mut keys = issuer::at(own, now);
                let due = match keys.due() {
                    Some(key) => Some(on(due_event, key)?.detail("source", "schedule")),
                    None => None,
                };
                let Step { new, gone, events } = decide(&mut keys)?;
                for key in keys.changed() {
                    store::signing_keys::set_life(tx, key).await?;
                }
                for id in gone.into_iter().chain(issuer::forgotten(&keys, now)) {
                    store::signing_keys::delete(tx, id).await?;
                }
                if let Some(new) = &new {
                    store::signing_keys::insert(tx, new).await?;
                }
                let mut written = Written::unaudited(());
                written.events = due.into_iter().chain(events).collect();
                Ok(written)
            })
        })
        .await
        .inspect(|()| ctx.documents().forget_keys())
}

fn known(algorithm: KeyAlgorithm) -> Result<(), ServiceError> {
    if KeyAlgorithm::OF_ISSUER.contains(&algorithm) {
        return Ok(());
    }
    Err(ServiceError::field("alg", "Choose RS256, ES256 or EdDSA"))
}

fn event(
    ctx: &AppContext,
    caller: &Caller,
    kind: EventType,
    key: &SigningKey,
) -> Result<AuditEvent, ServiceError> {
    on(caller.event(ctx, kind), key)
}

fn on(event: AuditEvent, key: &SigningKey) -> Result<AuditEvent, ServiceError> {
    Ok(event.on(RESOURCE, key.id, key.algorithm.jose_name()).detail("kid", kid(key)?))
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The refusals of a life in words about the issuer's keys.
fn refused(refusal: KeyRefusal) -> ServiceError {
    let words = match refusal {
        KeyRefusal::NextExists => {
            "The next key is published already: wait until it signs, or let it sign at once"
        }
        KeyRefusal::TooMany => {
            "There are 20 keys of this algorithm: wait until earlier ones have left the JWKS"
        }
        _ => "There is no such key any more: look at the list again",
    };
    ServiceError::field("key", words)
}
