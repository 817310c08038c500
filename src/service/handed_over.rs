//! Finding a stopped sign-on again by its reference. Does not own stopping one (`sign_on::stop`).

use super::{
    ServiceError,
    sign_on::{Stop, StopCause, Visitor},
};
use crate::{
    context::AppContext,
    domain::{access::Denial, reference},
    id::AppId,
    store,
};

/// The stop behind a reference. An event that names a person is shown to that person only.
pub async fn find(ctx: &AppContext, visitor: &Visitor, text: &str) -> Result<Stop, ServiceError> {
    let missing = || ServiceError::NotFound("reference");
    let reference = reference::parse(text).ok_or_else(missing)?;
    let mut conn = ctx.db.read().await?;
    let event = store::audit::find_by_reference(&mut conn, &reference).await?.ok_or_else(missing)?;
    let user = visitor.session.as_ref().map(|(_, user)| user.clone());
    let concerned = event.initiated_by.id.clone();
    if concerned.is_some() && concerned != user.as_ref().map(|user| user.id.to_string()) {
        return Err(missing());
    }
    let app = match event.application.as_ref().and_then(|app| app.id.parse::<AppId>().ok()) {
        Some(id) => store::apps::get(&mut conn, id).await?,
        None => None,
    };
    let code = event.error_code.unwrap_or_default();
    Ok(Stop { cause: cause(&code), reference, app, user })
}

fn cause(code: &str) -> StopCause {
    match code {
        "not_assigned" => StopCause::Denied(Denial::NotAssigned),
        "app_paused" => StopCause::Denied(Denial::AppPaused),
        "user_suspended" | "user_staged" => StopCause::Denied(Denial::UserSuspended),
        "unknown_app" | "saml_issuer" => StopCause::NotConnected,
        "request_replayed" | "saml_issue_instant" => StopCause::TooOld,
        "flow_gone" => StopCause::FlowGone,
        "name_id_empty" => StopCause::NoNameId,
        "no_start" | "unknown_start_link" => StopCause::NoStart,
        _ => StopCause::NotSetUp,
    }
}
