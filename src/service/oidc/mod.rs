//! The endpoints of the issuer behind the browser: tokens, userinfo, introspection, revocation, keys, logout.
//! Does not own the authorization request (`sign_on::oidc`) or message formats (`crates/oidc`).

pub mod authentication;
pub mod call;
pub mod claims;
pub mod client;
pub mod client_keys;
pub mod contents;
pub mod device;
pub mod documents;
pub mod dpop;
pub mod grant;
pub mod guesses;
pub mod hint;
pub mod introspection;
pub mod keys;
pub mod logout;
pub mod once;
pub mod origins;
pub mod presented;
pub mod pushed;
pub mod revocation;
pub mod secret_uses;
pub mod sid;
pub mod standing;
pub mod subject;
pub mod token;
pub mod userinfo;
