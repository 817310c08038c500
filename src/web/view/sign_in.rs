//! The pages on which a person says who they are, leaves for an app, and signs out.
//!
//! Does not decide where to go next; the address of [`Leave`] comes from the handler.

use askama::Template;

use super::form::{Errors, Hidden};
use super::{Page, Person, Tile, ui};

/// `GET /login`: asks for the user name. Posts `username` and the hidden fields to `/login`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/name.html")]
pub struct Name {
    /// Common to all pages.
    pub page: Page,
    /// What to put right.
    pub errors: Errors,
    /// What was typed.
    pub username: String,
    /// The app the person is on the way to.
    pub destination: Option<Tile>,
    /// Fields that must come back, such as the pending sign-on.
    pub hidden: Vec<Hidden>,
    /// A line above the form, such as "You were away a while."
    pub notice: Option<String>,
}

/// `GET /login/password`: asks for the password. Posts `password` and the hidden fields to `/login/password`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/password.html")]
pub struct Password {
    /// Common to all pages.
    pub page: Page,
    /// What to put right; the same words for an unknown name and a wrong password.
    pub errors: Errors,
    /// The name as typed, shown with "Not you?" and sent for password managers.
    pub username: String,
    /// The app the person is on the way to.
    pub destination: Option<Tile>,
    /// Fields that must come back.
    pub hidden: Vec<Hidden>,
}

/// After too many wrong passwords (status 429).
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/too_many.html")]
pub struct TooMany {
    /// Common to all pages.
    pub page: Page,
    /// How long to wait, in words such as "5 minutes".
    pub wait: String,
    /// The app the person is on the way to.
    pub destination: Option<Tile>,
}

/// `GET /login/continue`: a page, not a redirect, that leaves for an app.
///
/// `form-action` follows the redirects of a form, so a redirect from here would be blocked.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/leave.html")]
pub struct Leave {
    /// Common to all pages.
    pub page: Page,
    /// What is being opened, such as "Amplitude".
    pub label: String,
    /// Its tile, if it is an app.
    pub tile: Option<Tile>,
    /// The absolute address or a path of ours.
    pub address: String,
}

/// Something an app gets about a person or may do for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// An icon of the sprite.
    pub icon: &'static str,
    /// In plain words.
    pub title: String,
    /// The raw name, where there are no words for it; else empty.
    pub name: String,
    /// A line below; may be empty.
    pub hint: String,
}

impl Release {
    /// One that has words.
    pub fn new(icon: &'static str, title: &str, hint: &str) -> Self {
        Self { icon, title: title.to_owned(), name: String::new(), hint: hint.to_owned() }
    }

    /// One that has only its name.
    pub fn named(icon: &'static str, kind: &str, name: &str) -> Self {
        Self { icon, title: kind.to_owned(), name: name.to_owned(), hint: String::new() }
    }
}

/// `GET /login/consent`: whether an app may know and do what it asks for. Posts `answer` (`allow` or `cancel`) and the hidden
/// fields to `/login/consent`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/consent.html")]
pub struct Consent {
    /// Common to all pages.
    pub page: Page,
    /// The app.
    pub tile: Tile,
    /// What it gets.
    pub rows: Vec<Release>,
    /// Who is signed in.
    pub person: Person,
    /// Their address, to tell accounts apart.
    pub email: String,
    /// Fields that must come back.
    pub hidden: Vec<Hidden>,
    /// Where one signs in with another account.
    pub another: String,
}

/// `GET /login/account`: whether to go on with the account that is signed in. Posts the hidden fields to `/login/account`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/account.html")]
pub struct ChooseAccount {
    /// Common to all pages.
    pub page: Page,
    /// The app the person is on the way to.
    pub destination: Option<Tile>,
    /// Who is signed in.
    pub person: Person,
    /// Their address, to tell accounts apart.
    pub email: String,
    /// Fields that must come back.
    pub hidden: Vec<Hidden>,
    /// Where one signs in with another account.
    pub another: String,
}

/// `GET /logout`: asks before signing out. Posts the hidden fields to `/logout`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/sign_out.html")]
pub struct SignOut {
    /// Common to all pages.
    pub page: Page,
    /// Who is signed in.
    pub name: String,
    /// Fields that must come back, such as `id_token_hint` of an OIDC logout.
    pub hidden: Vec<Hidden>,
    /// Names the event of what was wrong with the app's request.
    pub reference: Option<String>,
}

/// `GET /logout/{flow}`: takes the person to the next app that is to be signed out. Works without script.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/logout_hop.html")]
pub struct LogoutHop {
    /// Common to all pages; its path is that of this sign-out.
    pub page: Page,
    /// Name of the app.
    pub label: String,
    /// Where the page goes by itself: a registered address with a message in it; `None` for a form.
    pub address: Option<String>,
    /// Where the form posts; empty without one.
    pub action: String,
    /// What the form posts.
    pub fields: Vec<Hidden>,
    /// After how many seconds without a sign of the app the browser comes back.
    pub seconds: i64,
}

/// `GET /logout/{flow}`: tells clients in iframes, then goes on. Works without script.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/logout_frames.html")]
pub struct LogoutFrames {
    /// Common to all pages; its path is that of this sign-out.
    pub page: Page,
    /// Registered addresses with issuer and session.
    pub frames: Vec<String>,
    /// Seconds after which the page goes on.
    pub seconds: u32,
}

/// `GET /logout/{flow}` while an app that was asked has not sent the person back. Posts to the same path to go on without it.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/logout_wait.html")]
pub struct LogoutWait {
    /// Common to all pages; its path is that of this sign-out.
    pub page: Page,
    /// Name of the app.
    pub label: String,
    /// Seconds after which the page looks again.
    pub seconds: i64,
}

/// The end of signing out.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/signed_out.html")]
pub struct SignedOut {
    /// Common to all pages.
    pub page: Page,
    /// Apps that confirmed that the person is signed out there too.
    pub signed_out: Vec<Tile>,
    /// Apps that were told in a way that gives no answer.
    pub told: Vec<Tile>,
    /// Apps the person may still be signed in to.
    pub still_open: Vec<Tile>,
}
