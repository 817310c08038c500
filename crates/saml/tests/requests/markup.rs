//! Hostile XML over both bindings: document types, encodings, limits, comments, other messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::{RequestErrorKind, ServiceProvider, UnverifiedAuthnRequest};

use crate::support::*;
use crate::{both, both_bytes, both_to};

#[test]
fn s_01_document_types_are_refused_and_nothing_is_fetched() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}/x", listener.local_addr().expect("an address"));
    let plain = Request::default();
    let good = plain.xml();
    assert_eq!(outcome(&both(&good)), "accepted");
    for doctype in [
        "<!DOCTYPE samlp:AuthnRequest>".to_owned(),
        format!("<!DOCTYPE a SYSTEM \"{url}\">"),
        format!("<!DOCTYPE a PUBLIC \"-//x\" \"{url}\">"),
        format!("<!DOCTYPE a [<!ENTITY % p SYSTEM \"{url}\"> %p;]>"),
        format!("<!DOCTYPE a [<!ENTITY e SYSTEM \"{url}\">]>"),
        "<!-- c --><!DOCTYPE a>".to_owned(),
        "<?pi?><!DOCTYPE a>".to_owned(),
    ] {
        assert_eq!(outcome(&both(&format!("{doctype}{good}"))), "xml", "{doctype}");
    }
    // These two are only markup: they are carried and mean nothing.
    for extension in [
        format!("<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"{url}\"/>"),
        format!(
            "<x xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:noNamespaceSchemaLocation=\"{url}\"/>"
        ),
    ] {
        let xml = plain.clone().after(&format!("<samlp:Extensions>{extension}</samlp:Extensions>")).xml();
        assert_eq!(outcome(&both(&xml)), "accepted", "{extension}");
    }
    assert!(listener.accept().is_err(), "nobody called");
}

#[test]
fn s_02_entities_are_refused_and_references_are_not_expensive() {
    let ask = |text: &str| {
        both(&Request::default().after(&format!("<samlp:Extensions><x>{text}</x></samlp:Extensions>")).xml())
    };
    assert_eq!(outcome(&ask("&amp;&#65;&#x41;")), "accepted");
    for entity in ["&a;", "&nbsp;", "&#0;", "&#xD800;", "&#99999999999;", "&"] {
        assert_eq!(outcome(&ask(entity)), "xml", "{entity}");
    }
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    assert_eq!(outcome(&both(&format!("{bomb}{}", Request::default().xml()))), "xml");
    let began = std::time::Instant::now();
    assert_eq!(outcome(&ask(&"&#65;".repeat(40_000))), "accepted");
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "linear, even without optimisation");
}

#[test]
fn s_03_other_encodings_are_refused_before_parsing() {
    let good = Request::default().xml();
    let declared = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{good}");
    for text in [good.clone(), declared("UTF-8"), declared("utf-8"), format!("\u{feff}{good}")] {
        assert_eq!(both_bytes(text.as_bytes()), ["accepted"; 2], "{text}");
    }
    for encoding in ["UTF-16", "UTF-7", "ISO-8859-1", "US-ASCII", ""] {
        assert_eq!(both_bytes(declared(encoding).as_bytes()), ["xml"; 2], "{encoding}");
    }
    let utf_16 =
        |swap: fn(u16) -> [u8; 2]| declared("UTF-16").encode_utf16().flat_map(swap).collect::<Vec<u8>>();
    for bytes in [
        utf_16(u16::to_be_bytes),
        utf_16(u16::to_le_bytes),
        good.replace("_r1", "_r\u{e9}").bytes().map(|byte| if byte == 0xc3 { 0xff } else { byte }).collect(),
    ] {
        assert_eq!(both_bytes(&bytes), ["xml"; 2]);
    }
}

#[test]
fn s_04_limits_hold_over_both_bindings_on_a_small_stack() {
    let ask = |extension: &str| {
        outcome(&both(
            &Request::default().after(&format!("<samlp:Extensions>{extension}</samlp:Extensions>")).xml(),
        ))
    };
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let attributes = |count: usize| {
        format!("<a {}/>", (0..count).map(|n| format!("a{n}=''")).collect::<Vec<_>>().join(" "))
    };
    let worker = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
        for good in [nested(62), attributes(64), "<a/>".repeat(4_900)] {
            assert_eq!(ask(&good), "accepted");
        }
        for bad in [nested(63), nested(20_000), attributes(65), attributes(10_000), "<a/>".repeat(5_000)] {
            assert_eq!(ask(&bad), "xml");
        }
        assert_eq!(ask(&format!("<a b=\"{}\"/>", "x".repeat(256 * 1024))), "size");
    });
    worker.expect("a thread starts").join().expect("no assertion fails and the stack holds");
}

#[test]
fn s_10_text_is_read_whole_over_both_bindings() {
    let issuer = |inside: &str| {
        both(&Request { issuer: format!("<saml:Issuer>{inside}</saml:Issuer>"), ..Request::default() }.xml())
    };
    for good in [SP.to_owned(), SP.replace("sp.", "sp<!-- x -->."), format!("<![CDATA[{SP}]]>")] {
        assert_eq!(issuer(&good).expect("the whole text is the SP's").issuer(), SP);
    }
    for bad in [format!("{SP}<!-- x -->.evil.example"), format!("{SP}<![CDATA[x]]>")] {
        assert_eq!(outcome(&issuer(&bad)), "issuer", "{bad}");
    }
    assert_eq!(outcome(&issuer(&format!("{SP}<?pi?>"))), "xml");
    let subject = "<saml:Subject><saml:NameID>maya<!-- x -->@evil</saml:NameID></saml:Subject>";
    let verified = both(&Request::default().after(subject).xml()).expect("carried whole");
    assert_eq!(verified.subject().map(|name_id| name_id.value.as_str()), Some("maya@evil"));
}

#[test]
fn s_05_inflation_stops_at_the_limit() {
    let bomb = deflate(&vec![b' '; 64 * 1024 * 1024]);
    let good = deflate(Request::default().xml().as_bytes());
    let check =
        |deflated: &[u8]| outcome(&redirect(&format!("SAMLRequest={}", escape(&STANDARD.encode(deflated)))));
    assert_eq!(check(&good), "accepted");
    assert_eq!(check(&bomb), "size");
    assert_eq!(check(&deflate(&vec![b' '; 256 * 1024 + 1])), "size");
    assert_eq!(check(&deflate(&vec![b' '; 256 * 1024])), "xml");
    assert_eq!(check(&[good.as_slice(), b"x"].concat()), "encoding", "trailing octet");
    assert_eq!(check(&[good.as_slice(), good.as_slice()].concat()), "encoding", "two streams");
    assert_eq!(check(&good[..good.len() - 4]), "encoding", "no end");
    assert_eq!(check(&[0x00, 0x05, 0x00, 0xfa, 0xff, b'<', b'a']), "encoding", "a stored block without end");
    assert_eq!(check(&[]), "encoding");
    let zlib = [&[0x78, 0x9c][..], &good].concat();
    assert_eq!(check(&zlib), "encoding", "zlib header");
    assert_eq!(outcome(&redirect(&format!("SAMLRequest={}", "A".repeat(1 << 20)))), "size");
}

#[test]
fn iip_g02_strings_of_256_characters_are_taken() {
    for character in ["a", "é", "\u{301}", "😀", "&lt;", "&amp;", "&gt;", "'", "&#9;", "&#10;"] {
        let long = character.repeat(256);
        let issuer = format!("https://x/{}", character.repeat(246));
        let read = issuer.replace("&lt;", "<").replace("&amp;", "&").replace("&gt;", ">");
        let read = read.replace("&#9;", "\t").replace("&#10;", "\n");
        assert_eq!(read.chars().count(), 256);
        let sp = ServiceProvider { entity_id: read.clone(), ..sp() };
        let request =
            Request { issuer: format!("<saml:Issuer>{issuer}</saml:Issuer>"), ..Request::default() }
                .with("Version=", &format!("ProviderName=\"{long}\" Version="))
                .after(&format!("<saml:Subject><saml:NameID>{long}</saml:NameID></saml:Subject>"));
        let verified = both_to(&request.xml(), &sp).expect(character);
        assert_eq!(verified.issuer(), read);
        assert_eq!(verified.subject().map(|subject| subject.value.chars().count()), Some(256));
    }
    for (id, expected) in [("é".repeat(256), "accepted"), ("é".repeat(257), "id")] {
        assert_eq!(outcome(&both(&Request::default().with("_r1", &id).xml())), expected);
    }
}

#[test]
fn extensions_conditions_and_scoping_are_tolerated() {
    let after = "<samlp:Extensions><x:y xmlns:x=\"urn:x\" z=\"1\">t</x:y></samlp:Extensions><saml:Conditions/>\
                 <samlp:Scoping ProxyCount=\"0\"><samlp:RequesterID>urn:x</samlp:RequesterID></samlp:Scoping>";
    assert_eq!(outcome(&both(&Request::default().after(after).xml())), "accepted");
    assert_eq!(
        outcome(&both(&Request::default().after("<samlp:Scoping/><samlp:Extensions/>").xml())),
        "message"
    );
    assert_eq!(outcome(&both(&Request::default().after("<evil/>").xml())), "message");
}

#[test]
fn s_40_other_messages_are_refused() {
    for (name, xml, check) in [
        ("empty", "", "xml"),
        ("a NUL", "\0", "xml"),
        ("no XML", "SAMLRequest", "xml"),
        (
            "another message",
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>",
            "message",
        ),
        ("another namespace", "<AuthnRequest/>", "message"),
        ("SOAP", "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"/>", "message"),
        (
            "nothing in it",
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>",
            "message",
        ),
    ] {
        assert_eq!(outcome(&both(xml)), check, "{name}");
    }
    let error = UnverifiedAuthnRequest::from_post("%%%", None).expect_err("not base64");
    assert_eq!(error.kind(), RequestErrorKind::Encoding);
    for boolean in ["yes", "TRUE", "2"] {
        let xml = Request::default().with("Version=", &format!("ForceAuthn=\"{boolean}\" Version=")).xml();
        assert_eq!(outcome(&both(&xml)), "message");
    }
}
