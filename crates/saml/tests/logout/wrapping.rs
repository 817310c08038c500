//! Signature wrapping and its kin around LogoutRequests, by HTTP-POST and inside SOAP envelopes.

use saml::Binding;

use crate::fixtures::*;
use crate::support::*;

/// The signature element of `xml`.
fn signature_of(xml: &str) -> &str {
    let start = xml.find("<ds:Signature ").expect("a signature");
    let end = xml.find("</ds:Signature>").expect("a signature") + "</ds:Signature>".len();
    &xml[start..end]
}

/// Refused on both bindings, and the SP is not told; returns why.
fn refused(name: &str, xml: &str) -> Vec<String> {
    let raw = [(Binding::HttpPost, form("SAMLRequest", xml)), (Binding::Soap, envelope(xml))];
    let why = raw.map(|(binding, raw)| {
        let refusal = take(binding, &raw).expect_err(name);
        assert!(refusal.reply_to.is_none(), "{name}: nobody may be told");
        let check = refusal.error.check();
        assert!(matches!(check, "signature" | "xml" | "message" | "id"), "{name}: {refusal}");
        refusal.to_string()
    });
    why.into()
}

fn accepted(name: &str, xml: &str) {
    for (binding, raw) in [(Binding::HttpPost, form("SAMLRequest", xml)), (Binding::Soap, envelope(xml))] {
        let principal = take(binding, &raw).map(|verified| verified.name_id().value.clone());
        assert_eq!(principal.as_deref(), Ok("p-1"), "{name}");
    }
}

#[test]
fn s_06_signature_wrapping_in_eight_permutations() {
    let good = request().signed_by(sp_rsa());
    let signature = signature_of(&good);
    let original = good.replace(signature, "");
    let victim = NAME_ID.replace("p-1", "p-victim");
    // The attacker's message: another principal, another ID, and room for a signature.
    let evil = |id: &str, signature: &str, more: &str| {
        let text = request().with("_r1", id).after(format!("{more}{victim}"));
        Text { signature: signature.to_owned(), ..text }.xml()
    };
    let object = |inside: &str| {
        signature.replace("</ds:Signature>", &format!("<ds:Object>{inside}</ds:Object></ds:Signature>"))
    };
    let extensions = |inside: &str| format!("<samlp:Extensions>{inside}</samlp:Extensions>");
    accepted("the twin", &good);
    for (name, xml) in [
        (
            "XSW-1: the original inside the signature of the forged root",
            evil("_evil", &object(&original), ""),
        ),
        ("XSW-2: a detached signature before the original", evil("_evil", signature, &extensions(&original))),
        ("XSW-3: the forged message beside the original", format!("<x>{}{good}</x>", evil("_evil", "", ""))),
        ("XSW-4: the original inside the forged one", evil("_evil", "", &extensions(&good))),
        ("XSW-5: the same ID on both, the original last", evil("_r1", signature, &extensions(&original))),
        ("XSW-6: the same ID, the original inside the signature", evil("_r1", &object(&original), "")),
        ("XSW-7: the forged message in Extensions of the original", {
            let inside = format!("{}<saml:NameID", extensions(&evil("_evil", "", "")));
            good.replacen("<saml:NameID", &inside, 1)
        }),
        ("XSW-8: the original in an Object, the forged message signed nowhere", {
            evil("_evil", "", &extensions(&object(&good)))
        }),
        ("a sibling root", format!("{}{good}", evil("_evil", "", ""))),
        ("the signature moved to the end", {
            let end = "</samlp:LogoutRequest>";
            original.replace(end, &format!("{signature}{end}"))
        }),
        ("two signatures", good.replace(signature, &format!("{signature}{signature}"))),
        ("no signature", original.clone()),
    ] {
        refused(name, &xml);
    }
}

#[test]
fn s_06_an_envelope_holds_nothing_beside_the_signed_message() {
    let good = request().signed_by(sp_rsa());
    let signature = signature_of(&good);
    let original = good.replace(signature, "");
    let forged = request().with("_r1", "_evil").after(NAME_ID.replace("p-1", "p-victim"));
    let evil = forged.xml();
    let taken = |header: &str, body: &str| {
        let header = if header.is_empty() { String::new() } else { format!("<s:Header>{header}</s:Header>") };
        let raw = format!("<s:Envelope xmlns:s=\"{SOAP}\">{header}<s:Body>{body}</s:Body></s:Envelope>");
        take(Binding::Soap, &raw).map(|verified| verified.name_id().value.clone())
    };
    assert_eq!(taken("", &good).as_deref(), Ok("p-1"));
    assert_eq!(taken("<x/>", &good).as_deref(), Ok("p-1"));
    // Only the body is read, so the forged message in the header is nothing but ballast.
    assert_eq!(taken(&evil, &good).as_deref(), Ok("p-1"));
    for (name, header, body) in [
        ("the signed message in the header", good.as_str(), evil.as_str()),
        ("the original in the header, its signature in the body", &original, &{
            Text { signature: signature.to_owned(), ..forged.clone() }.xml()
        }),
        ("both in the body, the forged one first", "", &format!("{evil}{good}")),
        ("both in the body, the forged one last", "", &format!("{good}{evil}")),
        ("the signature beside the message", "", &format!("{original}{signature}")),
        ("an envelope in the envelope", "", &envelope(&good)),
        ("an empty body", &good, ""),
    ] {
        assert!(taken(header, body).is_err(), "{name}");
    }
    let twice =
        format!("<s:Envelope xmlns:s=\"{SOAP}\"><s:Body>{good}</s:Body><s:Body>{evil}</s:Body></s:Envelope>");
    assert_eq!(verdict(&take(Binding::Soap, &twice)), "message");
}

#[test]
fn a_message_signed_inside_its_envelope_is_verified_without_it() {
    // Everything the message needs is declared on the envelope, and a prefix is treated inclusively.
    let inclusive = TRANSFORMS.replace(
        "exc-c14n#\"/></ds:Transforms>",
        "exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"z #default\"/></ds:Transform></ds:Transforms>",
    );
    assert_ne!(inclusive, TRANSFORMS);
    for transforms in [TRANSFORMS, &inclusive] {
        let text = Text { signature: template(RSA_SHA256, SHA256, "#_r1", transforms), ..request() };
        let declarations = "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
        let message = text.xml().replace(declarations, "").replace("p-1", "p<!-- c -->-<![CDATA[1]]>");
        let raw = format!(
            "<s:Envelope xmlns:s=\"{SOAP}\" {declarations} xmlns=\"urn:default\" xmlns:z=\"urn:z\">\n <s:Body>\n{message}\n</s:Body></s:Envelope>"
        );
        let signed = xmlsec_sign_message(&raw, sp_rsa());
        let verified = take(Binding::Soap, &signed).unwrap_or_else(|refusal| panic!("{refusal}: {signed}"));
        assert_eq!(verified.name_id().value, "p-1");
        // What the signature treats inclusively cannot be changed from outside.
        let moved = signed.replace("urn:z", "urn:other");
        assert_eq!(take(Binding::Soap, &moved).is_ok(), transforms == TRANSFORMS);
    }
}

#[test]
fn s_07_duplicate_identifiers() {
    let with = |extension: &str| {
        request()
            .after(format!("<samlp:Extensions><x {extension}/></samlp:Extensions>{NAME_ID}"))
            .signed_by(sp_rsa())
    };
    let good = with("ID=\"_other\"");
    accepted("the twin", &good);
    for name in ["ID", "Id", "id", "xml:id"] {
        refused(name, &good.replace("ID=\"_other\"", &format!("{name}=\"_r1\"")));
    }
    refused("signed by the right key", &with("id=\"_r1\""));
}

#[test]
fn s_08_and_s_09_one_reference_to_the_root_with_the_two_transforms() {
    let signed = |uri: &str, transforms: &str| {
        let text = Text { signature: template(RSA_SHA256, SHA256, uri, transforms), ..request() };
        xmlsec_sign_message(&text.xml(), sp_rsa())
    };
    let good = signed("#_r1", TRANSFORMS);
    accepted("the twin", &good);
    refused("the whole document", &signed("", TRANSFORMS));
    for uri in ["http://127.0.0.1:9/x", "file:///etc/hostname", "#_r2", "_r1"] {
        refused(uri, &good.replace("URI=\"#_r1\"", &format!("URI=\"{uri}\"")));
    }
    for algorithm in
        ["http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/2000/09/xmldsig#base64"]
    {
        let enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
        refused(algorithm, &good.replace(enveloped, algorithm));
    }
}

#[test]
fn s_10_comments_in_digest_and_signature_values() {
    let good = request().signed_by(sp_rsa());
    accepted("the twin", &good);
    for name in ["DigestValue", "SignatureValue"] {
        let opening = format!("<ds:{name}>");
        refused(name, &good.replacen(&opening, &format!("{opening}<!-- x -->"), 1));
    }
    let commented = good.replacen(">p-1<", "><!-- x -->p-<!-- y -->1<", 1);
    accepted("elsewhere they change nothing", &commented);
}
