//! The integration tests, one binary: a folder for each part of the house.
#![expect(clippy::panic, reason = "a test that can't go on says why and stops")]

mod admin;
mod architecture;
mod cli;
mod housekeeping;
mod oidc;
mod portal;
mod saml;
mod server;
mod sign_in;
mod sign_on;
mod store;
mod support;
mod vendors;
