//! What reading and issuing messages costs, as a ratio to one raw RSA-2048 signature in the same run. Processor time of this
//! thread alone, so that a busy machine tells nearly the same. Prints goals beside figures and asserts nothing.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer as RawSigner;
use openssl::x509::X509;
use rand::SeedableRng as _;
use saml::authn_context::PASSWORD_PROTECTED_TRANSPORT;
use saml::binding::{self, MessageParameter};
use saml::{
    AssertionSpec, Attribute, AttributeNameFormat, CertificateDer, ContentEncryption, EncryptTo,
    KeyTransport, NameId, NameIdFormat, OpensslSigner, ResponseTarget, ServiceProvider, Sign,
    SignatureAlgorithm, Signer, UnverifiedAuthnRequest, VerifyContext,
};

const SP: &str = "https://sp.example/metadata";
const ACS: &str = "https://sp.example/acs";
const SSO: &str = "https://sso.example/saml2/app";
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(120);

/// Processor seconds of this thread so far; wall time where the system doesn't tell.
fn cpu() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or_else(
            || {
                static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
                START.get_or_init(Instant::now).elapsed().as_secs_f64()
            },
            |nanoseconds| nanoseconds / 1e9,
        )
}

/// Seconds of one call, over about a [`ROUND`].
fn one(work: &mut dyn FnMut()) -> f64 {
    let (until, from) = (Instant::now() + ROUND, cpu());
    let mut calls = 0.0;
    while Instant::now() < until {
        for _ in 0..8 {
            work();
        }
        calls += 8.0;
    }
    (cpu() - from) / calls
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn certificate(key: &PKey<Private>) -> CertificateDer {
    let mut builder = X509::builder().expect("a builder");
    builder.set_version(2).expect("a version");
    builder.set_pubkey(key).expect("a key");
    builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("a start");
    builder.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("an end");
    builder.sign(key, MessageDigest::sha256()).expect("a signature");
    CertificateDer::new(builder.build().to_der().expect("DER")).expect("our own")
}

fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key")
}

fn request(id: &str, now: DateTime<Utc>, signature: &str) -> String {
    let now = now.format("%FT%TZ");
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" AssertionConsumerServiceURL=\"{ACS}\" \
         Destination=\"{SSO}\" ID=\"{id}\" IssueInstant=\"{now}\" \
         ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Version=\"2.0\"><saml:Issuer \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{SP}</saml:Issuer>{signature}<samlp:NameIDPolicy \
         AllowCreate=\"true\" Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\"></samlp:NameIDPolicy>\
         </samlp:AuthnRequest>"
    )
}

/// The signature of a request that is written in canonical form already.
fn enveloped(xml: &str, id: &str, signer: &OpensslSigner) -> String {
    const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let digest = STANDARD.encode(openssl::sha::sha256(xml.as_bytes()));
    let inside = format!(
        "><ds:CanonicalizationMethod Algorithm=\"{C14N}\"></ds:CanonicalizationMethod><ds:SignatureMethod \
         Algorithm=\"{}\"></ds:SignatureMethod><ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform \
         Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform><ds:Transform \
         Algorithm=\"{C14N}\"></ds:Transform></ds:Transforms><ds:DigestMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>{digest}\
         </ds:DigestValue></ds:Reference></ds:SignedInfo>",
        signer.algorithm().uri()
    );
    let signed_info = format!("<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"{inside}");
    let value = STANDARD.encode(signer.sign(signed_info.as_bytes()).expect("signed"));
    let certificate = STANDARD.encode(signer.certificate_der());
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo{inside}<ds:SignatureValue>{value}\
         </ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>\
         </ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
}

fn attributes() -> Vec<Attribute> {
    let one = |name: &str, values: &[&str]| Attribute {
        name: name.to_owned(),
        name_format: AttributeNameFormat::for_name(name),
        friendly_name: None,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    vec![
        one("email", &["maya.okafor@fernhill.example"]),
        one("firstName", &["Maya"]),
        one("lastName", &["Okafor"]),
        one("memberOf", &["Product analytics", "Growth", "Everyone"]),
    ]
}

fn main() {
    let (sp_key, our_key) = (rsa(), rsa());
    let (sp_certificate, our_certificate) = (certificate(&sp_key), certificate(&our_key));
    let signer = OpensslSigner::new(our_key.clone(), our_certificate.as_der(), SignatureAlgorithm::RsaSha256)
        .expect("a pair");
    let sp_signer =
        OpensslSigner::new(sp_key.clone(), sp_certificate.as_der(), SignatureAlgorithm::RsaSha256)
            .expect("a pair");
    let sp = ServiceProvider {
        signing_certificates: vec![sp_certificate.clone()],
        ..ServiceProvider::new(SP, ACS, NameIdFormat::EmailAddress)
    };
    let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
    let context = VerifyContext::new(&[SSO], now, &[PASSWORD_PROTECTED_TRANSPORT]);
    let mut rng = rand::rngs::StdRng::seed_from_u64(7);

    let unsigned = request("_bench", now, "");
    let posted = STANDARD.encode(request("_bench", now, &enveloped(&unsigned, "_bench", &sp_signer)));
    let address = binding::redirect::signed_url("", MessageParameter::Request, &unsigned, None, &sp_signer)
        .expect("signed");
    let query = address.trim_start_matches('?').to_owned();
    UnverifiedAuthnRequest::from_post(&posted, None).expect("read").verify(&sp, &context).expect("holds");
    let verified = UnverifiedAuthnRequest::from_redirect(&query).expect("read");
    let verified = verified.verify(&sp, &context).expect("holds");

    let (name_id, attributes) =
        (NameId::new(NameIdFormat::EmailAddress, "maya@fernhill.example"), attributes());
    let encrypt_to =
        EncryptTo::new(&sp_certificate, ContentEncryption::Aes256Gcm, KeyTransport::RsaOaepMgf1p)
            .expect("a key");
    let plain = AssertionSpec {
        idp_entity_id: SSO,
        name_id: Some(&name_id),
        attributes: &attributes,
        authn_instant: now,
        authn_context_class_ref: PASSWORD_PROTECTED_TRANSPORT,
        session_index: "_session",
        session_not_on_or_after: None,
        extra_audiences: &[],
        sign: Sign::default(),
        encrypt: None,
        lifetime: AssertionSpec::DEFAULT_LIFETIME,
        not_before_skew: AssertionSpec::DEFAULT_NOT_BEFORE_SKEW,
    };
    let encrypted = AssertionSpec { encrypt: Some(&encrypt_to), ..plain.clone() };
    let target = ResponseTarget::from(&verified);
    let message = [b'x'; 600];

    let mut taken: Vec<Vec<f64>> = vec![Vec::new(); 6];
    for _ in 0..ROUNDS {
        let mut raw = || {
            let mut signer = RawSigner::new(MessageDigest::sha256(), &our_key).expect("a signer");
            std::hint::black_box(signer.sign_oneshot_to_vec(&message).expect("signed"));
        };
        taken[0].push(one(&mut raw));
        taken[1].push(one(&mut || {
            let request = UnverifiedAuthnRequest::from_redirect(&query).expect("read");
            std::hint::black_box(request.verify(&sp, &context).expect("holds"));
        }));
        taken[2].push(one(&mut || {
            let request = UnverifiedAuthnRequest::from_post(&posted, None).expect("read");
            std::hint::black_box(request.verify(&sp, &context).expect("holds"));
        }));
        taken[3].push(one(&mut || {
            let fresh = CertificateDer::from_pem_or_base64(&sp_certificate.to_base64()).expect("read");
            let sp = ServiceProvider { signing_certificates: vec![fresh], ..sp.clone() };
            let request = UnverifiedAuthnRequest::from_post(&posted, None).expect("read");
            std::hint::black_box(request.verify(&sp, &context).expect("holds"));
        }));
        taken[4].push(one(&mut || {
            let issued = saml::response::issue(&target, &plain, &signer, now, &mut rng);
            std::hint::black_box(issued.expect("issued"));
        }));
        taken[5].push(one(&mut || {
            let issued = saml::response::issue(&target, &encrypted, &signer, now, &mut rng);
            std::hint::black_box(issued.expect("issued"));
        }));
    }
    let taken: Vec<f64> = taken.into_iter().map(median).collect();
    let (sign, response) = (taken[0], taken[4]);
    println!("{:>8}  {:>8}  {:<8} what", "CPU µs", "ratio", "goal");
    for (seconds, of, goal, what) in [
        (sign, sign, "", "raw RSA-2048 signature"),
        (taken[1], sign, "", "verify a signed request, HTTP-Redirect, ratio to one signature"),
        (taken[2], sign, "≤ 0.5", "verify a signed request, HTTP-POST, ratio to one signature"),
        (taken[3], sign, "", "the same with the certificate read anew"),
        (response, 2.0 * sign, "≤ 1.25", "response, both signatures, ratio to two signatures"),
        (taken[5], response, "≤ 1.4", "the same encrypted, ratio to the one in clear"),
    ] {
        println!("{:>8.1}  {:>8.2}  {goal:<8} {what}", seconds * 1e6, seconds / of);
    }
}
