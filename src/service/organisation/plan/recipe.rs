//! What the catalogue makes of an app of the file: its connector with the parameters put in. Does not own the blocks that
//! win over it (`connection`).

use super::connection::About;
use crate::{
    catalog,
    domain::{
        connection::{Connection, OidcConnection, SamlConnection},
        text::FieldErrors,
    },
    service::connectors::{Connector, Filled, Parameters, Protocol, refill},
};

/// The connectors that aren't of the catalogue.
const BY_HAND: &[&str] = &["custom-saml", "custom-oidc", "bookmark"];

/// A connector, filled.
pub(super) struct Recipe {
    pub(super) connector: &'static Connector,
    pub(super) filled: Filled,
}

/// The sentence for a connector that isn't there.
pub(super) fn choices() -> String {
    let catalogue: Vec<&str> = catalog::all().iter().map(|connector| connector.slug.as_str()).collect();
    format!("Write custom-saml, custom-oidc, bookmark, or one of the catalogue: {}", catalogue.join(", "))
}

/// The recipe of an app: of the connector the file names, or of the one it has. Nothing for an app made by hand.
///
/// # Errors
/// `connector`: unknown. `parameters.<key>`: missing, wrong, or asked for by nobody.
pub(super) fn of(about: &About<'_>) -> Result<Option<Recipe>, FieldErrors> {
    let entry = about.entry;
    let had = about.existing.map(|app| app.connector.as_str());
    let named = entry.connector.as_deref();
    let Some(connector) = named.or(had).and_then(catalog::find) else {
        if let Some(name) = named
            && !BY_HAND.contains(&name)
            && had != Some(name)
        {
            return Err(FieldErrors::one(
                "connector",
                format!("There is no connector “{name}”. {}", choices()),
            ));
        }
        if !entry.parameters.is_empty() {
            return Err(FieldErrors::one("parameters", "Only connectors of the catalogue take parameters"));
        }
        return Ok(None);
    };
    let (way, block, other) = match connector.protocol {
        Protocol::Saml => ("SAML", "a saml", entry.oidc.is_some()),
        Protocol::Oidc => ("OpenID Connect", "an oidc", entry.saml.is_some()),
    };
    if other || entry.url.is_some() {
        let message = format!("{} signs on with {way}; write {block} block, or none", connector.name);
        return Err(FieldErrors::one("connector", message));
    }
    let nothing = Parameters::new();
    let before = about.existing.filter(|_| had == Some(connector.slug.as_str())).map(|app| &app.parameters);
    let given = if entry.parameters.is_empty() { before.unwrap_or(&nothing) } else { &entry.parameters };
    match connector.fill(given) {
        Ok(filled) => Ok(Some(Recipe { connector, filled })),
        // It was stored so, and the file says nothing about it.
        Err(_) if named.is_none() && entry.parameters.is_empty() => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// The connection of an app that has a connector and no block: the recipe for a new one; for one that is there, what the
/// parameters change.
pub(super) fn alone(about: &About<'_>, recipe: Option<&Recipe>) -> Result<Connection, FieldErrors> {
    let Some(Recipe { connector, filled }) = recipe else {
        return Err(FieldErrors::one("connector", choices()));
    };
    let Some(existing) = about.existing else { return Ok(filled.connection.clone()) };
    if existing.connector == connector.slug {
        let current = Some(&*existing.connection);
        return Ok(refill(connector, &existing.parameters, current, &filled.parameters)?.connection);
    }
    if let Connection::Oidc(made) = &filled.connection {
        // The client keeps its name: the app knows it by it.
        let client_id = existing.connection.oidc().map(|oidc| oidc.client_id.clone()).unwrap_or_default();
        return Ok(Connection::Oidc(Box::new(OidcConnection { client_id, ..(**made).clone() })));
    }
    let made = filled.connection.saml().cloned().unwrap_or_default();
    let idp_entity_id = existing.connection.saml().map(|saml| saml.idp_entity_id.clone()).unwrap_or_default();
    Ok(Connection::Saml(Box::new(SamlConnection { idp_entity_id, ..made })))
}

/// Keeps the rows that the recipe needs: a block may change where their value comes from and switch them off, but not leave them
/// out or call them otherwise, as in the console. An app that does without one already goes on so, with a warning.
///
/// # Errors
/// `saml.attributes`: the rows that are missing.
pub(super) fn lock(
    about: &About<'_>,
    recipe: &Recipe,
    made: &mut SamlConnection,
) -> Result<Vec<String>, FieldErrors> {
    let name = &recipe.connector.name;
    let of_recipe =
        recipe.filled.connection.saml().map(|saml| saml.attributes.as_slice()).unwrap_or_default();
    let stored = about.existing.filter(|app| app.connector == recipe.connector.slug);
    let stored = stored.and_then(|app| app.connection.saml());
    let (mut warnings, mut errors) = (Vec::new(), FieldErrors::default());
    for needed in of_recipe.iter().filter(|row| row.required).map(|row| row.name.as_str()) {
        if let Some(row) = made.attributes.iter_mut().find(|row| row.name == needed) {
            row.required = true;
        } else if stored.is_some_and(|saml| saml.attributes.iter().all(|row| row.name != needed)) {
            warnings
                .push(format!("{name} needs an attribute of the name “{needed}”, and the app sends none."));
        } else {
            errors.add(
                "saml.attributes",
                format!(
                    "{name} needs an attribute of the name “{needed}”. Keep its row: its value may be another one, and off: true \
                     switches it off"
                ),
            );
        }
    }
    errors.finish()?;
    Ok(warnings)
}
