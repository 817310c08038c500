//! Owns the keys of a role: certificates by their use, and the encryption methods beside them.
//! Does not choose among them.

use super::{extensions, limited};
use crate::metadata::error::MetadataError;
use crate::metadata::names::{ALG, XENC11};
use crate::metadata::note::Note;
use crate::metadata::sp::{EncryptionKey, EncryptionMethod, MAX_KEYS};
use crate::signature::{CertificateDer, VerificationKey};
use crate::uri::{DS, MD};
use crate::xml::reader::Element;

/// The keys of a role by their use.
#[derive(Default)]
pub(in crate::metadata) struct Keys {
    pub(in crate::metadata) signing: Vec<CertificateDer>,
    pub(in crate::metadata) encryption: Vec<EncryptionKey>,
}

/// SAML Metadata §2.4.1.1: a KeyDescriptor without `use` counts for both (IIP-MD11, S-35). KeyInfo may hold
/// several certificates of one key; other kinds of KeyInfo are passed over.
pub(in crate::metadata) fn keys(role: Element<'_, '_>, notes: &mut Vec<Note>) -> Result<Keys, MetadataError> {
    let mut keys = Keys::default();
    let mut without_certificate = 0;
    for (count, descriptor) in role.children_named(MD, "KeyDescriptor").enumerate() {
        if count >= MAX_KEYS {
            return Err(MetadataError::TooMany { what: "keys", limit: MAX_KEYS });
        }
        let (signs, encrypts) = match descriptor.attribute("use").map(str::trim) {
            None => (true, true),
            Some("signing") => (true, false),
            Some("encryption") => (false, true),
            Some(_) => return Err(MetadataError::Value("use")),
        };
        let methods = if encrypts { encryption_methods(descriptor)? } else { Vec::new() };
        let texts = descriptor
            .children_named(DS, "KeyInfo")
            .flat_map(|info| info.children_named(DS, "X509Data"))
            .flat_map(|x509| x509.children_named(DS, "X509Certificate"));
        let mut has_certificate = false;
        for text in texts {
            has_certificate = true;
            let certificate = CertificateDer::from_pem_or_base64(&text.text()?)?;
            VerificationKey::from_certificate(&certificate)?;
            if encrypts {
                let announced = !signs || !methods.is_empty();
                add(&mut keys.encryption, certificate.clone(), &methods, announced);
            }
            if signs && !keys.signing.contains(&certificate) {
                keys.signing.push(certificate);
            }
            if keys.signing.len() > MAX_KEYS || keys.encryption.len() > MAX_KEYS {
                return Err(MetadataError::TooMany { what: "keys", limit: MAX_KEYS });
            }
        }
        without_certificate += usize::from(!has_certificate);
    }
    if without_certificate > 0 {
        notes.push(Note::KeysWithoutCertificate(without_certificate));
    }
    // Stable: else the order of the document counts.
    keys.encryption.sort_by_key(|key| !key.announced);
    Ok(keys)
}

/// A key that stands in several descriptors is one key: announced if one of them says so.
fn add(
    keys: &mut Vec<EncryptionKey>,
    certificate: CertificateDer,
    methods: &[EncryptionMethod],
    announced: bool,
) {
    match keys.iter_mut().find(|key| key.certificate == certificate) {
        Some(same) => {
            same.announced |= announced;
            if same.methods.is_empty() {
                same.methods = methods.to_vec();
            }
        }
        None => keys.push(EncryptionKey { certificate, methods: methods.to_vec(), announced }),
    }
}

/// Algorithm Support §2.4: the signature methods an SP takes. Those of the role stand for those of the entity.
pub(in crate::metadata) fn signing_methods(
    entity: Element<'_, '_>,
    role: Element<'_, '_>,
) -> Result<Vec<String>, MetadataError> {
    for around in [role, entity] {
        let methods = limited(extensions(around, ALG.uri, "SigningMethod"), "signing methods")?;
        if !methods.is_empty() {
            let uris = methods.iter().filter_map(|method| method.attribute("Algorithm"));
            return Ok(uris.map(|uri| uri.trim().to_owned()).collect());
        }
    }
    Ok(Vec::new())
}

/// SAML Metadata §2.4.1.1, Algorithm Support §2.5: what the SP can decrypt with this key, best first.
fn encryption_methods(descriptor: Element<'_, '_>) -> Result<Vec<EncryptionMethod>, MetadataError> {
    let algorithm =
        |element: Element<'_, '_>| element.attribute("Algorithm").map(|uri| uri.trim().to_owned());
    let methods = limited(descriptor.children_named(MD, "EncryptionMethod"), "encryption methods")?;
    let read = |method: Element<'_, '_>| {
        Some(EncryptionMethod {
            algorithm: algorithm(method)?,
            digest_method: method.child(DS, "DigestMethod").and_then(algorithm),
            mask_generation: method.child(XENC11, "MGF").and_then(algorithm),
        })
    };
    methods.into_iter().map(|method| read(method).ok_or(MetadataError::Value("Algorithm"))).collect()
}
