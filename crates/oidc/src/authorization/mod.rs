//! Owns the authorization endpoint's messages: the request and its checks, the response in both modes.
//!
//! Does not own sign-in or consent: between request and response lies the sign-on.

mod checks;
pub mod judge;
pub mod pushed;
pub mod request;
pub mod response;
