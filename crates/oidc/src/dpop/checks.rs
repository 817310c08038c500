//! Owns the checks of a proof, one function each (RFC 9449 §4.3).
//!
//! Does not own their order; see [`super::proof`].

use chrono::{DateTime, TimeDelta, Utc};

use super::proof::{Claims, Header};
use super::{ALGORITHMS, htu, invalid};
use crate::encoding::{constant_time_eq, numeric_date, sha256_base64url};
use crate::error::{ErrorCode, ProtocolError};
use crate::jose::ClientAlgorithm;

/// How old a proof may be: it was made for this request.
pub(super) const MAX_AGE: TimeDelta = TimeDelta::seconds(60);
/// How far the client's clock may run ahead.
const MAX_AHEAD: TimeDelta = TimeDelta::seconds(30);
/// The longest `jti` taken, in characters.
const MAX_JTI_CHARS: usize = 128;

/// Check 4: `typ` is `dpop+jwt`, so that no other kind of token passes for a proof.
pub(super) fn typ(header: &Header) -> Result<(), ProtocolError> {
    match header.typ.as_deref() {
        Some("dpop+jwt") => Ok(()),
        Some(_) => Err(invalid("the typ of the DPoP proof is not dpop+jwt")),
        None => Err(invalid("the DPoP proof has no typ")),
    }
}

/// Check 5: `alg` is an asymmetric algorithm, not `none`, and on the list.
pub(super) fn algorithm(header: &Header) -> Result<ClientAlgorithm, ProtocolError> {
    let name = header.alg.as_deref().ok_or_else(|| invalid("the DPoP proof has no alg"))?;
    ClientAlgorithm::parse(name)
        .filter(|algorithm| ALGORITHMS.contains(algorithm))
        .ok_or_else(|| invalid("the alg of the DPoP proof is not PS256, ES256 or EdDSA (Ed25519)"))
}

/// RFC 7515 §4.1.11: extensions that are not understood make the token invalid; we understand none.
pub(super) fn no_extension(header: &Header) -> Result<(), ProtocolError> {
    if header.crit.is_some() || header.b64.is_some() {
        return Err(invalid("the DPoP proof demands an extension"));
    }
    Ok(())
}

/// §4.2: a `jti` is there. It is kept for a while, so it cannot be long.
pub(super) fn jti(claims: &Claims) -> Result<&str, ProtocolError> {
    match claims.jti.as_deref() {
        None | Some("") => Err(invalid("the DPoP proof has no jti")),
        Some(jti) if jti.chars().count() > MAX_JTI_CHARS => {
            Err(invalid("the jti of the DPoP proof has more than 128 characters"))
        }
        Some(jti) => Ok(jti),
    }
}

/// Check 8: `htm` is the method of the request; RFC 9110 §9.1: case matters.
pub(super) fn method(claims: &Claims, method: &str) -> Result<(), ProtocolError> {
    match claims.htm.as_deref() {
        None => Err(invalid("the DPoP proof has no htm")),
        Some(claimed) if claimed == method => Ok(()),
        Some(_) => Err(invalid("the htm of the DPoP proof is not the method of the request")),
    }
}

/// Check 9: `htu` is the address of the request.
pub(super) fn address(claims: &Claims, called: &str) -> Result<(), ProtocolError> {
    match claims.htu.as_deref() {
        None => Err(invalid("the DPoP proof has no htu")),
        Some(claimed) if htu::matches(claimed, called) => Ok(()),
        Some(_) => Err(invalid("the htu of the DPoP proof is not the address of the request")),
    }
}

/// Check 11: made within an acceptable time.
pub(super) fn issued_at(claims: &Claims, now: DateTime<Utc>) -> Result<DateTime<Utc>, ProtocolError> {
    let seconds = claims.iat.ok_or_else(|| invalid("the DPoP proof has no iat"))?;
    let issued_at =
        numeric_date(seconds).ok_or_else(|| invalid("the iat of the DPoP proof is no instant"))?;
    if now - issued_at > MAX_AGE {
        return Err(invalid("the DPoP proof is too old"));
    }
    if issued_at - now > MAX_AHEAD {
        return Err(invalid("the DPoP proof is from the future"));
    }
    Ok(issued_at)
}

/// RFC 7519 §4.1.4, §4.1.5: not asked for in a proof, but they mean what they say.
pub(super) fn not_before_and_expiry(claims: &Claims, now: DateTime<Utc>) -> Result<(), ProtocolError> {
    let read = |seconds: Option<f64>| {
        seconds
            .map(|seconds| {
                numeric_date(seconds).ok_or_else(|| invalid("a time of the DPoP proof is no instant"))
            })
            .transpose()
    };
    if read(claims.nbf)?.is_some_and(|not_before| not_before - now > MAX_AHEAD) {
        return Err(invalid("the DPoP proof is not valid yet"));
    }
    if read(claims.exp)?.is_some_and(|expiry| now - expiry > MAX_AHEAD) {
        return Err(invalid("the DPoP proof has expired"));
    }
    Ok(())
}

/// Check 12: beside an access token, `ath` is its hash. Without one, an `ath` means nothing.
pub(super) fn access_token(claims: &Claims, token: Option<&str>) -> Result<(), ProtocolError> {
    let Some(token) = token else { return Ok(()) };
    let claimed = claims.ath.as_deref().ok_or_else(|| invalid("the DPoP proof has no ath"))?;
    if constant_time_eq(claimed.as_bytes(), sha256_base64url(token.as_bytes()).as_bytes()) {
        Ok(())
    } else {
        Err(invalid("the ath of the DPoP proof is not the hash of the access token"))
    }
}

/// Check 10: a nonce is one of ours. One that is there is always looked at; one that is missing only where it is demanded.
pub(super) fn nonce(claims: &Claims, good: &[String], required: bool) -> Result<(), ProtocolError> {
    let ask = || ProtocolError::new(ErrorCode::UseDpopNonce, "the DPoP proof needs the nonce of this answer");
    match claims.nonce.as_deref() {
        None if required => Err(ask()),
        None => Ok(()),
        Some(nonce) => {
            let known = good
                .iter()
                .fold(false, |found, one| constant_time_eq(one.as_bytes(), nonce.as_bytes()) | found);
            if known { Ok(()) } else { Err(ask()) }
        }
    }
}
