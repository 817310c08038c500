//! Identifiers that came encrypted: made by xmlsec1 and by OpenSSL alone, read with one key and with two, and never telling why
//! not (IIP-IDP19, S-34).

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::symm::{self, Cipher, Crypter, Mode};
use saml::error::Refusal;
use saml::{
    Decryption, DecryptionKey, ServiceProvider, UnverifiedAuthnRequest, VerifiedAuthnRequest, VerifyContext,
};
use std::sync::Arc;
use support::*;

const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const OAEP11: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
const RSA15: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
const GCM256: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
const GCM128: &str = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
const CBC256: &str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
const NAME: &str = "maya.okafor@fernhill.example";

fn name_id() -> String {
    format!(
        "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{NAME}</saml:NameID>"
    )
}

/// How an identifier is encrypted, with pieces to exchange.
#[derive(Clone, Copy)]
struct How<'a> {
    content: &'a str,
    transport: &'a str,
    /// Of the method element: digest and mask.
    inside: &'a str,
    digest: MessageDigest,
    mask: MessageDigest,
    pair: &'a KeyPair,
}

impl How<'static> {
    fn usual() -> Self {
        Self {
            content: GCM256,
            transport: OAEP,
            inside: "",
            digest: MessageDigest::sha1(),
            mask: MessageDigest::sha1(),
            pair: idp_rsa(),
        }
    }
}

fn cipher(uri: &str) -> Cipher {
    match uri {
        GCM128 => Cipher::aes_128_gcm(),
        CBC256 => Cipher::aes_256_cbc(),
        _ => Cipher::aes_256_gcm(),
    }
}

fn content(uri: &str, key: &[u8], plain: &[u8]) -> Vec<u8> {
    let cipher = cipher(uri);
    let iv = vec![7; cipher.iv_len().expect("has one")];
    if uri == CBC256 {
        // XML Encryption §5.2.1: only the last octet of the padding is fixed.
        let missing = 16 - plain.len() % 16;
        let mut padded = plain.to_vec();
        padded.extend(std::iter::repeat_n(0xaa, missing - 1));
        padded.push(u8::try_from(missing).expect("small"));
        let mut crypter = Crypter::new(cipher, Mode::Encrypt, key, Some(&iv)).expect("a cipher");
        crypter.pad(false);
        let mut out = vec![0; padded.len() + 16];
        let written = crypter.update(&padded, &mut out).expect("encrypts");
        out.truncate(written);
        return [iv, out].concat();
    }
    let mut tag = [0; 16];
    let encrypted = symm::encrypt_aead(cipher, key, Some(&iv), &[], plain, &mut tag).expect("encrypts");
    [&iv[..], &encrypted, &tag].concat()
}

fn transport(how: How<'_>, key: &[u8]) -> Vec<u8> {
    let mut encrypter = Encrypter::new(&how.pair.key).expect("a key");
    if how.transport == RSA15 {
        encrypter.set_rsa_padding(Padding::PKCS1).expect("set");
    } else {
        encrypter.set_rsa_padding(Padding::PKCS1_OAEP).expect("set");
        encrypter.set_rsa_oaep_md(how.digest).expect("set");
        encrypter.set_rsa_mgf1_md(how.mask).expect("set");
    }
    let mut out = vec![0; encrypter.encrypt_len(key).expect("a length")];
    let length = encrypter.encrypt(key, &mut out).expect("encrypts");
    out.truncate(length);
    out
}

fn encrypted_key(how: How<'_>, value: &[u8]) -> String {
    format!(
        "<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"><xenc:EncryptionMethod \
         Algorithm=\"{}\">{}</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue>\
         </xenc:CipherData></xenc:EncryptedKey>",
        how.transport,
        how.inside,
        STANDARD.encode(value)
    )
}

fn encrypted_id(uri: &str, keys: &str, value: &[u8]) -> String {
    format!(
        "<saml:EncryptedID><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
         Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod Algorithm=\"{uri}\"/><ds:KeyInfo \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{keys}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{}\
         </xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedID>",
        STANDARD.encode(value)
    )
}

fn encrypt(how: How<'_>, plain: &str) -> String {
    let key = vec![9; cipher(how.content).key_len()];
    let keys = encrypted_key(how, &transport(how, &key));
    encrypted_id(how.content, &keys, &content(how.content, &key, plain.as_bytes()))
}

fn own(pairs: &[&KeyPair]) -> Vec<Arc<DecryptionKey>> {
    pairs.iter().map(|pair| Arc::new(DecryptionKey::new(pair.key.clone()).expect("an RSA key"))).collect()
}

fn asked(
    xml: &str,
    sp: &ServiceProvider,
    decryption: Decryption<'_>,
) -> Result<VerifiedAuthnRequest, Refusal> {
    let context = VerifyContext { decryption, ..context() };
    UnverifiedAuthnRequest::from_post(&STANDARD.encode(xml), None)?.verify(sp, &context)
}

fn about(encrypted: &str) -> Request {
    Request::default().after(&format!("<saml:Subject>{encrypted}</saml:Subject>"))
}

/// The person a request is about, or the words of its refusal.
fn read(encrypted: &str, decryption: Decryption<'_>) -> Result<String, String> {
    let verified = asked(&about(encrypted).xml(), &sp(), decryption);
    verified.map(|request| request.subject().expect("named").value.clone()).map_err(|refusal| {
        assert_eq!(refusal.error.check(), "subject");
        assert!(refusal.reply_to.is_some(), "the SP may be told that it failed");
        refusal.error.detail().to_owned()
    })
}

#[test]
fn iip_idp19_what_xmlsec1_encrypted_is_read() {
    for (uri, session) in [(GCM256, "aes-256"), (GCM128, "aes-128")] {
        let template = format!(
            "<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
             Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod Algorithm=\"{uri}\"/><ds:KeyInfo \
             xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey><xenc:EncryptionMethod \
             Algorithm=\"{OAEP}\"/><ds:KeyInfo><ds:KeyName/></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData>\
             </xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"
        );
        let key = Scratch::new(&idp_rsa().key.public_key_to_pem().expect("a key encodes"));
        let (template, plain) = (Scratch::new(template.as_bytes()), Scratch::new(name_id().as_bytes()));
        let output = tool(
            "xmlsec1",
            &[
                "--encrypt",
                "--pubkey-pem",
                &key.arg(),
                "--session-key",
                session,
                "--xml-data",
                &plain.arg(),
                &template.arg(),
            ],
        );
        let output = String::from_utf8(output.expect("xmlsec1 encrypts")).expect("UTF-8");
        let data = output.split_once("?>").map_or(output.as_str(), |(_, data)| data).trim();
        let encrypted = format!("<saml:EncryptedID>{data}</saml:EncryptedID>");
        let keys = own(&[idp_rsa()]);
        let decryption = Decryption { keys: &keys, allow_cbc: false };
        assert_eq!(read(&encrypted, decryption).as_deref(), Ok(NAME), "{uri}: {encrypted}");
    }
}

#[test]
fn iip_alg06_both_versions_of_oaep_are_read_with_every_digest() {
    let keys = own(&[idp_rsa()]);
    let decryption = Decryption { keys: &keys, allow_cbc: false };
    let method = |name: &str, uri: &str| match name {
        "MGF" => {
            format!("<xenc11:MGF xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"{uri}\"/>")
        }
        _ => {
            format!("<ds:DigestMethod xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Algorithm=\"{uri}\"/>")
        }
    };
    let digests = [
        (
            "http://www.w3.org/2000/09/xmldsig#sha1",
            "http://www.w3.org/2009/xmlenc11#mgf1sha1",
            MessageDigest::sha1(),
        ),
        (
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2009/xmlenc11#mgf1sha256",
            MessageDigest::sha256(),
        ),
        (
            "http://www.w3.org/2001/04/xmlenc#sha512",
            "http://www.w3.org/2009/xmlenc11#mgf1sha512",
            MessageDigest::sha512(),
        ),
    ];
    for (digest_uri, mask_uri, digest) in digests {
        let inside = method("DigestMethod", digest_uri);
        let older = How { inside: &inside, digest, ..How::usual() };
        assert_eq!(read(&encrypt(older, &name_id()), decryption).as_deref(), Ok(NAME), "{digest_uri}");
        let newer = How { transport: OAEP11, ..older };
        assert_eq!(
            read(&encrypt(newer, &name_id()), decryption).as_deref(),
            Ok(NAME),
            "MGF1 with SHA-1 by default"
        );
        let inside = inside.clone() + &method("MGF", mask_uri);
        let newer = How { transport: OAEP11, inside: &inside, mask: digest, ..older };
        assert_eq!(read(&encrypt(newer, &name_id()), decryption).as_deref(), Ok(NAME), "{mask_uri}");
        let older = How { inside: &inside, mask: digest, ..older };
        assert!(
            read(&encrypt(older, &name_id()), decryption).is_err(),
            "the older method has no choice of mask"
        );
    }
}

#[test]
fn iip_idp19_during_a_rollover_both_keys_read() {
    let (old, new) = (idp_rsa(), other_rsa());
    let both = own(&[new, old]);
    for pair in [old, new] {
        let encrypted = encrypt(How { pair, ..How::usual() }, &name_id());
        assert_eq!(read(&encrypted, Decryption { keys: &both, allow_cbc: false }).as_deref(), Ok(NAME));
    }
    let of_old = encrypt(How::usual(), &name_id());
    let only_new = own(&[new]);
    assert!(read(&of_old, Decryption { keys: &only_new, allow_cbc: false }).is_err());
    // One message for two recipients: somebody else's copy of the key stands first.
    let key = vec![9; 32];
    let theirs = How { pair: sp_rsa(), ..How::usual() };
    let keys = encrypted_key(theirs, &transport(theirs, &key))
        + &encrypted_key(How::usual(), &transport(How::usual(), &key));
    let shared = encrypted_id(GCM256, &keys, &content(GCM256, &key, name_id().as_bytes()));
    let only_old = own(&[old]);
    assert_eq!(read(&shared, Decryption { keys: &only_old, allow_cbc: false }).as_deref(), Ok(NAME));
    let without = read(&of_old, Decryption::NONE).expect_err("no key");
    assert!(without.contains("no key"), "{without}");
}

#[test]
fn s_34_whatever_is_wrong_inside_is_told_in_the_same_words() {
    let keys = own(&[idp_rsa()]);
    let decryption = Decryption { keys: &keys, allow_cbc: false };
    let good_key = vec![9; 32];
    let good = content(GCM256, &good_key, name_id().as_bytes());
    let with_key = |value: &[u8]| encrypted_id(GCM256, &encrypted_key(How::usual(), value), &good);
    let with_content = |value: &[u8]| {
        encrypted_id(GCM256, &encrypted_key(How::usual(), &transport(How::usual(), &good_key)), value)
    };
    let flipped = |value: &[u8], at: usize| {
        let mut value = value.to_vec();
        value[at] ^= 1;
        value
    };
    let wrapped = transport(How::usual(), &good_key);
    let says = |plain: &str| with_content(&content(GCM256, &good_key, plain.as_bytes()));
    let wrong: Vec<(&str, String)> = vec![
        ("a changed key", with_key(&flipped(&wrapped, 100))),
        ("a short key", with_key(&wrapped[..wrapped.len() - 1])),
        ("no key at all", with_key(&[])),
        ("a key of another length", with_key(&transport(How::usual(), &[9; 16]))),
        ("another key", with_key(&transport(How::usual(), &[8; 32]))),
        ("a key for somebody else", with_key(&transport(How { pair: sp_rsa(), ..How::usual() }, &good_key))),
        ("changed content", with_content(&flipped(&good, 20))),
        ("a changed tag", with_content(&flipped(&good, good.len() - 1))),
        ("nothing but a vector", with_content(&good[..12])),
        ("no content", with_content(&[])),
        ("no XML", says("maya")),
        (
            "another element",
            says("<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</saml:Issuer>"),
        ),
        ("an empty name", says("<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>")),
        ("a document type", says(&format!("<!DOCTYPE a []>{}", name_id()))),
        ("more inside", says(&name_id().replace(NAME, "<b/>"))),
    ];
    assert_eq!(read(&with_content(&good), decryption).as_deref(), Ok(NAME), "the valid twin");
    for (what, encrypted) in wrong {
        let words = read(&encrypted, decryption).expect_err(what);
        assert_eq!(words, "the encrypted identifier cannot be read with any of our keys", "{what}");
    }
}

#[test]
fn s_34_weak_algorithms_are_not_even_tried() {
    let keys = own(&[idp_rsa()]);
    let all = Decryption { keys: &keys, allow_cbc: true };
    let rsa15 = encrypt(How { transport: RSA15, ..How::usual() }, &name_id());
    assert!(read(&rsa15, all).expect_err("refused").contains("rsa-1_5"));
    let labelled = How {
        inside: "<xenc:OAEPparams xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\">AA==</xenc:OAEPparams>",
        ..How::usual()
    };
    assert!(read(&encrypt(labelled, &name_id()), all).is_err());
    let triple =
        encrypt(How::usual(), &name_id()).replace(GCM256, "http://www.w3.org/2001/04/xmlenc#tripledes-cbc");
    assert!(read(&triple, all).expect_err("refused").contains("tripledes"));

    let cbc = encrypt(How { content: CBC256, ..How::usual() }, &name_id());
    assert!(
        read(&cbc, all).expect_err("refused").contains("aes256-cbc"),
        "nobody vouches for an unsigned message"
    );
    let signed = xmlsec_sign(&Request { signature: plain_template(), ..about(&cbc) }.xml(), sp_rsa());
    let without_switch = Decryption { keys: &keys, allow_cbc: false };
    assert_eq!(outcome(&asked(&signed, &sp(), without_switch)), "subject");
    let verified = asked(&signed, &sp(), all).expect("signed, and switched on");
    assert_eq!(verified.subject().map(|subject| subject.value.as_str()), Some(NAME));

    let blocked = |uri: &str| ServiceProvider { blocked_algorithms: vec![uri.to_owned()], ..sp() };
    let usual = about(&encrypt(How::usual(), &name_id())).xml();
    assert_eq!(outcome(&asked(&usual, &sp(), all)), "accepted");
    for uri in [GCM256, OAEP] {
        assert_eq!(outcome(&asked(&usual, &blocked(uri), all)), "subject", "{uri}");
    }
}

#[test]
fn s_04_encrypted_identifiers_keep_to_their_limits() {
    let keys = own(&[idp_rsa()]);
    let decryption = Decryption { keys: &keys, allow_cbc: false };
    let key = vec![9; 32];
    let one = encrypted_key(How::usual(), &transport(How::usual(), &key));
    let value = content(GCM256, &key, name_id().as_bytes());
    assert!(read(&encrypted_id(GCM256, &one.repeat(4), &value), decryption).is_ok());
    for bad in [
        encrypted_id(GCM256, &one.repeat(5), &value),
        encrypted_id(GCM256, "", &value),
        encrypted_id(GCM256, &one, &vec![0; 8 * 1024 + 1]),
        "<saml:EncryptedID/>".to_owned(),
        "<saml:EncryptedID><b/></saml:EncryptedID>".to_owned(),
        encrypted_id(GCM256, &one, &value).replace("CipherValue", "CipherReference"),
    ] {
        assert!(read(&bad, decryption).expect_err("refused").contains("EncryptedID"), "{bad}");
    }
}

/// Every check that costs little comes before the private key: a precheck says what they say, and needs no key at all.
#[test]
fn s_34_a_precheck_refuses_what_costs_little_and_reads_nothing() {
    let keys = own(&[idp_rsa()]);
    let decryption = Decryption { keys: &keys, allow_cbc: false };
    let precheck = |xml: &str| {
        let request = UnverifiedAuthnRequest::from_post(&STANDARD.encode(xml), None).expect("read");
        assert!(request.has_encrypted_subject());
        request.precheck(&sp(), &context()).map_err(|refusal| refusal.error.check())
    };
    let encrypted = encrypt(How::usual(), &name_id());
    assert_eq!(precheck(&about(&encrypted).xml()), Ok(()), "without any key");
    let broken = encrypt(How { transport: RSA15, ..How::usual() }, "no identifier");
    assert_eq!(precheck(&about(&broken).xml()), Ok(()), "what is inside isn’t looked at");
    assert!(read(&broken, decryption).is_err(), "and is refused afterwards");
    let context_class = "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:example:none\
        </saml:AuthnContextClassRef></samlp:RequestedAuthnContext>";
    let asks = Request::default().after(&format!("<saml:Subject>{encrypted}</saml:Subject>{context_class}"));
    assert_eq!(
        precheck(&asks.xml()),
        Err("requested_authn_context"),
        "the last of the checks that cost little"
    );
}
