//! Audit events in words: the list, one event beside it, what it means and what to do.
//! Does not own what an event says (`domain::audit`) or which are kept.

mod cause;
mod detail;
mod filter;
mod fix;
mod issuer_key;
pub mod list;
pub mod rows;
mod values;
pub mod words;
