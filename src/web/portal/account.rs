//! A person's own account page. Does not own checking passwords.

use super::apps::viewer;
use crate::id::{AppId, TokenFamilyId};
use crate::{
    context::AppContext,
    domain::{
        credential::PASSWORD_MIN,
        user::{STANDARD_ATTRIBUTES, User},
    },
    service::{
        ServiceError, account, consents,
        grants::{self, Connected, Place},
    },
    web::{
        browser,
        error::Failure,
        extract::{Fields, SignedIn, Visit, cookies::CookieName},
        released,
        respond::{done, page, page_with, put_cookie},
        view::{
            account::{Account, AllowedApp, ConnectedApp},
            form::Errors,
        },
        words,
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

async fn draw(ctx: &AppContext, visit: &Visit, user: &User, errors: Errors) -> Result<Account, Failure> {
    let allowed = consents::of_user(ctx, user.id).await?;
    let connected = grants::of_user(ctx, user.id).await?;
    let sessions = account::sessions(ctx, user).await?.len();
    let mut facts =
        vec![("Name".to_owned(), user.display_name.clone()), ("Email".to_owned(), user.email.clone())];
    facts.extend(
        STANDARD_ATTRIBUTES.iter().map(|(key, label)| ((*label).to_owned(), user.attribute(key).to_owned())),
    );
    Ok(Account {
        page: visit.page(ctx),
        viewer: viewer(user),
        errors,
        flash: visit.flash.clone(),
        username: user.username.clone(),
        facts,
        allowed: allowed.iter().map(|entry| allowed_app(entry, ctx.now())).collect(),
        connected: connected.iter().map(|one| connected_app(one, ctx.now())).collect(),
        sessions: u64::try_from(sessions).unwrap_or_default(),
        shortest_password: u32::try_from(PASSWORD_MIN).unwrap_or_default(),
    })
}

/// An app with what it may know.
pub fn allowed_app(entry: &consents::Allowed, now: chrono::DateTime<chrono::Utc>) -> AllowedApp {
    let since = words::ago(entry.consent.granted_at, now);
    AllowedApp {
        tile: words::tile(&entry.app),
        id: entry.app.id.to_string(),
        line: format!("Gets {}. Allowed {since}.", released::in_one_line(&entry.consent.released)),
    }
}

/// An app that stays connected, with where and since when.
pub fn connected_app(one: &Connected, now: chrono::DateTime<chrono::Utc>) -> ConnectedApp {
    let place = match &one.place {
        Place::Device(address) => format!("A device at {address}"),
        Place::Browser(name) if name.is_empty() => "A browser".to_owned(),
        Place::Browser(name) => browser::name(name),
    };
    let used = one
        .used_at
        .map_or_else(|| "not used yet".to_owned(), |at| format!("last used {}", words::ago(at, now)));
    ConnectedApp {
        tile: words::tile(&one.app),
        id: one.id.to_string(),
        place,
        line: format!("Since {}, {used}.", words::ago(one.since, now)),
    }
}

/// `POST /account/grants/{id}/end`
pub async fn end_grant(
    State(ctx): State<AppContext>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let id: TokenFamilyId = id.parse().map_err(|_| Failure::NotFound)?;
    let SignedIn { visit, user, .. } = signed_in;
    let line = match grants::end_own(&ctx, &visit.visitor.origin, &user, id).await? {
        Some(app) => {
            format!("{} is disconnected there. It has to send you here to sign in again.", app.label)
        }
        None => "There was nothing to end any more.".to_owned(),
    };
    Ok(done(&ctx, "/account", &line))
}

/// `POST /account/apps/{app}/revoke`
pub async fn revoke(
    State(ctx): State<AppContext>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let app: AppId = app.parse().map_err(|_| Failure::NotFound)?;
    let SignedIn { visit, user, .. } = signed_in;
    let line = match consents::revoke_own(&ctx, &visit.visitor.origin, &user, app).await? {
        Some(app) => format!("{} may no longer know about you. It has to ask again.", app.label),
        None => "There was nothing to take back.".to_owned(),
    };
    Ok(done(&ctx, "/account", &line))
}

/// `GET /account`
pub async fn show(State(ctx): State<AppContext>, signed_in: SignedIn) -> Result<Response, Failure> {
    page(&draw(&ctx, &signed_in.visit, &signed_in.user, Errors::none()).await?)
}

/// `POST /account`: changes the password.
pub async fn submit(
    State(ctx): State<AppContext>,
    signed_in: SignedIn,
    fields: Fields,
) -> Result<Response, Failure> {
    let SignedIn { visit, session, user } = signed_in;
    let (current, new) = (fields.get("current_password").to_owned(), fields.get("new_password").to_owned());
    match account::change_password(&ctx, &visit.visitor.origin, &session, &user, current, new).await {
        Ok(cookie) => {
            let mut response =
                done(&ctx, "/account", "Your password is changed. Other devices are signed out.");
            put_cookie(&ctx, &mut response, CookieName::Session, &cookie, None);
            Ok(response)
        }
        Err(ServiceError::Invalid(refused)) => {
            let mut errors = Errors::none();
            for error in refused.0 {
                errors.add(error.field, error.message);
            }
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &draw(&ctx, &visit, &user, errors).await?)
        }
        Err(other) => Err(other.into()),
    }
}
