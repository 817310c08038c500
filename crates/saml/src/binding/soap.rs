//! Owns the SOAP binding: the one message in an envelope, in and out, and faults.
//! Does not look for signatures and does not speak HTTP.

use roxmltree::Node;

use crate::error::{RequestError, RequestErrorKind};
use crate::uri::{DS, EXC_C14N};
use crate::xml::ForbiddenCharacter;
use crate::xml::canonical::canonicalise;
use crate::xml::push_text_escaped;
use crate::xml::reader::{Document, Element, Limits};
use crate::xml::writer::{Namespace, XmlWriter};

/// The identifier of the binding.
pub const BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP";
/// SAML Bindings §3.2.3: the value of the `SOAPAction` header, which receivers must not depend on.
pub const ACTION: &str = "http://www.oasis-open.org/committees/security";
/// The media type of envelopes (SOAP 1.1 §6).
pub const MEDIA_TYPE: &str = "text/xml; charset=utf-8";

/// `soap`, the envelope of SOAP 1.1.
const SOAP: Namespace = Namespace { prefix: "soap", uri: "http://schemas.xmlsoap.org/soap/envelope/" };
/// The most prefixes that may be listed for inclusive treatment in one message.
const MAX_PREFIXES: usize = 32;

/// SOAP 1.1 §4.4.1: who is to blame when a request cannot be processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// The sender: sending it again does not help.
    Client,
    /// We: it may work later.
    Server,
}

/// Takes the message out of `body`. The result is the XML of the message alone, with the namespace
/// declarations it needs, so that its signature can be verified without the envelope.
///
/// SAML Bindings §3.2.2: the SOAP body holds exactly one SAML message and nothing else. Headers are
/// passed over, unless one claims that it must be understood (SOAP 1.1 §4.2.3).
///
/// # Errors
/// [`RequestErrorKind::TooLarge`], [`RequestErrorKind::Xml`], or [`RequestErrorKind::Message`] for an
/// envelope of another shape, and for a fault.
pub fn decode(body: &[u8]) -> Result<Vec<u8>, RequestError> {
    if body.len() > super::MAX_MESSAGE {
        let detail = format!("the envelope has {} bytes", body.len());
        return Err(RequestError::new(RequestErrorKind::TooLarge, detail));
    }
    let document = Document::read(body, &Limits::MESSAGE)
        .map_err(|error| RequestError::new(RequestErrorKind::Xml, error.to_string()))?;
    let message = only_message(document.root())?;
    if message.is(SOAP.uri, "Fault") {
        return Err(malformed("the other side answered with a SOAP fault"));
    }
    standalone(message)
}

/// SOAP 1.1 §4: an Envelope holds at most one Header, then one Body.
fn only_message<'a, 'i>(envelope: Element<'a, 'i>) -> Result<Element<'a, 'i>, RequestError> {
    if !envelope.is(SOAP.uri, "Envelope") {
        return Err(malformed("the root element is not the Envelope of SOAP 1.1"));
    }
    let mut parts = envelope.children().peekable();
    if let Some(header) = parts.next_if(|first| first.is(SOAP.uri, "Header")) {
        check_header(header)?;
    }
    let (Some(body), None) = (parts.next(), parts.next()) else {
        return Err(malformed("the Envelope does not hold exactly one Body"));
    };
    let mut messages = body.children();
    match (messages.next(), messages.next()) {
        (Some(message), None) if body.is(SOAP.uri, "Body") => Ok(message),
        _ => Err(malformed("the Envelope does not hold one Body with one message")),
    }
}

fn check_header(header: Element<'_, '_>) -> Result<(), RequestError> {
    let must_be_understood = |block: Element<'_, '_>| {
        block.attributes().any(|(namespace, name, value)| {
            namespace == Some(SOAP.uri) && name == "mustUnderstand" && !matches!(value.trim(), "0" | "false")
        })
    };
    if header.children().any(must_be_understood) {
        return Err(malformed("the Envelope has a header that must be understood, and we know none"));
    }
    Ok(())
}

/// Writes `message` in exclusive canonical form, keeping the prefixes that its signature treats
/// inclusively: they may be declared on the envelope. What the signature covers stays the same octets; and
/// only the octets that were digested are ever read for logic, so a mistake here can refuse, not admit.
fn standalone(message: Element<'_, '_>) -> Result<Vec<u8>, RequestError> {
    let elements = || message.node().descendants().filter(Node::is_element).map(Element::from_node);
    // The canonical form drops comments, and in a digest or signature value they must be seen (S-10).
    if elements().any(|element| element.namespace() == Some(DS) && element.has_comment()) {
        return Err(RequestError::new(RequestErrorKind::Signature, "the Signature holds a comment"));
    }
    let mut prefixes: Vec<&str> = elements()
        .filter(|element| element.is(EXC_C14N, "InclusiveNamespaces"))
        .flat_map(|list| list.attribute("PrefixList").unwrap_or_default().split_ascii_whitespace())
        .take(MAX_PREFIXES + 1)
        .collect();
    if prefixes.len() > MAX_PREFIXES {
        return Err(malformed("too many prefixes are to be treated inclusively"));
    }
    prefixes.sort_unstable();
    prefixes.dedup();
    Ok(canonicalise(message, None, &prefixes).into_bytes())
}

fn malformed(detail: &str) -> RequestError {
    RequestError::new(RequestErrorKind::Message, detail)
}

/// Puts the finished message `xml` into an envelope.
///
/// # Errors
/// Never for what our own writer made.
pub(crate) fn encode(xml: &str) -> Result<String, ForbiddenCharacter> {
    let mut writer = XmlWriter::with_capacity(xml.len() + 256);
    writer.start(SOAP, "Envelope", &mut []);
    writer.start(SOAP, "Body", &mut []);
    writer.canonical(xml);
    writer.finish()
}

/// SAML Bindings §3.2.3.3: the answer, with HTTP status 500, to a request that cannot be processed and has
/// no SAML answer. `reason` is public.
#[must_use]
pub fn fault(code: FaultCode, reason: &'static str) -> String {
    let code = match code {
        FaultCode::Client => "Client",
        FaultCode::Server => "Server",
    };
    // SOAP 1.1 §4.4: the parts of a fault are in no namespace.
    let mut xml = format!(
        "<soap:Envelope xmlns:soap=\"{}\"><soap:Body><soap:Fault><faultcode>soap:{code}</faultcode><faultstring>",
        SOAP.uri
    );
    push_text_escaped(&mut xml, reason);
    xml.push_str("</faultstring></soap:Fault></soap:Body></soap:Envelope>");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(inside: &str) -> String {
        format!("<s:Envelope xmlns:s=\"{}\" xmlns:z=\"urn:z\">{inside}</s:Envelope>", SOAP.uri)
    }

    fn message(inside: &str) -> Result<String, RequestErrorKind> {
        let decoded = decode(envelope(inside).as_bytes()).map_err(|error| error.kind())?;
        Ok(String::from_utf8(decoded).expect("UTF-8"))
    }

    #[test]
    fn an_envelope_holds_one_message() {
        assert_eq!(decode(encode("<a></a>").expect("written").as_bytes()), Ok(b"<a></a>".to_vec()));
        assert_eq!(message("<s:Body>\n<z:a/>\n</s:Body>").as_deref(), Ok("<z:a xmlns:z=\"urn:z\"></z:a>"));
        assert!(message("<s:Header><z:h s:mustUnderstand=\"0\"/></s:Header><s:Body><a/></s:Body>").is_ok());
        for bad in [
            "",
            "<s:Body/>",
            "<s:Body><a/><b/></s:Body>",
            "<s:Body><a/></s:Body><s:Body><b/></s:Body>",
            "<s:Body><a/></s:Body><z:after/>",
            "<s:Header/><s:Header/><s:Body><a/></s:Body>",
            "<s:Body><a/></s:Body><s:Header/>",
            "<s:Header><z:h s:mustUnderstand=\"1\"/></s:Header><s:Body><a/></s:Body>",
            "<Body><a/></Body>",
            "<s:Body><s:Fault><faultcode>s:Server</faultcode></s:Fault></s:Body>",
        ] {
            assert_eq!(message(bad), Err(RequestErrorKind::Message), "{bad}");
        }
        let soap_12 =
            envelope("<s:Body><a/></s:Body>").replace(SOAP.uri, "http://www.w3.org/2003/05/soap-envelope");
        assert_eq!(decode(soap_12.as_bytes()).map_err(|e| e.kind()), Err(RequestErrorKind::Message));
    }

    #[test]
    fn prefixes_listed_for_inclusion_are_kept() {
        let list = |prefixes: &str| {
            format!(
                "<s:Body><a xmlns=\"urn:a\"><i:InclusiveNamespaces xmlns:i=\"{EXC_C14N}\" PrefixList=\"{prefixes}\"/></a></s:Body>"
            )
        };
        assert!(
            message(&list("z")).is_ok_and(|xml| xml.starts_with("<a xmlns=\"urn:a\" xmlns:z=\"urn:z\">"))
        );
        assert!(message(&list("y")).is_ok_and(|xml| xml.starts_with("<a xmlns=\"urn:a\">")));
        assert_eq!(message(&list(&"p ".repeat(33))), Err(RequestErrorKind::Message));
    }

    #[test]
    fn s_04_limits_hold_inside_an_envelope() {
        let nested =
            |depth: usize| format!("<s:Body>{}{}</s:Body>", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(message(&nested(62)).is_ok());
        assert_eq!(message(&nested(63)), Err(RequestErrorKind::Xml));
        assert_eq!(message("<!DOCTYPE a>"), Err(RequestErrorKind::Xml));
        let large = vec![b' '; super::super::MAX_MESSAGE + 1];
        assert_eq!(decode(&large).map_err(|e| e.kind()), Err(RequestErrorKind::TooLarge));
    }

    #[test]
    fn a_fault_is_well_formed_and_is_never_taken_for_a_message() {
        let fault = fault(FaultCode::Client, "not <accepted>");
        assert!(fault.contains("<faultcode>soap:Client</faultcode><faultstring>not &lt;accepted&gt;<"));
        assert_eq!(decode(fault.as_bytes()).map_err(|e| e.kind()), Err(RequestErrorKind::Message));
    }
}
