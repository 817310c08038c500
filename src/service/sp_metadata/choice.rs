//! Which app of a document that holds several. Does not own reading the one that was chosen (`sp_metadata`).

use saml::metadata::{
    aggregate::{self, AggregateLimits, EntitySummary},
    sp::MetadataError,
};

/// Most apps that are offered.
const OFFERED_MAX: usize = 1_000;
/// Most entity ids in a sentence.
const SHOWN: usize = 8;

/// The service providers of a document, in its order, at most a thousand; none when it can't be read.
pub fn service_providers(xml: &str) -> Vec<EntitySummary> {
    let trimmed = xml.trim_start_matches('\u{feff}').trim();
    let listing = aggregate::list(trimmed.as_bytes(), &AggregateLimits::default()).unwrap_or_default();
    listing.entities.into_iter().filter(|entity| entity.service_provider).take(OFFERED_MAX).collect()
}

/// What to do about a document that doesn't say which app it is about; `None` for any other refusal.
pub(super) fn in_words(error: &MetadataError) -> Option<String> {
    match error {
        MetadataError::Ambiguous(choices) => Some(match choices.as_slice() {
            [twice] => format!("The document holds “{twice}” more than once. Ask for another one."),
            _ => format!("The document holds several apps. Say which, by its entity ID: {}", listed(choices)),
        }),
        MetadataError::NotInAggregate { expected, choices } if choices.is_empty() => {
            Some(format!("The document doesn’t hold “{expected}”, nor any other app."))
        }
        MetadataError::NotInAggregate { expected, choices } => {
            Some(format!("The document doesn’t hold “{expected}”. It holds {}", listed(choices)))
        }
        _ => None,
    }
}

fn listed(choices: &[String]) -> String {
    let shown = choices.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if choices.len() > SHOWN { format!("{shown}, and more.") } else { format!("{shown}.") }
}
