//! The dispatcher: one state machine for SAML, OIDC and tiles. Every return decides anew from what is stored.
//! Does not own the decision (`domain::sign_on`) or the messages: `saml`, `oidc` and `launch` are its two ends.

pub mod answers;
pub mod consent;
pub mod launch;
pub mod name_id;
pub mod oidc;
pub mod saml;
pub mod service_provider;
pub mod stop;

use crate::{
    context::AppContext,
    domain::{
        access::{self, Access},
        app::App,
        audit::Origin,
        session::Session,
        sign_on::{
            Answers, ConsentNeed, Interaction, PendingSignOn, SIGN_ON_LIFETIME, STRANGERS_PER_NETWORK,
            SignOnRequest, Standing, Step, next_step,
        },
        user::User,
    },
    id::{AppId, SessionId, SignOnId, UserId},
    keyring::secret_hash,
    service::{ServiceError, authentication::throttle::network},
    store::{self, Written},
};
use ::oidc::authorization::response::AuthorizationResponse;
use chrono::{DateTime, Utc};
pub use stop::{Stop, StopCause};

/// Who is in front of the browser.
#[derive(Clone)]
pub struct Visitor {
    /// The secret of the browser's own cookie: binds a flow to it.
    pub browser: String,
    /// Where the request came from.
    pub origin: Origin,
    /// Whether somebody signed in with this browser before.
    pub known_device: bool,
    /// Their session, if they have a live one.
    pub session: Option<(Session, User)>,
}

impl Visitor {
    /// The network that a stranger's sign-ons are counted by. A browser in which somebody signed in before, or is signed in, is no
    /// stranger's: an office behind one address must not lock itself out with old tabs.
    fn strangers_network(&self) -> Option<String> {
        let is_stranger = self.session.is_none() && !self.known_device;
        is_stranger.then(|| network(&self.origin.client_ip))
    }
}

/// What the browser is made to do.
pub enum Outcome {
    /// Ask who it is; the flow goes on afterwards.
    SignIn(SignOnId),
    /// Ask whether they go on with their account.
    ChooseAccount(SignOnId),
    /// Ask whether the app may know what it asks for.
    AskConsent(SignOnId),
    /// Post a SAML response.
    SamlPost(Box<saml::Posting>),
    /// Answer an OIDC client.
    Oidc(AuthorizationResponse),
    /// Go to an address of the app.
    Leave(String),
    /// Stop and hand over to people.
    Stop(Box<Stop>),
}

/// A sign-on under way, stored or not.
struct Flow {
    /// Its row, once somebody had to be asked something.
    stored: Option<SignOnId>,
    request: SignOnRequest,
    app: App,
    answers: Answers,
    began_at: DateTime<Utc>,
}

/// Goes on with a stored flow, from whatever page came before.
pub async fn resume(ctx: &AppContext, visitor: &Visitor, id: SignOnId) -> Result<Outcome, ServiceError> {
    let Some(pending) = find(ctx, visitor, id).await? else {
        return stop::flow_gone(ctx, visitor).await;
    };
    let (Some(app_id), Some(request)) = (pending.app_id, pending.request) else {
        return Ok(Outcome::Leave(ctx.url("/")));
    };
    let Some(app) = store::apps::get(&mut ctx.db.read().await?, app_id).await? else {
        return stop::flow_gone(ctx, visitor).await;
    };
    let flow =
        Flow { stored: Some(id), request, app, answers: pending.answers, began_at: pending.created_at };
    proceed(ctx, visitor, flow).await
}

/// A stored flow of this browser that has not ended (S-30, O-21).
pub async fn find(
    ctx: &AppContext,
    visitor: &Visitor,
    id: SignOnId,
) -> Result<Option<PendingSignOn>, ServiceError> {
    let pending = store::pending_sign_ons::get(&mut ctx.db.read().await?, id).await?;
    let own = secret_hash(&visitor.browser);
    Ok(pending.filter(|pending| {
        crate::keyring::constant_time_eq(pending.browser_hash.as_bytes(), own.as_bytes())
            && ctx.now() < pending.expires_at
    }))
}

/// Keeps the name typed at the first step.
pub async fn remember_username(
    ctx: &AppContext,
    visitor: &Visitor,
    id: SignOnId,
    username: &str,
) -> Result<bool, ServiceError> {
    if find(ctx, visitor, id).await?.is_none() {
        return Ok(false);
    }
    let username: String = username.chars().take(254).collect();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::pending_sign_ons::set_username(tx, id, &username).await?;
                Ok::<_, ServiceError>(Written::unaudited(true))
            })
        })
        .await
}

/// The destination of a stored flow, for the tile on the sign-in pages.
pub async fn destination(ctx: &AppContext, pending: &PendingSignOn) -> Result<Option<App>, ServiceError> {
    match pending.app_id {
        Some(id) => Ok(store::apps::get(&mut ctx.db.read().await?, id).await?),
        None => Ok(None),
    }
}

/// Whether the visitor may open the app, decided now (S-42).
async fn access_of(ctx: &AppContext, visitor: &Visitor, app: &App) -> Result<Option<Access>, ServiceError> {
    let Some((_, user)) = &visitor.session else { return Ok(None) };
    let routes = store::access::routes(&mut ctx.db.read().await?, user.id, app.id).await?;
    Ok(Some(access::decide(user, app, routes)))
}

/// Decides and does the next step.
async fn proceed(ctx: &AppContext, visitor: &Visitor, flow: Flow) -> Result<Outcome, ServiceError> {
    let access = access_of(ctx, visitor, &flow.app).await?;
    let session = match &visitor.session {
        Some(session) if oidc::is_expected_person(ctx, &flow, &session.1).await? => Some(session),
        _ => None,
    };
    if let (Some(id), None, SignOnRequest::Oidc(request), Some((signed_in, _))) =
        (flow.stored, session, &flow.request, &visitor.session)
        && signed_in.authenticated_at >= flow.began_at
    {
        return oidc::refuse_person(ctx, visitor, &flow, request, id).await;
    }
    let consent = match session {
        Some((_, user)) => consent::need(ctx, &flow, user).await?,
        None => ConsentNeed::Ask,
    };
    let asked = match &flow.request {
        SignOnRequest::Oidc(request) => answers::fingerprint(&consent::asked(&flow.app, request)),
        _ => String::new(),
    };
    let standing = Standing {
        demand: flow.request.demand(),
        began_at: flow.began_at,
        session: session.map(|(session, _)| session),
        access: access.as_ref().filter(|_| session.is_some()),
        answers: &flow.answers,
        consent,
        asked: &asked,
    };
    match (next_step(&standing, ctx.now()), session) {
        (Step::Issue, Some((session, user))) => {
            let groups = match &access {
                Some(Access::Allowed(routes)) => access::group_names(routes),
                _ => Vec::new(),
            };
            issue(ctx, visitor, flow, &Person { session, user, groups }).await
        }
        (Step::Deny(denial), Some((_, user))) => {
            if flow.request.demand().passive || saml::is_told_of_denials(&flow) {
                return refuse_silently(ctx, visitor, flow, Silent::Denied(denial)).await;
            }
            stop::denied(ctx, visitor, &flow, user, denial).await
        }
        (Step::InteractionNeeded(page), _) => {
            refuse_silently(ctx, visitor, flow, Silent::InteractionNeeded(page)).await
        }
        (Step::Refused, _) => refuse_silently(ctx, visitor, flow, Silent::Refused).await,
        (Step::ChooseAccount, _) => ask(ctx, visitor, flow, Outcome::ChooseAccount).await,
        (Step::AskConsent, _) => ask(ctx, visitor, flow, Outcome::AskConsent).await,
        (Step::Authenticate | Step::Issue | Step::Deny(_), _) => {
            ask(ctx, visitor, flow, Outcome::SignIn).await
        }
    }
}

/// Why a request is answered with an error without a page.
#[derive(Debug, Clone, Copy)]
enum Silent {
    /// It forbids the page that would be needed.
    InteractionNeeded(Interaction),
    /// It forbids the page that would say so.
    Denied(access::Denial),
    /// The person said no.
    Refused,
    /// It insists on a way of signing in that there isn't.
    Unmet,
}

/// Who is asserted: signed in, entitled, and in these groups that are bound to the app.
struct Person<'a> {
    session: &'a Session,
    user: &'a User,
    groups: Vec<String>,
}

async fn issue(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: Flow,
    person: &Person<'_>,
) -> Result<Outcome, ServiceError> {
    match &flow.request {
        SignOnRequest::Saml(_) => saml::issue(ctx, visitor, &flow, person).await,
        SignOnRequest::Oidc(request) => oidc::issue(ctx, visitor, &flow, request, person).await,
        SignOnRequest::Launch { link } => launch::issue(ctx, visitor, &flow, person, link.as_deref()).await,
    }
}

async fn refuse_silently(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: Flow,
    why: Silent,
) -> Result<Outcome, ServiceError> {
    match &flow.request {
        SignOnRequest::Saml(request) => saml::refuse(ctx, visitor, &flow, request, why).await,
        SignOnRequest::Oidc(request) => oidc::refuse(ctx, visitor, &flow, request, why).await,
        SignOnRequest::Launch { .. } => stop::flow_gone(ctx, visitor).await,
    }
}

/// What became of a flow that was to be stored.
enum Kept {
    Stored,
    /// Its request was seen before.
    Replayed,
    /// Too many of this network are under way.
    Full,
}

/// Stores the flow, unless it is, and shows the page that asks. A SAML request is counted as seen in the same write.
async fn ask(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: Flow,
    page: fn(SignOnId) -> Outcome,
) -> Result<Outcome, ServiceError> {
    if let Some(id) = flow.stored {
        return Ok(page(id));
    }
    let now = ctx.now();
    let id = SignOnId::new(now, &mut ctx.rng());
    let seen = saml::seen_key(ctx, &flow);
    let pending = PendingSignOn {
        id,
        browser_hash: secret_hash(&visitor.browser),
        app_id: Some(flow.app.id),
        request: Some(flow.request.clone()),
        network: visitor.strangers_network(),
        username: None,
        answers: flow.answers.clone(),
        created_at: flow.began_at,
        expires_at: now + SIGN_ON_LIFETIME,
    };
    let kept = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(network) = &pending.network
                    && store::pending_sign_ons::count_of_network(tx, network, now).await?
                        >= STRANGERS_PER_NETWORK
                {
                    return Ok::<_, ServiceError>(Written::unaudited(Kept::Full));
                }
                if let Some(seen) = &seen
                    && !store::saml_requests::record(tx, seen.app, &seen.request_id, seen.expires_at).await?
                {
                    return Ok(Written::unaudited(Kept::Replayed));
                }
                store::pending_sign_ons::insert(tx, &pending).await?;
                Ok(Written::unaudited(Kept::Stored))
            })
        })
        .await?;
    match kept {
        Kept::Stored => Ok(page(id)),
        Kept::Replayed => stop::replayed(ctx, visitor, &flow).await,
        Kept::Full => stop::full(ctx, visitor, &flow).await,
    }
}

/// How a claim ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Ours: answer.
    Granted,
    /// Somebody answered already.
    Taken,
    /// Person, app or session changed since it was decided.
    Changed,
}

/// Claims the right to assert something, inside the write that does: access is confirmed at that moment (S-42), and the flow or
/// request counts once.
async fn claim_for(
    tx: &mut store::Tx,
    answer: Answer,
    seen: Option<&saml::SeenKey>,
) -> Result<Claim, store::StoreError> {
    if !store::access::confirm(tx, answer.session, answer.user, answer.app).await? {
        return Ok(Claim::Changed);
    }
    Ok(if claim(tx, answer.stored, seen).await? { Claim::Granted } else { Claim::Taken })
}

/// Who is answered about, and where.
#[derive(Debug, Clone, Copy)]
struct Answer {
    stored: Option<SignOnId>,
    session: SessionId,
    user: UserId,
    app: AppId,
}

impl Answer {
    fn of(flow: &Flow, person: &Person<'_>) -> Self {
        Self { stored: flow.stored, session: person.session.id, user: person.user.id, app: flow.app.id }
    }
}

/// What becomes of a claim that was not granted.
async fn not_granted(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    claim: Claim,
) -> Result<Outcome, ServiceError> {
    if claim == Claim::Taken {
        return stop::replayed(ctx, visitor, flow).await;
    }
    stop::flow_gone(ctx, visitor).await
}

/// Claims the right to answer, inside the write that answers: consumes the stored flow, or counts the request as seen.
/// `false`: somebody answered already.
async fn claim(
    tx: &mut store::Tx,
    stored: Option<SignOnId>,
    seen: Option<&saml::SeenKey>,
) -> Result<bool, store::StoreError> {
    match (stored, seen) {
        (Some(id), _) => store::pending_sign_ons::consume(tx, id).await,
        (None, Some(seen)) => {
            store::saml_requests::record(tx, seen.app, &seen.request_id, seen.expires_at).await
        }
        (None, None) => Ok(true),
    }
}
