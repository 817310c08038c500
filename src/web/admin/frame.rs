//! The frame around the console's pages: who is signed in, and the numbers of the navigation. Does not own any page.

use super::paging::count;
use crate::{
    context::AppContext,
    domain::{
        permission::{Permission, allows},
        user::{Role, UserState},
    },
    service::overview,
    web::{
        error::Failure,
        extract::Admin,
        view::{
            Pill, Tone,
            admin::{Console, Counts, Nav},
        },
        words,
    },
};

/// The frame, with the current entry of the navigation.
pub async fn console(ctx: &AppContext, admin: &Admin, active: Nav) -> Result<Console, Failure> {
    let counts = overview::counts(ctx, &admin.caller).await?;
    Ok(Console {
        admin: words::person(&admin.user),
        role: role_word(admin.user.role).to_owned(),
        may_manage: allows(admin.user.role, Permission::Manage),
        counts: Counts { apps: count(counts.apps), users: count(counts.users), groups: count(counts.groups) },
        active,
        flash: admin.visit.flash.clone(),
    })
}

/// A role as a word.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::None => "None",
        Role::Auditor => "Auditor",
        Role::Helpdesk => "Helpdesk",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}

/// The state of an account as a word.
pub fn state_word(state: UserState) -> &'static str {
    match state {
        UserState::Staged => "Staged",
        UserState::Active => "Active",
        UserState::Suspended => "Suspended",
    }
}

/// The state of an account as a pill.
pub fn state_pill(state: UserState) -> Pill {
    let tone = match state {
        UserState::Staged => Tone::Draft,
        UserState::Active => Tone::Ok,
        UserState::Suspended => Tone::Bad,
    };
    Pill::new(tone, state_word(state))
}

/// Why an account in this state can't open anything; `None` when it can.
pub fn stopped_by(state: UserState) -> Option<String> {
    match state {
        UserState::Active => None,
        UserState::Staged => Some("Account staged".to_owned()),
        UserState::Suspended => Some("Account suspended".to_owned()),
    }
}
