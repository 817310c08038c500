//! Owns the messages of an OpenID Provider: parse, validate, decide, issue.
//!
//! Does not own HTTP, storage, sessions, keys at rest, the clock or randomness: every function works on
//! values, and `now` and `rng` are parameters.
//!
//! The usual way through a sign-on:
//! [`authorization::request::UnverifiedAuthorizationRequest::parse`] → `verify` →
//! [`authorization::response::success`] → [`token::client_auth::parse`] →
//! [`token::request::TokenRequest::from_params`] → [`token::authorization_code::check`] →
//! [`id_token::issue`] → [`token::response::TokenResponse`].

pub mod access_token;
pub mod authorization;
pub mod claims;
pub mod client;
pub mod device;
pub mod discovery;
pub mod dpop;
mod encoding;
pub mod end_session;
pub mod error;
pub mod id_token;
pub mod introspection;
pub mod jose;
pub mod jwks;
mod jws;
pub mod logout_token;
pub mod params;
pub mod pkce;
pub mod prompt;
pub mod redirect_uri;
pub mod resource;
pub mod revocation;
pub mod scope;
pub mod signer;
pub mod token;
pub mod token_value;
pub mod userinfo;

pub use client::{Client, ClientAuthMethod, GrantType, Lifetimes};
pub use error::{ErrorCode, ProtocolError};
pub use redirect_uri::RedirectUri;
pub use scope::Scope;
pub use signer::{OpensslSigner, SignError, Signer, SigningAlgorithm};
