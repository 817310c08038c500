//! Starting an app from its tile. Does not own what SAML asserts (`saml`).

use super::{
    Answer, Claim, Flow, Outcome, Person, StopCause, Visitor, claim_for, not_granted, proceed, saml, stop,
};
use crate::{
    context::AppContext,
    domain::{
        app::{App, SLUG_MAX},
        audit::{EventType, InitiatedBy},
        connection::{Connection, StartLink, TileStart},
        sign_on::{Answers, SignOnRequest},
        user::User,
    },
    service::{ServiceError, actor},
    store::{self, Written},
};

/// A tile was chosen, or one of the app's start links by its name, or the sign-in address was opened without a request.
pub async fn begin(
    ctx: &AppContext,
    visitor: &Visitor,
    slug: &str,
    link: Option<&str>,
) -> Result<Outcome, ServiceError> {
    if slug.len() > SLUG_MAX || link.is_some_and(|link| link.len() > SLUG_MAX) {
        return Err(ServiceError::NotFound("application"));
    }
    let found = store::apps::find_by_slug(&mut ctx.db.read().await?, slug).await?;
    let Some((app, _)) = found else {
        let event = stop::failed(ctx, "unknown_app", format!("No app has the address “{slug}”."));
        return stop::record(ctx, visitor, StopCause::NotConnected, None, event).await;
    };
    if let Some(name) = link
        && app.connection.start_link(name).is_none()
    {
        return no_such_link(ctx, visitor, &app, name).await;
    }
    let flow = Flow {
        stored: None,
        request: SignOnRequest::Launch { link: link.map(str::to_owned) },
        app,
        answers: Answers::default(),
        began_at: ctx.now(),
    };
    proceed(ctx, visitor, flow).await
}

/// S-24: a name that the app's settings don't have leads nowhere, whatever it says.
async fn no_such_link(
    ctx: &AppContext,
    visitor: &Visitor,
    app: &App,
    name: &str,
) -> Result<Outcome, ServiceError> {
    let event = stop::failed(ctx, "unknown_start_link", format!("{} has no start link “{name}”.", app.label));
    stop::record(ctx, visitor, StopCause::NoStart, Some(app), event).await
}

/// The app of a slug, for the page that asks before a stranger's link starts it; nothing, if `link` names none of its start links.
pub async fn app_of(ctx: &AppContext, slug: &str, link: Option<&str>) -> Result<Option<App>, ServiceError> {
    let found = store::apps::find_by_slug(&mut ctx.db.read().await?, slug).await?.map(|(app, _)| app);
    Ok(found.filter(|app| link.is_none_or(|name| app.connection.start_link(name).is_some())))
}

pub(super) async fn issue(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    person: &Person<'_>,
    link: Option<&str>,
) -> Result<Outcome, ServiceError> {
    let found = link.and_then(|name| flow.app.connection.start_link(name));
    // The settings may have changed while the person signed in.
    if let (Some(name), None) = (link, found) {
        return no_such_link(ctx, visitor, &flow.app, name).await;
    }
    match &*flow.app.connection {
        Connection::Saml(connection) if !connection.start_url.is_empty() && found.is_none() => {
            leave(ctx, visitor, flow, person, connection.start_url.clone()).await
        }
        Connection::Saml(connection) if connection.allow_idp_initiated => {
            saml::issue(ctx, visitor, flow, person).await
        }
        Connection::Oidc(oidc) => match flow.app.connection.tile_start() {
            TileStart::Signed => {
                let address = initiate_login(ctx, &oidc.initiate_login_uri, person.user, found)?;
                leave(ctx, visitor, flow, person, address).await
            }
            TileStart::SignInPage => leave(ctx, visitor, flow, person, oidc.sign_in_url.clone()).await,
            TileStart::DeviceCode => {
                leave(ctx, visitor, flow, person, ctx.url(crate::service::oidc::device::PAGE)).await
            }
            TileStart::AtTheApp => {
                let words = "has neither a start address nor a sign-in page that its tile could open";
                no_start(ctx, visitor, &flow.app, words).await
            }
            TileStart::Nobody => {
                no_start(ctx, visitor, &flow.app, "is only a service: nobody signs in to it").await
            }
        },
        Connection::Bookmark(bookmark) => leave(ctx, visitor, flow, person, bookmark.url.clone()).await,
        Connection::Saml(_) => {
            let words = "has no start address and takes no sign-on that it didn’t ask for";
            no_start(ctx, visitor, &flow.app, words).await
        }
    }
}

async fn no_start(
    ctx: &AppContext,
    visitor: &Visitor,
    app: &App,
    words: &str,
) -> Result<Outcome, ServiceError> {
    let event = stop::failed(ctx, "no_start", format!("{} {words}.", app.label));
    stop::record(ctx, visitor, StopCause::NoStart, Some(app), event).await
}

/// OpenID Connect Core §4: the app is sent to begin sign-in itself, told by whom (`iss`), for whom (`login_hint`) and where to go
/// on from there (`target_link_uri`), which comes from the settings alone.
fn initiate_login(
    ctx: &AppContext,
    uri: &str,
    user: &User,
    link: Option<&StartLink>,
) -> Result<String, ServiceError> {
    let mut address = url::Url::parse(uri).map_err(ServiceError::internal)?;
    address
        .query_pairs_mut()
        .append_pair("iss", ctx.config.http.public_url.as_str())
        .append_pair("login_hint", &user.email)
        .extend_pairs(link.map(|link| ("target_link_uri", &link.target)));
    Ok(address.into())
}

async fn leave(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    person: &Person<'_>,
    address: String,
) -> Result<Outcome, ServiceError> {
    let now = ctx.now();
    // An app with a start address asks for sign-on itself in a moment: that is its `sso_auth`.
    let event = matches!(&*flow.app.connection, Connection::Bookmark(_)).then(|| {
        let mut event = actor::event(ctx, EventType::SsoAuth)
            .by(InitiatedBy::user(person.user))
            .from_origin(&visitor.origin)
            .at(&flow.app);
        event.idp_initiated = Some(true);
        event
    });
    let answer = Answer::of(flow, person);
    let claimed = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let claim = claim_for(tx, answer, None).await?;
                if claim != Claim::Granted {
                    return Ok::<_, ServiceError>(Written::unaudited(claim));
                }
                store::favourites::record_use(tx, answer.user, answer.app, now).await?;
                let mut written = Written::unaudited(claim);
                written.events.extend(event);
                Ok(written)
            })
        })
        .await?;
    if claimed == Claim::Granted {
        return Ok(Outcome::Leave(address));
    }
    not_granted(ctx, visitor, flow, claimed).await
}
