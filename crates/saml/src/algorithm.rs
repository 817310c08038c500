//! Owns the short names of every algorithm that can stand in a message, for lists of what is blocked.
//! Does not own the algorithms (`signature`, `encryption`).

use crate::encryption::{ContentEncryption, KeyTransport};
use crate::signature::{DIGEST_URIS, SignatureAlgorithm};

/// Every algorithm of signatures, digests and encryption that is known here: a short name, and the URI.
///
/// MD5, RSA with MD5, DSA, HMAC, RSA PKCS#1 v1.5 key transport and Triple DES are not among them: they are
/// never taken (IIP-ALG08).
#[must_use]
pub fn all() -> Vec<(&'static str, &'static str)> {
    let uris = SignatureAlgorithm::ALL
        .map(SignatureAlgorithm::uri)
        .into_iter()
        .chain(DIGEST_URIS)
        .chain(ContentEncryption::ALL.map(ContentEncryption::uri))
        .chain(KeyTransport::ALL.map(KeyTransport::uri));
    let mut known: Vec<(&str, &str)> = Vec::new();
    for uri in uris {
        let name = uri.rsplit(['#', '/']).next().unwrap_or(uri);
        if !known.iter().any(|(_, listed)| *listed == uri) {
            known.push((name, uri));
        }
    }
    known
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_algorithm_has_one_short_name_of_its_own() {
        let all = super::all();
        let names: std::collections::HashSet<&str> = all.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), all.len(), "{all:?}");
        for name in ["rsa-sha1", "sha1", "sha256", "aes128-cbc", "rsa-oaep-mgf1p", "rsa-oaep", "ecdsa-sha512"]
        {
            assert!(names.contains(name), "{name}");
        }
    }
}
