//! Owns metadata documents: ours written, those of SPs read.
//! Does not fetch them and does not decide whom to trust.

mod address;
mod entity;
pub mod idp;
pub mod sp;

pub use address::{AddressError, check_acs_url, check_entity_id};
