//! One group: its members, its name, the apps it opens, and removing it.

use crate::{
    context::AppContext,
    domain::{group::Group, text::canonical},
    service::{groups, overview::PageRequest, users},
    web::{
        admin::{
            forms,
            frame::console,
            groups::list::draft_of,
            opened::{Changing, Opened},
            paging::{Query, count, pager},
            saving::{self, Compared},
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
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

/// What was typed into the page's forms.
struct Typed {
    name: String,
    description: String,
    person: String,
    /// The apps that would see another name, when that is to be confirmed.
    told: Vec<String>,
}

impl Typed {
    /// Nothing yet: what is stored.
    fn stored(group: &Group) -> Self {
        Self {
            name: group.name.clone(),
            description: group.description.clone(),
            person: String::new(),
            told: Vec::new(),
        }
    }
}

/// `GET /admin/groups/{id}`
pub async fn show(
    State(ctx): State<AppContext>,
    Opened { admin, it: group }: Opened<Group>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
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
        told: typed.told,
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
    Changing { admin, it: group }: Changing<Group>,
    fields: Fields,
) -> Result<Response, Failure> {
    let draft = draft_of(&fields);
    let typed =
        Typed { name: draft.name.clone(), description: draft.description.clone(), ..Typed::stored(&group) };
    let renames = !draft.name.is_empty() && canonical(&draft.name) != canonical(&group.name);
    // A form that was overtaken is shown again first.
    if renames && fields.get("renamed") != "yes" && fields.version()? == group.version {
        let apps = groups::apps_told_name(&ctx, &admin.caller, group.id).await?;
        if !apps.is_empty() {
            let told: Vec<String> = apps.into_iter().map(|app| app.label).collect();
            let message = format!("{} would see another name from the next sign-in on", told.join(", "));
            let typed = Typed { told, ..typed };
            return refused(&ctx, &admin, &group, typed, Errors::on("name", message)).await;
        }
    }
    let work = groups::update(&ctx, &admin.caller, group.id, group.version, draft);
    match saving::save(&fields, &group, work).await? {
        Ok(group) => Ok(done(&ctx, &format!("/admin/groups/{}", group.id), "Saved.")),
        Err(unsaved) => {
            let status = unsaved.status();
            let group = unsaved.current(&ctx, &admin, group).await?;
            let compared = vec![
                Compared::new("Name", &["name"], &group.name, &typed.name),
                Compared::new("Description", &["description"], &group.description, &typed.description),
            ];
            let errors = unsaved.errors(&ctx, &admin, &group, &fields, &[], compared).await?;
            let query = Query::read(None)?;
            page_with(status, &draw(&ctx, &admin, &group, &query, typed, errors).await?)
        }
    }
}

/// `POST /admin/groups/{id}/members`: `action` is `add`, with a user name or email, or `remove`, with an id.
pub async fn members(
    State(ctx): State<AppContext>,
    Changing { admin, it: group }: Changing<Group>,
    fields: Fields,
) -> Result<Response, Failure> {
    let sent = fields.get("person").trim();
    let changed = match fields.get("action") {
        "add" => add(&ctx, &admin, &group, sent).await?,
        "remove" => Ok(remove_member(&ctx, &admin, &group, sent).await?),
        _ => Err(Errors::general("Nothing was changed: use the buttons of this page")),
    };
    match changed {
        Ok(line) => Ok(done(&ctx, &format!("/admin/groups/{}", group.id), &line)),
        Err(errors) => {
            let typed = Typed { person: forms::typed(sent), ..Typed::stored(&group) };
            refused(&ctx, &admin, &group, typed, errors).await
        }
    }
}

async fn add(
    ctx: &AppContext,
    admin: &Admin,
    group: &Group,
    sent: &str,
) -> Result<Result<String, Errors>, Failure> {
    if sent.is_empty() {
        return Ok(Err(Errors::on("person", "Enter a user name or work email")));
    }
    let Some(user) = users::find(ctx, &admin.caller, sent).await? else {
        return Ok(Err(Errors::on("person", "Nobody here has that user name or email")));
    };
    let added = groups::set_member(ctx, &admin.caller, group.id, user.id, true).await?;
    let what = if added { "is in the group now" } else { "was in the group before" };
    Ok(Ok(format!("{} {what}.", user.display_name)))
}

async fn remove_member(
    ctx: &AppContext,
    admin: &Admin,
    group: &Group,
    sent: &str,
) -> Result<String, Failure> {
    let user = users::get(ctx, &admin.caller, sent.parse().map_err(|_| Failure::NotFound)?).await?;
    groups::set_member(ctx, &admin.caller, group.id, user.id, false).await?;
    Ok(format!("{} is no longer in the group.", user.display_name))
}

/// `POST /admin/groups/{id}/remove`: `confirm` is the group's name.
pub async fn remove(
    State(ctx): State<AppContext>,
    Changing { admin, it: group }: Changing<Group>,
    fields: Fields,
) -> Result<Response, Failure> {
    if canonical(fields.get("confirm")) != canonical(&group.name) {
        let errors = Errors::on("confirm", format!("Type {}, as it stands above", group.name));
        return refused(&ctx, &admin, &group, Typed::stored(&group), errors).await;
    }
    groups::delete(&ctx, &admin.caller, group.id).await?;
    Ok(done(&ctx, "/admin/groups", &format!("{} is removed. Its people keep their accounts.", group.name)))
}
