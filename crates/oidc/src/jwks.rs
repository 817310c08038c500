//! Owns the public keys as published: JWK, JWK Set and thumbprints (RFC 7517, RFC 7518 §6, RFC 8037, RFC 7638).
//!
//! Does not own private keys; there is no way to put one in.

use openssl::bn::{BigNum, BigNumContext};
use openssl::pkey::{HasPublic, PKey, PKeyRef, Public};
use serde::Serialize;
use serde_json::json;

use crate::encoding::{base64url, sha256_base64url};
use crate::signer::{P256_BYTES, SignError, SigningAlgorithm};

/// One public key of the set.
#[derive(Clone, Debug)]
pub struct Jwk {
    kid: String,
    algorithm: SigningAlgorithm,
    members: PublicMembers,
    key: PKey<Public>,
}

/// The members that make up a public key, in the lexicographic order that RFC 7638 §3 hashes them in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum PublicMembers {
    Ec { crv: &'static str, kty: &'static str, x: String, y: String },
    Okp { crv: &'static str, kty: &'static str, x: String },
    Rsa { e: String, kty: &'static str, n: String },
}

impl Jwk {
    /// The public half of `key`, named `kid`, or by its thumbprint if `kid` is `None`.
    ///
    /// # Errors
    /// [`SignError::WrongKey`] if the key does not fit the algorithm.
    pub fn new<T: HasPublic>(
        kid: Option<&str>,
        key: &PKeyRef<T>,
        algorithm: SigningAlgorithm,
    ) -> Result<Self, SignError> {
        algorithm.check_key(key)?;
        let members = PublicMembers::of(key, algorithm)?;
        let kid = kid.map_or_else(|| members.thumbprint(), |kid| Ok(kid.to_owned()))?;
        let key = PKey::public_key_from_der(&key.public_key_to_der()?)?;
        Ok(Self { kid, algorithm, members, key })
    }

    /// The name of the key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm the key is for.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// RFC 7517 §4: the key as published, for signatures and for its one algorithm.
    pub fn to_json(&self) -> serde_json::Value {
        let mut jwk = json!({ "kid": self.kid, "use": "sig", "alg": self.algorithm });
        let named = match &self.members {
            PublicMembers::Rsa { e, kty, n } => vec![("kty", *kty), ("n", n), ("e", e)],
            PublicMembers::Ec { crv, kty, x, y } => vec![("kty", *kty), ("crv", *crv), ("x", x), ("y", y)],
            PublicMembers::Okp { crv, kty, x } => vec![("kty", *kty), ("crv", *crv), ("x", x)],
        };
        for (name, value) in named {
            jwk[name] = value.into();
        }
        jwk
    }
}

/// The RFC 7638 thumbprint (SHA-256, base64url) of a key: the usual `kid`.
///
/// # Errors
/// [`SignError::WrongKey`] if the key does not fit the algorithm.
pub fn thumbprint<T: HasPublic>(key: &PKeyRef<T>, algorithm: SigningAlgorithm) -> Result<String, SignError> {
    algorithm.check_key(key)?;
    PublicMembers::of(key, algorithm)?.thumbprint()
}

impl PublicMembers {
    fn of<T: HasPublic>(key: &PKeyRef<T>, algorithm: SigningAlgorithm) -> Result<Self, SignError> {
        Ok(match algorithm {
            // RFC 7518 §6.3.1: the fewest octets that represent the number, no leading zero.
            SigningAlgorithm::Rs256 => {
                let rsa = key.rsa()?;
                Self::Rsa { e: base64url(&rsa.e().to_vec()), kty: "RSA", n: base64url(&rsa.n().to_vec()) }
            }
            // RFC 7518 §6.2.1.2: coordinates have the full length of the field.
            SigningAlgorithm::Es256 => {
                let ec = key.ec_key()?;
                let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
                let mut context = BigNumContext::new()?;
                ec.public_key().affine_coordinates(ec.group(), &mut x, &mut y, &mut context)?;
                let length = i32::try_from(P256_BYTES).expect("32 fits an i32");
                Self::Ec {
                    crv: "P-256",
                    kty: "EC",
                    x: base64url(&x.to_vec_padded(length)?),
                    y: base64url(&y.to_vec_padded(length)?),
                }
            }
            SigningAlgorithm::EdDsa => {
                Self::Okp { crv: "Ed25519", kty: "OKP", x: base64url(&key.raw_public_key()?) }
            }
        })
    }

    /// RFC 7638 §3: SHA-256 over the required members only, in lexicographic order, without white space.
    pub(crate) fn thumbprint(&self) -> Result<String, SignError> {
        Ok(sha256_base64url(&serde_json::to_vec(self)?))
    }
}

/// The keys that verify what we issued: current, next and not yet retired.
#[derive(Clone, Debug, Default)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// A set. A `kid` that repeats is left out after its first key: clients need distinct ones.
    pub fn new(keys: impl IntoIterator<Item = Jwk>) -> Self {
        let mut set: Vec<Jwk> = Vec::new();
        for key in keys {
            if !set.iter().any(|other| other.kid == key.kid) {
                set.push(key);
            }
        }
        Self(set)
    }

    /// The document of the JWKS address.
    pub fn to_json(&self) -> serde_json::Value {
        json!({ "keys": self.0.iter().map(Jwk::to_json).collect::<Vec<_>>() })
    }

    /// The key of that name, if it is for that algorithm.
    pub(crate) fn find(&self, kid: &str, algorithm: SigningAlgorithm) -> Option<&PKeyRef<Public>> {
        self.0.iter().find(|jwk| jwk.kid == kid && jwk.algorithm == algorithm).map(|jwk| &*jwk.key)
    }

    /// The keys in order.
    pub fn iter(&self) -> impl Iterator<Item = &Jwk> {
        self.0.iter()
    }
}
