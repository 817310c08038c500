//! Owns a logout message as it came, by whichever binding, with the signature that came with it.
//! Does not verify that signature.

use super::error::LogoutError;
use super::parse::Message;
use crate::binding::{Binding, MessageParameter, RelayState, post, redirect, soap};
use crate::error::{RequestError, RequestErrorKind};
use crate::signature::{DetachedSignature, has_signature};
use crate::xml::reader::{Document, Limits};

/// A message of which nothing is proven.
#[derive(Debug, Clone)]
pub(super) struct Received<M> {
    pub(super) xml: Vec<u8>,
    pub(super) claimed: M,
    pub(super) relay_state: Option<RelayState>,
    pub(super) binding: Binding,
    pub(super) signature: Signed,
}

/// Where the signature is.
#[derive(Debug, Clone)]
pub(super) enum Signed {
    Detached(DetachedSignature),
    Enveloped,
    No,
}

impl<M: Message> Received<M> {
    pub(super) fn from_redirect(raw_query: &str, parameter: MessageParameter) -> Result<Self, LogoutError> {
        let message = redirect::decode_of(raw_query, parameter)?;
        let (claimed, embedded) = read(&message.xml)?;
        // SAML Bindings §3.4.4.1: a signature inside the message is removed before encoding. Only the
        // signature of the query counts, so one inside shows a mistake or a trick (S-16).
        if embedded {
            let detail = "the message in the query holds a Signature of its own";
            return Err(RequestError::new(RequestErrorKind::Signature, detail).into());
        }
        Ok(Self {
            xml: message.xml,
            claimed,
            relay_state: message.relay_state,
            binding: Binding::HttpRedirect,
            signature: message.signature.map_or(Signed::No, Signed::Detached),
        })
    }

    pub(super) fn from_post_body(raw_body: &str, parameter: MessageParameter) -> Result<Self, LogoutError> {
        let message = post::decode_body_of(raw_body, parameter)?;
        Self::enveloped(message.xml, message.relay_state, Binding::HttpPost)
    }

    pub(super) fn from_soap(body: &[u8]) -> Result<Self, LogoutError> {
        Self::enveloped(soap::decode(body)?, None, Binding::Soap)
    }

    fn enveloped(
        xml: Vec<u8>,
        relay_state: Option<RelayState>,
        binding: Binding,
    ) -> Result<Self, LogoutError> {
        let (claimed, embedded) = read(&xml)?;
        let signature = if embedded { Signed::Enveloped } else { Signed::No };
        Ok(Self { xml, claimed, relay_state, binding, signature })
    }
}

fn read<M: Message>(xml: &[u8]) -> Result<(M, bool), RequestError> {
    let document = Document::read(xml, &Limits::MESSAGE)
        .map_err(|error| RequestError::new(RequestErrorKind::Xml, error.to_string()))?;
    Ok((M::parse(&document)?, has_signature(&document)))
}
