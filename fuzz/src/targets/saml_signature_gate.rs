//! Enveloped signatures: what passes is what was signed.

use std::sync::OnceLock;

use saml::logout::{LogoutRequestSpec, LogoutRequestTarget, issue_request};
use saml::signature::{Covered, OwnVerifier, SignatureError, SignatureVerifier as _, Trust};
use saml::uri::{MD, SAMLP};
use saml::xml::check_xml_text;
use saml::xml::reader::{Document, Limits};
use saml::{Binding, NameId, NameIdFormat};

use crate::fixture::{
    AUTHN_XML, CountingRng, LOGOUT_REQUEST_XML, LOGOUT_RESPONSE_XML, METADATA_XML, SSO, certificates, live,
    now,
};

const ROOTS: [(&str, &str); 5] = [
    (SAMLP, "AuthnRequest"),
    (SAMLP, "LogoutRequest"),
    (SAMLP, "LogoutResponse"),
    (MD, "EntityDescriptor"),
    (MD, "EntitiesDescriptor"),
];

/// Takes the input as a document, with its root as the one expected; or after a `!` as values that we sign
/// and verify: an identifier, a format and session indexes, separated by NUL.
pub fn run(data: &[u8]) {
    if let Some(values) = data.strip_prefix(b"!") {
        if let Ok(values) = std::str::from_utf8(values) {
            our_own(values);
        }
        return;
    }
    let Ok((root, covered)) = verify(data, true) else { return };
    assert!(known().contains(&(root, covered.xml.clone())), "nobody signed this: {}", covered.xml);
    // SHA-1 passes only where it is allowed, and it is told.
    assert_eq!(verify(data, false).is_ok(), !covered.signature.sha1);
    let other = Trust { certificates: &live().sp.signing_certificates, allow_sha1: true, blocked: &[] };
    assert!(
        OwnVerifier.verify_enveloped(data, root, other).is_err(),
        "a key verifies what another one signed"
    );
    for wrong in ROOTS.into_iter().filter(|wrong| *wrong != root) {
        let trust = Trust { certificates: certificates(), allow_sha1: true, blocked: &[] };
        assert_eq!(OwnVerifier.verify_enveloped(data, wrong, trust), Err(SignatureError::Root));
    }
}

type Root = (&'static str, &'static str);

fn verify(xml: &[u8], allow_sha1: bool) -> Result<(Root, Covered), SignatureError> {
    // Reading a key takes ten times as long as all the rest: the one that can verify is enough.
    let is_ec = xml.windows(5).any(|window| window == b"ecdsa");
    let trust = Trust {
        certificates: std::slice::from_ref(&certificates()[usize::from(is_ec)]),
        allow_sha1,
        blocked: &[],
    };
    // The name of the root is somewhere at the beginning; a wrong guess costs a verdict, no more.
    let start = &xml[..xml.len().min(400)];
    let named = |name: &str| start.windows(name.len()).any(|window| window == name.as_bytes());
    let root = ROOTS.into_iter().find(|(_, name)| named(name)).unwrap_or(ROOTS[0]);
    OwnVerifier.verify_enveloped(xml, root, trust).map(|covered| (root, covered))
}

/// What the kept signatures cover.
fn known() -> &'static [(Root, String)] {
    static KNOWN: OnceLock<Vec<(Root, String)>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let seeds =
            AUTHN_XML.iter().chain(&LOGOUT_REQUEST_XML).chain(&LOGOUT_RESPONSE_XML).chain(&METADATA_XML);
        let covered = |text: &str| verify(text.as_bytes(), true).map(|(root, covered)| (root, covered.xml));
        seeds
            .map(|seed| covered(seed.text).unwrap_or_else(|error| panic!("{}: {error}", seed.name)))
            .collect()
    })
}

/// Whatever values stand in a message of ours, its signature verifies, and covers these values.
fn our_own(values: &str) {
    let mut values = values.split('\0');
    let (value, format) = (values.next().unwrap_or_default(), values.next().unwrap_or_default());
    let indexes: Vec<&str> = values.collect();
    let name_id = NameId {
        value: value.to_owned(),
        format: NameIdFormat::from(format),
        name_qualifier: Some(format.to_owned()).filter(|text| !text.is_empty()),
        sp_name_qualifier: None,
    };
    let spec = LogoutRequestSpec {
        idp_entity_id: SSO,
        name_id: &name_id,
        session_indexes: &indexes,
        lifetime: LogoutRequestSpec::DEFAULT_LIFETIME,
        reason: None,
        relay_state: None,
    };
    let target = LogoutRequestTarget::of(&live().sp, &[Binding::HttpPost]).expect("the SP takes part");
    let issued = issue_request(&target, &spec, &live().signer, now(), &mut CountingRng(1));
    let Ok(issued) = issued else {
        let writable = [value, format].into_iter().chain(indexes).all(|text| check_xml_text(text).is_ok());
        assert!(value.is_empty() || !writable, "these values can be written");
        return;
    };
    let trust = Trust { certificates: &live().sp.signing_certificates, allow_sha1: false, blocked: &[] };
    let covered = OwnVerifier.verify_enveloped(issued.xml.as_bytes(), ROOTS[1], trust);
    let covered = match covered {
        Ok(covered) => covered.xml,
        // More sessions than a message that we take may hold.
        Err(SignatureError::Xml(error)) if indexes.len() > 1_000 || issued.xml.len() > 200_000 => {
            return assert!(!error.to_string().is_empty());
        }
        Err(error) => panic!("our own signature: {error}: {}", issued.xml),
    };
    let document = Document::read(covered.as_bytes(), &Limits::MESSAGE).expect("what is covered is XML");
    let texts = |name: &str| -> Vec<String> {
        let named = document.elements().filter(|element| element.name() == name);
        named.map(|element| element.text().expect("text only")).collect()
    };
    assert_eq!(texts("NameID"), [value]);
    assert_eq!(texts("SessionIndex"), indexes);
}
