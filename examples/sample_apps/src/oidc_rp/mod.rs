//! Trailhead: an OpenID Connect relying party. Owns its routes, sessions and sign-ins under way; what is said to the
//! provider is in `provider`.

mod pages;
mod provider;

use crate::{
    clock, http, page, random,
    store::{Store, WhenFull},
};
use anyhow::ensure;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, TimeDelta, Utc};
use pages::BRAND;
use provider::{Provider, SignedIn};
use serde::Deserialize;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use url::Url;

/// Distinct from the other app's, because cookies of one host are shared between its ports.
const COOKIE: &str = "trailhead_session";
/// Ties a sign-in under way to the browser that began it.
const FLOW_COOKIE: &str = "trailhead_flow";
const SESSION: TimeDelta = TimeDelta::hours(8);
const PENDING: TimeDelta = TimeDelta::minutes(15);

/// What Trailhead needs to know.
#[derive(Clone)]
pub struct OidcRpConfig {
    /// Where browsers reach this app: scheme and authority, such as `http://localhost:7002`. The redirect URI is
    /// `{base_url}/oidc/callback`, the initiate-login URI `{base_url}/login`.
    pub base_url: Url,
    /// The issuer, exactly as the provider writes it: no trailing slash is added or taken away.
    pub issuer: String,
    /// The client id of this app at the provider.
    pub client_id: String,
    /// The client secret, sent as `client_secret_basic`.
    pub client_secret: String,
    /// The name on the sign-in button.
    pub idp_name: String,
}

impl std::fmt::Debug for OidcRpConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcRpConfig")
            .field("base_url", &self.base_url.as_str())
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A sign-in that was sent to the provider.
#[derive(Clone)]
struct Flow {
    browser: String,
    nonce: String,
    verifier: String,
    return_to: String,
    solicited: bool,
}

/// Somebody who is signed in here.
#[derive(Clone)]
pub(crate) struct Session {
    signed_in: SignedIn,
    solicited: bool,
    issued_at: DateTime<Utc>,
    refreshed: u32,
}

struct App {
    base: Url,
    idp_name: String,
    secure: bool,
    provider: Provider,
    flows: Store<Flow>,
    sessions: Store<Session>,
}

/// Serves Trailhead on a listener until `shutdown` completes, then finishes the requests under way.
///
/// # Errors
/// The configuration does not make an app, or the listener failed.
pub async fn oidc_rp(
    listener: TcpListener,
    config: OidcRpConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let base = config.base_url.as_str().trim_end_matches('/').to_owned();
    ensure!(
        matches!(config.base_url.scheme(), "http" | "https")
            && config.base_url.origin().ascii_serialization() == base,
        "the base URL of the OIDC app must be a scheme and an authority, such as http://localhost:7002, not {base}"
    );
    let app = App {
        secure: config.base_url.scheme() == "https",
        base: config.base_url,
        idp_name: config.idp_name,
        provider: Provider::new(
            config.issuer,
            config.client_id,
            config.client_secret,
            format!("{base}/oidc/callback"),
        )?,
        flows: Store::new(WhenFull::DropOldest),
        sessions: Store::new(WhenFull::DropOldest),
    };
    let router = Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/logout", post(logout))
        .route("/refresh", post(refresh))
        .route("/oidc/callback", get(callback))
        .route("/style.css", get(page::style))
        .route(
            "/icon.svg",
            get(async || page::file("image/svg+xml", include_str!("../../assets/trailhead.svg"))),
        )
        .fallback(async || page::refusal(&BRAND, StatusCode::NOT_FOUND, "There is no such page."))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(Arc::new(app));
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await?;
    Ok(())
}

async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match http::cookie(&headers, COOKIE).and_then(|id| app.sessions.get(id, clock::now())) {
        Some(session) => pages::home(&session),
        None => pages::welcome(&app.idp_name),
    }
}

#[derive(Deserialize)]
struct LoginQuery {
    iss: Option<String>,
    login_hint: Option<String>,
    target_link_uri: Option<String>,
}

/// Starts a sign-in: from the button here, or because the provider's portal asks for it.
///
/// OpenID Connect Core §4: `iss` names the provider that asks and must be the one this app knows; `login_hint` is
/// passed on; `target_link_uri` must be checked so that it is no open redirect.
async fn login(State(app): State<Arc<App>>, query: Result<Query<LoginQuery>, QueryRejection>) -> Response {
    let Ok(Query(query)) = query else { return bad_request("The address of this sign-in can’t be read.") };
    if query.iss.as_deref().is_some_and(|iss| iss != app.provider.issuer) {
        return bad_request("This app was asked to sign in with a provider it does not know.");
    }
    let flow_start = (query.iss.is_none(), return_path(&app.base, query.target_link_uri.as_deref()));
    let hint = query.login_hint.filter(|hint| hint.len() <= 256);
    match start(&app, flow_start, hint).await {
        Ok(response) => response,
        Err(error) => unavailable(&app, &error),
    }
}

/// The path of a target on this app, `/` for any other.
fn return_path(base: &Url, target: Option<&str>) -> String {
    let target =
        target.and_then(|target| Url::parse(target).ok()).filter(|target| target.origin() == base.origin());
    let path = target.map(|target| target[url::Position::BeforePath..url::Position::AfterQuery].to_owned());
    http::local_path(path.as_deref().unwrap_or("/")).to_owned()
}

async fn start(
    app: &App,
    (solicited, return_to): (bool, String),
    hint: Option<String>,
) -> anyhow::Result<Response> {
    let started = start_patiently(&app.provider, hint).await?;
    let browser = random::token()?;
    let flow = Flow {
        browser: browser.clone(),
        nonce: started.nonce,
        verifier: started.verifier,
        return_to,
        solicited,
    };
    let now = clock::now();
    ensure!(app.flows.insert(started.state, flow, now + PENDING, now), "the sign-in could not be kept");
    let mut response = see_other(started.url.as_str());
    response
        .headers_mut()
        .insert(header::SET_COOKIE, http::set_cookie(FLOW_COOKIE, Some(&browser), app.secure)?);
    Ok(response)
}

/// A provider that is still starting gets five seconds.
async fn start_patiently(provider: &Provider, hint: Option<String>) -> anyhow::Result<provider::Started> {
    let mut attempt = 1;
    loop {
        match provider.start(hint.clone()).await {
            Err(error) if attempt < 10 => {
                tracing::debug!(%error, attempt, "the provider does not answer yet");
            }
            outcome => return outcome,
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[derive(Deserialize)]
struct CallbackQuery {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// The redirect URI: takes the provider's answer, of this browser's sign-in, once.
async fn callback(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Query<CallbackQuery>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else { return bad_request("The provider’s answer can’t be read.") };
    let now = clock::now();
    // RFC 6749 §10.12: the answer belongs to the browser that asked. Looked up before it is used up, so that a
    // stranger who learns a state cannot end the sign-in.
    let state = query.state.unwrap_or_default();
    let browser = http::cookie(&headers, FLOW_COOKIE).unwrap_or_default();
    let Some(flow) = app.flows.get(&state, now).filter(|flow| random::same(&flow.browser, browser)) else {
        return forbidden(
            "This answer belongs to no sign-in that this browser started, or it was already used.",
        );
    };
    // RFC 9207 §2.4: `iss` is compared on every answer, errors too. This provider always sends it.
    if query.iss.as_deref() != Some(app.provider.issuer.as_str()) {
        return forbidden("The answer does not come from the provider that was asked.");
    }
    if app.flows.take(&state, now).is_none() {
        return forbidden("This answer was used before.");
    }
    let code = match (query.code, query.error) {
        (Some(code), None) => code,
        (_, error) => {
            let word: String = error
                .unwrap_or_default()
                .chars()
                .filter(|c| c.is_ascii_lowercase() || *c == '_')
                .take(40)
                .collect();
            return forbidden(&format!("The provider did not sign you in ({word})."));
        }
    };
    match app.provider.finish(code, flow.verifier, flow.nonce).await {
        Ok(signed_in) => match signed_in_response(&app, signed_in, flow.solicited, &flow.return_to) {
            Ok(response) => response,
            Err(error) => unavailable(&app, &error),
        },
        Err(error) => {
            tracing::info!(error = format!("{error:#}"), "a sign-in was refused");
            forbidden(&format!("The provider’s answer did not pass a check: {error:#}."))
        }
    }
}

fn signed_in_response(
    app: &App,
    signed_in: SignedIn,
    solicited: bool,
    return_to: &str,
) -> anyhow::Result<Response> {
    let now = clock::now();
    let id = random::token()?;
    app.sessions.insert(
        id.clone(),
        Session { signed_in, solicited, issued_at: now, refreshed: 0 },
        now + SESSION,
        now,
    );
    let mut response = see_other(return_to);
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, http::set_cookie(COOKIE, Some(&id), app.secure)?);
    headers.append(header::SET_COOKIE, http::set_cookie(FLOW_COOKIE, None, app.secure)?);
    Ok(response)
}

/// Uses the refresh token. When the provider refuses it the session here ends: access was withdrawn.
async fn refresh(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let now = clock::now();
    let Some(id) = http::cookie(&headers, COOKIE) else { return see_other("/") };
    let Some(session) = app.sessions.get(id, now) else { return see_other("/") };
    match app.provider.refresh(&session.signed_in).await {
        Ok(signed_in) => {
            app.sessions.update(id, now, |session| {
                session.signed_in = signed_in;
                session.issued_at = now;
                session.refreshed += 1;
            });
            see_other("/")
        }
        Err(error) => {
            tracing::info!(error = format!("{error:#}"), "a refresh was refused");
            app.sessions.take(id, now);
            forbidden("The provider did not renew your sign-in, so your session here has ended.")
        }
    }
}

/// Ends the session of this app only; the person stays signed in at the provider.
async fn logout(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(id) = http::cookie(&headers, COOKIE) {
        app.sessions.take(id, clock::now());
    }
    let mut response = see_other("/");
    if let Ok(cookie) = http::set_cookie(COOKIE, None, app.secure) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn unavailable(app: &App, error: &anyhow::Error) -> Response {
    tracing::warn!(error = format!("{error:#}"), "a sign-in could not be started");
    let reason =
        format!("{} can’t be reached just now. Nothing is lost: try again in a moment.", app.idp_name);
    page::refusal(&BRAND, StatusCode::SERVICE_UNAVAILABLE, &reason)
}

fn bad_request(reason: &str) -> Response {
    page::refusal(&BRAND, StatusCode::BAD_REQUEST, reason)
}

fn forbidden(reason: &str) -> Response {
    page::refusal(&BRAND, StatusCode::FORBIDDEN, reason)
}

fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store")])
        .into_response()
}
