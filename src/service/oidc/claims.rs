//! A person as claims. Does not own which of them a client gets (`crates/oidc` decides by scope and request).

use crate::domain::{
    attributes::{self, Subject},
    user::User,
};
use ::oidc::claims::{ClaimSource, CustomClaim};
use serde_json::{Value, json};

/// The value of a claim, if the person has one.
type Reading = fn(&User, &[String]) -> Option<Value>;

/// Every standard claim that an account can have, and where it comes from (OpenID Connect Core §5.1). Admins keep the
/// directory, so an email in it counts as verified; a phone number doesn't.
const CLAIMS: [(&str, Reading); 13] = [
    ("name", |user, _| Some(json!(user.display_name))),
    ("given_name", |user, _| attribute(user, "first_name")),
    ("middle_name", |user, _| attribute(user, "middle_name")),
    ("family_name", |user, _| attribute(user, "last_name")),
    ("preferred_username", |user, _| Some(json!(user.username))),
    ("email", |user, _| Some(json!(user.email))),
    ("email_verified", |_, _| Some(json!(true))),
    ("locale", |user, _| attribute(user, "locale")),
    ("phone_number", |user, _| attribute(user, "phone")),
    ("phone_number_verified", |user, _| attribute(user, "phone").map(|_| json!(false))),
    ("address", |user, _| attribute(user, "address").map(|lines| json!({ "formatted": lines }))),
    ("updated_at", |user, _| Some(json!(user.updated_at.timestamp()))),
    ("groups", |_, groups| Some(json!(groups))),
];

fn attribute(user: &User, name: &str) -> Option<Value> {
    Some(user.attribute(name)).filter(|value| !value.is_empty()).map(Value::from)
}

/// The names of all claims that somebody can have, for discovery.
pub fn names() -> Vec<&'static str> {
    CLAIMS.iter().map(|(name, _)| *name).collect()
}

/// Every standard claim this person has a value for.
pub fn source(user: &User, groups: &[String]) -> ClaimSource {
    let read = |(name, reading): &(&str, Reading)| Some(((*name).to_owned(), reading(user, groups)?));
    CLAIMS.iter().filter_map(read).collect()
}

/// The client's own claims that it needs and the person has no value for, and those that fail: name, and why.
pub fn problems(subject: Subject<'_>) -> Vec<(String, String)> {
    let Some(settings) = subject.app.connection.oidc() else { return Vec::new() };
    attributes::claims(&settings.claims, subject).problems
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
