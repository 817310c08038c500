//! Pages of lists: which one an address asks for, and the way to the others. Does not own which rows a page has.

use crate::{
    service::overview::PageRequest,
    web::{
        error::Failure,
        extract::Fields,
        view::list::{Filter, Pager},
    },
};

/// Rows of one page of a list.
pub const ROWS: u32 = 50;
/// Longest text that a list is searched for, in characters.
const SEARCH_MAX: usize = 200;

/// The query of a list.
pub struct Query(Fields);

impl Query {
    /// Reads the part of an address after `?`.
    pub fn read(text: Option<&str>) -> Result<Self, Failure> {
        Fields::parse(text.unwrap_or_default()).map(Self)
    }

    /// The value of a parameter, trimmed and cut.
    pub fn text(&self, name: &str) -> String {
        self.0.get(name).trim().chars().take(SEARCH_MAX).collect()
    }

    /// Which page is asked for, from 1.
    pub fn page(&self) -> u32 {
        self.0.get("page").parse().unwrap_or(1).clamp(1, 100_000)
    }

    /// The rows of that page.
    pub fn rows(&self) -> PageRequest {
        PageRequest::new((self.page() - 1).saturating_mul(ROWS), ROWS)
    }
}

/// A path with the parameters that hold something.
pub fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The line under a list. `shown` rows of `total` are on the page; the parameters are kept in the links.
pub fn pager(query: &Query, path: &str, parameters: &[(&str, &str)], shown: usize, total: i64) -> Pager {
    let page = query.page();
    let shown = u64::try_from(shown).unwrap_or_default();
    let total = count(total);
    let before = u64::from(page - 1) * u64::from(ROWS);
    let link = |page: u32| {
        let page = page.to_string();
        let number: &str = if page == "1" { "" } else { &page };
        address(path, &[parameters, &[("page", number)]].concat())
    };
    Pager {
        first: if shown == 0 { 0 } else { before + 1 },
        last: if shown == 0 { 0 } else { before + shown },
        total,
        previous: (page > 1).then(|| link(page - 1)),
        next: (before + shown < total && shown > 0).then(|| link(page + 1)),
    }
}

/// A count of the database as pages show it.
pub fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A segment of a filter that sets one parameter.
pub fn segment(
    path: &str,
    name: &str,
    value: &str,
    label: &str,
    number: i64,
    current: &str,
    q: &str,
) -> Filter {
    Filter {
        label: label.to_owned(),
        count: Some(count(number)),
        href: address(path, &[("q", q), (name, value)]),
        current: current == value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_was_asked_and_leave_out_what_was_not() {
        let query = Query::read(Some("q=a%26b&page=2")).expect("short");
        let pager = pager(&query, "/admin/users", &[("q", &query.text("q")), ("state", "")], 50, 130);
        assert_eq!((pager.first, pager.last, pager.total), (51, 100, 130));
        assert_eq!(pager.previous.as_deref(), Some("/admin/users?q=a%26b"));
        assert_eq!(pager.next.as_deref(), Some("/admin/users?q=a%26b&page=3"));
    }

    #[test]
    fn strange_pages_are_the_first_and_nothing_is_no_page() {
        for text in ["page=0", "page=-1", "page=x", "page=99999999999999999999", ""] {
            let query = Query::read(Some(text)).expect("short");
            assert_eq!(query.page(), 1, "{text}");
        }
        let query = Query::read(None).expect("short");
        let pager = pager(&query, "/admin/users", &[], 0, 0);
        assert_eq!(pager, Pager::default());
    }
}
