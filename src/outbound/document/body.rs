//! A body as it comes in: unpacked, up to a limit. Does not own fetching it.

use flate2::write::GzDecoder;
use std::io::{self, Write};

/// Where the body goes.
pub(super) enum Sink {
    /// As it comes.
    Plain(Capped),
    /// Unpacked on the way.
    Gzip(Box<GzDecoder<Capped>>),
}

impl Sink {
    /// For an answer with this `Content-Encoding`, up to so many bytes; `None` for an encoding that was not asked for.
    pub(super) fn of(encoding: Option<&str>, max: usize) -> Option<Self> {
        let capped = Capped { bytes: Vec::new(), max };
        match encoding.map(str::trim) {
            None | Some("" | "identity") => Some(Self::Plain(capped)),
            Some("gzip" | "x-gzip") => Some(Self::Gzip(Box::new(GzDecoder::new(capped)))),
            Some(_) => None,
        }
    }

    /// Takes the next octets. The error is of the kind `FileTooLarge` when they are too many.
    pub(super) fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(capped) => capped.write_all(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk),
        }
    }

    /// The whole body.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(capped) => Ok(capped.bytes),
            Self::Gzip(decoder) => Ok(decoder.finish()?.bytes),
        }
    }
}

/// Octets up to a limit: a bomb stops when it has grown to that.
pub(super) struct Capped {
    bytes: Vec<u8>,
    max: usize,
}

impl Write for Capped {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(chunk.len()) > self.max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
