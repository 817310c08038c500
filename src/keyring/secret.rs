//! Values that must not be printed, and the comparison of secrets that are kept only as hashes.
//! Does not own encryption (`envelope`).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $exposed:ty) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name($inner);

        impl $name {
            /// Takes the value in.
            pub fn new(value: impl Into<$inner>) -> Self {
                Self(value.into())
            }

            /// The value itself; named so that its uses stand out.
            pub fn expose(&self) -> &$exposed {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[redacted]")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[redacted]")
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }
    };
}

secret! {
    /// Bytes that print as `[redacted]` and are wiped when dropped.
    SecretBytes, Vec<u8>, [u8]
}
secret! {
    /// A text that prints as `[redacted]` and is wiped when dropped.
    SecretText, String, str
}

/// SHA-256, base64url: how random secrets of 128 bits and more are kept when only comparison is needed (D-02).
pub fn secret_hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

/// Whether a secret is the one a hash was made from, in constant time.
pub fn secret_matches(secret: &str, hash: &str) -> bool {
    constant_time_eq(secret_hash(secret).as_bytes(), hash.as_bytes())
}

/// Whether two byte strings are equal; takes the same time wherever they differ. The length is not secret.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
