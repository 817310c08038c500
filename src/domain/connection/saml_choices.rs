//! Smaller choices of a SAML app: sets of attributes, and what becomes of a denial. Does not own the rest of its settings (`saml`).

use super::mapping::ValueMapping;
use crate::domain::user::text_enum;
use serde::{Deserialize, Serialize};

/// Most sets of one app.
pub const ATTRIBUTE_SETS_MAX: usize = 16;

/// What an app gets when its request names this set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeSet {
    /// `AttributeConsumingServiceIndex`.
    pub index: u16,
    /// What admins call it.
    #[serde(default)]
    pub name: String,
    /// The rows.
    pub attributes: Vec<ValueMapping>,
}

/// What becomes of somebody who may not open an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Denied {
    /// They see our page, with a reference.
    #[default]
    Page,
    /// The app is told by a status, and shows its own page.
    Status,
}
text_enum!(Denied { Page = "page", Status = "status" });
