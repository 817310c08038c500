//! From a service provider's metadata document to proposed settings and what would change. Nothing is stored here.
//! Does not own reading the XML (`crates/saml`) or saving the settings (`apps`).

use super::sign_on::saml::subject_ids;
use crate::domain::{
    connection::{AcsUrl, LogoutService, NameIdFormat, SamlConnection, ValueMapping, ValueSource},
    text::FieldErrors,
};
use chrono::{DateTime, Utc};
use openssl::{asn1::Asn1Time, x509::X509};
use saml::{
    CertificateDer,
    metadata::sp::{self, MetadataError, RequestedAttribute, ServiceProviderMetadata},
};

/// Names under which apps ask for a person's values: the name, lower case and without its prefix, and our source.
const KNOWN_NAMES: &[(&str, &str)] = &[
    ("mail", "email"),
    ("email", "email"),
    ("emailaddress", "email"),
    ("urn:oid:0.9.2342.19200300.100.1.3", "email"),
    ("givenname", "first_name"),
    ("firstname", "first_name"),
    ("first_name", "first_name"),
    ("urn:oid:2.5.4.42", "first_name"),
    ("sn", "last_name"),
    ("surname", "last_name"),
    ("lastname", "last_name"),
    ("last_name", "last_name"),
    ("urn:oid:2.5.4.4", "last_name"),
    ("displayname", "display_name"),
    ("name", "display_name"),
    ("urn:oid:2.16.840.1.113730.3.1.241", "display_name"),
    ("uid", "username"),
    ("username", "username"),
    ("urn:oid:0.9.2342.19200300.100.1.1", "username"),
    ("title", "job_title"),
    ("urn:oid:2.5.4.12", "job_title"),
    ("department", "department"),
];

/// What a document is read against.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The settings as they are; those of a new app are empty.
    pub current: &'a SamlConnection,
    /// What the app is called, for the words of a refusal.
    pub label: &'a str,
    /// What the organisation is called.
    pub organization: &'a str,
    /// Our public address, by which our own metadata is known.
    pub public_url: &'a str,
    /// The present instant.
    pub now: DateTime<Utc>,
}

/// One setting as it is and as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The setting, as the console calls it.
    pub field: &'static str,
    /// What is stored; may be empty.
    pub now: String,
    /// What would be stored.
    pub from_metadata: String,
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
}

/// Reads a document and says what it would change.
///
/// # Errors
/// One refused field, `metadata_xml`, with what to send instead.
pub fn propose(xml: &str, reading: &Reading<'_>) -> Result<Proposal, FieldErrors> {
    let metadata = read(xml, reading).map_err(|error| {
        FieldErrors::one("metadata_xml", in_words(&error, xml.contains(reading.public_url), reading))
    })?;
    let connection = merge(reading.current, &metadata);
    Ok(Proposal {
        differences: differences(reading.current, &connection),
        warnings: warnings(&metadata, &connection, reading),
        display_name: metadata.display_name,
        connection,
    })
}

/// An aggregate with several providers holds ours under the entity id that is stored.
fn read(xml: &str, reading: &Reading<'_>) -> Result<ServiceProviderMetadata, MetadataError> {
    let trimmed = xml.trim_start_matches('\u{feff}').trim();
    match sp::parse(trimmed.as_bytes(), None) {
        Err(MetadataError::Ambiguous(_)) if !reading.current.sp_entity_id.is_empty() => {
            sp::parse(trimmed.as_bytes(), Some(&reading.current.sp_entity_id))
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

fn merge(current: &SamlConnection, metadata: &ServiceProviderMetadata) -> SamlConnection {
    let services = &metadata.assertion_consumer_services;
    let chosen = services.iter().position(|service| service.is_default).unwrap_or_default();
    let acs_urls = services
        .iter()
        .enumerate()
        .map(|(position, service)| AcsUrl {
            url: service.url.clone(),
            index: service.index,
            default: position == chosen,
        })
        .collect();
    let format = metadata
        .name_id_formats
        .iter()
        .find_map(|wanted| NameIdFormat::ALL.iter().copied().find(|known| known.uri() == wanted.uri()));
    let mut attributes = current.attributes.clone();
    for asked in &metadata.requested_attributes {
        if let Some(source) = source_of(asked).filter(|_| !names(&attributes, current, &asked.name)) {
            attributes.push(ValueMapping {
                name_format: match asked.name_format {
                    saml::AttributeNameFormat::Unspecified => String::new(),
                    ref given => given.uri().to_owned(),
                },
                friendly_name: asked.friendly_name.clone().unwrap_or_default(),
                ..ValueMapping::new(asked.name.clone(), ValueSource::Source(source.to_owned()))
            });
        }
    }
    attributes.extend(subject_ids::row_asked_for(&metadata.entity_attributes, &attributes));
    SamlConnection {
        sp_entity_id: metadata.entity_id.clone(),
        acs_urls,
        name_id_format: format.unwrap_or(current.name_id_format),
        sign_assertion: current.sign_assertion || metadata.want_assertions_signed,
        sp_signs_requests: metadata.authn_requests_signed,
        sp_certificates: metadata.signing_certificates.iter().map(CertificateDer::to_base64).collect(),
        encryption_certificates: metadata.encryption_certificates().map(CertificateDer::to_base64).collect(),
        logout_services: metadata.single_logout_services.iter().map(logout_service).collect(),
        attributes,
        ..current.clone()
    }
}

fn logout_service(service: &saml::SingleLogoutService) -> LogoutService {
    LogoutService {
        binding: match service.binding {
            saml::Binding::HttpRedirect => "redirect",
            saml::Binding::HttpPost => "post",
            saml::Binding::Soap => "soap",
        }
        .to_owned(),
        url: service.location.clone(),
        response_url: service.response_location.clone().unwrap_or_default(),
    }
}

fn names(attributes: &[ValueMapping], current: &SamlConnection, name: &str) -> bool {
    current.groups_attribute == name || attributes.iter().any(|row| row.name == name)
}

/// The person's value that an attribute name stands for: by its friendly name, its name, or the end of a URI.
fn source_of(asked: &RequestedAttribute) -> Option<&'static str> {
    let full = asked.name.to_ascii_lowercase();
    let end = full.rsplit('/').next().unwrap_or_default().to_owned();
    let friendly = asked.friendly_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    [full, end, friendly]
        .iter()
        .find_map(|name| KNOWN_NAMES.iter().find(|(known, _)| known == name).map(|(_, source)| *source))
}

fn differences(now: &SamlConnection, then: &SamlConnection) -> Vec<Difference> {
    let addresses = |saml: &SamlConnection| {
        let mut list: Vec<&AcsUrl> = saml.acs_urls.iter().collect();
        list.sort_by_key(|acs| (!acs.default, acs.index));
        list.iter().map(|acs| acs.url.as_str()).collect::<Vec<_>>().join("\n")
    };
    let yes = |value: bool| if value { "yes".to_owned() } else { "no".to_owned() };
    let attributes = |saml: &SamlConnection| {
        saml.attributes.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join("\n")
    };
    let row = |field, now: String, from_metadata: String| Difference { field, now, from_metadata };
    vec![
        row("App entity ID", now.sp_entity_id.clone(), then.sp_entity_id.clone()),
        row("Reply addresses", addresses(now), addresses(then)),
        row("NameID format", now.name_id_format.as_str().into(), then.name_id_format.as_str().into()),
        row("Certificates", fingerprints(&now.sp_certificates), fingerprints(&then.sp_certificates)),
        row(
            "Encryption certificates",
            fingerprints(&now.encryption_certificates),
            fingerprints(&then.encryption_certificates),
        ),
        row("Logout addresses", logout_addresses(now), logout_addresses(then)),
        row("Signs its requests", yes(now.sp_signs_requests), yes(then.sp_signs_requests)),
        row("Attributes", attributes(now), attributes(then)),
    ]
}

fn logout_addresses(saml: &SamlConnection) -> String {
    let one = |service: &LogoutService| format!("{} {}", service.binding, service.url);
    saml.logout_services.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn fingerprints(certificates: &[String]) -> String {
    let one = |text: &String| match CertificateDer::from_pem_or_base64(text) {
        Ok(certificate) => crate::keyring::fingerprint_sha256(certificate.as_der()),
        Err(error) => error.to_string(),
    };
    certificates.iter().map(one).collect::<Vec<_>>().join("\n")
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
        if let Some(end) = ended(certificate, reading.now) {
            warnings.push(format!("The certificate ended on {}.", end.format("%-d %B %Y")));
        }
    }
    if then.acs_urls.iter().any(|acs| acs.url.starts_with("http://")) {
        warnings.push("A reply address is plain http: what is sent there can be read on the way.".to_owned());
    }
    warnings.extend(metadata.notes.iter().map(|note| format!("{note}.")));
    for asked in metadata.requested_attributes.iter().filter(|asked| asked.is_required) {
        if !names(&then.attributes, then, &asked.name) {
            warnings
                .push(format!("It needs the attribute “{}”. Add a row that says what to send.", asked.name));
        }
    }
    warnings
}

/// When a certificate ended, if it has.
fn ended(certificate: &CertificateDer, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let parsed = X509::from_der(certificate.as_der()).ok()?;
    let moment = Asn1Time::from_unix(now.timestamp()).ok()?;
    let left = moment.diff(parsed.not_after()).ok()?;
    let seconds = i64::from(left.days) * 86_400 + i64::from(left.secs);
    (seconds <= 0).then(|| now + chrono::TimeDelta::seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SP: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/saml">
        <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAssertionsSigned="true">
        <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>
        <AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="3"/>
        <AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs2" index="1" isDefault="true"/>
        <AttributeConsumingService index="0"><ServiceName xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="en">Ledgerly</ServiceName>
        <RequestedAttribute Name="urn:oid:2.5.4.42" FriendlyName="givenName"/>
        <RequestedAttribute Name="plan" isRequired="true"/></AttributeConsumingService>
        </SPSSODescriptor></EntityDescriptor>"#;
    const IDP: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://id.fernhill.example/saml2/a/metadata">
        <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
        <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://id.fernhill.example/saml2/a"/>
        </IDPSSODescriptor></EntityDescriptor>"#;

    fn reading(current: &SamlConnection) -> Reading<'_> {
        Reading {
            current,
            label: "Amplitude",
            organization: "Fernhill",
            public_url: "https://id.fernhill.example",
            now: DateTime::from_timestamp(1_790_000_000, 0).expect("in range"),
        }
    }

    #[test]
    fn a_document_fills_in_what_it_says_and_leaves_the_rest() {
        let current = SamlConnection { default_relay_state: "/start".into(), ..SamlConnection::default() };
        let proposal = propose(SP, &reading(&current)).expect("readable");
        let then = &proposal.connection;
        assert_eq!(then.sp_entity_id, "https://sp.example/saml");
        let default: Vec<_> =
            then.acs_urls.iter().filter(|acs| acs.default).map(|acs| acs.url.as_str()).collect();
        assert_eq!(default, ["https://sp.example/acs2"]);
        assert_eq!(then.name_id_format, NameIdFormat::Persistent);
        assert_eq!(then.default_relay_state, "/start");
        assert_eq!(then.attributes[0].value, ValueSource::Source("first_name".into()));
        assert_eq!(proposal.display_name.as_deref(), Some("Ledgerly"));
        assert!(proposal.warnings.iter().any(|line| line.contains("plan")), "{:?}", proposal.warnings);
        let changed: Vec<_> = proposal
            .differences
            .iter()
            .filter(|row| row.now != row.from_metadata)
            .map(|row| row.field)
            .collect();
        assert_eq!(changed, ["App entity ID", "Reply addresses", "NameID format", "Attributes"]);
    }

    #[test]
    fn the_same_document_again_changes_nothing() {
        let current = SamlConnection::default();
        let first = propose(SP, &reading(&current)).expect("readable").connection;
        let again = propose(SP, &reading(&first)).expect("readable");
        assert!(again.differences.iter().all(|row| row.now == row.from_metadata), "{:?}", again.differences);
        assert_eq!(again.connection, first);
    }

    #[test]
    fn our_own_file_and_other_files_are_refused_in_words() {
        let current = SamlConnection::default();
        let message = |xml: &str| {
            propose(xml, &reading(&current))
                .expect_err("refused")
                .of("metadata_xml")
                .unwrap_or_default()
                .to_owned()
        };
        assert_eq!(message(IDP), "This file is Fernhill’s own metadata. Upload the one from Amplitude.");
        let theirs = IDP.replace("id.fernhill.example", "idp.other.example");
        assert!(message(&theirs).starts_with("This file describes an identity provider"));
        assert!(message("<EntityDescriptor").starts_with("Paste the whole XML"));
        assert!(message("").starts_with("Paste the whole XML"));
        assert!(message("<html/>").starts_with("Send SAML metadata"), "{}", message("<html/>"));
    }

    #[test]
    fn another_entity_id_is_pointed_out() {
        let current =
            SamlConnection { sp_entity_id: "https://else.example".into(), ..SamlConnection::default() };
        let proposal = propose(SP, &reading(&current)).expect("readable");
        assert!(proposal.warnings.iter().any(|line| line.contains("another entity ID")));
    }
}
