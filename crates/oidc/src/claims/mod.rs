//! Owns which claims about a person a client gets: by scope, by the `claims` parameter, by its own mapping.
//!
//! Does not own where values come from: the caller supplies them, computed anew at every issue.

pub mod request;

use std::collections::BTreeMap;

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::scope::{self, Scope};
use request::{ClaimRequirement, ClaimsRequest};

/// All that is known of a person, by claim name. Read anew whenever something is issued.
pub type ClaimSource = BTreeMap<String, Value>;

/// A claim an administrator added for one client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomClaim {
    /// Its name.
    pub name: String,
    /// Its value for this person.
    pub value: Value,
    /// Put into the ID token.
    pub in_id_token: bool,
    /// Put into the userinfo answer.
    pub in_userinfo: bool,
}

/// Claims that only the protocol may set.
const PROTOCOL_CLAIMS: [&str; 18] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "auth_time",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "acr",
    "amr",
    "azp",
    "sid",
    "events",
    "cnf",
];

/// Whether the name is one that no mapping may set.
pub fn is_protocol_claim(name: &str) -> bool {
    PROTOCOL_CLAIMS.contains(&name)
}

/// OpenID Connect Core §5.4: the claims that a scope asks for. `groups` is our own.
pub fn of_scope(scope: &str) -> &'static [&'static str] {
    match scope {
        scope::PROFILE => &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
        scope::EMAIL => &["email", "email_verified"],
        scope::ADDRESS => &["address"],
        scope::PHONE => &["phone_number", "phone_number_verified"],
        scope::GROUPS => &["groups"],
        _ => &[],
    }
}

/// All that decides which claims a client gets.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRelease<'a> {
    /// What is known of the person.
    pub source: &'a ClaimSource,
    /// The scope of the grant.
    pub scope: &'a Scope,
    /// The scopes the client is registered for: the `claims` parameter reaches no further.
    pub allowed: &'a Scope,
    /// The `claims` parameter.
    pub requested: Option<&'a ClaimsRequest>,
    /// The client's own claims.
    pub custom: &'a [CustomClaim],
}

impl ClaimRelease<'_> {
    /// The claims for the ID token. OpenID Connect Core §5.4: in the code flow, claims of a scope are given at
    /// userinfo; here belong only those asked for by name and the client's own.
    pub fn for_id_token(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        self.put_requested(&mut claims, self.requested.map(ClaimsRequest::id_token));
        self.put_custom(&mut claims, |claim| claim.in_id_token);
        claims
    }

    /// The claims for the userinfo answer, without `sub`.
    pub fn for_userinfo(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        for name in self.scope.iter().flat_map(of_scope) {
            self.put(&mut claims, name);
        }
        self.put_requested(&mut claims, self.requested.map(ClaimsRequest::userinfo));
        self.put_custom(&mut claims, |claim| claim.in_userinfo);
        claims
    }

    fn put(&self, claims: &mut Map<String, Value>, name: &str) {
        if let Some(value) = self.source.get(name).and_then(|value| normalise(name, value)) {
            claims.insert(name.to_owned(), value);
        }
    }

    /// A claim asked for by name is given only if some scope the client is registered for gives it.
    fn put_requested(
        &self,
        claims: &mut Map<String, Value>,
        wishes: Option<&BTreeMap<String, ClaimRequirement>>,
    ) {
        for name in wishes.into_iter().flat_map(BTreeMap::keys) {
            if self.allowed.iter().any(|scope| of_scope(scope).contains(&name.as_str())) {
                self.put(claims, name);
            }
        }
    }

    /// The client's own claims win: an administrator set them for this client.
    fn put_custom(&self, claims: &mut Map<String, Value>, wanted: impl Fn(&CustomClaim) -> bool) {
        for claim in self.custom.iter().filter(|claim| wanted(claim) && !is_protocol_claim(&claim.name)) {
            if let Some(value) = normalise(&claim.name, &claim.value) {
                claims.insert(claim.name.clone(), value);
            }
        }
    }
}

/// The value in the JSON type that OpenID Connect Core §5.1 gives the claim; `None` if it is absent or cannot
/// be one. §5.3.2: a claim that is not returned is left out, not sent as null or an empty string.
fn normalise(name: &str, value: &Value) -> Option<Value> {
    let is_absent = value.is_null() || value.as_str() == Some("");
    match name {
        "groups" if is_absent => Some(Value::Array(Vec::new())),
        "groups" if !value.is_array() => Some(Value::Array(vec![value.clone()])),
        _ if is_absent => None,
        "updated_at" => value.as_i64().or_else(|| seconds(value.as_str()?)).map(Value::from),
        "email_verified" | "phone_number_verified" => {
            value.as_bool().or_else(|| value.as_str()?.parse().ok()).map(Value::from)
        }
        // §5.1.1: address is an object; one line of text is its `formatted` member.
        "address" if value.is_string() => Some(serde_json::json!({ "formatted": value })),
        "address" if !value.is_object() => None,
        _ => Some(value.clone()),
    }
}

fn seconds(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.timestamp()))
}
