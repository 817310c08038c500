//! What an app is told of a group that is bound to it (JC-9). Does not own which groups those are (`access`).

use super::text::{FieldErrors, LINE_MAX, check_line};
use crate::id::GroupId;
use serde::Serialize;
use std::fmt;

/// What stands for a group in assertions and claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum SentAs {
    /// Its name, whatever that is at the time.
    #[default]
    Name,
    /// Its id, which never changes.
    Id,
    /// A text that this app knows it by, whatever it is called here.
    Alias(String),
}

impl SentAs {
    /// The text that the app gets.
    pub fn text(&self, id: GroupId, name: &str) -> String {
        match self {
            Self::Name => name.to_owned(),
            Self::Id => id.to_string(),
            Self::Alias(alias) => alias.clone(),
        }
    }

    /// Reads what was stored.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "name" => Some(Self::Name),
            "id" => Some(Self::Id),
            other => other.strip_prefix("alias:").map(|alias| Self::Alias(alias.to_owned())),
        }
    }

    /// Whether the app sees when the group gets another name.
    pub fn follows_name(&self) -> bool {
        *self == Self::Name
    }

    /// An alias is one line that is not blank.
    ///
    /// # Errors
    /// On the field `alias`.
    pub fn checked(self) -> Result<Self, FieldErrors> {
        let Self::Alias(alias) = self else { return Ok(self) };
        let alias = alias.trim().to_owned();
        let mut errors = FieldErrors::default();
        check_line(&mut errors, "alias", &alias, LINE_MAX);
        if alias.is_empty() {
            errors.add("alias", "Enter what the app calls the group");
        }
        errors.finish()?;
        Ok(Self::Alias(alias))
    }
}

/// As it is stored: `name`, `id`, or `alias:` and the alias.
impl fmt::Display for SentAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Id => f.write_str("id"),
            Self::Alias(alias) => write!(f, "alias:{alias}"),
        }
    }
}

impl Serialize for SentAs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn it_is_read_as_it_was_stored() {
        for sent_as in [SentAs::Name, SentAs::Id, SentAs::Alias("id".into()), SentAs::Alias("alias:x".into())]
        {
            assert_eq!(SentAs::parse(&sent_as.to_string()), Some(sent_as));
        }
    }

    #[test]
    fn only_a_name_follows_the_name() {
        let id = GroupId::new(chrono::DateTime::UNIX_EPOCH, &mut StdRng::seed_from_u64(1));
        let told = |sent_as: &SentAs| (sent_as.text(id, "Growth"), sent_as.follows_name());
        assert_eq!(told(&SentAs::Name), ("Growth".to_owned(), true));
        assert_eq!(told(&SentAs::Id), (id.to_string(), false));
        assert_eq!(told(&SentAs::Alias("growth-team".into())), ("growth-team".to_owned(), false));
    }

    #[test]
    fn an_alias_is_a_line() {
        assert_eq!(SentAs::Alias(" a ".into()).checked(), Ok(SentAs::Alias("a".into())));
        for bad in ["", "  ", "a\nb", &"x".repeat(LINE_MAX + 1)] {
            assert!(SentAs::Alias(bad.into()).checked().is_err(), "{bad}");
        }
    }
}
