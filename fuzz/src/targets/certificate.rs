//! Pasted certificates, and the keys inside them.

use openssl::nid::Nid;
use openssl::pkey::Id;
use openssl::x509::X509;
use saml::CertificateDer;
use saml::signature::VerificationKey;

/// Takes the input as text that somebody pasted, or after a `d` as DER.
pub fn run(data: &[u8]) {
    let taken = match data.strip_prefix(b"d") {
        Some(der) => CertificateDer::new(der),
        None => match std::str::from_utf8(data) {
            Ok(text) => CertificateDer::from_pem_or_base64(text),
            Err(_) => return,
        },
    };
    let Ok(certificate) = taken else { return };
    assert!(certificate.as_der().len() <= CertificateDer::MAX, "larger than the limit");
    let x509 = X509::from_der(certificate.as_der()).expect("it was read before");
    assert_eq!(x509.to_der().expect("written").len(), certificate.as_der().len(), "octets behind it");
    let base64 = certificate.to_base64();
    assert_eq!(CertificateDer::from_pem_or_base64(&base64).as_ref(), Ok(&certificate), "does not come back");
    let json = serde_json::to_string(&certificate).expect("a certificate is written");
    let read: CertificateDer = serde_json::from_str(&json).expect("what was written is read");
    assert_eq!(read, certificate);
    if VerificationKey::from_certificate(&certificate).is_ok() {
        check_key(&certificate);
    }
}

/// The limits, once more and written differently.
fn check_key(certificate: &CertificateDer) {
    let x509 = X509::from_der(certificate.as_der()).expect("it was read before");
    let key = x509.public_key().expect("it was read before");
    match key.id() {
        Id::RSA => {
            let rsa = key.rsa().expect("RSA");
            assert!((2048..=8192).contains(&rsa.n().num_bits()), "a modulus beyond the limits");
            let exponent: u64 = rsa.e().to_dec_str().expect("a number").parse().expect("a small number");
            assert!(
                (65537..=u64::from(u32::MAX)).contains(&exponent) && exponent % 2 == 1,
                "a weak exponent"
            );
        }
        Id::EC => {
            let curve = key.ec_key().expect("EC").group().curve_name();
            let taken = [Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1];
            assert!(curve.is_some_and(|curve| taken.contains(&curve)), "another curve");
        }
        other => panic!("a key of type {other:?}"),
    }
}
