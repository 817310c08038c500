//! Reading stored settings: what those written before a setting existed meant. Does not own the rules.

use ::oidc::{GrantType, Lifetimes, authorization::request::ResponseMode, scope};
use serde::{
    Deserializer,
    de::{Error, SeqAccess, Visitor},
};

pub(super) fn yes() -> bool {
    true
}

pub(super) fn code_only() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

pub(super) fn response_modes() -> Vec<ResponseMode> {
    vec![ResponseMode::Query, ResponseMode::FormPost]
}

pub(super) fn scopes() -> Vec<String> {
    scope::ALL.iter().map(ToString::to_string).collect()
}

pub(super) fn access_token_seconds() -> u32 {
    Lifetimes::default().access_token_seconds
}

pub(super) fn id_token_seconds() -> u32 {
    Lifetimes::default().id_token_seconds
}

pub(super) fn refresh_idle_seconds() -> u32 {
    Lifetimes::default().refresh_idle_seconds
}

pub(super) fn refresh_absolute_seconds() -> u32 {
    Lifetimes::default().refresh_absolute_seconds
}

/// A list of grants, or the yes or no that stood for refresh tokens.
pub(super) fn grant_types<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<GrantType>, D::Error> {
    struct Grants;

    impl<'de> Visitor<'de> for Grants {
        type Value = Vec<GrantType>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of grant types")
        }

        fn visit_bool<E: Error>(self, refresh: bool) -> Result<Self::Value, E> {
            let mut grants = code_only();
            grants.extend(refresh.then_some(GrantType::RefreshToken));
            Ok(grants)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut grants = Vec::new();
            while let Some(grant) = list.next_element()? {
                if !grants.contains(&grant) {
                    grants.push(grant);
                }
            }
            Ok(grants)
        }
    }

    deserializer.deserialize_any(Grants)
}
