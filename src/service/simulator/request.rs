//! A pasted request, judged line by line: what it says, and which checks it passes. Does not own the checks (`crates/saml`).

use super::{Check, Verdict, pasted, saml::with_draft};
use crate::{
    context::AppContext,
    domain::{
        app::{App, SLUG_MAX},
        connection::SamlConnection,
        permission::Permission,
    },
    service::{
        Caller, ServiceError,
        sign_on::{saml::verify_context, service_provider},
    },
    store,
};
use ::saml::{
    Decryption, DecryptionKey, Refusal, RequestErrorKind, UnverifiedAuthnRequest, VerifiedAuthnRequest,
    VerifyContext,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;

/// The check whether a request was used before; the last, as at a sign-on.
const REPLAY: &str = "replay";

/// The check of where a pasted address leads; there is none without an address.
const ADDRESS: &str = "address";

/// Every check of a request in the order in which it is made, and what it is in words.
const CHECKS: &[(RequestErrorKind, &str)] = &[
    (RequestErrorKind::Parameters, "Its parameters are complete, and each stands once."),
    (RequestErrorKind::Encoding, "Its encoding can be undone."),
    (RequestErrorKind::TooLarge, "It is not too large."),
    (RequestErrorKind::Xml, "It is well-formed XML without a document type."),
    (RequestErrorKind::Message, "It is an AuthnRequest."),
    (RequestErrorKind::SignatureAlgorithm, "Its signature, if any, uses an algorithm that is allowed."),
    (RequestErrorKind::Signature, "Its signature verifies, or none is needed."),
    (RequestErrorKind::Id, "Its ID can be answered."),
    (RequestErrorKind::Issuer, "It comes from the app’s entity ID."),
    (RequestErrorKind::Destination, "It is addressed to us."),
    (RequestErrorKind::AssertionConsumerService, "It wants the answer at a registered reply address."),
    (RequestErrorKind::Version, "It is of version 2.0."),
    (RequestErrorKind::IssueInstant, "It is fresh."),
    (RequestErrorKind::ProtocolBinding, "It wants the answer by HTTP-POST."),
    (RequestErrorKind::RelayState, "Its RelayState can be echoed."),
    (RequestErrorKind::NameIdPolicy, "It asks for an identifier that we give."),
    (RequestErrorKind::Subject, "It asks for nobody in particular, or for somebody we can compare."),
    (RequestErrorKind::RequestedAuthnContext, "It asks for a sign-in as strong as we have."),
];

/// What [`REPLAY`] is in words.
const NOT_USED: &str = "It was not used before.";

/// What became of a pasted request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// How it came: `redirect` or `post`; empty when neither.
    pub binding: &'static str,
    /// Whether it would be taken.
    pub accepted: bool,
    /// The message, if it could be decoded.
    pub xml: Option<String>,
    /// Every check in order.
    pub checks: Vec<Check>,
    /// What the app would be told, if it may be told: the second-level status, or the top one.
    pub status: Option<String>,
}

/// Judges an address with a request in it, its query, a posted form, the value of `SAMLRequest`, or the XML itself.
///
/// # Errors
/// The caller may not read, the app is no SAML app, or the draft breaks a rule of its own.
pub async fn judge(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    pasted: &str,
    draft: Option<SamlConnection>,
) -> Result<Judgement, ServiceError> {
    caller.require(Permission::Read)?;
    let app = with_draft(app, draft)?;
    let Some(connection) = app.connection.saml() else { return Err(ServiceError::NotFound("SAML app")) };
    let read = pasted::read(pasted);
    let (binding, xml) = (read.binding, read.xml);
    let slugs = slugs(ctx, &app).await?;
    let elsewhere = match read.address {
        Some(address) => elsewhere(ctx, address, &slugs).await?,
        None => None,
    };
    if let Some(words) = elsewhere {
        let skipped = CHECKS.iter().map(|(kind, words)| (kind.check(), *words)).chain([(REPLAY, NOT_USED)]);
        let skipped = skipped.map(|(name, words)| Check::new(name, Verdict::Skipped, words));
        let checks = std::iter::once(Check::new(ADDRESS, Verdict::Failed, words)).chain(skipped).collect();
        return Ok(Judgement { binding, accepted: false, xml, checks, status: None });
    }
    let mut sp = service_provider::with_certificates(connection)
        .map_err(|error| ServiceError::field("sp_certificates", error.to_string()))?;
    sp.blocked_algorithms = ctx.config.saml.blocked_uris();
    // By an old name of the app, its address is that one too, as at a sign-on.
    let addresses: Vec<String> = slugs
        .iter()
        .filter(|slug| came_by(ctx, read.address, slug) || **slug == app.slug)
        .map(|slug| own(ctx, slug))
        .collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let judged = match read.request {
        Err(error) => Err((error, false)),
        Ok(request) => request
            .verify(&sp, &verify_context(ctx, connection, &addresses))
            .map_err(|refusal| (refusal.error, refusal.reply_to.is_some())),
    };
    let replay = match &judged {
        Ok(verified) => replay_check(ctx, &app, verified).await?,
        Err(_) => Check::new(REPLAY, Verdict::Skipped, NOT_USED),
    };
    let is_used = replay.verdict == Verdict::Failed;
    let refused = judged.err();
    let status = refused.as_ref().filter(|(_, told)| *told).map(|(error, _)| {
        let status = error.status();
        status.second.map_or(status.code.uri(), ::saml::SecondLevelStatusCode::uri).to_owned()
    });
    let address =
        read.address.map(|_| Check::new(ADDRESS, Verdict::Passed, "It went to the address of this app."));
    let lines = lines_of(refused.as_ref().map(|(error, _)| (error.check(), error.detail())));
    let checks = address.into_iter().chain(lines).chain([replay]).collect();
    Ok(Judgement { binding, accepted: refused.is_none() && !is_used, xml, checks, status })
}

/// S-26: a request counts once. Looked up only: judging it uses nothing up.
async fn replay_check(
    ctx: &AppContext,
    app: &App,
    request: &VerifiedAuthnRequest,
) -> Result<Check, ServiceError> {
    let used = store::saml_requests::is_seen(&mut ctx.db.read().await?, app.id, request.id()).await?;
    Ok(if used {
        Check::new(REPLAY, Verdict::Failed, "It was used before: each request counts once. Paste a new one.")
    } else {
        Check::new(REPLAY, Verdict::Passed, NOT_USED)
    })
}

/// The app's name, and those it had.
async fn slugs(ctx: &AppContext, app: &App) -> Result<Vec<String>, ServiceError> {
    let aliases = store::apps::aliases(&mut ctx.db.read().await?, app.id).await?;
    Ok(std::iter::once(app.slug.clone()).chain(aliases.into_iter().map(|(slug, _)| slug)).collect())
}

/// The sign-in address of a name.
fn own(ctx: &AppContext, slug: &str) -> String {
    ctx.url(&format!("/saml2/{slug}"))
}

/// Whether a pasted address, absolute or a path, is that of this name.
fn came_by(ctx: &AppContext, address: Option<&str>, slug: &str) -> bool {
    let Some(address) = address else { return false };
    if address.starts_with('/') {
        return address == format!("/saml2/{slug}");
    }
    // The host is compared as browsers do, the path letter for letter.
    match (url::Url::parse(address), url::Url::parse(&own(ctx, slug))) {
        (Ok(asked), Ok(own)) => asked.origin() == own.origin() && asked.path() == own.path(),
        _ => false,
    }
}

/// Why an address isn't one of this app; `None` when it is.
async fn elsewhere(
    ctx: &AppContext,
    address: &str,
    slugs: &[String],
) -> Result<Option<String>, ServiceError> {
    if slugs.iter().any(|slug| came_by(ctx, Some(address), slug)) {
        return Ok(None);
    }
    let asked = address.rsplit_once("/saml2/").map(|(_, slug)| slug).unwrap_or_default();
    if (1..=SLUG_MAX).contains(&asked.len()) && !asked.contains('/') && came_by(ctx, Some(address), asked) {
        let found = store::apps::find_by_slug(&mut ctx.db.read().await?, asked).await?;
        return Ok(Some(match found {
            Some((other, _)) => format!("It went to the address of {}; judge it there.", other.label),
            None => format!("It went to “{asked}”, and no app has this address."),
        }));
    }
    Ok(Some(format!("It went to another address than {}.", own(ctx, slugs.first().map_or("", |slug| slug)))))
}

/// Judges a request that was kept, as of when it came. The signature of a query isn't kept, and so can't be verified again.
pub(in crate::service) fn judge_kept(
    ctx: &AppContext,
    app: &App,
    (xml, by_signed_query): (&str, bool),
    keys: &[Arc<DecryptionKey>],
    aliases: &[String],
    came_at: DateTime<Utc>,
) -> Result<(Vec<Check>, Result<VerifiedAuthnRequest, Refusal>), ServiceError> {
    let Some(connection) = app.connection.saml() else { return Err(ServiceError::NotFound("SAML app")) };
    let mut sp = service_provider::with_certificates(connection)
        .map_err(|error| ServiceError::field("sp_certificates", error.to_string()))?;
    sp.require_signed_requests &= !by_signed_query;
    sp.blocked_algorithms = ctx.config.saml.blocked_uris();
    let addresses: Vec<String> =
        std::iter::once(&app.slug).chain(aliases).map(|slug| ctx.url(&format!("/saml2/{slug}"))).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let decryption = Decryption { keys, allow_cbc: connection.accept_cbc };
    let context = VerifyContext { now: came_at, decryption, ..verify_context(ctx, connection, &addresses) };
    let verified = UnverifiedAuthnRequest::from_post(&STANDARD.encode(xml), None)
        .map_err(Refusal::from)
        .and_then(|request| request.verify(&sp, &context));
    let failed = verified.as_ref().err().map(|refusal| (refusal.error.check(), refusal.error.detail()));
    let mut checks = lines_of(failed);
    if by_signed_query {
        let unknown = "The signature of a query isn’t kept; it was judged when the request came.";
        for check in &mut checks {
            if check.name == RequestErrorKind::Signature.check() && check.verdict == Verdict::Passed {
                *check = Check::new(check.name, Verdict::Warning, unknown);
            }
        }
    }
    Ok((checks, verified))
}

/// Every check in order; the one that failed, by name, with why.
pub(in crate::service) fn lines_of(failed: Option<(&str, &str)>) -> Vec<Check> {
    let failed = failed.map(|(name, why)| (CHECKS.iter().position(|(kind, _)| kind.check() == name), why));
    CHECKS
        .iter()
        .enumerate()
        .map(|(position, (kind, words))| match failed {
            Some((Some(at), why)) if at == position => Check::new(kind.check(), Verdict::Failed, why),
            Some((Some(at), _)) if position > at => Check::new(kind.check(), Verdict::Skipped, *words),
            _ => Check::new(kind.check(), Verdict::Passed, *words),
        })
        .collect()
}
