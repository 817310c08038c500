//! Owns what happens to a presented refresh token: rotated, kept, replaced after a lost answer, or taken as theft.
//!
//! Does not own the compare-and-swap that makes one of two simultaneous users the winner.

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::{ErrorCode, ProtocolError};
use crate::scope::Scope;

/// What is kept of a refresh token beside its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefreshToken {
    /// The client it was issued to.
    pub client_id: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// The first instant at which it is worthless if unused.
    pub idle_expires_at: DateTime<Utc>,
    /// The first instant at which the whole family is worthless.
    pub absolute_expires_at: DateTime<Utc>,
    /// When it was exchanged for its successor.
    pub consumed_at: Option<DateTime<Utc>>,
    /// Whether the successor has been presented. Meaningless while not consumed.
    pub successor_used: bool,
    /// Whether the family was revoked.
    pub family_revoked: bool,
    /// The thumbprint of the key it is bound to itself (RFC 9449 §5).
    pub key_thumbprint: Option<String>,
    /// The thumbprint of the key that its successor is bound to, which may be the first of the family. Meaningless while not
    /// consumed.
    pub successor_key: Option<String>,
    /// The scope granted.
    pub scope: Scope,
}

/// What to do with a presented refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshDecision {
    /// Consume it and issue a successor.
    Rotate {
        /// The scope of the new access token. RFC 6749 §6: the successor keeps the scope of the token presented.
        scope: Scope,
    },
    /// Issue no successor: the token goes on, with a new idle limit.
    Keep {
        /// As above.
        scope: Scope,
    },
    /// The answer that carried the successor was lost: revoke that successor and issue another in its place.
    ReplaceSuccessor {
        /// As above.
        scope: Scope,
    },
    /// A consumed token came back: revoke the family, answer `invalid_grant`.
    Reuse,
    /// Answer with the error and change nothing.
    Refused(ProtocolError),
}

/// Who presents a refresh token, as far as the request has shown it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presenter<'a> {
    /// The client that authenticated, or named itself if it is public.
    pub client_id: &'a str,
    /// The thumbprint of the key it proved to hold (RFC 9449).
    pub proven_key: Option<&'a str>,
    /// Whether it signed the request with a key that it registered (`private_key_jwt`).
    pub has_signed: bool,
    /// Whether it only named itself: it has neither secret nor key.
    pub is_public: bool,
}

/// When a client's refresh tokens are exchanged for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Whether a token is exchanged each time it is used; otherwise it stays until it ends.
    pub every_use: bool,
    /// How long after its exchange a token may come back because the answer was lost; zero turns that off.
    pub grace: TimeDelta,
}

impl Presenter<'_> {
    /// RFC 9449 §5: a public client's refresh token is bound to the key; one of a client that authenticates is bound to
    /// that, and need not be to the key. A signature of the client's own key is as strong as the proof, so it may prove
    /// another one; a shared secret isn't, and the key stays. A bound token never becomes a bearer token.
    fn may_use(&self, bound_to: &str) -> bool {
        self.proven_key.is_some_and(|proven| self.has_signed || proven == bound_to)
    }
}

/// Decides. The grace helps only while the successor is unused: two parties with the same token are found out as soon
/// as both have come.
///
/// RFC 9700 §4.14.2: with rotation, a replayed token reveals the breach and the family is revoked. That holds for every
/// token that was exchanged, whether the client's tokens still are or not.
pub fn decide(
    token: &StoredRefreshToken,
    presenter: &Presenter<'_>,
    requested_scope: Option<&Scope>,
    now: DateTime<Utc>,
    rotation: Rotation,
) -> RefreshDecision {
    // RFC 6749 §10.4: bound to the client it was issued to. Another client learns and changes nothing.
    if token.client_id != presenter.client_id {
        return RefreshDecision::Refused(ProtocolError::invalid_grant("refresh token of another client"));
    }
    // O-10: bound to the key it was issued for. Whoever lacks the key learns and changes nothing either.
    if token.key_thumbprint.as_deref().is_some_and(|key| !presenter.may_use(key)) {
        return RefreshDecision::Refused(ProtocolError::invalid_grant(
            "the refresh token is bound to a key, and no proof by it came along",
        ));
    }
    if token.family_revoked {
        return RefreshDecision::Refused(ProtocolError::invalid_grant("family revoked"));
    }
    // Before expiry: a consumed token that comes back late is still a sign of theft. Before the successor's key: that one may
    // be the thief's, and would hide the theft from whoever hasn't got it.
    if token.consumed_at.is_some_and(|at| token.successor_used || !is_within(at, now, rotation.grace)) {
        return RefreshDecision::Reuse;
    }
    // RFC 9449 §5: a family that began without a proof may have been bound by the answer that was lost. Only who bound it can
    // have lost that answer: anybody else is a second party with the same token, whoever of the two is the thief.
    let successor_key = token.consumed_at.and(token.successor_key.as_deref());
    if successor_key.is_some_and(|key| !presenter.may_use(key)) {
        return RefreshDecision::Reuse;
    }
    if now >= token.absolute_expires_at {
        return RefreshDecision::Refused(ProtocolError::invalid_grant("absolute lifetime over"));
    }
    if now >= token.idle_expires_at {
        return RefreshDecision::Refused(ProtocolError::invalid_grant("idle lifetime over"));
    }
    let scope = match narrowed(token, requested_scope) {
        Ok(scope) => scope,
        Err(error) => return RefreshDecision::Refused(error),
    };
    if token.consumed_at.is_some() {
        return RefreshDecision::ReplaceSuccessor { scope };
    }
    // RFC 9700 §4.14.2: refresh tokens of public clients are bound to a key or rotated. One from before the client had to
    // prove a key is neither yet, so it is exchanged for one that is bound.
    let is_bearer = presenter.is_public && token.key_thumbprint.is_none();
    if rotation.every_use || is_bearer {
        RefreshDecision::Rotate { scope }
    } else {
        RefreshDecision::Keep { scope }
    }
}

/// A clock that runs behind the one that consumed the token counts as no time passed.
fn is_within(consumed_at: DateTime<Utc>, now: DateTime<Utc>, grace: TimeDelta) -> bool {
    grace > TimeDelta::zero() && now - consumed_at <= grace
}

/// RFC 6749 §6: the requested scope must not include any scope not originally granted; omitted means the same.
fn narrowed(token: &StoredRefreshToken, requested: Option<&Scope>) -> Result<Scope, ProtocolError> {
    match requested {
        None => Ok(token.scope.clone()),
        Some(scope) if scope.is_empty() => Ok(token.scope.clone()),
        Some(scope) if scope.is_subset_of(&token.scope) => Ok(scope.clone()),
        Some(_) => Err(ProtocolError::new(ErrorCode::InvalidScope, "the scope exceeds what was granted")),
    }
}
