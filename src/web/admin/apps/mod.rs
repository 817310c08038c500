//! Applications: one module a page. Does not own the rules of an app (`domain::app`) or its use cases (`service::apps`).

pub mod access;
pub mod activity;
pub mod appearance;
pub mod catalogue;
pub mod certificate;
mod certificates;
mod frame;
pub mod list;
pub mod metadata;
pub mod new;
mod oidc_form;
mod oidc_more;
mod preview;
pub mod recordings;
pub mod remove;
mod rows;
mod saml_advanced;
mod saml_form;
pub mod secret;
pub mod sets;
mod slug;
pub mod source;
pub mod sso;
pub mod stage;
pub mod state;
pub mod unassign;
mod verdict;
