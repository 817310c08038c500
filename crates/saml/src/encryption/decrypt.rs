//! Owns decrypting an identifier that was encrypted for us (IIP-IDP19).
//! Does not keep keys, and tells nobody why a ciphertext was not taken.
//!
//! Whoever may ask at will whether a ciphertext of their making decrypts, learns what others encrypted for
//! us. So there is one failure for all (S-34), and a key that does not decrypt is replaced by one that only
//! we can know: the content is tried with it all the same, and the time tells nothing either.

use std::fmt;
use std::sync::Arc;

use openssl::md::{Md, MdRef};
use openssl::pkey::{Id, PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sha::Sha256;
use openssl::symm::{self, Crypter, Mode};

use super::algorithm::{ContentEncryption, KeyTransport};
use super::encrypted_id::{EncryptedId, EncryptedKey};
use crate::error::{RequestError, RequestErrorKind as Kind};
use crate::name_id::NameId;
use crate::parse::parse_name_id;
use crate::signature::CertificateError;
use crate::uri::SAML;
use crate::xml::reader::{Document, Limits};

/// One of our keys for what is encrypted for us.
pub struct DecryptionKey {
    key: PKey<Private>,
    /// Mixed into the keys that stand in for undecipherable ones: nobody else knows it.
    secret: [u8; 32],
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DecryptionKey([redacted])")
    }
}

impl DecryptionKey {
    /// Takes an RSA key of 2048 to 8192 bits.
    ///
    /// # Errors
    /// [`CertificateError::KeyType`], [`CertificateError::RsaSize`].
    pub fn new(key: PKey<Private>) -> Result<Self, CertificateError> {
        if key.id() != Id::RSA {
            return Err(CertificateError::KeyType);
        }
        if !(2048..=8192).contains(&key.bits()) {
            return Err(CertificateError::RsaSize(key.bits()));
        }
        let encoded = key.private_key_to_der().map_err(|_| CertificateError::KeyType)?;
        let mut hash = Sha256::new();
        hash.update(b"implicit rejection");
        hash.update(&encoded);
        Ok(Self { key, secret: hash.finish() })
    }

    /// RFC 8017 §7.1.2, with an empty label; in place of what does not decrypt to `length` octets, octets that
    /// depend on key and ciphertext.
    fn content_key(&self, encrypted: &EncryptedKey, how: Oaep, length: usize) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(&self.secret);
        hash.update(&encrypted.value);
        let stand_in = hash.finish();
        match self.oaep(&encrypted.value, how) {
            Some(key) if key.len() == length => key,
            _ => stand_in.iter().copied().cycle().take(length).collect(),
        }
    }

    fn oaep(&self, value: &[u8], how: Oaep) -> Option<Vec<u8>> {
        let mut context = PkeyCtx::new(&self.key).ok()?;
        context.decrypt_init().ok()?;
        context.set_rsa_padding(Padding::PKCS1_OAEP).ok()?;
        context.set_rsa_oaep_md(how.digest).ok()?;
        context.set_rsa_mgf1_md(how.mask).ok()?;
        let mut key = Vec::new();
        context.decrypt_to_vec(value, &mut key).ok()?;
        Some(key)
    }
}

/// With what, and how, identifiers are decrypted that an SP encrypted for us.
#[derive(Debug, Clone, Copy, Default)]
pub struct Decryption<'a> {
    /// The keys towards this SP: one, and during a rollover several; each is tried.
    pub keys: &'a [Arc<DecryptionKey>],
    /// Whether CBC is taken, in messages whose signature verified: a legacy switch (S-34).
    pub allow_cbc: bool,
}

impl Decryption<'_> {
    /// None: an encrypted identifier is refused in words.
    pub const NONE: Self = Self { keys: &[], allow_cbc: false };

    /// The identifier inside. `blocked` are URIs that are not taken; `is_authentic`, whether a signature over
    /// the whole verified.
    pub(crate) fn decrypt(
        self,
        encrypted: &EncryptedId,
        blocked: &[String],
        is_authentic: bool,
    ) -> Result<NameId, RequestError> {
        let refused = |detail: String| RequestError::new(Kind::Subject, detail);
        if self.keys.is_empty() {
            return Err(refused("the identifier is encrypted, and this app has no key for it".to_owned()));
        }
        let takes = |uri: &str| !blocked.iter().any(|one| one == uri);
        let content = ContentEncryption::from_uri(&encrypted.content)
            .filter(|content| {
                takes(content.uri()) && (!content.is_legacy() || (self.allow_cbc && is_authentic))
            })
            .ok_or_else(|| {
                refused(format!("the identifier is encrypted by '{}', which is not taken", encrypted.content))
            })?;
        let mut transports = Vec::new();
        for key in &encrypted.keys {
            let how = Oaep::of(key).filter(|_| takes(&key.transport)).ok_or_else(|| {
                refused(format!(
                    "the key of the identifier is encrypted by '{}', which is not taken",
                    key.transport
                ))
            })?;
            transports.push((key, how));
        }
        let length = content.cipher().key_len();
        let mut found = None;
        for (key, how) in transports {
            for own in self.keys {
                let content_key = own.content_key(key, how, length);
                let plain = open(content, &content_key, &encrypted.value);
                found = found.or_else(|| plain.and_then(|plain| name_id(&plain)));
            }
        }
        found
            .ok_or_else(|| refused("the encrypted identifier cannot be read with any of our keys".to_owned()))
    }
}

/// The two digests of an OAEP.
#[derive(Clone, Copy)]
struct Oaep {
    digest: &'static MdRef,
    mask: &'static MdRef,
}

impl Oaep {
    /// XML Encryption 1.1 §5.5.2: SHA-1 where none is named, and MGF1 with SHA-1 always in the older method.
    /// PKCS#1 v1.5 is not taken.
    fn of(key: &EncryptedKey) -> Option<Self> {
        if key.has_label {
            return None;
        }
        let digest = digest(key.digest.as_deref())?;
        let newer = KeyTransport::RsaOaepSha256.uri();
        let mask = match (key.transport == newer, key.mask.as_deref()) {
            (true, mask) => mask_digest(mask)?,
            (false, None) if key.transport == KeyTransport::RsaOaepMgf1p.uri() => Md::sha1(),
            _ => return None,
        };
        Some(Self { digest, mask })
    }
}

fn digest(uri: Option<&str>) -> Option<&'static MdRef> {
    Some(match uri {
        None | Some("http://www.w3.org/2000/09/xmldsig#sha1") => Md::sha1(),
        Some("http://www.w3.org/2001/04/xmlenc#sha256") => Md::sha256(),
        Some("http://www.w3.org/2001/04/xmldsig-more#sha384") => Md::sha384(),
        Some("http://www.w3.org/2001/04/xmlenc#sha512") => Md::sha512(),
        Some(_) => return None,
    })
}

fn mask_digest(uri: Option<&str>) -> Option<&'static MdRef> {
    Some(match uri {
        None | Some("http://www.w3.org/2009/xmlenc11#mgf1sha1") => Md::sha1(),
        Some("http://www.w3.org/2009/xmlenc11#mgf1sha256") => Md::sha256(),
        Some("http://www.w3.org/2009/xmlenc11#mgf1sha384") => Md::sha384(),
        Some("http://www.w3.org/2009/xmlenc11#mgf1sha512") => Md::sha512(),
        Some(_) => return None,
    })
}

/// XML Encryption 1.1 §5.2: initialisation vector, ciphertext, and with GCM the tag.
fn open(content: ContentEncryption, key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let cipher = content.cipher();
    let (iv, rest) = value.split_at_checked(cipher.iv_len()?)?;
    if content.is_legacy() {
        return open_cbc(cipher, key, iv, rest);
    }
    let (ciphertext, tag) = rest.split_at_checked(rest.len().checked_sub(content.tag_length())?)?;
    symm::decrypt_aead(cipher, key, Some(iv), &[], ciphertext, tag).ok()
}

/// XML Encryption 1.1 §5.2.1: the last octet says how many there are of padding; the others of it are anything.
fn open_cbc(cipher: symm::Cipher, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let block = cipher.block_size();
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(block) {
        return None;
    }
    let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, Some(iv)).ok()?;
    crypter.pad(false);
    let mut plain = vec![0; ciphertext.len() + block];
    let written = crypter.update(ciphertext, &mut plain).ok()?;
    let written = written + crypter.finalize(&mut plain[written..]).ok()?;
    plain.truncate(written);
    let padding = usize::from(*plain.last()?);
    let length = plain.len().checked_sub(padding).filter(|_| (1..=block).contains(&padding))?;
    plain.truncate(length);
    Some(plain)
}

/// SAML Core §2.2.4: what was encrypted is a NameID; other identifiers are beyond us.
fn name_id(plain: &[u8]) -> Option<NameId> {
    const LIMITS: Limits = Limits { bytes: 8 * 1024, elements: 1, ..Limits::MESSAGE };
    let document = Document::read(plain, &LIMITS).ok()?;
    let root = document.root();
    if !root.is(SAML, "NameID") {
        return None;
    }
    parse_name_id(root).ok().filter(|name_id| !name_id.value.is_empty())
}
