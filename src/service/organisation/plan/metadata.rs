//! The app's metadata that stands in the file: what it fills in, and what deserves a second look. Does not own reading it
//! (`sp_metadata`) or metadata that is fetched (`metadata_source`).

use super::connection::About;
use crate::{
    domain::{
        connection::{Connection, SamlConnection},
        text::FieldErrors,
    },
    service::{
        organisation::document::SamlEntry,
        sp_metadata::{self, Proposal, Reading},
    },
};

/// What the document of a block comes to over `base`, and the document's other words; none when it is refused.
pub(super) fn read(
    about: &About<'_>,
    block: &SamlEntry,
    xml: &str,
    base: SamlConnection,
    errors: &mut FieldErrors,
) -> (SamlConnection, Option<Proposal>) {
    match sp_metadata::propose(xml, &reading(about, block, &base)) {
        Ok(proposal) => (proposal.connection.clone(), Some(proposal)),
        Err(refused) => {
            for error in refused.0 {
                let field = match error.field.as_str() {
                    "sp_entity_id" => "saml.sp_entity_id",
                    _ => "saml.sp_metadata",
                };
                errors.add(field, error.message);
            }
            (base, None)
        }
    }
}

/// What the console would say beside the review, of the settings as the block leaves them (S-35). They are compared with those
/// that are stored, for a file is applied again and again.
pub(super) fn warnings(
    about: &About<'_>,
    block: &SamlEntry,
    proposal: &Proposal,
    wanted: &SamlConnection,
) -> Vec<String> {
    let mut stored = about.current().and_then(Connection::saml).cloned().unwrap_or_default();
    let (named, found) = (wanted.sp_entity_id.trim(), &proposal.metadata.entity_id);
    if named != found {
        // Said below, and better.
        stored.sp_entity_id.clear();
    }
    let mut warnings = proposal.warnings_of(wanted, &reading(about, block, &stored));
    if named != found {
        warnings.push(format!(
            "The metadata is about “{found}”, and sp_entity_id, which wins over it, says “{named}”: its keys and addresses count \
             for the latter."
        ));
    }
    warnings
}

fn reading<'a>(about: &'a About<'_>, block: &'a SamlEntry, current: &'a SamlConnection) -> Reading<'a> {
    Reading {
        current,
        entity_id: block.sp_entity_id.as_deref().unwrap_or_default(),
        label: about.entry.label.as_deref().unwrap_or(&about.entry.slug),
        organization: about.organization,
        public_url: about.setting.public_url,
        config: about.setting.saml,
        now: about.setting.now,
    }
}
