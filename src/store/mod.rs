//! The only SQL: connections, writes and one file of statements a noun. Does not own rules (`domain`) or use cases (`service`).

pub mod dialect;
pub mod error;
pub mod page;
pub mod tx;

mod app_aliases;
mod columns;
mod database;
mod migrations;
mod open;
mod parsed;
mod readers;
mod row;
mod sqlite;
mod writer;

pub mod access;
pub mod access_tokens;
pub mod api_tokens;
pub mod app_sessions;
pub mod apps;
pub mod assignments;
pub mod audit;
pub mod authorization_codes;
pub mod client_secrets;
pub mod consents;
pub mod credentials;
pub mod decryption_keys;
pub mod device_grants;
pub mod favourites;
pub mod groups;
pub mod housekeeping;
pub mod idp_entity_ids;
pub mod logouts;
pub mod members;
pub mod metadata_fetches;
pub mod name_ids;
pub mod outbox;
pub mod pending_sign_ons;
pub mod proofs_seen;
pub mod pushed_requests;
pub mod recordings;
pub mod refresh_tokens;
pub mod saml_requests;
pub mod service_tokens;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod sp_metadata;
pub mod throttles;
pub mod token_families;
pub mod users;

pub use database::{Database, Embedded};
pub use dialect::Conn;
pub use error::StoreError;
pub use tx::{Job, Tx, Written};
