//! Temporary.
#[path = "../it/admin/mod.rs"]
mod admin;
#[path = "../it/support/mod.rs"]
mod support;
