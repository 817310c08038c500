//! Owns the messages of Single Logout (SAML Core §3.7, SAML Profiles §4.4), taken in and issued.
//! Does not own sessions: who is signed in where, and whom to tell, is for the caller.
//!
//! What comes in goes [`UnverifiedLogoutRequest`] → [`VerifiedLogoutRequest`] → [`LogoutResponseTarget`] →
//! [`issue_response`], or, after [`issue_request`], [`UnverifiedLogoutResponse`] →
//! [`VerifiedLogoutResponse`]. Every message is signed, in both directions and on every binding.

mod checks;
mod error;
mod issue;
mod parse;
mod received;
mod request;
mod response;
mod status;
mod target;

pub use checks::LogoutVerifyContext;
pub use error::{LogoutError, LogoutErrorKind, LogoutRefusal};
pub use issue::{
    IssuedLogoutRequest, IssuedLogoutResponse, LogoutReason, LogoutRequestSpec, issue_request, issue_response,
};
pub use request::{ReplayKey, UnverifiedLogoutRequest, VerifiedLogoutRequest};
pub use response::{UnverifiedLogoutResponse, VerifiedLogoutResponse};
pub use status::{LogoutOutcome, LogoutStatus};
pub use target::{LogoutRequestTarget, LogoutResponseTarget};
