//! What is known of metadata that is fetched by address: when, with what success, what waits. And when it is fetched again.
//! Does not own where it comes from (`connection::MetadataSource`) or what is in it (`crates/saml`).

use crate::id::AppId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The longest time between two fetches, whatever a document says of its cache.
const DAILY: TimeDelta = TimeDelta::days(1);
/// The shortest: a document that wants to be asked for more often is not obeyed.
const HOURLY: TimeDelta = TimeDelta::hours(1);
/// How many failures double the wait.
const DOUBLINGS: u32 = 5;

/// What a responder wants to hear back, so that it can say that nothing changed (RFC 9110 §13.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Validators {
    /// The address that answered; its words mean nothing to another.
    pub url: String,
    /// Its `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// Why nothing usable came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A stable code, `metadata_…`.
    pub code: String,
    /// The cause in words, for an administrator.
    pub words: String,
    /// Since when it is so.
    pub since: DateTime<Utc>,
}

/// Changes of keys and addresses that nobody has approved yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Names what would be set: approving it approves this and nothing later.
    pub digest: String,
    /// Since when it waits.
    pub since: DateTime<Utc>,
}

/// How it went, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Progress {
    /// When it was last tried.
    #[serde(default)]
    pub tried_at: Option<DateTime<Utc>>,
    /// When it last succeeded; an answer that nothing changed is a success.
    #[serde(default)]
    pub fetched_at: Option<DateTime<Utc>>,
    /// What its responder wants to hear back.
    #[serde(default)]
    pub validators: Validators,
    /// Whether the signature of the source was verified on the document.
    #[serde(default)]
    pub verified: bool,
    /// Until when the document is valid, as it says.
    #[serde(default)]
    pub valid_until: Option<DateTime<Utc>>,
    /// For how long it may be kept without asking again, in seconds.
    #[serde(default)]
    pub cache_seconds: Option<i64>,
    /// Failures since the last success.
    #[serde(default)]
    pub failures: u32,
    /// Why the last try failed.
    #[serde(default)]
    pub trouble: Option<Trouble>,
    /// What waits for approval.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// What was waiting and was dismissed: it is not proposed again.
    #[serde(default)]
    pub dismissed: Option<String>,
}

/// What is known of the metadata of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpMetadata {
    /// Whose.
    pub app_id: AppId,
    /// When it is fetched next.
    pub due_at: DateTime<Utc>,
    /// Counts the writes.
    pub version: i64,
    /// The last good document: the app's own `EntityDescriptor`, cut out of what was fetched.
    pub document: Option<String>,
    /// How it went.
    pub progress: Progress,
}

impl SpMetadata {
    /// Nothing known yet; due at once.
    pub fn new(app_id: AppId, now: DateTime<Utc>) -> Self {
        Self { app_id, due_at: now, version: 1, document: None, progress: Progress::default() }
    }

    /// Whether an administrator should look: something waits, or fetching fails.
    pub fn needs_attention(&self) -> bool {
        self.progress.waiting.is_some() || self.progress.trouble.is_some()
    }

    /// When the document in use ended, if it has; clocks may differ by `skew`.
    pub fn ended(&self, now: DateTime<Utc>, skew: TimeDelta) -> Option<DateTime<Utc>> {
        self.progress.valid_until.filter(|end| now - *end >= skew)
    }

    /// Notes a success, and when to ask again.
    pub fn succeeded(&mut self, now: DateTime<Utc>, jitter: u64) {
        let progress = &mut self.progress;
        (progress.tried_at, progress.fetched_at) = (Some(now), Some(now));
        (progress.failures, progress.trouble) = (0, None);
        let cached = progress.cache_seconds.and_then(TimeDelta::try_seconds).unwrap_or(DAILY);
        // SAML Metadata §4.3.1: it is asked for anew before it ends.
        let left = progress.valid_until.map_or(DAILY, |end| (end - now) / 2);
        self.due_at = now + spread(cached.min(left).clamp(HOURLY, DAILY), jitter);
    }

    /// Notes a failure, and when to try again; answers whether this kind of failure is news.
    pub fn failed(&mut self, code: &str, words: &str, now: DateTime<Utc>, jitter: u64) -> bool {
        let progress = &mut self.progress;
        progress.tried_at = Some(now);
        let before = progress.trouble.take().filter(|trouble| trouble.code == code);
        let is_news = before.is_none();
        progress.trouble = Some(Trouble {
            code: code.to_owned(),
            words: words.chars().take(1024).collect(),
            since: before.map_or(now, |trouble| trouble.since),
        });
        let wait = (HOURLY * (1 << progress.failures.min(DOUBLINGS))).min(DAILY);
        progress.failures = progress.failures.saturating_add(1);
        self.due_at = now + spread(wait, jitter);
        is_news
    }
}

/// Up to a tenth earlier, so that apps added together are not fetched together.
fn spread(wait: TimeDelta, jitter: u64) -> TimeDelta {
    let tenth = u64::try_from(wait.num_seconds() / 10).unwrap_or_default().max(1);
    wait - TimeDelta::seconds(i64::try_from(jitter % tenth).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).expect("in range")
    }

    fn fresh() -> SpMetadata {
        SpMetadata::new(AppId::new(at(0), &mut StdRng::seed_from_u64(1)), at(0))
    }

    fn wait(known: &SpMetadata) -> i64 {
        (known.due_at - at(0)).num_hours()
    }

    #[test]
    fn it_is_fetched_daily_or_as_often_as_it_asks_down_to_an_hour() {
        for (cache, valid, hours) in [
            (None, None, 24),
            (Some(60), None, 1),
            (Some(6 * 3_600), None, 6),
            (Some(365 * 86_400), None, 24),
            (Some(i64::MAX), None, 24),
            (None, Some(at(8 * 3_600)), 4),
            (None, Some(at(-5)), 1),
        ] {
            let mut known = fresh();
            (known.progress.cache_seconds, known.progress.valid_until) = (cache, valid);
            known.succeeded(at(0), 0);
            assert_eq!(wait(&known), hours, "{cache:?} {valid:?}");
            known.succeeded(at(0), u64::MAX);
            assert!(wait(&known) <= hours && known.due_at > at(3_000), "spread, but not to nothing");
        }
    }

    #[test]
    fn failures_wait_longer_and_longer_and_are_news_once_a_kind() {
        let mut known = fresh();
        let mut waits = Vec::new();
        for _ in 0..8 {
            let news = known.failed("metadata_unreachable", "nobody there", at(0), 0);
            assert_eq!(news, waits.is_empty());
            waits.push(wait(&known));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 24, 24, 24]);
        assert!(known.failed("metadata_signature", "wrong key", at(9), 0), "another kind is news");
        assert_eq!(known.progress.trouble.as_ref().map(|trouble| trouble.since), Some(at(9)));
        assert!(known.needs_attention());
        known.succeeded(at(10), 0);
        assert!(!known.needs_attention());
        assert!(
            known.failed("metadata_signature", "wrong key", at(11), 0),
            "after a success it is news again"
        );
    }

    #[test]
    fn an_end_counts_after_the_skew() {
        let mut known = fresh();
        assert_eq!(known.ended(at(0), TimeDelta::zero()), None);
        known.progress.valid_until = Some(at(0));
        assert_eq!(known.ended(at(179), TimeDelta::minutes(3)), None);
        assert_eq!(known.ended(at(180), TimeDelta::minutes(3)), Some(at(0)));
    }
}
