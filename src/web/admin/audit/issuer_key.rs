//! Words of events about keys that tokens are signed with. Does not own those about certificates (`words`).

use crate::{
    domain::audit::{AuditEvent, EventType},
    service::issuer_keys::rotation::RESOURCE,
};

/// Whether the event is about such a key.
pub fn is_meant(event: &AuditEvent) -> bool {
    event.resource.as_ref().is_some_and(|resource| resource.kind == RESOURCE)
}

/// What happened, in a few words.
pub fn title(event: &AuditEvent) -> &'static str {
    match event.event_type {
        EventType::SigningKeyCreate => "Issuer key made",
        EventType::SigningKeySwitch => "Issuer key switched",
        EventType::SigningKeyReplace => "Issuer key withdrawn",
        _ => "Issuer key changed",
    }
}

/// What happened, as a sentence; the key's name is its algorithm.
pub fn sentence(event: &AuditEvent, who: &str) -> String {
    let alg = event.resource.as_ref().map(|resource| resource.name.as_str()).unwrap_or_default();
    match event.event_type {
        EventType::SigningKeyCreate => format!("{who} made the issuer’s next {alg} key."),
        EventType::SigningKeySwitch => format!("{who} let the issuer sign with its next {alg} key."),
        EventType::SigningKeyReplace => format!("{who} withdrew a {alg} key of the issuer at once."),
        _ => format!("{who} changed a {alg} key of the issuer."),
    }
}
