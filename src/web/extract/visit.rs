//! One visit of a browser: its cookie, its session, and the token of its forms. Loaded once a request by
//! `middleware::visit`. Does not own signing in.

use super::{
    cookies::{self, CookieName},
    origin,
};
use crate::{
    context::AppContext,
    domain::{
        permission::{Permission, allows},
        session::Session,
        user::User,
    },
    id::UserId,
    service::{
        Actor, Caller, ServiceError, sessions,
        settings::{self, Organization},
        sign_on::Visitor,
    },
    web::{
        error::Failure,
        view::{self, Flash, Theme, Tone},
    },
};
use axum::{
    extract::FromRequestParts,
    http::{Extensions, HeaderMap, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use std::{ops::Deref, sync::Arc};

/// Whether our own pages caused a request (Fetch Metadata, `Sec-Fetch-Site`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchSite {
    /// Our own page, or the person by typing or by a bookmark.
    Own,
    /// Another site.
    Other,
    /// The browser doesn't say.
    Unknown,
}

/// A visit. Cheap to clone.
#[derive(Clone)]
pub struct Visit(Arc<Visited>);

impl Deref for Visit {
    type Target = Visited;
    fn deref(&self) -> &Visited {
        &self.0
    }
}

/// What is known of a visit.
pub struct Visited {
    /// Who is in front of the browser.
    pub visitor: Visitor,
    /// Whether the browser's cookie is to be set.
    pub is_new_browser: bool,
    /// What every form must send back.
    pub csrf: String,
    /// The chosen theme.
    pub theme: Option<Theme>,
    /// The account that signed in here before, and when.
    pub known_device: Option<(UserId, DateTime<Utc>)>,
    /// Whether our own pages caused the request.
    pub site: FetchSite,
    /// The path of the request.
    pub path: String,
    /// What the form before did.
    pub flash: Option<Flash>,
    /// The organisation.
    pub organization: Arc<Organization>,
}

impl Visit {
    /// Reads a request's cookies and loads its session.
    pub async fn load(
        ctx: &AppContext,
        headers: &HeaderMap,
        extensions: &Extensions,
        path: &str,
    ) -> Result<Self, ServiceError> {
        let https = ctx.config.http.public_url.is_https();
        let known = cookies::read(headers, CookieName::Browser, https).filter(|value| value.len() == 43);
        let is_new_browser = known.is_none();
        let browser = known.unwrap_or_else(|| sessions::new_cookie_secret(ctx));
        let session = match cookies::read(headers, CookieName::Session, https) {
            Some(secret) => sessions::find(ctx, &secret).await?,
            None => None,
        };
        let theme = match cookies::read(headers, CookieName::Theme, https).as_deref() {
            Some("light") => Some(Theme::Light),
            Some("dark") => Some(Theme::Dark),
            _ => None,
        };
        let known_device =
            cookies::read(headers, CookieName::Device, https).and_then(|value| read_device(ctx, &value));
        let organization = settings::organization(ctx).await?;
        let csrf = csrf_token(ctx, &browser, session.as_ref().map(|(session, _)| session));
        Ok(Self(Arc::new(Visited {
            csrf,
            is_new_browser,
            theme,
            known_device,
            site: site_of(headers, ctx.config.http.public_url.origin()),
            path: path.to_owned(),
            flash: cookies::read(headers, CookieName::Flash, https).and_then(|value| read_flash(&value)),
            organization,
            visitor: Visitor {
                browser,
                origin: origin::of(headers, extensions, &ctx.config),
                known_device: known_device.is_some(),
                session,
            },
        })))
    }

    /// What every page of this visit shows.
    pub fn page(&self, ctx: &AppContext) -> view::Page {
        view::Page {
            organisation: self.organization.name.clone(),
            host: ctx.config.http.public_url.host().to_owned(),
            theme: self.theme,
            csrf: self.csrf.clone(),
            path: self.path.clone(),
            version: None,
            help: Some(&self.organization.support_email)
                .filter(|address| !address.is_empty())
                .map(|address| format!("mailto:{address}")),
        }
    }

    /// The signed-in person.
    pub fn user(&self) -> Option<&User> {
        self.visitor.session.as_ref().map(|(_, user)| user)
    }
}

/// The token of a browser's forms; changes when it signs in or out.
fn csrf_token(ctx: &AppContext, browser: &str, session: Option<&Session>) -> String {
    let session = session.map(|session| session.id.to_string()).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(ctx.keyring.mac("csrf", format!("{browser}/{session}").as_bytes()))
}

/// How long a browser counts as known.
pub const DEVICE_LIFETIME: TimeDelta = TimeDelta::days(180);

/// The value of the device cookie for an account.
pub fn device_value(ctx: &AppContext, user: UserId) -> String {
    let mark = format!("{user}.{}", ctx.now().timestamp_millis());
    format!("{mark}.{}", URL_SAFE_NO_PAD.encode(ctx.keyring.mac("device", mark.as_bytes())))
}

fn read_device(ctx: &AppContext, value: &str) -> Option<(UserId, DateTime<Utc>)> {
    let (mark, mac) = value.rsplit_once('.')?;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    if !ctx.keyring.verify_mac("device", mark.as_bytes(), &mac) {
        return None;
    }
    let (id, since) = mark.split_once('.')?;
    let since = DateTime::from_timestamp_millis(since.parse().ok()?)?;
    (ctx.now() < since + DEVICE_LIFETIME).then_some((id.parse().ok()?, since))
}

/// The value of the flash cookie.
pub fn flash_value(flash: &Flash) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}\n{}", flash.tone.name(), flash.text))
}

fn read_flash(value: &str) -> Option<Flash> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    let (tone, text) = text.split_once('\n')?;
    let tone = [Tone::Ok, Tone::Warn, Tone::Bad, Tone::Info].into_iter().find(|one| one.name() == tone)?;
    Some(Flash { tone, text: text.chars().take(500).collect() })
}

/// Fetch Metadata first; browsers without it send `Origin` with forms, or a `Referer`.
fn site_of(headers: &HeaderMap, own: &str) -> FetchSite {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some("same-origin" | "none"), _) => FetchSite::Own,
        (None, Some(origin)) if origin == own => FetchSite::Own,
        // Browsers say `null` where the referrer policy hides the page: the form's token decides then.
        (None, Some("null")) => FetchSite::Unknown,
        (Some(_), _) | (None, Some(_)) => FetchSite::Other,
        (None, None) => match text("referer") {
            Some(referer) if referer == own || referer.starts_with(&format!("{own}/")) => FetchSite::Own,
            Some(_) => FetchSite::Other,
            None => FetchSite::Unknown,
        },
    }
}

impl FromRequestParts<AppContext> for Visit {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, _: &AppContext) -> Result<Self, Failure> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Failure::Service(ServiceError::Internal("this route has no visit".into())))
    }
}

/// A visit of somebody who is signed in; others are sent to sign in.
pub struct SignedIn {
    /// The visit.
    pub visit: Visit,
    /// Their session.
    pub session: Session,
    /// Who.
    pub user: User,
}

impl FromRequestParts<AppContext> for SignedIn {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, ctx: &AppContext) -> Result<Self, Failure> {
        let visit = Visit::from_request_parts(parts, ctx).await?;
        match visit.visitor.session.clone() {
            Some((session, user)) => Ok(Self { visit, session, user }),
            None => Err(Failure::SignInFirst),
        }
    }
}

/// A visit of somebody who may see the console.
pub struct Admin {
    /// The visit.
    pub visit: Visit,
    /// Who acts, for services.
    pub caller: Caller,
    /// Who.
    pub user: User,
}

impl FromRequestParts<AppContext> for Admin {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, ctx: &AppContext) -> Result<Self, Failure> {
        let SignedIn { visit, user, .. } = SignedIn::from_request_parts(parts, ctx).await?;
        if !allows(user.role, Permission::Read) {
            return Err(Failure::Forbidden);
        }
        let caller =
            Caller { actor: Actor::User(Box::new(user.clone())), origin: visit.visitor.origin.clone() };
        Ok(Self { visit, caller, user })
    }
}
