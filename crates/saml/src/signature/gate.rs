//! Owns the shape a received XML signature must have before any of it is computed.
//! Does not compute anything.

use std::collections::HashSet;

use super::verify::SignatureError;
use crate::uri::{DS, ENVELOPED_SIGNATURE, EXC_C14N, SAML};
use crate::xml::reader::{Document, Element};

/// A signature whose shape was found good.
pub(super) struct GatedSignature<'a, 'i> {
    pub(super) signature: Element<'a, 'i>,
    pub(super) signed_info: Element<'a, 'i>,
    pub(super) signed_info_prefixes: Vec<&'a str>,
    pub(super) root_prefixes: Vec<&'a str>,
    pub(super) method: &'a str,
    pub(super) digest_method: &'a str,
    pub(super) digest_value: Vec<u8>,
    pub(super) signature_value: Vec<u8>,
}

/// Whether the document holds a `ds:Signature` anywhere.
pub(crate) fn has_signature(document: &Document<'_>) -> bool {
    document.elements().any(|element| element.is(DS, "Signature"))
}

/// The most prefixes an `InclusiveNamespaces` list may name.
const MAX_PREFIXES: usize = 16;

/// Checks the one signature of `document`, whose root must be `local` of `namespace`.
pub(super) fn pass<'a, 'i>(
    document: &'a Document<'i>,
    (namespace, local): (&'static str, &'static str),
) -> Result<GatedSignature<'a, 'i>, SignatureError> {
    let root = document.root();
    if !root.is(namespace, local) {
        return Err(SignatureError::Root);
    }
    let id = unique_ids(document)?;
    let signature = only_signature(document)?;
    let [signed_info, value, ..] = *exact(signature, &["SignedInfo", "SignatureValue"], Some("KeyInfo"))?
    else {
        return Err(SignatureError::Shape("Signature lacks SignedInfo or SignatureValue".to_owned()));
    };
    let [canonicalization, method, reference] =
        *exact(signed_info, &["CanonicalizationMethod", "SignatureMethod", "Reference"], None)?
    else {
        return Err(SignatureError::Shape("SignedInfo must hold exactly one Reference".to_owned()));
    };
    if algorithm(canonicalization)? != EXC_C14N {
        return Err(SignatureError::Canonicalization);
    }
    let signed_info_prefixes = inclusive_prefixes(canonicalization)?;

    // SAML Core §5.4.2: a single Reference, to the ID of the root of the message being signed.
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(SignatureError::Reference);
    }
    let [transforms, digest_method, digest_value] =
        *exact(reference, &["Transforms", "DigestMethod", "DigestValue"], None)?
    else {
        return Err(SignatureError::Shape(
            "Reference lacks Transforms, DigestMethod or DigestValue".to_owned(),
        ));
    };
    Ok(GatedSignature {
        signature,
        signed_info,
        signed_info_prefixes,
        root_prefixes: transform_prefixes(transforms)?,
        method: childless_algorithm(method)?,
        digest_method: childless_algorithm(digest_method)?,
        digest_value: base64_text(digest_value)?,
        signature_value: base64_text(value)?,
    })
}

/// SAML Core §1.3.4: identifiers are unique in a document. Whatever some processor may take for an
/// identifier counts: ID, Id, id and xml:id alike. Returns the ID of the root.
fn unique_ids<'a>(document: &'a Document<'_>) -> Result<&'a str, SignatureError> {
    let mut seen = HashSet::new();
    for element in document.elements() {
        for (_, name, value) in element.attributes() {
            if name.eq_ignore_ascii_case("id") && !seen.insert(value) {
                return Err(SignatureError::DuplicateId);
            }
        }
    }
    document.root().attribute("ID").filter(|id| !id.is_empty()).ok_or(SignatureError::Reference)
}

/// SAML Core §3.2.1, §3.4.1: the schema puts the signature of a message directly after its Issuer.
fn only_signature<'a, 'i>(document: &'a Document<'i>) -> Result<Element<'a, 'i>, SignatureError> {
    let mut signatures = document.elements().filter(|element| element.is(DS, "Signature"));
    let (Some(signature), None) = (signatures.next(), signatures.next()) else {
        return Err(SignatureError::Count);
    };
    let mut children = document.root().children().peekable();
    children.next_if(|first| first.is(SAML, "Issuer"));
    match children.next() {
        Some(child) if child.same_as(signature) => Ok(signature),
        _ => Err(SignatureError::Position),
    }
}

/// The children of `parent`, which must be exactly `required` and then possibly `optional`, all of `ds`.
/// This also keeps out `ds:Object`, a second `SignedInfo` or `SignatureValue`, and `ds:Manifest`.
fn exact<'a, 'i>(
    parent: Element<'a, 'i>,
    required: &[&str],
    optional: Option<&str>,
) -> Result<Box<[Element<'a, 'i>]>, SignatureError> {
    let children: Box<[_]> = parent.children().take(required.len() + 2).collect();
    let expected = required.iter().copied().chain(optional);
    let fits = children.len() >= required.len()
        && children.len() <= required.len() + usize::from(optional.is_some())
        && children.iter().zip(expected).all(|(child, name)| child.is(DS, name));
    if fits {
        return Ok(children);
    }
    let found: Vec<&str> = children.iter().map(|child| child.name()).collect();
    Err(SignatureError::Shape(format!("{} holds {}", parent.name(), found.join(", "))))
}

fn algorithm<'a>(element: Element<'a, '_>) -> Result<&'a str, SignatureError> {
    element
        .attribute("Algorithm")
        .ok_or_else(|| SignatureError::Shape(format!("{} has no Algorithm", element.name())))
}

/// `HMACOutputLength` and other parameters have no place in what we accept.
fn childless_algorithm<'a>(element: Element<'a, '_>) -> Result<&'a str, SignatureError> {
    if element.children().next().is_some() {
        return Err(SignatureError::Shape(format!("{} has parameters", element.name())));
    }
    algorithm(element)
}

/// SAML Core §5.4.4: no transforms but enveloped-signature and exclusive canonicalisation. Both are
/// needed: without the second the canonical form would be the inclusive one.
fn transform_prefixes<'a>(transforms: Element<'a, '_>) -> Result<Vec<&'a str>, SignatureError> {
    let [enveloped, canonicalization] = *exact(transforms, &["Transform", "Transform"], None)? else {
        return Err(SignatureError::Transforms);
    };
    if childless_algorithm(enveloped)? != ENVELOPED_SIGNATURE || algorithm(canonicalization)? != EXC_C14N {
        return Err(SignatureError::Transforms);
    }
    inclusive_prefixes(canonicalization)
}

/// SAML Core §5.4.3: `InclusiveNamespaces` may list prefixes that are used in values only.
fn inclusive_prefixes<'a>(method: Element<'a, '_>) -> Result<Vec<&'a str>, SignatureError> {
    let mut children = method.children();
    let (list, further) = (children.next(), children.next());
    let prefixes: Vec<&str> = match list {
        None => return Ok(Vec::new()),
        Some(list) if list.is(EXC_C14N, "InclusiveNamespaces") && further.is_none() => list
            .attribute("PrefixList")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .take(MAX_PREFIXES + 1)
            .collect(),
        Some(_) => return Err(SignatureError::Canonicalization),
    };
    if prefixes.len() > MAX_PREFIXES { Err(SignatureError::Canonicalization) } else { Ok(prefixes) }
}

/// A comment inside a digest or signature value splits it for naive readers (S-10).
fn base64_text(element: Element<'_, '_>) -> Result<Vec<u8>, SignatureError> {
    if element.has_comment() {
        return Err(SignatureError::Shape(format!("{} holds a comment", element.name())));
    }
    let text = element.text().map_err(|error| SignatureError::Shape(error.to_string()))?;
    crate::binding::decode_base64(&text)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| SignatureError::Shape(format!("{} is not base64", element.name())))
}
