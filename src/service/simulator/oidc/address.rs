//! What was pasted, and whether its address is that of our authorization endpoint. Does not own the request behind it.

use super::judge::ParameterVerdict;
use crate::{context::AppContext, service::simulator::Verdict};
use ::oidc::discovery::AUTHORIZATION_PATH;
use url::Url;

/// The name of its line; no parameter is called so.
const NAME: &str = "(address)";
/// Longest text that is judged, in bytes.
const PASTED_MAX: usize = 64 * 1024;
/// Longest value that is shown, in characters.
const SHOWN_MAX: usize = 256;

/// A pasted text, taken apart.
pub(super) struct Pasted<'a> {
    /// What stands before the query; none when only a query or a form was pasted.
    pub(super) address: Option<&'a str>,
    /// The query.
    pub(super) query: &'a str,
}

impl<'a> Pasted<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let text = text.trim();
        if text.len() > PASTED_MAX {
            return Self { address: None, query: "" };
        }
        let text = text.split('#').next().unwrap_or_default();
        let (before, after) = text.split_once('?').map_or((text, ""), |(before, after)| (before, after));
        // In a query by itself, a question mark may stand in a value.
        let is_query = !before.starts_with('/') && !before.contains("://") || before.contains(['=', '&']);
        match before {
            "" => Self { address: None, query: after },
            _ if is_query => Self { address: None, query: text },
            _ => Self { address: Some(before), query: after },
        }
    }
}

/// A text of a stranger, cut, for a line of ours.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect()
}

/// Judges what stands before the query. OpenID Connect Discovery §3: an app sends people to the `authorization_endpoint` of
/// the issuer that it trusts, and nowhere else.
pub(super) fn verdict(ctx: &AppContext, address: &str) -> ParameterVerdict {
    let ours = ctx.url(AUTHORIZATION_PATH);
    let is_ours = is_same(address, &ours);
    let words = if is_ours {
        "It goes to our authorization endpoint.".to_owned()
    } else {
        format!("It goes to another address than ours, which is {ours}.")
    };
    ParameterVerdict {
        name: NAME.to_owned(),
        value: Some(shown(address)),
        verdict: if is_ours { Verdict::Passed } else { Verdict::Failed },
        words,
        spec: "OpenID Connect Discovery §3",
        fix: if is_ours {
            ""
        } else {
            "Let the app read our discovery document, or type our authorization endpoint into it."
        },
    }
}

/// Whether a browser that opens `address` comes to `ours`. A path alone is one of ours.
fn is_same(address: &str, ours: &str) -> bool {
    let Ok(ours) = Url::parse(ours) else { return false };
    let asked = if address.starts_with("//") || !address.starts_with('/') {
        Url::parse(address)
    } else {
        ours.join(address)
    };
    asked.is_ok_and(|asked| {
        let is_plain = asked.username().is_empty() && asked.password().is_none();
        is_plain && asked.origin() == ours.origin() && asked.path() == ours.path()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_whatever_was_pasted_is_found() {
        let address = "https://id.example/oauth2/authorize";
        for (text, query, before) in [
            ("https://id.example/oauth2/authorize?a=1#x", "a=1", Some(address)),
            ("https://id.example/oauth2/authorize", "", Some(address)),
            ("/oauth2/authorize?a=1?", "a=1?", Some("/oauth2/authorize")),
            (" ?a=1 ", "a=1", None),
            ("a=1", "a=1", None),
            (
                "redirect_uri=https://rp.example/cb?x=1&a=1",
                "redirect_uri=https://rp.example/cb?x=1&a=1",
                None,
            ),
            ("not a request", "not a request", None),
        ] {
            let pasted = Pasted::of(text);
            assert_eq!((pasted.query, pasted.address), (query, before), "{text}");
        }
        assert_eq!(Pasted::of(&"a".repeat(PASTED_MAX + 1)).query, "");
    }

    #[test]
    fn only_our_own_address_is_ours() {
        let ours = "https://id.example/oauth2/authorize";
        for same in [ours, "/oauth2/authorize", "HTTPS://ID.example:443/oauth2/authorize"] {
            assert!(is_same(same, ours), "{same}");
        }
        for other in [
            "https://evil.example/oauth2/authorize",
            "http://id.example/oauth2/authorize",
            "https://id.example:8443/oauth2/authorize",
            "https://id.example/oauth2/authorize/",
            "https://id.example/authorize",
            "https://id.example.evil.example/oauth2/authorize",
            "https://id.example@evil.example/oauth2/authorize",
            "https://maya@id.example/oauth2/authorize",
            "//evil.example/oauth2/authorize",
            "/\\evil.example/oauth2/authorize",
            "/oauth2/token",
            "",
            "not an address",
        ] {
            assert!(!is_same(other, ours), "{other}");
        }
    }
}
