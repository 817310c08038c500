//! The key with which Ledgerly signs its logout messages. Does not sign anything else, and does not outlive the process:
//! whoever starts the app tells the identity provider its certificate.

use anyhow::{Context, anyhow};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    hash::MessageDigest,
    pkey::{PKey, Private},
    rsa::Rsa,
    sign::Signer,
    x509::{X509, X509Name},
};
use samael::crypto::{Crypto, CryptoProvider};
use std::fmt;

const BITS: u32 = 2048;
const DAYS: u32 = 3650;

/// An RSA key and its self-signed certificate.
#[derive(Clone)]
pub struct SpKey {
    key: PKey<Private>,
    certificate: X509,
}

impl fmt::Debug for SpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpKey").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl SpKey {
    /// A new key.
    ///
    /// # Errors
    /// The random source or OpenSSL failed.
    pub fn generate() -> anyhow::Result<Self> {
        let key = PKey::from_rsa(Rsa::generate(BITS)?)?;
        let mut name = X509Name::builder()?;
        name.append_entry_by_text("CN", "Ledgerly")?;
        let name = name.build();
        let mut serial = BigNum::new()?;
        // RFC 5280 §4.1.2.2: positive, and at most 20 octets.
        serial.rand(127, MsbOption::ONE, false)?;
        let mut builder = X509::builder()?;
        builder.set_version(2)?;
        builder.set_serial_number(&*serial.to_asn1_integer()?)?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(&name)?;
        builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
        builder.set_not_after(&*Asn1Time::days_from_now(DAYS)?)?;
        builder.set_pubkey(&key)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Self { key, certificate: builder.build() })
    }

    /// The certificate as metadata holds it: DER in base64, on one line.
    ///
    /// # Errors
    /// OpenSSL failed.
    pub fn certificate(&self) -> anyhow::Result<String> {
        Ok(STANDARD.encode(self.certificate.to_der().context("the certificate has no DER form")?))
    }

    /// An RSA-SHA256 signature.
    pub(crate) fn sign(&self, octets: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(Signer::new(MessageDigest::sha256(), &self.key)?.sign_oneshot_to_vec(octets)?)
    }

    /// Signs the message that a signature template stands in, with RSA-SHA256.
    pub(crate) fn sign_xml(&self, xml: &str) -> anyhow::Result<String> {
        let key = self.key.private_key_to_der()?;
        Crypto::sign_xml(xml, &key).map_err(|error| anyhow!("the message could not be signed: {error}"))
    }
}
