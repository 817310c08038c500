//! Owns the one strict parser of `application/x-www-form-urlencoded` text, in queries and in bodies.
//!
//! Does not own what a parameter means.

use std::fmt;

use crate::error::ProtocolError;

/// The longest query or body taken, in bytes before decoding.
pub const MAX_TOTAL_BYTES: usize = 32 * 1024;
/// The most parameters taken.
pub const MAX_COUNT: usize = 64;
/// The longest `state` and `nonce` taken, in bytes after decoding.
pub const MAX_ECHOED_BYTES: usize = 2 * 1024;

/// The one parameter that may come several times (RFC 8707 §2).
const REPEATABLE: &str = "resource";

/// Decoded parameters, each name at most once but for `resource`. `Debug` prints the names only: values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Parses a raw query (without `?`) or form body.
    ///
    /// RFC 6749 §3.1, §3.2: no parameter may be included more than once; a repeated one is refused, known or
    /// not, equal value or not. RFC 8707 §2: but `resource` may.
    ///
    /// # Errors
    /// `invalid_request` if too long, too many, repeated, or if an escape or the UTF-8 is broken.
    pub fn parse(raw: &str) -> Result<Self, ProtocolError> {
        if raw.len() > MAX_TOTAL_BYTES {
            return Err(ProtocolError::invalid_request("the request is too long"));
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        for segment in raw.split('&').filter(|segment| !segment.is_empty()) {
            if pairs.len() == MAX_COUNT {
                return Err(ProtocolError::invalid_request("the request has too many parameters"));
            }
            let (name, value) = segment.split_once('=').unwrap_or((segment, ""));
            let (Some(name), Some(value)) = (decode_component(name), decode_component(value)) else {
                return Err(ProtocolError::invalid_request("the request is not properly encoded"));
            };
            if name != REPEATABLE && pairs.iter().any(|(seen, _)| *seen == name) {
                return Err(ProtocolError::invalid_request("a parameter is repeated")
                    .with_detail(format!("repeated: {:?}", name.chars().take(64).collect::<String>())));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter.
    ///
    /// RFC 6749 §3.1: a parameter without a value counts as omitted.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// Every value of a parameter that may be repeated, in order; those without a value count as omitted.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        values.filter(|value| !value.is_empty()).collect()
    }

    /// Names and values in the order in which they were sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a parameter that must be there; `missing` is the public description otherwise.
    ///
    /// # Errors
    /// `invalid_request` if it is absent or empty.
    pub fn require(&self, name: &str, missing: &'static str) -> Result<&str, ProtocolError> {
        self.get(name).ok_or_else(|| ProtocolError::invalid_request(missing))
    }

    /// Whether the parameter was sent, even without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// How many parameters were sent.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Decodes one name or value; `None` if an escape is broken, the bytes are not UTF-8, or hold a NUL, which no
/// parameter needs and a database may not be able to keep.
pub(crate) fn decode_component(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    if bytes.contains(&0) {
        return None;
    }
    String::from_utf8(bytes).ok()
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Whether `value` can be sent back unchanged by a redirect and by an HTML form: short enough, and without
/// control characters, which forms rewrite.
pub(crate) fn is_echoable(value: &str) -> bool {
    value.len() <= MAX_ECHOED_BYTES && !value.chars().any(char::is_control)
}
