//! The integration tests, one binary: a folder for each part of the house.

mod admin;
mod architecture;
mod cli;
mod oidc;
mod portal;
mod saml;
mod sign_in;
mod store;
mod support;
