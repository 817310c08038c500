//! Owns what a device is told when it begins (RFC 8628 §3.2).
//!
//! Does not own HTTP.

use serde::Serialize;

use super::{INTERVAL_SECONDS, LIFETIME_SECONDS, UserCode};
use crate::token_value::DeviceCode;

/// The answer. Status 200.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct DeviceAuthorizationResponse {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u32,
    interval: u32,
}

impl DeviceAuthorizationResponse {
    /// The answer; `page` is the address where the code is entered.
    pub fn new(device_code: &DeviceCode, user_code: &UserCode, page: &str) -> Self {
        let shown = user_code.shown();
        Self {
            device_code: device_code.expose().to_owned(),
            verification_uri: page.to_owned(),
            // §3.3.1: only fills the form in; the person still compares and confirms.
            verification_uri_complete: format!("{page}?user_code={shown}"),
            user_code: shown,
            expires_in: LIFETIME_SECONDS,
            interval: INTERVAL_SECONDS,
        }
    }

    /// The body.
    ///
    /// # Panics
    /// Never: strings and numbers are JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("strings and numbers are JSON")
    }
}
