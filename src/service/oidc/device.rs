//! Devices without a browser (RFC 8628): they get a pair of codes; a signed-in person enters one of them, compares, and says
//! yes or no. Does not own the device's polls (`token::device_code`).

use super::{authentication::authenticate, call::Call, client::EndpointError, grant::GrantDetails};
use crate::{
    context::AppContext,
    domain::{
        access::{self, Access},
        app::App,
        audit::{AuditEvent, EventType, InitiatedBy},
        consent::Released,
        session::Session,
        throttle::{DEVICE_CODE, DEVICE_CODE_OF_NETWORK, DEVICES},
        user::User,
    },
    id::TokenFamilyId,
    service::{
        ServiceError, actor,
        authentication::throttle::{self, network},
        consents, refusals,
        sign_on::{Visitor, answers::fingerprint, consent},
    },
    store::{self, Written, device_grants::DeviceGrant, token_families::Family},
};
use ::oidc::{
    Client, ErrorCode, GrantType, ProtocolError, Scope,
    device::{
        INTERVAL_SECONDS, LIFETIME_SECONDS, UserCode, poll::Verdict, response::DeviceAuthorizationResponse,
    },
    params::Params,
    resource, scope,
    token_value::DeviceCode,
};
use chrono::{DateTime, TimeDelta, Utc};

/// Most devices of one app that are kept at a time.
const KEPT_PER_APP: i64 = 10_000;

/// Where a person enters the code.
pub const PAGE: &str = "/device";

/// What a device asks for.
struct Wish {
    scope: Scope,
    resources: Vec<String>,
}

/// The wish of a client that may have devices, cut down to what it may have.
fn wish(params: &Params, client: &Client) -> Result<Wish, ProtocolError> {
    if !client.may_use(GrantType::DeviceCode) {
        let why = "the client may not use this grant";
        return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, why));
    }
    // RFC 6749 §3.3: what a client is not registered for is left out; without a wish, who it is.
    let wish = Scope::parse(params.get("scope").unwrap_or(scope::OPENID))?;
    let scope = wish.intersection(&client.scopes);
    if scope.is_empty() {
        return Err(ProtocolError::new(
            ErrorCode::InvalidScope,
            "the client is registered for none of these",
        ));
    }
    let resources: Vec<String> = params.all("resource").into_iter().map(str::to_owned).collect();
    resource::check_requested(&resources, &client.resources)?;
    Ok(Wish { scope, resources })
}

/// Refuses a client; the event says why. Within the limits of strangers: a public client has proven nothing.
async fn refuse(
    ctx: &AppContext,
    call: &Call<'_>,
    app: &App,
    error: ProtocolError,
) -> Result<serde_json::Value, EndpointError> {
    let words = error.detail().unwrap_or_else(|| error.description()).to_owned();
    let client =
        InitiatedBy { kind: "client".into(), username: Some(app.label.clone()), ..InitiatedBy::default() };
    let event = actor::event(ctx, EventType::OauthTokenRefuse)
        .by(client)
        .from_origin(call.origin)
        .at(app)
        .failed(error.cause(), words)
        .detail("at", "device_authorization");
    refusals::record_of(ctx, call.origin, event).await?;
    Err(error.into())
}

/// Gives a device its codes.
pub async fn begin(ctx: &AppContext, call: &Call<'_>) -> Result<serde_json::Value, EndpointError> {
    let params = Params::parse(call.body)?;
    let (app, client) = authenticate(ctx, call.origin, call.authorization, &params).await?;
    let Wish { scope, resources } = match wish(&params, &client) {
        Ok(wish) => wish,
        Err(error) => return refuse(ctx, call, &app, error).await,
    };
    let counter = format!("devices/{}/{}", app.id, network(&call.origin.client_ip));
    if throttle::count(ctx, &counter, DEVICES).await?.is_err() {
        return Err(
            ProtocolError::new(ErrorCode::SlowDown, "too many devices began; try again in a minute").into()
        );
    }
    let now = ctx.now();
    let device_code = DeviceCode::generate(&mut ctx.rng());
    // Two devices with one code would be one in 10^10 even among a thousand; it is drawn anew all the same.
    for _ in 0..4 {
        let user_code = UserCode::generate(&mut ctx.rng());
        let grant = DeviceGrant {
            device_code_hash: device_code.hash(),
            user_code_hash: user_code.hash(),
            app_id: app.id,
            client_id: client.client_id.clone(),
            scope: scope.to_string(),
            resources: resources.clone(),
            client_ip: call.origin.client_ip.clone(),
            verdict: Verdict::Pending,
            interval_seconds: i64::from(INTERVAL_SECONDS),
            polled_at: None,
            family_id: None,
            created_at: now,
            expires_at: now + TimeDelta::seconds(i64::from(LIFETIME_SECONDS)),
        };
        let kept = ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    if !store::device_grants::make_room(tx, grant.app_id, KEPT_PER_APP, now).await? {
                        return Ok::<_, ServiceError>(Written::unaudited(None));
                    }
                    let kept = store::device_grants::insert(tx, &grant).await?;
                    Ok(Written::unaudited(Some(kept)))
                })
            })
            .await?;
        let Some(kept) = kept else {
            let full = "too many devices of this client wait; try again in ten minutes";
            return Err(ProtocolError::new(ErrorCode::SlowDown, full).into());
        };
        if kept {
            return Ok(DeviceAuthorizationResponse::new(&device_code, &user_code, &ctx.url(PAGE)).to_json());
        }
    }
    Err(ServiceError::Internal("no free user code".into()).into())
}

/// A device that waits for this person's answer.
pub struct Waiting {
    /// The app it is of.
    pub app: App,
    /// The address it asked from.
    pub client_ip: String,
    /// When it began.
    pub since: DateTime<Utc>,
    /// What it would get.
    pub released: Released,
    scope: Scope,
    grant: DeviceGrant,
}

impl Waiting {
    /// What a page shows of it, in one word that comes back with the answer.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.released)
    }
}

/// What became of a code that was typed.
pub enum Typed {
    /// A device waits.
    Waiting(Box<Waiting>),
    /// Nobody waits with this code, or not any more.
    Unknown,
    /// Too many codes were typed; wait until then.
    TooMany(DateTime<Utc>),
}

/// The device behind a code. RFC 8628 §5.1: codes are short, so tries are counted before they are looked up, by person and by
/// network.
pub async fn look_up(
    ctx: &AppContext,
    visitor: &Visitor,
    user: &User,
    typed: &str,
) -> Result<Typed, ServiceError> {
    Ok(match try_code(ctx, visitor, user, typed).await? {
        Ok(Some(waiting)) => Typed::Waiting(Box::new(waiting)),
        Ok(None) => Typed::Unknown,
        Err(until) => Typed::TooMany(until),
    })
}

/// Finds the device after the try was counted; a hit is taken back. The inner error is until when to wait.
async fn try_code(
    ctx: &AppContext,
    visitor: &Visitor,
    user: &User,
    typed: &str,
) -> Result<Result<Option<Waiting>, DateTime<Utc>>, ServiceError> {
    let person = format!("device_code/{}", user.id);
    let office = format!("device_code/{}", network(&visitor.origin.client_ip));
    let counters = vec![(person.clone(), DEVICE_CODE), (office.clone(), DEVICE_CODE_OF_NETWORK)];
    if let Err(until) = throttle::count_all(ctx, counters).await? {
        return Ok(Err(until));
    }
    let found = find(ctx, typed).await?;
    if found.is_some() {
        ctx.db
            .write(move |tx| {
                Box::pin(async move {
                    store::throttles::forgive(tx, &person).await?;
                    store::throttles::forgive(tx, &office).await?;
                    Ok::<_, ServiceError>(Written::unaudited(()))
                })
            })
            .await?;
    }
    Ok(Ok(found))
}

async fn find(ctx: &AppContext, typed: &str) -> Result<Option<Waiting>, ServiceError> {
    let Some(code) = UserCode::parse(typed) else { return Ok(None) };
    let mut conn = ctx.db.read().await?;
    let Some(grant) = store::device_grants::find_waiting(&mut conn, &code.hash(), ctx.now()).await? else {
        return Ok(None);
    };
    let Some(app) = store::apps::get(&mut conn, grant.app_id).await? else { return Ok(None) };
    let scope = Scope::parse(&grant.scope).map_err(ServiceError::internal)?;
    let released = consent::released(&app, &scope, None, &grant.resources);
    let (client_ip, since) = (grant.client_ip.clone(), grant.created_at);
    Ok(Some(Waiting { app, client_ip, since, released, scope, grant }))
}

/// How an answer ended.
pub enum Answered {
    /// The device goes on with this account.
    Approved(App),
    /// The device is told no.
    Denied(App),
    /// The person may not open the app; in words.
    NoAccess(App, String),
    /// What the app would get is not what the page showed; nothing was kept.
    Changed,
    /// Nobody waits with this code any more.
    Gone,
    /// Too many codes were tried; wait until then.
    TooMany(DateTime<Utc>),
}

/// What a person says to a device.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The code they typed.
    pub code: &'a str,
    /// Whether the device may go on.
    pub yes: bool,
    /// What the page showed: [`Waiting::fingerprint`]. It counts where the app must be allowed by its people.
    pub shown: &'a str,
}

/// Keeps a person's answer. Its code is a try like one that is looked up. With a yes, access is decided now, and once more in
/// the write; and again when the device comes. Saying yes to the device of a third-party app allows it what was shown (O-39).
pub async fn answer(
    ctx: &AppContext,
    visitor: &Visitor,
    session: &Session,
    user: &User,
    said: Said<'_>,
) -> Result<Answered, ServiceError> {
    let waiting = match try_code(ctx, visitor, user, said.code).await? {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return Ok(Answered::Gone),
        Err(until) => return Ok(Answered::TooMany(until)),
    };
    let unseen = waiting.fingerprint() != said.shown;
    let Waiting { app, grant, scope, released, .. } = waiting;
    let event = actor::event(ctx, EventType::SsoAuth)
        .by(InitiatedBy::user(user))
        .from_origin(&visitor.origin)
        .at(&app)
        .detail("grant_type", GrantType::DeviceCode.as_str())
        .detail("device_ip", grant.client_ip.clone());
    if !said.yes {
        let event = event.failed("device_denied", format!("{} said no to a device.", user.display_name));
        let kept = keep(ctx, grant.device_code_hash, None, vec![event]).await?;
        return Ok(if kept { Answered::Denied(app) } else { Answered::Gone });
    }
    let routes = store::access::routes(&mut ctx.db.read().await?, user.id, app.id).await?;
    if let Access::Denied(denial) = access::decide(user, &app, routes) {
        let words = denial.sentence(&user.display_name, &app.label);
        let event = event.failed(denial.code(), words.clone());
        keep(ctx, grant.device_code_hash, None, vec![event]).await?;
        return Ok(Answered::NoAccess(app, words));
    }
    let now = ctx.now();
    let client = super::client::of_app(&app)?;
    if !client.trusted && unseen {
        return Ok(Answered::Changed);
    }
    let details =
        GrantDetails::of_device(scope.clone(), grant.resources, &client, session.acr(), &grant.client_ip);
    let family = Family {
        id: TokenFamilyId::new(now, &mut ctx.rng()),
        app_id: app.id,
        user_id: user.id,
        session_id: session.id,
        auth_time: session.authenticated_at,
        amr: session.amr.clone(),
        grant_details: details.to_json(),
        created_at: now,
        expires_at: now + TimeDelta::seconds(i64::from(client.lifetimes.refresh_absolute_seconds)),
        revoked_at: None,
        revoked_because: None,
    };
    let mut event = event.detail("scope", scope.to_string());
    event.auth_method = Some(session.amr.join(" "));
    let mut events = vec![event];
    let allowed = (!client.trusted).then_some(released);
    if let Some(released) = &allowed {
        let event = actor::event(ctx, EventType::OauthConsentGrant)
            .by(InitiatedBy::user(user))
            .from_origin(&visitor.origin)
            .on_user(user)
            .at(&app);
        events.push(event.detail("released", released.in_one_line()));
    }
    let kept = keep(ctx, grant.device_code_hash, Some((family, allowed)), events).await?;
    Ok(if kept { Answered::Approved(app) } else { Answered::Gone })
}

async fn keep(
    ctx: &AppContext,
    device_code_hash: String,
    granted: Option<(Family, Option<Released>)>,
    events: Vec<AuditEvent>,
) -> Result<bool, ServiceError> {
    let now = ctx.now();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some((family, _)) = &granted {
                    let (session, user, app) = (family.session_id, family.user_id, family.app_id);
                    if !store::access::confirm(tx, session, user, app).await? {
                        return Ok::<_, ServiceError>(Written::unaudited(false));
                    }
                }
                let family = granted.as_ref().map(|(family, _)| family.id);
                if !store::device_grants::answer(tx, &device_code_hash, family, now).await? {
                    return Ok(Written::unaudited(false));
                }
                if let Some((family, allowed)) = granted {
                    store::token_families::insert(tx, &family).await?;
                    if let Some(released) = allowed {
                        consents::remember(tx, family.user_id, family.app_id, released, now).await?;
                    }
                }
                Ok(events.into_iter().fold(Written::unaudited(true), Written::and))
            })
        })
        .await
}
