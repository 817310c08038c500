//! Ledgerly: a SAML 2.0 service provider. Owns its routes, sessions, pending requests and seen assertions; the shape
//! of a response is checked in `gate`, its truth in `verify`.

mod gate;
mod key;
mod logout;
mod metadata;
mod pages;
mod trust;
mod verify;

use crate::{
    clock, http, page, random,
    store::{Store, WhenFull},
};
use anyhow::{Context, anyhow, ensure};
use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::TimeDelta;
use gate::Refusal;
pub use key::SpKey;
use pages::{BRAND, Person};
use samael::{metadata::HTTP_REDIRECT_BINDING, schema::AuthnRequest, service_provider::ServiceProvider};
use serde::Deserialize;
use std::{future::Future, sync::Arc};
use tokio::net::TcpListener;
use trust::Trust;
use url::Url;
use verify::{Parties, Verified, verify};

/// Distinct from the other app's, because cookies of one host are shared between its ports.
const COOKIE: &str = "ledgerly_session";
const SESSION: TimeDelta = TimeDelta::hours(8);
/// How long somebody may take to sign in at the identity provider.
const PENDING: TimeDelta = TimeDelta::minutes(15);

/// What Ledgerly needs to know.
#[derive(Clone, Debug)]
pub struct SamlSpConfig {
    /// Where browsers reach this app: scheme and authority, such as `http://localhost:7001`. The entity ID is
    /// `{base_url}/saml/metadata`, the assertion consumer `{base_url}/saml/acs`, logout `{base_url}/saml/slo`.
    pub base_url: Url,
    /// The identity provider's metadata address, fetched when somebody first signs in.
    pub idp_metadata_url: Url,
    /// The name on the sign-in button.
    pub idp_name: String,
    /// Signs logout messages. The identity provider has to know its certificate.
    pub key: SpKey,
}

/// A request this app sent, and where its person wanted to go.
#[derive(Clone)]
struct Pending {
    relay_state: String,
    return_to: String,
}

struct App {
    entity_id: String,
    acs_url: String,
    slo_url: String,
    key: SpKey,
    idp_name: String,
    secure: bool,
    trust: Trust,
    sessions: Store<Person>,
    pending: Store<Pending>,
    seen: Store<()>,
    /// Logout requests that this app sent, by their IDs.
    leaving: Store<()>,
}

/// Serves Ledgerly on a listener until `shutdown` completes, then finishes the requests under way.
///
/// # Errors
/// The configuration does not make an app, or the listener failed.
pub async fn saml_sp(
    listener: TcpListener,
    config: SamlSpConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let base = config.base_url.as_str().trim_end_matches('/').to_owned();
    // samael writes values into XML unescaped; an origin holds nothing that would need it.
    ensure!(
        matches!(config.base_url.scheme(), "http" | "https")
            && config.base_url.origin().ascii_serialization() == base,
        "the base URL of the SAML app must be a scheme and an authority, such as http://localhost:7001, not {base}"
    );
    let app = App {
        entity_id: format!("{base}/saml/metadata"),
        acs_url: format!("{base}/saml/acs"),
        slo_url: format!("{base}/saml/slo"),
        key: config.key,
        idp_name: config.idp_name,
        secure: config.base_url.scheme() == "https",
        trust: Trust::new(config.idp_metadata_url)?,
        sessions: Store::new(WhenFull::DropOldest),
        pending: Store::new(WhenFull::DropOldest),
        seen: Store::new(WhenFull::Refuse),
        leaving: Store::new(WhenFull::DropOldest),
    };
    let router = Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/logout", post(logout::begin))
        .route("/saml/metadata", get(metadata_document))
        .route("/saml/acs", post(acs))
        .route("/saml/slo", get(logout::receive).post(logout::receive_posted))
        .route("/post.js", get(async || page::file("text/javascript", include_str!("../../assets/post.js"))))
        .route("/style.css", get(page::style))
        .route(
            "/icon.svg",
            get(async || page::file("image/svg+xml", include_str!("../../assets/ledgerly.svg"))),
        )
        .fallback(async || page::refusal(&BRAND, StatusCode::NOT_FOUND, "There is no such page."))
        .layer(DefaultBodyLimit::max(512 * 1024))
        .with_state(Arc::new(app));
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await?;
    Ok(())
}

async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let session = http::cookie(&headers, COOKIE).and_then(|id| app.sessions.get(id, clock::now()));
    match session {
        Some(person) => pages::home(&person),
        None => pages::welcome(&app.idp_name),
    }
}

async fn metadata_document(State(app): State<Arc<App>>) -> Response {
    match metadata::entity_descriptor(&app.entity_id, &app.acs_url, &app.slo_url, &app.key) {
        Ok(xml) => ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response(),
        Err(error) => refuse(&app, &error),
    }
}

#[derive(Deserialize)]
struct LoginQuery {
    return_to: Option<String>,
}

/// Starts a sign-on here (SAML Profiles §4.1.3.1): remembers the request, sends the browser to the provider.
async fn login(State(app): State<Arc<App>>, Query(query): Query<LoginQuery>) -> Response {
    match start(&app, query.return_to.as_deref().unwrap_or("/")).await {
        Ok(url) => see_other(url.as_str()),
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "a sign-in could not be started");
            let reason = format!(
                "{} can’t be reached just now. Nothing is lost: try again in a moment.",
                app.idp_name
            );
            page::refusal(&BRAND, StatusCode::SERVICE_UNAVAILABLE, &reason)
        }
    }
}

async fn start(app: &App, return_to: &str) -> anyhow::Result<Url> {
    let idp = app.trust.idp().await?;
    let provider = ServiceProvider {
        entity_id: Some(app.entity_id.clone()),
        acs_url: Some(app.acs_url.clone()),
        idp_metadata: (*idp).clone(),
        ..ServiceProvider::default()
    };
    let destination = provider
        .sso_binding_location(HTTP_REDIRECT_BINDING)
        .context("metadata has no HTTP-Redirect address")?;
    let request = provider.make_authentication_request(&destination).map_err(|error| anyhow!("{error}"))?;
    // SAML Core §1.3.4: an ID has at least 128 random bits; samael's has 32. An xs:ID may not start with a digit.
    let request = AuthnRequest { id: format!("_{}", random::token()?), ..request };
    // The return path stays here; RelayState is an opaque handle within the 80 bytes of SAML Bindings §3.4.3.
    let relay_state = random::token()?;
    let url = request
        .redirect(&relay_state)
        .map_err(|error| anyhow!("{error}"))?
        .context("request has no destination")?;
    let pending = Pending { relay_state, return_to: http::local_path(return_to).to_owned() };
    let now = clock::now();
    ensure!(
        app.pending.insert(request.id, pending, now + PENDING, now),
        "the pending request could not be kept"
    );
    Ok(url)
}

#[derive(Deserialize)]
struct AcsForm {
    #[serde(rename = "SAMLResponse", default)]
    saml_response: String,
    #[serde(rename = "RelayState", default)]
    relay_state: String,
}

/// The assertion consumer (SAML Bindings §3.5). Answers with a redirect to a page of the app, so that reloading
/// never posts the assertion again.
async fn acs(
    State(app): State<Arc<App>>,
    form: Result<Form<AcsForm>, axum::extract::rejection::FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return page::refusal(&BRAND, StatusCode::BAD_REQUEST, &Refusal::Encoding.to_string());
    };
    match accept(&app, &form).await {
        Ok(response) => response,
        Err(error) => refuse(&app, &error),
    }
}

fn refuse(app: &App, error: &anyhow::Error) -> Response {
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        tracing::info!(%refusal, "a SAML response was refused");
        return page::refusal(&BRAND, StatusCode::FORBIDDEN, &refusal.to_string());
    }
    tracing::error!(error = format!("{error:#}"), "a SAML response could not be judged");
    let reason = format!("{} can’t be reached just now, so the answer could not be checked.", app.idp_name);
    page::refusal(&BRAND, StatusCode::SERVICE_UNAVAILABLE, &reason)
}

async fn accept(app: &App, form: &AcsForm) -> anyhow::Result<Response> {
    let now = clock::now();
    let idp = app.trust.idp().await?;
    let idp_entity_id = idp.entity_id.as_deref().unwrap_or_default();
    let shaped = gate::read(&form.saml_response, &app.acs_url, idp_entity_id)?;
    // Looked up now, used up only when everything else holds: a forged answer must not end somebody's sign-in.
    if let Some(id) = &shaped.in_response_to {
        app.pending.get(id, now).ok_or(Refusal::UnknownRequest)?;
    }
    let judge =
        |idp| verify(&shaped, &Parties { entity_id: &app.entity_id, acs_url: &app.acs_url, idp }, now);
    let mut outcome = judge(&idp);
    if outcome.is_err()
        && let Some(newer) = app.trust.newer(&idp).await
    {
        outcome = judge(&newer);
    }
    let Verified { assertion, replay_until } = outcome?;
    // SAML Profiles §4.1.4.5: an assertion is used once.
    if !app.seen.insert(assertion.id.clone(), (), replay_until, now) {
        return Err(Refusal::Replayed.into());
    }
    let return_to = match &shaped.in_response_to {
        Some(id) => {
            let pending = app.pending.take(id, now).ok_or(Refusal::UnknownRequest)?;
            // RelayState must be the one that was sent with this request; else the person lands on the first page.
            if random::same(&pending.relay_state, &form.relay_state) { pending.return_to } else { "/".into() }
        }
        None => http::local_path(&form.relay_state).to_owned(),
    };
    let session = random::token()?;
    let session_end =
        assertion.authn_statements.iter().flatten().filter_map(|one| one.session_not_on_or_after).min();
    let expires = session_end.map_or(now + SESSION, |end| end.min(now + SESSION));
    let person = Person::from_assertion(&assertion, shaped.in_response_to.is_some());
    app.sessions.insert(session.clone(), person, expires, now);
    let mut response = see_other(&return_to);
    response.headers_mut().insert(header::SET_COOKIE, http::set_cookie(COOKIE, Some(&session), app.secure)?);
    Ok(response)
}

fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store")])
        .into_response()
}
