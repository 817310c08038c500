//! What happens around every handler. Does not own any page.

pub mod frame;
pub mod headers;
pub mod host;
pub mod visit;
