//! The organisation as one file: read it, plan what it would change, make it so, write it out again.
//! Does not own files or HTTP (`cli`, `web::api`), nor the rules of each noun (`domain`).
//!
//! What a file doesn't say: about a person, a group, or the tile of an app, it stays as it is. The `saml` and `oidc`
//! blocks say all there is: what they leave out gets its default, but for the ids that others know us by
//! (`client_id`, `idp_entity_id`), which stay. `members` and `groups` lists are complete when they are there.

mod apply;
mod current;
mod document;
mod draft;
mod export;
mod one_or_many;
mod plan;
mod read;

pub mod api_tokens;

pub use apply::{Applied, ApplyOptions, IssuedSecret, apply};
pub use document::{Document, OidcEntry, SamlEntry};
pub use draft::{oidc_draft, saml_draft};
pub use export::{Secrets, export};
pub use plan::{Action, Change, Dropped, Warning};
pub use read::{Notation, SIZE_MAX, document, merge, value};
