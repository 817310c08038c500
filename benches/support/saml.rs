//! A SAML response for somebody who is signed in, asked for by the service provider and by the tile.

use super::{
    browser::{field, signed_in},
    gateway::Gateway,
    http::{Answer, Client},
    load::{Work, compare},
    organisation::{SAML_SLUG, SP_ENTITY_ID},
    raw::Raw,
    table::Table,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use gatehouse::clock::Clock;
use std::{
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
};

const CLIENTS: usize = 16;

pub fn run(gateway: &Gateway, raw: &Raw, table: &mut Table) {
    let mut clients = signed_in(gateway, CLIENTS);
    let base = format!("http://{}", gateway.address());
    let next = AtomicU64::new(0);
    let requested = |client: &mut Client| {
        let id = format!("_{:032x}", next.fetch_add(1, Ordering::Relaxed));
        client.get(&request(&base, &id), &[("sec-fetch-site", "cross-site")])
    };
    let launch = format!("/launch/{SAML_SLUG}");
    let launched = |client: &mut Client| client.get(&launch, &[("sec-fetch-site", "same-origin")]);
    let work = |what, signatures| Work { what, goal: "≤ 1.5", rsa_signatures: signatures };

    let signatures = signatures(&requested(&mut clients[0]));
    compare(
        (gateway, raw, table),
        &work("SAML response, SP-initiated", signatures),
        &mut clients,
        |client| {
            check(&requested(client));
        },
    );
    compare(
        (gateway, raw, table),
        &work("SAML response, IdP-initiated", signatures),
        &mut clients,
        |client| {
            check(&launched(client));
        },
    );
}

/// An AuthnRequest in the HTTP-Redirect binding, not signed.
fn request(base: &str, id: &str) -> String {
    let instant = Clock::System.now().format("%Y-%m-%dT%H:%M:%SZ");
    let xml = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{instant}\" Destination=\"{base}/saml2/{SAML_SLUG}\">\
         <saml:Issuer>{SP_ENTITY_ID}</saml:Issuer></samlp:AuthnRequest>"
    );
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
    deflate.write_all(xml.as_bytes()).expect("in memory");
    let message = STANDARD.encode(deflate.finish().expect("in memory"));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("SAMLRequest", message.as_str()), ("RelayState", "deep/link")])
        .finish();
    format!("/saml2/{SAML_SLUG}?{query}")
}

fn check(answer: &Answer) {
    let posts = answer.body.contains("name=\"SAMLResponse\"");
    assert!(answer.status == 200 && posts, "no SAML response: {} {}", answer.status, answer.body);
}

/// How many signatures a response carries: what it is measured against.
fn signatures(answer: &Answer) -> f64 {
    check(answer);
    let value = field(&answer.body, "SAMLResponse").expect("checked").replace("&#43;", "+");
    let xml = String::from_utf8(STANDARD.decode(value).expect("base64")).expect("text");
    assert!(xml.contains("status:Success"), "a refusal: {xml}");
    let count = xml.matches("SignatureValue>").count() / 2;
    f64::from(u32::try_from(count).expect("a few"))
}
