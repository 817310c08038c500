//! Audit events in the database: written once, never changed, removed by age alone (`housekeeping`). Does not own what they say (`domain::audit`).

use super::{
    dialect::{Conn, can_be_key, execute, fetch_all, fetch_optional, fetch_value, like, storable},
    error::StoreError,
    page::{Page, PageRequest},
    row::{Place, millis},
    tx::Tx,
};
use crate::{
    domain::{
        audit::{AuditEvent, EventType},
        text::canonical,
    },
    id::{AppId, EventId, UserId},
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

const TABLE: &str = "audit_events";

/// Most columns of one histogram.
const BUCKETS_MAX: i64 = 2_000;

/// Which events a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Part of who did it, what it was done to, the application, the address, the event's id or reference; empty: all.
    pub q: String,
    /// Only this kind.
    pub event_type: Option<EventType>,
    /// Only what worked, or only what failed.
    pub success: Option<bool>,
    /// Only at this application.
    pub app: Option<AppId>,
    /// Only by or about this person.
    pub user: Option<UserId>,
    /// Not before then.
    pub since: Option<DateTime<Utc>>,
    /// Before then.
    pub until: Option<DateTime<Utc>>,
}

/// The conditions of an [`AuditFilter`], `$1` to `$7`.
macro_rules! matches_filter {
    () => {
        "($1 = '' OR search_key LIKE $1 ESCAPE '\\') AND ($2 IS NULL OR event_type = $2) \
         AND ($3 IS NULL OR success = $3) AND ($4 IS NULL OR app_id = $4) \
         AND ($5 IS NULL OR actor_id = $5 OR resource_id = $5) \
         AND ($6 IS NULL OR timestamp >= $6) AND ($7 IS NULL OR timestamp < $7)"
    };
}

/// The values of those conditions.
struct Values {
    pattern: String,
    event_type: Option<String>,
    success: Option<bool>,
    app: Option<String>,
    user: Option<String>,
    since: Option<i64>,
    until: Option<i64>,
}

impl Values {
    fn of(filter: &AuditFilter) -> Self {
        Self {
            pattern: like(&filter.q),
            event_type: filter.event_type.map(EventType::as_str),
            success: filter.success,
            app: filter.app.map(|app| app.to_string()),
            user: filter.user.map(|user| user.to_string()),
            since: millis(filter.since),
            until: millis(filter.until),
        }
    }
}

/// The words an admin would search an event by.
fn search_key(event: &AuditEvent) -> String {
    let who = &event.initiated_by;
    let mut words: Vec<String> = vec![event.id.to_string(), event.event_type.as_str()];
    words.extend([&who.username, &who.email, &who.id].into_iter().flatten().cloned());
    words.extend([&event.client_ip, &event.reference, &event.error_code].into_iter().flatten().cloned());
    if let Some(resource) = &event.resource {
        words.extend([resource.name.clone(), resource.id.clone()]);
    }
    if let Some(app) = &event.application {
        words.extend([app.display_label.clone(), app.name.clone()]);
    }
    canonical(&words.join(" "))
}

/// Writes an event; `Database::write` calls this for every event of a write.
pub async fn insert(tx: &mut Tx, event: &AuditEvent) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO audit_events (id, event_type, timestamp, success, actor_id, app_id, resource_id, \
        client_ip, reference, search_key, event) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let id = event.id.to_string();
    let json = Place { table: TABLE, id: &id }.to_json("event", event)?;
    let search_key = search_key(event);
    execute!(
        tx,
        SQL,
        &id,
        event.event_type.as_str(),
        event.timestamp.timestamp_millis(),
        event.success,
        event.initiated_by.id.as_deref().map(storable),
        event.application.as_ref().map(|app| storable(&app.id)),
        event.resource.as_ref().map(|resource| storable(&resource.id)),
        event.client_ip.as_deref().map(storable),
        event.reference.as_deref().map(storable),
        storable(&search_key),
        json
    )
    .map(|_| ())
}

fn event((id, json): (String, String)) -> Result<AuditEvent, StoreError> {
    Place { table: TABLE, id: &id }.json("event", &json)
}

/// One event.
pub async fn get(conn: &mut Conn, id: EventId) -> Result<Option<AuditEvent>, StoreError> {
    const SQL: &str = "SELECT id, event FROM audit_events WHERE id = $1";
    fetch_optional!(conn, (String, String), SQL, id.to_string())?.map(event).transpose()
}

/// The event a person's reference leads to.
pub async fn find_by_reference(conn: &mut Conn, reference: &str) -> Result<Option<AuditEvent>, StoreError> {
    const SQL: &str = "SELECT id, event FROM audit_events WHERE reference = $1";
    if !can_be_key(reference) {
        return Ok(None);
    }
    fetch_optional!(conn, (String, String), SQL, reference)?.map(event).transpose()
}

/// Events, newest first.
pub async fn list(
    conn: &mut Conn,
    filter: &AuditFilter,
    page: PageRequest,
) -> Result<Page<AuditEvent>, StoreError> {
    const COUNT: &str = concat!("SELECT COUNT(*) FROM audit_events WHERE ", matches_filter!());
    const ROWS: &str = concat!(
        "SELECT id, event FROM audit_events WHERE ",
        matches_filter!(),
        " ORDER BY timestamp DESC, id DESC LIMIT $8 OFFSET $9"
    );
    let v = Values::of(filter);
    let total = fetch_value!(
        conn,
        i64,
        COUNT,
        &v.pattern,
        &v.event_type,
        v.success,
        &v.app,
        &v.user,
        v.since,
        v.until
    )?;
    let rows = fetch_all!(
        conn,
        (String, String),
        ROWS,
        &v.pattern,
        &v.event_type,
        v.success,
        &v.app,
        &v.user,
        v.since,
        v.until,
        page.take(),
        page.skip()
    )?;
    Ok(Page { items: rows.into_iter().map(event).collect::<Result<_, _>>()?, total })
}

/// Successful sign-ons of each app since then: pairs of day (days since 1970-01-01 UTC) and count, oldest day first.
/// Days without one are left out.
pub async fn sign_ins_by_day(
    conn: &mut Conn,
    since: DateTime<Utc>,
) -> Result<HashMap<AppId, Vec<(i64, i64)>>, StoreError> {
    const SQL: &str = "SELECT app_id, timestamp / 86400000 AS day, COUNT(*) FROM audit_events \
        WHERE timestamp >= $1 AND event_type = 'sso_auth' AND success AND app_id IS NOT NULL \
        GROUP BY app_id, timestamp / 86400000 ORDER BY day";
    let mut days: HashMap<AppId, Vec<(i64, i64)>> = HashMap::new();
    for (app, day, count) in fetch_all!(conn, (String, i64, i64), SQL, since.timestamp_millis())? {
        let app: AppId = Place { table: TABLE, id: &app }.id("app_id", &app)?;
        days.entry(app).or_default().push((day, count));
    }
    Ok(days)
}

/// How many of a list's events worked and failed in each stretch of `bucket_ms`, oldest first: start, worked, failed.
/// Stretches without events are left out; the newest 2,000 are answered.
pub async fn histogram(
    conn: &mut Conn,
    filter: &AuditFilter,
    bucket_ms: i64,
) -> Result<Vec<(DateTime<Utc>, i64, i64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT (timestamp / $8) * $8 AS bucket, CAST(SUM(CASE WHEN success THEN 1 ELSE 0 END) AS BIGINT), ",
        "CAST(SUM(CASE WHEN success THEN 0 ELSE 1 END) AS BIGINT) FROM audit_events WHERE ",
        matches_filter!(),
        " GROUP BY 1 ORDER BY 1 DESC LIMIT $9"
    );
    let v = Values::of(filter);
    let mut rows = fetch_all!(
        conn,
        (i64, i64, i64),
        SQL,
        &v.pattern,
        &v.event_type,
        v.success,
        &v.app,
        &v.user,
        v.since,
        v.until,
        bucket_ms.max(1),
        BUCKETS_MAX
    )?;
    rows.reverse();
    rows.into_iter()
        .map(|(bucket, worked, failed)| {
            let start = Place { table: TABLE, id: "histogram" }.instant("timestamp", bucket)?;
            Ok((start, worked, failed))
        })
        .collect()
}

/// The kinds of events there are, sorted.
pub async fn event_types(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(conn, (String,), "SELECT DISTINCT event_type FROM audit_events")?;
    let mut types: Vec<String> = rows.into_iter().map(|(name,)| name).collect();
    types.sort();
    Ok(types)
}
