//! Owns the code a person reads from one screen and types into another.
//!
//! Does not own how often one may be tried.

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::token_value;

/// RFC 8628 §6.1: letters without vowels, so that no words appear and no digit is taken for a letter.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// 20^8 codes, 34 bit: enough beside a limit on tries and ten minutes of life.
const LENGTH: usize = 8;

/// A user code, in capitals and without its hyphen.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(Zeroizing<String>);

impl UserCode {
    /// A fresh code; every code is equally likely.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut code = Zeroizing::new(String::with_capacity(LENGTH));
        let mut byte = [0_u8];
        while code.len() < LENGTH {
            rng.fill_bytes(&mut byte);
            // 240 is the largest multiple of 20 in a byte; what is above would favour the first letters.
            if byte[0] < 240 {
                code.push(char::from(ALPHABET[usize::from(byte[0]) % ALPHABET.len()]));
            }
        }
        Self(code)
    }

    /// Reads what a person typed. RFC 8628 §6.1: case and anything that is no letter or digit do not count.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > 64 {
            return None;
        }
        let code: Zeroizing<String> = Zeroizing::new(
            typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect(),
        );
        // A letter of another alphabet that looks like one of ours is no separator.
        let foreign = typed.chars().any(|c| !c.is_ascii() && c.is_alphanumeric());
        let ours = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        (ours && !foreign).then_some(Self(code))
    }

    /// The code as it is shown: `XXXX-XXXX`.
    pub fn shown(&self) -> String {
        let (left, right) = self.0.split_at(LENGTH / 2);
        format!("{left}-{right}")
    }

    /// The hash to store or to look up; covers the kind.
    pub fn hash(&self) -> String {
        token_value::hash(&format!("user_code {}", self.0.as_str()))
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode([redacted])")
    }
}
