//! The only inbound HTTP: extract, call one service, render. Does not own rules, SQL or outgoing connections.

pub mod admin;
pub mod api;
pub mod assets;
pub mod browser;
pub mod error;
pub mod extract;
pub mod health;
pub mod middleware;
pub mod oidc;
pub mod outcome;
pub mod portal;
pub mod released;
pub mod respond;
pub mod router;
pub mod saml;
mod server;
pub mod sign_in;
pub mod view;
pub mod words;

pub use server::{Limits, serve};
