//! Typed identifiers: a ULID each, so that ids sort by creation and one noun's id can't be passed for another's.
//! Does not own the ids protocols define (SAML message ids, OAuth tokens): those live in their crates.

use chrono::{DateTime, Utc};
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use ulid::Ulid;

/// A text that is not a ULID where an id was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Ulid);

        impl $name {
            /// A new id: 48 bits of time (milliseconds), 80 bits of randomness.
            pub fn new(now: DateTime<Utc>, rng: &mut impl Rng) -> Self {
                let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
                let random = (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64());
                Self(Ulid::from_parts(millis, random))
            }

            /// When it was made, in milliseconds since 1970.
            pub fn made_at_millis(self) -> i64 {
                i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Ulid::from_string(text).map(Self).map_err(|_| NotAnId)
            }
        }
    )+};
}

typed_id! {
    /// A person in the directory.
    UserId,
    /// A group of people.
    GroupId,
    /// An application.
    AppId,
    /// A signing key of an application or of the issuer.
    KeyId,
    /// A browser session (its public name; the secret in the cookie is another value).
    SessionId,
    /// One pass through the sign-on state machine.
    SignOnId,
    /// What one application was told about one session.
    AppSessionId,
    /// A sign-out under way.
    LogoutId,
    /// An audit event.
    EventId,
    /// An API token (its public name).
    ApiTokenId,
    /// A client secret (its public name).
    ClientSecretId,
    /// A family of refresh tokens that descend from one authorization.
    TokenFamilyId,
    /// A queued job.
    JobId,
    /// A sign-on that the flight recorder kept.
    RecordingId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_parse_back_and_sort_by_time() {
        let mut rng = rand::rngs::StdRng::from_seed([7; 32]);
        let early = UserId::new(DateTime::from_timestamp(1_000, 0).expect("in range"), &mut rng);
        let late = UserId::new(DateTime::from_timestamp(2_000, 0).expect("in range"), &mut rng);
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!("no id".parse::<UserId>(), Err(NotAnId));
    }

    use rand::SeedableRng;
}
