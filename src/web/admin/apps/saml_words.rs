//! What a SAML app's sign-on tab says about its settings, in words. Does not own the fields (`saml_advanced`).

use crate::{
    domain::{
        connection::{Encrypt, SamlConnection, SamlSignatureAlgorithm},
        key::KeyAlgorithm,
    },
    web::{admin::apps::certificate::words::day, view::admin::apps::saml_advanced::CertificateLine},
};
use chrono::{DateTime, Utc};
use saml::CertificateDer;

/// What messages are signed with, and why that is not what was chosen, if so: a key that was changed since signs as it can.
pub fn signing(chosen: SamlSignatureAlgorithm, key: KeyAlgorithm) -> (&'static str, String) {
    let short = |algorithm| match algorithm {
        SamlSignatureAlgorithm::RsaSha256 => "RSA-SHA256",
        SamlSignatureAlgorithm::RsaSha512 => "RSA-SHA512",
        SamlSignatureAlgorithm::EcdsaSha256 => "ECDSA-SHA256",
        SamlSignatureAlgorithm::RsaSha1 => "RSA-SHA1",
    };
    if chosen.fits(key) {
        return (short(chosen), String::new());
    }
    let used = if key == KeyAlgorithm::P256 { "ECDSA-SHA256" } else { "RSA-SHA256" };
    let why = format!(
        "The key in use is {}: messages are signed with {used}, not with {}. Choose what fits, or change the certificate.",
        key.label(),
        short(chosen)
    );
    (used, why)
}

/// Whether the next assertion is encrypted, and why, as a sentence.
pub fn encryption_now(saml: &SamlConnection) -> String {
    let also_signed = if saml.encrypts() && !saml.sign_assertion {
        " They are signed before that too, although only the response is to be: most apps refuse them otherwise."
    } else {
        ""
    };
    let encrypted = match (saml.encrypt, saml.sp_decrypts, saml.encryption_certificates.is_empty()) {
        (Encrypt::On, ..) => "Assertions are encrypted.",
        (Encrypt::Off, ..) => "Assertions are not encrypted.",
        (Encrypt::Auto, true, _) => "Assertions are encrypted: the app announces a key for it.",
        (Encrypt::Auto, false, true) => "Assertions are not encrypted: the app has no key for it.",
        (Encrypt::Auto, false, false) => {
            "Assertions are not encrypted: the app’s metadata has a key, but doesn’t say that it decrypts with it, or not in a way \
             that can be followed. Choose Always if it does."
        }
    };
    format!("{encrypted}{also_signed}")
}

/// Algorithms that this server blocks for every app.
pub fn blocked(uris: &[String]) -> String {
    uris.iter().map(|uri| uri.rsplit(['#', '/']).next().unwrap_or(uri)).collect::<Vec<_>>().join(", ")
}

/// Stored certificates in words: what they are known by, and when they end.
pub fn lines_of(certificates: &[String], now: DateTime<Utc>) -> Vec<CertificateLine> {
    let line = |text: &String| match CertificateDer::from_pem_or_base64(text) {
        Ok(certificate) => {
            let end = certificate.not_after();
            CertificateLine {
                fingerprint: crate::keyring::fingerprint_sha256(certificate.as_der()),
                ends: end.map_or_else(|| "at a time that can’t be read".to_owned(), day),
                ended: end.is_some_and(|end| end <= now),
            }
        }
        Err(error) => CertificateLine {
            fingerprint: error.to_string(),
            ends: "never: it can’t be read".to_owned(),
            ended: false,
        },
    };
    certificates.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_really_signs() {
        use SamlSignatureAlgorithm as Algorithm;
        let said = signing(Algorithm::RsaSha512, KeyAlgorithm::Rsa3072);
        assert_eq!(said, ("RSA-SHA512", String::new()));
        let (used, why) = signing(Algorithm::RsaSha256, KeyAlgorithm::P256);
        assert_eq!(used, "ECDSA-SHA256");
        assert!(why.contains("not with RSA-SHA256"), "{why}");
        assert_eq!(signing(Algorithm::EcdsaSha256, KeyAlgorithm::Rsa2048).0, "RSA-SHA256");
    }
}
