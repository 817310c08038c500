//! Owns splitting a raw query or form into the parameters SAML knows, each at most once.
//! Does not decode the messages inside.

use super::MessageParameter;
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
    /// Splits `raw`, in which the only message is that of `expected`. Parameters with other names are
    /// left alone.
    pub(super) fn split(raw: &'q str, expected: MessageParameter) -> Result<Self, RequestError> {
        let parameters = Self::split_any(raw)?;
        let expected = expected.name();
        for other in ["SAMLRequest", "SAMLResponse", "SAMLart"] {
            if other != expected && parameters.get(other).is_some() {
                return Err(refused(format!("{other} where only {expected} belongs")));
            }
        }
        Ok(parameters)
    }

    /// Splits `raw` without knowing which message it holds.
    pub(super) fn split_any(raw: &'q str) -> Result<Self, RequestError> {
        let mut parameters = Self::default();
        for pair in raw.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(slot) = known(name) else {
                if percent_decode(name, true).is_ok_and(|decoded| known(&decoded).is_some()) {
                    return Err(refused(format!("the parameter name '{name}' is written with escapes")));
                }
                continue;
            };
            if parameters.values[slot].replace(value).is_some() {
                return Err(refused(format!("{name} occurs more than once")));
            }
        }
        Ok(parameters)
    }

    /// The raw value of `name`, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<&'q str> {
        known(name).and_then(|slot| self.values[slot])
    }

    /// The name of one that is there.
    pub(super) fn first(&self) -> Option<&'static str> {
        KNOWN.into_iter().zip(&self.values).find_map(|(name, value)| value.map(|_| name))
    }

    /// The raw message.
    pub(super) fn message(&self, expected: MessageParameter) -> Result<&'q str, RequestError> {
        self.get(expected.name()).ok_or_else(|| refused(format!("{} is missing", expected.name())))
    }
}

fn known(name: &str) -> Option<usize> {
    KNOWN.iter().position(|known| *known == name)
}

fn refused(detail: String) -> RequestError {
    RequestError::new(RequestErrorKind::Parameters, detail)
}

/// Encodes `value` for a query: everything but the unreserved characters of RFC 3986 §2.3 is escaped, in
/// upper case. A receiver that decodes and encodes again then arrives at the same octets.
pub(super) fn push_percent_encoded(out: &mut String, value: &str) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.extend(['%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_again() {
        let value = "aZ09-._~ +/=&?%\"<ü😀\t";
        let mut encoded = String::new();
        push_percent_encoded(&mut encoded, value);
        assert_eq!(encoded, "aZ09-._~%20%2B%2F%3D%26%3F%25%22%3C%C3%BC%F0%9F%98%80%09");
        for plus_is_space in [true, false] {
            assert_eq!(percent_decode(&encoded, plus_is_space).as_deref(), Ok(value));
        }
    }
}
