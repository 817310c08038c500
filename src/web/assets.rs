//! Serves the stylesheet, scripts, fonts and icons that are embedded in the binary.
//!
//! Does not build them (`scripts/build-assets.mjs`) and does not know which page uses which.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// Bytes of the asset-set digest and of an entity tag that are kept: 64 bits name a build well enough.
const DIGEST_BYTES: usize = 8;
/// A file under the current hash never changes, so a browser need not ask again for a year.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A page of another build asked: answer, but let nobody keep the answer under the wrong name.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// One digest over names and contents of all files, in lower-case hex; made at first use.
static SET_HASH: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort_unstable();
    let mut digest = openssl::sha::Sha256::new();
    for name in names {
        if let Some(file) = Files::get(&name) {
            digest.update(name.as_bytes());
            digest.update(&[0]);
            digest.update(&file.metadata.sha256_hash());
        }
    }
    hex(&digest.finish()[..DIGEST_BYTES])
});

/// The address of an asset for use in a page, such as `/assets/5f0c…/app.css` for `app.css`.
pub fn asset_url(path: &str) -> String {
    format!("/assets/{}/{path}", *SET_HASH)
}

/// `GET /assets/{hash}/{*path}`: an embedded file, cached for good when the hash is this build's.
///
/// 404 for an unknown file and for a kind of file that no page uses; 304 when the entity tag matches.
pub async fn serve(Path((hash, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some((file, kind)) = Files::get(&path).zip(content_type(&path)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let caching = if hash == *SET_HASH { FOREVER } else { ASK_AGAIN };
    let tag = entity_tag(&file);
    let known = headers.get(IF_NONE_MATCH).is_some_and(|asked| names_tag(asked, &tag));
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(file.data).into_response() };
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, caching);
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(ETAG, tag);
    }
    if !known {
        answer.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

/// `GET /logo.svg`: our logo under an address that stays, for metadata. Kept a day.
pub async fn logo(headers: HeaderMap) -> Response {
    let mut response = serve(Path((String::new(), "favicon.svg".to_owned())), headers).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}

/// The media type by file extension; `None` for files that are only there to build the others.
fn content_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    match extension {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

/// RFC 9110 §8.8.3: a strong validator, since it is made from the bytes.
fn entity_tag(file: &EmbeddedFile) -> String {
    format!("\"{}\"", hex(&file.metadata.sha256_hash()[..DIGEST_BYTES]))
}

/// RFC 9110 §13.1.2: a list of tags, compared weakly, or `*`.
pub(super) fn names_tag(asked: &HeaderValue, tag: &str) -> bool {
    asked.to_str().is_ok_and(|list| {
        list.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(path: &str, asked: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(tag) = asked {
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(tag).expect("a test value"));
        }
        let address = asset_url(path);
        let hash = address.split('/').nth(2).expect("the address has a hash").to_owned();
        serve(Path((hash, path.to_owned())), headers).await
    }

    #[tokio::test]
    async fn the_stylesheet_is_cached_for_good() {
        let response = get("app.css", None).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        assert_eq!(response.headers()[CACHE_CONTROL], FOREVER);
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }

    #[tokio::test]
    async fn a_matching_entity_tag_saves_the_body() {
        let tag = get("ui.js", None).await.headers()[ETAG].to_str().expect("ascii").to_owned();
        assert_eq!(get("ui.js", Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(get("ui.js", Some("\"other\"")).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn another_builds_hash_is_not_cached() {
        let path = Path(("0123456789abcdef".to_owned(), "app.css".to_owned()));
        let response = serve(path, HeaderMap::new()).await;
        assert_eq!(response.headers()[CACHE_CONTROL], ASK_AGAIN);
    }

    #[tokio::test]
    async fn nothing_outside_the_set_is_served() {
        for path in ["nothing.css", "../Cargo.toml", "/etc/passwd", "vendor", ""] {
            assert_eq!(get(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn every_icon_that_a_template_may_name_is_in_the_sprite() {
        let sprite = Files::get("vendor/icons.svg").expect("built by `make assets`");
        let sprite = String::from_utf8_lossy(&sprite.data).into_owned();
        for name in crate::web::view::icon::GLYPHS {
            assert!(sprite.contains(&format!("id=\"{name}\"")), "{name}");
        }
    }
}
