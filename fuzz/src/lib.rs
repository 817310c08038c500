//! Owns the fuzz targets: what each makes of an input, and what must hold whatever the input is.
//! Does not own the fuzzing engine: each target is a function over bytes, so that the kept corpora are replayed
//! without an engine too (`tests/replay.rs`).
//!
//! A target fails by panicking.

pub mod certificate;
pub mod fixture;
pub mod targets;

/// Lets the first byte choose how the rest of the input is used.
///
/// A letter stands at the beginning of a kept input, so that it can be read and written by hand.
pub fn split_mode(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(mode, rest)| (*mode, rest))
}
