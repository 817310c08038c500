//! Owns what can be wrong with an expression, when it is read and when it runs.
//! Does not own where such an error is shown.
//!
//! No message holds a person's values: errors are shown in the console and written to the log.

/// Why a text is no expression. Shown at the character, so the position is exact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct ParseError {
    /// One sentence without a full stop.
    pub message: String,
    /// Characters before the place that is wrong; the length of the text when its end is missing something.
    pub at: usize,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// What kind of thing went wrong while an expression ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluateErrorKind {
    /// A value was not what an operator or a function takes.
    Value,
    /// More work than [`crate::limits::STEPS`].
    Steps,
    /// More memory than [`crate::limits::MEMORY`], or a list longer than [`crate::limits::SEQUENCE`].
    Memory,
    /// A value nested deeper than [`crate::limits::VALUE_DEPTH`].
    Depth,
    /// The result is larger than [`crate::limits::OUTPUT`].
    Output,
}

/// Why an expression has no result for this person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluateError {
    /// What kind of error it is.
    pub kind: EvaluateErrorKind,
    /// One sentence without a full stop, without values of the person.
    pub message: String,
    /// Characters of the expression before the part that failed; `None` when the result as a whole is at fault.
    pub at: Option<usize>,
}

impl EvaluateError {
    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self { kind: EvaluateErrorKind::Value, message: message.into(), at: None }
    }

    pub(crate) fn limit(kind: EvaluateErrorKind, message: &str) -> Self {
        Self { kind, message: message.to_owned(), at: None }
    }

    /// Says where it happened; the innermost place wins.
    pub(crate) fn at(mut self, at: usize) -> Self {
        self.at.get_or_insert(at);
        self
    }
}

/// Why a context can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// Larger than [`crate::limits::INPUT`] or [`crate::limits::SEQUENCE`] values.
    #[error(
        "The attributes and groups of this person are too much for expressions: 64 KiB and 10,000 values are the limit"
    )]
    TooLarge,
    /// Nested deeper than [`crate::limits::VALUE_DEPTH`].
    #[error("An attribute is nested too deeply for expressions")]
    TooDeep,
}
