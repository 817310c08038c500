//! A request to an endpoint for programs, as far as it counts. Does not own HTTP.

use crate::domain::audit::Origin;

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Where it came from.
    pub origin: &'a Origin,
    /// Its method, in capitals.
    pub method: &'a str,
    /// The path that was called.
    pub path: &'a str,
    /// Its `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The values of its `DPoP` header.
    pub proofs: &'a [String],
    /// Its query, if it has one.
    pub query: Option<&'a str>,
    /// Its form.
    pub body: &'a str,
}
