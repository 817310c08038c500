//! Who may open an app: groups and people chosen by hand, everyone who has it and why, and the check of one person.

use super::{frame, verdict};
use crate::{
    context::AppContext,
    domain::{access::Route, app::App, sent_as::SentAs, user::User},
    service::{
        ServiceError,
        assignments::{self, Assignee},
        overview, users,
    },
    web::{
        admin::{
            forms,
            frame::{console, stopped_by},
            opened::{Changing, Opened},
            paging::{Query, count, pager},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page_with},
        view::{
            Link,
            admin::{
                Nav,
                apps::{
                    AppTab,
                    access::{AccessGroup, AccessPerson, AppAccess, OfferedGroup},
                },
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
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// Most groups of one form.
const GROUPS_MAX: usize = 200;

/// `GET /admin/apps/{slug}/access`
pub async fn show(
    State(ctx): State<AppContext>,
    Opened { admin, it: app }: Opened<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::read(query.as_deref())?;
    let drawn = draw(&ctx, &admin, &app, &query, Typed::default(), Errors::none()).await?;
    page_with(StatusCode::OK, &drawn)
}

/// What was typed and refused.
#[derive(Default)]
struct Typed {
    person: String,
    /// The group whose alias it was.
    group: String,
    alias: String,
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    query: &Query,
    typed: Typed,
    errors: Errors,
) -> Result<AppAccess, Failure> {
    let Typed { person, group: open, alias: typed_alias } = typed;
    let (q, check) = (query.text("q"), query.text("check"));
    let bound = assignments::groups(ctx, &admin.caller, app).await?;
    let sent_as = assignments::sent_as(ctx, &admin.caller, app).await?;
    let has: HashSet<_> = bound.iter().map(|(group, ..)| group.id).collect();
    let offered = overview::groups_with_sizes(ctx, &admin.caller).await?;
    let (_, people_count) = frame::reach(ctx, admin, app).await?;
    let stopped =
        if app.active { overview::stopped_people(ctx, &admin.caller, app.id).await? } else { people_count };
    let found = assignments::people(ctx, &admin.caller, app, &q, query.rows()).await?;
    let ids: Vec<_> = found.items.iter().map(|(user, _)| user.id).collect();
    let opened = overview::last_opened(ctx, &admin.caller, app.id, &ids).await?;
    let now = ctx.now();
    let people: Vec<AccessPerson> = found
        .items
        .iter()
        .map(|(user, routes)| row(app, user, routes, opened.get(&user.id).copied(), now))
        .collect();
    let (verdict, check_note) = verdict::check(ctx, admin, app, &check).await?;
    let path = format!("/admin/apps/{}/access", app.slug);
    let mut page = admin.visit.page(ctx);
    page.path.clone_from(&path);
    Ok(AppAccess {
        page,
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::Access).await?,
        errors,
        groups: bound
            .into_iter()
            .map(|(group, people, only)| AccessGroup {
                href: format!("/admin/groups/{}", group.id),
                sent_as: match sent_as.get(&group.id) {
                    None | Some(SentAs::Name) => "name",
                    Some(SentAs::Id) => "id",
                    Some(SentAs::Alias(_)) => "alias",
                },
                alias: match sent_as.get(&group.id) {
                    _ if open == group.id.to_string() => typed_alias.clone(),
                    Some(SentAs::Alias(alias)) => alias.clone(),
                    _ => String::new(),
                },
                id: group.id.to_string(),
                name: group.name,
                note: group.description,
                people: count(people),
                only: count(only),
            })
            .collect(),
        tells_groups: app.connection.tells_groups(),
        open,
        offered: offered
            .into_iter()
            .filter(|(group, _)| !has.contains(&group.id))
            .map(|(group, people)| OfferedGroup {
                id: group.id.to_string(),
                name: group.name,
                note: group.description,
                people: count(people),
            })
            .collect(),
        people_count: count(people_count),
        stopped_count: count(stopped),
        pager: pager(query, &path, &[("q", &q), ("check", &check)], people.len(), found.total),
        q,
        people,
        person,
        check,
        verdict,
        check_note,
    })
}

/// One person with every path to the app.
fn row(
    app: &App,
    user: &User,
    routes: &[Route],
    opened: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> AccessPerson {
    let via = routes.iter().filter_map(|route| match route {
        Route::Group { id, name, .. } => {
            Some(Link { href: format!("/admin/groups/{id}"), text: name.clone() })
        }
        Route::Direct => None,
    });
    let paused = (!app.active).then(|| "App not live".to_owned());
    AccessPerson {
        href: format!("/admin/users/{}", user.id),
        person: words::person(user),
        via: via.collect(),
        by_hand: routes.contains(&Route::Direct).then(|| user.id.to_string()),
        last_opened: opened.map(|then| words::ago(then, now)).unwrap_or_default(),
        stopped: stopped_by(user.state).or(paused),
    }
}

/// What was wrong with a form: the field, what to do, and what was typed.
type Refused = (&'static str, String, Typed);

/// `POST /admin/apps/{slug}/access`: adds. Removing asks first, on a page of its own (`unassign`).
pub async fn submit(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let changed = match fields.get("action") {
        "add_group" => add_groups(&ctx, &admin, &app, &fields).await?,
        "add_person" => add_person(&ctx, &admin, &app, fields.get("person").trim()).await?,
        "send_as" => send_as(&ctx, &admin, &app, &fields).await?,
        _ => Err(("", "Nothing was changed: use the buttons of this page".to_owned(), Typed::default())),
    };
    match changed {
        Ok(line) => Ok(done(&ctx, &format!("/admin/apps/{}/access", app.slug), &line)),
        Err((field, message, typed)) => {
            let query = Query::read(None)?;
            let drawn = draw(&ctx, &admin, &app, &query, typed, Errors::on(field, message)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn)
        }
    }
}

async fn add_groups(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: &Fields,
) -> Result<Result<String, Refused>, Failure> {
    let known = overview::groups_with_sizes(ctx, &admin.caller).await?;
    let mut names = Vec::new();
    for text in fields.all("group").into_iter().take(GROUPS_MAX) {
        let Some((group, _)) = known.iter().find(|(group, _)| group.id.to_string() == text) else {
            return Ok(Err(("group", "That group is gone. Choose another one".to_owned(), Typed::default())));
        };
        assignments::set(ctx, &admin.caller, app, Assignee::Group(group.id), true).await?;
        names.push(group.name.as_str());
    }
    Ok(match names.as_slice() {
        [] => Err(("group", "Choose at least one group".to_owned(), Typed::default())),
        [one] => Ok(format!("{one} has {} now.", app.label)),
        many => Ok(format!("{} groups have {} now.", many.len(), app.label)),
    })
}

/// What the app is told of one of its groups.
async fn send_as(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: &Fields,
) -> Result<Result<String, Refused>, Failure> {
    let sent = fields.get("group");
    let bound = assignments::groups(ctx, &admin.caller, app).await?;
    let Some((group, ..)) = bound.into_iter().find(|(group, ..)| group.id.to_string() == sent) else {
        return Ok(Err(("group", "That group is gone. Choose another one".to_owned(), Typed::default())));
    };
    let alias = fields.get("alias");
    let sent_as = match fields.get("as") {
        "id" => SentAs::Id,
        "alias" => SentAs::Alias(alias.to_owned()),
        _ => SentAs::Name,
    };
    match assignments::send_as(ctx, &admin.caller, app, group.id, sent_as.clone()).await {
        Ok(_) => Ok(Ok(match sent_as {
            SentAs::Name => format!("{} is told {} by its name.", app.label, group.name),
            SentAs::Id => format!("{} is told {} by its id.", app.label, group.name),
            SentAs::Alias(alias) => format!("{} is told {} as {}.", app.label, group.name, alias.trim()),
        })),
        Err(ServiceError::Invalid(errors)) => {
            let message = errors.of("alias").unwrap_or("Enter what the app calls the group").to_owned();
            let typed = Typed { group: sent.to_owned(), alias: forms::typed(alias), ..Typed::default() };
            Ok(Err(("alias", message, typed)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn add_person(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    typed: &str,
) -> Result<Result<String, Refused>, Failure> {
    if typed.is_empty() {
        return Ok(Err(("person", "Enter a user name or work email".to_owned(), Typed::default())));
    }
    let Some(user) = users::find(ctx, &admin.caller, typed).await? else {
        let message = "Nobody here has that user name or email".to_owned();
        let typed = Typed { person: forms::typed(typed), ..Typed::default() };
        return Ok(Err(("person", message, typed)));
    };
    let added = assignments::set(ctx, &admin.caller, app, Assignee::User(user.id), true).await?;
    let name = &user.display_name;
    Ok(Ok(if added {
        format!("{name} has {} now.", app.label)
    } else {
        format!("{name} was chosen by hand before.")
    }))
}
