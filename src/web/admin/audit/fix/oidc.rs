//! Fixes of what goes wrong between us and an OpenID Connect client: requests, grants, tokens. Does not own where they lead (`super`).

use super::{Fix, Place};

pub(super) const FIXES: &[Fix] = &[
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
        "logout_unreadable",
        "Set {app} to send every parameter of its logout request once, properly encoded.",
        Place::None,
    ),
    (
        "logout_hint",
        "Set {app} to send back the ID token that it got from here as id_token_hint, unchanged.",
        Place::None,
    ),
    (
        "logout_client",
        "Set {app} to send its own ID token as id_token_hint, or its client ID of here as client_id.",
        Place::None,
    ),
    (
        "logout_redirect_uri",
        "Add the address to the sign-out addresses of {app}, letter for letter, or make it send the one on the list.",
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
        "invalid_token",
        "Tokens end: once is harmless. Many of them deserve a look at the address they come from.",
        Place::None,
    ),
];
