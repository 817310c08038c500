//! Owns `private_key_jwt`: a client that proves itself with a signature (RFC 7523, OpenID Connect Core §9).
//!
//! Does not own the client's keys, nor the memory of assertions that were used.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::encoding::{numeric_date, sha256_base64url};
use crate::error::ProtocolError;
use crate::jose::compact::Compact;
use crate::jose::object;
use crate::jose::{ClientAlgorithm, KeySet};
use crate::params::Params;

/// RFC 7523 §2.2: the only `client_assertion_type`.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest assertion looked at, in bytes.
const MAX_BYTES: usize = 8 * 1024;
/// The longest `jti` taken, in bytes.
const MAX_JTI_BYTES: usize = 255;
/// How far ahead `exp` may be: an assertion is made for one request, and is remembered until it ends.
const MAX_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How far the client's clock may be off. FAPI 2.0 §5.3.2.1: 10 s ahead must be taken, more than 60 s refused.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// The members of the header that are looked at. Those that carry or point to a key are noticed and refused: keys come
/// from the client's registration and from nowhere else (RFC 8725 §3.10).
#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
    typ: Option<String>,
    jwk: Option<IgnoredAny>,
    jku: Option<IgnoredAny>,
    x5u: Option<IgnoredAny>,
    x5c: Option<IgnoredAny>,
    crit: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
}

#[derive(Clone, Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    /// One string; a list is another shape and is refused: it would let one assertion serve at several servers.
    aud: Option<String>,
    jti: Option<String>,
    exp: Option<f64>,
    #[serde(default)]
    nbf: Option<f64>,
    #[serde(default)]
    iat: Option<f64>,
}

/// An assertion that was read. `Debug` prints no part of it.
#[derive(Clone)]
pub struct ClientAssertion {
    client_id: String,
    algorithm: ClientAlgorithm,
    kid: Option<String>,
    claims: Claims,
    compact: Compact,
}

/// An assertion that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAssertion {
    replay_id: String,
    remember_until: DateTime<Utc>,
}

/// Why an assertion does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssertionError {
    /// No key of the client has that name or fits that algorithm: the client may have a new one at its address.
    UnknownKey,
    /// Refused.
    Refused(ProtocolError),
}

impl From<ProtocolError> for AssertionError {
    fn from(error: ProtocolError) -> Self {
        Self::Refused(error)
    }
}

impl ClientAssertion {
    /// Reads the assertion of a body, if it holds one.
    ///
    /// # Errors
    /// `invalid_client`.
    pub fn from_params(params: &Params) -> Result<Option<Self>, ProtocolError> {
        let sent = params.contains("client_assertion") || params.contains("client_assertion_type");
        if !sent {
            return Ok(None);
        }
        // RFC 7521 §4.2: both parameters, and the one type.
        if params.get("client_assertion_type") != Some(TYPE) {
            return Err(refused("client_assertion_type is not that of RFC 7523"));
        }
        let assertion =
            params.get("client_assertion").ok_or_else(|| refused("client_assertion is missing"))?;
        let read = Self::parse(assertion)?;
        // RFC 7521 §4.2: client_id is not needed; if it is there, it names the same client.
        if params.get("client_id").is_some_and(|other| other != read.client_id) {
            return Err(refused("the client_id is not that of the client assertion"));
        }
        Ok(Some(read))
    }

    /// Reads an assertion; nothing is verified.
    ///
    /// # Errors
    /// `invalid_client`.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let compact =
            Compact::parse(text, MAX_BYTES).ok_or_else(|| refused("the client assertion is not a JWT"))?;
        let header: Header =
            object::parse(&compact.header).ok_or_else(|| refused("the assertion’s header is malformed"))?;
        let claims: Claims =
            object::parse(&compact.payload).ok_or_else(|| refused("the assertion’s claims are malformed"))?;
        check_header(&header)?;
        let algorithm =
            header.alg.as_deref().and_then(ClientAlgorithm::parse).ok_or_else(|| {
                refused("the assertion’s alg is not RS256, PS256, ES256 or EdDSA (Ed25519)")
            })?;
        let client_id = claims.sub.clone().filter(|sub| !sub.is_empty());
        let client_id = client_id.ok_or_else(|| refused("the assertion has no sub"))?;
        Ok(Self { client_id, algorithm, kid: header.kid, claims, compact })
    }

    /// The client it says it is of.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The algorithm it says it is signed with.
    pub const fn algorithm(&self) -> ClientAlgorithm {
        self.algorithm
    }

    /// Verifies it: algorithm, signature, then each claim.
    ///
    /// `allowed` are the algorithms registered for the client, `issuer` is the only audience.
    ///
    /// # Errors
    /// [`AssertionError`].
    pub fn verify(
        &self,
        client_id: &str,
        allowed: &[ClientAlgorithm],
        keys: &KeySet,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<VerifiedAssertion, AssertionError> {
        if !allowed.contains(&self.algorithm) {
            let names = allowed.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>().join(", ");
            return Err(refused(&format!(
                "the assertion is signed with {}, not with {names}",
                self.algorithm
            ))
            .into());
        }
        self.check_signature(keys)?;
        self.check_names(client_id, issuer)?;
        let expires_at = self.check_times(now)?;
        let jti = self.claims.jti.as_deref().filter(|jti| (1..=MAX_JTI_BYTES).contains(&jti.len()));
        // OpenID Connect Core §9: jti is required, and counts once.
        let jti = jti.ok_or_else(|| refused("the assertion has no jti of 1 to 255 bytes"))?;
        let replay_id = sha256_base64url(format!("assertion\n{client_id}\n{jti}").as_bytes());
        Ok(VerifiedAssertion { replay_id, remember_until: expires_at + LEEWAY + TimeDelta::seconds(1) })
    }

    fn check_signature(&self, keys: &KeySet) -> Result<(), AssertionError> {
        let mut candidates = keys.candidates(self.kid.as_deref(), self.algorithm).peekable();
        if candidates.peek().is_none() {
            return Err(AssertionError::UnknownKey);
        }
        let message = self.compact.message.as_bytes();
        let signed =
            candidates.any(|key| self.algorithm.verifies(key.key(), message, &self.compact.signature));
        if signed { Ok(()) } else { Err(refused("the assertion’s signature is wrong").into()) }
    }

    /// RFC 7523 §3: issuer and subject are the client, the audience is this server. FAPI 2.0 §5.3.2.1: only by its issuer
    /// identifier, as a string, so that no other server can pass the assertion on.
    fn check_names(&self, client_id: &str, issuer: &str) -> Result<(), ProtocolError> {
        if self.claims.iss.as_deref() != Some(client_id) {
            return Err(refused("the assertion’s iss is not the client"));
        }
        if self.client_id != client_id {
            return Err(refused("the assertion’s sub is not the client"));
        }
        match self.claims.aud.as_deref() {
            Some(audience) if audience == issuer => Ok(()),
            Some(audience) => Err(refused(&format!(
                "the assertion’s aud is “{}”, not the issuer",
                audience.chars().take(200).collect::<String>()
            ))),
            None => Err(refused("the assertion has no aud")),
        }
    }

    fn check_times(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, ProtocolError> {
        let instant = |seconds: f64| {
            numeric_date(seconds).ok_or_else(|| refused("a time of the assertion is no instant"))
        };
        let expires_at = instant(self.claims.exp.ok_or_else(|| refused("the assertion has no exp"))?)?;
        if expires_at <= now {
            return Err(refused("the assertion has expired"));
        }
        if expires_at - now > MAX_LIFETIME + LEEWAY {
            return Err(refused("the assertion’s exp is more than five minutes ahead"));
        }
        for seconds in [self.claims.nbf, self.claims.iat].into_iter().flatten() {
            if instant(seconds)? - now > LEEWAY {
                return Err(refused("the assertion is from the future"));
            }
        }
        Ok(expires_at)
    }
}

impl VerifiedAssertion {
    /// What to record, so that the assertion counts once. Covers the client and the `jti`.
    pub fn replay_id(&self) -> &str {
        &self.replay_id
    }

    /// Until when: afterwards the assertion has expired anyway.
    pub const fn remember_until(&self) -> DateTime<Utc> {
        self.remember_until
    }
}

impl fmt::Debug for ClientAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAssertion").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl PartialEq for ClientAssertion {
    fn eq(&self, other: &Self) -> bool {
        self.compact.message == other.compact.message && self.compact.signature == other.compact.signature
    }
}

impl Eq for ClientAssertion {}

fn check_header(header: &Header) -> Result<(), ProtocolError> {
    if [&header.jwk, &header.jku, &header.x5u, &header.x5c].iter().any(|member| member.is_some()) {
        return Err(refused("the assertion’s header brings or names a key"));
    }
    if header.crit.is_some() || header.b64.is_some() {
        return Err(refused("the assertion demands an extension"));
    }
    // RFC 8725 §3.11: a token that says it is something else is something else.
    let is_assertion = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "client-authentication+jwt")
    };
    if header.typ.as_deref().is_some_and(|typ| !is_assertion(typ)) {
        return Err(refused("the assertion is a token of another type"));
    }
    Ok(())
}

fn refused(detail: &str) -> ProtocolError {
    ProtocolError::invalid_client(detail)
}
