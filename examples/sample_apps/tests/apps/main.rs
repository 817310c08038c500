//! The sample apps against providers made for the test; the gateway is not needed.
#![expect(clippy::unwrap_used, reason = "a test that unwraps says what it expects by failing")]

mod oidc_rp;
mod saml_logout;
mod saml_logout_post;
mod saml_sp;
mod support;
