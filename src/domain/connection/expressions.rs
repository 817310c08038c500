//! The names that expressions of a connection read. Does not own the language (`crates/expression`), nor the rest of a
//! connection's rules.

use super::{Connection, ValueMapping, ValueSource};
use crate::domain::text::FieldErrors;
use expression::{Expression, ParseError};
use std::collections::HashSet;

impl Connection {
    /// Rules that came when there were apps already. What `before` has stands until it is changed: nobody who pauses an app, or
    /// changes something else, need mend it first.
    pub(in crate::domain) fn check_later(&self, errors: &mut FieldErrors, before: Option<&Self>) {
        self.check_names(errors, before);
        match self {
            Self::Saml(saml) => saml.check_later(errors, before.and_then(Self::saml)),
            Self::Oidc(oidc) => oidc.check_later(errors, before.and_then(Self::oidc)),
            Self::Bookmark(_) => {}
        }
    }

    /// Refuses an expression that reads a name which nothing has. What `before` has already is let stand: it was taken once, it
    /// finds nothing there, and nobody who changes something else need mend it first.
    fn check_names(&self, errors: &mut FieldErrors, before: Option<&Self>) {
        let known: HashSet<&str> =
            before.into_iter().flat_map(|before| before.expressions()).map(|(_, text)| text).collect();
        for (field, text) in self.expressions() {
            // One that can't be read has its own error.
            if !known.contains(text)
                && let Ok(expression) = Expression::parse(text)
                && let Err(error) = expression.check_names()
            {
                refuse(errors, field, text, &error);
            }
        }
    }

    /// Every expression, with the field it stands in.
    pub(super) fn expressions(&self) -> Vec<(&'static str, &str)> {
        fn of<'a>(
            field: &'static str,
            rows: &'a [ValueMapping],
        ) -> impl Iterator<Item = (&'static str, &'a str)> {
            rows.iter().filter_map(move |row| match &row.value {
                ValueSource::Expression(text) => Some((field, text.as_str())),
                ValueSource::Source(_) | ValueSource::Constant(_) => None,
            })
        }
        match self {
            Self::Saml(saml) => {
                let name_id = Some(saml.name_id_expression.as_str()).filter(|text| !text.is_empty());
                let sets = saml.attribute_sets.iter().flat_map(|set| of("attribute_sets", &set.attributes));
                let name_id = name_id.map(|text| ("name_id_expression", text)).into_iter();
                name_id.chain(of("attributes", &saml.attributes)).chain(sets).collect()
            }
            Self::Oidc(oidc) => of("claims", &oidc.claims).collect(),
            Self::Bookmark(_) => Vec::new(),
        }
    }
}

/// The mistake, at its character.
pub(super) fn refuse(errors: &mut FieldErrors, field: &str, text: &str, error: &ParseError) {
    let shown: String = text.chars().skip(error.at.saturating_sub(20)).take(40).collect();
    errors.add(field, format!("{} at character {} (near “{}”)", error.message, error.at + 1, shown.trim()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::connection::{AttributeSet, OidcConnection, SamlConnection};

    fn row(text: &str) -> ValueMapping {
        ValueMapping::new("full", ValueSource::Expression(text.into()))
    }

    fn saml(text: &str) -> Connection {
        Connection::Saml(Box::new(SamlConnection {
            attributes: vec![row(text)],
            ..SamlConnection::default()
        }))
    }

    fn refused(connection: &Connection, before: Option<&Connection>) -> Vec<(String, String)> {
        let mut errors = FieldErrors::default();
        connection.check_names(&mut errors, before);
        errors.0.into_iter().map(|error| (error.field, error.message)).collect()
    }

    #[test]
    fn a_misspelt_name_is_refused_wherever_an_expression_stands() {
        let text = "user.email & user.nosuch";
        let of_set = AttributeSet { index: 1, name: String::new(), attributes: vec![row(text)] };
        for (field, connection) in [
            ("attributes", saml(text)),
            (
                "attribute_sets",
                Connection::Saml(Box::new(SamlConnection {
                    attribute_sets: vec![of_set],
                    ..SamlConnection::default()
                })),
            ),
            (
                "name_id_expression",
                Connection::Saml(Box::new(SamlConnection {
                    name_id_expression: text.into(),
                    ..SamlConnection::default()
                })),
            ),
            (
                "claims",
                Connection::Oidc(Box::new(OidcConnection {
                    claims: vec![row(text)],
                    ..OidcConnection::default()
                })),
            ),
        ] {
            let found = refused(&connection, None);
            assert_eq!(found.len(), 1, "{field}");
            assert_eq!(found[0].0, field);
            assert!(
                found[0].1.contains("no nosuch in user") && found[0].1.contains("character 19"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_client_that_was_taken_once_stands_until_it_is_changed() {
        let client = |start: &str, claim: &str| {
            Connection::Oidc(Box::new(OidcConnection {
                initiate_login_uri: start.into(),
                claims: vec![ValueMapping::new(claim, ValueSource::Constant("x".into()))],
                ..OidcConnection::default()
            }))
        };
        let later = |connection: &Connection, before: Option<&Connection>| -> Vec<String> {
            let mut errors = FieldErrors::default();
            connection.check_later(&mut errors, before);
            errors.0.into_iter().map(|error| error.field).collect()
        };
        let (old, other) = (client("http://wiki.intern/start", "acr"), client("http://wiki.intern/", "amr"));
        assert_eq!(later(&old, None), ["claims", "initiate_login_uri"], "a new one");
        assert!(later(&old, Some(&old)).is_empty(), "a pause changes nothing of it");
        assert_eq!(
            later(&other, Some(&old)),
            ["claims", "initiate_login_uri"],
            "changed to what is no better"
        );
        assert!(later(&client("https://wiki.example/start", "team"), Some(&old)).is_empty());
    }

    #[test]
    fn what_was_taken_once_stands_until_it_is_changed() {
        let before = saml("user.nosuch");
        assert!(refused(&saml("user.nosuch"), Some(&before)).is_empty());
        assert_eq!(refused(&saml("user.nosuch "), Some(&before)).len(), 1);
        assert!(refused(&saml("user.first_name"), Some(&before)).is_empty());
    }
}
