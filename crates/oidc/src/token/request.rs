//! Owns the token request: which grant, with which values.
//!
//! Does not own who sends it; see [`super::client_auth`].

use crate::client::{Client, GrantType};
use crate::error::{ErrorCode, ProtocolError};
use crate::params::Params;
use crate::pkce::CodeVerifier;
use crate::scope::Scope;
use crate::token_value::{AuthorizationCode, DeviceCode, RefreshToken};

/// A token request by grant. `Debug` prints no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenRequest {
    /// RFC 6749 §4.1.3.
    AuthorizationCode {
        /// The code.
        code: AuthorizationCode,
        /// The redirect URI of the authorization request, repeated.
        redirect_uri: Option<String>,
        /// The PKCE verifier.
        code_verifier: Option<CodeVerifier>,
        /// The resource servers the access token is for (RFC 8707 §2.2); empty: those of the grant.
        resources: Vec<String>,
    },
    /// RFC 6749 §6.
    RefreshToken {
        /// The refresh token.
        refresh_token: RefreshToken,
        /// A narrower scope for the access token.
        scope: Option<Scope>,
        /// As above.
        resources: Vec<String>,
    },
    /// RFC 6749 §4.4.2.
    ClientCredentials {
        /// The scope asked for.
        scope: Option<Scope>,
        /// As above.
        resources: Vec<String>,
    },
    /// RFC 8628 §3.4.
    DeviceCode {
        /// The device code.
        device_code: DeviceCode,
        /// As above.
        resources: Vec<String>,
    },
}

/// Parses a form body and reads the request from it.
///
/// # Errors
/// As [`Params::parse`] and [`TokenRequest::from_params`].
pub fn parse(body: &str) -> Result<TokenRequest, ProtocolError> {
    TokenRequest::from_params(&Params::parse(body)?)
}

impl TokenRequest {
    /// Reads the request from a parsed body.
    ///
    /// # Errors
    /// `invalid_request` if a parameter is missing, `unsupported_grant_type`, or `invalid_grant` if the code or
    /// token does not have the form of one of ours.
    pub fn from_params(params: &Params) -> Result<Self, ProtocolError> {
        let grant_type = params.require("grant_type", "grant_type is missing")?;
        let resources: Vec<String> = params.all("resource").into_iter().map(ToOwned::to_owned).collect();
        let scope = || params.get("scope").map(Scope::parse).transpose();
        match GrantType::parse(grant_type) {
            Some(GrantType::AuthorizationCode) => {
                let code = params.require("code", "code is missing")?;
                Ok(Self::AuthorizationCode {
                    code: AuthorizationCode::parse(code)
                        .map_err(|_| ProtocolError::invalid_grant("not the form of a code"))?,
                    redirect_uri: params.get("redirect_uri").map(ToOwned::to_owned),
                    code_verifier: params.get("code_verifier").map(CodeVerifier::new),
                    resources,
                })
            }
            Some(GrantType::RefreshToken) => {
                let token = params.require("refresh_token", "refresh_token is missing")?;
                Ok(Self::RefreshToken {
                    refresh_token: RefreshToken::parse(token)
                        .map_err(|_| ProtocolError::invalid_grant("not the form of a refresh token"))?,
                    scope: scope()?,
                    resources,
                })
            }
            Some(GrantType::ClientCredentials) => Ok(Self::ClientCredentials { scope: scope()?, resources }),
            Some(GrantType::DeviceCode) => {
                let code = params.require("device_code", "device_code is missing")?;
                Ok(Self::DeviceCode {
                    device_code: DeviceCode::parse(code)
                        .map_err(|_| ProtocolError::invalid_grant("not the form of a device code"))?,
                    resources,
                })
            }
            None => {
                Err(ProtocolError::new(ErrorCode::UnsupportedGrantType, "the grant type is not supported"))
            }
        }
    }

    /// RFC 6749 §5.2: the authenticated client must be authorised to use this grant.
    ///
    /// # Errors
    /// `unauthorized_client` if not.
    pub fn check_grant(&self, client: &Client) -> Result<(), ProtocolError> {
        if client.may_use(self.grant_type()) {
            Ok(())
        } else {
            Err(ProtocolError::new(ErrorCode::UnauthorizedClient, "the client may not use this grant"))
        }
    }

    /// The grant asked for.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::DeviceCode { .. } => GrantType::DeviceCode,
        }
    }
}
