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
        let (all, sps) = count.entry(entity.entity_id.as_str()).or_insert((0_usize, 0_usize));
        *all += 1;
        *sps += usize::from(entity.service_provider);
    }
    for entity in listing.entities.iter().take(LOOKED_AT) {
        let id = entity.entity_id.as_str();
        let (all, sps) = count[id];
        match aggregate::cut(data, Some(id), &limits) {
            Ok(cut) => {
                assert!(sps <= 1, "one of several was taken");
                // The only one of this name that is an SP stands for all of them.
                if all > 1 && !entity.service_provider {
                    continue;
                }
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
            Err(MetadataError::Ambiguous(_)) => assert!(sps > 1, "it is the only one"),
            // Attributes that only the cut reads: when the metadata ends.
            Err(error) => assert!(matches!(error, MetadataError::Value(_)), "{id}: {error}"),
        }
    }
    same_as_tree(data, &listing);
}

/// The scan and the strict reader see the same entities.
fn same_as_tree(data: &[u8], listing: &Listing) {
    let Ok(document) = Document::read(data, &Limits::METADATA) else { return };
    let mut elements = Vec::new();
    collect(document.root(), &mut elements);
    let found: Vec<&str> =
        elements.iter().map(|entity| entity.attribute("entityID").unwrap_or_default()).collect();
    let listed: Vec<&str> = listing.entities.iter().map(|entity| entity.entity_id.as_str()).collect();
    let good: Vec<&str> = found.iter().copied().filter(|id| check_entity_id(id).is_ok()).collect();
    if data.len() <= Limits::ENTITY.bytes {
        assert_eq!(listed, good, "the scan and the tree differ");
        assert_eq!(listing.notes.len(), found.len() - good.len());
        for (entity, id) in elements.iter().zip(&found).take(LOOKED_AT) {
            if found.iter().filter(|other| *other == id).count() > 1 {
                continue;
            }
            if let Ok(cut) = aggregate::cut(data, Some(id), &AggregateLimits::default()) {
                let alone = Document::read(cut.as_bytes(), &Limits::ENTITY).expect("it was read before");
                assert_same(*entity, alone.root(), true);
            }
        }
    }
}

fn collect<'a, 'i>(element: Element<'a, 'i>, found: &mut Vec<Element<'a, 'i>>) {
    if element.is(MD, "EntityDescriptor") {
        found.push(element);
    } else if element.is(MD, "EntitiesDescriptor") {
        for child in element.children() {
            collect(child, found);
        }
    }
}

/// Every name keeps its namespace when an entity leaves what is around it. When it ends is written anew.
fn assert_same(inside: Element<'_, '_>, alone: Element<'_, '_>, is_root: bool) {
    assert_eq!((inside.namespace(), inside.name()), (alone.namespace(), alone.name()));
    let attributes = |element: Element<'_, '_>| {
        let all = element.attributes().map(|(namespace, name, value)| {
            (namespace.map(ToOwned::to_owned), name.to_owned(), value.to_owned())
        });
        let inherited = |name: &str| is_root && ["validUntil", "cacheDuration"].contains(&name);
        let mut all: Vec<_> = all.filter(|(_, name, _)| !inherited(name)).collect();
        all.sort();
        all
    };
    assert_eq!(attributes(inside), attributes(alone), "{}", inside.name());
    assert_eq!(inside.text(), alone.text());
    assert_eq!(inside.children().count(), alone.children().count());
    for (inside, alone) in inside.children().zip(alone.children()) {
        assert_same(inside, alone, false);
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
    // SAML Metadata §2.2.3: of several the first one counts, and it is told.
    let told = metadata.notes.contains(&Note::SeveralDefaults("assertion consumer services"));
    assert!(defaults <= 1, "{defaults} defaults");
    assert!(!told || defaults == 1, "several were told of, and none counts");
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
    // RFC 3986 §3.1: schemes are the same in capitals.
    let is_https = |url: &str| url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    assert!(links.into_iter().flatten().all(|url| is_https(url)), "a link that is not https");
    assert!(shown.logo.as_ref().is_none_or(|logo| is_https(&logo.url)));
    for note in &metadata.notes {
        assert!(!note.to_string().is_empty());
    }
}
