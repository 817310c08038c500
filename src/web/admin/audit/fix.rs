//! How to fix what failed: by the stable code of the failure, with the page where it is done. Does not own the cause's
//! words (`super::words`).

mod access;
mod oidc;
mod saml;

use crate::{domain::audit::AuditEvent, web::view::Link};

/// The page that a fix leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The app's sign-on settings.
    SignOn,
    /// Who has the app, with the person checked.
    Access,
    /// The person.
    Person,
    /// Adding an app.
    NewApp,
    /// Nowhere here.
    None,
}

/// A code, what to do (`{app}` is the app's name), and where.
type Fix = (&'static str, &'static str, Place);

/// All of them.
fn fixes() -> impl Iterator<Item = &'static Fix> {
    [access::FIXES, saml::FIXES, oidc::FIXES].into_iter().flatten()
}

/// What to do, and the button that leads there; nothing for what needs no fixing.
pub fn of(event: &AuditEvent, person: Option<(&str, &str)>) -> (String, Option<Link>) {
    let code = event.error_code.as_deref().unwrap_or_default();
    let known = fixes().find(|(name, ..)| *name == code);
    let fallback = code.starts_with("saml_").then_some((
        "",
        "Set {app} up from our metadata again. If it stays, send its maker the stored event.",
        Place::SignOn,
    ));
    let Some((_, words, place)) = known.copied().or(fallback).filter(|_| !event.success) else {
        return (String::new(), None);
    };
    let app = event.application.as_ref();
    let label = app.map_or("the app", |app| app.display_label.as_str());
    let link = |href: String, text: String| Some(Link { href, text });
    let link = match (place, app, person) {
        (Place::SignOn, Some(app), _) => {
            link(format!("/admin/apps/{}/sso", app.name), format!("Review in {label}"))
        }
        (Place::Access, Some(app), Some((_, username))) => link(
            super::super::paging::address(
                &format!("/admin/apps/{}/access", app.name),
                &[("check", username)],
            ),
            format!("Who has {label}"),
        ),
        (Place::Access, Some(app), None) => {
            link(format!("/admin/apps/{}/access", app.name), format!("Who has {label}"))
        }
        (Place::Person, _, Some((id, _))) => link(format!("/admin/users/{id}"), "Open the person".to_owned()),
        (Place::NewApp, ..) => link("/admin/apps/new".to_owned(), "Add application".to_owned()),
        _ => None,
    };
    (words.replace("{app}", label), link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{access::Denial, audit::EventType},
        service::oidc::standing::Lapse,
        web::admin::audit::words::tests::event,
    };
    use ::saml::RequestErrorKind as Kind;

    #[test]
    fn every_refusal_of_a_saml_request_has_a_fix_at_the_app() {
        for kind in [
            Kind::Parameters,
            Kind::Encoding,
            Kind::TooLarge,
            Kind::Xml,
            Kind::Message,
            Kind::Signature,
            Kind::SignatureAlgorithm,
            Kind::Id,
            Kind::Issuer,
            Kind::Destination,
            Kind::AssertionConsumerService,
            Kind::Version,
            Kind::IssueInstant,
            Kind::ProtocolBinding,
            Kind::RelayState,
            Kind::NameIdPolicy,
            Kind::Subject,
            Kind::RequestedAuthnContext,
        ] {
            let failed = event(EventType::SsoAuth).failed(&format!("saml_{}", kind.check()), "why");
            let (words, _) = of(&failed, None);
            assert!(!words.is_empty() && !words.contains('{'), "{}", kind.check());
        }
    }

    #[test]
    fn every_grant_that_lapsed_has_a_fix() {
        for denial in [Denial::UserSuspended, Denial::UserStaged, Denial::AppPaused, Denial::NotAssigned] {
            assert_ne!(fix_of(Lapse::Access(denial)), "", "{denial:?}");
        }
        for why in [
            Lapse::Revoked,
            Lapse::Foreign,
            Lapse::AccountGone,
            Lapse::Consent,
            Lapse::Grant,
            Lapse::Scope,
            Lapse::Offline,
        ] {
            assert_ne!(fix_of(why), "", "{why:?}");
        }
    }

    fn fix_of(why: Lapse) -> String {
        of(&event(EventType::OauthTokenRefuse).failed(why.code(), "why"), None).0
    }

    #[test]
    fn fixes_lead_to_the_place() {
        let at = |code: &str, person| {
            of(&event(EventType::SsoAuth).failed(code, ""), person).1.map(|link| link.href)
        };
        assert_eq!(at("saml_signature", None).as_deref(), Some("/admin/apps/amplitude/sso"));
        assert_eq!(
            at("not_assigned", Some(("7", "omar"))).as_deref(),
            Some("/admin/apps/amplitude/access?check=omar")
        );
        assert_eq!(at("user_suspended", Some(("7", "omar"))).as_deref(), Some("/admin/users/7"));
        assert_eq!(at("user_suspended", None), None, "nobody to open");
        assert_eq!(at("unknown_app", None).as_deref(), Some("/admin/apps/new"));
        assert_eq!(at("something_new", None), None);
        assert_eq!(of(&event(EventType::SsoAuth), None), (String::new(), None), "success needs no fixing");
    }

    #[test]
    fn each_code_stands_once() {
        let codes: std::collections::HashSet<&str> = fixes().map(|(code, ..)| *code).collect();
        assert_eq!(codes.len(), fixes().count());
    }
}
