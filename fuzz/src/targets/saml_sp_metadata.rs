//! The metadata of SPs, single and in aggregates.

use std::collections::HashMap;

use saml::CertificateDer;
use saml::metadata::aggregate::{self, AggregateLimits, Listing};
use saml::metadata::review::Registered;
use saml::metadata::sp::{self, MAX_KEYS, ServiceProviderMetadata};
use saml::metadata::{MetadataError, Note, check_acs_url, check_entity_id, review};
use saml::uri::MD;
use saml::xml::reader::{Document, Element, Limits};

/// How many entities of a list are looked at one by one.
const LOOKED_AT: usize = 4;

/// Takes the input as a document.
pub fn run(data: &[u8]) {
    let limits = AggregateLimits::default();
    if let Ok(metadata) = sp::parse(data, None) {
        check(&metadata);
        assert_eq!(
            sp::parse(data, Some(&metadata.entity_id)).as_ref(),
            Ok(&metadata),
            "named, it is another one"
        );
    }
    let Ok(listing) = aggregate::list(data, &limits) else { return };
    let mut count = HashMap::new();
    for entity in &listing.entities {
        assert_eq!(check_entity_id(&entity.entity_id), Ok(()));
        *count.entry(entity.entity_id.as_str()).or_insert(0_usize) += 1;
    }
    for entity in listing.entities.iter().take(LOOKED_AT) {
        let id = entity.entity_id.as_str();
        match aggregate::cut(data, Some(id), &limits) {
            Ok(cut) => {
                assert_eq!(count[id], 1, "one of several was taken");
                let again = aggregate::cut(cut.as_bytes(), Some(id), &limits);
                assert_eq!(again.as_deref(), Ok(&*cut), "cut twice, it is another one");
                let alone = aggregate::list(cut.as_bytes(), &limits).map(|listing| listing.entities);
                assert_eq!(alone.as_deref(), Ok(std::slice::from_ref(entity)), "alone, it is another one");
                let inside = sp::parse(data, Some(id));
                assert_eq!(inside, sp::parse(cut.as_bytes(), None), "alone, it says something else");
                if let Ok(metadata) = inside {
                    assert!(entity.service_provider);
                    assert_eq!(metadata.entity_id, id);
                    check(&metadata);
                }
            }
            Err(MetadataError::Ambiguous(_)) => assert!(count[id] > 1, "it is the only one"),
            // Attributes that only the cut reads: when the metadata ends.
            Err(error) => assert!(matches!(error, MetadataError::Value(_)), "{id}: {error}"),
        }
    }
    same_as_tree(data, &listing);
}

/// The scan and the strict reader see the same entities.
fn same_as_tree(data: &[u8], listing: &Listing) {
    let Ok(document) = Document::read(data, &Limits::METADATA) else { return };
    let mut found = Vec::new();
    collect(document.root(), &mut found);
    let listed: Vec<&str> = listing.entities.iter().map(|entity| entity.entity_id.as_str()).collect();
    let good: Vec<&str> = found.iter().copied().filter(|id| check_entity_id(id).is_ok()).collect();
    if data.len() <= Limits::ENTITY.bytes {
        assert_eq!(listed, good, "the scan and the tree differ");
        assert_eq!(listing.notes.len(), found.len() - good.len());
    }
}

fn collect<'a>(element: Element<'a, '_>, found: &mut Vec<&'a str>) {
    if element.is(MD, "EntityDescriptor") {
        found.push(element.attribute("entityID").unwrap_or_default());
    } else if element.is(MD, "EntitiesDescriptor") {
        for child in element.children() {
            collect(child, found);
        }
    }
}

/// What may be registered without a further look.
fn check(metadata: &ServiceProviderMetadata) {
    assert_eq!(check_entity_id(&metadata.entity_id), Ok(()));
    assert!(!metadata.assertion_consumer_services.is_empty());
    let mut indexes: Vec<u16> = Vec::new();
    for service in &metadata.assertion_consumer_services {
        assert_eq!(check_acs_url(&service.url), Ok(()));
        indexes.push(service.index);
    }
    indexes.sort_unstable();
    assert!(indexes.windows(2).all(|pair| pair[0] != pair[1]), "one number for two endpoints");
    let defaults = metadata.assertion_consumer_services.iter().filter(|service| service.is_default).count();
    // The first one counts, and it is told.
    let told = metadata.notes.contains(&Note::SeveralDefaults("assertion consumer services"));
    assert_eq!(defaults > 1, told, "{defaults} defaults");
    for service in &metadata.single_logout_services {
        assert_eq!(check_acs_url(&service.location), Ok(()));
        assert_eq!(check_acs_url(service.response_location()), Ok(()));
    }
    let certificates = || metadata.signing_certificates.iter().chain(metadata.encryption_certificates());
    for certificate in certificates() {
        assert!(CertificateDer::new(certificate.as_der()).is_ok());
    }
    assert!(certificates().count() <= 2 * MAX_KEYS);
    let new = Registered::default();
    assert!(review::compare(&new, metadata).iter().any(|row| row.changes), "a new SP changes nothing");
    let shown = &metadata.user_interface;
    let links = [&shown.information_url, &shown.privacy_statement_url];
    assert!(links.into_iter().flatten().all(|url| url.starts_with("https://")), "a link that is not https");
    assert!(shown.logo.as_ref().is_none_or(|logo| logo.url.starts_with("https://")));
    for note in &metadata.notes {
        assert!(!note.to_string().is_empty());
    }
}
