//! Owns which addresses of an SP may be registered (S-22), by hand or from metadata.
//! Does not compare addresses with requests: that is exact and happens in `checks`.

use url::{Host, Url};

/// Why an address is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It holds white space, control characters, quotes, angle brackets, a backslash or non-ASCII.
    #[error("the address holds a character that does not belong in an address")]
    Character,
    /// It is longer than 2,048 bytes.
    #[error("the address is longer than 2,048 bytes")]
    TooLong,
    /// It is not an absolute URL with a host.
    #[error("this is not a complete address such as https://app.example/saml/acs")]
    NotAbsolute,
    /// Neither https, nor http on the same machine.
    #[error("only https is taken, or http for a loopback host")]
    Scheme,
    /// It names a user or password.
    #[error("the address must not hold a user name or password")]
    UserInfo,
    /// It has a fragment, which a form post would lose.
    #[error("the address must not have a fragment")]
    Fragment,
}

const MAX: usize = 2048;

/// Checks an address that Responses or logout messages are sent to. The address itself is kept as it
/// is: requests are compared with it byte for byte.
///
/// # Errors
/// [`AddressError`], naming what is wrong.
pub fn check_acs_url(url: &str) -> Result<(), AddressError> {
    if url.len() > MAX {
        return Err(AddressError::TooLong);
    }
    // The URL parser drops tabs and line breaks and turns backslashes around; browsers do too.
    let belongs = |byte: u8| {
        byte.is_ascii_graphic()
            && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`' | b'{' | b'}' | b'|' | b'^')
    };
    if !url.bytes().all(belongs) {
        return Err(AddressError::Character);
    }
    let parsed = Url::parse(url).map_err(|_| AddressError::NotAbsolute)?;
    let loopback = match parsed.host() {
        None => {
            return Err(if parsed.cannot_be_a_base() {
                AddressError::Scheme
            } else {
                AddressError::NotAbsolute
            });
        }
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
    };
    match parsed.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err(AddressError::Scheme),
    }
    // `https:host` and `https:///host` parse but are no addresses anybody writes on purpose.
    let after_scheme = url.get(parsed.scheme().len()..).and_then(|rest| rest.strip_prefix("://"));
    let authority = after_scheme.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match authority {
        None | Some("") => Err(AddressError::NotAbsolute),
        Some(authority) if authority.contains('@') => Err(AddressError::UserInfo),
        Some(_) if url.contains('#') => Err(AddressError::Fragment),
        Some(_) => Ok(()),
    }
}

/// Checks an entity id. SAML Metadata §2.2.1: a URI of at most 1,024 characters. SPs in the field also use
/// plain names, so any text without white space and control characters is taken.
///
/// # Errors
/// [`AddressError`], naming what is wrong.
pub fn check_entity_id(entity_id: &str) -> Result<(), AddressError> {
    if entity_id.is_empty() {
        return Err(AddressError::NotAbsolute);
    }
    if entity_id.chars().count() > 1024 {
        return Err(AddressError::TooLong);
    }
    let wrong = |c: char| c.is_whitespace() || c.is_control() || !crate::xml::is_xml_char(c);
    if entity_id.contains(wrong) { Err(AddressError::Character) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s_22_only_https_or_loopback_http() {
        for good in [
            "https://sp.example/acs",
            "https://sp.example:8443/saml/acs?tenant=1&x=%22",
            "http://localhost:8080/acs",
            "http://app.localhost/acs",
            "http://127.0.0.1/acs",
            "http://[::1]:3000/acs",
            "https://sp.example",
        ] {
            assert_eq!(check_acs_url(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("javascript:alert(1)", AddressError::Scheme),
            ("JaVaScRiPt:alert(1)", AddressError::Scheme),
            ("java\tscript:alert(1)", AddressError::Character),
            ("data:text/html,x", AddressError::Scheme),
            ("vbscript:x", AddressError::Scheme),
            ("http://sp.example/acs", AddressError::Scheme),
            ("http://localhost.evil.example/acs", AddressError::Scheme),
            ("ftp://sp.example/acs", AddressError::Scheme),
            ("https://user@sp.example/acs", AddressError::UserInfo),
            ("https://sp.example@evil.example/", AddressError::UserInfo),
            ("https://@evil.example/", AddressError::UserInfo),
            ("https://sp.example/acs\"onload=x", AddressError::Character),
            ("https://sp.example/acs\n", AddressError::Character),
            ("https://sp.example\\@evil.example/", AddressError::Character),
            ("https://sp.example/acs#x", AddressError::Fragment),
            ("https:sp.example/acs", AddressError::NotAbsolute),
            ("https:///sp.example/acs", AddressError::NotAbsolute),
            ("//sp.example/acs", AddressError::NotAbsolute),
            ("/acs", AddressError::NotAbsolute),
            ("", AddressError::NotAbsolute),
        ] {
            assert_eq!(check_acs_url(bad), Err(why), "{bad}");
        }
        assert_eq!(
            check_acs_url(&format!("https://sp.example/{}", "a".repeat(2048))),
            Err(AddressError::TooLong)
        );
    }
}
