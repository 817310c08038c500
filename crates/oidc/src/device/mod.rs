//! Owns the device authorization grant (RFC 8628): the codes, the answer to the device, the decision at each poll.
//!
//! Does not own the page where a person enters the code, nor the store.

pub mod poll;
pub mod response;
pub mod user_code;

pub use poll::{PollDecision, StoredDeviceGrant};
pub use user_code::UserCode;

/// How long a person may take, in seconds.
pub const LIFETIME_SECONDS: u32 = 600;
/// How long a device waits between two polls, in seconds (RFC 8628 §3.2: 5 if nothing is said).
pub const INTERVAL_SECONDS: u32 = 5;
