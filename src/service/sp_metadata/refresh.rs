//! Metadata by address, anew: taken by one node, fetched, compared, and what may change by itself changed, in one write.
//! What touches keys or addresses waits. Does not own fetching (`fetch`), approving (`source`) or the clock (`jobs`).

use super::{
    fetch::{self, About, Answer, Document, Problem, unusable},
    fill,
    source::Pending,
};
use crate::{
    config::SamlConfig,
    context::AppContext,
    domain::{
        app::{App, AppDraft, CheckedApp},
        audit::{AuditEvent, EventType},
        connection::{Connection, MetadataApply, MetadataSource, SamlConnection},
        permission::Permission,
        sp_metadata::{SpMetadata, Validators, Waiting},
        text::FieldErrors,
    },
    id::AppId,
    service::{Caller, ServiceError, apps},
    store::{self, Written},
};
use ::saml::metadata::sp::{self, ServiceProviderMetadata};
use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use rand::Rng;
use std::time::Duration;

/// How long one worker has an app: longer than a fetch from every address may take.
const LEASE: TimeDelta = TimeDelta::minutes(6);
/// Most apps taken at once.
const BATCH: u32 = 8;
/// Fetches under way at once.
const AT_ONCE: usize = 2;

/// How a refresh ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// Nothing changed.
    Same,
    /// Settings changed.
    Applied,
    /// Changes of keys or addresses wait for approval.
    Waits,
    /// Nothing usable came; why, in words.
    Failed(String),
    /// Somebody else is fetching it, or stored meanwhile.
    Busy,
}

/// Whether any app's metadata is due. A look that costs little, and writes nothing.
pub async fn any_due(ctx: &AppContext) -> Result<bool, ServiceError> {
    Ok(store::sp_metadata::any_due(&mut ctx.db.read().await?, ctx.now()).await?)
}

/// Fetches the metadata of apps that are due; how many were taken. Of several nodes, one takes each.
pub async fn refresh_due(ctx: &AppContext) -> Result<usize, ServiceError> {
    let now = ctx.now();
    let claimed: Vec<SpMetadata> = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let claimed = store::sp_metadata::claim_due(tx, now, LEASE, BATCH).await?;
                Ok::<_, ServiceError>(Written::unaudited(claimed))
            })
        })
        .await?;
    let taken = claimed.len();
    let mut work = stream::iter(claimed)
        .map(|known| async move { (known.app_id, Box::pin(refresh(ctx, known, fetch::UNATTENDED)).await) })
        .buffer_unordered(AT_ONCE);
    while let Some((app, outcome)) = work.next().await {
        match outcome {
            Ok(outcome) => tracing::debug!(%app, ?outcome, "metadata refreshed"),
            // One app's trouble is not another's.
            Err(error) => tracing::warn!(%app, %error, "metadata could not be refreshed"),
        }
    }
    Ok(taken)
}

/// Fetches the metadata of one app now, due or not. Who asks for it by hand is shown what was dismissed, too.
pub async fn refresh_now(ctx: &AppContext, caller: &Caller, app: AppId) -> Result<Refreshed, ServiceError> {
    caller.require(Permission::Manage)?;
    let now = ctx.now();
    let claimed = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let claimed = store::sp_metadata::claim(tx, app, now, LEASE).await?;
                Ok::<_, ServiceError>(Written::unaudited(claimed))
            })
        })
        .await?;
    match claimed {
        Some(mut known) => {
            known.progress.dismissed = None;
            Box::pin(refresh(ctx, known, fetch::ATTENDED)).await
        }
        None => Ok(Refreshed::Busy),
    }
}

/// What is known, what the app is, where it comes from.
struct Case {
    known: SpMetadata,
    /// What the stored document says.
    before: Option<ServiceProviderMetadata>,
    app: App,
    saml: SamlConnection,
    source: MetadataSource,
}

async fn refresh(ctx: &AppContext, known: SpMetadata, time: Duration) -> Result<Refreshed, ServiceError> {
    let Some(app) = store::apps::get(&mut ctx.db.read().await?, known.app_id).await? else {
        return Ok(Refreshed::Busy);
    };
    let Some((saml, source)) =
        app.connection.saml().and_then(|saml| Some((saml, saml.metadata_source.as_ref()?)))
    else {
        return Ok(Refreshed::Busy);
    };
    let (saml, source) = (saml.clone(), source.clone());
    let before = stored(&known).await?;
    let case = Case { known, before, app, saml, source };
    // Without a document that can be read, everything is asked for.
    let everything = Validators::default();
    let about = About {
        entity_id: &case.saml.sp_entity_id,
        skew: skew(&case.saml),
        known: if case.before.is_some() { &case.known.progress.validators } else { &everything },
    };
    let answer = match fetch::fetch(ctx, &case.source, about, time).await {
        Ok(Answer::Document(document)) => Ok(*document),
        Ok(Answer::Unchanged) => unchanged(ctx, &case),
        Err(problem) => Err(problem),
    };
    let settled = match answer {
        Ok(document) => settle(ctx, &case, document).await,
        Err(problem) => fail(ctx, &case, &problem).await,
    };
    if matches!(settled, Err(ServiceError::Stale)) {
        // Somebody saved the app meanwhile: what they saved is compared next time, soon.
        let known = case.known;
        ctx.db
            .write(move |tx| {
                Box::pin(async move {
                    store::sp_metadata::release(tx, &known).await?;
                    Ok::<_, ServiceError>(Written::unaudited(()))
                })
            })
            .await?;
        return Ok(Refreshed::Busy);
    }
    settled
}

pub(super) fn skew(saml: &SamlConnection) -> TimeDelta {
    TimeDelta::seconds(i64::from(saml.skew_seconds))
}

/// The stored document once more: it may have ended since, and the settings beside it may have changed.
fn unchanged(ctx: &AppContext, case: &Case) -> Result<Document, Problem> {
    let Some(metadata) = case.before.clone() else {
        let words = "The source says that nothing changed, but nothing is stored".to_owned();
        return Err(Problem { code: "metadata_unreadable", words });
    };
    let policy = fetch::policy(&case.source, skew(&case.saml));
    metadata.check_validity(ctx.now(), &policy).map_err(|error| unusable(&error))?;
    Ok(Document {
        entity: case.known.document.clone().unwrap_or_default(),
        metadata,
        verified: case.known.progress.verified,
        validators: case.known.progress.validators.clone(),
    })
}

/// What the stored document says. One that this version can't read is as good as none: it is fetched again.
pub(super) async fn stored(known: &SpMetadata) -> Result<Option<ServiceProviderMetadata>, ServiceError> {
    let Some(document) = known.document.clone() else { return Ok(None) };
    let read = tokio::task::spawn_blocking(move || sp::parse(document.as_bytes(), None)).await;
    match read.map_err(ServiceError::internal)? {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) => {
            tracing::warn!(app = %known.app_id, %error, "stored metadata can't be read");
            Ok(None)
        }
    }
}

/// What a document comes to.
struct Decision {
    /// The settings, with everything that may change by itself.
    saml: SamlConnection,
    /// What may not.
    pending: Option<Pending>,
}

fn decide(case: &Case, document: &Document, config: &SamlConfig) -> Decision {
    let (current, metadata, verified) = (&case.saml, &document.metadata, document.verified);
    if fill::is_blank(current) {
        let mut saml = fill::all(current, metadata, config);
        // Who named the address agreed to keys and addresses; nobody looked at what the app claims to be.
        saml.entity_attributes = fill::taken_by_itself(current, &saml.entity_attributes, verified);
        let pending = Some(Pending::of(&saml, metadata, verified, config)).filter(Pending::changes);
        return Decision { saml, pending };
    }
    let harmless = fill::harmless(current, metadata, verified, case.before.as_ref(), config);
    let pending = Some(Pending::of(current, metadata, verified, config)).filter(Pending::changes);
    let by_itself = case.source.apply == MetadataApply::Signed && verified;
    match pending {
        Some(_) if by_itself => {
            Decision { saml: fill::keys_and_addresses(&harmless, metadata, config), pending: None }
        }
        pending => Decision { saml: harmless, pending },
    }
}

/// Stores a good document and what it changes.
async fn settle(ctx: &AppContext, case: &Case, document: Document) -> Result<Refreshed, ServiceError> {
    let decision = decide(case, &document, &ctx.config.saml);
    let update = if decision.saml == case.saml {
        None
    } else {
        let connection = Connection::Saml(Box::new(decision.saml));
        match (AppDraft { connection, ..AppDraft::of(&case.app) }).check_over(Some(&case.app.connection)) {
            Ok(checked) => {
                let event = events_caller().event(ctx, EventType::ApplicationUpdate);
                Some((case.app.clone(), checked, event))
            }
            Err(refused) => return fail(ctx, case, &refusal(&refused)).await,
        }
    };
    let now = ctx.now();
    let mut known = case.known.clone();
    let recovered = known.progress.trouble.is_some() || known.progress.fetched_at.is_none();
    known.progress.validators = document.validators;
    known.progress.verified = document.verified;
    known.progress.valid_until = document.metadata.valid_until;
    known.progress.cache_seconds = document.metadata.cache_duration.map(|duration| duration.num_seconds());
    known.document = Some(document.entity);
    known.succeeded(now, ctx.rng().next_u64());
    let event =
        |kind| events_caller().event(ctx, kind).at(&case.app).on("application", case.app.id, &case.app.label);
    let mut events = Vec::new();
    if recovered {
        let from = known.progress.validators.url.clone();
        events.push(event(EventType::SpMetadataRefresh).detail("address", from));
    }
    let digest = decision.pending.as_ref().map(|pending| pending.digest.clone());
    if digest.is_none() {
        known.progress.dismissed = None;
    }
    let digest = digest.filter(|digest| known.progress.dismissed.as_ref() != Some(digest));
    let was_waiting = known.progress.waiting.take();
    if let Some(digest) = digest {
        let same = was_waiting.filter(|waiting| waiting.digest == digest);
        if let (None, Some(pending)) = (&same, &decision.pending) {
            events.push(event(EventType::SpMetadataWaiting).detail("fields", pending.fields()));
        }
        known.progress.waiting = Some(same.unwrap_or(Waiting { digest, since: now }));
    }
    let outcome = match (&known.progress.waiting, update.is_some()) {
        (Some(_), _) => Refreshed::Waits,
        (None, true) => Refreshed::Applied,
        (None, false) => Refreshed::Same,
    };
    match write(ctx, known, update, events).await {
        Ok(true) => Ok(outcome),
        Ok(false) => Ok(Refreshed::Busy),
        Err(ServiceError::Invalid(refused)) => fail(ctx, case, &refusal(&refused)).await,
        Err(other) => Err(other),
    }
}

/// What came can't be stored.
fn refusal(refused: &FieldErrors) -> Problem {
    Problem { code: "metadata_refused", words: format!("What came can’t be used: {refused}") }
}

/// Stores that nothing usable came; the last good document stays (S-35). Said once a kind of failure, not once a day.
async fn fail(ctx: &AppContext, case: &Case, problem: &Problem) -> Result<Refreshed, ServiceError> {
    let mut known = case.known.clone();
    let is_news = known.failed(problem.code, &problem.words, ctx.now(), ctx.rng().next_u64());
    let event = events_caller()
        .event(ctx, EventType::SpMetadataRefresh)
        .at(&case.app)
        .on("application", case.app.id, &case.app.label)
        .failed(problem.code, problem.words.as_str());
    let stored = write(ctx, known, None, is_news.then_some(event).into_iter().collect()).await?;
    Ok(if stored { Refreshed::Failed(problem.words.clone()) } else { Refreshed::Busy })
}

fn events_caller() -> Caller {
    Caller::system("metadata")
}

/// One write: the app, what is known, and the events; `false` when somebody else stored meanwhile, and nothing was written.
async fn write(
    ctx: &AppContext,
    known: SpMetadata,
    update: Option<(App, CheckedApp, AuditEvent)>,
    mut events: Vec<AuditEvent>,
) -> Result<bool, ServiceError> {
    let now = ctx.now();
    let public_url = ctx.config.http.public_url.as_str().to_owned();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if !store::sp_metadata::update(tx, &known).await? {
                    return Ok::<_, ServiceError>(Written::unaudited(false));
                }
                if let Some((before, checked, event)) = update {
                    let version = before.version;
                    let (_, event) =
                        apps::apply_update(tx, &public_url, &before, version, &checked, event, now).await?;
                    events.push(event);
                }
                let mut written = Written::unaudited(true);
                written.events = events;
                Ok(written)
            })
        })
        .await
}

/// The source an app was saved with: known from now on, or no longer.
pub(in crate::service) async fn keep_source(
    tx: &mut store::Tx,
    before: Option<&Connection>,
    app: &App,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), ServiceError> {
    let source = |connection: &Connection| connection.saml().and_then(|saml| saml.metadata_source.clone());
    let entity_id = |connection: &Connection| connection.saml().map(|saml| saml.sp_entity_id.clone());
    // What is known of one entity says nothing about another; an id that was unknown came from the document itself.
    let old_id = before.and_then(entity_id).unwrap_or_default();
    let same_entity = old_id.is_empty() || Some(old_id) == entity_id(&app.connection);
    match (before.and_then(source), source(&app.connection)) {
        (Some(old), Some(new)) if old.is_same_place(&new) && same_entity => {}
        (_, Some(_)) => store::sp_metadata::begin(tx, &SpMetadata::new(app.id, now)).await?,
        (Some(_), None) => {
            store::sp_metadata::remove(tx, app.id).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// Fetches a document for an app that is not there yet.
pub(super) async fn first(
    ctx: &AppContext,
    source: &MetadataSource,
    entity_id: &str,
) -> Result<Document, Problem> {
    let known = Validators::default();
    let about = About { entity_id, skew: skew(&SamlConnection::default()), known: &known };
    match fetch::fetch(ctx, source, about, fetch::ATTENDED).await? {
        Answer::Document(document) => Ok(*document),
        Answer::Unchanged => Err(Problem { code: "metadata_unreadable", words: "Nothing came".to_owned() }),
    }
}
