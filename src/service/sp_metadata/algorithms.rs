//! Algorithms that a service provider declares in its metadata, and what an app uses of them (IIP-MD10); and whether it announces a
//! key to encrypt to (SDP-IDP11). Does not own reading them (`crates/saml`).

use crate::{
    config::SamlConfig,
    domain::connection::{ContentEncryption, Encrypt, KeyTransport, SamlConnection, SamlSignatureAlgorithm},
};
use ::saml::{
    EncryptTo,
    metadata::sp::{EncryptionKey, EncryptionMethod, ServiceProviderMetadata},
};

/// What may be chosen by itself to sign with, best first. SHA-1 never is.
const SIGNING: &[SamlSignatureAlgorithm] = &[
    SamlSignatureAlgorithm::RsaSha256,
    SamlSignatureAlgorithm::RsaSha512,
    SamlSignatureAlgorithm::EcdsaSha256,
];

/// IIP-MD10: the settings with algorithms that the provider declares. What it doesn't declare anything about stays, and so does
/// a choice that is declared. A signature that needs another kind of key is chosen only for an app that `is_new`, whose key
/// is yet to be made. What this server blocks is chosen by nobody's word.
pub(super) fn declared(
    saml: SamlConnection,
    metadata: &ServiceProviderMetadata,
    is_new: bool,
    config: &SamlConfig,
) -> SamlConnection {
    let current = saml.signature_algorithm;
    let signing = SIGNING
        .iter()
        .filter(|one| is_new || one.new_key() == current.new_key())
        .filter(|one| !config.blocks(one.protocol().uri()))
        .find(|one| metadata.signing_methods.iter().any(|uri| uri == one.protocol().uri()));
    SamlConnection {
        signature_algorithm: match signing {
            Some(chosen) if !takes_signature(metadata, current) => *chosen,
            _ => current,
        },
        ..encrypting(saml, metadata, config)
    }
}

/// The settings with algorithms to encrypt by that the provider names and this server uses (IIP-MD10). A choice that is both
/// stays, and so does one for which there is no other.
pub(super) fn encrypting(
    saml: SamlConnection,
    metadata: &ServiceProviderMetadata,
    config: &SamlConfig,
) -> SamlConnection {
    let (contents, transports) = declared_methods(methods(metadata));
    let content = content(saml.content_encryption, &contents, config).unwrap_or(saml.content_encryption);
    let transport = transport(saml.key_transport, &transports, config).unwrap_or(saml.key_transport);
    SamlConnection { content_encryption: content, key_transport: transport, ..saml }
}

/// The present block cipher if it is among the declared ones, of which none means all, and not blocked; else our best one
/// that is.
fn content(current: ContentEncryption, declared: &[&str], config: &SamlConfig) -> Option<ContentEncryption> {
    let candidates = std::iter::once(current).chain(ContentEncryption::ALL.iter().copied());
    candidates.into_iter().find(|one| can_be_used(one.protocol().uri(), declared, config))
}

/// The same for the key transport.
fn transport(current: KeyTransport, declared: &[&str], config: &SamlConfig) -> Option<KeyTransport> {
    let candidates = std::iter::once(current).chain(KeyTransport::ALL.iter().copied());
    candidates.into_iter().find(|one| can_be_used(one.protocol().uri(), declared, config))
}

fn can_be_used(uri: &str, declared: &[&str], config: &SamlConfig) -> bool {
    (declared.is_empty() || declared.contains(&uri)) && !config.blocks(uri)
}

/// Whether nothing but the algorithms stands in the way of encrypting to a key.
fn is_usable(key: &EncryptionKey) -> bool {
    EncryptTo::new(
        &key.certificate,
        ContentEncryption::default().protocol(),
        KeyTransport::default().protocol(),
    )
    .is_ok()
}

/// The key that is encrypted to: the first usable one.
fn key(metadata: &ServiceProviderMetadata) -> Option<&EncryptionKey> {
    let keys = &metadata.encryption_keys;
    keys.iter().find(|key| is_usable(key)).or(keys.first())
}

/// Its methods.
fn methods(metadata: &ServiceProviderMetadata) -> &[EncryptionMethod] {
    key(metadata).map(|key| key.methods.as_slice()).unwrap_or_default()
}

/// What a provider announces about encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announced {
    /// Nothing, or a key without stated use.
    Nothing,
    /// A key that can be encrypted to by an algorithm that it takes.
    Usable,
    /// A key, but none that is RSA of a size that we use.
    WrongKey,
    /// A usable key, and algorithms that none of ours is among.
    WrongMethods,
    /// A usable key, and of our algorithms only ones that this server blocks (`saml.blocked_algorithms`).
    Blocked,
}

/// SDP-IDP11: whether assertions are to be encrypted for this provider. A key counts once it is announced for encryption, by
/// `use="encryption"` or by the methods that stand beside it. IIP-MD11 lets one without either serve for both purposes: it can be
/// chosen, but begins nothing by itself, for many publish it who can't decrypt. Nor does one for which this server blocks
/// everything that is named (IIP-ALG08): nobody would sign on any more.
pub(super) fn announced(metadata: &ServiceProviderMetadata, config: &SamlConfig) -> Announced {
    match key(metadata) {
        Some(key) if !is_usable(key) && key.announced => Announced::WrongKey,
        // Behind one that can't be used, a key without stated use stays what it is.
        Some(key) if !key.announced => Announced::Nothing,
        None => Announced::Nothing,
        Some(key) => {
            let (contents, transports) = declared_methods(&key.methods);
            let are_there = |config: &SamlConfig| {
                content(ContentEncryption::default(), &contents, config).is_some()
                    && transport(KeyTransport::default(), &transports, config).is_some()
            };
            match (are_there(config), are_there(&SamlConfig::default())) {
                (true, _) => Announced::Usable,
                (false, true) => Announced::Blocked,
                (false, false) => Announced::WrongMethods,
            }
        }
    }
}

/// The URIs of block ciphers, and those of key transports.
fn declared_methods(methods: &[EncryptionMethod]) -> (Vec<&str>, Vec<&str>) {
    let is_transport =
        |uri: &str| KeyTransport::ALL.iter().any(|one| one.protocol().uri() == uri) || uri.contains("#rsa-");
    let (transports, contents) =
        methods.iter().map(|method| method.algorithm.as_str()).partition(|uri| is_transport(uri));
    (contents, transports)
}

fn takes_signature(metadata: &ServiceProviderMetadata, algorithm: SamlSignatureAlgorithm) -> bool {
    metadata.signing_methods.is_empty()
        || metadata.signing_methods.iter().any(|uri| uri == algorithm.protocol().uri())
}

/// What the settings use although the provider doesn't declare it, as sentences.
pub(super) fn misfits(
    saml: &SamlConnection,
    metadata: &ServiceProviderMetadata,
    config: &SamlConfig,
) -> Vec<String> {
    let mut misfits = Vec::new();
    if !takes_signature(metadata, saml.signature_algorithm) {
        misfits.push(format!(
            "It doesn’t say that it takes signatures by {}. Choose one that it names, with a key that fits.",
            saml.signature_algorithm.as_str()
        ));
    }
    let (contents, transports) = declared_methods(methods(metadata));
    for (what, uri, declared) in [
        ("content", saml.content_encryption.protocol().uri(), contents),
        ("keys", saml.key_transport.protocol().uri(), transports),
    ] {
        if saml.encrypts() && !declared.is_empty() && !declared.contains(&uri) {
            misfits
                .push(format!("It doesn’t say that it decrypts {what} by any algorithm that is used here."));
        }
    }
    if saml.encrypt == Encrypt::Auto {
        match announced(metadata, config) {
            Announced::WrongKey => misfits.push(
                "Its key for encryption can’t be used: it has to be RSA of 2048 bits or more. Assertions are not encrypted."
                    .to_owned(),
            ),
            Announced::WrongMethods => misfits.push(
                "It decrypts by none of the algorithms that are used here. Assertions are not encrypted.".to_owned(),
            ),
            Announced::Blocked => misfits.push(
                "It decrypts only by algorithms that this server blocks (saml.blocked_algorithms). Assertions are not encrypted."
                    .to_owned(),
            ),
            Announced::Nothing | Announced::Usable => {}
        }
    }
    misfits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(signing: &[&str], encryption: &[&str]) -> ServiceProviderMetadata {
        with_use("", signing, encryption, &crate::service::sp_metadata::tests::certificate())
    }

    fn with_use(
        of_use: &str,
        signing: &[&str],
        encryption: &[&str],
        certificate: &str,
    ) -> ServiceProviderMetadata {
        let each = |element: &str, uris: &[&str]| {
            uris.iter().fold(String::new(), |all, uri| all + "<" + element + " Algorithm=\"" + uri + "\"/>")
        };
        let (signing, methods) = (each("alg:SigningMethod", signing), each("EncryptionMethod", encryption));
        let xml = format!(
            "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:alg=\"urn:oasis:names:tc:SAML:metadata:algsupport\" \
             entityID=\"https://sp.example\"><SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <Extensions>{signing}</Extensions><KeyDescriptor{of_use}><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data>\
             <X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>{methods}</KeyDescriptor>\
             <AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp.example/acs\" \
             index=\"0\"/></SPSSODescriptor></EntityDescriptor>"
        );
        ::saml::metadata::sp::parse(xml.as_bytes(), None).expect("metadata")
    }

    fn open() -> SamlConfig {
        SamlConfig::default()
    }

    fn blocking(names: &[&str]) -> SamlConfig {
        let blocked_algorithms = names.iter().map(|name| name.parse().expect("known")).collect();
        SamlConfig { blocked_algorithms, ..SamlConfig::default() }
    }

    #[test]
    fn iip_alg08_what_is_blocked_is_no_candidate() {
        let rsa = crate::service::sp_metadata::tests::certificate();
        let of = |encryption: &[&str], blocked: &[&str]| {
            let metadata = with_use(" use=\"encryption\"", &[], encryption, &rsa);
            let config = blocking(blocked);
            let saml = declared(SamlConnection::default(), &metadata, true, &config);
            let said = announced(&metadata, &config);
            (said, saml.content_encryption.as_str(), saml.key_transport.as_str())
        };
        let (usable, blocked) = (Announced::Usable, Announced::Blocked);
        assert_eq!(of(&[GCM_128, OAEP], &[]), (usable, "aes128-gcm", "rsa-oaep"));
        assert_eq!(of(&[GCM_128, OAEP], &["aes128-gcm"]).0, blocked);
        assert_eq!(of(&[GCM_128, OAEP], &["rsa-oaep"]).0, blocked);
        assert_eq!(of(&[GCM_128, CBC], &["aes128-gcm"]), (usable, "aes128-cbc", "rsa-oaep-mgf1p"));
        assert_eq!(of(&[], &["aes256-gcm"]), (usable, "aes128-gcm", "rsa-oaep-mgf1p"), "none named, all do");
        let named = with_use(" use=\"encryption\"", &[], &[GCM_128], &rsa);
        let told = misfits(&SamlConnection::default(), &named, &blocking(&["aes128-gcm"]));
        assert!(told.iter().any(|line| line.contains("saml.blocked_algorithms")), "{told:?}");
        let signing = |blocked: &[&str]| {
            let named = metadata(&[RSA_512], &[]);
            declared(SamlConnection::default(), &named, false, &blocking(blocked))
                .signature_algorithm
                .as_str()
        };
        assert_eq!((signing(&[]), signing(&["rsa-sha512"])), ("rsa-sha512", "rsa-sha256"));
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
            let saml = declared(SamlConnection::default(), &metadata, is_new, &open());
            let misfits =
                misfits(&SamlConnection { encrypt: Encrypt::On, ..saml.clone() }, &metadata, &open()).len();
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
        assert_eq!(
            of(&[sha1], &[RSA_1_5], true),
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
        assert_eq!(declared(chosen.clone(), &metadata, true, &open()), chosen);
    }

    const RSA_1_5: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";

    #[test]
    fn sdp_idp11_a_key_counts_when_it_is_announced_for_encryption() {
        let rsa = crate::service::sp_metadata::tests::certificate();
        let ec = crate::service::sp_metadata::tests::ec_certificate();
        let said = |of_use: &str, methods: &[&str], key: &str| {
            announced(&with_use(of_use, &[], methods, key), &open())
        };
        let encryption = " use=\"encryption\"";
        assert_eq!(said(encryption, &[], &rsa), Announced::Usable, "by its use");
        assert_eq!(said("", &[GCM_128, OAEP], &rsa), Announced::Usable, "by what it decrypts");
        assert_eq!(said(encryption, &[CBC], &rsa), Announced::Usable, "better than in clear");
        assert_eq!(said("", &[], &rsa), Announced::Nothing, "many mean signatures alone");
        assert_eq!(said(" use=\"signing\"", &[], &rsa), Announced::Nothing);
        assert_eq!(said(encryption, &[], &ec), Announced::WrongKey);
        assert_eq!(said("", &[], &ec), Announced::Nothing);
        assert_eq!(said(encryption, &[RSA_1_5], &rsa), Announced::WrongMethods, "never used");
        let triple_des = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";
        assert_eq!(said(encryption, &[triple_des, OAEP], &rsa), Announced::WrongMethods);
    }

    #[test]
    fn a_key_that_cannot_be_used_is_told_and_begins_nothing() {
        let ec = crate::service::sp_metadata::tests::ec_certificate();
        let auto = SamlConnection::default();
        let told = misfits(&auto, &with_use(" use=\"encryption\"", &[], &[], &ec), &open());
        assert!(told.iter().any(|line| line.contains("RSA of 2048 bits")), "{told:?}");
        let rsa = crate::service::sp_metadata::tests::certificate();
        let told = misfits(&auto, &with_use(" use=\"encryption\"", &[], &[RSA_1_5], &rsa), &open());
        assert!(told.iter().any(|line| line.contains("by none of the algorithms")), "{told:?}");
        assert_eq!(
            misfits(&auto, &with_use(" use=\"encryption\"", &[], &[OAEP], &rsa), &open()),
            Vec::<String>::new()
        );
    }
}
