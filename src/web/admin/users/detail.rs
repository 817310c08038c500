//! One person: profile, groups, apps with the reason, sessions, what happened; and helping them sign in.

use crate::{
    context::AppContext,
    domain::{
        access::Route,
        app::App,
        permission::{Permission, allows, may_change_account},
        user::{Role, STANDARD_ATTRIBUTES, User, UserState},
    },
    service::{
        assignments, audit, consents, grants,
        overview::{self, AuditFilter, PageRequest},
        sessions, users,
    },
    web::{
        admin::{
            audit::rows,
            forms::warned,
            frame::{console, role_word, state_pill, stopped_by},
            opened::{Changing, Opened},
            saving,
        },
        browser,
        error::Failure,
        extract::{Admin, Fields},
        portal::account::{allowed_app, connected_app},
        respond::{done, page, page_with},
        view::{
            Link,
            admin::{
                Nav,
                users::{SessionRow, StateAction, UserApp, UserDetail},
            },
            form::Errors,
            list::counted,
        },
        words,
    },
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};

/// Events on the page.
const EVENTS: u32 = 12;

/// `GET /admin/users/{id}`
pub async fn show(
    State(ctx): State<AppContext>,
    Opened { admin, it: user }: Opened<User>,
) -> Result<Response, Failure> {
    page(&draw(&ctx, &admin, &user, Errors::none()).await?)
}

async fn draw(ctx: &AppContext, admin: &Admin, user: &User, errors: Errors) -> Result<UserDetail, Failure> {
    let caller = &admin.caller;
    let now = ctx.now();
    let signed_in = overview::last_sign_ins(ctx, caller, &[user.id]).await?.get(&user.id).copied();
    let used = overview::last_used(ctx, caller, user.id).await?;
    let apps = assignments::apps_of_user(ctx, caller, user.id).await?;
    let filter = AuditFilter { user: Some(user.id), ..AuditFilter::default() };
    let events = audit::list(ctx, caller, &filter, PageRequest::first(EVENTS)).await?;
    let allowed = consents::of_user(ctx, user.id).await?;
    let connected = grants::of_user(ctx, user.id).await?;
    let id = user.id.to_string();
    Ok(UserDetail {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Users).await?,
        errors,
        base: format!("/admin/users/{id}"),
        person: words::person(user),
        meta: match signed_in {
            Some(then) => format!("{} · last sign-in {}", user.username, words::ago(then, now)),
            None => format!("{} · never signed in", user.username),
        },
        state: state_pill(user.state),
        state_action: state_action(&admin.user, user),
        role: (user.role != Role::None).then(|| role_word(user.role).to_owned()),
        facts: facts(user),
        groups: users::groups_of(ctx, caller, user.id)
            .await?
            .into_iter()
            .map(|group| Link { href: format!("/admin/groups/{}", group.id), text: group.name })
            .collect(),
        apps: apps
            .iter()
            .map(|(app, routes)| app_row(user, app, routes, used.get(&app.id).copied(), now))
            .collect(),
        sessions: session_rows(ctx, admin, user).await?,
        allowed: allowed.iter().map(|entry| allowed_app(entry, now)).collect(),
        connected: connected.iter().map(|one| connected_app(one, now)).collect(),
        events: rows::draw(ctx, admin, &events.items, &[("q", &id), ("when", "all")], None).await?,
        may_edit: allows(admin.user.role, Permission::Manage)
            && may_change_account(admin.user.role, user.role),
        may_end_sessions: allows(admin.user.role, Permission::Assist)
            && may_change_account(admin.user.role, user.role),
        may_set_password: may_help(&admin.user, user),
    })
}

async fn session_rows(ctx: &AppContext, admin: &Admin, user: &User) -> Result<Vec<SessionRow>, Failure> {
    let (lifetime, now) = (sessions::lifetime(ctx), ctx.now());
    let rows = users::sessions_of(ctx, &admin.caller, user.id).await?;
    Ok(rows
        .into_iter()
        .filter(|session| session.is_alive(&lifetime, now))
        .map(|session| SessionRow {
            device: browser::name(&session.user_agent),
            address: session.client_ip.clone(),
            since: words::ago(session.created_at, now),
            last_seen: words::ago(session.last_seen_at, now),
        })
        .collect())
}

fn app_row(
    user: &User,
    app: &App,
    routes: &[Route],
    used: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> UserApp {
    let href = format!("/admin/apps/{}/access", app.slug);
    let via = routes.iter().map(|route| match route {
        Route::Group { id, name, .. } => Link { href: format!("/admin/groups/{id}"), text: name.clone() },
        Route::Direct => Link { href: href.clone(), text: "Chosen by hand".to_owned() },
    });
    let paused = (!app.active).then(|| "App not live".to_owned());
    UserApp {
        tile: words::tile(app),
        via: via.collect(),
        last_opened: used.map(|then| words::ago(then, now)).unwrap_or_default(),
        stopped: stopped_by(user.state).or(paused),
        href,
    }
}

fn facts(user: &User) -> Vec<(String, String)> {
    let fixed = [("User name", &user.username), ("Work email", &user.email)];
    let mut facts: Vec<(String, String)> =
        fixed.into_iter().map(|(label, value)| (label.to_owned(), value.clone())).collect();
    facts.extend(
        STANDARD_ATTRIBUTES.iter().map(|(key, label)| ((*label).to_owned(), user.attribute(key).to_owned())),
    );
    facts.extend(user.custom.iter().map(|(key, value)| (key.clone(), value.texts().join(", "))));
    facts
}

/// Nobody switches themselves off by a slip; others as far as their role reaches (W-17).
fn state_action(admin: &User, user: &User) -> StateAction {
    let reaches = allows(admin.role, Permission::Manage) && may_change_account(admin.role, user.role);
    match user.state {
        _ if admin.id == user.id || !reaches => StateAction::None,
        UserState::Active => StateAction::Suspend,
        UserState::Staged | UserState::Suspended => StateAction::Activate,
    }
}

/// One's own password is changed on one's own page, which asks for the present one (ASVS 6.2.3).
fn may_help(admin: &User, user: &User) -> bool {
    admin.id != user.id && allows(admin.role, Permission::Assist) && may_change_account(admin.role, user.role)
}

/// `POST /admin/users/{id}/state`: `state` is `active` or `suspended`.
pub async fn set_state(
    State(ctx): State<AppContext>,
    Changing { admin, it: user }: Changing<User>,
    fields: Fields,
) -> Result<Response, Failure> {
    let back = format!("/admin/users/{}", user.id);
    let state = match fields.get("state") {
        "active" => UserState::Active,
        "suspended" => UserState::Suspended,
        _ => return Ok(warned(&ctx, &back, "Nothing was changed: use the buttons of this page.")),
    };
    if user.id == admin.user.id {
        return Ok(warned(
            &ctx,
            &back,
            "Nothing was changed: ask another admin to do this to your own account.",
        ));
    }
    match saving::attempt(users::set_state(&ctx, &admin.caller, user.id, state).await)? {
        Ok(user) if state == UserState::Active => {
            Ok(done(&ctx, &back, &format!("{} is active.", user.display_name)))
        }
        Ok(user) => {
            let line = format!("{} is suspended and signed out everywhere.", user.display_name);
            Ok(done(&ctx, &back, &line))
        }
        Err(unsaved) => {
            let (status, errors) = unsaved.of_new(&[("role", "")]);
            page_with(status, &draw(&ctx, &admin, &user, errors).await?)
        }
    }
}

/// `POST /admin/users/{id}/sessions`: ends all.
pub async fn end_sessions(
    State(ctx): State<AppContext>,
    Opened { admin, it: user }: Opened<User>,
    _: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Assist)?;
    let ended = users::end_sessions(&ctx, &admin.caller, user.id).await?;
    let line = format!("{} of {} ended.", counted(ended, "session", "sessions"), user.display_name);
    Ok(done(&ctx, &format!("/admin/users/{}", user.id), &line))
}

/// `POST /admin/users/{id}/password`
pub async fn set_password(
    State(ctx): State<AppContext>,
    Opened { admin, it: user }: Opened<User>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Assist)?;
    if !may_help(&admin.user, &user) {
        return Err(Failure::Forbidden);
    }
    let password = fields.get("new_password").to_owned();
    match saving::attempt(users::set_password(&ctx, &admin.caller, user.id, password).await)? {
        Ok(()) => {
            let line = format!("{} has a new password and is signed out everywhere.", user.display_name);
            Ok(done(&ctx, &format!("/admin/users/{}", user.id), &line))
        }
        Err(unsaved) => {
            let (status, errors) = unsaved.of_new(&[("password", "new_password")]);
            page_with(status, &draw(&ctx, &admin, &user, errors).await?)
        }
    }
}

/// `POST /admin/users/{id}/consents`: takes back what the person allowed `app`.
pub async fn revoke_consent(
    State(ctx): State<AppContext>,
    Opened { admin, it: user }: Opened<User>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Assist)?;
    let app = fields.get("app").parse().map_err(|_| Failure::NotFound)?;
    let line = match consents::revoke_for(&ctx, &admin.caller, user.id, app).await? {
        Some(app) => format!("{} may no longer know about {}.", app.label, user.display_name),
        None => "There was nothing to take back.".to_owned(),
    };
    Ok(done(&ctx, &format!("/admin/users/{}", user.id), &line))
}

/// `POST /admin/users/{id}/grants`: ends the connection that `grant` names.
pub async fn end_grant(
    State(ctx): State<AppContext>,
    Opened { admin, it: user }: Opened<User>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Assist)?;
    let grant = fields.get("grant").parse().map_err(|_| Failure::NotFound)?;
    let line = match grants::end_for(&ctx, &admin.caller, user.id, grant).await? {
        Some(app) => format!("{} is disconnected there.", app.label),
        None => "There was nothing to end any more.".to_owned(),
    };
    Ok(done(&ctx, &format!("/admin/users/{}", user.id), &line))
}
