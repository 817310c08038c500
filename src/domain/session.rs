//! Browser sessions: how long they last. Does not own the cookie (`web::middleware::session`).

use crate::id::{SessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Public name; `sid` of ID tokens is made from it.
    pub id: SessionId,
    /// Who signed in.
    pub user_id: UserId,
    /// When they last proved who they are: `auth_time`, `AuthnInstant`.
    pub authenticated_at: DateTime<Utc>,
    /// Last request, kept to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// The absolute end.
    pub expires_at: DateTime<Utc>,
    /// How they proved it (RFC 8176), for example `pwd`.
    pub amr: Vec<String>,
    /// Address they signed in from.
    pub client_ip: String,
    /// Browser they signed in with.
    pub user_agent: String,
    /// When the session began.
    pub created_at: DateTime<Utc>,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Ends after this long without a request.
    pub idle: TimeDelta,
    /// Ends after this long whatever happens.
    pub absolute: TimeDelta,
}

impl Default for SessionLifetime {
    fn default() -> Self {
        Self { idle: TimeDelta::hours(2), absolute: TimeDelta::hours(12) }
    }
}

/// The authentication context of a password over TLS (SAML AuthnContext §3.4.7): the same name in both protocols.
pub const ACR_PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

impl Session {
    /// The authentication context reached: `acr` of ID tokens.
    pub fn acr(&self) -> &'static str {
        ACR_PASSWORD
    }

    /// Whether it may still be used.
    pub fn is_alive(&self, lifetime: &SessionLifetime, now: DateTime<Utc>) -> bool {
        now < self.expires_at && now < self.last_seen_at + lifetime.idle
    }

    /// Whether the last request is long enough ago that it is worth a write.
    pub fn wants_touch(&self, now: DateTime<Utc>) -> bool {
        now >= self.last_seen_at + TimeDelta::minutes(1)
    }
}
