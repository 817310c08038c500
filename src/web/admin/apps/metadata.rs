//! A service provider's metadata: uploaded or pasted, reviewed, used. Each step reads the document anew and trusts
//! nothing that the review page sends back. Does not own reading it (`service::sp_metadata`).

use super::{frame, saml_form, sso};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{Connection, SamlConnection},
        text::FieldErrors,
    },
    service::sp_metadata::{self, Proposal, Reading},
    web::{
        admin::{
            forms,
            frame::console,
            opened::Changing,
            saving::{self, Unsaved},
        },
        error::Failure,
        extract::{Admin, Fields, Upload},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                apps::{
                    AppTab,
                    saml::{MetadataReview, ReviewRow},
                    source::EntityChoice,
                },
            },
            form::{Choice, Errors, Hidden},
        },
    },
};
use axum::{extract::State, http::StatusCode, response::Response};

/// The document of a form: the file, or the pasted text when there is no file; and which of the two it was.
pub fn document(fields: &Fields) -> (&str, &'static str) {
    match fields.get("metadata_file") {
        "" => (fields.get("metadata_xml"), "metadata_xml"),
        file => (file, "metadata_file"),
    }
}

/// The field that names one app of a document with several, beside an app that is there.
const CHOSEN: &str = "metadata_entity_id";

/// The apps of the document of a form, when it is refused for not saying which: what may be chosen, and what was.
pub fn choice(fields: &Fields, refused: &FieldErrors, chosen: &str) -> EntityChoice {
    if refused.of("sp_entity_id").is_none() {
        return EntityChoice { chosen: chosen.trim().to_owned(), offered: Vec::new() };
    }
    let offered = sp_metadata::service_providers(document(fields).0).into_iter().map(|entity| {
        let label = match &entity.display_name {
            Some(name) => format!("{name} · {}", entity.entity_id),
            None => entity.entity_id.clone(),
        };
        Choice::new(entity.entity_id, label)
    });
    EntityChoice { chosen: chosen.trim().to_owned(), offered: offered.collect() }
}

/// The text to show again. Browsers don't send a file twice: while it has to be chosen from, its text takes the place.
pub fn kept_document(fields: &Fields, choice: &EntityChoice) -> String {
    let (document, _) = document(fields);
    if choice.offered.is_empty() { fields.get("metadata_xml").to_owned() } else { document.to_owned() }
}

/// What a document would set: the one it is about, or of several the one with this entity id. `label` is for the words of a
/// refusal.
pub fn propose(
    ctx: &AppContext,
    admin: &Admin,
    xml: &str,
    current: &SamlConnection,
    (entity_id, label): (&str, &str),
) -> Result<Proposal, FieldErrors> {
    let reading = Reading {
        current,
        entity_id,
        label,
        organization: &admin.visit.organization.name,
        public_url: ctx.config.http.public_url.as_str(),
        config: &ctx.config.saml,
        now: ctx.now(),
    };
    sp_metadata::propose(xml, &reading)
}

/// `POST /admin/apps/{slug}/sso/metadata`: what would change, or with `confirm=yes` the change.
pub async fn submit(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    Upload(fields): Upload,
) -> Result<Response, Failure> {
    let Some(current) = app.connection.saml() else { return Err(Failure::NotFound) };
    let (xml, field) = document(&fields);
    let proposal = match propose(&ctx, &admin, xml, current, (fields.get(CHOSEN), &app.label)) {
        Ok(proposal) => proposal,
        Err(refused) => return refused_page(&ctx, &admin, &app, &fields, field, refused).await,
    };
    if fields.get("confirm") != "yes" {
        return page(&review(&ctx, &admin, &app, proposal, (xml, &fields), Errors::none()).await?);
    }
    let connection = Connection::Saml(Box::new(proposal.connection));
    match saving::save(&fields, &app, sso::save(&ctx, &admin, &app, connection)).await? {
        Ok(saved) => {
            let line = format!("{} is filled in from its metadata.", saved.label);
            Ok(done(&ctx, &format!("/admin/apps/{}/sso", saved.slug), &line))
        }
        Err(Unsaved::Refused(refused)) => {
            refused_page(&ctx, &admin, &app, &fields, "metadata_xml", refused).await
        }
        Err(stale) => overtaken(&ctx, &admin, app, &fields, stale).await,
    }
}

/// The review anew, beside what is stored now.
async fn overtaken(
    ctx: &AppContext,
    admin: &Admin,
    app: App,
    fields: &Fields,
    stale: Unsaved,
) -> Result<Response, Failure> {
    let status = stale.status();
    let app = stale.current(ctx, admin, app).await?;
    let Some(current) = app.connection.saml() else { return Err(Failure::NotFound) };
    let (xml, field) = document(fields);
    match propose(ctx, admin, xml, current, (fields.get(CHOSEN), &app.label)) {
        Ok(proposal) => {
            let errors = stale.errors(ctx, admin, &app, fields, &[], Vec::new()).await?;
            page_with(status, &review(ctx, admin, &app, proposal, (xml, fields), errors).await?)
        }
        Err(refused) => refused_page(ctx, admin, &app, fields, field, refused).await,
    }
}

async fn review(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    proposal: Proposal,
    (xml, fields): (&str, &Fields),
    errors: Errors,
) -> Result<MetadataReview, Failure> {
    let rows = proposal.differences.into_iter().map(|difference| ReviewRow {
        field: difference.field.to_owned(),
        changed: difference.now != difference.from_metadata,
        now: difference.now,
        from_metadata: difference.from_metadata,
    });
    Ok(MetadataReview {
        page: admin.visit.page(ctx).editing(app.version),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::SignOn).await?,
        errors,
        rows: rows.collect(),
        warnings: proposal.warnings,
        payload: vec![Hidden::new("metadata_xml", xml), Hidden::new(CHOSEN, fields.get(CHOSEN))],
    })
}

/// The sign-on tab with the error beside the file or the text it came from.
async fn refused_page(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: &Fields,
    field: &str,
    refused: FieldErrors,
) -> Result<Response, Failure> {
    let Some(saml) = app.connection.saml() else { return Err(Failure::NotFound) };
    let chosen = choice(fields, &refused, fields.get(CHOSEN));
    let renames = [("metadata_xml", field), ("sp_entity_id", CHOSEN), ("attributes", "attribute_name")];
    let errors = forms::errors(refused, &renames);
    let pasted = saml_form::Beside {
        metadata_xml: kept_document(fields, &chosen),
        chosen,
        ..saml_form::Beside::default()
    };
    let mut drawn = saml_form::draw(ctx, admin, app, saml_form::fields_of(saml), errors, pasted).await?;
    drawn.page.path = format!("/admin/apps/{}/sso", app.slug);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_before_pasted_text() {
        let read = |text: &str| {
            let fields = Fields::parse(text).expect("short");
            let (xml, field) = document(&fields);
            (xml.to_owned(), field)
        };
        assert_eq!(read("metadata_file=a&metadata_xml=b"), ("a".to_owned(), "metadata_file"));
        assert_eq!(read("metadata_file=&metadata_xml=b"), ("b".to_owned(), "metadata_xml"));
        assert_eq!(read(""), (String::new(), "metadata_xml"));
    }
}
