//! Owns the tests of the provider's messages through the public interface: attacks by their catalogue id, each
//! with its valid twin; snapshots of what is issued; properties of the parsers.

mod attacks_assertion;
mod attacks_client;
mod attacks_code;
mod attacks_dpop;
mod attacks_jose;
mod attacks_logout;
mod attacks_redirect;
mod attacks_refresh;
mod attacks_request;
mod claims;
mod client_keys;
mod device;
mod properties;
mod snapshots;
mod support;
mod tokens;
