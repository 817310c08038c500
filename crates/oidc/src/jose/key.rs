//! Owns a public key as a client shows it: a JWK (RFC 7517), its rules and its thumbprint (RFC 7638).
//!
//! Does not own where it came from, or whether it is the right one.

use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, PKeyRef, Public};
use openssl::rsa::Rsa;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::algorithm::{ClientAlgorithm, MAX_RSA_BITS};
use super::object;
use crate::encoding::from_base64url;
use crate::jwks::PublicMembers;
use crate::signer::P256_BYTES;

/// The longest `kid` taken, in bytes.
const MAX_KID_BYTES: usize = 255;

/// A JWK as presented. Members that carry a private key are noticed, whatever their value.
#[derive(Deserialize)]
pub(crate) struct PresentedJwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

/// Why a JWK cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not an object with the members of its kind.
    #[error("the key is malformed")]
    Malformed,
    /// It holds a private or shared key.
    #[error("the key holds its private part")]
    Private,
    /// Neither RSA of 2048 to 8192 bits, nor P-256, nor Ed25519.
    #[error("the key is of a kind or strength that is not taken")]
    Unsupported,
}

impl From<ErrorStack> for KeyError {
    /// OpenSSL refuses points that are not on the curve, and the like.
    fn from(_: ErrorStack) -> Self {
        Self::Malformed
    }
}

/// A public key that may verify signatures.
#[derive(Clone, Debug)]
pub struct PublicKey {
    kid: Option<String>,
    algorithm: Option<ClientAlgorithm>,
    thumbprint: String,
    key: PKey<Public>,
}

impl PublicKey {
    /// Reads a JWK.
    ///
    /// # Errors
    /// [`KeyError`] if it is malformed, private, or of a kind that is not taken.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        Self::from_presented(&object::parse(json).ok_or(KeyError::Malformed)?)
    }

    pub(crate) fn from_presented(jwk: &PresentedJwk) -> Result<Self, KeyError> {
        let private = [&jwk.d, &jwk.p, &jwk.q, &jwk.dp, &jwk.dq, &jwk.qi, &jwk.oth, &jwk.k];
        if private.iter().any(|member| member.is_some()) {
            return Err(KeyError::Private);
        }
        // RFC 7517 §4.2: a key for encryption verifies nothing.
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(KeyError::Unsupported);
        }
        if jwk.kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID_BYTES) {
            return Err(KeyError::Malformed);
        }
        let (members, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => rsa(jwk)?,
            ("EC", Some("P-256")) => p256(jwk)?,
            ("OKP", Some("Ed25519")) => ed25519(jwk)?,
            _ => return Err(KeyError::Unsupported),
        };
        let algorithm = match &jwk.alg {
            None => None,
            // RFC 7517 §4.4: the one algorithm the key is for.
            Some(name) => {
                let named = ClientAlgorithm::parse(name).filter(|algorithm| algorithm.fits(&key));
                Some(named.ok_or(KeyError::Unsupported)?)
            }
        };
        let thumbprint = members.thumbprint().map_err(|_| KeyError::Malformed)?;
        Ok(Self { kid: jwk.kid.clone(), algorithm, thumbprint, key })
    }

    /// The name the client gave it.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// RFC 7638: SHA-256 over the members that make up the key, base64url; `jkt` of RFC 9449.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether a signature by this algorithm may be checked with it.
    pub fn serves(&self, algorithm: ClientAlgorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && algorithm.fits(&self.key)
    }

    pub(crate) fn key(&self) -> &PKeyRef<Public> {
        &self.key
    }
}

/// A base64url member of at most `max` bytes.
fn bytes(member: Option<&String>, max: usize) -> Result<Vec<u8>, KeyError> {
    let text = member.ok_or(KeyError::Malformed)?;
    // Four characters hold three bytes.
    if text.len() > max.div_ceil(3) * 4 {
        return Err(KeyError::Unsupported);
    }
    from_base64url(text).filter(|bytes| !bytes.is_empty()).ok_or(KeyError::Malformed)
}

/// RFC 7518 §6.3.1: modulus and exponent in the fewest octets. The exponent is 65537 or another odd number up to 32 bit:
/// a smaller one is weak, a larger one only slow.
fn rsa(jwk: &PresentedJwk) -> Result<(PublicMembers, PKey<Public>), KeyError> {
    let (n, e) = (bytes(jwk.n.as_ref(), MAX_RSA_BITS as usize / 8)?, bytes(jwk.e.as_ref(), 8)?);
    if n[0] == 0 || e[0] == 0 {
        return Err(KeyError::Malformed);
    }
    let exponent = e.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    if e.len() > 4 || exponent < 65_537 || exponent % 2 == 0 {
        return Err(KeyError::Unsupported);
    }
    let rsa = Rsa::from_public_components(BigNum::from_slice(&n)?, BigNum::from_slice(&e)?)?;
    let key = PKey::from_rsa(rsa)?;
    if !ClientAlgorithm::Ps256.fits(&key) {
        return Err(KeyError::Unsupported);
    }
    let text = |member: &Option<String>| member.clone().unwrap_or_default();
    Ok((PublicMembers::Rsa { e: text(&jwk.e), kty: "RSA", n: text(&jwk.n) }, key))
}

/// RFC 7518 §6.2.1.2: both coordinates have the full length of the field.
fn p256(jwk: &PresentedJwk) -> Result<(PublicMembers, PKey<Public>), KeyError> {
    let (x, y) = (bytes(jwk.x.as_ref(), P256_BYTES)?, bytes(jwk.y.as_ref(), P256_BYTES)?);
    if x.len() != P256_BYTES || y.len() != P256_BYTES {
        return Err(KeyError::Malformed);
    }
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let (point_x, point_y) = (BigNum::from_slice(&x)?, BigNum::from_slice(&y)?);
    let key = PKey::from_ec_key(EcKey::from_public_key_affine_coordinates(&group, &point_x, &point_y)?)?;
    let text = |member: &Option<String>| member.clone().unwrap_or_default();
    Ok((PublicMembers::Ec { crv: "P-256", kty: "EC", x: text(&jwk.x), y: text(&jwk.y) }, key))
}

/// RFC 8037 §2: the 32 bytes of the public key.
fn ed25519(jwk: &PresentedJwk) -> Result<(PublicMembers, PKey<Public>), KeyError> {
    let x = bytes(jwk.x.as_ref(), 32)?;
    if x.len() != 32 || jwk.y.is_some() {
        return Err(KeyError::Malformed);
    }
    let key = PKey::public_key_from_raw_bytes(&x, Id::ED25519)?;
    let text = jwk.x.clone().unwrap_or_default();
    Ok((PublicMembers::Okp { crv: "Ed25519", kty: "OKP", x: text }, key))
}
