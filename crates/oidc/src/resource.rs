//! Owns resource indicators (RFC 8707): what one looks like, and which of those asked for a client may have.
//!
//! Does not own what a resource server does with a token.

use crate::error::{ErrorCode, ProtocolError};
use url::Url;

/// The longest indicator, in bytes.
pub const MAX_BYTES: usize = 2 * 1024;
/// The most indicators of one request.
pub const MAX_COUNT: usize = 16;

/// Why a text is no resource indicator. Fit for a form field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// Empty or longer than 2 KiB.
    #[error("must be between 1 and 2048 characters")]
    Length,
    /// Not an absolute URI, or with characters that URIs don't hold.
    #[error("must be an absolute address such as https://api.example")]
    NotAbsolute,
    /// A fragment.
    #[error("must not have a fragment (#)")]
    Fragment,
}

/// RFC 8707 §2: an absolute URI (RFC 3986 §4.3) without a fragment.
///
/// # Errors
/// The rule broken.
pub fn check(text: &str) -> Result<(), ResourceError> {
    if text.is_empty() || text.len() > MAX_BYTES {
        return Err(ResourceError::Length);
    }
    if text.contains('#') {
        return Err(ResourceError::Fragment);
    }
    if !text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
        || Url::parse(text).is_err()
    {
        return Err(ResourceError::NotAbsolute);
    }
    Ok(())
}

/// RFC 8707 §2: a resource that is malformed, unknown, or not for this client is `invalid_target`.
///
/// # Errors
/// `invalid_target`, `invalid_request` when there are too many.
pub fn check_requested(requested: &[String], allowed: &[String]) -> Result<(), ProtocolError> {
    if requested.len() > MAX_COUNT {
        return Err(ProtocolError::invalid_request("too many resources"));
    }
    for resource in requested {
        if check(resource).is_err() || !allowed.contains(resource) {
            return Err(ProtocolError::new(
                ErrorCode::InvalidTarget,
                "the resource is not one of this client",
            )
            .with_detail(resource.chars().take(256).collect::<String>()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registered_resources_are_taken() {
        let allowed = vec!["https://api.example/".to_owned()];
        assert!(check_requested(&[], &[]).is_ok());
        assert!(check_requested(&["https://api.example/".into()], &allowed).is_ok());
        for bad in ["https://api.example", "https://api.example/#x", "api", "", "https://other.example/"] {
            let error = check_requested(&[bad.into()], &allowed).expect_err(bad);
            assert_eq!(error.code(), ErrorCode::InvalidTarget, "{bad}");
        }
    }
}
