//! The SAML addresses of an app: sign-in, metadata, certificate. Does not own messages (`crates/saml`) or flows.

pub mod metadata;
pub mod sso;
