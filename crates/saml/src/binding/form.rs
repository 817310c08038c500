//! Owns splitting a raw query or form into the parameters SAML knows, each at most once.
//! Does not decode the messages inside.

use crate::error::{RequestError, RequestErrorKind};

/// The names that carry meaning. A second occurrence of any, or one written with escapes, is refused.
const KNOWN: [&str; 7] =
    ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding", "SAMLart"];

/// The raw values, exactly as they came, still percent-encoded.
#[derive(Debug, Default)]
pub(super) struct RawParameters<'q> {
    values: [Option<&'q str>; KNOWN.len()],
}

impl<'q> RawParameters<'q> {
    /// Splits `raw`. Parameters with other names are left alone.
    pub(super) fn split(raw: &'q str) -> Result<Self, RequestError> {
        let mut parameters = Self::default();
        for pair in raw.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(slot) = known(name) else {
                if percent_decode(name, true).is_ok_and(|decoded| known(&decoded).is_some()) {
                    return Err(duplicate(format!("the parameter name '{name}' is written with escapes")));
                }
                continue;
            };
            if parameters.values[slot].replace(value).is_some() {
                return Err(duplicate(format!("{name} occurs more than once")));
            }
        }
        for other in ["SAMLResponse", "SAMLart"] {
            if parameters.get(other).is_some() {
                return Err(duplicate(format!("{other} where only SAMLRequest belongs")));
            }
        }
        Ok(parameters)
    }

    pub(super) fn get(&self, name: &str) -> Option<&'q str> {
        known(name).and_then(|slot| self.values[slot])
    }
}

fn known(name: &str) -> Option<usize> {
    KNOWN.iter().position(|known| *known == name)
}

fn duplicate(detail: String) -> RequestError {
    RequestError::new(RequestErrorKind::Parameters, detail)
}

/// Decodes percent escapes, of either case. `plus_is_space` as `application/x-www-form-urlencoded` has it;
/// base64 values are decoded without, since SPs forget to escape their plus signs.
pub(super) fn percent_decode(raw: &str, plus_is_space: bool) -> Result<String, RequestError> {
    let malformed =
        || RequestError::new(RequestErrorKind::Encoding, "a parameter is not percent-encoded UTF-8");
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let (high, low) = (bytes.next().and_then(hex), bytes.next().and_then(hex));
                high.zip(low).map(|(high, low)| high << 4 | low).ok_or_else(malformed)?
            }
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| malformed())
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
