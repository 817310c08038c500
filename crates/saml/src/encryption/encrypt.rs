//! Owns the `saml:EncryptedAssertion` and what is in it.
//! Does not write the assertion and does not choose for whom it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm;
use rand_core::CryptoRng;

use super::algorithm::{ContentEncryption, KeyTransport};
use crate::signature::{CertificateDer, CertificateError};
use crate::xml::writer::{DS, Namespace, SAML, XmlWriter};

const XENC: Namespace = Namespace { prefix: "xenc", uri: "http://www.w3.org/2001/04/xmlenc#" };
const XENC11: Namespace = Namespace { prefix: "xenc11", uri: "http://www.w3.org/2009/xmlenc11#" };
/// XML Encryption 1.1 §3.1: what was encrypted is a whole element.
const TYPE_ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";

/// Why nothing can be encrypted for an SP.
#[derive(Debug, thiserror::Error)]
pub enum EncryptError {
    /// The SP has no certificate for encryption.
    #[error("no encryption certificate is registered for this SP")]
    NoCertificate,
    /// The certificate cannot be read, or the RSA key in it has fewer than 2048 bits or is odd otherwise.
    #[error("the encryption certificate cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    /// The certificate holds an EC key.
    #[error(
        "the encryption certificate holds an EC key; an assertion can be encrypted for RSA keys of 2048 bits or more"
    )]
    KeyType,
    /// OpenSSL failed.
    #[error("the assertion could not be encrypted")]
    Openssl(#[from] openssl::error::ErrorStack),
}

/// For whom, and how, an assertion is encrypted. It is made once per SP and can be kept.
#[derive(Debug, Clone)]
pub struct EncryptTo {
    key: PKey<Public>,
    certificate: CertificateDer,
    content: ContentEncryption,
    key_transport: KeyTransport,
}

impl EncryptTo {
    /// Encrypts for the key in `certificate`. Its validity dates do not count (IIP-MD12).
    ///
    /// # Errors
    /// [`EncryptError::Certificate`] and [`EncryptError::KeyType`], unless it holds an RSA key of 2048 to
    /// 8192 bits (SDP-MD06, S-35).
    pub fn new(
        certificate: &CertificateDer,
        content: ContentEncryption,
        key_transport: KeyTransport,
    ) -> Result<Self, EncryptError> {
        let key = certificate.key()?.rsa().ok_or(EncryptError::KeyType)?.clone();
        Ok(Self { key, certificate: certificate.clone(), content, key_transport })
    }

    /// Encrypts for the first usable one of several certificates. While an SP exchanges its key it publishes
    /// both and can decrypt for both (IIP-MD08).
    ///
    /// # Errors
    /// [`EncryptError::NoCertificate`] when there is none; when none is usable, why the first is not.
    pub fn first_usable<'c>(
        certificates: impl IntoIterator<Item = &'c CertificateDer>,
        content: ContentEncryption,
        key_transport: KeyTransport,
    ) -> Result<Self, EncryptError> {
        let mut first_error = None;
        for certificate in certificates {
            match Self::new(certificate, content, key_transport) {
                Ok(encrypt_to) => return Ok(encrypt_to),
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or(EncryptError::NoCertificate))
    }

    /// How the content is encrypted.
    #[must_use]
    pub const fn content(&self) -> ContentEncryption {
        self.content
    }

    /// How the key of the content is encrypted.
    #[must_use]
    pub const fn key_transport(&self) -> KeyTransport {
        self.key_transport
    }

    /// The certificate of the recipient.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer {
        &self.certificate
    }

    /// SAML Core §2.3.4: wraps `assertion`, which must declare every namespace it uses, into an
    /// `EncryptedAssertion`. The result is canonical and stands alone as well.
    ///
    /// The `EncryptedKey` stands inside the `KeyInfo` of the `EncryptedData`: SPs look for it there first,
    /// and some nowhere else. Key and initialisation vector come from `rng`; the seed of OAEP is drawn by
    /// OpenSSL, as the nonce of an ECDSA signature is.
    pub(crate) fn encrypt_assertion(
        &self,
        assertion: &str,
        rng: &mut dyn CryptoRng,
    ) -> Result<String, EncryptError> {
        let mut content_key = vec![0; self.content.cipher().key_len()];
        rng.fill_bytes(&mut content_key);
        let encrypted_key = STANDARD.encode(self.encrypt_key(&content_key)?);
        let encrypted_data =
            STANDARD.encode(self.encrypt_content(&content_key, assertion.as_bytes(), rng)?);

        let mut writer = XmlWriter::with_capacity(encrypted_data.len() + 8192);
        writer.start(SAML, "EncryptedAssertion", &mut []);
        writer.start(XENC, "EncryptedData", &mut [("Type", TYPE_ELEMENT)]);
        writer.leaf(XENC, "EncryptionMethod", &mut [("Algorithm", self.content.uri())], "");
        writer.start(DS, "KeyInfo", &mut []);
        self.write_encrypted_key(&mut writer, &encrypted_key);
        writer.end();
        write_cipher_data(&mut writer, &encrypted_data);
        Ok(writer.finish().expect("algorithm names and base64 hold no forbidden character"))
    }

    fn write_encrypted_key(&self, writer: &mut XmlWriter, encrypted_key: &str) {
        writer.start(XENC, "EncryptedKey", &mut []);
        writer.start(XENC, "EncryptionMethod", &mut [("Algorithm", self.key_transport.uri())]);
        writer.leaf(DS, "DigestMethod", &mut [("Algorithm", self.key_transport.digest_uri())], "");
        if let Some(mask) = self.key_transport.mask_uri() {
            writer.leaf(XENC11, "MGF", &mut [("Algorithm", mask)], "");
        }
        writer.end();
        // Which of its keys the SP needs, should it have several.
        writer.start(DS, "KeyInfo", &mut []);
        writer.start(DS, "X509Data", &mut []);
        writer.leaf(DS, "X509Certificate", &mut [], &self.certificate.to_base64());
        writer.end();
        writer.end();
        write_cipher_data(writer, encrypted_key);
        writer.end();
    }

    /// RFC 8017 §7.1.1, with an empty label.
    fn encrypt_key(&self, content_key: &[u8]) -> Result<Vec<u8>, EncryptError> {
        let mut context = PkeyCtx::new(&self.key)?;
        context.encrypt_init()?;
        context.set_rsa_padding(Padding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(self.key_transport.digest())?;
        context.set_rsa_mgf1_md(self.key_transport.mask_digest())?;
        let mut encrypted = Vec::new();
        context.encrypt_to_vec(content_key, &mut encrypted)?;
        Ok(encrypted)
    }

    /// XML Encryption 1.1 §5.2: the initialisation vector, the ciphertext, and with GCM the tag. The padding
    /// of CBC (§5.2.1) only fixes the last octet; that of PKCS#7 is one that fits.
    fn encrypt_content(
        &self,
        content_key: &[u8],
        plain: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, EncryptError> {
        let cipher = self.content.cipher();
        let mut octets = vec![0; cipher.iv_len().unwrap_or(0)];
        rng.fill_bytes(&mut octets);
        let tag_length = self.content.tag_length();
        if tag_length == 0 {
            let encrypted = symm::encrypt(cipher, content_key, Some(&octets), plain)?;
            octets.extend(encrypted);
        } else {
            let mut tag = vec![0; tag_length];
            let encrypted = symm::encrypt_aead(cipher, content_key, Some(&octets), &[], plain, &mut tag)?;
            octets.extend(encrypted);
            octets.extend(tag);
        }
        Ok(octets)
    }
}

fn write_cipher_data(writer: &mut XmlWriter, value: &str) {
    writer.start(XENC, "CipherData", &mut []);
    writer.leaf(XENC, "CipherValue", &mut [], value);
    writer.end();
}
