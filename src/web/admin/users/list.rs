//! The list of people: search and filter by state.

use crate::{
    context::AppContext,
    domain::user::UserState,
    service::{
        overview::{self, PageRequest, UserFilter},
        users,
    },
    web::{
        admin::{
            frame::{console, state_pill, state_word},
            paging::{Query, pager, segment},
        },
        error::Failure,
        extract::Admin,
        respond::page,
        view::admin::{
            Nav,
            users::{UserList, UserRow},
        },
        words,
    },
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};

const PATH: &str = "/admin/users";

/// `GET /admin/users`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::read(query.as_deref())?;
    let q = query.text("q");
    let state = UserState::parse(&query.text("state"));
    let filter = UserFilter { q: q.clone(), state };
    let found = users::list(&ctx, &admin.caller, &filter, query.rows()).await?;
    let ids: Vec<_> = found.items.iter().map(|user| user.id).collect();
    let signed_in = overview::last_sign_ins(&ctx, &admin.caller, &ids).await?;
    let now = ctx.now();
    let mut rows = Vec::with_capacity(found.items.len());
    for user in &found.items {
        let groups = users::groups_of(&ctx, &admin.caller, user.id).await?.len();
        rows.push(UserRow {
            href: format!("{PATH}/{}", user.id),
            person: words::person(user),
            username: user.username.clone(),
            email: user.email.clone(),
            department: user.attribute("department").to_owned(),
            groups: u64::try_from(groups).unwrap_or_default(),
            last_sign_in: signed_in.get(&user.id).map(|then| words::ago(*then, now)).unwrap_or_default(),
            state: state_pill(user.state),
        });
    }
    let state_text = state.map_or("", UserState::as_str);
    let mut filters = Vec::new();
    for (value, label) in [("", "All"), ("active", ""), ("staged", ""), ("suspended", "")] {
        let wanted = UserState::parse(value);
        let filter = UserFilter { q: q.clone(), state: wanted };
        let number = users::list(&ctx, &admin.caller, &filter, PageRequest::first(1)).await?.total;
        let label = wanted.map_or(label, state_word);
        filters.push(segment(PATH, "state", value, label, number, state_text, &q));
    }
    page(&UserList {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Users).await?,
        pager: pager(&query, PATH, &[("q", &q), ("state", state_text)], rows.len(), found.total),
        q,
        state: state_text.to_owned(),
        filters,
        users: rows,
    })
}
