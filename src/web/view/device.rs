//! The pages on which a person connects a device that has no browser.
//!
//! Does not decide who may.

use askama::Template;

use super::form::{Errors, Hidden};
use super::{Page, Tile, ui};

/// `GET /device`: asks for the code. Posts `user_code` to `/device`.
#[derive(Debug, Clone, Template)]
#[template(path = "device/code.html")]
pub struct DeviceCode {
    /// Common to all pages.
    pub page: Page,
    /// What to put right.
    pub errors: Errors,
    /// What was typed, or came with the address.
    pub user_code: String,
}

/// Asks whether the device may act as the person. Posts `answer` and the hidden fields to `/device/answer`.
#[derive(Debug, Clone, Template)]
#[template(path = "device/confirm.html")]
pub struct DeviceConfirm {
    /// Common to all pages.
    pub page: Page,
    /// The app the device is of.
    pub tile: Tile,
    /// The code, as the device shows it.
    pub user_code: String,
    /// Who is signed in.
    pub name: String,
    /// When the device asked, in words.
    pub since: String,
    /// The address it asked from.
    pub client_ip: String,
    /// What it will know, in words.
    pub knows: String,
    /// Fields that must come back.
    pub hidden: Vec<Hidden>,
}

/// How it ended.
#[derive(Debug, Clone, Template)]
#[template(path = "device/done.html")]
pub struct DeviceDone {
    /// Common to all pages.
    pub page: Page,
    /// The heading.
    pub heading: String,
    /// What to do next.
    pub lede: String,
}
