//! Owns what is registered about an SP: addresses, certificates, and how strictly it is treated.
//! Does not read metadata (see `metadata::sp`) and does not store anything.

use serde::{Deserialize, Serialize};

use crate::binding::Binding;
use crate::name_id::NameIdFormat;
use crate::signature::CertificateDer;

/// SAML Metadata §2.4.4: where Responses may be posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertionConsumerService {
    /// The address, compared byte for byte.
    pub url: String,
    /// Its number in the SP's metadata.
    #[serde(default)]
    pub index: u16,
    /// Whether the SP names it as the default.
    #[serde(default)]
    pub is_default: bool,
}

/// SAML Metadata §2.4.2: where an SP takes logout messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SingleLogoutService {
    /// How messages travel there.
    pub binding: Binding,
    /// Where requests go, and responses too unless they have an address of their own.
    pub location: String,
    /// Where responses go, if elsewhere.
    #[serde(default)]
    pub response_location: Option<String>,
}

impl SingleLogoutService {
    /// SAML Metadata §2.2.2: the address for responses: ResponseLocation, or Location without one.
    #[must_use]
    pub fn response_location(&self) -> &str {
        self.response_location.as_deref().unwrap_or(&self.location)
    }
}

/// A registered SP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceProvider {
    /// Its entity id: the Issuer of its requests and the audience of its assertions.
    pub entity_id: String,
    /// Where Responses may go, all with the HTTP-POST binding.
    pub assertion_consumer_services: Vec<AssertionConsumerService>,
    /// The certificates whose keys may sign its requests. Each is tried; validity dates do not count.
    #[serde(default)]
    pub signing_certificates: Vec<CertificateDer>,
    /// Whether an unsigned request is refused.
    #[serde(default)]
    pub require_signed_requests: bool,
    /// Whether RelayState is held to the 80 bytes of the specification.
    #[serde(default)]
    pub strict_relay_state: bool,
    /// Whether SHA-1 is taken in signatures and digests: a legacy switch, off by default.
    #[serde(default)]
    pub allow_sha1: bool,
    /// The format of the NameID this SP gets.
    pub name_id_format: NameIdFormat,
    /// Further formats it may ask for and would get.
    #[serde(default)]
    pub other_name_id_formats: Vec<NameIdFormat>,
    /// Whether a NameIDPolicy that asks for another format is passed over instead of refused: a legacy
    /// switch for SPs that ask for one format and take another.
    #[serde(default)]
    pub ignore_name_id_policy_format: bool,
    /// Where logout messages go, in the order of preference of the SP. Empty: it takes no part in
    /// single logout.
    #[serde(default)]
    pub single_logout_services: Vec<SingleLogoutService>,
    /// The URIs of algorithms that are not taken from it although they could be (IIP-ALG08).
    #[serde(default)]
    pub blocked_algorithms: Vec<String>,
}

impl ServiceProvider {
    /// An SP with one assertion consumer service and the defaults: unsigned requests are taken, a
    /// present signature must verify, SHA-1 is refused.
    #[must_use]
    pub fn new(
        entity_id: impl Into<String>,
        acs_url: impl Into<String>,
        name_id_format: NameIdFormat,
    ) -> Self {
        Self {
            entity_id: entity_id.into(),
            assertion_consumer_services: vec![AssertionConsumerService {
                url: acs_url.into(),
                index: 0,
                is_default: true,
            }],
            signing_certificates: Vec::new(),
            require_signed_requests: false,
            strict_relay_state: false,
            allow_sha1: false,
            name_id_format,
            other_name_id_formats: Vec::new(),
            ignore_name_id_policy_format: false,
            single_logout_services: Vec::new(),
            blocked_algorithms: Vec::new(),
        }
    }

    /// SAML Metadata §2.4.4.1: the endpoint marked as default, else the first by index.
    #[must_use]
    pub fn default_assertion_consumer_service(&self) -> Option<&AssertionConsumerService> {
        let services = &self.assertion_consumer_services;
        services
            .iter()
            .find(|service| service.is_default)
            .or_else(|| services.iter().min_by_key(|service| service.index))
    }

    /// The endpoint for a LogoutRequest: the first of the most wanted binding in `preference`. Give
    /// [`Binding::FRONT_CHANNEL`] while there is a browser, [`Binding::BACK_CHANNEL`] while there is none,
    /// or a list of both.
    #[must_use]
    pub fn single_logout_service(&self, preference: &[Binding]) -> Option<&SingleLogoutService> {
        let services = &self.single_logout_services;
        preference.iter().find_map(|wanted| services.iter().find(|service| service.binding == *wanted))
    }

    /// The endpoint for a LogoutResponse to a request that came by `received`: the same binding, else
    /// the other one through the browser. By SOAP the answer needs no address, so there is none.
    #[must_use]
    pub fn logout_response_service(&self, received: Binding) -> Option<&SingleLogoutService> {
        match received {
            Binding::Soap => None,
            Binding::HttpRedirect => self.single_logout_service(&[Binding::HttpRedirect, Binding::HttpPost]),
            Binding::HttpPost => self.single_logout_service(&[Binding::HttpPost, Binding::HttpRedirect]),
        }
    }

    /// The endpoint numbered `index`.
    pub(crate) fn by_index(&self, index: u16) -> Option<&AssertionConsumerService> {
        self.assertion_consumer_services.iter().find(|service| service.index == index)
    }

    /// The endpoint at exactly `url`.
    pub(crate) fn by_url(&self, url: &str) -> Option<&AssertionConsumerService> {
        self.assertion_consumer_services.iter().find(|service| service.url == url)
    }

    /// The endpoints in words, for the private detail of a refusal.
    pub(crate) fn listed_urls(&self) -> String {
        let urls: Vec<&str> =
            self.assertion_consumer_services.iter().map(|service| service.url.as_str()).collect();
        urls.join(", ")
    }
}
