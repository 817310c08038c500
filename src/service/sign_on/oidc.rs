//! The OIDC ends of a sign-on: an authorization request comes in, a code goes out. Does not own tokens (`service::oidc`).

mod asked;

use super::{Answer, Claim, Flow, Outcome, Person, Silent, Visitor, claim_for, not_granted, proceed, stop};
use crate::{
    context::AppContext,
    domain::{
        access::Denial,
        app::App,
        attributes::{SignIn, Subject},
        audit::InitiatedBy,
        sign_on::{Answers, Interaction, SignOnRequest},
        user::User,
    },
    id::{SignOnId, TokenFamilyId},
    service::{
        ServiceError, actor,
        oidc::{claims, client, grant::GrantDetails, hint, subject},
        refusals,
    },
    store::{self, Written},
};
use ::oidc::{
    ErrorCode, GrantType, ProtocolError,
    authorization::{
        request::{ProviderPolicy, VerifiedAuthorizationRequest},
        response,
    },
    claims::request::ClaimsRequest,
    token::authorization_code::StoredCode,
    token_value::AuthorizationCode,
};
pub(in crate::service) use asked::read;
use chrono::TimeDelta;

/// An authorization request arrived: the raw query or body.
pub async fn begin(ctx: &AppContext, visitor: &Visitor, raw: &str) -> Result<Outcome, ServiceError> {
    let request = match read(ctx, raw).await? {
        Ok(request) => request,
        Err((app, error)) => {
            return refuse_on_page(ctx, visitor, app.as_ref(), &error, stop::StopCause::NotSetUp).await;
        }
    };
    let app = match request.client_id() {
        Some(client_id) => store::apps::find_by_client_id(&mut ctx.db.read().await?, client_id).await?,
        None => None,
    };
    let Some(app) = app else {
        let asked = request.client_id().unwrap_or("(none)").to_owned();
        let error = ProtocolError::new(ErrorCode::InvalidRequest, "unknown client")
            .with_detail(format!("An authorization request came for client_id “{asked}”; no app has it."));
        return refuse_on_page(ctx, visitor, None, &error, stop::StopCause::NotConnected).await;
    };
    let registered = client::of_app(&app)?;
    match request.verify(&registered, &ProviderPolicy::default()) {
        Ok(verified) => {
            let flow = Flow {
                stored: None,
                request: SignOnRequest::Oidc(Box::new(verified)),
                app,
                answers: Answers::default(),
                began_at: ctx.now(),
            };
            proceed(ctx, visitor, flow).await
        }
        Err(refusal) => match response::refusal(&refusal, ctx.config.http.public_url.as_str()) {
            None => {
                refuse_on_page(ctx, visitor, Some(&app), refusal.error(), stop::StopCause::NotSetUp).await
            }
            Some(answer) => {
                let error = refusal.error();
                record_refusal(ctx, visitor, &app, error.code().as_str(), &in_words(error)).await?;
                Ok(Outcome::Oidc(answer))
            }
        },
    }
}

/// What was wrong, for an admin.
fn in_words(error: &ProtocolError) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.description()),
        None => error.description().to_owned(),
    }
}

async fn refuse_on_page(
    ctx: &AppContext,
    visitor: &Visitor,
    app: Option<&App>,
    error: &ProtocolError,
    cause: stop::StopCause,
) -> Result<Outcome, ServiceError> {
    let event = stop::failed(ctx, error.code().as_str(), in_words(error));
    stop::record(ctx, visitor, cause, app, event).await
}

async fn record_refusal(
    ctx: &AppContext,
    visitor: &Visitor,
    app: &App,
    code: &str,
    message: &str,
) -> Result<(), ServiceError> {
    let who =
        visitor.session.as_ref().map_or_else(InitiatedBy::anonymous, |(_, user)| InitiatedBy::user(user));
    let event = stop::failed(ctx, code, message).by(who).from_origin(&visitor.origin).at(app);
    if visitor.session.is_none() {
        return refusals::record_of(ctx, &visitor.origin, event).await;
    }
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await
}

/// OpenID Connect Core §3.1.2.1 (`id_token_hint`) and §5.5.1 (`claims` with a value for `sub`): the answer may only be about
/// that person. A hint that isn't good counts as none.
pub(super) async fn is_expected_person(
    ctx: &AppContext,
    flow: &Flow,
    user: &User,
) -> Result<bool, ServiceError> {
    let SignOnRequest::Oidc(request) = &flow.request else { return Ok(true) };
    let sub = subject::of(ctx, &flow.app, user.id).await?;
    let hinted = match request.id_token_hint() {
        Some(text) => match hint::at_sign_on(ctx, text, request.client_id(), flow.began_at).await? {
            Ok(hint) => Some(hint.sub().to_owned()),
            // Nobody can be asked, and whom the client meant isn't known.
            Err(_) if request.prompt().none() => return Ok(false),
            Err(_) => None,
        },
        None => None,
    };
    let required = request.claims();
    Ok(hinted.is_none_or(|expected| expected == sub)
        && required.is_none_or(|claims| claims.may_be_about(&sub)))
}

/// OpenID Connect Core §3.1.2.1 (`id_token_hint`): when another person than the one who is meant has signed in for this request,
/// the client is told so; asking them again and again would lead nowhere.
pub(super) async fn refuse_person(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    request: &VerifiedAuthorizationRequest,
    stored: SignOnId,
) -> Result<Outcome, ServiceError> {
    let who =
        visitor.session.as_ref().map_or_else(InitiatedBy::anonymous, |(_, user)| InitiatedBy::user(user));
    let message = "The app asked for another person than the one who signed in.";
    let event =
        stop::failed(ctx, "subject_mismatch", message).by(who).from_origin(&visitor.origin).at(&flow.app);
    let ours = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let ours = store::pending_sign_ons::consume(tx, stored).await?;
                Ok::<_, ServiceError>(if ours {
                    Written::new(true, event)
                } else {
                    Written::unaudited(false)
                })
            })
        })
        .await?;
    if !ours {
        return stop::replayed(ctx, visitor, flow).await;
    }
    let error =
        ProtocolError::new(ErrorCode::LoginRequired, "another person signed in than the one asked for");
    Ok(Outcome::Oidc(response::error(request, &error, ctx.config.http.public_url.as_str())))
}

fn subject_of<'a>(flow: &'a Flow, person: &'a Person<'_>) -> Subject<'a> {
    let Person { session, user, groups } = person;
    Subject { user, app: &flow.app, groups, sign_in: SignIn::of(session) }
}

/// Issues a code: flow, family, code and event in one write.
pub(super) async fn issue(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    request: &VerifiedAuthorizationRequest,
    person: &Person<'_>,
) -> Result<Outcome, ServiceError> {
    let Person { session, user, .. } = person;
    let now = ctx.now();
    let registered = client::of_app(&flow.app)?;
    // The settings may have changed while the person signed in.
    let agreed = registered.client_id == request.client_id()
        && ::oidc::redirect_uri::matches(
            &registered.redirect_uris,
            request.redirect_uri().as_str(),
            registered.native,
        )
        .is_some();
    if !agreed {
        let event = stop::failed(
            ctx,
            "settings_changed",
            format!("{}’s settings changed during the sign-on.", flow.app.label),
        );
        return stop::record(ctx, visitor, stop::StopCause::NotSetUp, Some(&flow.app), event).await;
    }
    // OpenID Connect Core §5.5.1.1: an essential `acr` that can't be had is a failed authentication.
    let essential = request.claims().map(ClaimsRequest::essential_acr_values).unwrap_or_default();
    if !essential.is_empty() && !essential.contains(&session.acr()) {
        return refuse(ctx, visitor, flow, request, Silent::Unmet).await;
    }
    let code = AuthorizationCode::generate(&mut ctx.rng());
    let kept = StoredCode::new(request, &registered, now);
    let details = GrantDetails::of(request, &registered, session.acr(), &visitor.origin);
    let lives = |seconds: u32| TimeDelta::seconds(i64::from(seconds));
    let absolute = now + lives(registered.lifetimes.refresh_absolute_seconds);
    // Without a refresh token nothing of it outlives the session but the last access token, whose code may come late.
    let ends_at = if details.offline && registered.may_use(GrantType::RefreshToken) {
        absolute
    } else {
        let last = session.expires_at.max(kept.expires_at) + lives(registered.lifetimes.access_token_seconds);
        last.min(absolute)
    };
    let family = store::token_families::Family {
        id: TokenFamilyId::new(now, &mut ctx.rng()),
        app_id: flow.app.id,
        user_id: user.id,
        session_id: session.id,
        auth_time: session.authenticated_at,
        amr: session.amr.clone(),
        grant_details: details.to_json(),
        created_at: now,
        expires_at: ends_at,
        revoked_at: None,
        revoked_because: None,
    };
    let row = store::authorization_codes::Code {
        hash: code.hash(),
        family_id: family.id,
        client_id: kept.client_id,
        redirect_uri: kept.redirect_uri,
        code_challenge: kept.code_challenge.map(|challenge| challenge.as_str().to_owned()),
        expires_at: kept.expires_at,
    };
    let mut event = actor::event(ctx, crate::domain::audit::EventType::SsoAuth)
        .by(InitiatedBy::user(user))
        .from_origin(&visitor.origin)
        .at(&flow.app)
        .detail("scope", request.scope().iter().collect::<Vec<_>>().join(" "));
    event.idp_initiated = Some(false);
    event.auth_method = Some(session.amr.join(" "));
    for (name, why) in claims::problems(subject_of(flow, person)) {
        event = event.detail(&format!("left_out.{name}"), why);
    }
    let answer = Answer::of(flow, person);
    let pushed = request.pushed().map(str::to_owned);
    let claimed = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let claim = claim_for(tx, answer, None).await?;
                if claim != Claim::Granted {
                    return Ok::<_, ServiceError>(Written::unaudited(claim));
                }
                // RFC 9126 §4, O-27: a reference is good for one answer, however often it was presented before that.
                if let Some(pushed) = &pushed
                    && !store::pushed_requests::consume(tx, pushed, now).await?
                {
                    return Ok(Written::unaudited(Claim::Taken));
                }
                store::token_families::insert(tx, &family).await?;
                store::authorization_codes::insert(tx, &row).await?;
                store::favourites::record_use(tx, answer.user, answer.app, now).await?;
                Ok(Written::new(claim, event))
            })
        })
        .await?;
    if claimed != Claim::Granted {
        return not_granted(ctx, visitor, flow, claimed).await;
    }
    Ok(Outcome::Oidc(response::success(request, &code, ctx.config.http.public_url.as_str())))
}

/// OpenID Connect Core §3.1.2.6: a request that forbids pages gets the error that says which page was needed; one that the
/// person refused, or that asks for what can't be had, is answered and over.
pub(super) async fn refuse(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    request: &VerifiedAuthorizationRequest,
    why: Silent,
) -> Result<Outcome, ServiceError> {
    let (code, description) = match why {
        Silent::InteractionNeeded(Interaction::SignIn) => {
            (ErrorCode::LoginRequired, "the person must sign in first")
        }
        Silent::InteractionNeeded(Interaction::Consent) => {
            (ErrorCode::ConsentRequired, "the person must be asked first")
        }
        Silent::Refused => (ErrorCode::AccessDenied, "the person did not allow it"),
        Silent::Unmet => (
            ErrorCode::UnmetAuthenticationRequirements,
            "the authentication context asked for cannot be reached",
        ),
        Silent::Denied(
            Denial::NotAssigned | Denial::AppPaused | Denial::UserStaged | Denial::UserSuspended,
        ) => (ErrorCode::AccessDenied, "the person may not open this app"),
    };
    let noted = if matches!(why, Silent::Refused) { "consent_refused" } else { code.as_str() };
    if !answered(ctx, visitor, flow, request, noted, description).await? {
        return stop::replayed(ctx, visitor, flow).await;
    }
    let error = ProtocolError::new(code, description);
    Ok(Outcome::Oidc(response::error(request, &error, ctx.config.http.public_url.as_str())))
}

/// Ends the flow, and a pushed request with it, and says why; `false` when it was ended already.
async fn answered(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    request: &VerifiedAuthorizationRequest,
    code: &str,
    message: &str,
) -> Result<bool, ServiceError> {
    let who =
        visitor.session.as_ref().map_or_else(InitiatedBy::anonymous, |(_, user)| InitiatedBy::user(user));
    let event = stop::failed(ctx, code, message).by(who).from_origin(&visitor.origin).at(&flow.app);
    // Strangers can't fill the audit trail; the flow ends either way.
    let event = match visitor.session {
        Some(_) => Some(event),
        None => refusals::within_limit(ctx, &visitor.origin, event).await?,
    };
    let (stored, pushed, now) = (flow.stored, request.pushed().map(str::to_owned), ctx.now());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(id) = stored
                    && !store::pending_sign_ons::consume(tx, id).await?
                {
                    return Ok::<_, ServiceError>(Written::unaudited(false));
                }
                // A request that only forbade a page may be sent again with its reference; one that was answered by the
                // person may not.
                if let Some(pushed) = pushed.filter(|_| stored.is_some()) {
                    store::pushed_requests::consume(tx, &pushed, now).await?;
                }
                let written = Written::unaudited(true);
                Ok(match event {
                    Some(event) => written.and(event),
                    None => written,
                })
            })
        })
        .await
}
