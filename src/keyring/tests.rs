//! Sealing, keys and the master key file: what must open, and above all what must not.

use super::*;
use openssl::x509::X509;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

fn ring() -> Keyring {
    Keyring::ephemeral().expect("a key")
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("in range")
}

fn new_key(ring: &Keyring, algorithm: KeyAlgorithm, name: Option<&str>) -> SigningKey {
    let mut rng = rand::rngs::StdRng::from_seed([9; 32]);
    let id = KeyId::new(now(), &mut rng);
    ring.new_signing_key(id, None, algorithm, name, now()).expect("a key")
}

use rand::SeedableRng;

const HERE: Aad<'static> = Aad { table: "signing_keys", column: "sealed_key", row: "a" };

#[test]
fn what_is_sealed_opens_in_its_place() {
    let ring = ring();
    for text in [&b""[..], b"x", &[0; 5_000]] {
        let sealed = ring.seal(&HERE, text).expect("sealed");
        assert_eq!(ring.open(&HERE, &sealed).expect("opened").expose(), text);
        assert!(!ring.needs_rewrap(&sealed));
    }
}

#[test]
fn d03_ciphertexts_of_two_rows_tables_or_columns_do_not_swap() {
    let ring = ring();
    let sealed = ring.seal(&HERE, b"secret").expect("sealed");
    for elsewhere in [
        Aad { row: "b", ..HERE },
        Aad { table: "client_secrets", ..HERE },
        Aad { column: "certificate", ..HERE },
        // The parts run together in the same letters; their lengths tell them apart.
        Aad { table: "signing_key", column: "ssealed_key", row: "a" },
    ] {
        assert!(matches!(ring.open(&elsewhere, &sealed), Err(KeyringError::Tampered)), "{elsewhere:?}");
        assert!(matches!(ring.rewrap(&elsewhere, &sealed), Err(KeyringError::Tampered)));
    }
}

#[test]
fn d03_any_changed_letter_is_refused() {
    let ring = ring();
    let sealed = ring.seal(&HERE, b"secret").expect("sealed");
    for position in 0..sealed.len() {
        let mut bytes = sealed.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("text");
        // The last letter of a part may hold bits that base64 leaves unused; then it does not decode.
        assert!(ring.open(&HERE, &changed).is_err(), "letter {position}");
    }
    for cut in 0..sealed.len() {
        assert!(ring.open(&HERE, &sealed[..cut]).is_err(), "cut at {cut}");
    }
    assert!(ring.open(&HERE, &"x".repeat(3 << 20)).is_err());
}

#[test]
fn the_parts_of_two_values_do_not_mix() {
    let ring = ring();
    let (one, two) = (ring.seal(&HERE, b"one").expect("sealed"), ring.seal(&HERE, b"two").expect("sealed"));
    let head: Vec<&str> = one.split('.').collect();
    let tail = two.split('.').next_back().expect("a value");
    assert!(ring.open(&HERE, &format!("{}.{}.{}.{tail}", head[0], head[1], head[2])).is_err());
}

#[test]
fn a_new_master_key_opens_old_values_and_rewraps_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/master.key");
    let old = Keyring::load_or_create(&path).expect("made");
    let sealed = old.seal(&HERE, b"secret").expect("sealed");
    let mac = old.mac("csrf", b"text");
    let old_text = std::fs::read_to_string(&path).expect("text");

    std::fs::remove_file(&path).expect("removed");
    drop(Keyring::load_or_create(&path).expect("made"));
    let new_text = std::fs::read_to_string(&path).expect("text");
    std::fs::write(&path, format!("{new_text}{old_text}")).expect("written");
    let both = Keyring::load(&path).expect("two keys");
    assert!(both.needs_rewrap(&sealed));
    assert!(both.verify_mac("csrf", b"text", &mac), "codes under the old key still count");
    let rewrapped = both.rewrap(&HERE, &sealed).expect("re-wrapped");
    assert!(!both.needs_rewrap(&rewrapped));
    assert_eq!(both.open(&HERE, &rewrapped).expect("opened").expose(), b"secret");

    std::fs::write(&path, new_text).expect("written");
    let new = Keyring::load(&path).expect("one key");
    assert_eq!(new.open(&HERE, &rewrapped).expect("opened").expose(), b"secret");
    assert!(matches!(new.open(&HERE, &sealed), Err(KeyringError::UnknownKey(_))));
}

#[test]
fn d05_the_file_is_made_for_its_owner_alone_and_refused_when_others_may_read_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data/master.key");
    drop(Keyring::load_or_create(&path).expect("made"));
    assert_eq!(std::fs::metadata(&path).expect("there").mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(folder.path().join("data")).expect("there").mode() & 0o777, 0o700);
    for mode in [0o640, 0o604, 0o644, 0o660] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        let message = Keyring::load_or_create(&path).expect_err("refused").to_string();
        assert!(message.contains("chmod 600") && message.contains("master.key"), "{message}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).expect("set");
    assert!(Keyring::load(&path).is_ok());
}

#[test]
fn d03_the_check_value_tells_a_wrong_master_key() {
    let (right, wrong) = (ring(), ring());
    let stored = right.check_value().expect("sealed");
    assert!(right.verify_check_value(&stored).is_ok());
    let message = wrong.verify_check_value(&stored).expect_err("refused").to_string();
    assert!(message.contains("not the one this database was made with"), "{message}");
    assert!(right.verify_check_value("rubbish").is_err());
}

#[test]
fn derived_keys_differ_by_label_and_codes_by_all_they_cover() {
    let ring = ring();
    assert_ne!(ring.derive("csrf"), ring.derive("cookie"));
    assert_eq!(ring.derive("csrf"), ring.derive("csrf"));
    let mac = ring.mac("csrf", b"text");
    assert!(ring.verify_mac("csrf", b"text", &mac));
    assert!(!ring.verify_mac("csrf", b"texu", &mac));
    assert!(!ring.verify_mac("cookie", b"text", &mac));
    assert!(!ring.verify_mac("csrf", b"text", &mac[..31]));
    assert!(!ring.verify_mac("csrf", b"text", b""));
}

#[test]
fn d02_hashes_match_their_secret_only() {
    let hash = secret_hash("ghs_abcdef");
    assert!(secret_matches("ghs_abcdef", &hash));
    assert!(!secret_matches("ghs_abcdeg", &hash));
    assert!(!secret_matches(&hash, &hash), "the hash itself is no secret");
    assert_eq!(hash.len(), 43);
}

#[test]
fn d09_nothing_prints_a_secret() {
    let ring = ring();
    let bytes = SecretBytes::new(b"canary".to_vec());
    let text = SecretText::new("canary");
    for shown in [format!("{bytes:?} {bytes}"), format!("{text:?} {text}"), format!("{ring:?}")] {
        assert!(shown.contains("[redacted]") && !shown.contains("canary"), "{shown}");
        assert!(!shown.contains("99, 97, 110"), "{shown}");
    }
}

#[test]
fn signing_keys_sign_and_are_opened_once() {
    let ring = ring();
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
        let key = new_key(&ring, algorithm, None);
        let signer = ring.oidc_signer(&key).expect("a signer");
        assert!(Arc::ptr_eq(&signer, &ring.oidc_signer(&key).expect("a signer")));
        let signature = oidc::Signer::sign(&*signer, b"message").expect("signed");
        let public = STANDARD.decode(&key.public_key).expect("base64");
        let public = openssl::pkey::PKey::public_key_from_der(&public).expect("a key");
        assert_eq!(
            oidc::Signer::kid(&*signer),
            oidc::jwks::thumbprint(&public, signer_algorithm(algorithm)).expect("a kid")
        );
        assert!(!signature.is_empty());
        assert!(ring.saml_signer(&key).is_err(), "without a certificate");
    }
}

fn signer_algorithm(algorithm: KeyAlgorithm) -> oidc::SigningAlgorithm {
    match algorithm {
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
            oidc::SigningAlgorithm::Rs256
        }
        KeyAlgorithm::P256 => oidc::SigningAlgorithm::Es256,
        KeyAlgorithm::Ed25519 => oidc::SigningAlgorithm::EdDsa,
    }
}

#[test]
fn a_row_with_another_rows_private_key_or_kind_does_not_sign() {
    let ring = ring();
    let mut key = new_key(&ring, KeyAlgorithm::P256, None);
    let other = new_key(&ring, KeyAlgorithm::P256, None);
    assert_ne!(key.public_key, other.public_key);
    key.sealed_key = other.sealed_key;
    assert!(matches!(ring.oidc_signer(&key), Err(KeyringError::WrongPair)));
    let mut mislabelled = new_key(&ring, KeyAlgorithm::P256, None);
    mislabelled.algorithm = KeyAlgorithm::Ed25519;
    assert!(matches!(ring.oidc_signer(&mislabelled), Err(KeyringError::WrongPair)));
}

#[test]
fn certificates_last_five_years_and_verify_under_their_own_key() {
    let ring = ring();
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256] {
        let name = "Ümläut & <Söhne> at id.fernhill.example, and a name far longer than sixty-four letters";
        let key = new_key(&ring, algorithm, Some(name));
        let der = STANDARD.decode(key.certificate.as_deref().expect("a certificate")).expect("base64");
        let certificate = X509::from_der(&der).expect("parses");
        let public = certificate.public_key().expect("a key");
        assert!(certificate.verify(&public).expect("checked"));
        assert_eq!(STANDARD.encode(public.public_key_to_der().expect("DER")), key.public_key);
        let common_name = certificate.subject_name().entries().next().expect("a name").data();
        let common_name: &str = &common_name.to_string().expect("text");
        assert!(name.starts_with(common_name) && common_name.chars().count() == 64, "{common_name}");
        let serial = certificate.serial_number().to_bn().expect("a number");
        assert!(!serial.is_negative() && serial.num_bits() == 158);
        assert_eq!(key.not_after, (now() - BACKDATE).checked_add_months(chrono::Months::new(60)));
        let print = fingerprint_sha256(&der);
        assert_eq!((print.len(), print.matches(':').count()), (95, 31));
        let print = fingerprint_sha1(&der);
        assert_eq!((print.len(), print.matches(':').count()), (59, 19));
        let signer = ring.saml_signer(&key).expect("a signer");
        assert_eq!(saml::Signer::certificate_der(&*signer), der);
        assert!(!saml::Signer::sign(&*signer, b"message").expect("signed").is_empty());
        assert!(Arc::ptr_eq(&signer, &ring.saml_signer(&key).expect("a signer")));
    }
}

#[test]
fn macs_are_hmac_sha_256() {
    // RFC 4231 §4.3, test case 2.
    let mac = super::master_key::hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
    assert_eq!(openssl::base64::encode_block(&mac), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
}
