//! Certificates as people paste them: PEM, one after the other. Does not own what a certificate must be (`crates/saml`).

use saml::CertificateDer;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Reads a text area into base64 DER, each certificate once. Text without PEM lines is one certificate in base64.
///
/// # Errors
/// A sentence that says what to paste.
pub fn parse(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if text.contains("PRIVATE KEY") {
        return Err("Paste the certificate only. The private key stays with the app".to_owned());
    }
    let blocks = if text.contains(BEGIN) { blocks(text)? } else { vec![text] };
    let mut certificates: Vec<String> = Vec::new();
    for block in blocks {
        let read = CertificateDer::from_pem_or_base64(block)
            .map_err(|error| format!("Paste whole certificates, from BEGIN to END: {error}"))?;
        let base64 = read.to_base64();
        if !certificates.contains(&base64) {
            certificates.push(base64);
        }
    }
    Ok(certificates)
}

fn blocks(text: &str) -> Result<Vec<&str>, String> {
    let cut = || "Paste whole certificates, from BEGIN to END: one is cut off".to_owned();
    let mut parts = text.split(BEGIN);
    if parts.next().is_some_and(|before| !before.trim().is_empty()) {
        return Err("Leave out what stands before the first BEGIN line".to_owned());
    }
    parts
        .map(|part| {
            let (body, after) = part.split_once(END).ok_or_else(cut)?;
            if after.trim().is_empty() { Ok(body.trim()) } else { Err(cut()) }
        })
        .collect()
}

/// RFC 7468 §5: base64 DER as PEM, 64 characters a line.
pub fn to_pem(base64: &str) -> String {
    let mut pem = format!("{BEGIN}\n");
    for line in base64.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(END);
    pem
}

/// Several certificates for a text area.
pub fn to_pem_list(certificates: &[String]) -> String {
    certificates.iter().map(|base64| to_pem(base64)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{domain::key::KeyAlgorithm, id::KeyId, keyring::Keyring};
    use chrono::DateTime;
    use rand::{SeedableRng, rngs::StdRng};

    /// A certificate as it is stored: base64 DER.
    pub fn certificate() -> String {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
        let id = KeyId::new(now, &mut StdRng::seed_from_u64(1));
        let keyring = Keyring::ephemeral().expect("randomness");
        let key =
            keyring.new_signing_key(id, None, KeyAlgorithm::P256, Some("sp.example"), now).expect("a key");
        key.certificate.expect("asked for")
    }

    #[test]
    fn pem_goes_in_and_comes_out_again() {
        let (one, two) = (certificate(), certificate());
        let text = to_pem_list(&[one.clone(), two.clone()]);
        assert_eq!(parse(&text), Ok(vec![one.clone(), two.clone()]));
        assert_eq!(parse(&format!("\r\n{}\r\n\r\n", text.replace('\n', "\r\n"))), Ok(vec![one.clone(), two]));
        assert_eq!(parse(&one), Ok(vec![one.clone()]), "bare base64 is one");
        assert_eq!(parse(&format!("{0}\n{0}", to_pem(&one))), Ok(vec![one]), "each once");
        assert_eq!(parse("  \n "), Ok(Vec::new()));
    }

    #[test]
    fn half_certificates_and_keys_are_refused() {
        let pem = to_pem(&certificate());
        let half = &pem[..pem.len() / 2];
        for bad in
            [half, "hello", &format!("{pem} and more"), &format!("note {pem}"), "-----BEGIN CERTIFICATE-----"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
        let key = parse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").expect_err("refused");
        assert!(key.contains("private key stays"));
    }
}
