//! A group that may open an app, as the file writes it. Does not own what binding means (`domain::access`).

use crate::domain::{sent_as::SentAs, text::FieldErrors};
use serde::{Deserialize, Serialize};

/// A group by its name, or with what the app is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BoundGroup {
    /// The app is told its name.
    Named(String),
    /// The app may be told something else.
    Sent(SentGroup),
}

/// A group and what the app is told of it: its name, unless one of the others is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentGroup {
    /// Its name here.
    pub name: String,
    /// Whether the app is told its id, which never changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub send_id: bool,
    /// What the app calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
}

impl BoundGroup {
    /// Its name here.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Sent(sent) => &sent.name,
        }
    }

    /// What the app is told of it.
    ///
    /// # Errors
    /// On the field `alias`: it is no line, or there is an id beside it.
    pub fn sent_as(&self) -> Result<SentAs, FieldErrors> {
        let Self::Sent(sent) = self else { return Ok(SentAs::Name) };
        match (&sent.alias, sent.send_id) {
            (Some(_), true) => Err(FieldErrors::one("alias", "Give an alias or send the id, not both")),
            (Some(alias), false) => SentAs::Alias(alias.clone()).checked(),
            (None, true) => Ok(SentAs::Id),
            (None, false) => Ok(SentAs::Name),
        }
    }
}

impl From<(String, SentAs)> for BoundGroup {
    fn from((name, sent_as): (String, SentAs)) -> Self {
        match sent_as {
            SentAs::Name => Self::Named(name),
            SentAs::Id => Self::Sent(SentGroup { name, send_id: true, alias: None }),
            SentAs::Alias(alias) => Self::Sent(SentGroup { name, send_id: false, alias: Some(alias) }),
        }
    }
}
