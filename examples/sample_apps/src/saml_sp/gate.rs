//! What a `Response` must look like before samael may see it. Owns the shape of the document, not its truth:
//! signatures, times and addresses are checked in [`super::verify`].
//!
//! samael follows any reference URI, opens XML in recover mode and reads element names without their namespace. A
//! document that passes here is small, strict XML without DTD, holds one assertion, and every signature in it
//! covers exactly the element it sits in.

use base64::{Engine, engine::general_purpose::STANDARD};
use roxmltree::{Document, Node, ParsingOptions};
use std::collections::HashSet;

pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(super) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(super) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// Largest message in bytes, after base64.
pub(super) const MAX_MESSAGE: usize = 256 * 1024;
const MAX_NODES: u32 = 5000;
const MAX_DEPTH: usize = 64;

const SIGNATURE_METHODS: [&str; 4] = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
];
const DIGEST_METHODS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

/// Why a response was turned away. The text is shown to whoever signs in: it is an example for people who connect
/// apps, so it says what is wrong.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Refusal {
    #[error("The message is missing, too large, or not base64.")]
    Encoding,
    #[error("The message is not well-formed XML within limits ({0}).")]
    Xml(String),
    #[error("The document has the wrong shape: {0}.")]
    Shape(&'static str),
    #[error("The identity provider did not sign the person in: {0}.")]
    Status(String),
    #[error("The signature has the wrong shape: {0}.")]
    Signature(&'static str),
    #[error("The message failed a check: {0}.")]
    Invalid(String),
    #[error("This answer belongs to no sign-in that was started here, or that sign-in was already finished.")]
    UnknownRequest,
    #[error("This answer was used before.")]
    Replayed,
}

/// A response of the right shape; nothing in it is proven yet.
#[derive(Debug)]
pub(crate) struct ShapedResponse {
    /// The document as it came.
    pub(crate) xml: String,
    /// `Response/@InResponseTo`; absent when the identity provider started the sign-on.
    pub(crate) in_response_to: Option<String>,
    /// `Assertion/@ID`, to be compared with what verification returns.
    pub(crate) assertion_id: String,
}

/// Decodes a `SAMLResponse` form field and checks its shape.
///
/// # Errors
/// The first rule that does not hold.
pub(crate) fn read(field: &str, acs_url: &str, idp_entity_id: &str) -> Result<ShapedResponse, Refusal> {
    let xml = decode(field)?;
    let (in_response_to, assertion_id) = strict(&xml, |document| {
        let response = document.root_element();
        envelope(response, acs_url, idp_entity_id)?;
        let assertion = only_assertion(document)?;
        signatures(document, response, assertion)?;
        let id = assertion.attribute("ID").ok_or(Refusal::Shape("the assertion has no ID"))?;
        Ok((response.attribute("InResponseTo").map(str::to_owned), id.to_owned()))
    })?;
    Ok(ShapedResponse { xml, in_response_to, assertion_id })
}

/// Reads small, strict XML: no DTD, no comments, limited depth, IDs that are unique.
pub(super) fn strict<T>(
    xml: &str,
    read: impl FnOnce(&Document<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(xml, options).map_err(|error| Refusal::Xml(error.to_string()))?;
    limits(&document)?;
    unique_ids(&document)?;
    read(&document)
}

/// SAML Bindings §3.5.4: the form field is the base64 of the message.
pub(super) fn decode(field: &str) -> Result<String, Refusal> {
    if field.is_empty() || field.len() > MAX_MESSAGE * 3 / 2 {
        return Err(Refusal::Encoding);
    }
    let compact: String = field.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(compact).map_err(|_| Refusal::Encoding)?;
    if bytes.len() > MAX_MESSAGE {
        return Err(Refusal::Encoding);
    }
    String::from_utf8(bytes).map_err(|_| Refusal::Encoding)
}

/// Depth is bounded for the parsers that follow; comments and processing instructions would split text nodes, and
/// two readers may then disagree about a name.
fn limits(document: &Document<'_>) -> Result<(), Refusal> {
    for node in document.descendants() {
        if node.is_comment() || node.is_pi() {
            return Err(Refusal::Shape("it holds a comment or a processing instruction"));
        }
        if node.ancestors().take(MAX_DEPTH + 2).count() > MAX_DEPTH + 1 {
            return Err(Refusal::Shape("it is nested too deeply"));
        }
    }
    Ok(())
}

/// XML Schema Part 2 §3.3.8: an ID is unique in its document. Every spelling counts, as signature libraries differ
/// in which they follow.
fn unique_ids(document: &Document<'_>) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    let mut ids = document
        .descendants()
        .flat_map(|node| node.attributes())
        .filter(|attribute| matches!(attribute.name(), "ID" | "Id" | "id"));
    if ids.all(|attribute| seen.insert(attribute.value().to_owned())) {
        Ok(())
    } else {
        Err(Refusal::Shape("two elements have the same ID"))
    }
}

fn envelope(response: Node<'_, '_>, acs_url: &str, idp_entity_id: &str) -> Result<(), Refusal> {
    if !response.has_tag_name((PROTOCOL, "Response")) {
        return Err(Refusal::Shape("the root is not a SAML 2.0 Response"));
    }
    if response.attribute("Version") != Some("2.0") {
        return Err(Refusal::Shape("its version is not 2.0"));
    }
    // SAML Bindings §3.5.5.2: a signed message names the address it was sent to, and the receiver compares.
    if response.attribute("Destination") != Some(acs_url) {
        return Err(Refusal::Shape("its Destination is not this app"));
    }
    // SAML Profiles §4.1.4.2: Issuer is the identity provider.
    if child(response, ASSERTION, "Issuer").and_then(|issuer| issuer.text()) != Some(idp_entity_id) {
        return Err(Refusal::Shape("its Issuer is not the identity provider"));
    }
    // SAML Core §3.2.2.2: only Success carries an assertion to act on.
    let code = child(response, PROTOCOL, "Status")
        .and_then(|status| child(status, PROTOCOL, "StatusCode"))
        .ok_or(Refusal::Shape("it has no status"))?;
    if code.attribute("Value") == Some(SUCCESS) {
        return Ok(());
    }
    let second = child(code, PROTOCOL, "StatusCode").unwrap_or(code);
    // Only the last word of the code is shown, never free text of an unsigned message.
    let word = second.attribute("Value").and_then(|value| value.rsplit(':').next()).unwrap_or("no code");
    Err(Refusal::Status(word.chars().filter(char::is_ascii_alphanumeric).take(40).collect()))
}

/// One assertion, directly under the response: no peer needs two, and wrapping needs a second one.
fn only_assertion<'a, 'i>(document: &'a Document<'i>) -> Result<Node<'a, 'i>, Refusal> {
    if document.descendants().any(|node| node.has_tag_name((ASSERTION, "EncryptedAssertion"))) {
        return Err(Refusal::Shape("the assertion is encrypted, and this app has no key"));
    }
    let mut all =
        document.descendants().filter(|node| node.is_element() && node.tag_name().name() == "Assertion");
    let assertion = all.next().ok_or(Refusal::Shape("it holds no assertion"))?;
    if all.next().is_some() {
        return Err(Refusal::Shape("it holds more than one assertion"));
    }
    let direct = assertion.parent_element() == Some(document.root_element());
    if direct && assertion.has_tag_name((ASSERTION, "Assertion")) {
        Ok(assertion)
    } else {
        Err(Refusal::Shape("the assertion is not directly in the response"))
    }
}

/// SAML Core §5.4: a signature is a child of what it signs. The assertion must be signed (this app's metadata says
/// so), the response may be.
fn signatures(
    document: &Document<'_>,
    response: Node<'_, '_>,
    assertion: Node<'_, '_>,
) -> Result<(), Refusal> {
    let mut assertion_signed = false;
    let mut response_signed = false;
    for signature in
        document.descendants().filter(|node| node.is_element() && node.tag_name().name() == "Signature")
    {
        let parent = signature.parent_element().ok_or(Refusal::Signature("it is the root"))?;
        let seen = if parent == assertion {
            &mut assertion_signed
        } else if parent == response {
            &mut response_signed
        } else {
            return Err(Refusal::Signature("it is neither in the response nor in the assertion"));
        };
        if std::mem::replace(seen, true) {
            return Err(Refusal::Signature("one element has two"));
        }
        signature_shape(signature, parent)?;
    }
    if assertion_signed { Ok(()) } else { Err(Refusal::Signature("the assertion is not signed")) }
}

/// SAML Core §5.4: a message that is signed as a whole: one signature, in the root, of nothing but the root.
pub(super) fn signed_root(document: &Document<'_>) -> Result<(), Refusal> {
    let root = document.root_element();
    let mut all =
        document.descendants().filter(|node| node.is_element() && node.tag_name().name() == "Signature");
    let signature = all.next().ok_or(Refusal::Signature("the message is not signed"))?;
    if all.next().is_some() || signature.parent_element() != Some(root) {
        return Err(Refusal::Signature("it is not one signature of the whole message"));
    }
    signature_shape(signature, root)
}

fn signature_shape(signature: Node<'_, '_>, parent: Node<'_, '_>) -> Result<(), Refusal> {
    // SAML schema: directly after Issuer.
    let before = signature.prev_sibling_element();
    if !before.is_some_and(|node| node.has_tag_name((ASSERTION, "Issuer"))) {
        return Err(Refusal::Signature("it does not follow Issuer"));
    }
    let parts: Vec<_> = signature.children().filter(Node::is_element).collect();
    let names: Vec<_> = parts.iter().map(|node| node.tag_name().name()).collect();
    let known = matches!(
        names.as_slice(),
        ["SignedInfo", "SignatureValue"] | ["SignedInfo", "SignatureValue", "KeyInfo"]
    );
    if !known || !parts.iter().chain([&signature]).all(|node| node.tag_name().namespace() == Some(DSIG)) {
        return Err(Refusal::Signature("it has unknown parts"));
    }
    let signed_info: Vec<_> = parts[0].children().filter(Node::is_element).collect();
    let [c14n, method, reference] = signed_info.as_slice() else {
        return Err(Refusal::Signature("it does not have exactly one reference"));
    };
    let named = c14n.has_tag_name((DSIG, "CanonicalizationMethod"))
        && method.has_tag_name((DSIG, "SignatureMethod"))
        && reference.has_tag_name((DSIG, "Reference"));
    if !named || c14n.attribute("Algorithm") != Some(EXC_C14N) {
        return Err(Refusal::Signature("it is not exclusive canonicalisation"));
    }
    if !method.attribute("Algorithm").is_some_and(|uri| SIGNATURE_METHODS.contains(&uri)) {
        return Err(Refusal::Signature("its algorithm is not allowed"));
    }
    reference_shape(*reference, parent)
}

/// SAML Core §5.4.2: one reference, to the ID of the element the signature is in. §5.4.4: only two transforms.
fn reference_shape(reference: Node<'_, '_>, parent: Node<'_, '_>) -> Result<(), Refusal> {
    let id = parent
        .attribute("ID")
        .filter(|id| !id.is_empty())
        .ok_or(Refusal::Signature("its element has no ID"))?;
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(Refusal::Signature("it does not refer to its own element"));
    }
    let transforms: Vec<_> = reference
        .descendants()
        .filter(|node| node.is_element() && node.tag_name().name() == "Transform")
        .map(|node| node.attribute("Algorithm").unwrap_or_default())
        .collect();
    if transforms.len() > 2 || !transforms.iter().all(|uri| [ENVELOPED, EXC_C14N].contains(uri)) {
        return Err(Refusal::Signature("it has other transforms than the two of SAML"));
    }
    let digest = child(reference, DSIG, "DigestMethod").and_then(|node| node.attribute("Algorithm"));
    if digest.is_some_and(|uri| DIGEST_METHODS.contains(&uri)) {
        Ok(())
    } else {
        Err(Refusal::Signature("its digest is not allowed"))
    }
}

pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, namespace: &str, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name((namespace, name)))
}
