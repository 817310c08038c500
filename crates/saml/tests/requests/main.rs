//! AuthnRequests over both bindings against the named checks, each attack beside its valid twin.

mod envelope;
mod markup;
mod signatures;
#[path = "../support/mod.rs"]
mod support;
mod wishes;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::{ServiceProvider, UnverifiedAuthnRequest, VerifiedAuthnRequest};
use support::*;

/// Both levels of the status the SP is told, without their common beginning.
fn told_both(result: &Result<VerifiedAuthnRequest, saml::Refusal>) -> Option<(&'static str, &'static str)> {
    let refusal = result.as_ref().err().filter(|refusal| refusal.reply_to.is_some())?;
    let last = |uri: &'static str| uri.rsplit(':').next().unwrap_or_default();
    let status = refusal.error.status();
    Some((last(status.code.uri()), status.second.map_or("", |second| last(second.uri()))))
}

fn told(result: &Result<VerifiedAuthnRequest, saml::Refusal>) -> Option<&'static str> {
    let refusal = result.as_ref().err()?;
    refusal.reply_to.as_ref()?;
    refusal.error.status().second.map(|second| second.uri().rsplit(':').next().unwrap_or_default())
}

/// Sends `xml` unsigned over both bindings, which must come to the same verdict; gives that of HTTP-POST.
fn both_to(xml: &str, sp: &ServiceProvider) -> Result<VerifiedAuthnRequest, saml::Refusal> {
    let posted = post_to(xml, sp);
    let redirected = redirect_to(&format!("{}&RelayState=state", query(xml)), sp);
    assert_eq!((outcome(&posted), told(&posted)), (outcome(&redirected), told(&redirected)), "{xml}");
    posted
}

fn both(xml: &str) -> Result<VerifiedAuthnRequest, saml::Refusal> {
    both_to(xml, &sp())
}

/// The verdicts on `bytes`, which need not be UTF-8, over HTTP-POST and HTTP-Redirect.
fn both_bytes(bytes: &[u8]) -> [&'static str; 2] {
    let posted = UnverifiedAuthnRequest::from_post(&STANDARD.encode(bytes), None)
        .map_err(saml::Refusal::from)
        .and_then(|request| request.verify(&sp(), &context()));
    [
        outcome(&posted),
        outcome(&redirect(&format!("SAMLRequest={}", escape(&STANDARD.encode(deflate(bytes)))))),
    ]
}
