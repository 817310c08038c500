//! A sign-on that was kept to be looked at again. Does not own what is kept of it (`service::recordings`).

use super::{text::FieldErrors, user::text_enum};
use crate::id::{AppId, RecordingId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What one app asks to be kept, instead of what the server keeps of every app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecorderSettings {
    /// How many sign-ons of each outcome; 0: none.
    pub per_app: u32,
    /// For how many days; never longer than the server keeps any.
    pub days: u32,
}

impl RecorderSettings {
    /// The most that can be asked for.
    pub const MAX: Self = Self { per_app: 500, days: 365 };

    pub(crate) fn check(self, errors: &mut FieldErrors) {
        if self.per_app > Self::MAX.per_app {
            errors.add("recorder_per_app", "Keep at most 500");
        }
        if !(1..=Self::MAX.days).contains(&self.days) {
            errors.add("recorder_days", "Use 1 to 365 days");
        }
    }
}

/// By which protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// SAML 2.0.
    Saml,
    /// OpenID Connect.
    Oidc,
}
text_enum!(Protocol { Saml = "saml", Oidc = "oidc" });

/// How far it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingOutcome {
    /// The request was taken, and nobody finished the sign-in yet.
    Began,
    /// The app was answered.
    Issued,
    /// It was refused.
    Refused,
}
text_enum!(RecordingOutcome { Began = "began", Issued = "issued", Refused = "refused" });

/// A kept sign-on: what may be read without its seal being opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Never re-used.
    pub id: RecordingId,
    /// The app.
    pub app_id: AppId,
    /// Who was signed in, if anybody.
    pub user_id: Option<UserId>,
    /// By which protocol.
    pub protocol: Protocol,
    /// How far it came.
    pub outcome: RecordingOutcome,
    /// Why it was refused: the code of the audit event.
    pub code: Option<String>,
    /// The version of the app's settings that it met.
    pub settings_version: i64,
    /// Joins a request with its end, which may come later and on another node: a code under the master key.
    pub flow_key: Option<String>,
    /// When the request came; of a tile, when it was answered.
    pub recorded_at: DateTime<Utc>,
    /// Everything else, sealed for this row.
    pub sealed: String,
}
