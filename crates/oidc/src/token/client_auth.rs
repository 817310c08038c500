//! Owns how a client presents itself at the token, revocation and introspection endpoints.
//!
//! Does not own the comparison with the stored hash: the caller loads the client first.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::client_assertion::ClientAssertion;
use super::client_secret::ClientSecret;
use crate::client::{Client, ClientAuthMethod};
use crate::error::ProtocolError;
use crate::params::{Params, decode_component};

/// The longest `Authorization` header looked at, in bytes.
const MAX_HEADER_BYTES: usize = 4 * 1024;

/// Padding is required by the scheme but often left out.
const BASIC: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who a request says it is from, and with what proof. Nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedClient {
    client_id: String,
    method: ClientAuthMethod,
    secret: Option<ClientSecret>,
    assertion: Option<ClientAssertion>,
}

impl PresentedClient {
    /// The client the request says it is from.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The method used.
    pub const fn method(&self) -> ClientAuthMethod {
        self.method
    }

    /// The secret presented, if any.
    pub const fn secret(&self) -> Option<&ClientSecret> {
        self.secret.as_ref()
    }

    /// The assertion presented, if any.
    pub const fn assertion(&self) -> Option<&ClientAssertion> {
        self.assertion.as_ref()
    }
}

/// Reads the client's identity from header and body. Call it with the parsed *body*: secrets in a query are
/// never looked at.
///
/// RFC 6749 §2.3: a client must not use more than one authentication method in a request.
///
/// # Errors
/// `invalid_request` if methods are mixed, `invalid_client` if there is none or it is malformed.
pub fn parse(authorization_header: Option<&str>, params: &Params) -> Result<PresentedClient, ProtocolError> {
    let assertion = params.contains("client_assertion") || params.contains("client_assertion_type");
    let post_secret = params.contains("client_secret");
    let methods = [authorization_header.is_some(), assertion, post_secret];
    if methods.into_iter().filter(|used| *used).count() > 1 {
        return Err(ProtocolError::invalid_request("more than one client authentication method"));
    }
    if let Some(assertion) = ClientAssertion::from_params(params)? {
        return Ok(PresentedClient {
            client_id: assertion.client_id().to_owned(),
            method: ClientAuthMethod::PrivateKeyJwt,
            secret: None,
            assertion: Some(assertion),
        });
    }
    if let Some(header) = authorization_header {
        let (client_id, secret) = parse_basic(header)?;
        // RFC 6749 §3.2.1: client_id may be in the body too; it cannot be another one.
        if params.get("client_id").is_some_and(|other| other != client_id) {
            return Err(ProtocolError::invalid_request("the client_id differs from the authenticated one"));
        }
        let method = ClientAuthMethod::ClientSecretBasic;
        return Ok(PresentedClient { client_id, method, secret: Some(secret), assertion: None });
    }
    let client_id = params.get("client_id").ok_or_else(|| ProtocolError::invalid_client("no client_id"))?;
    let (method, secret) = match params.get("client_secret") {
        Some(secret) => (ClientAuthMethod::ClientSecretPost, Some(ClientSecret::new(secret))),
        None => (ClientAuthMethod::None, None),
    };
    Ok(PresentedClient { client_id: client_id.to_owned(), method, secret, assertion: None })
}

/// Whether the method is exactly the one registered: a stolen secret must not work by another door, and a
/// public client must not appear to have one.
///
/// # Errors
/// `invalid_client` if not.
pub fn authorize_method(presented: &PresentedClient, client: &Client) -> Result<(), ProtocolError> {
    if presented.client_id != client.client_id {
        return Err(ProtocolError::invalid_client("client_id is not that of the client loaded"));
    }
    if presented.method != client.client_auth {
        return Err(ProtocolError::invalid_client(&format!(
            "method {} used, {} registered",
            presented.method.as_str(),
            client.client_auth.as_str()
        )));
    }
    Ok(())
}

/// RFC 6749 §2.3.1: identifier and secret are each form-encoded, joined by a colon, and base64-encoded. So the
/// first colon divides, whatever the secret holds.
fn parse_basic(header: &str) -> Result<(String, ClientSecret), ProtocolError> {
    let malformed = || ProtocolError::invalid_client("malformed Authorization header");
    if header.len() > MAX_HEADER_BYTES {
        return Err(malformed());
    }
    // RFC 9110 §11.1: the scheme is case-insensitive.
    let (scheme, credentials) = header.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(ProtocolError::invalid_client("Authorization scheme is not Basic"));
    }
    let decoded = BASIC.decode(credentials.trim_matches(' ')).map_err(|_| malformed())?;
    let decoded = Zeroizing::new(String::from_utf8(decoded).map_err(|_| malformed())?);
    let (client_id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    let client_id = decode_component(client_id).filter(|id| !id.is_empty()).ok_or_else(malformed)?;
    let secret = decode_component(secret).map(Zeroizing::new).ok_or_else(malformed)?;
    if secret.is_empty() {
        return Err(ProtocolError::invalid_client("empty secret"));
    }
    Ok((client_id, ClientSecret::new(&secret)))
}
