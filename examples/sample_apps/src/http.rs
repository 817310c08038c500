//! Calls to the identity provider and small pieces of HTTP that both apps need.

use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// No answer of the identity provider may be larger.
const MAX_BODY: usize = 1024 * 1024;

/// A client that follows no redirects (a redirected token request would carry the secret elsewhere) and takes no
/// proxy from the environment: the provider is where the configuration says.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(10))
        .build()?)
}

/// Why a call gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("the request could not be sent: {0}")]
    Send(#[from] reqwest::Error),
    #[error("the answer is larger than {MAX_BODY} bytes")]
    TooLarge,
    #[error("the request is not valid HTTP: {0}")]
    Build(#[from] axum::http::Error),
}

/// Reads a body of at most [`MAX_BODY`] bytes.
pub(crate) async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(CallError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The value of a cookie of the request.
///
/// RFC 6265bis §5.8: pairs are separated by `; `. The values here are base64url and need no decoding.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A `Set-Cookie` value: kept from scripts, sent on top-level navigation only, `Secure` when the app is on https.
/// `None` as the value deletes the cookie.
pub(crate) fn set_cookie(name: &str, value: Option<&str>, secure: bool) -> anyhow::Result<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let (value, age) = match value {
        Some(value) => (value, ""),
        None => ("", "; Max-Age=0"),
    };
    Ok(HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"))?)
}

/// A path of this app to return to, or `/` when the value could lead anywhere else.
///
/// A browser reads `//host`, `/\host` and paths with control characters as another site, so only plain absolute
/// paths pass.
pub(crate) fn local_path(path: &str) -> &str {
    let plain = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 512
        && path.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if plain { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_local_paths_are_returned_to() {
        for good in ["/", "/invoices", "/invoices?open=1&x=%2F"] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "invoices",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "https://evil.example",
            "/a\r\nb",
            "/\u{202e}",
        ] {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
        let long = format!("/{}", "a".repeat(600));
        assert_eq!(local_path(&long), "/");
    }

    #[test]
    fn a_cookie_is_found_by_its_exact_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("xledgerly=1; ledgerly=2; ledgerlyx=3"));
        assert_eq!(cookie(&headers, "ledgerly"), Some("2"));
        assert_eq!(cookie(&headers, "ledger"), None);
    }
}
