//! What an address of the audit list asks for: search, outcome, type, app and time. Does not own the query.

use super::words::type_words;
use crate::{
    context::AppContext,
    domain::{app::App, audit::EventType},
    service::{ServiceError, apps, overview::AuditFilter},
    web::{
        admin::paging::{Query, address},
        error::Failure,
        extract::Admin,
        view::admin::audit::Chip,
    },
};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

/// Spans of time: value, words, days back from the beginning of today; `None` for everything.
const SPANS: &[(&str, &str, Option<i64>)] = &[
    ("", "Last 30 days", Some(29)),
    ("today", "Today", Some(0)),
    ("week", "Last 7 days", Some(6)),
    ("all", "All time", None),
];
/// Bars of the figure.
const BARS: i64 = 72;

/// What was asked for.
pub struct Asked {
    /// Text.
    pub q: String,
    /// `ok`, `failed`, or empty.
    pub outcome: &'static str,
    /// Only this kind.
    pub kind: Option<EventType>,
    /// Only at this app.
    pub app: Option<App>,
    /// One of [`SPANS`].
    span: usize,
}

impl Asked {
    /// Reads the query; an app that is gone is left out.
    pub async fn read(ctx: &AppContext, admin: &Admin, query: &Query) -> Result<Self, Failure> {
        let outcome = match query.text("outcome").as_str() {
            "ok" => "ok",
            "failed" => "failed",
            _ => "",
        };
        let app = match query.text("app").as_str() {
            "" => None,
            slug => match apps::find(ctx, &admin.caller, slug).await {
                Ok(app) => Some(app),
                Err(ServiceError::NotFound(_)) => None,
                Err(other) => return Err(other.into()),
            },
        };
        let when = query.text("when");
        Ok(Self {
            q: query.text("q"),
            outcome,
            kind: serde_json::from_value(query.text("type").into()).ok(),
            app,
            span: SPANS.iter().position(|(value, ..)| *value == when).unwrap_or_default(),
        })
    }

    /// For the store.
    pub fn filter(&self, now: DateTime<Utc>) -> AuditFilter {
        AuditFilter {
            q: self.q.clone(),
            event_type: self.kind,
            success: match self.outcome {
                "ok" => Some(true),
                "failed" => Some(false),
                _ => None,
            },
            app: self.app.as_ref().map(|app| app.id),
            user: None,
            since: self.since(now),
            until: None,
        }
    }

    /// The first instant that is shown.
    pub fn since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let days = SPANS.get(self.span).and_then(|(.., days)| *days)?;
        Some(now.date_naive().and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(days))
    }

    /// The width of one bar, in milliseconds: the span to the end of today in equal parts.
    pub fn bucket_ms(&self) -> Option<i64> {
        let days = SPANS.get(self.span).and_then(|(.., days)| *days)? + 1;
        Some(days * 86_400_000 / BARS)
    }

    /// How many bars there are.
    pub fn bars() -> usize {
        usize::try_from(BARS).unwrap_or_default()
    }

    fn kind_word(&self) -> String {
        self.kind.map(EventType::as_str).unwrap_or_default()
    }

    /// The value of `type`.
    pub fn event_type(&self) -> String {
        self.kind_word()
    }

    /// The parameters of this list, in order; the empty ones too.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("q", self.q.clone()),
            ("outcome", self.outcome.to_owned()),
            ("type", self.kind_word()),
            ("app", self.app.as_ref().map(|app| app.slug.clone()).unwrap_or_default()),
            ("when", SPANS.get(self.span).map_or("", |(value, ..)| *value).to_owned()),
        ]
    }

    /// The list with one parameter set otherwise.
    fn with(&self, changed: &str, to: &str) -> String {
        let parameters = self.parameters();
        let changed: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (*name, if *name == changed { to } else { value.as_str() }))
            .collect();
        address("/admin/audit", &changed)
    }

    /// The filters that are on and have no control of their own, and how to take them off.
    pub fn chips(&self) -> Vec<Chip> {
        let mut chips = Vec::new();
        if let Some((value, words, _)) = SPANS.get(self.span).filter(|(value, ..)| *value != "all") {
            let wider = if value.is_empty() { "all" } else { "" };
            chips.push(Chip {
                label: "When".to_owned(),
                value: (*words).to_owned(),
                remove: self.with("when", wider),
            });
        }
        if let Some(app) = &self.app {
            chips.push(Chip {
                label: "App".to_owned(),
                value: app.label.clone(),
                remove: self.with("app", ""),
            });
        }
        if let Some(kind) = self.kind {
            chips.push(Chip {
                label: "Type".to_owned(),
                value: type_words(kind).to_owned(),
                remove: self.with("type", ""),
            });
        }
        chips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(span: usize) -> Asked {
        Asked { q: "maya".into(), outcome: "failed", kind: Some(EventType::SsoAuth), app: None, span }
    }

    #[test]
    fn a_filter_is_taken_off_and_the_others_stay() {
        let chips = asked(1).chips();
        let removed: Vec<&str> = chips.iter().map(|chip| chip.remove.as_str()).collect();
        assert_eq!(
            removed,
            [
                "/admin/audit?q=maya&outcome=failed&type=sso_auth",
                "/admin/audit?q=maya&outcome=failed&when=today"
            ]
        );
    }

    #[test]
    fn spans_begin_at_midnight_and_end_in_whole_bars() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
        let since = asked(2).since(now).expect("a span");
        assert_eq!(since.timestamp() % 86_400, 0);
        assert_eq!((now - since).num_days(), 6);
        assert_eq!(asked(2).bucket_ms().expect("bars") * BARS, 7 * 86_400_000);
        assert_eq!((asked(3).since(now), asked(3).bucket_ms()), (None, None));
    }
}
