//! The issuer's addresses. Does not own messages (`crates/oidc`) or flows (`service`).

pub mod authorize;
pub mod cors;
pub mod device;
pub mod discovery;
pub mod logout;
pub mod pushed;
mod resend;
pub mod token;
