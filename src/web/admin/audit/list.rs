//! The list of events with its filters and figure, and one of them open beside it.

use super::{detail, filter::Asked, rows, words::type_words};
use crate::{
    context::AppContext,
    domain::audit::AuditEvent,
    service::{
        audit,
        overview::{self, AuditFilter, PageRequest},
    },
    web::{
        admin::{
            frame::console,
            paging::{Query, address, count, pager},
        },
        error::Failure,
        extract::Admin,
        respond::page,
        view::{
            admin::{Nav, audit::AuditPage},
            chart::Bucket,
            form::{Choice, Hidden},
            list::counted,
        },
    },
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};

const PATH: &str = "/admin/audit";

/// `GET /admin/audit`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    page(&draw(&ctx, &admin, query.as_deref(), None).await?)
}

/// `GET /admin/audit/{id}`: an id, or the reference that a person was shown.
pub async fn detail(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let event = audit::find(&ctx, &admin.caller, &id).await?;
    page(&draw(&ctx, &admin, query.as_deref(), Some(event)).await?)
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    query: Option<&str>,
    open: Option<AuditEvent>,
) -> Result<AuditPage, Failure> {
    let query = Query::read(query)?;
    let asked = Asked::read(ctx, admin, &query).await?;
    let now = ctx.now();
    let filter = asked.filter(now);
    let found = audit::list(ctx, &admin.caller, &filter, query.rows()).await?;
    let failed = match filter.success {
        Some(true) => 0,
        Some(false) => found.total,
        None => {
            let filter = AuditFilter { success: Some(false), ..filter.clone() };
            audit::list(ctx, &admin.caller, &filter, PageRequest::first(1)).await?.total
        }
    };
    let (buckets, axis) = figure(ctx, admin, &asked, &filter, now).await?;
    let parameters = asked.parameters();
    let kept: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let number = query.page().to_string();
    let here: Vec<(&str, &str)> =
        kept.iter().copied().chain((query.page() > 1).then_some(("page", number.as_str()))).collect();
    let detail = match &open {
        Some(event) => Some(detail::draw(ctx, admin, event, address(PATH, &here)).await?),
        None => None,
    };
    let types = overview::event_types(ctx, &admin.caller).await?;
    Ok(AuditPage {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Audit).await?,
        lede: "Every sign-in and every change. Times are UTC.".to_owned(),
        outcomes: vec![
            Choice::new("", "Any outcome"),
            Choice::new("ok", "Successful"),
            Choice::new("failed", "Not successful"),
        ],
        outcome: asked.outcome.to_owned(),
        types: std::iter::once(Choice::new("", "Any type"))
            .chain(types.into_iter().map(|kind| Choice::new(kind.as_str(), type_words(kind))))
            .collect(),
        event_type: asked.event_type(),
        kept: kept
            .iter()
            .filter(|(name, value)| matches!(*name, "app" | "when") && !value.is_empty())
            .map(|(name, value)| Hidden::new(*name, *value))
            .collect(),
        chips: asked.chips(),
        total: count(found.total),
        failed: count(failed),
        chart_label: format!(
            "Events over time. {}, {} not successful.",
            counted(count(found.total), "event", "events"),
            count(failed)
        ),
        buckets,
        axis,
        events: rows::draw(ctx, admin, &found.items, &here, open.as_ref().map(|event| event.id)).await?,
        detail,
        pager: pager(&query, PATH, &kept, found.items.len(), found.total),
        q: asked.q,
    })
}

/// Bars and marks of the figure; none for all time, which has no beginning.
async fn figure(
    ctx: &AppContext,
    admin: &Admin,
    asked: &Asked,
    filter: &AuditFilter,
    now: DateTime<Utc>,
) -> Result<(Vec<Bucket>, Vec<String>), Failure> {
    let (Some(since), Some(width)) = (asked.since(now), asked.bucket_ms()) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let counted = audit::histogram(ctx, &admin.caller, filter, width).await?;
    Ok((spread(&counted, since, width), axis(since, width)))
}

/// Every bar from the first on, those without events too.
fn spread(counted: &[(DateTime<Utc>, i64, i64)], since: DateTime<Utc>, width: i64) -> Vec<Bucket> {
    let mut buckets = vec![Bucket::default(); Asked::bars()];
    let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    for (start, worked, failed) in counted {
        let offset = (*start - since).num_milliseconds().div_euclid(width.max(1)).max(0);
        if let Some(bucket) = usize::try_from(offset).ok().and_then(|position| buckets.get_mut(position)) {
            bucket.ok = bucket.ok.saturating_add(small(*worked));
            bucket.failed = bucket.failed.saturating_add(small(*failed));
        }
    }
    buckets
}

/// Five marks: hours of a single day, else days.
fn axis(since: DateTime<Utc>, width: i64) -> Vec<String> {
    let whole = width * i64::try_from(Asked::bars()).unwrap_or_default();
    let one_day = whole <= 86_400_000;
    (0..=4)
        .map(|quarter| {
            let at = since + TimeDelta::milliseconds(whole * quarter / 4);
            match (one_day, quarter) {
                (true, 4) => "24:00".to_owned(),
                (true, _) => at.format("%H:%M").to_string(),
                (false, _) => at.format("%-d %b").to_string(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_fall_into_their_bars() {
        let since = DateTime::from_timestamp(1_789_948_800, 0).expect("in range");
        let width = 86_400_000 / 72;
        let at = |bars: i64| since + TimeDelta::milliseconds(width * bars);
        let drawn = spread(&[(at(0), 2, 1), (at(71), 0, 4), (at(72), 9, 9)], since, width);
        assert_eq!(drawn.len(), 72);
        assert_eq!(drawn[0], Bucket { ok: 2, failed: 1 });
        assert_eq!(drawn[71], Bucket { ok: 0, failed: 4 });
        assert_eq!(
            drawn.iter().map(|bucket| bucket.ok + bucket.failed).sum::<u32>(),
            7,
            "outside counts nowhere"
        );
    }

    #[test]
    fn marks_are_hours_of_one_day_or_days() {
        let since = DateTime::from_timestamp(1_789_948_800, 0).expect("in range");
        assert_eq!(axis(since, 86_400_000 / 72), ["00:00", "06:00", "12:00", "18:00", "24:00"]);
        assert_eq!(axis(since, 7 * 86_400_000 / 72)[0], since.format("%-d %b").to_string());
    }
}
