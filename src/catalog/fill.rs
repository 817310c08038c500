//! A connector with its parameters put in, and put in once more when they change. Does not own checking a connection
//! (`domain::connection`).

use super::{
    file::Connector,
    parameter::{Parameters, settle},
    recipes::{Need, OidcRecipe, Pkce, SamlRecipe, Signed},
    template::Template,
};
use crate::domain::{
    connection::{AcsUrl, Connection, OidcConnection, SamlConnection, ValueMapping, ValueSource},
    text::FieldErrors,
};

/// What a connector comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The parameters, trimmed and checked.
    pub parameters: Parameters,
    /// The protocol half, every placeholder filled.
    pub connection: Connection,
}

impl Connector {
    /// The app's protocol half for these parameters.
    ///
    /// # Errors
    /// `parameters.<key>` with a sentence: missing, wrong, or not one of this connector.
    pub fn fill(&self, given: &Parameters) -> Result<Filled, FieldErrors> {
        let parameters = settle(&self.parameters, given, &self.name)?;
        let connection = match (&self.saml, &self.oidc) {
            (_, Some(oidc)) => Connection::Oidc(Box::new(oidc.fill(&parameters))),
            (saml, None) => {
                let made = saml.as_ref().map(|saml| saml.fill(&parameters));
                Connection::Saml(Box::new(made.unwrap_or_default()))
            }
        };
        Ok(Filled { parameters, connection })
    }

    /// The same for an app that is there: what the parameters make follows them, what an admin wrote instead stays.
    /// A value counts as written by an admin when it isn't what `before` made.
    ///
    /// # Errors
    /// As [`Connector::fill`].
    pub fn refill(
        &self,
        current: &Connection,
        before: &Parameters,
        given: &Parameters,
    ) -> Result<Filled, FieldErrors> {
        let parameters = settle(&self.parameters, given, &self.name)?;
        let connection = match (current, &self.saml, &self.oidc) {
            (Connection::Saml(current), Some(saml), _) => {
                let (old, new) = (saml.fill(before), saml.fill(&parameters));
                Connection::Saml(Box::new(carry(current, &old, &new)))
            }
            (Connection::Oidc(current), _, Some(oidc)) => {
                let (old, new) = (oidc.fill(before), oidc.fill(&parameters));
                Connection::Oidc(Box::new(carry_client(current, &old, &new)))
            }
            _ => return self.fill(given),
        };
        Ok(Filled { parameters, connection })
    }

    /// What an attribute of this name is needed for.
    pub fn need(&self, attribute: &str) -> Option<Need> {
        self.saml.iter().flat_map(|saml| &saml.attributes).find(|row| row.name == attribute)?.needed_for
    }

    /// Set-up steps and notes, for these parameters.
    pub fn steps(&self, parameters: &Parameters) -> Vec<String> {
        self.steps.iter().map(|step| step.show(parameters)).collect()
    }

    /// What is good to know, for these parameters.
    pub fn notes(&self, parameters: &Parameters) -> Vec<String> {
        self.notes.iter().map(|note| note.show(parameters)).collect()
    }

    /// Whether it answers a search: every word stands in its name, category or description.
    pub fn matches(&self, query: &str) -> bool {
        let text =
            format!("{} {} {} {}", self.name, self.slug, self.category, self.description).to_lowercase();
        query.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

impl SamlRecipe {
    fn fill(&self, parameters: &Parameters) -> SamlConnection {
        let text = |template: &Template| template.fill(parameters);
        let perhaps = |template: &Option<Template>| template.as_ref().and_then(text).unwrap_or_default();
        let addresses = self.acs_urls.iter().filter_map(text).enumerate();
        SamlConnection {
            sp_entity_id: text(&self.sp_entity_id).unwrap_or_default(),
            acs_urls: addresses
                .map(|(position, url)| AcsUrl {
                    url,
                    index: u16::try_from(position).unwrap_or(u16::MAX),
                    default: position == 0,
                })
                .collect(),
            name_id_source: self.name_id.source.clone(),
            name_id_format: self.name_id.format,
            sign_assertion: self.sign.contains(&Signed::Assertion),
            sign_response: self.sign.contains(&Signed::Response),
            allow_idp_initiated: self.idp_initiated,
            start_url: perhaps(&self.start_url),
            default_relay_state: perhaps(&self.default_relay_state),
            audiences: self.audiences.iter().filter_map(text).collect(),
            groups_attribute: self.groups_attribute.clone(),
            attributes: self
                .attributes
                .iter()
                .filter_map(|row| {
                    Some(ValueMapping {
                        name_format: row.name_format.clone(),
                        friendly_name: row.friendly_name.clone(),
                        required: row.needed_for.is_some(),
                        off: row.off,
                        ..ValueMapping::new(row.name.clone(), row.value(parameters)?)
                    })
                })
                .collect(),
            ..SamlConnection::default()
        }
    }
}

impl OidcRecipe {
    fn fill(&self, parameters: &Parameters) -> OidcConnection {
        let texts = |list: &[Template]| list.iter().filter_map(|text| text.fill(parameters)).collect();
        let perhaps = |text: &Option<Template>| {
            text.as_ref().and_then(|text| text.fill(parameters)).unwrap_or_default()
        };
        OidcConnection {
            redirect_uris: texts(&self.redirect_uris),
            post_logout_redirect_uris: texts(&self.post_logout_redirect_uris),
            initiate_login_uri: perhaps(&self.initiate_login_uri),
            sign_in_url: perhaps(&self.sign_in_url),
            grant_types: self.grant_types.clone(),
            client_auth: self.client_auth,
            require_pkce: self.pkce == Pkce::Required,
            scopes: self.scopes.clone(),
            refresh_token_rotation: self.refresh_token_rotation,
            ..OidcConnection::default()
        }
    }
}

/// A client's settings with what `old` made replaced by what `new` makes.
fn carry_client(current: &OidcConnection, old: &OidcConnection, new: &OidcConnection) -> OidcConnection {
    let mut carried = current.clone();
    for (field, old, new) in [
        (&mut carried.redirect_uris, &old.redirect_uris, &new.redirect_uris),
        (
            &mut carried.post_logout_redirect_uris,
            &old.post_logout_redirect_uris,
            &new.post_logout_redirect_uris,
        ),
    ] {
        if field == old {
            field.clone_from(new);
        }
    }
    for (field, old, new) in [
        (&mut carried.initiate_login_uri, &old.initiate_login_uri, &new.initiate_login_uri),
        (&mut carried.sign_in_url, &old.sign_in_url, &new.sign_in_url),
    ] {
        if field == old {
            field.clone_from(new);
        }
    }
    carried
}

/// `current` with what `old` made replaced by what `new` makes.
fn carry(current: &SamlConnection, old: &SamlConnection, new: &SamlConnection) -> SamlConnection {
    let mut carried = current.clone();
    for (field, old, new) in [
        (&mut carried.sp_entity_id, &old.sp_entity_id, &new.sp_entity_id),
        (&mut carried.start_url, &old.start_url, &new.start_url),
        (&mut carried.default_relay_state, &old.default_relay_state, &new.default_relay_state),
    ] {
        if *field == *old {
            field.clone_from(new);
        }
    }
    carried.forget_another_entity(current);
    carry_addresses(&mut carried.acs_urls, &old.acs_urls, &new.acs_urls);
    if carried.audiences == old.audiences {
        carried.audiences.clone_from(&new.audiences);
    }
    for row in &mut carried.attributes {
        let value = |made: &SamlConnection| {
            made.attributes.iter().find(|other| other.name == row.name).map(|other| other.value.clone())
        };
        if let (Some(was), Some(now)) = (value(old), value(new))
            && matches!(row.value, ValueSource::Constant(_))
            && row.value == was
        {
            row.value = now;
        }
    }
    carried
}

/// Addresses follow one by one and keep their index, for requests may name them by it. Those that are new are added, those
/// that are no longer made go.
fn carry_addresses(addresses: &mut Vec<AcsUrl>, old: &[AcsUrl], new: &[AcsUrl]) {
    addresses.retain_mut(|acs| match old.iter().position(|made| made.url == acs.url) {
        None => true,
        Some(position) => match new.get(position) {
            Some(made) => {
                acs.url.clone_from(&made.url);
                true
            }
            None => false,
        },
    });
    for made in new.iter().skip(old.len()) {
        if addresses.iter().any(|acs| acs.url == made.url) {
            continue;
        }
        let free = (0..=u16::MAX).find(|index| addresses.iter().all(|acs| acs.index != *index));
        let default = addresses.is_empty();
        addresses.push(AcsUrl { url: made.url.clone(), index: free.unwrap_or(u16::MAX), default });
    }
}
