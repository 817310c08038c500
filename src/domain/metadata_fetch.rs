//! Who fetched an app's metadata, and whether they saw the newest certificate. Anybody may fetch it, so what is kept is bounded:
//! in rows, and in how often they are written. Does not own storing (`store::metadata_fetches`).

use crate::id::KeyId;
use chrono::{DateTime, TimeDelta, Utc};

/// One who fetches: an address and the program it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFetch {
    /// The network address.
    pub client_ip: String,
    /// The `User-Agent`, cut to 256 characters; may be empty.
    pub user_agent: String,
    /// The newest key of the last document they got: the next one, or the active one when there was none.
    pub newest_key: KeyId,
    /// How many fetches were counted; those within five minutes of each other count once.
    pub fetches: i64,
    /// The first one.
    pub first_at: DateTime<Utc>,
    /// The last one that was counted.
    pub last_at: DateTime<Utc>,
}

/// Most rows of one app.
pub const ROWS_MAX: usize = 100;
/// Most rows of one address for one app: a browser and a few tools.
pub const ROWS_PER_ADDRESS: usize = 5;
/// Most new rows of one app within [`CALM`].
const NEW_ROWS_MAX: usize = 20;
/// A repeated fetch within this time is not written again: it is how long the document may be cached too.
const CALM: TimeDelta = TimeDelta::minutes(5);

/// What to do about a fetch.
#[derive(Debug, PartialEq, Eq)]
pub enum Note<'a> {
    /// Nothing: it was noted a moment ago, or there are too many new ones at once.
    Leave,
    /// Write it, in place of another when the list is full.
    Write {
        /// The row that has to go.
        instead_of: Option<&'a MetadataFetch>,
    },
}

/// Decides about a fetch, knowing those of the same app.
pub fn note<'a>(known: &'a [MetadataFetch], fetch: &MetadataFetch) -> Note<'a> {
    let now = fetch.last_at;
    let same = |row: &&MetadataFetch| row.client_ip == fetch.client_ip && row.user_agent == fetch.user_agent;
    if let Some(row) = known.iter().find(same) {
        let calm = row.newest_key == fetch.newest_key && now - row.last_at < CALM;
        return if calm { Note::Leave } else { Note::Write { instead_of: None } };
    }
    if known.iter().filter(|row| now - row.first_at < CALM).count() >= NEW_ROWS_MAX {
        return Note::Leave;
    }
    let of_address: Vec<_> = known.iter().filter(|row| row.client_ip == fetch.client_ip).collect();
    // An address that names itself anew each time changes one of its rows now and then, not at each request.
    let full = of_address.len() >= ROWS_PER_ADDRESS;
    if full && of_address.iter().any(|row| now - row.first_at < CALM) {
        return Note::Leave;
    }
    let oldest = |rows: Vec<&'a MetadataFetch>| rows.into_iter().min_by_key(|row| row.last_at);
    Note::Write {
        instead_of: if full {
            oldest(of_address)
        } else if known.len() >= ROWS_MAX {
            oldest(known.iter().collect())
        } else {
            None
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn fetch(ip: &str, agent: &str, minute: i64) -> MetadataFetch {
        let at = DateTime::from_timestamp(1_790_000_000, 0).expect("in range") + TimeDelta::minutes(minute);
        MetadataFetch {
            client_ip: ip.into(),
            user_agent: agent.into(),
            newest_key: KeyId::new(DateTime::default(), &mut StdRng::seed_from_u64(1)),
            fetches: 1,
            first_at: at,
            last_at: at,
        }
    }

    #[test]
    fn one_row_for_address_and_agent_and_not_each_second() {
        let known = [fetch("192.0.2.1", "sp/1", 0)];
        assert_eq!(note(&known, &fetch("192.0.2.1", "sp/1", 4)), Note::Leave);
        assert_eq!(note(&known, &fetch("192.0.2.1", "sp/1", 5)), Note::Write { instead_of: None });
        assert_eq!(note(&known, &fetch("192.0.2.1", "sp/2", 1)), Note::Write { instead_of: None });
        let newer = KeyId::new(DateTime::default(), &mut StdRng::seed_from_u64(2));
        let saw = MetadataFetch { newest_key: newer, ..fetch("192.0.2.1", "sp/1", 1) };
        assert_eq!(note(&known, &saw), Note::Write { instead_of: None }, "a new certificate is always noted");
    }

    #[test]
    fn a_flood_fills_neither_the_list_nor_the_disk() {
        let mut known = vec![fetch("198.51.100.7", "the real one", 0)];
        let mut written = 0;
        for number in 0..10_000_i64 {
            // Another agent each time, 100 a minute, from one address.
            let new = fetch("203.0.113.9", &format!("agent {number}"), 10 + number / 100);
            if let Note::Write { instead_of } = note(&known, &new) {
                let gone = instead_of.cloned();
                known.retain(|row| Some(row) != gone.as_ref());
                known.push(new);
                written += 1;
            }
        }
        assert!(known.len() <= 1 + ROWS_PER_ADDRESS, "{}", known.len());
        assert!(known.iter().any(|row| row.user_agent == "the real one"), "it pushed nobody out");
        let mut many: Vec<_> = (0..100).map(|i| fetch(&format!("192.0.2.{i}"), "sp", i * 10)).collect();
        assert_eq!(note(&many, &fetch("203.0.113.1", "sp", 2000)), Note::Write { instead_of: many.first() });
        many.truncate(20);
        for row in &mut many {
            row.first_at = fetch("", "", 0).first_at;
        }
        assert_eq!(note(&many, &fetch("203.0.113.1", "sp", 1)), Note::Leave, "too many new ones at once");
        assert!(written < 30, "of 10,000 in 100 minutes, {written} were written");
    }
}
