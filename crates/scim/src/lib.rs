//! SCIM 2.0 client values: what a target's answer means, and how a value stands in a filter.
//! Does not own connections, queues or mappings; provisioning itself comes with its own issue and grows here.

pub mod filter;
pub mod outcome;

pub use outcome::Outcome;
