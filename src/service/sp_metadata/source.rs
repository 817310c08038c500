//! What waits for approval, and how fetching goes, as administrators see it; approving and dismissing. Does not own fetching
//! (`refresh`).

use super::{fill, refresh, review::encryption};
use crate::{
    config::SamlConfig,
    context::AppContext,
    domain::{
        app::{App, AppDraft},
        audit::EventType,
        connection::{Connection, EndedMetadata, EntityAttribute, MetadataSource, SamlConnection},
        permission::Permission,
        sp_metadata::SpMetadata,
        text::FieldErrors,
    },
    keyring::secret_hash,
    service::{Caller, ServiceError, apps, sign_on::service_provider},
    store::{self, Written},
};
pub use ::saml::metadata::review::Difference as ReviewRow;
use ::saml::{
    CertificateDer,
    metadata::{
        review::{Registered, Touches, compare},
        sp::ServiceProviderMetadata,
    },
};
use chrono::{DateTime, Utc};

/// Changes of keys and addresses, beside what is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Setting by setting, those that stay the same too.
    pub rows: Vec<ReviewRow>,
    /// Names what would be set.
    pub digest: String,
}

impl Pending {
    /// Puts a document beside the settings. `verified` says whether the signature of its source was.
    pub(super) fn of(
        current: &SamlConnection,
        metadata: &ServiceProviderMetadata,
        verified: bool,
        config: &SamlConfig,
    ) -> Self {
        let sp = service_provider::without_certificates(current);
        // A stored certificate that can't be read is shown as missing; the document then replaces it.
        let certificates = |texts: &[String]| -> Vec<CertificateDer> {
            texts.iter().filter_map(|text| CertificateDer::from_pem_or_base64(text).ok()).collect()
        };
        let (signing, encryption) =
            (certificates(&current.sp_certificates), certificates(&current.encryption_certificates));
        let registered = Registered {
            entity_id: &current.sp_entity_id,
            assertion_consumer_services: &sp.assertion_consumer_services,
            single_logout_services: &sp.single_logout_services,
            signing_certificates: &signing,
            encryption_certificates: &encryption,
            authn_requests_signed: current.sp_signs_requests,
            ..Registered::default()
        };
        let from = ServiceProviderMetadata {
            assertion_consumer_services: fill::marked(&metadata.assertion_consumer_services),
            ..metadata.clone()
        };
        let mut rows: Vec<ReviewRow> =
            compare(&registered, &from).into_iter().filter(|row| row.touches != Touches::Other).collect();
        rows.extend(consequences(current, &fill::keys_and_addresses(current, metadata, config), verified));
        let wanted: Vec<&str> = rows.iter().flat_map(|row| [row.field, row.from_metadata.as_str()]).collect();
        Self { digest: secret_hash(&wanted.join("\0")), rows }
    }

    /// Whether anything would change.
    pub fn changes(&self) -> bool {
        self.rows.iter().any(|row| row.changes)
    }

    /// The settings that would change, as one text.
    pub fn fields(&self) -> String {
        self.rows.iter().filter(|row| row.changes).map(|row| row.field).collect::<Vec<_>>().join(", ")
    }
}

/// What changes with keys and with what is said about the app: the format of the NameID, where it doesn't say that it takes the
/// one in use; whether assertions are encrypted (SDP-IDP11) and by which
/// algorithms, and whether rows that wait for an entity attribute are released, now or once there are any (IIP-IDP03). There
/// are rows only when something would change.
fn consequences(current: &SamlConnection, then: &SamlConnection, verified: bool) -> Vec<ReviewRow> {
    let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let row = |field, now, from_metadata| ReviewRow {
        field,
        now,
        from_metadata,
        touches: Touches::Keys,
        changes: true,
    };
    let mut rows = Vec::new();
    if current.encrypts() != then.encrypts() {
        rows.push(row("Encrypts assertions", yes(current.encrypts()), yes(then.encrypts())));
    }
    let (by, then_by) = (encryption(current), encryption(then));
    if by != then_by {
        rows.push(row("Encryption", by, then_by));
    }
    if current.name_id_format != then.name_id_format {
        let (is, wanted) = (current.name_id_format.as_str(), then.name_id_format.as_str());
        rows.push(row("NameID format", is.to_owned(), wanted.to_owned()));
    }
    let widened = current.would_release_more(&then.entity_attributes);
    let taken = fill::taken_by_itself(current, &then.entity_attributes, verified);
    let claimed: Vec<&EntityAttribute> =
        then.entity_attributes.iter().filter(|one| !taken.contains(one) && !widened.contains(one)).collect();
    for (field, added) in
        [("Entity attributes that release more", widened), ("Unsigned entity attributes", claimed)]
    {
        if !added.is_empty() {
            let words: Vec<String> = added.into_iter().map(EntityAttribute::words).collect();
            rows.push(row(field, String::new(), words.join("\n")));
        }
    }
    rows
}

/// What is known of the metadata of an app that has a source.
pub async fn look(ctx: &AppContext, caller: &Caller, app: &App) -> Result<Option<SpMetadata>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::sp_metadata::get(&mut ctx.db.read().await?, app.id).await?)
}

/// What waits, as it stands against the settings of now; `None` when nothing does.
pub async fn pending(
    ctx: &AppContext,
    app: &App,
    known: &SpMetadata,
) -> Result<Option<Pending>, ServiceError> {
    if known.progress.waiting.is_none() {
        return Ok(None);
    }
    let (Some(saml), Some(metadata)) = (app.connection.saml(), refresh::stored(known).await?) else {
        return Ok(None);
    };
    Ok(Some(Pending::of(saml, &metadata, known.progress.verified, &ctx.config.saml)).filter(Pending::changes))
}

/// Sets what waits, if it is still what was shown: `digest` names that, `version` is the app's. One write.
pub async fn approve(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    version: i64,
    digest: &str,
) -> Result<App, ServiceError> {
    caller.require(Permission::Manage)?;
    let (mut known, pending, metadata) = shown(ctx, caller, app, digest).await?;
    let saml = app.connection.saml().ok_or(ServiceError::NotFound("application"))?;
    let connection = Connection::Saml(Box::new(fill::keys_and_addresses(saml, &metadata, &ctx.config.saml)));
    let checked = AppDraft { connection, ..AppDraft::of(app) }.check_over(Some(&app.connection))?;
    known.progress.waiting = None;
    let update = caller.event(ctx, EventType::ApplicationUpdate);
    let event = caller
        .event(ctx, EventType::SpMetadataApprove)
        .at(app)
        .on("application", app.id, &app.label)
        .detail("fields", pending.fields());
    let (now, before) = (ctx.now(), app.clone());
    let public_url = ctx.config.http.public_url.as_str().to_owned();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if !store::sp_metadata::update(tx, &known).await? {
                    return Err(ServiceError::Stale);
                }
                let (app, update) =
                    apps::apply_update(tx, &public_url, &before, version, &checked, update, now).await?;
                Ok::<_, ServiceError>(Written::new(app, event).and(update))
            })
        })
        .await
}

/// Leaves the settings as they are; what was shown is not proposed again.
pub async fn dismiss(ctx: &AppContext, caller: &Caller, app: &App, digest: &str) -> Result<(), ServiceError> {
    caller.require(Permission::Manage)?;
    let (mut known, pending, _) = shown(ctx, caller, app, digest).await?;
    known.progress.waiting = None;
    known.progress.dismissed = Some(pending.digest.clone());
    let event = caller
        .event(ctx, EventType::SpMetadataDismiss)
        .at(app)
        .on("application", app.id, &app.label)
        .detail("fields", pending.fields());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if !store::sp_metadata::update(tx, &known).await? {
                    return Err(ServiceError::Stale);
                }
                Ok::<_, ServiceError>(Written::new((), event))
            })
        })
        .await
}

/// What waits, unless it is no longer what was shown.
async fn shown(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    digest: &str,
) -> Result<(SpMetadata, Pending, ServiceProviderMetadata), ServiceError> {
    let known = look(ctx, caller, app).await?.ok_or(ServiceError::NotFound("metadata"))?;
    let (Some(metadata), Some(saml)) = (refresh::stored(&known).await?, app.connection.saml()) else {
        return Err(ServiceError::Stale);
    };
    let waits = known.progress.waiting.as_ref().is_some_and(|waiting| waiting.digest == digest);
    match Some(Pending::of(saml, &metadata, known.progress.verified, &ctx.config.saml))
        .filter(|pending| waits && pending.digest == digest)
    {
        Some(pending) => Ok((known, pending, metadata)),
        None => Err(ServiceError::Stale),
    }
}

/// The apps whose metadata needs somebody, by label: changes wait, or fetching fails.
pub async fn attention(ctx: &AppContext, caller: &Caller) -> Result<Vec<(App, SpMetadata)>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let mut found = Vec::new();
    for known in store::sp_metadata::with_attention(&mut conn).await? {
        if let Some(app) = store::apps::get(&mut conn, known.app_id).await? {
            found.push((app, known));
        }
    }
    found.sort_by_cached_key(|(app, _)| (app.label.to_lowercase(), app.id));
    Ok(found)
}

/// When the metadata of an app ended, if its source is set to refuse sign-on then.
pub async fn ended(ctx: &AppContext, app: &App) -> Result<Option<DateTime<Utc>>, ServiceError> {
    let Some(saml) = app.connection.saml() else { return Ok(None) };
    if saml.metadata_source.as_ref().is_none_or(|source| source.ended == EndedMetadata::Keep) {
        return Ok(None);
    }
    let known = store::sp_metadata::get(&mut ctx.db.read().await?, app.id).await?;
    Ok(known.and_then(|known| known.ended(ctx.now(), refresh::skew(saml))))
}

/// A document for an app that is added: the settings it comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// The settings, with the source.
    pub connection: SamlConnection,
    /// How the app calls itself.
    pub display_name: Option<String>,
}

impl Looked {
    /// Fetches what an app is to be made from. `entity_id` picks it out of many, and may be empty.
    ///
    /// # Errors
    /// One refused field, `sp_metadata_url`, with the cause.
    pub async fn fetch(
        ctx: &AppContext,
        caller: &Caller,
        source: MetadataSource,
        entity_id: &str,
    ) -> Result<Self, ServiceError> {
        caller.require(Permission::Manage)?;
        let mut bare = SamlConnection {
            sp_entity_id: entity_id.trim().to_owned(),
            metadata_source: Some(source.clone()),
            ..SamlConnection::default()
        };
        let mut checked = Connection::Saml(Box::new(bare.clone()));
        checked.checked()?;
        if let Connection::Saml(saml) = checked {
            bare = *saml;
        }
        let source = bare.metadata_source.clone().unwrap_or(source);
        let document = refresh::first(ctx, &source, &bare.sp_entity_id)
            .await
            .map_err(|problem| FieldErrors::one("sp_metadata_url", problem.words))?;
        Ok(Self {
            connection: fill::all(&bare, &document.metadata, &ctx.config.saml),
            display_name: document.metadata.display_name,
        })
    }
}
