//! From a source to a document that may be used: fetched, its signature verified, the one entity cut out, its dates judged.
//! Stores nothing. Does not own the client (`outbound`) or what changes (`refresh`).

use crate::{
    context::AppContext,
    domain::{connection::MetadataSource, sp_metadata::Validators},
    outbound::document::{FetchError, Fetched, Fetcher, Limits, Wish},
};
use ::saml::metadata::{
    aggregate::{self, AggregateLimits},
    sp::{self, MetadataError, ServiceProviderMetadata, ValidityPolicy},
    verify_metadata,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// The largest document, in bytes: a federation of thousands.
const BYTES_MAX: usize = 50 * 1024 * 1024;
/// For a fetch that nobody waits for.
pub(super) const UNATTENDED: Duration = Duration::from_mins(1);
/// For one that an administrator waits for.
pub(super) const ATTENDED: Duration = Duration::from_secs(15);
/// MDQ §3.1.1: the media type of an answer for one entity.
const MDQ_TYPE: &str = "application/samlmetadata+xml";
/// Of a document at an address: anything that may be XML.
const ANY_TYPE: &str = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";

/// Why there is no document: a stable code and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) words: String,
}

/// A document that may be used.
#[derive(Debug)]
pub(super) struct Document {
    /// The app's own descriptor.
    pub(super) entity: String,
    /// What it says.
    pub(super) metadata: ServiceProviderMetadata,
    /// Whether the signature of the source was verified.
    pub(super) verified: bool,
    /// What its responder wants to hear back.
    pub(super) validators: Validators,
}

/// What came of asking.
#[derive(Debug)]
pub(super) enum Answer {
    /// What is known is still so.
    Unchanged,
    /// A document.
    Document(Box<Document>),
}

/// Whom it is about, and what is known already.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    /// The app's entity id; empty before it is known.
    pub(super) entity_id: &'a str,
    /// By how much clocks may differ.
    pub(super) skew: TimeDelta,
    /// What the last responder wants to hear back; its default asks for everything.
    pub(super) known: &'a Validators,
}

/// Asks each address in turn until one gives a document that may be used.
pub(super) async fn fetch(
    ctx: &AppContext,
    source: &MetadataSource,
    about: About<'_>,
    time: Duration,
) -> Result<Answer, Problem> {
    let fetcher = Fetcher::new(&ctx.config.outbound).map_err(|error| problem(&error))?;
    let mut problems: Vec<Problem> = Vec::new();
    for url in &source.urls {
        match ask(ctx, &fetcher, source, url, about, time).await {
            Ok(answer) => return Ok(answer),
            Err(problem) => problems.push(problem),
        }
    }
    let words: Vec<String> = problems.iter().map(|problem| problem.words.clone()).collect();
    let last = problems.pop().map_or("metadata_address", |problem| problem.code);
    Err(Problem { code: last, words: words.join("; ") })
}

async fn ask(
    ctx: &AppContext,
    fetcher: &Fetcher,
    source: &MetadataSource,
    url: &str,
    about: About<'_>,
    time: Duration,
) -> Result<Answer, Problem> {
    let address = if source.mdq { query(url, about.entity_id) } else { url.to_owned() };
    let known = (about.known.url == address).then_some(about.known);
    let wish = Wish {
        accept: if source.mdq { MDQ_TYPE } else { ANY_TYPE },
        etag: known.and_then(|known| known.etag.as_deref()),
        last_modified: known.and_then(|known| known.last_modified.as_deref()),
    };
    let limits = Limits { bytes: BYTES_MAX, time };
    let fetched = fetcher.get(&address, wish, limits).await.map_err(|error| problem(&error))?;
    let Fetched::Document { body, etag, last_modified } = fetched else { return Ok(Answer::Unchanged) };
    let terms = Terms::of(source, about, ctx.now());
    // A signature over an aggregate, or a walk through one, takes its time: not on a thread that serves requests.
    let judged = tokio::task::spawn_blocking(move || judge(&body, &terms)).await;
    let (entity, metadata, verified) =
        judged.map_err(|error| Problem { code: "metadata_unreadable", words: error.to_string() })??;
    let validators = Validators { url: address, etag, last_modified };
    Ok(Answer::Document(Box::new(Document { entity, metadata, verified, validators })))
}

/// MDQ §3.1: `{base}/entities/{entity id}`, the id percent-encoded as one segment.
fn query(base: &str, entity_id: &str) -> String {
    let mut address = format!("{}/entities/", base.trim_end_matches('/'));
    for byte in entity_id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            address.push(char::from(byte));
        } else {
            address.push('%');
            for digit in [byte >> 4, byte & 0xf] {
                address
                    .extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    address
}

/// What a document is held to.
struct Terms {
    source: MetadataSource,
    entity_id: String,
    policy: ValidityPolicy,
    now: DateTime<Utc>,
}

impl Terms {
    fn of(source: &MetadataSource, about: About<'_>, now: DateTime<Utc>) -> Self {
        Self {
            source: source.clone(),
            entity_id: about.entity_id.to_owned(),
            policy: policy(source, about.skew),
            now,
        }
    }
}

/// IIP-MD04: how long metadata of this source may be relied upon.
pub(super) fn policy(source: &MetadataSource, skew: TimeDelta) -> ValidityPolicy {
    ValidityPolicy {
        required: source.require_valid_until,
        longest: source.max_valid_days.map(|days| TimeDelta::days(i64::from(days))),
        skew,
    }
}

/// S-35: only what the source signed, if it is known to sign; only the entity that was asked for; only while it is valid.
fn judge(body: &[u8], terms: &Terms) -> Result<(String, ServiceProviderMetadata, bool), Problem> {
    let unsigned = |words: String| Problem { code: "metadata_signature", words };
    let certificates = terms.source.trusted().map_err(|error| unsigned(error.to_string()))?;
    let covered = if certificates.is_empty() {
        None
    } else {
        let verified = verify_metadata(body, &certificates)
            .map_err(|error| unsigned(format!("The signature of the metadata doesn’t hold: {error}")))?;
        Some(verified)
    };
    let octets = covered.as_ref().map_or(body, |verified| verified.as_str().as_bytes());
    let expected = Some(terms.entity_id.as_str()).filter(|id| !id.is_empty());
    let limits = AggregateLimits { total: BYTES_MAX, ..AggregateLimits::default() };
    let entity = aggregate::cut(octets, expected, &limits).map_err(|error| unusable(&error))?;
    let metadata = sp::parse(entity.as_bytes(), expected).map_err(|error| unusable(&error))?;
    metadata.check_validity(terms.now, &terms.policy).map_err(|error| unusable(&error))?;
    Ok((entity.into_owned(), metadata, covered.is_some()))
}

/// Why a document can't be used.
pub(super) fn unusable(error: &MetadataError) -> Problem {
    let code = match error {
        MetadataError::OtherEntity { .. }
        | MetadataError::NotInAggregate { .. }
        | MetadataError::Ambiguous(_)
        | MetadataError::NoServiceProvider { .. } => "metadata_entity",
        MetadataError::NoValidUntil | MetadataError::Ended(_) | MetadataError::ValidTooLong(_) => {
            "metadata_validity"
        }
        _ => "metadata_unreadable",
    };
    Problem { code, words: format!("What came can’t be used: {error}") }
}

fn problem(error: &FetchError) -> Problem {
    let code = match error {
        FetchError::Address(_) | FetchError::Private(_) | FetchError::Plain(_) => "metadata_address",
        FetchError::Redirect(_) => "metadata_redirect",
        FetchError::Status { .. } => "metadata_status",
        FetchError::TooLarge(_) => "metadata_too_large",
        FetchError::Packing(_) => "metadata_unreadable",
        FetchError::Failed(_) => "metadata_unreachable",
    };
    let words = match error {
        FetchError::Failed(why) => format!("The metadata could not be fetched: {why}"),
        other => format!("The metadata was not fetched: {other}"),
    };
    Problem { code, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iip_md01_an_entity_id_is_one_segment_of_the_address() {
        assert_eq!(
            query("https://mdq.example/", "https://sp.example/saml?a=b&c#d ü"),
            "https://mdq.example/entities/https%3A%2F%2Fsp.example%2Fsaml%3Fa%3Db%26c%23d%20%C3%BC"
        );
        assert_eq!(query("https://mdq.example/x", "a-b._~1"), "https://mdq.example/x/entities/a-b._~1");
        assert_eq!(query("https://mdq.example", "../up"), "https://mdq.example/entities/..%2Fup");
    }
}
