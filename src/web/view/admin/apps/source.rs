//! Metadata by address: where it is fetched from, how that goes, and what waits for approval.
//!
//! Does not fetch; the handler passes finished texts.

use super::super::super::{Pill, form::Choice};
use super::saml::ReviewRow;

/// Values of `sp_metadata_ended`.
pub const ENDED: &[(&str, &str)] =
    &[("keep", "Go on with the last good one, and warn"), ("refuse", "Let nobody sign in")];

/// Values of `sp_metadata_apply`.
pub const APPLY: &[(&str, &str)] =
    &[("review", "Wait until somebody approves"), ("signed", "Apply by themselves if the signature holds")];

/// The fields; each name is the field's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFields {
    /// Addresses, one a line.
    pub sp_metadata_url: String,
    /// Whether they are bases of a metadata service.
    pub sp_metadata_mdq: bool,
    /// Certificates of the source in PEM.
    pub sp_metadata_certificate: String,
    /// Whether an end is demanded.
    pub sp_metadata_require_valid_until: bool,
    /// The farthest end, in days; may be empty.
    pub sp_metadata_max_valid_days: String,
    /// One of [`ENDED`].
    pub sp_metadata_ended: String,
    /// One of [`APPLY`].
    pub sp_metadata_apply: String,
}

/// Most apps of a document that are a list to open; more are searched by typing.
const SHORT: usize = 40;

/// Which app of a document that holds several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntityChoice {
    /// The entity ID that was typed or chosen.
    pub chosen: String,
    /// The apps in the document; empty until one was refused for not saying which.
    pub offered: Vec<Choice>,
}

impl EntityChoice {
    /// Whether all fit into a list to open.
    pub(super) fn is_short(&self) -> bool {
        (1..=SHORT).contains(&self.offered.len())
    }

    /// That list, from “none”.
    pub(super) fn list(&self) -> Vec<Choice> {
        std::iter::once(Choice::new("", "Choose one")).chain(self.offered.iter().cloned()).collect()
    }

    /// Under the field.
    pub(super) fn hint(&self) -> String {
        match self.offered.len() {
            0 => "Which of them, letter for letter.".to_owned(),
            count => format!("{count} apps are in the document. Type a part of the name or the ID."),
        }
    }
}

/// The panel. Posts [`SourceFields`] with `action=save`, or `action=fetch`, to `/admin/apps/{slug}/sso/source`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourcePanel {
    /// What was typed or is stored.
    pub fields: SourceFields,
    /// Whether a source is stored.
    pub is_set: bool,
    /// How it goes.
    pub state: Option<Pill>,
    /// What went wrong, in words; empty when nothing did.
    pub trouble: String,
    /// Facts: label, value.
    pub facts: Vec<(&'static str, String)>,
}

impl SourcePanel {
    /// Whether anything but the address differs from what a new source has.
    pub(super) fn is_strict(&self) -> bool {
        let fields = &self.fields;
        fields.sp_metadata_mdq
            || fields.sp_metadata_require_valid_until
            || !fields.sp_metadata_certificate.is_empty()
            || !fields.sp_metadata_max_valid_days.is_empty()
            || fields.sp_metadata_ended == "refuse"
            || fields.sp_metadata_apply == "signed"
    }
}

/// Changes that wait. Posts `action=approve` or `action=dismiss` with `digest` to `/admin/apps/{slug}/sso/source`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Setting by setting.
    pub rows: Vec<ReviewRow>,
    /// What exactly is approved.
    pub digest: String,
    /// Since when it waits, in words.
    pub since: String,
    /// Whether the signature of the source was verified.
    pub verified: bool,
}
