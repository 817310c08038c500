//! Settings of applications, parsed once. Every sign-on reads its app's row, and parsing what stands in it costs more than reading
//! it. Only a memo: the same text is always the same settings, so nothing here can be out of date, whoever wrote the row.

use crate::domain::connection::Connection;
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

/// Most letters that are kept; beyond them it begins anew.
const LETTERS: usize = 4 * 1024 * 1024;

#[derive(Default)]
struct Memo {
    parsed: HashMap<Box<str>, Arc<Connection>>,
    letters: usize,
}

static MEMO: LazyLock<RwLock<Memo>> = LazyLock::new(RwLock::default);

/// The settings that a column holds; `None` for what this version can't have written.
pub(super) fn connection(text: &str) -> Option<Arc<Connection>> {
    // Poisoned or not, the map holds whole entries only.
    if let Some(found) = MEMO.read().unwrap_or_else(PoisonError::into_inner).parsed.get(text) {
        return Some(Arc::clone(found));
    }
    let parsed: Arc<Connection> = Arc::new(serde_json::from_str(text).ok()?);
    let mut memo = MEMO.write().unwrap_or_else(PoisonError::into_inner);
    if memo.letters + text.len() > LETTERS {
        *memo = Memo::default();
    }
    if memo.parsed.insert(text.into(), Arc::clone(&parsed)).is_none() {
        memo.letters += text.len();
    }
    Some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_parsed_once_and_another_text_is_another_setting() {
        let text = |url: &str| format!("{{\"protocol\":\"bookmark\",\"url\":\"{url}\"}}");
        let first = connection(&text("https://one.example")).expect("settings");
        let again = connection(&text("https://one.example")).expect("settings");
        assert!(Arc::ptr_eq(&first, &again));
        let other = connection(&text("https://two.example")).expect("settings");
        assert_ne!(first, other);
        assert_eq!(connection("{\"protocol\":\"gopher\"}"), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        for n in 0..64 {
            let long = "x".repeat(LETTERS / 32);
            let text = format!("{{\"protocol\":\"bookmark\",\"url\":\"https://{n}.example/{long}\"}}");
            assert!(connection(&text).is_some());
            assert!(MEMO.read().expect("no panic").letters <= LETTERS);
        }
    }
}
