//! Owns what every test needs: a client, a request, a clock, a generator, keys made on the spot.

use std::convert::Infallible;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use oidc::authorization::request::{
    AuthorizationRefusal, ProviderPolicy, UnverifiedAuthorizationRequest, VerifiedAuthorizationRequest,
};
use oidc::jwks::{Jwk, JwkSet};
use oidc::{Client, OpensslSigner, RedirectUri, Signer as _, SigningAlgorithm};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use rand_core::{TryCryptoRng, TryRng};

pub const ISSUER: &str = "https://id.fernhill.example";
pub const CALLBACK: &str = "https://metrics.example/callback";
/// RFC 7636 Appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("in range")
}

/// Counts up: the same values in every run.
pub struct CountingRng(pub u8);

impl TryRng for CountingRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for byte in dst {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl TryCryptoRng for CountingRng {}

pub fn uri(text: &str) -> RedirectUri {
    RedirectUri::register(text, true).expect("a good redirect URI")
}

pub fn client() -> Client {
    let mut client = Client::new("metrics", vec![uri(CALLBACK)]);
    client.post_logout_redirect_uris = vec![uri("https://metrics.example/bye")];
    client
}

/// A good request; `changes` replace, add or (with an empty value) remove parameters.
pub fn query(changes: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("client_id", "metrics"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        pairs.retain(|(own, _)| own != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub fn verify_for(
    client: &Client,
    changes: &[(&str, &str)],
) -> Result<VerifiedAuthorizationRequest, AuthorizationRefusal> {
    UnverifiedAuthorizationRequest::parse(&query(changes))
        .expect("the query parses")
        .verify(client, &ProviderPolicy::default())
}

pub fn verify(changes: &[(&str, &str)]) -> Result<VerifiedAuthorizationRequest, AuthorizationRefusal> {
    verify_for(&client(), changes)
}

/// The code of a refusal that is redirected; panics if it is on a page or if there is none.
pub fn redirected(result: Result<VerifiedAuthorizationRequest, AuthorizationRefusal>) -> &'static str {
    match result.expect_err("must be refused") {
        AuthorizationRefusal::Redirect { error, redirect_uri, .. } => {
            assert_eq!(redirect_uri.as_str(), CALLBACK);
            error.code().as_str()
        }
        AuthorizationRefusal::Page { error } => unreachable!("refused on a page: {error}"),
    }
}

pub fn private_key(algorithm: SigningAlgorithm) -> PKey<Private> {
    match algorithm {
        SigningAlgorithm::Rs256 => Rsa::generate(2048).and_then(PKey::from_rsa),
        SigningAlgorithm::Es256 => EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)
            .and_then(|group| EcKey::generate(&group))
            .and_then(PKey::from_ec_key),
        _ => PKey::generate_ed25519(),
    }
    .expect("OpenSSL makes a key")
}

/// One signer an algorithm, made once.
pub fn signer(algorithm: SigningAlgorithm) -> &'static OpensslSigner {
    static SIGNERS: OnceLock<[OpensslSigner; 3]> = OnceLock::new();
    let signers = SIGNERS.get_or_init(|| {
        SigningAlgorithm::ALL.map(|algorithm| {
            let kid = format!("key-{algorithm}");
            OpensslSigner::new(kid, private_key(algorithm), algorithm).expect("the key fits")
        })
    });
    signers.iter().find(|signer| signer.algorithm() == algorithm).expect("all are there")
}

pub fn jwk(signer: &OpensslSigner) -> Jwk {
    Jwk::new(Some(signer.kid()), signer.key(), signer.algorithm()).expect("the key fits")
}

pub fn key_set() -> JwkSet {
    JwkSet::new(SigningAlgorithm::ALL.map(|algorithm| jwk(signer(algorithm))))
}
