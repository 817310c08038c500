//! Owns every limit of the language and the meter that holds them.
//! Does not own what is counted where: each operation reports its own work.
//!
//! Work is counted, not timed: the same expression over the same person has the same verdict on every machine, and
//! the crate needs no clock.

use crate::error::{EvaluateError, EvaluateErrorKind};

/// Bytes of an expression.
pub const EXPRESSION: usize = 4096;
/// How deep the parts of an expression nest: brackets, operators in a row, functions and what they call. Running it goes
/// no deeper either, because nothing calls itself.
pub const NESTING: usize = 100;
/// How deep its text may nest, which is how deep the parser calls itself.
pub const BRACKETS: usize = 50;
/// Bytes of the context, as JSON.
pub const INPUT: usize = 64 * 1024;
/// Bytes of a result, as JSON.
pub const OUTPUT: usize = 64 * 1024;
/// Members of one list or object.
pub const SEQUENCE: usize = 10_000;
/// Lists and objects inside each other, in the context and in every value made.
pub const VALUE_DEPTH: usize = 32;
/// Units of work of one evaluation. One is about a node visited or 32 bytes copied.
pub const STEPS: usize = 100_000;
/// Bytes that one evaluation may allocate, all together: freed ones are not given back, so what is in use at any
/// moment is less.
pub const MEMORY: usize = 1024 * 1024;
/// Bytes of a compiled pattern.
pub const PATTERN: usize = 16 * 1024;
/// Patterns in one expression.
pub const PATTERNS: usize = 8;

/// Counts the work of one evaluation.
pub(crate) struct Meter {
    steps: usize,
    bytes: usize,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { steps: STEPS, bytes: MEMORY }
    }

    /// Counts `steps` units of work, before they are done.
    pub(crate) fn work(&mut self, steps: usize) -> Result<(), EvaluateError> {
        self.steps = self.steps.checked_sub(steps).ok_or_else(|| {
            EvaluateError::limit(
                EvaluateErrorKind::Steps,
                "The expression takes too much work for this person",
            )
        })?;
        Ok(())
    }

    /// Counts work that reads `bytes` bytes of text.
    pub(crate) fn read(&mut self, bytes: usize) -> Result<(), EvaluateError> {
        self.work(1 + bytes / 32)
    }

    /// Counts an allocation of `bytes` bytes, before it is made.
    pub(crate) fn allocate(&mut self, bytes: usize) -> Result<(), EvaluateError> {
        self.bytes = self.bytes.checked_sub(bytes.saturating_add(32)).ok_or_else(|| {
            EvaluateError::limit(
                EvaluateErrorKind::Memory,
                "The expression takes too much memory for this person",
            )
        })?;
        self.read(bytes)
    }
}

pub(crate) fn too_long() -> EvaluateError {
    EvaluateError::limit(EvaluateErrorKind::Memory, "A list is longer than 10,000 values")
}

pub(crate) fn too_deep() -> EvaluateError {
    EvaluateError::limit(EvaluateErrorKind::Depth, "A value is nested too deeply")
}
