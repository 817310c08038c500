//! What lists have in common: filters with counts, and pages.
//!
//! Does not query; the handler knows the numbers and the addresses.

use std::borrow::Borrow;

/// One segment of a filter: a link that shows a part of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Words of the segment.
    pub label: String,
    /// How many entries it shows, when known.
    pub count: Option<u64>,
    /// Where it leads; keeps the search text.
    pub href: String,
    /// Whether this is what the page shows now.
    pub current: bool,
}

/// Where the page is in a longer list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pager {
    /// Number of the first entry shown, from 1; 0 when there is none.
    pub first: u64,
    /// Number of the last entry shown.
    pub last: u64,
    /// How many entries there are.
    pub total: u64,
    /// The page before, if any.
    pub previous: Option<String>,
    /// The page after, if any.
    pub next: Option<String>,
}

/// A number in groups of three, such as `1,284`.
pub fn grouped(number: impl Borrow<u64>) -> String {
    let digits = number.borrow().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 person`, `86 people`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", grouped(number))
}
