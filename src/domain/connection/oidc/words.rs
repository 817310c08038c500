//! The choices of a client's registration that are one word of a few. Does not own what they do.

use crate::domain::user::text_enum;
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
    /// A JWT signed with a key of its own (RFC 7523): we hold no secret.
    PrivateKeyJwt,
    /// A public client: PKCE only.
    None,
}
text_enum!(ClientAuth {
    ClientSecretBasic = "client_secret_basic",
    ClientSecretPost = "client_secret_post",
    PrivateKeyJwt = "private_key_jwt",
    None = "none",
});

impl ClientAuth {
    /// Whether a secret is shared with the client.
    pub fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// The algorithm of a client's ID tokens and of its signed userinfo.
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

/// The one algorithm in which a client signs its assertions, where it is agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssertionAlgorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    RS256,
    /// RSA, PSS, SHA-256.
    PS256,
    /// P-256.
    ES256,
    /// Ed25519.
    EdDSA,
}
text_enum!(AssertionAlgorithm { RS256 = "RS256", PS256 = "PS256", ES256 = "ES256", EdDSA = "EdDSA" });

/// What an access token is to the one who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// Random text: only we know what it stands for, and it ends the moment it is revoked.
    #[default]
    Opaque,
    /// A signed JWT (RFC 9068) that a resource server reads by itself, until it expires.
    Jwt,
}
text_enum!(AccessTokenFormat { Opaque = "opaque", Jwt = "jwt" });

/// When a client's refresh token is exchanged for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTokenRotation {
    /// Each time it is used; one that comes back ends everything that came of its sign-on.
    #[default]
    EveryUse,
    /// Never: the same token until it ends. FAPI 2.0 §5.3.2.1 wants it so.
    Never,
}
text_enum!(RefreshTokenRotation { EveryUse = "every_use", Never = "never" });

/// Whether clients can tell that they know the same person (OpenID Connect Core §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same `sub` everywhere.
    #[default]
    Public,
    /// A `sub` of its own for each sector.
    Pairwise,
}
text_enum!(SubjectType { Public = "public", Pairwise = "pairwise" });
