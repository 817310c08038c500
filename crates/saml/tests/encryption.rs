//! Encrypted assertions, opened by tools that are not ours.

mod judges;
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use judges::*;
use openssl::nid::Nid;
use saml::response::issue;
use saml::signature::CertificateError;
use saml::{
    ContentEncryption, EncryptError, EncryptTo, IssuedResponse, KeyTransport, Sign, SignatureAlgorithm,
    Signer,
};
use support::*;

/// The key for which the SP wants its assertions encrypted.
fn recipient() -> &'static KeyPair {
    other_rsa()
}

fn encrypt_to(content: ContentEncryption, key_transport: KeyTransport) -> EncryptTo {
    EncryptTo::new(&recipient().der(), content, key_transport).expect("an RSA key of 2048 bits")
}

fn issue_encrypted(
    what: &Issue,
    encrypt: Option<&EncryptTo>,
    signer: &dyn Signer,
    seed: u64,
) -> IssuedResponse {
    let spec = saml::AssertionSpec { encrypt, ..what.spec() };
    issue(&target(), &spec, signer, now(), &mut rng(seed)).expect("issued")
}

/// Decrypts with xmlsec1, which puts the element in place of its `EncryptedData`. xmlsec1 1.2 knows no other
/// key transport than `rsa-oaep-mgf1p` with SHA-1.
fn xmlsec_decrypt(xml: &str, pair: &KeyPair) -> Result<String, String> {
    let file = Scratch::new(xml.as_bytes());
    let key = Scratch::new(&pair.key.private_key_to_pem_pkcs8().expect("a key encodes"));
    let decrypted = tool("xmlsec1", &["--decrypt", "--privkey-pem", &key.arg(), &file.arg()])?;
    String::from_utf8(decrypted).map_err(|error| error.to_string())
}

/// Decrypts in two steps: the openssl command opens the content key with `options` of `pkeyutl`, and xmlsec1
/// decrypts the content with that key.
fn stepwise_decrypt(xml: &str, pair: &KeyPair, options: &[&str]) -> Result<String, String> {
    let (key_info_start, key_info_end) = (
        xml.find("<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey>"),
        xml.find("</xenc:EncryptedKey></ds:KeyInfo>"),
    );
    let (Some(start), Some(end)) = (key_info_start, key_info_end) else {
        return Err("there is no EncryptedKey in a KeyInfo".to_owned());
    };
    let encrypted_key = &xml[start..end];
    let value = encrypted_key
        .split_once("<xenc:CipherValue>")
        .and_then(|(_, rest)| rest.split_once("</xenc:CipherValue>"))
        .ok_or("there is no CipherValue in the EncryptedKey")?
        .0;
    let value = Scratch::new(&STANDARD.decode(value).map_err(|error| error.to_string())?);
    let key = Scratch::new(&pair.key.private_key_to_pem_pkcs8().expect("a key encodes"));
    let (value, key) = (value.arg(), key.arg());
    let mut args = vec!["pkeyutl", "-decrypt", "-inkey", &key, "-in", &value];
    args.extend(options.iter().flat_map(|option| ["-pkeyopt", option]));
    let content_key = Scratch::new(&tool("openssl", &args)?);
    let named = format!(
        "{}<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:KeyName>k</ds:KeyName>{}",
        &xml[..start],
        &xml[end + "</xenc:EncryptedKey>".len()..]
    );
    let file = Scratch::new(named.as_bytes());
    let decrypted = tool("xmlsec1", &["--decrypt", "--aeskey:k", &content_key.arg(), &file.arg()])?;
    String::from_utf8(decrypted).map_err(|error| error.to_string())
}

/// Options of `openssl pkeyutl` that open what `key_transport` closed.
fn oaep(key_transport: KeyTransport) -> [&'static str; 3] {
    let (digest, mask) = match key_transport {
        KeyTransport::RsaOaepMgf1p => ("rsa_oaep_md:sha1", "rsa_mgf1_md:sha1"),
        KeyTransport::RsaOaepMgf1pSha256 => ("rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"),
        KeyTransport::RsaOaepSha256 => ("rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"),
    };
    ["rsa_padding_mode:oaep", digest, mask]
}

#[test]
fn xs_05_every_pair_of_algorithms_is_signed_then_encrypted_then_signed() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    for content in ContentEncryption::ALL {
        for key_transport in KeyTransport::ALL {
            let name = format!("{content:?} {key_transport:?}");
            let encrypt_to = encrypt_to(content, key_transport);
            let xml = issue_encrypted(&Issue::default(), Some(&encrypt_to), &signer, 1).xml;
            assert!(!xml.contains("maya") && !xml.contains("<saml:Assertion "), "{name}");
            assert_eq!(exc_c14n(&xml), xml, "{name}");
            assert_eq!(schema_valid(&xml), Ok(()), "{name}");
            assert_eq!(xmlsec_verifies(&xml, "Response", idp_rsa()), Ok(()), "{name}");

            let mut opened = vec![stepwise_decrypt(&xml, recipient(), &oaep(key_transport))];
            if key_transport == KeyTransport::RsaOaepMgf1p {
                opened.push(xmlsec_decrypt(&xml, recipient()));
            }
            for decrypted in opened {
                let decrypted = decrypted.expect(&name);
                let inside = "EncryptedAssertion/Assertion";
                assert_eq!(xmlsec_verifies(&decrypted, inside, idp_rsa()), Ok(()), "{name}");
                assert!(decrypted.contains("maya"), "{name}");
                let forged = decrypted.replace("maya", "eve");
                assert!(xmlsec_verifies(&forged, inside, idp_rsa()).is_err(), "{name}");
            }
        }
    }
}

#[test]
fn ecdsa_and_rsa_sha1_signatures_survive_encryption_too() {
    let ec = new_ec(Nid::X9_62_PRIME256V1);
    for (pair, algorithm) in
        [(&ec, SignatureAlgorithm::EcdsaSha256), (idp_rsa(), SignatureAlgorithm::RsaSha1)]
    {
        let encrypt_to = encrypt_to(ContentEncryption::default(), KeyTransport::default());
        let xml = issue_encrypted(&Issue::default(), Some(&encrypt_to), &pair.signer(algorithm), 1).xml;
        let decrypted = xmlsec_decrypt(&xml, recipient()).expect("decrypted");
        assert_eq!(
            xmlsec_verifies(&decrypted, "EncryptedAssertion/Assertion", pair),
            Ok(()),
            "{algorithm:?}"
        );
        assert_eq!(xmlsec_verifies(&xml, "Response", pair), Ok(()), "{algorithm:?}");
    }
}

#[test]
fn what_is_decrypted_is_the_assertion_octet_for_octet() {
    let encrypt_to = encrypt_to(ContentEncryption::Aes256Gcm, KeyTransport::RsaOaepMgf1p);
    let plain = issue_encrypted(&Issue::default(), None, &FixedSigner, 1).xml;
    let encrypted = issue_encrypted(&Issue::default(), Some(&encrypt_to), &FixedSigner, 1).xml;
    let start = plain.find("<saml:Assertion ").expect("an assertion");
    let end = plain.find("</samlp:Response>").expect("a response");
    // It declares its own namespaces, so it can be cut out, canonicalised and verified alone.
    let assertion = &plain[start..end];
    assert_eq!(exc_c14n(assertion), assertion);
    let decrypted = exc_c14n(&xmlsec_decrypt(&encrypted, recipient()).expect("decrypted"));
    let alone = assertion.replacen(" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "", 1);
    assert!(decrypted.contains(&alone), "{decrypted}");
}

#[test]
fn s_34_defaults_are_gcm_and_oaep_and_nobody_else_can_open_it() {
    assert_eq!(ContentEncryption::default(), ContentEncryption::Aes256Gcm);
    assert_eq!(KeyTransport::default(), KeyTransport::RsaOaepMgf1p);
    for content in ContentEncryption::ALL {
        assert_eq!(content.is_legacy(), content.uri().ends_with("-cbc"));
        assert_eq!(ContentEncryption::from_uri(content.uri()), Some(content));
    }
    assert_eq!(ContentEncryption::from_uri("http://www.w3.org/2001/04/xmlenc#tripledes-cbc"), None);
    assert!(KeyTransport::ALL.iter().all(|transport| !transport.uri().ends_with("rsa-1_5")));

    let encrypt_to = encrypt_to(ContentEncryption::Aes256Gcm, KeyTransport::RsaOaepMgf1p);
    let xml = issue_encrypted(&Issue::default(), Some(&encrypt_to), &FixedSigner, 1).xml;
    assert!(xmlsec_decrypt(&xml, recipient()).is_ok());
    assert!(xmlsec_decrypt(&xml, idp_rsa()).is_err(), "another key");
    let end = xml.rfind("</xenc:CipherValue>").expect("the content");
    let (before, after) = xml.split_at(end - 40);
    let changed = if after.starts_with('A') { "B" } else { "A" };
    let tampered = format!("{before}{changed}{}", &after[1..]);
    assert!(xmlsec_decrypt(&tampered, recipient()).is_err(), "GCM finds every change");
}

#[test]
fn s_35_only_rsa_keys_of_2048_bits_and_more() {
    let make =
        |pair: &KeyPair| EncryptTo::new(&pair.der(), ContentEncryption::default(), KeyTransport::default());
    let made = make(recipient()).expect("2048 bits, and expired since 1970");
    assert_eq!(made.certificate(), &recipient().der());
    assert_eq!(
        (made.content(), made.key_transport()),
        (ContentEncryption::Aes256Gcm, KeyTransport::RsaOaepMgf1p)
    );
    let weak = make(&new_rsa(1024)).expect_err("too short");
    assert!(matches!(weak, EncryptError::Certificate(CertificateError::RsaSize(1024))));
    assert!(weak.to_string().contains("1024 bits; 2048"), "{weak}");
    let ec = make(&new_ec(Nid::X9_62_PRIME256V1)).expect_err("an EC key");
    assert!(matches!(ec, EncryptError::KeyType));
    assert!(ec.to_string().contains("EC key"), "{ec}");
}

#[test]
fn the_first_usable_of_several_certificates_is_taken() {
    let ec = new_ec(Nid::X9_62_PRIME256V1).der();
    let choose = |certificates: &[saml::CertificateDer]| {
        EncryptTo::first_usable(certificates, ContentEncryption::default(), KeyTransport::default())
            .map(|encrypt_to| encrypt_to.certificate().clone())
    };
    let (first, second) = (recipient().der(), sp_rsa().der());
    assert_eq!(choose(&[ec.clone(), first.clone(), second.clone()]).ok(), Some(first));
    assert_eq!(choose(std::slice::from_ref(&second)).ok(), Some(second));
    assert!(matches!(choose(&[ec.clone(), ec]), Err(EncryptError::KeyType)));
    assert!(matches!(choose(&[]), Err(EncryptError::NoCertificate)));
}

#[test]
fn the_shape_of_an_encrypted_assertion() {
    let masked = |xml: &str| {
        // The key is encrypted with a seed that OpenSSL draws, so only the content is the same on every run.
        let certificate = recipient().der().to_base64();
        let (before, rest) = xml.split_once("<xenc:CipherValue>").expect("the key");
        let (_, after) = rest.split_once("</xenc:CipherValue>").expect("the key");
        let masked = format!("{before}<xenc:CipherValue>KEY</xenc:CipherValue>{after}");
        lines(&masked.replace(&certificate, "CERTIFICATE"))
    };
    let shape = |content, key_transport| {
        let what = Issue { sign: Sign { assertion: true, response: false }, ..Issue::default() };
        masked(&issue_encrypted(&what, Some(&encrypt_to(content, key_transport)), &FixedSigner, 1).xml)
    };
    insta::assert_snapshot!("aes_256_gcm", shape(ContentEncryption::Aes256Gcm, KeyTransport::RsaOaepMgf1p));
    insta::assert_snapshot!("aes_128_cbc", shape(ContentEncryption::Aes128Cbc, KeyTransport::RsaOaepSha256));
}

#[test]
fn key_and_initialisation_vector_are_fresh() {
    let encrypt_to = encrypt_to(ContentEncryption::Aes256Gcm, KeyTransport::RsaOaepMgf1p);
    let values = |seed| {
        let xml = issue_encrypted(&Issue::default(), Some(&encrypt_to), &FixedSigner, seed).xml;
        let mut values =
            xml.split("<xenc:CipherValue>").skip(1).map(|rest| rest.split('<').next().map(str::to_owned));
        (values.next().flatten().expect("the key"), values.next().flatten().expect("the content"))
    };
    let ((key, content), (same_key, same_content), (_, other_content)) = (values(1), values(1), values(2));
    assert_eq!(content, same_content, "the content follows from the randomness given");
    assert_ne!(key, same_key, "the seed of OAEP is drawn anew");
    assert_ne!(content[..16], other_content[..16], "another initialisation vector");
}
