//! The sets of attributes that requests of a SAML app name by number: one page a set. Does not own their rules
//! (`domain::connection`).

use super::{conditions, frame, rows, sso};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{AttributeSet, Connection, SamlConnection},
        permission::Permission,
        text::FieldErrors,
    },
    service::apps,
    web::{
        admin::{
            frame::console,
            saving::{self, Compared},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                apps::{AppTab, saml::SetLine, sets::AppSet},
            },
            form::{AttributeRow, Errors},
            list::counted,
        },
    },
};
use axum::{
    extract::{Path, State},
    response::Response,
};

/// Refused fields that have another name in the form.
const RENAMES: &[(&str, &str)] = &[("attribute_sets", "attribute_name")];

/// The lines of the list on the sign-on tab.
pub fn lines(app: &App, saml: &SamlConnection) -> Vec<SetLine> {
    let line = |set: &AttributeSet| SetLine {
        href: path(app, Some(set.index)),
        index: set.index,
        name: set.name.clone(),
        rows: counted(set.attributes.len() as u64, "attribute", "attributes"),
    };
    saml.attribute_sets.iter().map(line).collect()
}

fn path(app: &App, index: Option<u16>) -> String {
    match index {
        Some(index) => format!("/admin/apps/{}/sets/{index}", app.slug),
        None => format!("/admin/apps/{}/sets/new", app.slug),
    }
}

/// A set as its form has it.
struct Typed {
    index: String,
    name: String,
    rows: Vec<AttributeRow>,
}

impl Typed {
    fn of(set: Option<&AttributeSet>) -> Self {
        set.map_or_else(
            || Self { index: String::new(), name: String::new(), rows: Vec::new() },
            |set| Self {
                index: set.index.to_string(),
                name: set.name.clone(),
                rows: rows::of(&set.attributes),
            },
        )
    }

    fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).trim().chars().take(512).collect();
        Self { index: text("set_index"), name: text("set_name"), rows: rows::typed(fields) }
    }

    fn compared(&self, stored: &Self) -> Vec<Compared> {
        const SETS: &[&str] = &["attribute_sets"];
        vec![
            Compared::new("Number", SETS, &stored.index, &self.index),
            Compared::new("Name", SETS, &stored.name, &self.name),
            Compared::new("Attributes", SETS, &rows::text(&stored.rows), &rows::text(&self.rows)),
        ]
    }

    /// The settings with this set in the place of the one numbered `before`, or after all others.
    fn put(&self, saml: &SamlConnection, before: Option<u16>) -> Result<SamlConnection, FieldErrors> {
        let index = self
            .index
            .parse()
            .map_err(|_| FieldErrors::one("set_index", "Write a number from 0 to 65,535"))?;
        if Some(index) != before && saml.attribute_sets.iter().any(|set| set.index == index) {
            return Err(FieldErrors::one("set_index", "Another set has this number"));
        }
        let mut saml = saml.clone();
        let place = saml.attribute_sets.iter().position(|set| Some(set.index) == before);
        let stored = place.and_then(|place| saml.attribute_sets.get(place));
        let stored_rows = stored.map(|set| set.attributes.clone()).unwrap_or_default();
        let attributes = rows::mappings(&self.rows, &stored_rows, "attribute_sets")?;
        let set = AttributeSet { index, name: self.name.clone(), attributes };
        match place.and_then(|place| saml.attribute_sets.get_mut(place)) {
            Some(there) => *there = set,
            None => saml.attribute_sets.push(set),
        }
        Ok(saml)
    }
}

/// A SAML app and the set of an address: `new`, or a number that is there.
async fn find(
    ctx: &AppContext,
    admin: &Admin,
    slug: &str,
    key: &str,
) -> Result<(App, Option<AttributeSet>), Failure> {
    let app = apps::find(ctx, &admin.caller, slug).await?;
    let saml = app.connection.saml().ok_or(Failure::NotFound)?;
    if key == "new" {
        return Ok((app, None));
    }
    let set = saml.attribute_sets.iter().find(|set| set.index.to_string() == key).cloned();
    let set = set.ok_or(Failure::NotFound)?;
    Ok((app, Some(set)))
}

/// `GET /admin/apps/{slug}/sets/{index}`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path((slug, key)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (app, set) = find(&ctx, &admin, &slug, &key).await?;
    if set.is_none() {
        admin.caller.require(Permission::Manage)?;
    }
    let index = set.as_ref().map(|set| set.index);
    page(&draw(&ctx, &admin, &app, index, Typed::of(set.as_ref()), Errors::none()).await?)
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    index: Option<u16>,
    typed: Typed,
    errors: Errors,
) -> Result<AppSet, Failure> {
    let saml = app.connection.saml().ok_or(Failure::NotFound)?;
    Ok(AppSet {
        page: admin.visit.page(ctx).editing(app.version),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::SignOn).await?,
        errors,
        title: index.map_or_else(|| "New attribute set".to_owned(), |index| format!("Attribute set {index}")),
        action: path(app, index),
        is_stored: index.is_some(),
        index: typed.index,
        name: typed.name,
        attributes: typed.rows,
        sources: rows::sources(),
        conditions: conditions::offered(saml),
    })
}

/// `POST /admin/apps/{slug}/sets/{index}`
pub async fn submit(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path((slug, key)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let (app, set) = find(&ctx, &admin, &slug, &key).await?;
    let saml = app.connection.saml().ok_or(Failure::NotFound)?;
    let index = set.as_ref().map(|set| set.index);
    let removes = fields.has("remove") && index.is_some();
    let typed = Typed::read(&fields);
    let work = async {
        let wanted = if removes {
            let mut saml = saml.clone();
            saml.attribute_sets.retain(|set| Some(set.index) != index);
            saml
        } else {
            typed.put(saml, index)?
        };
        sso::save(&ctx, &admin, &app, Connection::Saml(Box::new(wanted))).await
    };
    match saving::save(&fields, &app, work).await? {
        Ok(saved) => {
            let line =
                if removes { "The set is removed." } else { "Saved. It counts from the next sign-in." };
            Ok(done(&ctx, &format!("/admin/apps/{}/sso", saved.slug), line))
        }
        Err(unsaved) => {
            let status = unsaved.status();
            let app = unsaved.current(&ctx, &admin, app).await?;
            // Somebody may have removed it meanwhile: then the form adds it.
            let current = app
                .connection
                .saml()
                .and_then(|saml| saml.attribute_sets.iter().find(|set| Some(set.index) == index).cloned());
            let compared = typed.compared(&Typed::of(current.as_ref()));
            let errors = unsaved.errors(&ctx, &admin, &app, &fields, RENAMES, compared).await?;
            let index = current.map(|set| set.index);
            page_with(status, &draw(&ctx, &admin, &app, index, typed, errors).await?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> SamlConnection {
        let set = |index| AttributeSet { index, name: format!("set {index}"), attributes: Vec::new() };
        SamlConnection { attribute_sets: vec![set(1), set(2)], ..SamlConnection::default() }
    }

    fn typed(index: &str) -> Typed {
        Typed { index: index.into(), name: "x".into(), rows: Vec::new() }
    }

    #[test]
    fn a_set_takes_its_own_place_and_no_other() {
        let numbers =
            |saml: SamlConnection| saml.attribute_sets.iter().map(|set| set.index).collect::<Vec<_>>();
        assert_eq!(typed("7").put(&stored(), None).map(numbers), Ok(vec![1, 2, 7]));
        assert_eq!(typed("7").put(&stored(), Some(1)).map(numbers), Ok(vec![7, 2]), "renumbered");
        assert_eq!(typed("1").put(&stored(), Some(1)).map(numbers), Ok(vec![1, 2]));
        for (index, before) in [("2", Some(1)), ("1", None), ("-1", None), ("65536", None), ("", None)] {
            let refused = typed(index).put(&stored(), before).expect_err(index);
            assert!(refused.of("set_index").is_some(), "{index}");
        }
    }
}
