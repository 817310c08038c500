//! A pasted request, judged line by line: what it says, and which checks it passes. Does not own the checks (`crates/saml`).

use super::{Check, Verdict, saml::with_draft};
use crate::{
    context::AppContext,
    domain::{app::App, connection::SamlConnection, permission::Permission},
    service::{
        Caller, ServiceError,
        sign_on::{saml::verify_context, service_provider},
    },
};
use ::saml::{
    Decryption, DecryptionKey, Refusal, RequestError, RequestErrorKind, UnverifiedAuthnRequest,
    VerifiedAuthnRequest, VerifyContext, binding,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;

/// Longest text that is judged, in bytes.
const PASTED_MAX: usize = 256 * 1024;

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
pub fn judge(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    pasted: &str,
    draft: Option<SamlConnection>,
) -> Result<Judgement, ServiceError> {
    caller.require(Permission::Read)?;
    let app = with_draft(app, draft)?;
    let Some(connection) = app.connection.saml() else { return Err(ServiceError::NotFound("SAML app")) };
    let (binding, xml, parsed) = read(pasted);
    let mut sp = service_provider::with_certificates(connection)
        .map_err(|error| ServiceError::field("sp_certificates", error.to_string()))?;
    sp.blocked_algorithms = ctx.config.saml.blocked_uris();
    let address = ctx.url(&format!("/saml2/{}", app.slug));
    let addresses = [address.as_str()];
    let refused = match parsed {
        Err(error) => Some((error, false)),
        Ok(request) => request
            .verify(&sp, &verify_context(ctx, connection, &addresses))
            .err()
            .map(|refusal| (refusal.error, refusal.reply_to.is_some())),
    };
    let status = refused.as_ref().filter(|(_, told)| *told).map(|(error, _)| {
        let status = error.status();
        status.second.map_or(status.code.uri(), ::saml::SecondLevelStatusCode::uri).to_owned()
    });
    Ok(Judgement {
        binding,
        accepted: refused.is_none(),
        xml,
        checks: lines_of(refused.as_ref().map(|(error, _)| (error.check(), error.detail()))),
        status,
    })
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

/// How it came, its XML, and the request in it.
fn read(pasted: &str) -> (&'static str, Option<String>, Result<UnverifiedAuthnRequest, RequestError>) {
    let text = pasted.trim();
    let text = if text.len() > PASTED_MAX { "" } else { text };
    if text.starts_with('<') {
        let encoded = STANDARD.encode(text);
        return ("post", Some(text.to_owned()), UnverifiedAuthnRequest::from_post(&encoded, None));
    }
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    if query.contains("SAMLRequest=") {
        if let Ok(message) = binding::redirect::decode(query) {
            return ("redirect", Some(shown(&message.xml)), UnverifiedAuthnRequest::from_redirect(query));
        }
        if let Ok(message) = binding::post::decode_body(query) {
            return ("post", Some(shown(&message.xml)), UnverifiedAuthnRequest::from_post_body(query));
        }
        return ("redirect", None, UnverifiedAuthnRequest::from_redirect(query));
    }
    match binding::post::decode(text, None) {
        Ok(message) => ("post", Some(shown(&message.xml)), UnverifiedAuthnRequest::from_post(text, None)),
        Err(error) => ("", None, Err(error)),
    }
}

fn shown(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
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
