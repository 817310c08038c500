//! Owns the messages of a SAML 2.0 identity provider: parse, validate, decide, issue.
//! Does not own keys, sessions, users or HTTP; it has no clock and no randomness of its own.
//!
//! A request goes [`UnverifiedAuthnRequest`] → [`VerifiedAuthnRequest`] → [`response::ResponseTarget`]
//! → [`response::issue`]. Each step takes only what the one before made, so nothing can be issued for
//! a request that was not verified, nor to an address that was not registered.

pub mod algorithm;
pub mod assertion;
pub mod attribute;
pub mod authn_context;
mod authn_request;
pub mod binding;
mod checks;
pub mod encryption;
pub mod error;
mod id;
pub mod logout;
pub mod metadata;
pub mod name_id;
mod parse;
pub mod response;
pub mod service_provider;
pub mod signature;
pub mod uri;
pub mod xml;

pub use assertion::{AssertionSpec, Sign};
pub use attribute::{Attribute, AttributeNameFormat};
pub use authn_context::{Comparison, RequestedAuthnContext};
pub use authn_request::{UnverifiedAuthnRequest, VerifiedAuthnRequest, VerifyContext};
pub use binding::{Binding, RelayState};
pub use encryption::{ContentEncryption, Decryption, DecryptionKey, EncryptError, EncryptTo, KeyTransport};
pub use error::{Refusal, RequestError, RequestErrorKind, SecondLevelStatusCode, Status, StatusCode};
pub use id::new_session_index;
pub use name_id::{NameId, NameIdFormat, NameIdPolicy};
pub use response::{IssueError, IssuedResponse, ResponseTarget};
pub use service_provider::{AssertionConsumerService, ServiceProvider, SingleLogoutService};
pub use signature::{
    CertificateDer, OpensslSigner, SignError, SignatureAlgorithm, Signer, VerifiedSignature,
};
