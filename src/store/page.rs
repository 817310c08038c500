//! One page of a list: which rows are wanted, and how many there are in all. Does not own sort orders or filters.

/// Most rows of one page, whatever was asked for.
pub const PAGE_MAX: u32 = 200;

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows to leave out at the start.
    pub offset: u32,
    /// Rows wanted; at least 1 and at most [`PAGE_MAX`] are answered.
    pub limit: u32,
}

impl PageRequest {
    /// Asks for `limit` rows after the first `offset`.
    pub fn new(offset: u32, limit: u32) -> Self {
        Self { offset, limit: limit.clamp(1, PAGE_MAX) }
    }

    /// Asks for the first rows.
    pub fn first(limit: u32) -> Self {
        Self::new(0, limit)
    }

    /// The offset as the database takes it.
    pub(super) fn skip(self) -> i64 {
        i64::from(self.offset)
    }

    /// The capped limit as the database takes it.
    pub(super) fn take(self) -> i64 {
        i64::from(self.limit.clamp(1, PAGE_MAX))
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::first(50)
    }
}

/// The rows of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    pub items: Vec<T>,
    /// How many rows the whole list has.
    pub total: i64,
}

impl<T> Page<T> {
    /// The same page with other values.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), total: self.total }
    }
}
