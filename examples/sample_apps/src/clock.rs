//! The only place of these apps that reads the clock.

use chrono::{DateTime, Utc};

/// The instant at which a request is judged. Handlers read it once and pass it on.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock of the sample apps; everything else takes the instant"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
