//! Owns telling clients that a session ended: logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4) and the addresses of
//! iframes (OpenID Connect Front-Channel Logout 1.0 §3).
//!
//! Does not own sending either.

use serde::Serialize;
use serde_json::{Value, json};

use crate::authorization::response::append_query;
use crate::jws;
use crate::signer::{SignError, Signer};

/// `typ` of a logout token (§2.4): it never passes for an ID token, nor one for it (O-37).
pub const TYP: &str = "logout+jwt";
/// How long a logout token is valid, in seconds: at most two minutes, so that an old one can't be replayed.
pub const LIFETIME_SECONDS: i64 = 120;
/// The one event of a logout token.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whom a logout token is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogoutTokenSpec<'a> {
    /// The issuer, to the byte as in discovery.
    pub issuer: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// The person, as the client knows them.
    pub sub: &'a str,
    /// The session, as in the client's ID tokens.
    pub sid: &'a str,
    /// When it is issued, in seconds since 1970.
    pub now: i64,
    /// Unique: never used for another token.
    pub jti: &'a str,
}

/// The claims; there is no room for a `nonce`, which §2.4 prohibits.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    sub: &'a str,
    sid: &'a str,
    events: Value,
}

/// Back-Channel Logout 1.0 §2.4: signs a logout token, with the key and algorithm of the client's ID tokens.
///
/// # Errors
/// [`SignError`] if the key refuses.
pub fn issue(spec: &LogoutTokenSpec<'_>, signer: &dyn Signer) -> Result<String, SignError> {
    let claims = Claims {
        iss: spec.issuer,
        aud: spec.client_id,
        iat: spec.now,
        exp: spec.now + LIFETIME_SECONDS,
        jti: spec.jti,
        sub: spec.sub,
        sid: spec.sid,
        events: json!({ EVENT: {} }),
    };
    jws::sign(&claims, TYP, signer)
}

/// Front-Channel Logout 1.0 §3: the registered address with issuer and session, to be loaded in an iframe. Its own query stays.
pub fn frame_address(registered: &str, issuer: &str, sid: &str) -> String {
    append_query(registered, &[("iss", issuer), ("sid", sid)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_s_address_keeps_its_own_query() {
        assert_eq!(
            frame_address("https://rp.example/out?a=b", "https://id.example", "s1"),
            "https://rp.example/out?a=b&iss=https%3A%2F%2Fid.example&sid=s1"
        );
    }
}
