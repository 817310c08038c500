//! Algorithms that a service provider declares in its metadata, and what an app uses of them (IIP-MD10). Does not own reading them
//! (`crates/saml`).

use crate::domain::connection::{ContentEncryption, KeyTransport, SamlConnection, SamlSignatureAlgorithm};
use ::saml::metadata::sp::{EncryptionMethod, ServiceProviderMetadata};

/// What may be chosen by itself to sign with, best first. SHA-1 never is.
const SIGNING: &[SamlSignatureAlgorithm] = &[
    SamlSignatureAlgorithm::RsaSha256,
    SamlSignatureAlgorithm::RsaSha512,
    SamlSignatureAlgorithm::EcdsaSha256,
];

/// IIP-MD10: the settings with algorithms that the provider declares. What it doesn't declare anything about stays, and so does
/// a choice that is declared. A signature that needs another kind of key is chosen only for an app that `is_new`, whose key
/// is yet to be made.
pub(super) fn declared(
    saml: SamlConnection,
    metadata: &ServiceProviderMetadata,
    is_new: bool,
) -> SamlConnection {
    let (methods, current) = (methods(metadata), saml.signature_algorithm);
    let signing = SIGNING
        .iter()
        .filter(|one| is_new || one.new_key() == current.new_key())
        .find(|one| metadata.signing_methods.iter().any(|uri| uri == one.protocol().uri()));
    let content = ContentEncryption::ALL
        .iter()
        .find(|one| methods.iter().any(|method| method.algorithm == one.protocol().uri()));
    let transport = KeyTransport::ALL
        .iter()
        .find(|one| methods.iter().any(|method| method.algorithm == one.protocol().uri()));
    SamlConnection {
        signature_algorithm: match signing {
            Some(chosen) if !takes_signature(metadata, current) => *chosen,
            _ => current,
        },
        content_encryption: match content {
            Some(chosen)
                if !methods.iter().any(|one| one.algorithm == saml.content_encryption.protocol().uri()) =>
            {
                *chosen
            }
            _ => saml.content_encryption,
        },
        key_transport: match transport {
            Some(chosen)
                if !methods.iter().any(|one| one.algorithm == saml.key_transport.protocol().uri()) =>
            {
                *chosen
            }
            _ => saml.key_transport,
        },
        ..saml
    }
}

/// The methods of the first key, which is the one that is encrypted to.
fn methods(metadata: &ServiceProviderMetadata) -> &[EncryptionMethod] {
    metadata.encryption_keys.first().map(|key| key.methods.as_slice()).unwrap_or_default()
}

fn takes_signature(metadata: &ServiceProviderMetadata, algorithm: SamlSignatureAlgorithm) -> bool {
    metadata.signing_methods.is_empty()
        || metadata.signing_methods.iter().any(|uri| uri == algorithm.protocol().uri())
}

/// What the settings use although the provider doesn't declare it, as sentences.
pub(super) fn misfits(saml: &SamlConnection, metadata: &ServiceProviderMetadata) -> Vec<String> {
    let mut misfits = Vec::new();
    if !takes_signature(metadata, saml.signature_algorithm) {
        misfits.push(format!(
            "It doesn’t say that it takes signatures by {}. Choose one that it names, with a key that fits.",
            saml.signature_algorithm.as_str()
        ));
    }
    let methods = methods(metadata);
    let names = |is_content: bool| {
        let known = |uri: &str| {
            let is_one_of_ours = KeyTransport::ALL.iter().any(|one| one.protocol().uri() == uri);
            is_content != (is_one_of_ours || uri.contains("#rsa-"))
        };
        methods
            .iter()
            .filter(|method| known(&method.algorithm))
            .map(|method| method.algorithm.as_str())
            .collect::<Vec<_>>()
    };
    for (what, uri, declared) in [
        ("content", saml.content_encryption.protocol().uri(), names(true)),
        ("keys", saml.key_transport.protocol().uri(), names(false)),
    ] {
        if saml.encrypt && !declared.is_empty() && !declared.contains(&uri) {
            misfits
                .push(format!("It doesn’t say that it decrypts {what} by any algorithm that is used here."));
        }
    }
    misfits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(signing: &[&str], encryption: &[&str]) -> ServiceProviderMetadata {
        let signing: String =
            signing.iter().map(|uri| format!("<alg:SigningMethod Algorithm=\"{uri}\"/>")).collect();
        let methods: String =
            encryption.iter().map(|uri| format!("<EncryptionMethod Algorithm=\"{uri}\"/>")).collect();
        let certificate = crate::service::sp_metadata::tests::certificate();
        let xml = format!(
            "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:alg=\"urn:oasis:names:tc:SAML:metadata:algsupport\" \
             entityID=\"https://sp.example\"><SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <Extensions>{signing}</Extensions><KeyDescriptor><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data>\
             <X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>{methods}</KeyDescriptor>\
             <AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp.example/acs\" \
             index=\"0\"/></SPSSODescriptor></EntityDescriptor>"
        );
        ::saml::metadata::sp::parse(xml.as_bytes(), None).expect("metadata")
    }

    const RSA_512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
    const ECDSA: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    const CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
    const GCM_128: &str = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
    const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

    #[test]
    fn iip_md10_what_is_declared_is_used() {
        let of = |signing: &[&str], encryption: &[&str], is_new| {
            let metadata = metadata(signing, encryption);
            let saml = declared(SamlConnection::default(), &metadata, is_new);
            let misfits = misfits(&SamlConnection { encrypt: true, ..saml.clone() }, &metadata).len();
            (
                saml.signature_algorithm.as_str(),
                saml.content_encryption.as_str(),
                saml.key_transport.as_str(),
                misfits,
            )
        };
        assert_eq!(of(&[], &[], true), ("rsa-sha256", "aes256-gcm", "rsa-oaep-mgf1p", 0), "nothing said");
        assert_eq!(of(&[RSA_512], &[CBC, GCM_128, OAEP], false), ("rsa-sha512", "aes128-gcm", "rsa-oaep", 0));
        assert_eq!(of(&[ECDSA], &[CBC], true), ("ecdsa-sha256", "aes128-cbc", "rsa-oaep-mgf1p", 0));
        assert_eq!(
            of(&[ECDSA], &[], false),
            ("rsa-sha256", "aes256-gcm", "rsa-oaep-mgf1p", 1),
            "its key is RSA"
        );
        let sha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
        let rsa_1_5 = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
        assert_eq!(
            of(&[sha1], &[rsa_1_5], true),
            ("rsa-sha256", "aes256-gcm", "rsa-oaep-mgf1p", 2),
            "told, not followed"
        );
    }

    #[test]
    fn a_choice_that_is_declared_stays() {
        let metadata =
            metadata(&[RSA_512, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"], &[GCM_128, CBC]);
        let chosen =
            SamlConnection { content_encryption: ContentEncryption::Aes128Cbc, ..SamlConnection::default() };
        assert_eq!(declared(chosen.clone(), &metadata, true), chosen);
    }
}
