//! A person's own pages: tiles, starting an app, account, what stopped them. Does not own the console.

pub mod account;
pub mod apps;
pub mod errors;
pub mod launch;
