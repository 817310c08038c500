//! Groups: one module a page. Does not own the rules of a group (`domain::group`) or its use cases (`service::groups`).

pub mod detail;
pub mod list;
