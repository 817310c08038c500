//! Owns a message on its way out: what the web layer has to send, for each binding.
//! Does not send it.

use super::{Binding, MessageParameter, RelayState, post, redirect, soap};
use crate::response::IssueError;
use crate::signature::Signer;

/// A message ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboundMessage {
    /// Redirect the browser there with status 302 or 303, uncached.
    Redirect {
        /// The whole address, signature included.
        url: String,
    },
    /// Let the browser post a form.
    Post {
        /// The address of the form.
        action: String,
        /// The name of the control that holds the message.
        parameter: MessageParameter,
        /// Its value, base64.
        value: String,
        /// The `RelayState` control, when there is one.
        relay_state: Option<RelayState>,
    },
    /// Post the envelope as `text/xml`, with the header [`soap::ACTION`].
    Soap {
        /// The address, or `None` when the envelope is the answer to a request that came by SOAP.
        location: Option<String>,
        /// The SOAP envelope.
        envelope: String,
    },
}

impl OutboundMessage {
    /// How it travels.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        match self {
            Self::Redirect { .. } => Binding::HttpRedirect,
            Self::Post { .. } => Binding::HttpPost,
            Self::Soap { .. } => Binding::Soap,
        }
    }

    /// Packs `xml`, which is signed inside already unless it goes by redirect.
    pub(crate) fn pack(
        binding: Binding,
        location: Option<&str>,
        parameter: MessageParameter,
        xml: &str,
        relay_state: Option<&RelayState>,
        signer: &dyn Signer,
    ) -> Result<Self, IssueError> {
        let needed =
            || location.ok_or(IssueError::Specification("there is no address to send the message to"));
        Ok(match binding {
            Binding::HttpRedirect => {
                Self::Redirect { url: redirect::signed_url(needed()?, parameter, xml, relay_state, signer)? }
            }
            Binding::HttpPost => Self::Post {
                action: needed()?.to_owned(),
                parameter,
                value: post::encode(xml),
                relay_state: relay_state.cloned(),
            },
            Binding::Soap => {
                Self::Soap { location: location.map(str::to_owned), envelope: soap::encode(xml)? }
            }
        })
    }
}
