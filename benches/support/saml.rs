//! A SAML response for somebody who is signed in: asked for by the service provider, by the tile, encrypted, and what it adds
//! when the request is signed. Does not own the requests (`service_provider`).

use super::{
    browser::{field, signed_in},
    gateway::Gateway,
    http::{Answer, Client},
    load::{Figure, Work, compare},
    organisation::{SAML_SLUG, SEALED_SLUG},
    raw::Raw,
    service_provider::ServiceProvider,
    table::{Row, Table},
};
use base64::{Engine, engine::general_purpose::STANDARD};

const CLIENTS: usize = 16;

pub fn run(gateway: &Gateway, sp: &ServiceProvider, raw: &Raw, table: &mut Table) {
    let mut clients = signed_in(gateway, CLIENTS);
    let base = format!("http://{}", gateway.address());
    let asked = |client: &mut Client, slug| get(client, &sp.redirect(&base, slug), "cross-site");
    let launch = format!("/launch/{SAML_SLUG}");
    let launched = |client: &mut Client| get(client, &launch, "same-origin");
    let posted = |client: &mut Client, signed| {
        let message = sp.posted(&base, signed);
        client.post(&format!("/saml2/{SAML_SLUG}"), &[("SAMLRequest", &message), ("RelayState", "deep/link")])
    };

    let first = response(&asked(&mut clients[0], SAML_SLUG));
    let count = first.matches("SignatureValue>").count() / 2;
    let signatures = f64::from(u32::try_from(count).expect("a few"));
    let sealed = response(&asked(&mut clients[0], SEALED_SLUG));
    assert!(sealed.contains("EncryptedAssertion"), "not encrypted: {sealed}");

    let mut measure = |what, goal, operate: &(dyn Fn(&mut Client) + Sync)| {
        let work = Work { what, goal, rsa_signatures: signatures };
        compare((gateway, raw, &mut *table), &work, &mut clients, operate)
    };
    let plain =
        measure("SAML response, SP-initiated", "≤ 1.25", &|client| check(&asked(client, SAML_SLUG)));
    measure("SAML response, IdP-initiated", "≤ 1.25", &|client| check(&launched(client)));
    let encrypted = measure("SAML response, encrypted", "", &|client| check(&asked(client, SEALED_SLUG)));
    let unsigned = measure("SAML response, HTTP-POST", "", &|client| check(&posted(client, false)));
    let signed =
        measure("SAML response, HTTP-POST, signed request", "", &|client| check(&posted(client, true)));

    table.row(against(
        "encrypted response",
        "≤ 1.4",
        encrypted,
        encrypted.cpu / plain.cpu,
        "× the same not encrypted",
    ));
    let added = (signed.cpu - unsigned.cpu) / raw.rsa();
    table.row(against(
        "verification of a signed POST request",
        "≤ 0.5",
        signed,
        added,
        "× raw RSA-2048, over the unsigned one",
    ));
}

fn against(what: &str, goal: &'static str, figure: Figure, ratio: f64, beside: &str) -> Row {
    Row {
        ratio: Some(ratio),
        goal,
        what: what.into(),
        cpu_ms: Some(figure.cpu * 1e3),
        rate: None,
        beside: beside.into(),
    }
}

fn get(client: &mut Client, target: &str, site: &str) -> Answer {
    client.get(target, &[("sec-fetch-site", site)])
}

fn check(answer: &Answer) {
    let posts = answer.body.contains("name=\"SAMLResponse\"");
    assert!(answer.status == 200 && posts, "no SAML response: {} {}", answer.status, answer.body);
}

/// The response of an answer, which must be a success.
fn response(answer: &Answer) -> String {
    check(answer);
    let value = field(&answer.body, "SAMLResponse").expect("checked").replace("&#43;", "+");
    let xml = String::from_utf8(STANDARD.decode(value).expect("base64")).expect("text");
    assert!(xml.contains("status:Success"), "a refusal: {xml}");
    xml
}
