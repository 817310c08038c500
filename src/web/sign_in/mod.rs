//! Saying who one is: name, password, which account, what an app may know, leaving for the app, signing out, first run. Does not own verifying.

pub mod account;
pub mod consent;
pub mod leave;
pub mod login;
pub mod next;
pub mod password;
pub mod setup;
pub mod sign_out;
pub mod walk;
