//! Our entity IDs, as the apps would have them once the plan is carried out: no two have one. The write looks again. Does not own
//! the rule (`service::idp_entity_ids`).

use super::Planner;
use crate::service::idp_entity_ids::{FIELD, address, address_of, effective, slug_of, slug_taken, taken};
use std::collections::HashMap;

/// How one app of the file is known.
pub(super) struct KnownAs {
    /// Where the file speaks of it.
    pub(super) at: String,
    pub(super) slug: String,
    /// Our entity ID; none for an app of another protocol.
    pub(super) entity_id: Option<String>,
    /// Whether it is another one than before, or the app is new.
    pub(super) changed: bool,
    /// Whether the app is new.
    pub(super) is_new: bool,
}

impl Planner<'_> {
    /// Refuses an entity ID that another app has or stands at. What two apps had before the file is let stand.
    pub(super) fn entity_ids(&mut self, named: &[KnownAs]) {
        let url = self.setting.public_url;
        let mut holders: HashMap<String, &str> = HashMap::new();
        let current = self.current;
        for (slug, known) in &current.apps {
            let is_named = named.iter().any(|one| one.slug == *slug);
            if !is_named && !self.setting.prune {
                let entity_id = effective(url, slug, &known.app.connection);
                holders.extend(entity_id.map(|entity_id| (entity_id, slug.as_str())));
            }
        }
        for kept in named.iter().filter(|one| !one.changed) {
            holders.extend(kept.entity_id.clone().map(|entity_id| (entity_id, kept.slug.as_str())));
        }
        for one in named.iter().filter(|one| one.changed) {
            let Some(entity_id) = &one.entity_id else { continue };
            let field = format!("{}.saml.{FIELD}", one.at);
            if let Some(other) = holders.insert(entity_id.clone(), &one.slug) {
                self.errors.add(&field, taken(other));
            } else if let Some(slug) = slug_of(url, entity_id)
                && let Some(owner) = self.owner_of(slug, named).filter(|owner| *owner != one.slug)
            {
                self.errors.add(&field, address_of(&owner));
            }
        }
        for one in named.iter().filter(|one| one.is_new && one.entity_id.is_some()) {
            let other = holders.get(&address(url, &one.slug));
            if let Some(other) = other.filter(|other| **other != one.slug) {
                self.errors.add(&format!("{}.slug", one.at), slug_taken(other));
            }
        }
    }

    /// The app that has this name, or had it once, when the plan is carried out.
    fn owner_of(&self, slug: &str, named: &[KnownAs]) -> Option<String> {
        let is_named = |slug: &str| named.iter().any(|one| one.slug == slug);
        let stays = |slug: &str| is_named(slug) || !self.setting.prune;
        if is_named(slug) || (self.current.apps.contains_key(slug) && stays(slug)) {
            return Some(slug.to_owned());
        }
        self.current.aliases.get(slug).filter(|owner| stays(owner)).cloned()
    }
}
