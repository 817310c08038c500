//! The SAML addresses of an app: sign-in, logout, metadata, certificate. Does not own messages (`crates/saml`) or flows.

pub mod metadata;
pub mod slo;
pub mod sso;
