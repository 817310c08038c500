//! Owns what a device is told each time it asks (RFC 8628 §3.5).
//!
//! Does not own the single use of an approved code: that is the caller's compare-and-swap.

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::{ErrorCode, ProtocolError};

/// What a person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Pending,
    /// Yes.
    Approved,
    /// No.
    Denied,
    /// Yes, and the device has its tokens.
    Redeemed,
}

/// What is kept of a device code beside its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDeviceGrant {
    /// The client it was issued to.
    pub client_id: String,
    /// The first instant at which it is worthless.
    pub expires_at: DateTime<Utc>,
    /// How long the device is to wait between two polls.
    pub interval: TimeDelta,
    /// When it last asked.
    pub polled_at: Option<DateTime<Utc>>,
    /// What the person said.
    pub verdict: Verdict,
}

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollDecision {
    /// Issue tokens, if the caller is the one who redeems it.
    Issue,
    /// Answer with the error, and note that it asked.
    Wait(ProtocolError),
    /// Answer with the error, note that it asked, and make it wait five seconds longer from now on.
    SlowDown(ProtocolError),
    /// The code came back after its tokens were issued: revoke them, answer with the error.
    Reuse,
    /// Answer with the error.
    Refused(ProtocolError),
}

/// Decides.
pub fn decide(grant: &StoredDeviceGrant, client_id: &str, now: DateTime<Utc>) -> PollDecision {
    let error = |code, description| ProtocolError::new(code, description);
    // RFC 8628 §3.4: the client is the one that asked for the code.
    if grant.client_id != client_id {
        return PollDecision::Refused(ProtocolError::invalid_grant("device code of another client"));
    }
    if grant.verdict == Verdict::Redeemed {
        return PollDecision::Reuse;
    }
    if now >= grant.expires_at {
        return PollDecision::Refused(error(ErrorCode::ExpiredToken, "nobody confirmed the code in time"));
    }
    match grant.verdict {
        Verdict::Approved => PollDecision::Issue,
        Verdict::Denied => PollDecision::Refused(error(ErrorCode::AccessDenied, "the person said no")),
        // §3.5: one that asks too often is told to wait five seconds longer, now and from now on. A second's grace, for a
        // clock that ticks differently.
        _ if grant.polled_at.is_some_and(|at| now - at < grant.interval - TimeDelta::seconds(1)) => {
            PollDecision::SlowDown(error(ErrorCode::SlowDown, "asked too soon; wait five seconds longer"))
        }
        _ => PollDecision::Wait(error(ErrorCode::AuthorizationPending, "the person has not answered yet")),
    }
}
