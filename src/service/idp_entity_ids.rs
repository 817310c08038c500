//! Our entity ID for an app is its own: no two apps know us by one. Does not own how it is written (`domain::connection`) or where
//! it stands in messages (`sign_on`).
//!
//! SAML Metadata §2.2.1 and Core §8.3.6: an entity ID names one entity. Apps that tell identity providers apart by it alone would
//! take the one for the other, keys and all.

use super::ServiceError;
use crate::{
    domain::{
        app::{App, AppDraft},
        connection::Connection,
        text::FieldErrors,
    },
    id::AppId,
    store::{self, Tx},
};

/// The field of the settings.
pub(super) const FIELD: &str = "idp_entity_id";

/// Our entity ID for an app whose settings name none: the address of its metadata.
pub fn address(public_url: &str, slug: &str) -> String {
    format!("{public_url}/saml2/{slug}/metadata")
}

/// Our entity ID for an app of this slug.
pub fn effective(public_url: &str, slug: &str, connection: &Connection) -> Option<String> {
    let stored = connection.saml()?.idp_entity_id.as_str();
    Some(if stored.is_empty() { address(public_url, slug) } else { stored.to_owned() })
}

/// The slug whose metadata address this is, if it is one of ours.
pub(super) fn slug_of<'a>(public_url: &str, entity_id: &'a str) -> Option<&'a str> {
    let slug = entity_id.strip_prefix(public_url)?.strip_prefix("/saml2/")?.strip_suffix("/metadata")?;
    crate::domain::app::is_slug(slug).then_some(slug)
}

/// The words for one that another app has.
pub(super) fn taken(other: &str) -> String {
    format!("The app “{other}” knows us by this entity ID already. Choose another one: each app has its own")
}

/// The words for one that is another app's own metadata address.
pub(super) fn address_of(other: &str) -> String {
    format!("This is the metadata address of the app “{other}”. Choose another one: each app has its own")
}

/// The words for a slug whose metadata address another app knows us by.
pub(super) fn slug_taken(other: &str) -> String {
    format!("The app “{other}” knows us by the metadata address of this name. Choose another one")
}

/// Looks, inside the write that stores the app, whether another one has its entity ID or stands at it; and whether another one
/// has the address that a new slug brings. What stays as it was `before` is let stand.
pub(super) async fn check(
    tx: &mut Tx,
    public_url: &str,
    (id, before): (AppId, Option<&App>),
    draft: &AppDraft,
) -> Result<(), ServiceError> {
    // One at a time, on every node: else two could find the same one free.
    store::idp_entity_ids::hold(tx).await?;
    let mut errors = FieldErrors::default();
    let wanted = effective(public_url, &draft.slug, &draft.connection);
    let was = before.and_then(|app| effective(public_url, &app.slug, &app.connection));
    if let Some(entity_id) = wanted.as_deref().filter(|_| wanted != was) {
        if let Some(other) = other(tx, entity_id, id).await? {
            errors.add(FIELD, taken(&other.slug));
        } else if let Some(slug) = slug_of(public_url, entity_id).filter(|slug| *slug != draft.slug)
            && let Some((other, _)) = store::apps::find_by_slug(tx, slug).await?
            && other.id != id
        {
            errors.add(FIELD, address_of(&other.slug));
        }
    }
    let own = address(public_url, &draft.slug);
    if before.is_none_or(|app| app.slug != draft.slug)
        && wanted.as_ref().is_some_and(|wanted| *wanted != own)
        && let Some(other) = other(tx, &own, id).await?
    {
        errors.add("slug", slug_taken(&other.slug));
    }
    Ok(errors.finish()?)
}

async fn other(tx: &mut Tx, entity_id: &str, id: AppId) -> Result<Option<App>, ServiceError> {
    let holders = store::idp_entity_ids::holders(tx, entity_id).await?;
    Ok(holders.into_iter().find(|app| app.id != id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ours_is_told_by_its_form() {
        let url = "https://id.example";
        assert_eq!(slug_of(url, &address(url, "heap")), Some("heap"));
        for other in [
            "https://id.example/saml2/heap",
            "https://id.example.evil/saml2/heap/metadata",
            "https://id.example/saml2/a/b/metadata",
            "https://id.example/saml2//metadata",
            "heap",
        ] {
            assert_eq!(slug_of(url, other), None, "{other}");
        }
    }
}
