//! One group: its members, its name, the apps it opens, and removing it.

use crate::{
    context::AppContext,
    domain::{
        group::{Group, GroupDraft},
        permission::Permission,
        text::canonical,
    },
    id::GroupId,
    service::{ServiceError, groups, overview::PageRequest, users},
    web::{
        admin::{
            forms,
            frame::console,
            paging::{Query, count, pager},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                groups::{GroupDetail, Member},
            },
            form::Errors,
        },
        words,
    },
};
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};

/// What was typed into the page's forms.
struct Typed {
    name: String,
    description: String,
    person: String,
}

impl Typed {
    /// Nothing yet: what is stored.
    fn stored(group: &Group) -> Self {
        Self { name: group.name.clone(), description: group.description.clone(), person: String::new() }
    }
}

async fn load(ctx: &AppContext, admin: &Admin, id: &str) -> Result<Group, Failure> {
    let id: GroupId = id.parse().map_err(|_| Failure::NotFound)?;
    Ok(groups::get(ctx, &admin.caller, id).await?)
}

/// `GET /admin/groups/{id}`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let group = load(&ctx, &admin, &id).await?;
    let query = Query::read(query.as_deref())?;
    page(&draw(&ctx, &admin, &group, &query, Typed::stored(&group), Errors::none()).await?)
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    group: &Group,
    query: &Query,
    typed: Typed,
    errors: Errors,
) -> Result<GroupDetail, Failure> {
    let q = query.text("q");
    let base = format!("/admin/groups/{}", group.id);
    let found = groups::members(ctx, &admin.caller, group.id, &q, query.rows()).await?;
    let all = if q.is_empty() {
        found.total
    } else {
        groups::members(ctx, &admin.caller, group.id, "", PageRequest::first(1)).await?.total
    };
    let members: Vec<Member> = found
        .items
        .iter()
        .map(|user| Member {
            id: user.id.to_string(),
            href: format!("/admin/users/{}", user.id),
            person: words::person(user),
            email: user.email.clone(),
        })
        .collect();
    let apps = groups::apps(ctx, &admin.caller, group.id).await?;
    Ok(GroupDetail {
        page: admin.visit.page(ctx).editing(group.version),
        console: console(ctx, admin, Nav::Groups).await?,
        errors,
        title: group.name.clone(),
        name: typed.name,
        description: typed.description,
        member_count: count(all),
        pager: pager(query, &base, &[("q", &q)], members.len(), found.total),
        q,
        members,
        person: typed.person,
        apps: apps.iter().map(|app| (words::tile(app), format!("/admin/apps/{}/access", app.slug))).collect(),
        base,
    })
}

async fn refused(
    ctx: &AppContext,
    admin: &Admin,
    group: &Group,
    typed: Typed,
    errors: Errors,
) -> Result<Response, Failure> {
    let query = Query::read(None)?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &draw(ctx, admin, group, &query, typed, errors).await?)
}

/// `POST /admin/groups/{id}`
pub async fn update(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let group = load(&ctx, &admin, &id).await?;
    let version = fields.version(group.version)?;
    let draft =
        GroupDraft { name: fields.get("name").to_owned(), description: fields.get("description").to_owned() };
    let typed =
        Typed { name: draft.name.clone(), description: draft.description.clone(), ..Typed::stored(&group) };
    match groups::update(&ctx, &admin.caller, group.id, version, draft).await {
        Ok(group) => Ok(done(&ctx, &format!("/admin/groups/{}", group.id), "Saved.")),
        Err(ServiceError::Invalid(errors)) => {
            refused(&ctx, &admin, &group, typed, forms::errors(errors, &[])).await
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /admin/groups/{id}/members`: `action` is `add`, with a user name or email, or `remove`, with an id.
pub async fn members(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let group = load(&ctx, &admin, &id).await?;
    let sent = fields.get("person").trim();
    let back = format!("/admin/groups/{}", group.id);
    let again = |message: &'static str| {
        let typed = Typed { person: forms::typed(sent), ..Typed::stored(&group) };
        (typed, Errors::on("person", message))
    };
    match fields.get("action") {
        "add" => {
            if sent.is_empty() {
                let (typed, errors) = again("Enter a user name or work email");
                return refused(&ctx, &admin, &group, typed, errors).await;
            }
            let Some(user) = users::find(&ctx, &admin.caller, sent).await? else {
                let (typed, errors) = again("Nobody here has that user name or email");
                return refused(&ctx, &admin, &group, typed, errors).await;
            };
            let added = groups::set_member(&ctx, &admin.caller, group.id, user.id, true).await?;
            let what = if added { "is in the group now" } else { "was in the group before" };
            Ok(done(&ctx, &back, &format!("{} {what}.", user.display_name)))
        }
        "remove" => {
            let user = users::get(&ctx, &admin.caller, sent.parse().map_err(|_| Failure::NotFound)?).await?;
            groups::set_member(&ctx, &admin.caller, group.id, user.id, false).await?;
            Ok(done(&ctx, &back, &format!("{} is no longer in the group.", user.display_name)))
        }
        _ => {
            let errors = Errors::general("Nothing was changed: use the buttons of this page");
            refused(&ctx, &admin, &group, Typed::stored(&group), errors).await
        }
    }
}

/// `POST /admin/groups/{id}/remove`: `confirm` is the group's name.
pub async fn remove(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let group = load(&ctx, &admin, &id).await?;
    if canonical(fields.get("confirm")) != canonical(&group.name) {
        let errors = Errors::on("confirm", format!("Type {}, as it stands above", group.name));
        return refused(&ctx, &admin, &group, Typed::stored(&group), errors).await;
    }
    groups::delete(&ctx, &admin.caller, group.id).await?;
    Ok(done(&ctx, "/admin/groups", &format!("{} is removed. Its people keep their accounts.", group.name)))
}
