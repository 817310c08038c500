//! Pairs that are taken, and each reason to refuse one.

use super::super::{certificate, key_pair};
use super::*;
use openssl::{
    ec::{EcGroup, EcKey},
    rsa::Rsa,
    symm::Cipher,
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("in range")
}

fn pem(bytes: Result<Vec<u8>, ErrorStack>) -> String {
    String::from_utf8(bytes.expect("encoded")).expect("PEM is text")
}

fn certificate_of(key: &PKey<Private>, begin: DateTime<Utc>, years: u32) -> String {
    let made = certificate::self_signed(key, "own.example", begin, years).expect("made");
    pem(X509::from_der(&made.der).expect("parses").to_pem())
}

fn upload(certificate: &str, key: &str, passphrase: &str) -> Result<Uploaded, UploadError> {
    read(certificate, &SecretText::new(key), &SecretText::new(passphrase), now())
}

fn refused(certificate: &str, key: &str, passphrase: &str) -> UploadError {
    upload(certificate, key, passphrase).map(|read| read.algorithm).expect_err("refused")
}

#[test]
fn every_form_of_a_key_is_read() {
    let key = key_pair::generate(KeyAlgorithm::Rsa2048).expect("made");
    let rsa = key.rsa().expect("RSA");
    let certificate = certificate_of(&key, now(), 2);
    let aes = Cipher::aes_256_cbc();
    for (form, passphrase) in [
        (pem(key.private_key_to_pem_pkcs8()), ""),
        (pem(rsa.private_key_to_pem()), ""),
        (pem(key.private_key_to_pem_pkcs8_passphrase(aes, b"open sesame")), "open sesame"),
        (pem(rsa.private_key_to_pem_passphrase(aes, b"open sesame")), "open sesame"),
    ] {
        let read = upload(&certificate, &form, passphrase).expect("taken");
        assert_eq!(read.algorithm, KeyAlgorithm::Rsa2048);
        assert_eq!(Some(read.not_after), now().checked_add_months(chrono::Months::new(24)));
        assert!(read.key.public_eq(&key));
    }
    let ec = key_pair::generate(KeyAlgorithm::P256).expect("made");
    let certificate = certificate_of(&ec, now(), 1);
    let sec1 = pem(ec.ec_key().expect("EC").private_key_to_pem());
    assert_eq!(upload(&certificate, &sec1, "").map(|read| read.algorithm), Ok(KeyAlgorithm::P256));
}

#[test]
fn of_a_chain_the_certificate_of_the_key_counts() {
    let (key, other) = (
        key_pair::generate(KeyAlgorithm::P256).expect("made"),
        key_pair::generate(KeyAlgorithm::P256).expect("made"),
    );
    let chain = format!("{}{}", certificate_of(&other, now(), 1), certificate_of(&key, now(), 3));
    let private = pem(key.private_key_to_pem_pkcs8());
    let read = upload(&chain, &private, "").expect("taken");
    assert_eq!(Some(read.not_after), now().checked_add_months(chrono::Months::new(36)));
    assert_eq!(refused(&certificate_of(&other, now(), 1), &private, ""), UploadError::NotAPair);
}

#[test]
fn weak_and_strange_keys_are_refused() {
    let weak = PKey::from_rsa(Rsa::generate(1024).expect("made")).expect("RSA");
    let error = refused(&certificate_of(&weak, now(), 1), &pem(weak.private_key_to_pem_pkcs8()), "");
    assert_eq!(error, UploadError::Kind("RSA of 1024 bits".into()));
    assert_eq!(error.field(), "private_key");
    let exponent = BigNum::from_u32(3).expect("a number");
    let three = PKey::from_rsa(Rsa::generate_with_e(2048, &exponent).expect("made")).expect("RSA");
    let private = pem(three.private_key_to_pem_pkcs8());
    assert_eq!(refused(&certificate_of(&three, now(), 1), &private, ""), UploadError::Exponent);
    let group = EcGroup::from_curve_name(Nid::SECP384R1).expect("a curve");
    let wide = PKey::from_ec_key(EcKey::generate(&group).expect("made")).expect("EC");
    let private = pem(wide.private_key_to_pem_pkcs8());
    assert!(matches!(refused(&certificate_of(&wide, now(), 1), &private, ""), UploadError::Kind(_)));
    let edwards = PKey::generate_ed25519().expect("made");
    let private = pem(edwards.private_key_to_pem_pkcs8());
    assert!(matches!(refused(&certificate_of(&edwards, now(), 1), &private, ""), UploadError::Kind(_)));
}

#[test]
fn a_certificate_counts_only_while_it_lasts() {
    let key = key_pair::generate(KeyAlgorithm::P256).expect("made");
    let private = pem(key.private_key_to_pem_pkcs8());
    let year = chrono::TimeDelta::days(366);
    let ended = refused(&certificate_of(&key, now() - year, 1), &private, "");
    assert!(matches!(ended, UploadError::Ended(_)) && ended.field() == "certificate", "{ended}");
    let later = refused(&certificate_of(&key, now() + year, 1), &private, "");
    assert!(matches!(later, UploadError::NotYet(_)), "{later}");
}

#[test]
fn passphrases_are_asked_for_and_never_at_the_terminal() {
    let key = key_pair::generate(KeyAlgorithm::P256).expect("made");
    let certificate = certificate_of(&key, now(), 1);
    let aes = Cipher::aes_128_cbc();
    for sealed in [
        pem(key.private_key_to_pem_pkcs8_passphrase(aes, b"right")),
        pem(key.ec_key().expect("EC").private_key_to_pem_passphrase(aes, b"right")),
    ] {
        assert_eq!(refused(&certificate, &sealed, ""), UploadError::PassphraseNeeded);
        let wrong = refused(&certificate, &sealed, "wrong");
        assert_eq!((wrong.field(), wrong), ("passphrase", UploadError::PassphraseWrong));
    }
}

#[test]
fn what_is_neither_is_said_to_be() {
    let key = key_pair::generate(KeyAlgorithm::P256).expect("made");
    let (certificate, private) = (certificate_of(&key, now(), 1), pem(key.private_key_to_pem_pkcs8()));
    for bad in ["", "hello", &private, &certificate[..certificate.len() / 2]] {
        assert_eq!(refused(bad, &private, ""), UploadError::NotACertificate, "{bad}");
    }
    for bad in ["", "hello", &certificate, &private[..private.len() / 2]] {
        assert_eq!(refused(&certificate, bad, ""), UploadError::NotAKey, "{bad}");
    }
    let long = "x".repeat(TEXT_MAX + 1);
    assert_eq!(refused(&long, &private, ""), UploadError::TooLarge);
    assert_eq!(refused(&certificate, &long, ""), UploadError::TooLarge);
    assert_eq!(refused(&certificate, &private, &long), UploadError::TooLarge);
}

#[test]
fn a_key_that_asks_for_hours_of_rounds_is_refused_at_once() {
    let key = key_pair::generate(KeyAlgorithm::P256).expect("made");
    let sealed = pem(key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"right"));
    let text: String = sealed.lines().filter(|line| !line.starts_with("-----")).collect();
    let engine = base64::engine::general_purpose::STANDARD;
    let mut der = base64::Engine::decode(&engine, text).expect("base64");
    // The rounds follow the salt of 8 or 16 octets: INTEGER 2048, `02 02 08 00`.
    let at = der.windows(4).position(|window| window == [2, 2, 8, 0]).expect("OpenSSL's default rounds");
    let (grown, by) = ([2, 4, 0x7F, 0xFF, 0xFF, 0xFF], 2_u8);
    // Every SEQUENCE around it grows by two octets.
    let mut depth = 0;
    let mut position = 0;
    while position < at {
        if der[position] != 0x30 {
            let length = usize::from(der[position + 1]);
            position += 2 + length;
            continue;
        }
        let (length_at, inside) = if der[position + 1] & 0x80 == 0 {
            (position + 1, position + 2)
        } else {
            let octets = usize::from(der[position + 1] & 0x7F);
            (position + 1 + octets, position + 2 + octets)
        };
        der[length_at] += by;
        depth += 1;
        position = inside;
    }
    assert!(depth >= 3, "rounds stand deep inside");
    der.splice(at..at + 4, grown);
    let body = base64::Engine::encode(&engine, &der);
    let slow =
        format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}\n-----END ENCRYPTED PRIVATE KEY-----\n");
    assert_eq!(refused(&certificate_of(&key, now(), 1), &slow, "right"), UploadError::TooSlow);
    let garbage = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n-----END ENCRYPTED PRIVATE KEY-----";
    assert_eq!(refused(&certificate_of(&key, now(), 1), garbage, "right"), UploadError::TooSlow);
}
