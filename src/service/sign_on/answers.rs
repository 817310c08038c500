//! What people answer on the pages of a sign-on. Each answer is kept, and the dispatcher decides anew from it; no page says
//! what comes next.

use super::{Visitor, consent, find};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{EventType, InitiatedBy},
        consent::Released,
        sign_on::{PendingSignOn, Said, SignOnRequest},
        user::User,
    },
    id::SignOnId,
    keyring::secret_hash,
    service::{ServiceError, actor, consents},
    store::{self, Written},
};

/// What a page that asks about an app needs.
pub struct Question {
    /// The app.
    pub app: App,
    /// Who is signed in.
    pub user: User,
    /// What the app asks for; empty where it isn't about that.
    pub asked: Released,
}

/// The question of a flow of this browser for who is signed in; `None` when the flow or the session is gone.
pub async fn question(
    ctx: &AppContext,
    visitor: &Visitor,
    id: SignOnId,
) -> Result<Option<Question>, ServiceError> {
    let Some((_, user)) = visitor.session.clone() else { return Ok(None) };
    let Some(pending) = find(ctx, visitor, id).await? else { return Ok(None) };
    let Some(app) = super::destination(ctx, &pending).await? else { return Ok(None) };
    let asked = match &pending.request {
        Some(SignOnRequest::Oidc(request)) => consent::asked(&app, request),
        _ => Released::default(),
    };
    Ok(Some(Question { app, user, asked }))
}

/// Goes on with the account that is signed in. Choosing oneself is no security event.
pub async fn choose_account(ctx: &AppContext, visitor: &Visitor, id: SignOnId) -> Result<(), ServiceError> {
    let Some((user, _)) = own(ctx, visitor, id).await? else { return Ok(()) };
    let user = user.id;
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::pending_sign_ons::choose_account(tx, id, user).await?;
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
}

/// What a page shows, in one word that comes back with the answer.
pub fn fingerprint(asked: &Released) -> String {
    secret_hash(&serde_json::to_string(asked).unwrap_or_default())
}

/// Allows what the app asks for, and remembers it (O-39: bound to the person, the app, and what was shown). When the app's
/// settings changed since the page was drawn, nothing is allowed, and the dispatcher asks again.
pub async fn allow(
    ctx: &AppContext,
    visitor: &Visitor,
    id: SignOnId,
    shown: &str,
) -> Result<(), ServiceError> {
    let Some((user, pending)) = own(ctx, visitor, id).await? else { return Ok(()) };
    let Some(app) = super::destination(ctx, &pending).await? else { return Ok(()) };
    let Some(SignOnRequest::Oidc(request)) = &pending.request else { return Ok(()) };
    let asked = consent::asked(&app, request);
    if fingerprint(&asked) != shown {
        return Ok(());
    }
    let event = actor::event(ctx, EventType::OauthConsentGrant)
        .by(InitiatedBy::user(&user))
        .from_origin(&visitor.origin)
        .on_user(&user)
        .at(&app)
        .detail("released", asked.in_one_line());
    let (user, app, now) = (user.id, app.id, ctx.now());
    let said = Said { user, yes: true, shown: shown.to_owned() };
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if !store::pending_sign_ons::answer_consent(tx, id, &said).await? {
                    return Ok::<_, ServiceError>(Written::unaudited(()));
                }
                consents::remember(tx, user, app, asked, now).await?;
                Ok(Written::new((), event))
            })
        })
        .await
}

/// Says no: the app is told, with the event that the dispatcher writes.
pub async fn refuse(ctx: &AppContext, visitor: &Visitor, id: SignOnId) -> Result<(), ServiceError> {
    let Some((user, pending)) = own(ctx, visitor, id).await? else { return Ok(()) };
    let Some(app) = super::destination(ctx, &pending).await? else { return Ok(()) };
    let Some(SignOnRequest::Oidc(request)) = &pending.request else { return Ok(()) };
    // Who says no to one question says no to what they saw of it: it need not be the same any more.
    let said = Said { user: user.id, yes: false, shown: fingerprint(&consent::asked(&app, request)) };
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::pending_sign_ons::answer_consent(tx, id, &said).await?;
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
}

/// A flow of this browser, and who is signed in.
async fn own(
    ctx: &AppContext,
    visitor: &Visitor,
    id: SignOnId,
) -> Result<Option<(User, PendingSignOn)>, ServiceError> {
    let Some((_, user)) = visitor.session.clone() else { return Ok(None) };
    Ok(find(ctx, visitor, id).await?.map(|pending| (user, pending)))
}
