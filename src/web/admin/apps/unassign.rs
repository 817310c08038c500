//! Taking an app from a group or from a person chosen by hand: who would lose it, then doing it.
//! Does not own the counting (`service::assignments`).

use super::frame;
use crate::{
    context::AppContext,
    domain::app::App,
    service::assignments::{self, Assignee, Removal},
    web::{
        admin::{
            frame::console,
            opened::Changing,
            paging::{Query, count},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                apps::{AppTab, unassign::AppUnassign},
            },
            form::{Errors, Hidden},
            list::counted,
        },
        words,
    },
};
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

/// Whom an address or a form names.
fn named(group: &str, person: &str) -> Result<Assignee, Failure> {
    match (group, person) {
        (group, "") => group.parse().map(Assignee::Group).map_err(|_| Failure::NotFound),
        (_, person) => person.parse().map(Assignee::User).map_err(|_| Failure::NotFound),
    }
}

/// `GET /admin/apps/{slug}/access/remove?group=…`, or `?person=…`
pub async fn show(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::read(query.as_deref())?;
    let whom = named(&query.text("group"), &query.text("person"))?;
    let removal = assignments::removal(&ctx, &admin.caller, &app, whom).await?;
    page(&draw(&ctx, &admin, &app, whom, &removal, Errors::none()).await?)
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    whom: Assignee,
    removal: &Removal,
    errors: Errors,
) -> Result<AppUnassign, Failure> {
    let (field, id) = match whom {
        Assignee::Group(id) => ("group", id.to_string()),
        Assignee::User(id) => ("person", id.to_string()),
    };
    Ok(AppUnassign {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::Access).await?,
        errors,
        name: removal.name.clone(),
        is_group: matches!(whom, Assignee::Group(_)),
        losing: count(removal.losing),
        keeping: count(removal.keeping),
        people: removal
            .some
            .iter()
            .map(|user| (words::person(user), format!("/admin/users/{}", user.id)))
            .collect(),
        payload: vec![Hidden::new(field, id), Hidden::new("losing", removal.losing.to_string())],
    })
}

/// `POST /admin/apps/{slug}/access/remove`: `group` or `person`, and `losing`, the number that the page said.
pub async fn submit(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let whom = named(fields.get("group"), fields.get("person"))?;
    let removal = assignments::removal(&ctx, &admin.caller, &app, whom).await?;
    if fields.get("losing") != removal.losing.to_string() {
        let errors =
            Errors::general("Nothing was removed: the number of people changed meanwhile. Look again");
        let drawn = draw(&ctx, &admin, &app, whom, &removal, errors).await?;
        return page_with(StatusCode::CONFLICT, &drawn);
    }
    assignments::set(&ctx, &admin.caller, &app, whom, false).await?;
    let line = said(&app, whom, &removal);
    Ok(done(&ctx, &format!("/admin/apps/{}/access", app.slug), &line))
}

fn said(app: &App, whom: Assignee, removal: &Removal) -> String {
    let (name, label) = (&removal.name, &app.label);
    match (whom, removal.losing) {
        (Assignee::Group(_), 0) => format!("{name} no longer has {label}. Nobody lost it."),
        (Assignee::Group(_), losing) => {
            let people = counted(count(losing), "person", "people");
            format!("{name} no longer has {label}: {people} lost it.")
        }
        (Assignee::User(_), 0) => {
            format!("{name} is no longer chosen by hand, and keeps {label} through a group.")
        }
        (Assignee::User(_), _) => format!("{name} no longer has {label}."),
    }
}
