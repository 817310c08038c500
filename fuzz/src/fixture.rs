//! Owns what the targets measure inputs against: registered parties, certificates, signed messages, the time.
//! Does not own private keys: the certificates here belong to keys that were thrown away after `seeds` had signed the
//! messages kept here, and the live keys are made anew in every process.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use saml::logout::LogoutVerifyContext;
use saml::{
    Binding, CertificateDer, NameIdFormat, OpensslSigner, ServiceProvider, SignatureAlgorithm,
    SingleLogoutService, VerifyContext,
};

use crate::certificate::self_signed;

/// Our entity id towards the SP, and the address for its requests.
pub const SSO: &str = "https://sso.example/saml2/app";
/// Our address for its logout messages.
pub const SLO: &str = "https://sso.example/saml2/app/slo";
/// The entity id of the SP.
pub const SP: &str = "https://sp.example/metadata";
/// Its assertion consumer service.
pub const ACS: &str = "https://sp.example/acs";
/// Another one.
pub const OTHER_ACS: &str = "https://sp.example/acs/other";
/// Its single logout service.
pub const SP_SLO: &str = "https://sp.example/slo?tenant=1";
/// The LogoutRequest that a LogoutResponse answers.
pub const SENT: &str = "_sent";
/// The issuer of tokens.
pub const ISSUER: &str = "https://id.fernhill.example";
/// The authentication contexts that can be given.
pub const CONTEXTS: [&str; 2] =
    ["urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "https://refeds.org/profile/mfa"];

/// A message that the SP signed, as it travels.
pub struct Signed {
    /// The name of the seed.
    pub name: &'static str,
    /// The XML, or the query.
    pub text: &'static str,
}

macro_rules! signed {
    ($($name:literal),* $(,)?) => {
        [$(Signed { name: $name, text: include_str!(concat!("../fixtures/", $name)) }),*]
    };
}

/// AuthnRequests with an enveloped signature.
pub const AUTHN_XML: [Signed; 3] = signed!("authn_rsa.xml", "authn_ec.xml", "authn_sha1.xml");
/// AuthnRequests in a query.
pub const AUTHN_QUERY: [Signed; 2] = signed!("authn_rsa.query", "authn_ec.query");
/// LogoutRequests with an enveloped signature.
pub const LOGOUT_REQUEST_XML: [Signed; 1] = signed!("logout_request.xml");
/// LogoutRequests in a query.
pub const LOGOUT_REQUEST_QUERY: [Signed; 1] = signed!("logout_request.query");
/// LogoutResponses with an enveloped signature.
pub const LOGOUT_RESPONSE_XML: [Signed; 1] = signed!("logout_response.xml");
/// LogoutResponses in a query.
pub const LOGOUT_RESPONSE_QUERY: [Signed; 1] = signed!("logout_response.query");
/// Metadata with an enveloped signature.
pub const METADATA_XML: [Signed; 2] = signed!("metadata.xml", "aggregate.xml");
/// ID tokens, each with the public key that verifies it, in the order of `oidc::SigningAlgorithm::ALL`.
pub const ID_TOKENS: [(&str, &str); 3] = [
    (include_str!("../fixtures/id_token_rs256.jwt"), include_str!("../fixtures/id_token_rs256.pem")),
    (include_str!("../fixtures/id_token_es256.jwt"), include_str!("../fixtures/id_token_es256.pem")),
    (include_str!("../fixtures/id_token_eddsa.jwt"), include_str!("../fixtures/id_token_eddsa.pem")),
];

const SP_RSA: &str = include_str!("../fixtures/sp_rsa.crt");
const SP_EC: &str = include_str!("../fixtures/sp_ec.crt");

/// When everything happens.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_600_767, 0).expect("2026-03-04T05:06:07Z")
}

/// The certificates of the SP.
pub fn certificates() -> &'static [CertificateDer] {
    static CERTIFICATES: OnceLock<Vec<CertificateDer>> = OnceLock::new();
    CERTIFICATES.get_or_init(|| {
        [SP_RSA, SP_EC]
            .map(|pem| CertificateDer::from_pem_or_base64(pem).expect("a kept certificate"))
            .to_vec()
    })
}

fn registered(signing_certificates: Vec<CertificateDer>) -> ServiceProvider {
    let mut sp = ServiceProvider::new(SP, ACS, NameIdFormat::EmailAddress);
    let mut other = sp.assertion_consumer_services[0].clone();
    (other.url, other.index, other.is_default) = (OTHER_ACS.to_owned(), 1, false);
    sp.assertion_consumer_services.push(other);
    sp.other_name_id_formats = vec![NameIdFormat::Persistent, NameIdFormat::Transient];
    sp.single_logout_services = [Binding::Soap, Binding::HttpPost, Binding::HttpRedirect]
        .map(|binding| SingleLogoutService { binding, location: SP_SLO.to_owned(), response_location: None })
        .to_vec();
    sp.allow_sha1 = true;
    sp.signing_certificates = signing_certificates;
    sp
}

/// The SP, with the certificates of the kept messages. It need not sign.
pub fn sp() -> &'static ServiceProvider {
    static REGISTERED: OnceLock<ServiceProvider> = OnceLock::new();
    REGISTERED.get_or_init(|| registered(certificates().to_vec()))
}

/// The same SP, which must sign.
pub fn signing_sp() -> &'static ServiceProvider {
    static REGISTERED: OnceLock<ServiceProvider> = OnceLock::new();
    REGISTERED.get_or_init(|| ServiceProvider { require_signed_requests: true, ..sp().clone() })
}

/// The SP while the target itself holds its key, so that inputs get past the signature.
pub struct Live {
    /// Signs as the SP.
    pub signer: OpensslSigner,
    /// Trusts that signer only.
    pub sp: ServiceProvider,
}

/// The live SP. Its key is made when the process starts and never leaves it.
pub fn live() -> &'static Live {
    static LIVE: OnceLock<Live> = OnceLock::new();
    LIVE.get_or_init(|| {
        let key = new_ec();
        let certificate = self_signed(&key).to_der().expect("it encodes");
        let signer = OpensslSigner::new(key, certificate.clone(), SignatureAlgorithm::EcdsaSha256);
        let certificate = CertificateDer::new(certificate).expect("a certificate");
        Live { signer: signer.expect("a pair"), sp: registered(vec![certificate]) }
    })
}

/// A fresh key on P-256.
pub fn new_ec() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
    PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key")
}

/// A key for what SPs encrypt for us, made when the target starts; nothing that is tried was encrypted for it.
fn decryption() -> saml::Decryption<'static> {
    static KEYS: OnceLock<[Arc<saml::DecryptionKey>; 1]> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let key = openssl::rsa::Rsa::generate(2048).and_then(PKey::from_rsa).expect("a key");
        [Arc::new(saml::DecryptionKey::new(key).expect("large enough"))]
    });
    saml::Decryption { keys, allow_cbc: true }
}

/// What AuthnRequests are measured against.
pub fn context() -> VerifyContext<'static> {
    VerifyContext { decryption: decryption(), ..VerifyContext::new(&[SSO], now(), &CONTEXTS) }
}

/// What logout messages are measured against.
pub fn logout_context() -> LogoutVerifyContext<'static> {
    LogoutVerifyContext { decryption: decryption(), ..LogoutVerifyContext::new(&[SLO], now()) }
}

/// Counts up: the same values in every run.
pub struct CountingRng(pub u8);

impl rand_core::TryRng for CountingRng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
        for byte in dst {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for CountingRng {}
