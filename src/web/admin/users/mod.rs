//! People: one module a page. Does not own the rules of an account (`domain::user`) or its use cases (`service::users`).

mod custom;
pub mod detail;
pub mod form;
pub mod list;
