//! The list of groups, and adding one.

use crate::{
    context::AppContext,
    domain::group::GroupDraft,
    service::groups,
    web::{
        admin::{
            frame::console,
            opened::Manager,
            paging::{Query, count, pager},
            saving,
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                groups::{GroupList, GroupNew, GroupRow},
            },
            form::Errors,
        },
        words,
    },
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};

const PATH: &str = "/admin/groups";
/// Tiles that fit into a row.
const TILES: usize = 5;

/// `GET /admin/groups`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::read(query.as_deref())?;
    let q = query.text("q");
    let found = groups::list(&ctx, &admin.caller, &q, query.rows()).await?;
    let mut rows = Vec::with_capacity(found.items.len());
    for (group, members, app_count) in found.items {
        let apps = groups::apps(&ctx, &admin.caller, group.id).await?;
        rows.push(GroupRow {
            href: format!("{PATH}/{}", group.id),
            name: group.name,
            description: group.description,
            members: count(members),
            apps: apps.iter().take(TILES).map(words::tile).collect(),
            app_count: count(app_count),
        });
    }
    page(&GroupList {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Groups).await?,
        pager: pager(&query, PATH, &[("q", &q)], rows.len(), found.total),
        q,
        groups: rows,
    })
}

async fn draw(ctx: &AppContext, admin: &Admin, fields: &Fields, errors: Errors) -> Result<GroupNew, Failure> {
    Ok(GroupNew {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Groups).await?,
        errors,
        name: fields.get("name").to_owned(),
        description: fields.get("description").to_owned(),
    })
}

/// `GET /admin/groups/new`
pub async fn new(State(ctx): State<AppContext>, Manager(admin): Manager) -> Result<Response, Failure> {
    page(&draw(&ctx, &admin, &Fields::default(), Errors::none()).await?)
}

/// `POST /admin/groups/new`
pub async fn create(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    fields: Fields,
) -> Result<Response, Failure> {
    let answer = groups::create(&ctx, &admin.caller, draft_of(&fields)).await;
    match saving::attempt(answer)? {
        Ok(group) => {
            let line = format!("{} is added. Now put people in it.", group.name);
            Ok(done(&ctx, &format!("{PATH}/{}", group.id), &line))
        }
        Err(unsaved) => {
            let (status, errors) = unsaved.of_new(&[]);
            page_with(status, &draw(&ctx, &admin, &fields, errors).await?)
        }
    }
}

/// The group that the fields of a form stand for.
pub fn draft_of(fields: &Fields) -> GroupDraft {
    GroupDraft { name: fields.get("name").to_owned(), description: fields.get("description").to_owned() }
}
