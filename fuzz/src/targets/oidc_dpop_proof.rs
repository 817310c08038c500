//! Proofs of possession: a header value that a stranger wrote, or one that is signed on the spot.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc::dpop::{ProofContext, UnverifiedProof, VerifiedProof, htu};
use oidc::jose::PublicKey;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

use crate::fixture::now;

const ADDRESS: &str = "https://id.fernhill.example/oauth2/token";
const TOKEN: &str = "gha_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

struct Key {
    key: PKey<Private>,
    jwk: serde_json::Value,
    thumbprint: String,
}

fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = PKey::generate_ed25519().expect("a key");
        let x = URL_SAFE_NO_PAD.encode(key.raw_public_key().expect("32 bytes"));
        let jwk = serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        let public = PublicKey::parse(jwk.to_string().as_bytes()).expect("a key of a kind that is taken");
        Key { key, jwk, thumbprint: public.thumbprint().to_owned() }
    })
}

/// Takes the input as a header value; or, if it begins with `{`, as the claims of a proof that is signed on the spot; or, if
/// with `!`, as header (where `JWK` stands for the key) and claims on two lines.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let key = key();
    let (header, claims) = if text.starts_with('{') {
        (r#"{"typ":"dpop+jwt","alg":"EdDSA","jwk":JWK}"#, text)
    } else if let Some((header, claims)) = text.strip_prefix('!').and_then(|rest| rest.split_once('\n')) {
        (header, claims)
    } else {
        // Nobody but the holder of a key can make a proof by it: what verifies here was signed by its own key.
        if let Ok(proof) = verify(text) {
            assert_ne!(proof.thumbprint(), key.thumbprint, "a proof by our key that we never made");
        }
        let _ = htu::matches(text, ADDRESS);
        return;
    };
    let header = header.replace("JWK", &key.jwk.to_string());
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(claims));
    let signature = Signer::new_without_digest(&key.key)
        .and_then(|mut signer| signer.sign_oneshot_to_vec(message.as_bytes()))
        .expect("the key signs");
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    if let Ok(proof) = verify(&token) {
        check(&proof, &header, claims);
    }
}

fn verify(token: &str) -> Result<VerifiedProof, oidc::ProtocolError> {
    let nonces = ["good".to_owned()];
    let context = ProofContext {
        method: "POST",
        address: ADDRESS,
        access_token: Some(TOKEN),
        nonces: &nonces,
        nonce_required: false,
        now: now(),
    };
    UnverifiedProof::parse(token)?.verify(&context)
}

/// What is acted upon is what any reader of JSON sees.
fn check(proof: &VerifiedProof, header: &str, claims: &str) {
    assert_eq!(proof.thumbprint(), key().thumbprint);
    let header: serde_json::Value = serde_json::from_str(header).expect("JSON");
    let claims: serde_json::Value = serde_json::from_str(claims).expect("JSON");
    assert_eq!(header["typ"], "dpop+jwt");
    assert!(["EdDSA", "Ed25519"].contains(&header["alg"].as_str().expect("a name")));
    assert!(header["jwk"].get("d").is_none_or(serde_json::Value::is_null), "a private key");
    assert_eq!(claims["htm"], "POST");
    assert!(htu::matches(claims["htu"].as_str().expect("an address"), ADDRESS));
    let issued = claims["iat"].as_f64().expect("a number");
    #[expect(clippy::cast_precision_loss, reason = "a date of this century")]
    let age = now().timestamp() as f64 - issued;
    assert!((-31.0..=61.0).contains(&age), "{age} seconds old");
    let expected = URL_SAFE_NO_PAD.encode(openssl::sha::sha256(TOKEN.as_bytes()));
    assert_eq!(claims["ath"], expected.as_str());
    assert!(claims.get("nonce").is_none_or(|nonce| nonce.is_null() || nonce == "good"));
    let jti = claims["jti"].as_str().expect("a name");
    assert!(!jti.is_empty() && jti.chars().count() <= 128);
}
