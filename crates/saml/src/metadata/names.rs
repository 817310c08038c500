//! Owns the namespace names and identifiers that only metadata uses.
//! Does not own those of messages (see `uri`).

use crate::xml::writer::Namespace;

/// `alg`, the metadata profile for algorithm support.
pub(super) const ALG: Namespace =
    Namespace { prefix: "alg", uri: "urn:oasis:names:tc:SAML:metadata:algsupport" };
/// The metadata extension for entity attributes.
pub(super) const MDATTR: &str = "urn:oasis:names:tc:SAML:metadata:attribute";
/// XML Encryption 1.1, where mask generation functions live.
pub(super) const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
/// `shibmd`, where the scope of an identity provider stands.
pub(super) const SHIBMD: Namespace = Namespace { prefix: "shibmd", uri: "urn:mace:shibboleth:metadata:1.0" };
