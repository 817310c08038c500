//! From columns to domain values and back: ids, instants, words and JSON. Does not own which columns a table has.

use super::error::StoreError;
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use std::str::FromStr;

/// The row being read, named in errors.
#[derive(Clone, Copy)]
pub(super) struct Place<'r> {
    /// The table.
    pub(super) table: &'static str,
    /// The row's id, or what else names it without being secret.
    pub(super) id: &'r str,
}

impl Place<'_> {
    /// The error of a column that this version can't have written.
    pub(super) fn inconsistent(self, column: &'static str) -> StoreError {
        StoreError::Inconsistent { table: self.table, column, id: self.id.to_owned() }
    }

    /// An id.
    pub(super) fn id<T: FromStr>(self, column: &'static str, text: &str) -> Result<T, StoreError> {
        text.parse().map_err(|_| self.inconsistent(column))
    }

    /// An id that may be missing.
    pub(super) fn maybe_id<T: FromStr>(
        self,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.id(column, text)).transpose()
    }

    /// An instant, kept as epoch milliseconds.
    pub(super) fn instant(self, column: &'static str, millis: i64) -> Result<DateTime<Utc>, StoreError> {
        DateTime::from_timestamp_millis(millis).ok_or_else(|| self.inconsistent(column))
    }

    /// An instant that may be missing.
    pub(super) fn maybe_instant(
        self,
        column: &'static str,
        millis: Option<i64>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        millis.map(|millis| self.instant(column, millis)).transpose()
    }

    /// A word of a closed list.
    pub(super) fn word<T>(
        self,
        column: &'static str,
        text: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(text).ok_or_else(|| self.inconsistent(column))
    }

    /// A value kept as JSON.
    pub(super) fn json<T: DeserializeOwned>(self, column: &'static str, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|_| self.inconsistent(column))
    }

    /// The JSON of a value.
    pub(super) fn to_json<T: Serialize>(self, column: &'static str, value: &T) -> Result<String, StoreError> {
        serde_json::to_string(value).map_err(|_| self.inconsistent(column))
    }
}

/// Epoch milliseconds, if there is an instant.
pub(super) fn millis(instant: Option<DateTime<Utc>>) -> Option<i64> {
    instant.map(|instant| instant.timestamp_millis())
}

/// The instant as it will be read back: cut to milliseconds.
pub(super) fn cut(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(instant.timestamp_millis()).unwrap_or(instant)
}

/// Words kept in one column, for example the methods of `amr`.
pub(super) fn join_words(words: &[String]) -> String {
    words.join(" ")
}

/// Those words read back.
pub(super) fn split_words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Every row as its domain type; the first that can't be one is the error.
pub(super) fn all<R, T: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}

/// The one row as its domain type, if there is one.
pub(super) fn one<R, T: TryFrom<R, Error = StoreError>>(row: Option<R>) -> Result<Option<T>, StoreError> {
    row.map(T::try_from).transpose()
}
