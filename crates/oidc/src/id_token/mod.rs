//! Owns ID tokens: their claims, their issue, `at_hash`.
//!
//! Does not own which claims about a person go in; see [`crate::claims`].

pub mod hint;

use openssl::hash::{MessageDigest, hash};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::claims::is_protocol_claim;
use crate::encoding::base64url;
use crate::jws;
use crate::signer::{SignError, Signer, SigningAlgorithm};

/// `typ` of an ID token. Other kinds of token have other types, so none passes for another (RFC 8725 §3.11).
pub const TYP: &str = "JWT";

/// The claims of OpenID Connect Core §2. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IdTokenClaims {
    /// The issuer, to the byte as in discovery.
    pub iss: String,
    /// Who signed in; at most 255 ASCII characters.
    pub sub: String,
    /// The client_id. One string: so no `azp` is needed.
    pub aud: String,
    /// When it stops being valid.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// When the person authenticated; required if `max_age` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// As in the authorization request. At refresh: absent, or the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// See [`at_hash`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The authentication context reached; never empty.
    #[serde(skip_serializing_if = "is_blank")]
    pub acr: Option<String>,
    /// The methods used (RFC 8176).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The session, for logout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The client, where `aud` is somebody else. Not needed by the code flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// Claims about the person. Names of the protocol are left out at issue.
    #[serde(flatten)]
    pub additional: Map<String, Value>,
}

#[expect(clippy::ref_option, reason = "serde hands over the field itself")]
fn is_blank(text: &Option<String>) -> bool {
    text.as_deref().is_none_or(str::is_empty)
}

/// Signs an ID token.
///
/// Claims in `additional` that bear a name of the protocol (`sub`, `aud`, `exp`, …) are left out: no mapping
/// of attributes may say who somebody is.
///
/// # Errors
/// [`SignError`] if the key refuses.
pub fn issue(claims: &IdTokenClaims, signer: &dyn Signer) -> Result<String, SignError> {
    if claims.additional.keys().any(|name| is_protocol_claim(name)) {
        let mut cleaned = claims.clone();
        cleaned.additional.retain(|name, _| !is_protocol_claim(name));
        return jws::sign(&cleaned, TYP, signer);
    }
    jws::sign(claims, TYP, signer)
}

/// OpenID Connect Core §3.1.3.6: the left half of the hash of the access token, base64url. The hash is that of
/// the ID token's algorithm: SHA-256, and SHA-512 for Ed25519.
///
/// # Errors
/// [`SignError::Openssl`] if the digest is not available.
pub fn at_hash(access_token: &str, algorithm: SigningAlgorithm) -> Result<String, SignError> {
    let digest = match algorithm {
        SigningAlgorithm::Rs256 | SigningAlgorithm::Es256 => MessageDigest::sha256(),
        SigningAlgorithm::EdDsa => MessageDigest::sha512(),
    };
    let full = hash(digest, access_token.as_bytes())?;
    Ok(base64url(&full[..full.len() / 2]))
}
