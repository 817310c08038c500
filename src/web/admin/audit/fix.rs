//! How to fix what failed: by the stable code of the failure, with the page where it is done. Does not own the cause's
//! words (`super::words`).

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

/// Codes, what to do (`{app}` is the app's name), and where.
const FIXES: &[(&str, &str, Place)] = &[
    (
        "saml_assertion_consumer_service",
        "If {app} moved you, add the new reply address. If you don’t recognise it, leave it blocked and tell {app}.",
        Place::SignOn,
    ),
    (
        "saml_issuer",
        "Compare the entity ID that was sent with the one on file. If {app} changed it, upload its new metadata.",
        Place::SignOn,
    ),
    (
        "saml_signature",
        "If {app} changed its certificate, upload its new metadata or paste the certificate. If it doesn’t sign, stop \
         requiring it.",
        Place::SignOn,
    ),
    (
        "certificate_unreadable",
        "Upload the metadata of {app} again, or paste its certificate: the one on file is damaged.",
        Place::SignOn,
    ),
    ("saml_signature_algorithm", "Set {app} to sign with RSA-SHA256 or better.", Place::SignOn),
    (
        "saml_destination",
        "Put the sign-in address into {app} again, letter for letter. It may still have an old one.",
        Place::SignOn,
    ),
    (
        "saml_issue_instant",
        "Set the clock of {app}. If people came by an old link or tab, nothing needs fixing.",
        Place::None,
    ),
    ("saml_name_id_policy", "Choose the NameID format that {app} asks for.", Place::SignOn),
    (
        "saml_requested_authn_context",
        "Set {app} to ask for PasswordProtectedTransport, or for nothing in particular.",
        Place::None,
    ),
    ("saml_protocol_binding", "Set {app} to take its answer by HTTP-POST.", Place::None),
    (
        "saml_relay_state",
        "Shorten the RelayState in {app}: at most 80 bytes if it is held to the standard.",
        Place::SignOn,
    ),
    (
        "request_replayed",
        "People reach this by going back in their browser. Many of them at once deserve a look.",
        Place::None,
    ),
    (
        "flow_gone",
        "People reach this with an old tab, or with cookies blocked. Ask them to open the app again.",
        Place::None,
    ),
    (
        "not_assigned",
        "If they need it for their work, put them in a group that has {app}, or choose them by hand.",
        Place::Access,
    ),
    (
        "access_denied",
        "If they need it for their work, put them in a group that has {app}, or choose them by hand.",
        Place::Access,
    ),
    ("user_suspended", "If they are back, activate the account.", Place::Person),
    ("user_staged", "Activate the account when they begin.", Place::Person),
    ("account_not_active", "If they should get in, activate the account.", Place::Person),
    ("app_paused", "If the pause is over, make {app} live again.", Place::SignOn),
    (
        "name_id_not_allowed",
        "Let {app} send AllowCreate=\"true\", or turn off “New pseudonyms only when asked for” under Advanced.",
        Place::SignOn,
    ),
    (
        "name_id_empty",
        "Fill in the missing value, or choose another one that identifies people at {app}.",
        Place::Person,
    ),
    (
        "algorithm_blocked",
        "Choose another algorithm for {app}, or take this one out of saml.blocked_algorithms.",
        Place::SignOn,
    ),
    ("no_acs", "Add the reply address of {app}, or upload its metadata.", Place::SignOn),
    (
        "no_start",
        "Add a start address, if {app} has one. Until then people start at {app} itself.",
        Place::SignOn,
    ),
    (
        "subject_mismatch",
        "They may be signed in with another account than the one {app} expects.",
        Place::None,
    ),
    (
        "consent_required",
        "Nothing needs fixing: {app} should send the person here without prompt=none, and they are asked once.",
        Place::None,
    ),
    (
        "consent_refused",
        "Nothing is broken. If {app} is the company’s own, mark it first-party, and nobody is asked.",
        Place::SignOn,
    ),
    (
        "consent_missing",
        "Nothing is broken: {app} should send them through sign-in again, and they are asked. If {app} is the company’s own, \
         mark it first-party.",
        Place::SignOn,
    ),
    (
        "grant_type_removed",
        "If {app} should go on by itself, turn the grant on again. If not, people sign in anew.",
        Place::SignOn,
    ),
    (
        "scope_removed",
        "If {app} should go on by itself, add its scopes again, openid first. If not, people sign in anew.",
        Place::SignOn,
    ),
    (
        "offline_removed",
        "If {app} should go on while people are away, let it have offline_access, and ask for it. If not, people sign in anew.",
        Place::SignOn,
    ),
    (
        "grant_revoked",
        "Somebody signed out, ended it, or took it back. {app} should send the person through sign-in again.",
        Place::None,
    ),
    (
        "grant_of_another",
        "{app} presented what was given to another app. Look at the client ID that it is set up with.",
        Place::SignOn,
    ),
    ("account_gone", "The account was removed. {app} should forget the person.", Place::None),
    (
        "invalid_request_uri",
        "A pushed request works once, for a minute. {app} should push anew for every sign-in.",
        Place::None,
    ),
    (
        "invalid_target",
        "Add the resource to {app}, letter for letter, or take it out of its requests.",
        Place::SignOn,
    ),
    (
        "unmet_authentication_requirements",
        "Set {app} to wish for the authentication context, not to insist on it.",
        Place::None,
    ),
    (
        "unknown_app",
        "If it is an app of yours, add it, or correct the address in its settings.",
        Place::NewApp,
    ),
    (
        "no_answer",
        "{app} didn’t confirm in time. Check its logout address and that it answers. Until then people may stay signed in there.",
        Place::SignOn,
    ),
    (
        "logout_refused",
        "{app} could not sign the person out. If it happens to everybody, compare its settings with ours.",
        Place::SignOn,
    ),
    ("no_logout_service", "If {app} has a logout address now, add it or upload its metadata.", Place::SignOn),
    ("skipped", "{app} kept people waiting. If it happens often, check its logout address.", Place::SignOn),
    ("logout_not_issued", "Put the logout address of {app} right.", Place::SignOn),
    (
        "metadata_address",
        "Use an https address that this server may call. Inner ones are named in outbound.allow_private_networks.",
        Place::SignOn,
    ),
    (
        "metadata_unreachable",
        "Check the metadata address of {app}, and that this server can reach it. The last good metadata counts meanwhile.",
        Place::SignOn,
    ),
    (
        "metadata_status",
        "Open the metadata address of {app} in a browser. If it moved, enter the new one.",
        Place::SignOn,
    ),
    ("metadata_redirect", "Enter the address that the metadata of {app} is at now.", Place::SignOn),
    (
        "metadata_too_large",
        "Ask for the metadata of {app} alone, or use a metadata service (MDQ) instead of a whole federation.",
        Place::SignOn,
    ),
    (
        "metadata_unreadable",
        "Open the metadata address of {app}: it should show XML. If it does, send the stored event to its maker.",
        Place::SignOn,
    ),
    (
        "metadata_signature",
        "If whoever signs the metadata of {app} changed their key, make sure of it by another way and add the new \
         certificate. If not, leave it: nothing was changed.",
        Place::SignOn,
    ),
    ("metadata_entity", "Compare the entity ID of {app} with the one in its metadata.", Place::SignOn),
    (
        "metadata_validity",
        "Ask {app} for metadata that is valid now, or change how long it has to be.",
        Place::SignOn,
    ),
    (
        "metadata_refused",
        "Look at what the metadata of {app} says: a value in it can’t be stored here.",
        Place::SignOn,
    ),
    (
        "metadata_ended",
        "Fetch the metadata of {app} again. If there is no newer one, ask {app} for it, or let people in meanwhile.",
        Place::SignOn,
    ),
    (
        "invalid_client",
        "If the secret was changed here, give the new one to {app}. If it was lost, make a new one.",
        Place::SignOn,
    ),
    (
        "invalid_grant",
        "Once is harmless: people sign in again. Often, {app} may keep tokens too long or use codes twice.",
        Place::None,
    ),
    (
        "invalid_dpop_proof",
        "Each request of {app} needs a proof of its own, made then and there. Look at its clock, and at what it signs with.",
        Place::None,
    ),
    (
        "device_denied",
        "If they didn’t start it themselves, somebody may have sent them the code: ask them, and tell others.",
        Place::Person,
    ),
    ("expired_token", "A code lasts ten minutes. {app} should show a new one then.", Place::None),
    (
        "invalid_request",
        "Compare what {app} asked for with its settings here: redirect addresses count letter for letter.",
        Place::SignOn,
    ),
    (
        "redirect_uri",
        "Compare the redirect address with the list: a slash, a port or a capital makes another one.",
        Place::SignOn,
    ),
    (
        "unauthorized_client",
        "{app} asked for a grant that it isn’t set up for. Turn it on here, or off in {app}.",
        Place::SignOn,
    ),
    ("invalid_scope", "Set {app} to ask for the scopes openid, profile, email and groups only.", Place::None),
    ("unsupported_response_type", "Set {app} to use the authorization code flow.", Place::None),
    (
        "wrong_password",
        "Many of these for one person: help them with a new password. For many people: look at the address.",
        Place::Person,
    ),
    (
        "invalid_token",
        "Tokens end: once is harmless. Many of them deserve a look at the address they come from.",
        Place::None,
    ),
    (
        "too_many_sign_ons",
        "Unfinished sign-ons end after half an hour. If one machine begins them all, stop it there.",
        Place::None,
    ),
    (
        "too_many_decryptions",
        "It ends by itself. If it is {app}, have it sign its requests: only unsigned ones are counted.",
        Place::None,
    ),
    ("throttled", "It ends by itself. If it was the person, help them with a new password.", Place::Person),
];

/// What to do, and the button that leads there; nothing for what needs no fixing.
pub fn of(event: &AuditEvent, person: Option<(&str, &str)>) -> (String, Option<Link>) {
    let code = event.error_code.as_deref().unwrap_or_default();
    let known = FIXES.iter().find(|(name, ..)| *name == code);
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
    use saml::RequestErrorKind as Kind;

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
        let codes: std::collections::HashSet<&str> = FIXES.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes.len(), FIXES.len());
    }
}
