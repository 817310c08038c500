//! A person as claims. Does not own which of them a client gets (`crates/oidc` decides by scope and request).

use crate::domain::{
    attributes::{self, Subject},
    user::User,
};
use ::oidc::claims::{ClaimSource, CustomClaim};
use serde_json::{Value, json};

/// Every standard claim this person has a value for (OpenID Connect Core §5.1). Admins keep the directory, so an email
/// in it counts as verified; a phone number doesn't.
pub fn source(user: &User, groups: &[String]) -> ClaimSource {
    let mut claims = ClaimSource::new();
    let mut put = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    put("name", json!(user.display_name));
    put("preferred_username", json!(user.username));
    put("email", json!(user.email));
    put("email_verified", json!(true));
    put("updated_at", json!(user.updated_at.timestamp()));
    put("groups", json!(groups));
    for (claim, attribute) in [
        ("given_name", "first_name"),
        ("family_name", "last_name"),
        ("middle_name", "middle_name"),
        ("locale", "locale"),
        ("phone_number", "phone"),
    ] {
        let value = user.attribute(attribute);
        if !value.is_empty() {
            put(claim, json!(value));
        }
    }
    if !user.attribute("phone").is_empty() {
        put("phone_number_verified", json!(false));
    }
    if !user.attribute("address").is_empty() {
        put("address", json!({"formatted": user.attribute("address")}));
    }
    claims
}

/// The client's own claims. A row that fails is left out.
pub fn custom(subject: Subject<'_>) -> Vec<CustomClaim> {
    let Some(settings) = subject.app.connection.oidc() else { return Vec::new() };
    attributes::claims(&settings.claims, subject)
        .rows
        .into_iter()
        .map(|(mapping, value)| CustomClaim {
            in_id_token: mapping.destination.in_id_token(),
            in_userinfo: mapping.destination.in_userinfo(),
            name: mapping.name,
            value,
        })
        .collect()
}
