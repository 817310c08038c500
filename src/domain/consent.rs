//! What a person allowed an application to know and do. Does not own asking (`service::sign_on::consent`) or the words of
//! the page.

use crate::id::{AppId, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a client gets, by the names of the protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// Scopes.
    #[serde(default)]
    pub scopes: BTreeSet<String>,
    /// Single claims beside those of the scopes.
    #[serde(default)]
    pub claims: BTreeSet<String>,
    /// Resource servers that the tokens are for (RFC 8707).
    #[serde(default)]
    pub resources: BTreeSet<String>,
}

impl Released {
    /// Whether all of `asked` is in it.
    pub fn covers(&self, asked: &Self) -> bool {
        asked.scopes.is_subset(&self.scopes)
            && asked.claims.is_subset(&self.claims)
            && asked.resources.is_subset(&self.resources)
    }

    /// Whether a claim of this name is in it: by itself, or with one of the scopes.
    pub fn tells(&self, claim: &str) -> bool {
        let in_scope = |scope: &String| ::oidc::claims::of_scope(scope).contains(&claim);
        self.claims.contains(claim) || self.scopes.iter().any(in_scope)
    }

    /// Both together.
    #[must_use]
    pub fn with(mut self, more: Self) -> Self {
        self.scopes.extend(more.scopes);
        self.claims.extend(more.claims);
        self.resources.extend(more.resources);
        self
    }

    /// All names in one line, for audit events.
    pub fn in_one_line(&self) -> String {
        let names = self.scopes.iter().chain(&self.claims).chain(&self.resources);
        names.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// A consent that is remembered until it is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who gave it.
    pub user_id: UserId,
    /// To which app.
    pub app_id: AppId,
    /// For what.
    pub released: Released,
    /// When first.
    pub granted_at: DateTime<Utc>,
    /// When it last grew or was confirmed.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(scopes: &[&str], claims: &[&str]) -> Released {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Released { scopes: set(scopes), claims: set(claims), resources: BTreeSet::new() }
    }

    #[test]
    fn o39_consent_reaches_no_further_than_it_went() {
        let given = released(&["openid", "email"], &["plan"]);
        assert!(given.covers(&released(&["openid"], &[])));
        assert!(given.covers(&given));
        assert!(!given.covers(&released(&["openid", "profile"], &[])));
        assert!(!given.covers(&released(&["openid"], &["phone_number"])));
        let api = Released { resources: ["https://api.example".to_owned()].into(), ..Released::default() };
        assert!(!given.covers(&api));
        assert!(given.clone().with(api.clone()).covers(&api));
        assert_eq!(given.in_one_line(), "email openid plan");
    }
}
