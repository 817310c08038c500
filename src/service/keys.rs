//! The life of an app's signing keys: make or bring the next one, switch, roll back, replace at once, remove.
//! Does not own what may follow what (`domain::key::rollover`), or warnings of a certificate's end (`key_expiry`).

mod algorithm;
mod due;
mod shown;

use super::{Caller, ServiceError, apps};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{AuditEvent, EventType},
        key::{
            KeyAlgorithm, KeyState, SigningKey,
            rollover::{AppKeys, KeyRefusal},
        },
        permission::Permission,
    },
    id::{AppId, KeyId},
    keyring::{SecretText, fingerprint_sha256},
    store::{self, Tx, Written},
};
use ::saml::CertificateDer;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};

pub use due::settle_due;
pub use shown::AppKey;

/// Years a new certificate may last.
pub const YEARS: std::ops::RangeInclusive<u32> = 1..=10;

/// What a new key pair is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewKey {
    /// One of [`KeyAlgorithm::OF_APPS`].
    pub algorithm: KeyAlgorithm,
    /// How long its certificate lasts, within [`YEARS`].
    pub years: u32,
}

impl Default for NewKey {
    fn default() -> Self {
        Self { algorithm: KeyAlgorithm::Rsa2048, years: 3 }
    }
}

/// A certificate and key that an admin brings.
#[derive(Debug, Clone)]
pub struct BroughtKey {
    /// PEM; of a chain, the certificate of the key counts.
    pub certificate: String,
    /// PEM: PKCS #8, PKCS #1 or SEC 1, encrypted or not.
    pub private_key: SecretText,
    /// The passphrase of an encrypted key; else empty.
    pub passphrase: SecretText,
}

impl From<KeyRefusal> for ServiceError {
    fn from(refusal: KeyRefusal) -> Self {
        let field = if refusal == KeyRefusal::Time { "switch_at" } else { "key" };
        Self::field(field, refusal.to_string())
    }
}

/// The keys of an app as they are now.
pub async fn of_app(ctx: &AppContext, caller: &Caller, app: &App) -> Result<AppKeys, ServiceError> {
    caller.require(Permission::Read)?;
    load(ctx, app.id).await
}

/// The same as API and command line show them.
pub async fn list(ctx: &AppContext, caller: &Caller, app: &App) -> Result<Vec<AppKey>, ServiceError> {
    saml_only(app)?;
    shown::all(&of_app(ctx, caller, app).await?)
}

pub(super) async fn load(ctx: &AppContext, app: AppId) -> Result<AppKeys, ServiceError> {
    let stored = store::signing_keys::of_app(&mut ctx.db.read().await?, app).await?;
    Ok(AppKeys::at(stored, ctx.now()))
}

/// The certificates of an app's metadata, the one in use first.
pub async fn published_certificates(
    ctx: &AppContext,
    app: &App,
) -> Result<Vec<CertificateDer>, ServiceError> {
    load(ctx, app.id).await?.published().into_iter().map(certificate_of).collect()
}

/// The certificate that comes after the one in use, DER.
pub async fn next_certificate(ctx: &AppContext, app: &App) -> Result<Vec<u8>, ServiceError> {
    let keys = load(ctx, app.id).await?;
    let next = keys.next().ok_or(ServiceError::NotFound("next certificate"))?;
    Ok(certificate_of(next)?.as_der().to_vec())
}

fn certificate_of(key: &SigningKey) -> Result<CertificateDer, ServiceError> {
    let text = key.certificate.as_deref().unwrap_or_default();
    let der = STANDARD.decode(text).map_err(ServiceError::internal)?;
    CertificateDer::new(der).map_err(ServiceError::internal)
}

/// Makes the next key pair with a certificate of its own. It is published at once and signs nothing yet.
pub async fn make_next(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    new: NewKey,
) -> Result<SigningKey, ServiceError> {
    caller.require(Permission::Manage)?;
    check(app, new)?;
    load(ctx, app.id).await?.may_add_next()?;
    let key = made(ctx, app, new, KeyState::Next).await?;
    let event = event(ctx, caller, app, EventType::SigningKeyCreate, &key)?.detail("source", "made");
    add_next(ctx, caller, app, key, event).await
}

/// Takes a certificate and key that an admin brings as the next pair.
pub async fn bring_next(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    brought: BroughtKey,
) -> Result<SigningKey, ServiceError> {
    caller.require(Permission::Manage)?;
    saml_only(app)?;
    load(ctx, app.id).await?.may_add_next()?;
    let now = ctx.now();
    let (id, app_id, keyring) = (KeyId::new(now, &mut ctx.rng()), app.id, ctx.keyring.clone());
    let imported = tokio::task::spawn_blocking(move || {
        let BroughtKey { certificate, private_key, passphrase } = brought;
        keyring.import_signing_key(id, app_id, &certificate, &private_key, &passphrase, now)
    })
    .await
    .map_err(ServiceError::internal)?
    .map_err(ServiceError::internal)?;
    let key = imported.map_err(|refused| ServiceError::field(refused.field(), refused.to_string()))?;
    let key = SigningKey { state: KeyState::Next, ..key };
    let event = event(ctx, caller, app, EventType::SigningKeyCreate, &key)?.detail("source", "upload");
    add_next(ctx, caller, app, key, event).await
}

async fn add_next(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    key: SigningKey,
    event: AuditEvent,
) -> Result<SigningKey, ServiceError> {
    let new = key.clone();
    step(ctx, caller, app, move |keys| {
        keys.may_add_next()?;
        keys.may_bring(&new.public_key)?;
        Ok(Step { new: Some(new), ..Step::saying(event) })
    })
    .await?;
    Ok(key)
}

/// The next key signs from now on. `id` is the one that the admin saw.
pub async fn switch(ctx: &AppContext, caller: &Caller, app: &App, id: KeyId) -> Result<(), ServiceError> {
    step_with(ctx, caller, app, (EventType::SigningKeySwitch, id), move |keys, event| {
        keys.switch(id)?;
        Ok(Step::saying(event))
    })
    .await
}

/// The next key will sign from `at` on, by itself; `None` takes that back.
pub async fn schedule(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    id: KeyId,
    at: Option<DateTime<Utc>>,
) -> Result<(), ServiceError> {
    step_with(ctx, caller, app, (EventType::SigningKeySchedule, id), move |keys, event| {
        keys.schedule(id, at)?;
        Ok(Step::saying(match at {
            Some(at) => event.detail("switch_at", at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => event,
        }))
    })
    .await
}

/// A retired key signs again, unless it was withdrawn.
pub async fn roll_back(ctx: &AppContext, caller: &Caller, app: &App, id: KeyId) -> Result<(), ServiceError> {
    step_with(ctx, caller, app, (EventType::SigningKeyRollback, id), move |keys, event| {
        keys.roll_back(id)?;
        Ok(Step::saying(event))
    })
    .await
}

/// An emergency: a new key signs at once, and every other one leaves the metadata. People can't sign on until the app has the
/// new certificate.
pub async fn replace_at_once(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    new: NewKey,
) -> Result<SigningKey, ServiceError> {
    replace_active(ctx, caller, app, (None, new)).await
}

/// The same, if the key that signs is still `old`: of two who withdraw it at once, the second must not withdraw its successor.
async fn replace_active(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    (old, new): (Option<KeyId>, NewKey),
) -> Result<SigningKey, ServiceError> {
    caller.require(Permission::Manage)?;
    check(app, new)?;
    let key = made(ctx, app, new, KeyState::Active).await?;
    let event = event(ctx, caller, app, EventType::SigningKeyReplace, &key)?;
    let added = key.clone();
    step(ctx, caller, app, move |keys| {
        if old.is_some_and(|old| keys.active().is_none_or(|active| active.id != old)) {
            return Err(KeyRefusal::NotActive);
        }
        keys.withdraw_all()?;
        Ok(Step { new: Some(added), ..Step::saying(event) })
    })
    .await?;
    Ok(key)
}

/// Withdraws a key at once, for when somebody else may have it. Of the one that signs, a new one of the same kind takes the place, and
/// every other leaves the metadata too; any other is removed.
pub async fn retire(ctx: &AppContext, caller: &Caller, app: &App, id: KeyId) -> Result<(), ServiceError> {
    caller.require(Permission::Manage)?;
    saml_only(app)?;
    let keys = load(ctx, app.id).await?;
    match keys.active().filter(|active| active.id == id) {
        Some(active) => {
            let new = NewKey { algorithm: active.algorithm, ..NewKey::default() };
            replace_active(ctx, caller, app, (Some(id), new)).await.map(|_| ())
        }
        None => delete(ctx, caller, app, id).await,
    }
}

/// Removes a key that doesn't sign, for good: a retired one, or a next one that is given up.
pub async fn delete(ctx: &AppContext, caller: &Caller, app: &App, id: KeyId) -> Result<(), ServiceError> {
    step_with(ctx, caller, app, (EventType::SigningKeyDelete, id), move |keys, event| {
        let state = keys.removable(id)?.state;
        Ok(Step { gone: Some(id), ..Step::saying(event.detail("state", state.as_str())) })
    })
    .await
}

/// What a step does beside changing the keys that are there.
struct Step {
    event: AuditEvent,
    new: Option<SigningKey>,
    gone: Option<KeyId>,
}

impl Step {
    fn saying(event: AuditEvent) -> Self {
        Self { event, new: None, gone: None }
    }
}

/// A step with a key that the admin saw; `decide` is given the event that says so.
async fn step_with(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    (kind, id): (EventType, KeyId),
    decide: impl FnOnce(&mut AppKeys, AuditEvent) -> Result<Step, KeyRefusal> + Send + 'static,
) -> Result<(), ServiceError> {
    caller.require(Permission::Manage)?;
    let event = caller.event(ctx, kind).at(app).on("signing_key", id, &app.label);
    step(ctx, caller, app, move |keys| decide(keys, event)).await
}

/// One step in one write: nobody else changes the keys of this app meanwhile, and a switch that was due is stored along.
async fn step(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    decide: impl FnOnce(&mut AppKeys) -> Result<Step, KeyRefusal> + Send + 'static,
) -> Result<(), ServiceError> {
    saml_only(app)?;
    let (id, now, due_event) = (app.id, ctx.now(), due::event(ctx, app));
    let followed = caller.event(ctx, EventType::ApplicationUpdate);
    let public_url = ctx.config.http.public_url.as_str().to_owned();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if !store::signing_keys::hold(tx, id).await? {
                    return Err(ServiceError::NotFound("application"));
                }
                let stored = store::signing_keys::of_app(tx, id).await?;
                let signed = algorithm::signing(&stored);
                let mut keys = AppKeys::at(stored, now);
                let due = due::told(&keys, due_event);
                let Step { event, new, gone } = decide(&mut keys)?;
                save(tx, &keys).await?;
                if let Some(new) = &new {
                    store::signing_keys::insert(tx, new).await?;
                }
                if let Some(gone) = gone {
                    store::signing_keys::delete(tx, gone).await?;
                }
                let signs = new.as_ref().filter(|new| new.state == KeyState::Active).or(keys.active());
                let followed =
                    algorithm::follow(tx, (id, &public_url), (signed, signs), followed, now).await?;
                let written = Written::new((), event);
                Ok(due.into_iter().chain(followed).fold(written, Written::and))
            })
        })
        .await
}

async fn save(tx: &mut Tx, keys: &AppKeys) -> Result<(), ServiceError> {
    for key in keys.changed() {
        store::signing_keys::set_life(tx, key).await?;
    }
    Ok(())
}

fn saml_only(app: &App) -> Result<(), ServiceError> {
    if app.connection.saml().is_some() { Ok(()) } else { Err(ServiceError::NotFound("certificate")) }
}

fn check(app: &App, new: NewKey) -> Result<(), ServiceError> {
    saml_only(app)?;
    if !KeyAlgorithm::OF_APPS.contains(&new.algorithm) {
        return Err(ServiceError::field("algorithm", "Choose RSA or P-256"));
    }
    if !YEARS.contains(&new.years) {
        return Err(ServiceError::field("years", "Choose 1 to 10 years"));
    }
    Ok(())
}

async fn made(ctx: &AppContext, app: &App, new: NewKey, state: KeyState) -> Result<SigningKey, ServiceError> {
    let now = ctx.now();
    let (id, app_id, keyring) = (KeyId::new(now, &mut ctx.rng()), app.id, ctx.keyring.clone());
    let name = apps::certificate_name(ctx, &app.label);
    let key = tokio::task::spawn_blocking(move || {
        keyring.new_certified_key(id, Some(app_id), new.algorithm, Some((&name, new.years)), now)
    })
    .await
    .map_err(ServiceError::internal)?
    .map_err(ServiceError::internal)?;
    Ok(SigningKey { state, ..key })
}

/// An event that tells which certificate came.
fn event(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    kind: EventType,
    key: &SigningKey,
) -> Result<AuditEvent, ServiceError> {
    let event = caller
        .event(ctx, kind)
        .at(app)
        .on("signing_key", key.id, &app.label)
        .detail("algorithm", key.algorithm.as_str())
        .detail("fingerprint", fingerprint_sha256(certificate_of(key)?.as_der()));
    Ok(match key.not_after {
        Some(end) => event.detail("not_after", end.to_rfc3339_opts(SecondsFormat::Secs, true)),
        None => event,
    })
}
