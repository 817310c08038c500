//! Aggregates: finding one entity among thousands, within bounds, whatever stands around it.

mod support;

use std::fmt::Write as _;
use std::time::Instant;

use proptest::prelude::*;
use saml::metadata::Note;
use saml::metadata::aggregate::{AggregateLimits, cut, list};
use saml::metadata::sp::{MetadataError, parse, parse_within};
use saml::xml::reader::{Document, Limits, XmlError};
use support::*;

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

/// An SP whose prefixes are declared elsewhere.
fn sp(id: &str, attributes: &str, extra: &str) -> String {
    format!(
        "<md:EntityDescriptor entityID=\"{id}\"{attributes}>{extra}<md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang=\"en\">Name of {id}</mdui:DisplayName></mdui:UIInfo></md:Extensions>\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{ACS}\" index=\"0\"/>\
         </md:SPSSODescriptor></md:EntityDescriptor>"
    )
}

fn idp(id: &str) -> String {
    format!(
        "<md:EntityDescriptor entityID=\"{id}\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"/></md:EntityDescriptor>"
    )
}

fn group(attributes: &str, inside: &str) -> String {
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\" xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\"{attributes}>{inside}</md:EntitiesDescriptor>"
    )
}

fn inner(attributes: &str, inside: &str) -> String {
    format!("<md:EntitiesDescriptor{attributes}>{inside}</md:EntitiesDescriptor>")
}

fn not_well_formed(result: &Result<impl std::fmt::Debug, MetadataError>, what: &str) {
    assert!(matches!(result, Err(MetadataError::Xml(XmlError::NotWellFormed(_)))), "{what}: {result:?}");
}

#[test]
fn what_is_around_an_entity_comes_down_to_it() {
    let day = |day: u32| format!("2026-04-{day:02}T00:00:00Z");
    let until = |own: &str, middle: &str, outer: &str| {
        let attribute =
            |end: &str| if end.is_empty() { String::new() } else { format!(" validUntil=\"{end}\"") };
        let xml = group(&attribute(outer), &inner(&attribute(middle), &sp("urn:a", &attribute(own), "")));
        parse(xml.as_bytes(), Some("urn:a")).map(|found| found.valid_until)
    };
    for (own, middle, outer, expected) in [
        ("", "", "", None),
        ("", "", &*day(9), Some(day(9))),
        ("", &day(5), &day(9), Some(day(5))),
        ("", &day(9), &day(5), Some(day(5))),
        (&day(3), &day(5), &day(9), Some(day(3))),
        (&day(9), &day(5), "", Some(day(5))),
        (&day(9), "", "", Some(day(9))),
    ] {
        let expected = expected.map(|end| end.parse().expect("an instant"));
        assert_eq!(until(own, middle, outer), Ok(expected), "{own} in {middle} in {outer}");
    }
    for (own, middle, outer) in [("soon", "", &*day(1)), ("soon", "", ""), ("", "soon", ""), ("", "", "soon")]
    {
        assert_eq!(until(own, middle, outer), Err(MetadataError::Value("validUntil")));
    }
    let cache = group(
        " cacheDuration=\"PT1H\"",
        &inner(" cacheDuration=\"PT2H\"", &sp("urn:a", " cacheDuration=\"P1D\"", "")),
    );
    let found = parse(cache.as_bytes(), None).expect("good");
    assert_eq!(found.cache_duration, Some(chrono::TimeDelta::hours(1)));
}

#[test]
fn namespaces_come_down_and_the_nearest_counts() {
    // The default namespace changes on the way; prefixes are shadowed; one declaration is written with a
    // reference; the entity declares one itself.
    let xml = format!(
        "<?xml version='1.0' encoding='UTF-8'?><!-- c --><EntitiesDescriptor xmlns='{MD}' xmlns:m='urn:wrong' xmlns:mdui=\"urn:wrong\">\n\
         <Extensions><EntityDescriptor entityID='urn:hidden'/></Extensions>\
         <other:EntityDescriptor xmlns:other='urn:other' entityID='urn:foreign'><x/></other:EntityDescriptor>\
         <EntitiesDescriptor xmlns:m=\"urn:oasis:names:tc:SAML:2.0:&#x6d;etadata\" xmlns:mdui='urn:oasis:names:tc:SAML:metadata:ui' xmlns:unused=\"urn:q'uote\">\
         <m:EntityDescriptor  xmlns:ds = 'http://www.w3.org/2000/09/xmldsig#'\n entityID = 'urn:&amp;a' >\
         <m:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><m:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang='en'>A</mdui:DisplayName></mdui:UIInfo></m:Extensions>\
         <AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location='{ACS}' index='0'/></m:SPSSODescriptor></m:EntityDescriptor>\
         </EntitiesDescriptor><EntitiesDescriptor/></EntitiesDescriptor><!-- end -->\n"
    );
    let found = parse(xml.as_bytes(), Some("urn:&a")).expect("good");
    assert_eq!(found.display_name.as_deref(), Some("A"));
    let alone = cut(xml.as_bytes(), Some("urn:&a"), &AggregateLimits::default()).expect("found");
    assert!(roxmltree::Document::parse(&alone).is_ok(), "a document of its own: {alone}");
    assert_eq!(parse(alone.as_bytes(), Some("urn:&a")), Ok(found));
    let listing = list(xml.as_bytes(), &AggregateLimits::default()).expect("good");
    let ids: Vec<_> = listing.entities.iter().map(|one| one.entity_id.as_str()).collect();
    assert_eq!(ids, ["urn:&a"], "neither what hides in extensions nor what is of another namespace");
    assert!(matches!(parse(xml.as_bytes(), Some("urn:hidden")), Err(MetadataError::NotInAggregate { .. })));
}

#[test]
fn a_listing_tells_what_there_is() {
    let limits = AggregateLimits { entity: 4096, ..AggregateLimits::default() };
    let large = sp("urn:large", "", &format!("<!-- {} -->", "x".repeat(5000)));
    let inside =
        format!("{}{}{large}{}", sp("urn:a", "", ""), inner("", &idp("urn:b")), sp("urn:with space", "", ""));
    let listing = list(group("", &inside).as_bytes(), &limits).expect("good");
    let found: Vec<_> = listing
        .entities
        .iter()
        .map(|one| {
            (one.entity_id.as_str(), one.display_name.as_deref(), one.service_provider, one.identity_provider)
        })
        .collect();
    assert_eq!(found, [("urn:a", Some("Name of urn:a"), true, false), ("urn:b", None, false, true)]);
    assert!(matches!(
        &listing.notes[..],
        [Note::EntityTooLarge { entity_id, limit: 4096 }, Note::EntityId { .. }] if entity_id == "urn:large"
    ));
    let chosen = |id: &str| parse_within(group("", &inside).as_bytes(), Some(id), &limits);
    assert!(chosen("urn:a").is_ok());
    assert_eq!(chosen("urn:large"), Err(MetadataError::Xml(XmlError::TooLarge(4096))));
    let single = format!("<EntityDescriptor xmlns=\"{MD}\" entityID=\"urn:s\"/>");
    assert_eq!(list(single.as_bytes(), &limits).map(|listing| listing.entities.len()), Ok(1));
}

#[test]
fn s_04_aggregates_keep_to_their_limits() {
    let xml = group("", &sp("urn:a", "", ""));
    let within = |total| {
        let limits = AggregateLimits { total, ..AggregateLimits::default() };
        parse_within(xml.as_bytes(), None, &limits).map(|_| ())
    };
    assert_eq!(within(xml.len()), Ok(()));
    assert_eq!(within(xml.len() - 1), Err(MetadataError::Xml(XmlError::TooLarge(xml.len() - 1))));
    let nested = |depth: usize| {
        let inside = format!(
            "{}{}{}",
            "<md:EntitiesDescriptor>".repeat(depth),
            sp("urn:a", "", ""),
            "</md:EntitiesDescriptor>".repeat(depth)
        );
        parse(group("", &inside).as_bytes(), None).map(|found| found.entity_id)
    };
    assert_eq!(nested(50), Ok("urn:a".to_owned()));
    assert_eq!(nested(100), Err(MetadataError::Xml(XmlError::TooDeep(64))));
    let many = |count: usize| group("", &"<md:EntityDescriptor/>".repeat(count));
    let too_many = list(many(AggregateLimits::MAX_ENTITIES + 1).as_bytes(), &AggregateLimits::default());
    assert!(matches!(too_many, Err(MetadataError::TooMany { what: "entities", .. })), "{too_many:?}");
    let declaring = |length: usize| {
        let declaration = format!(" xmlns:x=\"urn:{}\"", "x".repeat(length));
        parse(group(&declaration, &sp("urn:a", "", "")).as_bytes(), None).map(|found| found.entity_id)
    };
    assert_eq!(declaring(4_000), Ok("urn:a".to_owned()));
    assert!(matches!(declaring(9_000), Err(MetadataError::TooMany { limit: 8_192, .. })));
    // Beyond what one tree may hold, of which none is built.
    let attributes: String = (0..70).fold(String::new(), |mut text, number| {
        let _ = write!(text, " a{number}=\"x\"");
        text
    });
    let wide = group(&attributes, "");
    assert_eq!(
        list(wide.as_bytes(), &AggregateLimits::default()),
        Err(MetadataError::Xml(XmlError::TooManyAttributes(64)))
    );
    let elements = sp("urn:a", "", &format!("<md:Extensions>{}</md:Extensions>", "<x/>".repeat(20_000)));
    assert_eq!(
        parse(group("", &elements).as_bytes(), None),
        Err(MetadataError::Xml(XmlError::TooManyElements(20_000)))
    );
}

#[test]
fn s_01_broken_aggregates_are_refused() {
    let good = group("", &format!("{}{}", sp("urn:a", "", ""), sp("urn:b", "", "")));
    let chosen = |xml: &str| parse(xml.as_bytes(), Some("urn:a")).map(|found| found.entity_id);
    assert_eq!(chosen(&good), Ok("urn:a".to_owned()));
    let end = "</md:EntitiesDescriptor>";
    for (what, xml) in [
        ("no end", good.replace(end, "")),
        ("another end", good.replace(end, "</md:EntityDescriptor>")),
        ("two ends", format!("{good}{end}")),
        ("two roots", format!("{good}{good}")),
        ("text behind", format!("{good}text")),
        ("text in front", format!("text{good}")),
        ("CDATA behind", format!("{good}<![CDATA[x]]>")),
        (
            "an end that does not match, elsewhere",
            good.replace("urn:b</mdui:DisplayName>", "urn:b</mdui:Name>"),
        ),
        ("an attribute twice", good.replace("entityID=\"urn:a\"", "entityID=\"urn:a\" entityID=\"urn:b\"")),
        ("an attribute without value", good.replace("entityID=\"urn:a\"", "x entityID=\"urn:a\"")),
        ("nothing", String::new()),
        ("a comment", "<!-- -->".to_owned()),
    ] {
        not_well_formed(&chosen(&xml), what);
    }
    for (xml, why) in [
        (format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{good}"), XmlError::DocumentType),
        (good.replace("Name of urn:b", "&e;"), XmlError::Reference),
        (good.replace("Name of urn:b", "\u{1}"), XmlError::ForbiddenCharacter('\u{1}')),
        (
            good.replace("xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\"", "xmlns:mdui=\"relative\""),
            XmlError::Namespace("relative".to_owned()),
        ),
    ] {
        assert_eq!(chosen(&xml), Err(MetadataError::Xml(why)));
    }
    assert_eq!(
        chosen(&good.replace(MD, "urn:other")),
        Err(MetadataError::NotMetadata("EntitiesDescriptor".to_owned()))
    );
    not_well_formed(
        &chosen(&good.replace(" xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\"", "")),
        "a prefix nobody declared",
    );
}

#[test]
fn s_35_one_entity_id_names_one_entity() {
    let xml = |second: &str| group("", &format!("{}{}", sp("urn:a", "", ""), inner("", second)));
    let chosen = |xml: &str, id: Option<&str>| parse(xml.as_bytes(), id).map(|found| found.entity_id);
    assert_eq!(chosen(&xml(&sp("urn:b", "", "")), Some("urn:a")), Ok("urn:a".to_owned()));
    for twin in ["urn:a", "urn:&#97;"] {
        assert_eq!(
            chosen(&xml(&sp(twin, "", "")), Some("urn:a")),
            Err(MetadataError::Ambiguous(vec!["urn:a".to_owned()])),
            "{twin}"
        );
    }
    // The other half of the same deployment, as some federations list it.
    let idp = r#"<md:EntityDescriptor entityID="urn:a"><md:IDPSSODescriptor/></md:EntityDescriptor>"#;
    for id in [None, Some("urn:a")] {
        assert_eq!(chosen(&xml(idp), id), Ok("urn:a".to_owned()));
    }
    // White space and case are part of an identifier.
    for other in [" urn:a", "urn:A", "urn:a/"] {
        assert_eq!(chosen(&xml(&sp(other, "", "")), Some("urn:a")), Ok("urn:a".to_owned()), "{other}");
    }
    let long = (0..30).fold(String::new(), |text, number| text + &sp(&format!("urn:{number}"), "", ""));
    assert!(
        matches!(chosen(&xml(&long), None), Err(MetadataError::Ambiguous(choices)) if choices.len() == 20)
    );
    assert!(
        matches!(chosen(&xml(&long), Some("urn:x")), Err(MetadataError::NotInAggregate { choices, .. }) if choices.len() == 20)
    );
}

/// As many entities as a large federation has: about 7 KB each.
fn federation(count: usize) -> String {
    let certificate = sp_rsa().der().to_base64();
    let filler = "Ein Dienst, der in vielen Worten beschreibt, was er für wen tut. ".repeat(40);
    let mut inside = String::with_capacity(count * 8192);
    for number in 0..count {
        let _ = write!(
            inside,
            "\n<md:EntityDescriptor entityID=\"https://sp{number}.example/shibboleth\"><md:Extensions><x:y xmlns:x=\"urn:x\" a=\"b\"/></md:Extensions>\n\
             <md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang=\"en\">Service {number}</mdui:DisplayName>\
             <mdui:Description xml:lang=\"de\">{filler}</mdui:Description></mdui:UIInfo></md:Extensions>\n\
             <md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n\
             <md:KeyDescriptor use=\"encryption\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n"
        );
        for index in 0..6 {
            let _ = writeln!(
                inside,
                "<md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp{number}.example/acs/{index}\" index=\"{index}\"/>"
            );
        }
        inside.push_str(
            "<md:AttributeConsumingService index=\"0\"><md:ServiceName xml:lang=\"en\">x</md:ServiceName>\n",
        );
        for attribute in 0..12 {
            let _ = writeln!(
                inside,
                "<md:RequestedAttribute Name=\"urn:oid:1.3.6.1.4.1.5923.1.1.1.{attribute}\" FriendlyName=\"attribute{attribute}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"/>"
            );
        }
        inside.push_str("</md:AttributeConsumingService></md:SPSSODescriptor></md:EntityDescriptor>");
    }
    group(" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" validUntil=\"2026-03-18T00:00:00Z\"", &inside)
}

/// A line of the kernel's account of this process, in bytes.
#[cfg(target_os = "linux")]
fn memory(line: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let found = status.lines().find_map(|one| one.strip_prefix(line)).expect("the line");
    found.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().expect("a number") * 1024
}

/// Run alone, since the memory of the whole process counts:
/// `cargo test -p gatehouse-saml --test metadata_aggregate -- --ignored --nocapture`
#[test]
#[ignore = "measures the memory of the process: run it alone"]
#[cfg(target_os = "linux")]
#[expect(clippy::print_stderr, reason = "it reports figures")]
fn s_04_five_thousand_entities_in_bounded_memory() {
    let xml = federation(5_000);
    let limits = AggregateLimits::default();
    let measure = |what: &str, run: &dyn Fn() -> usize| {
        // The peak starts anew from what is resident now.
        std::fs::write("/proc/self/clear_refs", "5").expect("Linux forgets the peak");
        let (before, begin) = (memory("VmRSS:"), Instant::now());
        let found = run();
        let (took, growth) = (begin.elapsed(), memory("VmHWM:").saturating_sub(before));
        eprintln!(
            "{what}: {} KiB in {:.2} s, {} KiB above the document, {found} found",
            xml.len() / 1024,
            took.as_secs_f64(),
            growth / 1024
        );
        assert!(growth <= 64 * 1024 * 1024, "{what} took {growth} bytes");
        found
    };
    let last = "https://sp4999.example/shibboleth";
    assert_eq!(
        measure("one chosen", &|| parse(xml.as_bytes(), Some(last))
            .map_or(0, |found| found.requested_attributes.len())),
        12
    );
    assert_eq!(
        measure("listed", &|| list(xml.as_bytes(), &limits).map_or(0, |listing| listing.entities.len())),
        5_000
    );
    assert_eq!(measure("not there", &|| usize::from(parse(xml.as_bytes(), Some("urn:x")).is_err())), 1);
}

#[test]
fn a_federation_is_searched_and_listed() {
    let xml = federation(200);
    let found = parse(xml.as_bytes(), Some("https://sp199.example/shibboleth")).expect("good");
    assert_eq!(found.assertion_consumer_services.len(), 6);
    assert_eq!(found.valid_until, "2026-03-18T00:00:00Z".parse().ok());
    let listing = list(xml.as_bytes(), &AggregateLimits::default()).expect("good");
    assert_eq!(listing.entities.len(), 200);
    assert_eq!(listing.entities[7].display_name.as_deref(), Some("Service 7"));
}

/// The entities `id` that the strict parser finds where entities belong.
fn strictly(xml: &str, id: &str) -> Option<usize> {
    let document = Document::read(xml.as_bytes(), &Limits::METADATA).ok()?;
    let (mut groups, mut count) = (vec![document.root()], 0);
    while let Some(group) = groups.pop() {
        if group.is(MD, "EntitiesDescriptor") {
            groups.extend(group.children());
        } else if group.is(MD, "EntityDescriptor") && group.attribute("entityID") == Some(id) {
            count += 1;
        }
    }
    Some(count)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// What is found in a broken aggregate is what the strict parser would have found in all of it.
    #[test]
    fn s_40_a_mutated_aggregate_yields_the_entity_meant_or_none(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..60_usize, prop::sample::select(vec![
            "", "<", ">", "/>", "\"", "'", "=", "&", "&#97;", "<!--", "-->", "<![CDATA[", "]]>", "<?x?>", "\u{feff}",
            "<md:EntitiesDescriptor>", "</md:EntitiesDescriptor>", "</md:EntityDescriptor>",
            "<md:EntityDescriptor entityID=\"urn:a\"/>", " xmlns:md=\"urn:x\"", " xmlns=\"\"", "<md:Extensions>",
            "</md:Extensions>", " entityID=\"urn:a\"", " validUntil=\"2020-01-01T00:00:00Z\"", "urn:a", "é",
        ])), 1..4),
    ) {
        let original = group("", &format!("{}{}", sp("urn:b", "", ""), inner("", &sp("urn:a", "", ""))));
        let mut xml = original;
        for (place, length, text) in edits {
            let places: Vec<usize> = xml.char_indices().map(|(at, _)| at).collect();
            let Some(start) = (!places.is_empty()).then(|| *place.get(&places)) else { break };
            let end = places.iter().copied().find(|at| *at >= start + length).unwrap_or(xml.len());
            xml.replace_range(start..end, text);
        }
        let found = parse(xml.as_bytes(), Some("urn:a"));
        if let Ok(found) = &found {
            prop_assert_eq!(&found.entity_id, "urn:a");
            prop_assert!(!found.assertion_consumer_services.is_empty());
            // Elsewhere the document may be broken; where it is not, both agree.
            prop_assert!(matches!(strictly(&xml, "urn:a"), None | Some(1)), "{}", xml);
        }
        if strictly(&xml, "urn:a").is_some_and(|count| count > 1) {
            prop_assert!(found.is_err(), "{}", xml);
        }
        let _ = list(xml.as_bytes(), &AggregateLimits::default());
    }
}
