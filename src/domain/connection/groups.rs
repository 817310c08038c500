//! Whether an app hears of groups at all. Does not own which ones (`access`) or what they are called (`sent_as`).

use super::{Connection, ValueMapping, ValueSource};

/// Of OpenID Connect clients: the scope that asks for them.
const SCOPE: &str = "groups";

impl Connection {
    /// Whether an assertion or a token may name groups, or something that is made from them.
    pub fn tells_groups(&self) -> bool {
        let by_rows = |rows: &[ValueMapping]| {
            rows.iter().any(|row| {
                !row.off && matches!(&row.value, ValueSource::Source(source) if source == "groups")
            })
        };
        let told = match self {
            Self::Saml(saml) => {
                !saml.groups_attribute.is_empty()
                    || by_rows(&saml.attributes)
                    || saml.attribute_sets.iter().any(|set| by_rows(&set.attributes))
            }
            Self::Oidc(oidc) => oidc.scopes.iter().any(|scope| scope == SCOPE) || by_rows(&oidc.claims),
            Self::Bookmark(_) => false,
        };
        told || self.expressions().iter().any(|(_, text)| text.contains("groups"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::SamlConnection;
    use super::*;

    #[test]
    fn an_app_hears_of_groups_by_attribute_row_or_expression() {
        let told = |change: fn(&mut SamlConnection)| {
            let mut saml = SamlConnection { attributes: Vec::new(), ..SamlConnection::default() };
            change(&mut saml);
            Connection::Saml(Box::new(saml)).tells_groups()
        };
        let row = |value| ValueMapping::new("x", value);
        assert!(!told(|_| {}));
        assert!(told(|saml| saml.groups_attribute = "memberOf".into()));
        assert!(told(|saml| saml.name_id_expression = "groups[0]".into()));
        let listed = |value, off| {
            let mut saml = SamlConnection { attributes: vec![row(value)], ..SamlConnection::default() };
            saml.attributes[0].off = off;
            Connection::Saml(Box::new(saml)).tells_groups()
        };
        assert!(listed(ValueSource::Source("groups".into()), false));
        assert!(!listed(ValueSource::Source("groups".into()), true));
        assert!(!listed(ValueSource::Source("email".into()), false));
    }
}
