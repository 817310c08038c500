//! Use cases: authorize the actor, load, decide (`domain`), store, say what happened.
//! Does not own HTTP, pages or SQL. Every function takes the context, who is acting, and what they want.

pub mod account;
pub mod actor;
pub mod apps;
pub mod assignments;
pub mod audit;
pub mod authentication;
pub mod client_secrets;
pub mod connectors;
pub mod consents;
pub mod decryption_keys;
pub mod error;
pub mod grants;
pub mod groups;
pub mod handed_over;
pub mod housekeeping;
pub mod idp_entity_ids;
pub mod idp_metadata;
pub mod issuer_keys;
pub mod key_expiry;
pub mod keys;
pub mod logout;
pub mod metadata_fetches;
pub mod oidc;
pub mod organisation;
pub mod overview;
pub mod portal;
pub mod preview;
pub mod recordings;
pub mod refusals;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod sign_on;
pub mod simulator;
pub mod sp_metadata;
pub mod users;

pub use actor::{Actor, Caller};
pub use error::ServiceError;
