//! Owns the opaque values we hand out: their making, their form, and the hash under which they are stored.
//!
//! Does not own what they stand for.
//!
//! Each kind is its own type with its own prefix, and the hash covers the prefix: a code can never be found
//! where refresh tokens are kept, and a leaked value can be recognised by scanners.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::encoding::{base64url, from_base64url, sha256_base64url};

/// Bytes of randomness in a value: 256 bit.
const RANDOM_BYTES: usize = 32;
/// What they take in base64url.
const ENCODED_BYTES: usize = 43;

/// The text is not a value of this kind: other prefix, other length, other alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of this kind")]
pub struct MalformedToken;

/// The hash under which a value is stored: SHA-256 in base64url. Enough, since the value itself is random.
pub fn hash(value: &str) -> String {
    sha256_base64url(value.as_bytes())
}

fn generate(prefix: &str, rng: &mut dyn CryptoRng) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0_u8; RANDOM_BYTES]);
    rng.fill_bytes(&mut *bytes);
    let encoded = Zeroizing::new(base64url(&*bytes));
    Zeroizing::new([prefix, &encoded].concat())
}

fn parse(prefix: &str, text: &str) -> Result<Zeroizing<String>, MalformedToken> {
    let encoded =
        text.strip_prefix(prefix).filter(|rest| rest.len() == ENCODED_BYTES).ok_or(MalformedToken)?;
    let bytes = from_base64url(encoded).map(Zeroizing::new).ok_or(MalformedToken)?;
    if bytes.len() == RANDOM_BYTES { Ok(Zeroizing::new(text.to_owned())) } else { Err(MalformedToken) }
}

macro_rules! opaque_value {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// What every value of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh value of 256 bit.
            pub fn generate(rng: &mut dyn CryptoRng) -> Self {
                Self(generate(Self::PREFIX, rng))
            }

            /// Reads a presented value; prefix, length and alphabet must be exact.
            ///
            /// # Errors
            /// [`MalformedToken`] otherwise.
            pub fn parse(text: &str) -> Result<Self, MalformedToken> {
                parse(Self::PREFIX, text).map(Self)
            }

            /// The value itself, for the one place that hands it out.
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// The hash to store or to look up.
            pub fn hash(&self) -> String {
                hash(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "[redacted]"))
            }
        }
    };
}

opaque_value! {
    /// An access token.
    AccessToken, "gha_"
}
opaque_value! {
    /// A refresh token.
    RefreshToken, "ghr_"
}
opaque_value! {
    /// An authorization code.
    AuthorizationCode, "ghc_"
}

opaque_value! {
    /// The reference of a pushed authorization request (RFC 9126 §2.2), in the form of its example.
    RequestUri, "urn:ietf:params:oauth:request_uri:"
}
opaque_value! {
    /// An access token of a client that acts on its own behalf. A kind of its own: it never opens what a person's does.
    ServiceToken, "ghm_"
}
opaque_value! {
    /// A device code.
    DeviceCode, "ghd_"
}

/// The longest signed access token taken, in bytes: one that is revoked comes as a parameter, beside its name and perhaps a
/// client's own assertion. What is longer is not issued ([`crate::access_token::issue`]).
pub const MAX_JWT_BYTES: usize = crate::params::MAX_TOTAL_BYTES - 12 * 1024;

/// An access token that is a signed JWT, as presented. It is looked up by the hash of its whole text: nobody who lacks the
/// token knows a text with that hash, so what stands in it need not be read.
#[derive(Clone, PartialEq, Eq)]
pub struct JwtAccessToken(Zeroizing<String>);

impl JwtAccessToken {
    /// Takes a text of three base64url parts, in their one spelling.
    ///
    /// # Errors
    /// [`MalformedToken`] otherwise.
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        let is_part = |part: &str| !part.is_empty() && from_base64url(part).is_some();
        let parts = text.split('.').count();
        if text.len() > MAX_JWT_BYTES || parts != 3 || !text.split('.').all(is_part) {
            return Err(MalformedToken);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The hash to store or to look up.
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

impl fmt::Debug for JwtAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtAccessToken([redacted])")
    }
}

/// A token presented where more than one kind is taken: introspection and revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentedToken {
    /// An opaque access token of a person.
    Access(AccessToken),
    /// An opaque access token of a client on its own behalf.
    Service(ServiceToken),
    /// A signed access token, of either.
    Jwt(JwtAccessToken),
    /// A refresh token.
    Refresh(RefreshToken),
}

impl PresentedToken {
    /// The kind is told by the prefix; `None` if it is no token of ours.
    pub fn parse(text: &str) -> Option<Self> {
        AccessToken::parse(text)
            .map(Self::Access)
            .or_else(|_| RefreshToken::parse(text).map(Self::Refresh))
            .or_else(|_| ServiceToken::parse(text).map(Self::Service))
            .or_else(|_| JwtAccessToken::parse(text).map(Self::Jwt))
            .ok()
    }

    /// Whether it is an access token, of whatever form.
    pub const fn is_access_token(&self) -> bool {
        !matches!(self, Self::Refresh(_))
    }

    /// The hash to look up.
    pub fn hash(&self) -> String {
        match self {
            Self::Access(token) => token.hash(),
            Self::Service(token) => token.hash(),
            Self::Jwt(token) => token.hash(),
            Self::Refresh(token) => token.hash(),
        }
    }
}
