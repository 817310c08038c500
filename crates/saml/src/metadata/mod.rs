//! Owns metadata documents: ours written, those of SPs read.
//! Does not fetch them and does not decide whom to trust.
//!
//! A document of an SP goes [`verify_metadata`] (when a key is known) → [`sp::parse`] →
//! [`review::compare`]. In an aggregate, [`aggregate`] finds the one entity that is meant, and the
//! strict reader sees only that.

mod address;
pub mod aggregate;
mod duration;
mod error;
pub mod idp;
mod names;
mod note;
mod read;
pub mod review;
pub mod sp;
mod verify;

pub use address::{AddressError, check_acs_url, check_entity_id};
pub use error::MetadataError;
pub use note::Note;
pub use verify::{VerifiedMetadata, verify_metadata};
