//! Owns the token endpoint's messages and decisions: who asks, for what, and what is answered.
//!
//! Does not own the store: consuming a code and rotating a refresh token once is the caller's transaction.

pub mod authorization_code;
pub mod client_assertion;
pub mod client_auth;
pub mod client_secret;
pub mod refresh_token;
pub mod request;
pub mod response;
