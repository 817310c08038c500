//! What was agreed with an OpenID Connect client. Does not own its secrets (`store::client_secrets`).

use super::{
    check_web_address,
    mapping::{ValueMapping, check_mappings},
};
use crate::domain::{text::FieldErrors, user::text_enum};
use serde::{Deserialize, Serialize};

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// Secret in the body.
    ClientSecretPost,
    /// A public client: PKCE only.
    None,
}
text_enum!(ClientAuth {
    ClientSecretBasic = "client_secret_basic",
    ClientSecretPost = "client_secret_post",
    None = "none",
});

/// The algorithm of a client's ID tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum IdTokenAlgorithm {
    /// RSA 2048 with SHA-256: every client can.
    #[default]
    RS256,
    /// P-256: nineteen times cheaper.
    ES256,
    /// Ed25519.
    EdDSA,
}
text_enum!(IdTokenAlgorithm { RS256 = "RS256", ES256 = "ES256", EdDSA = "EdDSA" });

/// What was agreed with an OpenID Connect client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OidcConnection {
    /// Chosen or generated; unique.
    pub client_id: String,
    /// Compared letter for letter.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after logout; compared letter for letter.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether refresh tokens are given.
    #[serde(default)]
    pub refresh_tokens: bool,
    /// How the client authenticates.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Whether PKCE must be used; always so for public clients, and always checked when used.
    pub require_pkce: bool,
    /// Where the tile starts sign-in at the app; empty: the app can't be started from the portal.
    #[serde(default)]
    pub initiate_login_uri: String,
    /// The algorithm of ID tokens.
    #[serde(default)]
    pub id_token_algorithm: IdTokenAlgorithm,
    /// Claims beside those of the scopes.
    #[serde(default)]
    pub claims: Vec<ValueMapping>,
}

impl Default for OidcConnection {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            refresh_tokens: true,
            client_auth: ClientAuth::ClientSecretBasic,
            require_pkce: true,
            initiate_login_uri: String::new(),
            id_token_algorithm: IdTokenAlgorithm::RS256,
            claims: Vec::new(),
        }
    }
}

impl OidcConnection {
    pub(super) fn check(&mut self, errors: &mut FieldErrors) {
        if self.client_id.is_empty()
            || self.client_id.len() > 128
            || !self
                .client_id
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b':' | b'"' | b'\\' | b'<' | b'>'))
        {
            errors.add("client_id", "Use letters, digits and . _ ~ - only, at most 128");
        }
        let public = self.client_auth == ClientAuth::None;
        for (field, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            if uris.len() > 64 {
                errors.add(field, "Use at most 64 addresses");
            }
            for uri in uris {
                if let Err(error) = ::oidc::redirect_uri::check_registration(uri, public) {
                    errors.add(field, format!("{uri}: {error}"));
                }
            }
        }
        if !self.initiate_login_uri.is_empty() {
            check_web_address(errors, "initiate_login_uri", &self.initiate_login_uri);
        }
        if public {
            self.require_pkce = true;
        }
        check_mappings(errors, "claims", &self.claims, "");
    }
}
