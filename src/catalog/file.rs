//! The shape of a connector file, read strictly: a key nobody knows is refused with its path. Does not own filling it
//! (`fill`).

use super::{
    parameter::{Parameter, Parameters},
    recipes::{OidcRecipe, SamlRecipe},
    template::{Template, is_key},
};
use crate::domain::{
    app::{AppDraft, COLOURS},
    connection::Connection,
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// How one application is set up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    /// The file's name: what an app says it was made from.
    #[serde(skip)]
    pub slug: String,
    /// The application's name.
    pub name: String,
    /// The line under the tile.
    pub description: String,
    /// The portal's filter.
    pub category: String,
    /// An icon of the sprite.
    pub glyph: String,
    /// A colour of the palette.
    #[serde(rename = "color", alias = "colour")]
    pub colour: String,
    /// How people sign on.
    pub protocol: Protocol,
    /// Where the app has its single sign-on settings, in the words of its menus.
    pub settings: String,
    /// What to do there, one short sentence each.
    pub steps: Vec<Template>,
    /// What is good to know.
    #[serde(default)]
    pub notes: Vec<Template>,
    /// What is asked for, once.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The SAML half, of a SAML app.
    #[serde(default)]
    pub saml: Option<SamlRecipe>,
    /// The OpenID Connect half, of an OIDC app.
    #[serde(default)]
    pub oidc: Option<OidcRecipe>,
    /// What the app takes from us, under its own field names.
    pub give: Vec<Give>,
    /// The vendor's documentation.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// How people sign on to an app of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// SAML 2.0.
    Saml,
    /// OpenID Connect.
    Oidc,
}

/// Something the app takes from us.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Give {
    /// Which of our values.
    pub what: GiveKind,
    /// What the app's form calls it.
    pub label: String,
    /// Whether the app works without it.
    #[serde(default)]
    pub optional: bool,
}

/// Our values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GiveKind {
    /// Our metadata as a file.
    MetadataFile,
    /// The address of our metadata.
    MetadataUrl,
    /// Where requests go.
    SignInUrl,
    /// Our entity id towards this app.
    Issuer,
    /// The signing certificate in PEM.
    Certificate,
    /// A page to land on after signing out: the portal.
    PortalUrl,
    /// The address of our OpenID Connect discovery document.
    DiscoveryUrl,
    /// The client's name.
    ClientId,
    /// The client's secret.
    ClientSecret,
}

impl GiveKind {
    /// Whether an app of the protocol has this value.
    fn is_of(self, protocol: Protocol) -> bool {
        match self {
            Self::Issuer | Self::PortalUrl => true,
            Self::MetadataFile | Self::MetadataUrl | Self::SignInUrl | Self::Certificate => {
                protocol == Protocol::Saml
            }
            Self::DiscoveryUrl | Self::ClientId | Self::ClientSecret => protocol == Protocol::Oidc,
        }
    }
}

/// A page of the vendor's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What is there.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// Reads a connector file. The error begins with the file's name and the path in it.
pub(super) fn read(slug: &str, text: &str) -> Result<Connector, String> {
    let at = |path: &str, why: &str| format!("{slug}.toml: {path}: {why}");
    let document = toml::Deserializer::parse(text).map_err(|error| at("file", error.message()))?;
    let mut connector: Connector = serde_path_to_error::deserialize(document)
        .map_err(|error| at(&error.path().to_string(), error.inner().message()))?;
    slug.clone_into(&mut connector.slug);
    connector.check().map_err(|(path, why)| at(&path, &why))?;
    Ok(connector)
}

type Refused = (String, String);

fn refuse<T>(path: impl Into<String>, why: impl Into<String>) -> Result<T, Refused> {
    Err((path.into(), why.into()))
}

impl Connector {
    /// Every text with placeholders: its path in the file, and itself.
    fn templates(&self) -> Vec<(String, &Template)> {
        let mut all = Vec::new();
        let mut lists = vec![("steps", &self.steps), ("notes", &self.notes)];
        if let Some(saml) = &self.saml {
            all.push(("saml.sp_entity_id".to_owned(), &saml.sp_entity_id));
            lists.extend([("saml.acs_urls", &saml.acs_urls), ("saml.audiences", &saml.audiences)]);
        }
        if let Some(oidc) = &self.oidc {
            lists.push(("oidc.redirect_uris", &oidc.redirect_uris));
            lists.push(("oidc.post_logout_redirect_uris", &oidc.post_logout_redirect_uris));
            let start = oidc.initiate_login_uri.as_ref();
            all.extend(start.map(|text| ("oidc.initiate_login_uri".to_owned(), text)));
            all.extend(oidc.sign_in_url.as_ref().map(|text| ("oidc.sign_in_url".to_owned(), text)));
        }
        for (path, list) in lists {
            all.extend(list.iter().enumerate().map(|(number, text)| (format!("{path}[{number}]"), text)));
        }
        let Some(saml) = &self.saml else { return all };
        all.extend(saml.start_url.as_ref().map(|text| ("saml.start_url".to_owned(), text)));
        all.extend(
            saml.default_relay_state.as_ref().map(|text| ("saml.default_relay_state".to_owned(), text)),
        );
        for (number, attribute) in saml.attributes.iter().enumerate() {
            let constant = attribute.constant.as_ref();
            all.extend(constant.map(|text| (format!("saml.attributes[{number}].constant"), text)));
        }
        all
    }

    /// What serde can't see: placeholders are declared and parameters used, and the examples make an app that is
    /// complete and keeps every rule of one.
    fn check(&self) -> Result<(), Refused> {
        if matches!(self.slug.as_str(), "new" | "custom-saml" | "custom-oidc" | "bookmark") {
            return refuse("file", "this name is taken; choose another for the file");
        }
        if !COLOURS.contains(&self.colour.as_str()) {
            return refuse("color", format!("write one of {}", COLOURS.join(", ")));
        }
        match (self.protocol, &self.saml, &self.oidc) {
            (Protocol::Saml, Some(_), None) | (Protocol::Oidc, None, Some(_)) => {}
            (Protocol::Saml, ..) => return refuse("saml", "an app of protocol saml has this table alone"),
            (Protocol::Oidc, ..) => return refuse("oidc", "an app of protocol oidc has this table alone"),
        }
        self.check_parameters()?;
        let attributes = self.saml.iter().flat_map(|saml| &saml.attributes);
        for (number, attribute) in attributes.enumerate() {
            if attribute.ways() != 1 {
                let path = format!("saml.attributes[{number}]");
                return refuse(path, "write one of source, constant and expression");
            }
        }
        if self.give.is_empty() {
            return refuse("give", "name what the app takes from us");
        }
        if let Some(number) = self.give.iter().position(|give| !give.what.is_of(self.protocol)) {
            return refuse(format!("give[{number}].what"), "an app of this protocol has no such value");
        }
        if let Some(number) = self.links.iter().position(|link| !link.url.starts_with("https://")) {
            return refuse(format!("links[{number}].url"), "write an https address");
        }
        self.check_examples()
    }

    fn check_parameters(&self) -> Result<(), Refused> {
        let mut declared = BTreeSet::new();
        for (number, parameter) in self.parameters.iter().enumerate() {
            let path = format!("parameters[{number}]");
            if !is_key(&parameter.key) || !declared.insert(parameter.key.as_str()) {
                let why = "use lower-case letters, digits and underscores, once each";
                return refuse(format!("{path}.key"), why);
            }
            if let Err(why) = parameter.check(&parameter.example) {
                return refuse(format!("{path}.example"), why);
            }
        }
        let templates = self.templates();
        for (path, template) in &templates {
            if let Some(key) = template.keys().find(|key| !declared.contains(key)) {
                return refuse(path.clone(), format!("no parameter has the key “{key}”"));
            }
        }
        let used: BTreeSet<&str> = templates.iter().flat_map(|(_, template)| template.keys()).collect();
        match self.parameters.iter().position(|parameter| !used.contains(parameter.key.as_str())) {
            Some(number) => refuse(format!("parameters[{number}].key"), "nothing in the file uses it"),
            None => Ok(()),
        }
    }

    /// The parameters of the examples. `all`: the ones that may be left out, too.
    pub fn examples(&self, all: bool) -> Parameters {
        let wanted = self.parameters.iter().filter(|parameter| all || parameter.required);
        wanted.map(|parameter| (parameter.key.clone(), parameter.example.clone())).collect()
    }

    fn check_examples(&self) -> Result<(), Refused> {
        let table = match self.protocol {
            Protocol::Saml => "saml",
            Protocol::Oidc => "oidc",
        };
        for all in [true, false] {
            let filled = match self.fill(&self.examples(all)) {
                Ok(filled) => filled,
                Err(errors) => return refuse(table, errors.to_string()),
            };
            if !filled.connection.is_complete() {
                return refuse(table, "what an app can't do without must not need an optional parameter");
            }
            let mut connection = filled.connection;
            // It is made when the app is added.
            if let Connection::Oidc(oidc) = &mut connection {
                oidc.client_id.clone_from(&self.slug);
            }
            let draft = AppDraft {
                slug: self.slug.clone(),
                label: self.name.clone(),
                description: self.description.clone(),
                connector: self.slug.clone(),
                parameters: filled.parameters,
                glyph: self.glyph.clone(),
                colour: self.colour.clone(),
                category: self.category.clone(),
                show_in_portal: true,
                active: false,
                connection,
            };
            if let Err(errors) = draft.check() {
                return refuse(table, errors.to_string());
            }
        }
        Ok(())
    }
}
