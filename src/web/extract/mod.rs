//! What handlers take: who is visiting, and the fields of a form. Does not own sessions (`service::sessions`).

pub mod cookies;
pub mod fields;
pub mod media_type;
pub mod origin;
pub mod visit;

pub use fields::{Fields, Upload};
pub use visit::{Admin, FetchSite, SignedIn, Visit};
