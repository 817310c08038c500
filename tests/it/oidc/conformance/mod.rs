//! The modules of the OpenID Foundation's conformance plans, under their names (hyphens as underscores), ported as our own tests:
//! a client drives the gateway over HTTP and checks what the public suite would. This is no certification.
//!
//! `suite` holds the checks that every module shares; the other files hold the modules of one plan each, `fapi` with a driver of
//! its own.

mod basic;
mod config;
mod fapi;
mod logout;
mod plans;
mod suite;
