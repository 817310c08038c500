//! Apps of the catalogue: choosing one, adding it with its parameters, other parameters later. Does not own what a connector
//! is (`service::connectors`) or the sign-on tab (`sso`).

use super::{
    new::{Half, add as add_app, look},
    oidc_form, preview, saml_form,
};
use crate::{
    context::AppContext,
    domain::{app::App, permission::Permission, text::FieldErrors},
    service::{
        ServiceError, apps,
        connectors::{self, Connector, GiveKind, Parameters, Protocol},
    },
    web::{
        admin::{forms, frame::console},
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            Tile,
            admin::{
                Nav,
                apps::{
                    look::Look,
                    new::{AppNewConnector, ConnectorCard},
                    recipe::{self, Give, ParameterField, Recipe},
                },
            },
            form::Errors,
        },
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

/// Before a parameter's key, in the names of form fields and of refused fields.
const PREFIX: &str = "parameters.";
/// Refused fields of the connection that no field of the form stands for.
const HIDDEN: &[&str] = &[
    "sp_entity_id",
    "acs_urls",
    "start_url",
    "attributes",
    "audiences",
    "default_relay_state",
    "redirect_uris",
    "sign_in_url",
];

/// The apps of the catalogue that answer a search.
pub fn cards(admin: &Admin, query: &str) -> Result<Vec<ConnectorCard>, Failure> {
    Ok(connectors::search(&admin.caller, query)?.into_iter().map(card).collect())
}

fn card(connector: &Connector) -> ConnectorCard {
    ConnectorCard {
        slug: connector.slug.clone(),
        tile: Tile {
            label: connector.name.clone(),
            glyph: connector.glyph.clone(),
            colour: connector.colour.clone(),
        },
        description: connector.description.clone(),
        protocol: match connector.protocol {
            Protocol::Saml => "SAML 2.0",
            Protocol::Oidc => "OIDC",
        },
    }
}

/// `GET /admin/apps/new/{connector}`
pub async fn show(ctx: &AppContext, admin: &Admin, connector: &Connector) -> Result<Response, Failure> {
    let look = Look {
        label: connector.name.clone(),
        description: connector.description.clone(),
        category: connector.category.clone(),
        glyph: connector.glyph.clone(),
        colour: connector.colour.clone(),
        ..Look::default()
    };
    page(&draw(ctx, admin, connector, look, &Parameters::new(), Errors::none()).await?)
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    connector: &Connector,
    look: Look,
    typed: &Parameters,
    errors: Errors,
) -> Result<AppNewConnector, Failure> {
    Ok(AppNewConnector {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Apps).await?,
        errors,
        card: card(connector),
        parameters: fields(connector, typed),
        look,
    })
}

/// `POST /admin/apps/new/{connector}`
pub async fn add(
    ctx: &AppContext,
    admin: &Admin,
    connector: &Connector,
    fields: &Fields,
) -> Result<Response, Failure> {
    let mut look = look(fields);
    // A form without them takes the connector's.
    for (field, own) in [(&mut look.glyph, &connector.glyph), (&mut look.colour, &connector.colour)] {
        if field.is_empty() {
            field.clone_from(own);
        }
    }
    let typed = typed(connector, fields);
    let made = match connector.fill(&typed) {
        Ok(filled) => {
            let half = Half {
                connector: &connector.slug,
                parameters: filled.parameters,
                connection: filled.connection,
            };
            add_app(ctx, admin, &look, half).await?
        }
        Err(refused) => Err(refused),
    };
    match made {
        Ok(response) => Ok(response),
        Err(refused) => {
            let errors = errors(refused);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page_with(status, &draw(ctx, admin, connector, look, &typed, errors).await?)
        }
    }
}

/// Errors beside their fields; what no field shows is about the whole form.
fn errors(refused: FieldErrors) -> Errors {
    let renames: Vec<(&str, &str)> = HIDDEN.iter().map(|field| (*field, "")).collect();
    forms::errors(refused, &renames)
}

fn typed(connector: &Connector, fields: &Fields) -> Parameters {
    let value = |key: &str| fields.get(&format!("{PREFIX}{key}")).trim().to_owned();
    connector.parameters.iter().map(|parameter| (parameter.key.clone(), value(&parameter.key))).collect()
}

/// `POST /admin/apps/{slug}/sso/parameters`: fills the app in again.
pub async fn refill(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    let Some(connector) = connectors::of(&app) else { return Err(Failure::NotFound) };
    let version = fields.version()?;
    let typed = typed(connector, &fields);
    match connectors::set_parameters(&ctx, &admin.caller, app.clone(), version, &typed).await {
        Ok(saved) => {
            let path = format!("/admin/apps/{}/sso", saved.slug);
            Ok(done(&ctx, &path, "Filled in again. It counts from the next sign-in."))
        }
        Err(ServiceError::Invalid(refused)) => refused_page(&ctx, &admin, &app, typed, refused).await,
        Err(other) => Err(other.into()),
    }
}

async fn refused_page(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    typed: Parameters,
    refused: FieldErrors,
) -> Result<Response, Failure> {
    if let Some(oidc) = app.connection.oidc() {
        let errors = forms::errors(refused, oidc_form::RENAMES);
        let secret = oidc_form::secret_line(ctx, admin, app).await?;
        let mut drawn = oidc_form::draw(ctx, admin, app, oidc_form::fields_of(oidc), errors, secret).await?;
        drawn.preview = preview::panel(ctx, admin, app, "", "").await?;
        if let Some(connector) = connectors::of(app) {
            drawn.recipe = Some(recipe(connector, &app.parameters, &typed));
        }
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn);
    }
    let Some(saml) = app.connection.saml() else { return Err(Failure::NotFound) };
    let beside = saml_form::Beside { parameters: Some(typed), ..saml_form::Beside::default() };
    let errors = forms::errors(refused, saml_form::RENAMES);
    let mut drawn = saml_form::draw(ctx, admin, app, saml_form::fields_of(saml), errors, beside).await?;
    drawn.preview = preview::panel(ctx, admin, app, "", "").await?;
    drawn.page.path = format!("/admin/apps/{}/sso", app.slug);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn)
}

fn fields(connector: &Connector, values: &Parameters) -> Vec<ParameterField> {
    let field = |parameter: &connectors::Parameter| ParameterField {
        name: format!("{PREFIX}{}", parameter.key),
        label: parameter.label.clone(),
        hint: format!("{} Such as {}.", parameter.hint, parameter.example),
        value: values.get(&parameter.key).cloned().unwrap_or_default(),
        required: parameter.required,
    };
    connector.parameters.iter().map(field).collect()
}

/// What the sign-on tab shows of a connector: texts with the stored parameters, fields with the typed ones.
pub fn recipe(connector: &Connector, stored: &Parameters, typed: &Parameters) -> Recipe {
    Recipe {
        name: connector.name.clone(),
        settings: connector.settings.clone(),
        steps: connector.steps(stored),
        notes: connector.notes(stored),
        links: connector.links.iter().map(|link| (link.title.clone(), link.url.clone())).collect(),
        gives: connector
            .give
            .iter()
            .map(|give| Give { kind: kind(give.what), label: give.label.clone(), optional: give.optional })
            .collect(),
        parameters: fields(connector, typed),
    }
}

fn kind(what: GiveKind) -> recipe::GiveKind {
    match what {
        GiveKind::MetadataFile => recipe::GiveKind::MetadataFile,
        GiveKind::MetadataUrl => recipe::GiveKind::MetadataUrl,
        GiveKind::SignInUrl => recipe::GiveKind::SignInUrl,
        GiveKind::Issuer => recipe::GiveKind::Issuer,
        GiveKind::Certificate => recipe::GiveKind::Certificate,
        GiveKind::PortalUrl => recipe::GiveKind::PortalUrl,
        GiveKind::DiscoveryUrl => recipe::GiveKind::DiscoveryUrl,
        GiveKind::ClientId => recipe::GiveKind::ClientId,
        GiveKind::ClientSecret => recipe::GiveKind::ClientSecret,
    }
}

#[cfg(test)]
mod tests {
    use crate::web::view::icon::{COLOURS, GLYPHS};

    #[test]
    fn connectors_wear_glyphs_and_colours_that_can_be_drawn() {
        for connector in crate::catalog::all() {
            assert!(GLYPHS.contains(&connector.glyph.as_str()), "{}", connector.slug);
            assert!(COLOURS.iter().any(|(name, _)| *name == connector.colour), "{}", connector.slug);
        }
    }
}
