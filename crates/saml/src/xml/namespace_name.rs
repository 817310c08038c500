//! Owns what a namespace name may be: an absolute URI.
//! Does not compare namespace names: that is done letter by letter, as the standard wants.

use super::attribute_value::value_of;

/// Namespaces in XML 1.0 §2.2: a namespace name is a URI; Canonical XML §1.3 has no form for relative ones.
/// RFC 3986 §3 gives the grammar.
///
/// `value` is the attribute value as it stands in the document; its references are resolved here.
pub(super) fn is_absolute_uri(value: &str) -> bool {
    let value = value_of(value);
    let Some((scheme, rest)) = value.split_once(':') else { return false };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match hierarchy.strip_prefix("//") {
        None => Some(hierarchy),
        Some(after) => {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            is_authority(authority).then_some(path)
        }
    };
    is_scheme(scheme)
        && path.is_some_and(|path| consists_of(path, b":@/"))
        && consists_of(query, b":@/?")
        && consists_of(fragment, b":@/?")
}

/// RFC 3986 §3.1.
fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// RFC 3986 §3.2: user, host and port. A host in brackets is an IP address of version 6 or later.
fn is_authority(authority: &str) -> bool {
    let (user, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host = if let Some(inside) = host_port.strip_prefix('[') {
        inside.split_once(']').is_some_and(|(address, after)| {
            !address.is_empty()
                && address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":.".contains(&byte))
                && (after.is_empty() || after.strip_prefix(':').is_some_and(is_port))
        })
    } else {
        let (name, port) = host_port.split_once(':').unwrap_or((host_port, ""));
        consists_of(name, b"") && is_port(port)
    };
    host && consists_of(user, b":")
}

/// RFC 3986 §2: only unreserved characters, sub-delimiters, escaped octets, and those `also` allowed here.
fn consists_of(part: &str, also: &[u8]) -> bool {
    let mut pieces = part.split('%');
    let plain = |piece: &str| {
        piece.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || also.contains(&byte)
        })
    };
    let escaped = |piece: &str| {
        piece.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    pieces.next().is_none_or(plain) && pieces.all(|piece| escaped(piece) && plain(piece))
}

#[cfg(test)]
mod tests {
    use super::is_absolute_uri;

    #[test]
    fn s_11_a_namespace_name_is_an_absolute_uri() {
        for good in [
            "urn:oasis:names:tc:SAML:2.0:protocol",
            "http://www.w3.org/2000/09/xmldsig#",
            "https://user:a@sp.example:8443/a/b;c=d?e=f&amp;g=/?#h/?",
            "http://[2001:db8::1]:80/ns",
            "http://[::1]",
            "urn:x:%C3%A9",
            "x-y.z+1:",
            "tag:o'brien@sp.example,2026:(a)*!$~_",
            "file:///ns",
            "&#117;rn&#x3a;a&apos;",
        ] {
            assert!(is_absolute_uri(good), "{good}");
        }
        for bad in [
            "",
            "relative/path",
            "../x",
            "//sp.example/ns",
            "#fragment",
            ":x",
            "1a:x",
            "a_b:x",
            "urn:a b",
            "urn:a\u{a0}b",
            "urn:é",
            "urn:a\tb",
            "urn:a&#32;b",
            "urn:a&#x20;b",
            "urn:a&quot;",
            "urn:a&amp",
            "urn:a&#xE9;",
            "urn:a&lt;b",
            "urn:\"a\"",
            "urn:<a>",
            "urn:a>b",
            "urn:[a]",
            "urn:a\\b",
            "urn:a^b",
            "urn:`a`",
            "urn:{a}",
            "urn:a|b",
            "urn:%",
            "urn:%4",
            "urn:%4g",
            "urn:%é",
            "urn:a#b#c",
            "http://a:b/",
            "http://[::1/",
            "http://[]/",
            "http://[::1]x/",
            "http://a[::1]/",
            "http://a b/",
            "http://a@b@c/",
        ] {
            assert!(!is_absolute_uri(bad), "{bad}");
        }
    }
}
