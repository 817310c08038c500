//! Owns the comparison of a proof's `htu` with the address that was called.
//!
//! Does not own the address: the caller makes it from its public URL, never from the `Host` header.

use url::Url;

/// The longest `htu` looked at, in bytes.
const MAX_BYTES: usize = 2 * 1024;

/// RFC 9449 §4.3 check 9: the same address, query and fragment left aside. Compared after the normalisation of RFC 3986
/// §6.2.2 and §6.2.3: case of scheme and host, default port, empty path, dot segments.
pub fn matches(htu: &str, called: &str) -> bool {
    match (normal(htu), normal(called)) {
        (Some(claimed), Some(called)) => claimed == called,
        _ => false,
    }
}

/// Only what RFC 3986 knows: the parser would take tabs, backslashes and user names for something.
fn normal(address: &str) -> Option<Url> {
    let plain = address.len() <= MAX_BYTES
        && address
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'@' | b'"' | b'<' | b'>'));
    let mut url = Url::parse(address).ok().filter(|_| plain)?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    // `https:host` and `https:///host` are mended by the parser; they are no address.
    let (_, rest) = address.split_once(':')?;
    if !rest.starts_with("//") || rest.starts_with("///") {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::matches;

    const CALLED: &str = "https://id.example/oauth2/token";

    #[test]
    fn o43_the_same_address_matches_however_it_is_written() {
        for same in [
            CALLED,
            "HTTPS://ID.EXAMPLE/oauth2/token",
            "https://id.example:443/oauth2/token",
            "https://id.example/oauth2/token?a=b",
            "https://id.example/oauth2/token#f",
            "https://id.example/oauth2/./x/../token?a#b",
        ] {
            assert!(matches(same, CALLED), "{same}");
        }
        assert!(matches("http://localhost:80/x", "http://localhost/x"));
    }

    #[test]
    fn o43_another_address_does_not_match() {
        for other in [
            "https://id.example/oauth2/userinfo",
            "https://id.example/oauth2/token/",
            "https://id.example/OAUTH2/token",
            "http://id.example/oauth2/token",
            "https://id.example:8443/oauth2/token",
            "https://id.example.evil/oauth2/token",
            "https://evil@id.example/oauth2/token",
            "https:\\\\id.example\\oauth2\\token",
            "https:id.example/oauth2/token",
            "https:///id.example/oauth2/token",
            "https://id.example/oauth2/to\tken",
            " https://id.example/oauth2/token",
            "/oauth2/token",
            "ftp://id.example/oauth2/token",
            "",
        ] {
            assert!(!matches(other, CALLED), "{other}");
        }
        assert!(!matches("not an address", "not an address"));
    }
}
