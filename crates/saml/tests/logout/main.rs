//! Single Logout: what comes in by three bindings is verified or refused, what goes out is judged by tools
//! that are not ours. Every attack stands beside its valid twin.

mod fixtures;
mod issued;
mod mutations;
mod parameters;
mod requests;
mod responses;
mod wrapping;

#[path = "../support/mod.rs"]
mod support;
