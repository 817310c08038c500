//! The pages that carry a message to an app by a form that sends itself.
//!
//! Own no wording of people and no message; the handler sends them with their own `form-action`.

use askama::{Template, filters::HtmlSafe};
use saml::binding::post;
use std::fmt;

use super::form::Hidden;
use super::{Page, ui};

/// A SAML response on its way by HTTP-POST. SAML Bindings §3.5.4: one form, `SAMLResponse` and `RelayState`.
#[derive(Debug, Clone, Template)]
#[template(path = "protocol/saml_post.html")]
pub struct SamlPost {
    /// Common to all pages.
    pub page: Page,
    /// Name of the app, for the button.
    pub label: String,
    /// The verified AssertionConsumerService address.
    pub action: String,
    /// The response, in base64.
    pub saml_response: Base64,
    /// `RelayState` exactly as it came.
    pub relay_state: Option<String>,
}

/// Text in the alphabet of base64 (RFC 4648 §4), made here and nowhere else: HTML gives none of it another meaning, so it is drawn
/// as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base64(String);

impl Base64 {
    /// SAML Bindings §3.5.4: a message as the form carries it.
    pub fn of(message: &str) -> Self {
        Self(post::encode(message))
    }
}

impl fmt::Display for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Base64 {}

/// An authorization response by OAuth 2.0 Form Post Response Mode.
#[derive(Debug, Clone, Template)]
#[template(path = "protocol/form_post.html")]
pub struct FormPost {
    /// Common to all pages.
    pub page: Page,
    /// Name of the app, for the button.
    pub label: String,
    /// The registered redirect URI.
    pub action: String,
    /// The response parameters in order.
    pub fields: Vec<Hidden>,
}
