//! A service provider's metadata: from a document to proposed settings and what would change; and, below, metadata that is
//! fetched by address. Does not own reading the XML (`crates/saml`) or saving the settings (`apps`).

mod algorithms;
mod choice;
mod fetch;
mod fill;
mod refresh;
mod review;
mod sets;
mod source;

pub use choice::service_providers;
pub(super) use refresh::keep_source;
pub use refresh::{Refreshed, any_due, refresh_due, refresh_now};
pub use review::Difference;
pub use source::{Looked, Pending, ReviewRow, approve, attention, dismiss, ended, look, pending};

use crate::{
    config::SamlConfig,
    domain::{
        connection::{EntityAttribute, SamlConnection, entity_attributes::ENTITY_ATTRIBUTES_MAX},
        text::FieldErrors,
    },
};
use chrono::{DateTime, Utc};
use openssl::{asn1::Asn1Time, x509::X509};
use saml::{
    CertificateDer,
    metadata::sp::{self, MetadataError, ServiceProviderMetadata},
};

/// What a document is read against.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The settings as they are; those of a new app are empty.
    pub current: &'a SamlConnection,
    /// Which of several it is about, as somebody named it; empty: the one that is stored.
    pub entity_id: &'a str,
    /// What the app is called, for the words of a refusal.
    pub label: &'a str,
    /// What the organisation is called.
    pub organization: &'a str,
    /// Our public address, by which our own metadata is known.
    pub public_url: &'a str,
    /// What holds for every SAML app: which algorithms are blocked.
    pub config: &'a SamlConfig,
    /// The present instant.
    pub now: DateTime<Utc>,
}

/// What a document proposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The settings with what the document says; the rest as it was.
    pub connection: SamlConnection,
    /// How the app calls itself.
    pub display_name: Option<String>,
    /// Setting by setting, unchanged ones too.
    pub differences: Vec<Difference>,
    /// What deserves a second look, as sentences.
    pub warnings: Vec<String>,
    /// The document, read.
    pub metadata: ServiceProviderMetadata,
}

impl Proposal {
    /// What deserves a second look when the settings become `then` instead, over the ones of `reading`.
    pub fn warnings_of(&self, then: &SamlConnection, reading: &Reading<'_>) -> Vec<String> {
        warnings(&self.metadata, then, reading)
    }
}

/// Reads a document and says what it would change.
///
/// # Errors
/// One refused field: `sp_entity_id`, when the document holds several apps and it isn't said which, or not this one; else
/// `metadata_xml`, with what to send instead.
pub fn propose(xml: &str, reading: &Reading<'_>) -> Result<Proposal, FieldErrors> {
    let metadata = read(xml, reading).map_err(|error| match choice::in_words(&error) {
        Some(words) => FieldErrors::one("sp_entity_id", words),
        None => FieldErrors::one("metadata_xml", in_words(&error, xml.contains(reading.public_url), reading)),
    })?;
    let connection = fill::all(reading.current, &metadata, reading.config);
    Ok(Proposal {
        differences: review::differences(reading.current, &connection),
        warnings: warnings(&metadata, &connection, reading),
        display_name: metadata.display_name.clone(),
        connection,
        metadata,
    })
}

/// An aggregate with several providers holds ours under the entity id that was named, or is stored. A document about one entity
/// alone is about that one: another id that is given beside it is the caller's to judge.
fn read(xml: &str, reading: &Reading<'_>) -> Result<ServiceProviderMetadata, MetadataError> {
    let trimmed = xml.trim_start_matches('\u{feff}').trim().as_bytes();
    let named = reading.entity_id.trim();
    if !named.is_empty() {
        return match sp::parse(trimmed, Some(named)) {
            Err(MetadataError::OtherEntity { .. }) => sp::parse(trimmed, None),
            other => other,
        };
    }
    match sp::parse(trimmed, None) {
        Err(MetadataError::Ambiguous(_)) if !reading.current.sp_entity_id.is_empty() => {
            sp::parse(trimmed, Some(&reading.current.sp_entity_id))
        }
        other => other,
    }
}

fn in_words(error: &MetadataError, is_own: bool, reading: &Reading<'_>) -> String {
    let app = if reading.label.is_empty() { "the app" } else { reading.label };
    match error {
        MetadataError::NoServiceProvider { identity_provider: true } if is_own => {
            format!("This file is {}’s own metadata. Upload the one from {app}.", reading.organization)
        }
        MetadataError::NoServiceProvider { identity_provider: true } => {
            format!("This file describes an identity provider, not an app. Upload the one from {app}.")
        }
        MetadataError::Xml(_) => {
            format!("Paste the whole XML, from <EntityDescriptor to its end. It could not be read: {error}.")
        }
        MetadataError::NotMetadata(_) => {
            format!("Send SAML metadata, which begins with <EntityDescriptor: {error}.")
        }
        other => format!("Ask for another file at {app}: {other}."),
    }
}

fn warnings(metadata: &ServiceProviderMetadata, then: &SamlConnection, reading: &Reading<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    let current = reading.current;
    if !current.sp_entity_id.is_empty() && current.sp_entity_id != metadata.entity_id {
        warnings.push("This is the metadata of another entity ID than the one you have.".to_owned());
    }
    if let Some(end) = metadata.valid_until.filter(|end| *end <= reading.now) {
        warnings.push(format!("This metadata ended on {}. Ask for a new file.", end.format("%-d %B %Y")));
    }
    for certificate in &metadata.signing_certificates {
        if let Some(end) = certificate_end(certificate, reading.now) {
            warnings.push(format!("The certificate ended on {}.", end.format("%-d %B %Y")));
        }
    }
    // RFC 3986 §3.1: schemes are the same in capitals.
    let is_plain = |url: &str| url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
    if then.acs_urls.iter().any(|acs| is_plain(&acs.url)) {
        warnings.push("A reply address is plain http: what is sent there can be read on the way.".to_owned());
    }
    warnings.extend(algorithms::misfits(then, metadata, reading.config));
    match (current.encrypts(), then.encrypts()) {
        (false, true) => warnings.push(
            "It announces a key for encryption: assertions will be encrypted to it from the next sign-in. Turn that off under \
             Advanced if the app can’t decrypt."
                .to_owned(),
        ),
        (true, false) => warnings.push("Assertions will no longer be encrypted: it announces no key for it.".to_owned()),
        (true, true) | (false, false) => {}
    }
    let widened: Vec<String> =
        current.would_release_more(&then.entity_attributes).into_iter().map(EntityAttribute::words).collect();
    if !widened.is_empty() {
        warnings
            .push(format!("It says {}: rows that wait for it are released to the app.", widened.join(", ")));
    }
    if fill::entity_attributes(metadata).len() > ENTITY_ATTRIBUTES_MAX {
        warnings.push(format!(
            "It says more than {ENTITY_ATTRIBUTES_MAX} things about itself; rows that wait for the last of them are withheld."
        ));
    }
    warnings.extend(sets::warnings(then, metadata));
    warnings.extend(metadata.notes.iter().map(|note| format!("{note}.")));
    for asked in metadata.requested_attributes.iter().filter(|asked| asked.is_required) {
        if !fill::names(&then.attributes, then, &asked.name) {
            warnings
                .push(format!("It needs the attribute “{}”. Add a row that says what to send.", asked.name));
        }
    }
    warnings
}

/// When a certificate ended, if it has.
fn certificate_end(certificate: &CertificateDer, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let parsed = X509::from_der(certificate.as_der()).ok()?;
    let moment = Asn1Time::from_unix(now.timestamp()).ok()?;
    let left = moment.diff(parsed.not_after()).ok()?;
    let seconds = i64::from(left.days) * 86_400 + i64::from(left.secs);
    (seconds <= 0).then(|| now + chrono::TimeDelta::seconds(seconds))
}

#[cfg(test)]
mod tests;
