//! Adding an application: the kind, then its name, tile and what is known of it. Does not own making it (`service::apps`).

use super::{catalogue, metadata, oidc_form, slug, source, sso};
use crate::{
    context::AppContext,
    domain::{
        app::AppDraft,
        connection::{BookmarkConnection, Connection, OidcConnection, SamlConnection},
        text::FieldErrors,
    },
    service::{
        ServiceError, apps,
        connectors::{self, Parameters},
        sp_metadata::Looked,
    },
    web::{
        admin::{forms, frame::console, opened::Manager, paging::Query},
        error::Failure,
        extract::{Admin, Fields, Upload},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                apps::{
                    look::Look,
                    new::{AppNew, AppNewForm, NewKind},
                    source::EntityChoice,
                },
            },
            form::Errors,
        },
    },
};
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};

/// Fields of an app that this form doesn't show by themselves: they come from the metadata.
const FROM_METADATA: &[&str] =
    &["acs_urls", "sp_certificates", "name_id_format", "attributes", "require_signed_requests"];

/// `GET /admin/apps/new`
pub async fn choose(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let q = Query::read(query.as_deref())?.text("q");
    page(&AppNew {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Apps).await?,
        connectors: catalogue::cards(&admin, &q)?,
        q,
    })
}

/// `GET /admin/apps/new/{kind}`, `kind` also being a connector of the catalogue.
pub async fn show(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let Some(kind) = NewKind::from_slug(&kind) else {
        let connector = connectors::find(&admin.caller, &kind)?;
        return catalogue::show(&ctx, &admin, connector).await;
    };
    let look = Look { label: Query::read(query.as_deref())?.text("label"), ..Look::default() };
    page(&draw(&ctx, &admin, kind, look, &Fields::default(), Default::default()).await?)
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    kind: NewKind,
    look: Look,
    fields: &Fields,
    (errors, choice): (Errors, EntityChoice),
) -> Result<AppNewForm, Failure> {
    Ok(AppNewForm {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Apps).await?,
        errors,
        kind,
        look,
        metadata_xml: metadata::kept_document(fields, &choice),
        source: source::typed(fields),
        choice,
        redirect_uris: fields.get("redirect_uris").to_owned(),
        url: fields.get("url").to_owned(),
    })
}

/// Name and tile as typed.
pub fn look(fields: &Fields) -> Look {
    let text = |name: &str| fields.get(name).trim().to_owned();
    Look {
        label: text("label"),
        slug: text("slug"),
        description: text("description"),
        category: text("category"),
        glyph: text("glyph"),
        colour: text("colour"),
        show_in_portal: fields.has("show_in_portal"),
    }
}

/// `POST /admin/apps/new/{kind}`
pub async fn submit(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    Path(kind): Path<String>,
    Upload(fields): Upload,
) -> Result<Response, Failure> {
    let Some(kind) = NewKind::from_slug(&kind) else {
        let connector = connectors::find(&admin.caller, &kind)?;
        return catalogue::add(&ctx, &admin, connector, &fields).await;
    };
    let mut look = look(&fields);
    let made = match connection(&ctx, &admin, kind, &mut look, &fields).await? {
        Ok(connection) => {
            let half = Half { connector: kind.slug(), parameters: Parameters::new(), connection };
            add(&ctx, &admin, &look, half).await?
        }
        Err(refused) => Err(refused),
    };
    match made {
        Ok(response) => Ok(response),
        Err(refused) => refused_page(&ctx, &admin, kind, look, &fields, refused).await,
    }
}

/// What an app is beside its name and tile.
pub(super) struct Half<'a> {
    pub(super) connector: &'a str,
    pub(super) parameters: Parameters,
    pub(super) connection: Connection,
}

/// Adds an app and answers its sign-on tab, or the fields that were refused.
pub(super) async fn add(
    ctx: &AppContext,
    admin: &Admin,
    look: &Look,
    half: Half<'_>,
) -> Result<Result<Response, FieldErrors>, Failure> {
    let slug = match look.slug.as_str() {
        "" => slug::free(ctx, admin, &slug::from_label(&look.label)).await?,
        typed => typed.to_owned(),
    };
    if slug::is_taken(ctx, admin, &slug).await? {
        let free = slug::free(ctx, admin, &slug).await?;
        return Ok(Err(FieldErrors::one("slug", format!("Another app has this address. {free} is free"))));
    }
    let draft = AppDraft {
        slug,
        label: look.label.clone(),
        description: look.description.clone(),
        connector: half.connector.to_owned(),
        parameters: half.parameters,
        glyph: look.glyph.clone(),
        colour: look.colour.clone(),
        category: look.category.clone(),
        show_in_portal: look.show_in_portal,
        active: false,
        connection: half.connection,
    };
    match apps::create(ctx, &admin.caller, draft).await {
        Ok((app, Some(secret))) => Ok(Ok(sso::stored(ctx, admin, &app, Some(secret), ("", "")).await?)),
        Ok((app, None)) => {
            let line = format!("{} is added. Nobody can open it until you give it to a group.", app.label);
            Ok(Ok(done(ctx, &format!("/admin/apps/{}/sso", app.slug), &line)))
        }
        Err(ServiceError::Invalid(refused)) => Ok(Err(refused)),
        Err(other) => Err(other.into()),
    }
}

/// The protocol half, or the fields that were refused; metadata also gives a name to an app without one.
async fn connection(
    ctx: &AppContext,
    admin: &Admin,
    kind: NewKind,
    look: &mut Look,
    fields: &Fields,
) -> Result<Result<Connection, FieldErrors>, Failure> {
    Ok(Ok(match kind {
        NewKind::Saml => match saml(ctx, admin, &look.label, fields).await {
            Ok((saml, display_name)) => {
                if look.label.is_empty() {
                    look.label = display_name.unwrap_or_default();
                }
                Connection::Saml(Box::new(saml))
            }
            Err(ServiceError::Invalid(refused)) => return Ok(Err(refused)),
            Err(other) => return Err(other.into()),
        },
        NewKind::Oidc => Connection::Oidc(Box::new(OidcConnection {
            redirect_uris: oidc_form::lines(fields.get("redirect_uris")),
            ..OidcConnection::default()
        })),
        NewKind::Bookmark => Connection::Bookmark(BookmarkConnection { url: fields.get("url").to_owned() }),
    }))
}

/// The settings that a document comes to, and how the app calls itself in it: the document sent along, else the one at the
/// address, else none.
async fn saml(
    ctx: &AppContext,
    admin: &Admin,
    label: &str,
    fields: &Fields,
) -> Result<(SamlConnection, Option<String>), ServiceError> {
    let from = source::to_source(&source::typed(fields))?;
    let (xml, field) = metadata::document(fields);
    if xml.trim().is_empty() {
        let Some(from) = from else { return Ok((SamlConnection::default(), None)) };
        let looked = Looked::fetch(ctx, &admin.caller, from, fields.get("sp_entity_id")).await?;
        return Ok((looked.connection, looked.display_name));
    }
    let chosen = fields.get("sp_entity_id").trim();
    let proposal = metadata::propose(ctx, admin, xml, &SamlConnection::default(), (chosen, label)).map_err(
        |refused| {
            // Which one is meant stands beside its own field; everything else beside the document.
            let mut named = FieldErrors::default();
            for error in refused.0 {
                let beside = if error.field == "sp_entity_id" { "sp_entity_id" } else { field };
                named.add(beside, error.message);
            }
            named
        },
    )?;
    let found = &proposal.connection.sp_entity_id;
    if !chosen.is_empty() && found != chosen {
        let words = format!("The document is of “{found}”. Leave this empty, or send the one of “{chosen}”.");
        return Err(ServiceError::field("sp_entity_id", words));
    }
    Ok((SamlConnection { metadata_source: from, ..proposal.connection }, proposal.display_name))
}

async fn refused_page(
    ctx: &AppContext,
    admin: &Admin,
    kind: NewKind,
    look: Look,
    fields: &Fields,
    refused: FieldErrors,
) -> Result<Response, Failure> {
    let by_address = !fields.get("sp_metadata_url").trim().is_empty();
    let document = match metadata::document(fields) {
        ("", _) if by_address => "sp_metadata_url",
        (_, field) => field,
    };
    let renames: Vec<(&str, &str)> = FROM_METADATA.iter().map(|field| (*field, document)).collect();
    let choice = metadata::choice(fields, &refused, fields.get("sp_entity_id"));
    let shown = (forms::errors(refused, &renames), choice);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &draw(ctx, admin, kind, look, fields, shown).await?)
}
