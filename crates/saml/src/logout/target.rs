//! Owns where logout messages may go. Targets come from the registration of an SP only, so nothing is
//! sent to an address that was not checked. Does not send.

use crate::binding::{Binding, RelayState};
use crate::service_provider::ServiceProvider;

/// Where a LogoutRequest goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequestTarget {
    pub(super) sp_entity_id: String,
    pub(super) binding: Binding,
    pub(super) location: String,
}

impl LogoutRequestTarget {
    /// The endpoint of `sp` with the most wanted binding in `preference`, as
    /// [`ServiceProvider::single_logout_service`] chooses. `None`, when there is none: then that SP cannot
    /// be told, and the logout is partial.
    #[must_use]
    pub fn of(sp: &ServiceProvider, preference: &[Binding]) -> Option<Self> {
        let service = sp.single_logout_service(preference)?;
        Some(Self {
            sp_entity_id: sp.entity_id.clone(),
            binding: service.binding,
            location: service.location.clone(),
        })
    }

    /// The entity id of the SP.
    #[must_use]
    pub fn sp_entity_id(&self) -> &str {
        &self.sp_entity_id
    }

    /// How the request travels.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        self.binding
    }

    /// The address.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }
}

/// Where a LogoutResponse goes, and what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponseTarget {
    pub(super) sp_entity_id: String,
    pub(super) binding: Binding,
    /// `None` for the answer within a SOAP exchange.
    pub(super) location: Option<String>,
    pub(super) in_response_to: String,
    pub(super) relay_state: Option<RelayState>,
}

impl LogoutResponseTarget {
    /// SAML Profiles §4.4.3.5: the answer to a SOAP request goes back in the same exchange, any other to the
    /// registered address.
    pub(super) fn answering(
        sp: &ServiceProvider,
        received: Binding,
        in_response_to: &str,
        relay_state: Option<&RelayState>,
    ) -> Option<Self> {
        let (binding, location) = if received == Binding::Soap {
            (Binding::Soap, None)
        } else {
            let service = sp.logout_response_service(received)?;
            (service.binding, Some(service.response_location().to_owned()))
        };
        Some(Self {
            sp_entity_id: sp.entity_id.clone(),
            binding,
            location,
            in_response_to: in_response_to.to_owned(),
            relay_state: relay_state.cloned(),
        })
    }

    /// The entity id of the SP.
    #[must_use]
    pub fn sp_entity_id(&self) -> &str {
        &self.sp_entity_id
    }

    /// How the response travels.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        self.binding
    }

    /// The address, `None` for the answer within a SOAP exchange.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The ID of the request.
    #[must_use]
    pub fn in_response_to(&self) -> &str {
        &self.in_response_to
    }

    /// What is echoed.
    #[must_use]
    pub const fn relay_state(&self) -> Option<&RelayState> {
        self.relay_state.as_ref()
    }
}
