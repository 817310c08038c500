//! Removing an app: who loses what, and the name to type.

use super::frame;
use crate::{
    context::AppContext,
    domain::{app::App, connection::Connection, text::canonical},
    service::apps,
    web::{
        admin::{forms, frame::console, opened::Changing, paging::count},
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                apps::{AppTab, remove::AppRemove},
            },
            form::Errors,
        },
    },
};
use axum::{extract::State, http::StatusCode, response::Response};

/// `GET /admin/apps/{slug}/remove`
pub async fn show(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
) -> Result<Response, Failure> {
    page(&draw(&ctx, &admin, &app, String::new(), Errors::none()).await?)
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    confirm: String,
    errors: Errors,
) -> Result<AppRemove, Failure> {
    let (_, people) = frame::reach(ctx, admin, app).await?;
    Ok(AppRemove {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::Other).await?,
        errors,
        people: count(people),
        consequences: consequences(app),
        confirm,
    })
}

fn consequences(app: &App) -> Vec<String> {
    let first = match &*app.connection {
        Connection::Saml(_) => "Its addresses stop answering at once, and its signing key is destroyed.",
        Connection::Oidc(_) => {
            "Its client ID and secret stop working at once, and every token it holds is withdrawn."
        }
        Connection::Bookmark(_) => "Its tile goes from every portal.",
    };
    let mut lines = vec![first.to_owned()];
    if !matches!(&*app.connection, Connection::Bookmark(_)) {
        lines.push(format!("Adding it again makes new keys: {} would have to be set up anew.", app.label));
        lines.push(format!("Accounts inside {} stay as they are. Close them there.", app.label));
    }
    lines
}

/// `POST /admin/apps/{slug}/remove`
pub async fn submit(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let typed = fields.get("confirm");
    if canonical(typed) != canonical(&app.label) {
        let errors = Errors::on("confirm", format!("Type {}, as it stands above", app.label));
        let drawn = draw(&ctx, &admin, &app, forms::typed(typed), errors).await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn);
    }
    let line = format!("{} is removed.", app.label);
    apps::delete(&ctx, &admin.caller, app).await?;
    Ok(done(&ctx, "/admin/apps", &line))
}
