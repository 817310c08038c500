//! Owns making self-signed certificates around throw-away keys.
//! Does not keep keys.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509Builder, X509Name};

/// A certificate for `key`, signed with SHA-256.
pub fn self_signed(key: &PKey<Private>) -> X509 {
    let mut builder = unsigned(key);
    builder.sign(key, MessageDigest::sha256()).expect("a signature");
    builder.build()
}

/// A certificate for `key` that lacks its signature; expired long ago: dates do not count.
pub fn unsigned(key: &PKey<Private>) -> X509Builder {
    let mut name = X509Name::builder().expect("a name");
    name.append_entry_by_text("CN", "fuzz").expect("a name");
    let name = name.build();
    let mut builder = X509::builder().expect("a certificate");
    builder.set_version(2).expect("a version");
    let serial = BigNum::from_u32(1).and_then(|one| one.to_asn1_integer()).expect("1");
    builder.set_serial_number(&serial).expect("a serial number");
    builder.set_subject_name(&name).expect("a subject");
    builder.set_issuer_name(&name).expect("an issuer");
    builder.set_not_before(&Asn1Time::from_unix(0).expect("1970")).expect("a start");
    builder.set_not_after(&Asn1Time::from_unix(86_400).expect("1970")).expect("an end");
    builder.set_pubkey(key).expect("a key");
    builder
}
