//! Owns client secrets in memory: never printed, compared in constant time, erased when dropped.
//!
//! Does not own how they are stored beyond their hash.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::encoding::{base64url, constant_time_eq};
use crate::token_value;

/// A client secret. Equality takes the same time wherever the first difference is.
#[derive(Clone)]
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// What a generated secret begins with, so that scanners recognise a leaked one.
    pub const PREFIX: &'static str = "ghs_";

    /// A fresh secret of 256 bit.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        rng.fill_bytes(&mut *bytes);
        Self(Zeroizing::new([Self::PREFIX, &base64url(&*bytes)].concat()))
    }

    /// A secret as presented or configured.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The secret itself, for the one place that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash to store.
    pub fn hash(&self) -> String {
        token_value::hash(&self.0)
    }

    /// Whether `stored` is the hash of this secret.
    pub fn matches_hash(&self, stored: &str) -> bool {
        constant_time_eq(self.hash().as_bytes(), stored.as_bytes())
    }
}

/// Compares hashes, so that not even the length shows in the time taken.
impl PartialEq for ClientSecret {
    fn eq(&self, other: &Self) -> bool {
        other.matches_hash(&self.hash())
    }
}

impl Eq for ClientSecret {}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
