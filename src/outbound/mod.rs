//! The only calls to other servers. Does not own what is said to them (`service`).

mod address;
pub mod document;
pub mod http;
