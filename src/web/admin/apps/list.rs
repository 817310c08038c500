//! The list of applications: search, filter by state, who has them and how much they are used.

use super::{
    frame,
    stage::{Stage, protocol_word},
};
use crate::{
    context::AppContext,
    domain::{app::App, key::KeyState},
    id::AppId,
    service::{audit, key_expiry, overview},
    web::{
        admin::{
            frame::console,
            paging::{Query, ROWS, count, pager, segment},
        },
        error::Failure,
        extract::Admin,
        respond::page,
        view::admin::{
            Nav,
            apps::{AppList, AppRow},
        },
        words,
    },
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

const PATH: &str = "/admin/apps";
/// Days of the sparkline.
const DAYS: usize = 14;

/// `GET /admin/apps`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::read(query.as_deref())?;
    let (q, state) = (query.text("q"), query.text("state"));
    let state =
        Stage::FILTERS.iter().map(|(value, _)| *value).find(|value| *value == state).unwrap_or_default();
    let reach = overview::access_counts(&ctx, &admin.caller).await?;
    let mut found: Vec<(App, Stage)> = Vec::new();
    for app in overview::apps_matching(&ctx, &admin.caller, &q).await? {
        let people = reach.get(&app.id).map_or(0, |(_, people)| *people);
        let stage = frame::stage(&ctx, &admin, &app, people).await?;
        found.push((app, stage));
    }
    let number = |value: &str| {
        let matching = found.iter().filter(|(_, stage)| value.is_empty() || stage.filter() == value).count();
        i64::try_from(matching).unwrap_or(i64::MAX)
    };
    let filters = Stage::FILTERS
        .iter()
        .filter(|(value, _)| value.is_empty() || *value == state || number(value) > 0)
        .map(|(value, label)| segment(PATH, "state", value, label, number(value), state, &q))
        .collect();
    let total = number(state);
    let now = ctx.now();
    let sign_ins = audit::sign_ins_by_day(&ctx, &admin.caller, first_day(now)).await?;
    let ends: HashMap<AppId, DateTime<Utc>> = key_expiry::soon(&ctx, &admin.caller)
        .await?
        .into_iter()
        .filter(|ending| ending.key.state == KeyState::Active)
        .map(|ending| (ending.app.id, ending.not_after))
        .collect();
    let rows = query.rows();
    let apps: Vec<AppRow> = found
        .iter()
        .filter(|(_, stage)| state.is_empty() || stage.filter() == state)
        .skip(usize::try_from(rows.offset).unwrap_or(usize::MAX))
        .take(usize::try_from(ROWS).unwrap_or(usize::MAX))
        .map(|(app, stage)| {
            let (groups, people) = reach.get(&app.id).copied().unwrap_or_default();
            AppRow {
                href: format!("{PATH}/{}/sso", app.slug),
                tile: words::tile(app),
                description: app.description.clone(),
                protocol: protocol_word(&app.connection).to_owned(),
                groups: count(groups),
                people: count(people),
                sign_ins: days(sign_ins.get(&app.id).map_or(&[], Vec::as_slice), now),
                state: frame::state(*stage, ends.get(&app.id).copied(), now),
            }
        })
        .collect();
    page(&AppList {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Apps).await?,
        pager: pager(&query, PATH, &[("q", &q), ("state", state)], apps.len(), total),
        q,
        state: state.to_owned(),
        filters,
        apps,
    })
}

/// Midnight of the first day of the sparkline.
fn first_day(now: DateTime<Utc>) -> DateTime<Utc> {
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    midnight - TimeDelta::days(i64::try_from(DAYS - 1).unwrap_or_default())
}

/// One number a day, oldest first, from pairs of day (since 1970) and count.
fn days(counted: &[(i64, i64)], now: DateTime<Utc>) -> Vec<u32> {
    let first = first_day(now).timestamp().div_euclid(86_400);
    let mut days = vec![0; DAYS];
    for (day, number) in counted {
        let position = usize::try_from(day - first).ok();
        if let Some(slot) = position.and_then(|position| days.get_mut(position)) {
            *slot = u32::try_from(*number).unwrap_or(u32::MAX);
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_sign_ins_are_nought() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
        let today = now.timestamp().div_euclid(86_400);
        let drawn = days(&[(today - 14, 9), (today - 13, 1), (today, 7), (today + 1, 5)], now);
        assert_eq!(drawn.len(), 14);
        assert_eq!((drawn[0], drawn[13], drawn.iter().sum::<u32>()), (1, 7, 8));
    }
}
