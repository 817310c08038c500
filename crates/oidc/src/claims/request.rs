//! Owns the `claims` request parameter (OpenID Connect Core §5.5).
//!
//! Does not own whether a claim asked for is given; see [`super::ClaimRelease`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ProtocolError;
use crate::jose::unambiguous::Unambiguous;

/// The longest parameter, in bytes.
const MAX_BYTES: usize = 8 * 1024;
/// The deepest nesting: section, claim, `values`, one value, and one level more.
const MAX_DEPTH: usize = 5;
/// The most claims in a section.
const MAX_CLAIMS: usize = 64;

/// Single claims asked for, by where they should appear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    #[serde(default)]
    userinfo: BTreeMap<String, ClaimRequirement>,
    #[serde(default)]
    id_token: BTreeMap<String, ClaimRequirement>,
}

/// How a claim is asked for (OpenID Connect Core §5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequirement {
    /// The client says that it needs it.
    #[serde(default)]
    pub essential: bool,
    /// The value it should have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The values it should have one of, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

#[derive(Deserialize)]
struct Presented {
    #[serde(default)]
    userinfo: Option<PresentedSection>,
    #[serde(default)]
    id_token: Option<PresentedSection>,
}

/// Objects, explicitly: the derived readers would take arrays for them.
type PresentedSection = BTreeMap<String, Option<Map<String, Value>>>;

impl ClaimsRequest {
    /// Parses the JSON. Unknown members are ignored, as §5.5 says.
    ///
    /// # Errors
    /// `invalid_request` if it is too long, too deep, has too many claims, a member twice, or another shape.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let refuse = |detail: String| {
            ProtocolError::invalid_request("the claims parameter is malformed").with_detail(detail)
        };
        if text.len() > MAX_BYTES {
            return Err(refuse(format!("{} bytes", text.len())));
        }
        let Unambiguous(value) = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
        if depth(&value) > MAX_DEPTH {
            return Err(refuse("nested too deep".to_owned()));
        }
        if !value.is_object() {
            return Err(refuse("not an object".to_owned()));
        }
        let malformed = |error: serde_json::Error| refuse(error.to_string());
        let presented: Presented = serde_json::from_value(value).map_err(malformed)?;
        let section = |claims: Option<PresentedSection>| {
            let claims = claims.unwrap_or_default();
            if claims.len() > MAX_CLAIMS {
                return Err(refuse("too many claims".to_owned()));
            }
            let requirement = |(name, wish): (String, Option<Map<String, Value>>)| {
                // null is how §5.5.1 spells "in the default manner".
                let wish = Value::Object(wish.unwrap_or_default());
                serde_json::from_value(wish).map(|wish| (name, wish)).map_err(malformed)
            };
            claims.into_iter().map(requirement).collect::<Result<BTreeMap<_, _>, _>>()
        };
        Ok(Self { userinfo: section(presented.userinfo)?, id_token: section(presented.id_token)? })
    }

    /// What is asked for in the userinfo answer.
    pub const fn userinfo(&self) -> &BTreeMap<String, ClaimRequirement> {
        &self.userinfo
    }

    /// What is asked for in the ID token.
    pub const fn id_token(&self) -> &BTreeMap<String, ClaimRequirement> {
        &self.id_token
    }

    /// Keeps only the wishes for claims of these names.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.userinfo.retain(|name, _| keep(name));
        self.id_token.retain(|name, _| keep(name));
    }

    /// Whether this is a subject that may be answered about. OpenID Connect Core §3.1.2.2, §5.5.1: if the `sub` claim is asked
    /// for with a value, or with one of several, nobody else may be signed in.
    pub fn may_be_about(&self, sub: &str) -> bool {
        let Some(wish) = self.id_token.get("sub") else { return true };
        let mut wanted = wish.value.iter().chain(&wish.values).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| wanted.as_str() == Some(sub))
    }

    /// Whether the ID token must hold `auth_time`.
    pub fn wants_auth_time(&self) -> bool {
        self.id_token.contains_key("auth_time")
    }

    /// The authentication contexts demanded. OpenID Connect Core §5.5.1.1: if `acr` is essential with values
    /// and none can be reached, the sign-on fails. Empty if it is a mere wish.
    pub fn essential_acr_values(&self) -> Vec<&str> {
        match self.id_token.get("acr") {
            Some(acr) if acr.essential => {
                acr.value.iter().chain(&acr.values).filter_map(Value::as_str).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// How deep arrays and objects are nested. Bounded: the JSON parser itself stops at 128.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
