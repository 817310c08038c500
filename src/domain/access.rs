//! Who may open what: implicit deny, decided in one place that also says why. Does not own sign-in policy.

use super::{
    app::App,
    sent_as::SentAs,
    user::{User, UserState},
};
use crate::id::GroupId;
use serde::Serialize;

/// One route by which a person has an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Through a group that is bound to the app.
    Group {
        /// The group.
        id: GroupId,
        /// Its name.
        name: String,
        /// What the app is told of it.
        #[serde(skip_serializing_if = "SentAs::follows_name")]
        sent_as: SentAs,
    },
    /// Chosen by hand.
    Direct,
}

/// Why a person is stopped. The first that holds, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// The account is switched off.
    UserSuspended,
    /// The account is prepared only.
    UserStaged,
    /// The app is paused.
    AppPaused,
    /// No group of theirs has the app, and nobody chose them by hand.
    NotAssigned,
}

impl Denial {
    /// The stable code in audit events.
    pub fn code(self) -> &'static str {
        match self {
            Self::UserSuspended => "user_suspended",
            Self::UserStaged => "user_staged",
            Self::AppPaused => "app_paused",
            Self::NotAssigned => "not_assigned",
        }
    }

    /// For an admin, in words.
    pub fn sentence(self, person: &str, app: &str) -> String {
        match self {
            Self::UserSuspended => format!("{person}’s account is suspended."),
            Self::UserStaged => format!("{person}’s account is staged: it can’t be used yet."),
            Self::AppPaused => format!("{app} is paused."),
            Self::NotAssigned => format!("{person} isn’t in a group that has {app}."),
        }
    }
}

/// The answer, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// May open it; every route is listed, never empty.
    Allowed(Vec<Route>),
    /// May not.
    Denied(Denial),
}

impl Access {
    /// Whether the person gets in.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// What assertions and claims may carry of the groups among the routes, those that are bound to the app: sorted, each text once.
pub fn group_names(routes: &[Route]) -> Vec<String> {
    let mut names: Vec<String> = routes
        .iter()
        .filter_map(|route| match route {
            Route::Group { id, name, sent_as } => Some(sent_as.text(*id, name)),
            Route::Direct => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Decides. `routes` are the person's routes to this app: the groups they are in that are bound to it, and `Direct`.
pub fn decide(user: &User, app: &App, routes: Vec<Route>) -> Access {
    match user.state {
        UserState::Suspended => Access::Denied(Denial::UserSuspended),
        UserState::Staged => Access::Denied(Denial::UserStaged),
        UserState::Active if !app.active => Access::Denied(Denial::AppPaused),
        UserState::Active if routes.is_empty() => Access::Denied(Denial::NotAssigned),
        UserState::Active => Access::Allowed(routes),
    }
}
