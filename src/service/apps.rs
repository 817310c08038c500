//! Applications: add, change, pause, remove; their keys. Does not own who may open them (`assignments`), nor
//! the secrets of clients (`client_secrets`).

use super::{Caller, ServiceError, client_secrets, idp_entity_ids, sp_metadata};
use crate::{
    context::AppContext,
    domain::{
        app::{App, AppDraft, CheckedApp},
        audit::{AuditEvent, EventType},
        connection::{Connection, SamlSignatureAlgorithm},
        key::{KeyAlgorithm, KeyState, SigningKey},
        permission::Permission,
    },
    id::{AppId, EventId, KeyId},
    store::{
        self, Tx, Written,
        apps::AppFilter,
        client_secrets::ClientSecret,
        page::{Page, PageRequest},
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use rand::Rng;
use serde_json::Value;

const TAKEN: &[(&str, &str, &str)] = &[
    ("slug", "slug", "Another app has this address"),
    ("client_id", "client_id", "Another app has this client ID"),
];

/// The apps that match, by label.
pub async fn list(
    ctx: &AppContext,
    caller: &Caller,
    filter: &AppFilter,
    page: PageRequest,
) -> Result<Page<App>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::apps::list(&mut ctx.db.read().await?, filter, page).await?)
}

/// One app by its slug or an alias of it.
pub async fn find(ctx: &AppContext, caller: &Caller, slug: &str) -> Result<App, ServiceError> {
    caller.require(Permission::Read)?;
    let found = store::apps::find_by_slug(&mut ctx.db.read().await?, slug).await?;
    found.map(|(app, _)| app).ok_or(ServiceError::NotFound("application"))
}

/// Most apps that are named beside another one.
const NAMED_MAX: u32 = 5;

/// Other apps with the SP entity ID of this one, by label, the first few: the same service more than once, or a slip.
pub async fn of_the_same_entity(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
) -> Result<Vec<App>, ServiceError> {
    caller.require(Permission::Read)?;
    let Some(saml) = app.connection.saml() else { return Ok(Vec::new()) };
    let mut conn = ctx.db.read().await?;
    let mut found = store::apps::with_entity_id(&mut conn, &saml.sp_entity_id, NAMED_MAX + 1).await?;
    found.retain(|other| other.id != app.id);
    found.truncate(NAMED_MAX as usize);
    Ok(found)
}

/// What is made for a new app outside the write: its key pair and client secret.
pub struct PreparedApp {
    /// Its id.
    pub id: AppId,
    /// The checked settings.
    pub checked: CheckedApp,
    /// SAML: key and certificate.
    pub key: Option<SigningKey>,
    /// OIDC: the stored half of the secret.
    pub secret: Option<ClientSecret>,
    /// OIDC: the secret itself, shown once; `None` when the caller chose it.
    pub plain_secret: Option<String>,
    /// Our address, which its entity ID of ours begins with unless it has another one.
    pub public_url: String,
}

/// Fills in what the admin may leave out (issuer, client id), checks, and makes key pair and secret: slow work that must not
/// stand inside a write.
pub async fn prepare(
    ctx: &AppContext,
    mut draft: AppDraft,
    client_secret: Option<String>,
) -> Result<PreparedApp, ServiceError> {
    let now = ctx.now();
    let id = AppId::new(now, &mut ctx.rng());
    let public_url = ctx.config.http.public_url.as_str().to_owned();
    name_entity(&public_url, &mut draft);
    if let Connection::Oidc(oidc) = &mut draft.connection
        && oidc.client_id.is_empty()
    {
        oidc.client_id = random_text(&mut ctx.rng(), 15);
    }
    let checked = draft.check()?;
    let key = match &checked.get().connection {
        Connection::Saml(saml) => {
            let algorithm = saml.signature_algorithm.new_key();
            Some(new_key(ctx, id, algorithm, &checked.get().label, now).await?)
        }
        _ => None,
    };
    let (secret, plain_secret) = match &checked.get().connection {
        Connection::Oidc(oidc) if oidc.client_auth.has_secret() => {
            let chosen = client_secret.is_some();
            let (row, plain) = client_secrets::make(ctx, id, client_secret, now)?;
            (Some(row), (!chosen).then_some(plain))
        }
        _ => (None, None),
    };
    Ok(PreparedApp { id, checked, key, secret, plain_secret, public_url })
}

/// Our entity ID of an app that names none is the address of its metadata, and stays that when the app gets another slug.
fn name_entity(public_url: &str, draft: &mut AppDraft) {
    if let Connection::Saml(saml) = &mut draft.connection
        && saml.idp_entity_id.trim().is_empty()
    {
        saml.idp_entity_id = idp_entity_ids::address(public_url, draft.slug.trim());
    }
}

async fn new_key(
    ctx: &AppContext,
    id: AppId,
    algorithm: KeyAlgorithm,
    label: &str,
    now: DateTime<Utc>,
) -> Result<SigningKey, ServiceError> {
    let key_id = KeyId::new(now, &mut ctx.rng());
    let name = certificate_name(ctx, label);
    let keyring = ctx.keyring.clone();
    tokio::task::spawn_blocking(move || {
        keyring.new_signing_key(key_id, Some(id), algorithm, Some(&name), now)
    })
    .await
    .map_err(ServiceError::internal)?
    .map_err(ServiceError::internal)
}

/// The common name of an app's own certificate.
pub(super) fn certificate_name(ctx: &AppContext, label: &str) -> String {
    format!("{label} at {}", ctx.config.http.public_url.host()).chars().take(64).collect()
}

pub(super) fn random_text(rng: &mut impl Rng, bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    rng.fill_bytes(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}

/// What an event shows of an app; it holds no secret.
pub fn shown(draft: &AppDraft) -> Value {
    let mut members = serde_json::Map::new();
    for (name, value) in [
        ("slug", &draft.slug),
        ("label", &draft.label),
        ("description", &draft.description),
        ("connector", &draft.connector),
        ("glyph", &draft.glyph),
        ("colour", &draft.colour),
        ("category", &draft.category),
    ] {
        members.insert(name.to_owned(), Value::String(value.clone()));
    }
    if !draft.parameters.is_empty() {
        let parameters = draft.parameters.iter().map(|(key, value)| (key.clone(), value.clone().into()));
        members.insert("parameters".into(), Value::Object(parameters.collect()));
    }
    members.insert("show_in_portal".into(), draft.show_in_portal.into());
    members.insert("active".into(), draft.active.into());
    if let Ok(Value::Object(mut connection)) = serde_json::to_value(&draft.connection) {
        connection.iter_mut().for_each(|(name, value)| fingerprints(name, value));
        members.extend(connection);
    }
    Value::Object(members)
}

/// Certificates are told by what people compare: their SHA-256. One that can't be read stays as it is.
fn fingerprints(name: &str, value: &mut Value) {
    match value {
        Value::Array(texts) if name.ends_with("certificates") => {
            for text in texts {
                let read = text.as_str().map(::saml::CertificateDer::from_pem_or_base64);
                if let Some(Ok(certificate)) = read {
                    let fingerprint = crate::keyring::fingerprint_sha256(certificate.as_der());
                    *text = Value::String(format!("SHA-256 {fingerprint}"));
                }
            }
        }
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, value)| fingerprints(name, value));
        }
        _ => {}
    }
}

/// Stores a prepared app inside a write.
pub async fn insert_prepared(
    tx: &mut Tx,
    prepared: &PreparedApp,
    event: AuditEvent,
    now: DateTime<Utc>,
) -> Result<(App, AuditEvent), ServiceError> {
    idp_entity_ids::check(tx, &prepared.public_url, (prepared.id, None), prepared.checked.get()).await?;
    let app = store::apps::insert(tx, prepared.id, &prepared.checked, now)
        .await
        .map_err(|e| ServiceError::from(e).or_taken(TAKEN))?;
    sp_metadata::keep_source(tx, None, &app, now).await?;
    if let Some(key) = &prepared.key {
        store::signing_keys::insert(tx, key).await?;
    }
    if let Some(secret) = &prepared.secret {
        store::client_secrets::insert(tx, secret).await?;
    }
    let event = event
        .at(&app)
        .on("application", app.id, &app.label)
        .changed(&Value::Null, &shown(prepared.checked.get()));
    Ok((app, event))
}

/// A new app, and the client secret to show once.
pub async fn create(
    ctx: &AppContext,
    caller: &Caller,
    draft: AppDraft,
) -> Result<(App, Option<String>), ServiceError> {
    caller.require(Permission::Manage)?;
    let prepared = prepare(ctx, draft, None).await?;
    let plain = prepared.plain_secret.clone();
    let event = caller.event(ctx, EventType::ApplicationCreate);
    let now = ctx.now();
    let app = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (app, event) = insert_prepared(tx, &prepared, event, now).await?;
                Ok::<_, ServiceError>(Written::new(app, event))
            })
        })
        .await?;
    Ok((app, plain))
}

/// An algorithm that is chosen anew must be one that a key of the app can sign with: else messages would be signed in another
/// way than the settings say.
async fn check_algorithm(tx: &mut Tx, before: &App, draft: &AppDraft) -> Result<(), ServiceError> {
    let (Some(old), Some(new)) = (before.connection.saml(), draft.connection.saml()) else { return Ok(()) };
    if old.signature_algorithm == new.signature_algorithm {
        return Ok(());
    }
    let keys = store::signing_keys::of_app(tx, before.id).await?;
    match algorithm_misfit(new.signature_algorithm, &keys) {
        Some(why) => Err(ServiceError::field("signature_algorithm", why)),
        None => Ok(()),
    }
}

/// Why none of an app's keys that sign or will sign can do so with an algorithm; `None` when one can, or there is none.
pub(super) fn algorithm_misfit(algorithm: SamlSignatureAlgorithm, keys: &[SigningKey]) -> Option<String> {
    let mut usable = keys.iter().filter(|key| key.state != KeyState::Retired);
    if usable.clone().next().is_none() || usable.any(|key| algorithm.fits(key.algorithm)) {
        return None;
    }
    let needed = algorithm.new_key().label();
    Some(format!("The app’s key can’t sign with this. Make a certificate with a key of {needed} first"))
}

/// Changes an app inside a write. `public_url` is our address.
pub async fn apply_update(
    tx: &mut Tx,
    public_url: &str,
    before: &App,
    version: i64,
    checked: &CheckedApp,
    event: AuditEvent,
    now: DateTime<Utc>,
) -> Result<(App, AuditEvent), ServiceError> {
    check_algorithm(tx, before, checked.get()).await?;
    idp_entity_ids::check(tx, public_url, (before.id, Some(before)), checked.get()).await?;
    let app = store::apps::update(tx, before.id, Some(version), checked, now)
        .await
        .map_err(|e| ServiceError::from(e).or_taken(TAKEN))?;
    sp_metadata::keep_source(tx, Some(&before.connection), &app, now).await?;
    let recorder = |app: &App| app.connection.saml().and_then(|saml| saml.recorder);
    if let Some(recorder) = recorder(&app).filter(|_| recorder(before) != recorder(&app)) {
        store::recordings::trim(tx, app.id, recorder.per_app.into()).await?;
    }
    let event = event
        .at(&app)
        .on("application", app.id, &app.label)
        .changed(&shown(&AppDraft::of(before)), &shown(checked.get()));
    Ok((app, event))
}

/// Changes an app. `version` is the one the form was filled from.
pub async fn update(
    ctx: &AppContext,
    caller: &Caller,
    before: App,
    version: i64,
    mut draft: AppDraft,
) -> Result<App, ServiceError> {
    caller.require(Permission::Manage)?;
    name_entity(ctx.config.http.public_url.as_str(), &mut draft);
    let checked = draft.check_over(Some(&before.connection))?;
    let event = caller.event(ctx, EventType::ApplicationUpdate);
    let now = ctx.now();
    let public_url = ctx.config.http.public_url.as_str().to_owned();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let (app, event) =
                    apply_update(tx, &public_url, &before, version, &checked, event, now).await?;
                Ok::<_, ServiceError>(Written::new(app, event))
            })
        })
        .await
}

/// Removes an app with its key, secrets and tokens.
pub async fn delete(ctx: &AppContext, caller: &Caller, app: App) -> Result<(), ServiceError> {
    caller.require(Permission::Manage)?;
    let event =
        caller.event(ctx, EventType::ApplicationDelete).at(&app).on("application", app.id, &app.label);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::apps::delete(tx, app.id).await?;
                Ok::<_, ServiceError>(Written::new((), event))
            })
        })
        .await
}

/// The key an app signs with now.
pub async fn active_key(ctx: &AppContext, app: AppId) -> Result<SigningKey, ServiceError> {
    store::signing_keys::signing_of_app(&mut ctx.db.read().await?, app, ctx.now())
        .await?
        .ok_or_else(|| ServiceError::Internal("the app has no active signing key".into()))
}

/// A fresh id for a second event of one write.
pub fn another(ctx: &AppContext, event: &AuditEvent) -> AuditEvent {
    let mut copy = event.clone();
    copy.id = EventId::new(event.timestamp, &mut ctx.rng());
    copy
}
