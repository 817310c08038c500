//! Owns the review of an SP's metadata: setting by setting, what is registered and what it would become.
//! Does not store anything and does not decide which change waits for approval.

use std::collections::BTreeSet;

use super::note::day;
use super::sp::{RequestedAttribute, ServiceProviderMetadata};
use crate::name_id::NameIdFormat;
use crate::service_provider::{AssertionConsumerService, SingleLogoutService};
use crate::signature::CertificateDer;

/// What is registered about an SP, as far as metadata can change it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Registered<'a> {
    /// Its entity id; empty for a new SP.
    pub entity_id: &'a str,
    /// Where Responses go.
    pub assertion_consumer_services: &'a [AssertionConsumerService],
    /// Where logout messages go.
    pub single_logout_services: &'a [SingleLogoutService],
    /// The certificates that may sign requests.
    pub signing_certificates: &'a [CertificateDer],
    /// The certificates to encrypt to.
    pub encryption_certificates: &'a [CertificateDer],
    /// Whether its requests are expected to be signed.
    pub authn_requests_signed: bool,
    /// Whether it wants assertions signed.
    pub want_assertions_signed: bool,
    /// The formats of NameID, best first.
    pub name_id_formats: &'a [NameIdFormat],
    /// The attributes it asks for.
    pub requested_attributes: &'a [RequestedAttribute],
    /// Its name for people.
    pub display_name: Option<&'a str>,
}

/// What a change of a setting touches: changes of keys and endpoints by refresh wait for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Touches {
    /// Who can speak for the SP or read what is sent to it: certificates, and whether it must sign.
    Keys,
    /// Who is spoken to, and where: entity id and addresses.
    Endpoints,
    /// Anything else.
    Other,
}

/// One row of the review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The setting, in words.
    pub field: &'static str,
    /// What is registered, one value a line; empty for nothing.
    pub now: String,
    /// What the metadata says, one value a line; empty for nothing.
    pub from_metadata: String,
    /// What a change of it touches.
    pub touches: Touches,
    /// Whether it would change. The order of the lines alone is no change where it means nothing.
    pub changes: bool,
}

/// Puts what is registered beside what the metadata says: every setting, those that stay the same too.
#[must_use]
pub fn compare(now: &Registered<'_>, from: &ServiceProviderMetadata) -> Vec<Difference> {
    let yes = |value: bool| vec![if value { "yes" } else { "no" }.to_owned()];
    let one = |value: &str| if value.is_empty() { Vec::new() } else { vec![value.to_owned()] };
    let formats =
        |list: &[NameIdFormat]| list.iter().map(|format| format.uri().to_owned()).collect::<Vec<_>>();
    vec![
        row("Entity ID", Touches::Endpoints, Order::Counts, &one(now.entity_id), &one(&from.entity_id)),
        row(
            "Reply addresses",
            Touches::Endpoints,
            Order::Free,
            &reply_addresses(now.assertion_consumer_services),
            &reply_addresses(&from.assertion_consumer_services),
        ),
        row(
            "Logout addresses",
            Touches::Endpoints,
            Order::Free,
            &logout_addresses(now.single_logout_services),
            &logout_addresses(&from.single_logout_services),
        ),
        row(
            "Signing certificates",
            Touches::Keys,
            Order::Free,
            &certificates(now.signing_certificates.iter()),
            &certificates(from.signing_certificates.iter()),
        ),
        // Encryption takes the first key that can be used, so their order counts.
        row(
            "Encryption certificates",
            Touches::Keys,
            Order::Counts,
            &certificates(now.encryption_certificates.iter()),
            &certificates(from.encryption_certificates()),
        ),
        row(
            "Signs its requests",
            Touches::Keys,
            Order::Counts,
            &yes(now.authn_requests_signed),
            &yes(from.authn_requests_signed),
        ),
        row(
            "Wants signed assertions",
            Touches::Other,
            Order::Counts,
            &yes(now.want_assertions_signed),
            &yes(from.want_assertions_signed),
        ),
        row(
            "NameID formats",
            Touches::Other,
            Order::Counts,
            &formats(now.name_id_formats),
            &formats(&from.name_id_formats),
        ),
        row(
            "Attributes asked for",
            Touches::Other,
            Order::Free,
            &attributes(now.requested_attributes),
            &attributes(&from.requested_attributes),
        ),
        row(
            "Name",
            Touches::Other,
            Order::Counts,
            &one(now.display_name.unwrap_or_default()),
            &one(from.display_name.as_deref().unwrap_or_default()),
        ),
    ]
}

/// Whether the order of the lines means something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Counts,
    Free,
}

fn row(
    field: &'static str,
    touches: Touches,
    order: Order,
    now: &[String],
    from_metadata: &[String],
) -> Difference {
    let changes = match order {
        Order::Counts => now != from_metadata,
        Order::Free => now.iter().collect::<BTreeSet<_>>() != from_metadata.iter().collect::<BTreeSet<_>>(),
    };
    Difference { field, now: now.join("\n"), from_metadata: from_metadata.join("\n"), touches, changes }
}

/// By address, with number and default. SAML Metadata §2.2.3: without a mark, the first one is the default.
fn reply_addresses(services: &[AssertionConsumerService]) -> Vec<String> {
    let marked = services.iter().position(|service| service.is_default);
    let default = marked.or_else(|| {
        services.iter().enumerate().min_by_key(|(_, service)| service.index).map(|(place, _)| place)
    });
    let line = |(place, service): (usize, &AssertionConsumerService)| {
        let mark = if Some(place) == default { ", default" } else { "" };
        format!("{} (index {}{mark})", service.url, service.index)
    };
    services.iter().enumerate().map(line).collect()
}

fn logout_addresses(services: &[SingleLogoutService]) -> Vec<String> {
    let line = |service: &SingleLogoutService| {
        let binding = service.binding.uri().rsplit(':').next().unwrap_or_default();
        let answers =
            service.response_location.as_ref().map(|url| format!(", responses to {url}")).unwrap_or_default();
        format!("{} ({binding}{answers})", service.location)
    };
    services.iter().map(line).collect()
}

/// The SHA-256 and, in words, when the certificate ends.
fn certificates<'a>(certificates: impl Iterator<Item = &'a CertificateDer>) -> Vec<String> {
    let line = |certificate: &CertificateDer| {
        let end = certificate
            .not_after()
            .map_or_else(|| "end not readable".to_owned(), |end| format!("valid until {}", day(end)));
        format!("SHA-256 {}, {end}", certificate.fingerprint())
    };
    certificates.map(line).collect()
}

fn attributes(attributes: &[RequestedAttribute]) -> Vec<String> {
    let line = |attribute: &RequestedAttribute| {
        let friendly = attribute.friendly_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let required = if attribute.is_required { ", required" } else { "" };
        format!("{}{friendly}{required}", attribute.name)
    };
    attributes.iter().map(line).collect()
}
