//! The rules of the house: pure functions and values, no I/O, nothing async.
//! Does not own SQL, HTTP or protocol messages.

pub mod access;
pub mod app;
pub mod attributes;
pub mod audit;
pub mod connection;
pub mod consent;
pub mod credential;
pub mod expressions;
pub mod group;
pub mod key;
pub mod logout;
pub mod metadata_fetch;
pub mod permission;
pub mod recording;
pub mod reference;
pub mod sent_as;
pub mod session;
pub mod sign_on;
pub mod sp_metadata;
pub mod text;
pub mod throttle;
pub mod user;
