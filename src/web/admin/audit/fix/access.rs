//! Fixes of what stops a person whatever the protocol: access, accounts, unfinished sign-ons, limits. Does not own where they lead
//! (`super`).

use super::{Fix, Place};

pub(super) const FIXES: &[Fix] = &[
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
        "unknown_start_link",
        "If the link should go on, add it to the start links of {app} under the same name; else tell who published it.",
        Place::SignOn,
    ),
    (
        "subject_mismatch",
        "They may be signed in with another account than the one {app} expects.",
        Place::None,
    ),
    (
        "unknown_app",
        "If it is an app of yours, add it, or correct the address in its settings.",
        Place::NewApp,
    ),
    (
        "wrong_password",
        "Many of these for one person: help them with a new password. For many people: look at the address.",
        Place::Person,
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
