//! Places in an app that people can be sent to from its tile. Does not own starting it (`service::sign_on::launch`).

use super::check_web_address;
use crate::domain::{
    app::is_slug,
    text::{FieldErrors, check_line},
};
use serde::{Deserialize, Serialize};

/// Most links of one app: a menu, not a site map.
pub const START_LINKS_MAX: usize = 16;
/// Longest caption, in bytes.
const LABEL_MAX: usize = 64;
/// Longest target, in bytes (S-25).
const TARGET_MAX: usize = 2048;
/// SAML Bindings §3.4.3: the longest RelayState that every app must take, in bytes.
pub(super) const STRICT_RELAY_STATE: usize = 80;
/// The field of the settings.
const FIELD: &str = "start_links";

/// One place, launched by its name at `/launch/{slug}/{name}`. Where it leads is settled here and nowhere else (S-24): an address
/// names a link, and never brings a target along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartLink {
    /// In addresses; unique within the app.
    pub name: String,
    /// What people read.
    pub label: String,
    /// SAML: the RelayState of the response. OpenID Connect: `target_link_uri`.
    pub target: String,
}

/// The link of a name, letter for letter.
pub fn find<'a>(links: &'a [StartLink], name: &str) -> Option<&'a StartLink> {
    links.iter().find(|link| link.name == name)
}

/// Those of a SAML app. `strict`: it takes 80 bytes of RelayState at most; `allowed`: it takes a response it didn't ask for.
pub(super) fn check_relay_states(errors: &mut FieldErrors, links: &[StartLink], strict: bool, allowed: bool) {
    check(errors, links);
    if !links.is_empty() && !allowed {
        errors.add(
            FIELD,
            "These links post an assertion nobody asked for: allow sign-on that starts at the portal first",
        );
    }
    for link in links {
        let name = &link.name;
        if ::saml::binding::RelayState::new(&link.target).is_err() || link.target.len() > TARGET_MAX {
            errors.add(FIELD, format!("{name}: write a RelayState of 1 to 2,048 bytes"));
        } else if strict && link.target.len() > STRICT_RELAY_STATE {
            errors.add(FIELD, format!("{name}: the app takes at most 80 bytes of RelayState"));
        }
        check_line(errors, FIELD, &link.target, TARGET_MAX);
    }
}

/// Those of a client. OpenID Connect Core §4: `target_link_uri` goes to the address where the app begins sign-in itself.
pub(super) fn check_target_link_uris(
    errors: &mut FieldErrors,
    links: &[StartLink],
    initiate_login_uri: &str,
) {
    check(errors, links);
    if !links.is_empty() && initiate_login_uri.is_empty() {
        errors.add(FIELD, "Give the app’s start address (initiate_login_uri) first: the links go there");
    }
    for link in links {
        check_web_address(errors, FIELD, &link.target);
    }
}

fn check(errors: &mut FieldErrors, links: &[StartLink]) {
    if links.len() > START_LINKS_MAX {
        errors.add(FIELD, "Use at most 16 links");
    }
    let mut seen = std::collections::HashSet::new();
    for link in links {
        if !is_slug(&link.name) {
            errors.add(
                FIELD,
                "Use lower-case letters, digits and hyphens as a name, for example weekly-reports",
            );
        }
        if !seen.insert(link.name.as_str()) {
            errors.add(FIELD, format!("“{}” stands twice", link.name));
        }
        if link.label.trim().is_empty() || link.label.trim() != link.label {
            errors.add(FIELD, format!("{}: enter what people read, without blanks around it", link.name));
        }
        check_line(errors, FIELD, &link.label, LABEL_MAX);
        if link.target.is_empty() {
            errors.add(FIELD, format!("{}: enter where it leads", link.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str, label: &str, target: &str) -> StartLink {
        StartLink { name: name.into(), label: label.into(), target: target.into() }
    }

    fn saml(links: &[StartLink], strict: bool, allowed: bool) -> bool {
        let mut errors = FieldErrors::default();
        check_relay_states(&mut errors, links, strict, allowed);
        errors.finish().is_ok()
    }

    fn oidc(links: &[StartLink], initiate: &str) -> bool {
        let mut errors = FieldErrors::default();
        check_target_link_uris(&mut errors, links, initiate);
        errors.finish().is_ok()
    }

    #[test]
    fn s_24_links_are_few_named_and_bounded() {
        let good = link("reports", "Weekly reports", "/reports?week=1");
        assert!(saml(std::slice::from_ref(&good), false, true), "the valid twin");
        assert!(saml(&[], false, false), "none is none");
        assert!(!saml(std::slice::from_ref(&good), false, false), "the app takes no such response");
        for (why, bad) in [
            ("a name with capitals", link("Reports", "R", "/r")),
            ("a name that is a path", link("a/b", "R", "/r")),
            ("no name", link("", "R", "/r")),
            ("a long name", link(&"a".repeat(65), "R", "/r")),
            ("no label", link("a", " ", "/r")),
            ("a label with blanks", link("a", " R", "/r")),
            ("a label of two lines", link("a", "R\nS", "/r")),
            ("a long label", link("a", &"R".repeat(65), "/r")),
            ("no target", link("a", "R", "")),
            ("a target of two lines", link("a", "R", "/r\r\nSet-Cookie: x")),
            ("a long target", link("a", "R", &"r".repeat(2049))),
        ] {
            assert!(!saml(&[bad], false, true), "{why}");
        }
        assert!(!saml(&[good.clone(), good.clone()], false, true), "one name twice");
        let many: Vec<StartLink> = (0..17).map(|n| link(&format!("l{n}"), "L", "/l")).collect();
        assert!(!saml(&many, false, true) && saml(&many[..16], false, true));
        // S-25: as strict as the app is with what others send it.
        let long = link("a", "R", &"r".repeat(81));
        assert!(!saml(std::slice::from_ref(&long), true, true) && saml(&[long], false, true));
    }

    #[test]
    fn links_of_a_client_are_web_addresses_and_need_its_start_address() {
        let good = link("board", "My board", "https://rp.example/boards/1?tab=a#b");
        let start = "https://rp.example/login";
        assert!(oidc(std::slice::from_ref(&good), start), "the valid twin");
        assert!(!oidc(std::slice::from_ref(&good), ""));
        for bad in [
            "javascript:alert(1)",
            "/boards/1",
            "data:text/html,x",
            "https://u:p@rp.example/",
            "https://rp.example/ x",
        ] {
            assert!(!oidc(&[link("a", "A", bad)], start), "{bad}");
        }
    }

    #[test]
    fn a_link_is_found_by_its_very_name() {
        let links = [link("reports", "R", "/r")];
        assert_eq!(find(&links, "reports"), Some(&links[0]));
        for other in ["Reports", "report", "reports ", "", "https://evil.example"] {
            assert_eq!(find(&links, other), None, "{other}");
        }
    }
}
