//! What stands in tokens, as claims: the one place for tokens that are issued and for those that are only shown. Does not own who
//! may have them (`standing`), signing or remembering them (`token`), or claims about a person (`claims`).

use super::subject;
use crate::domain::{app::App, user::User};
use ::oidc::{
    Client, Scope,
    access_token::{AccessTokenClaims, Audience, Confirmation},
    claims::ClaimRelease,
    id_token::IdTokenClaims,
    introspection::StoredToken,
    scope::{GROUPS, PROFILE},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, json};

/// Tokens of one client at one moment.
pub struct Contents<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The client.
    pub client: &'a Client,
    /// The person as this client knows them, or the client itself.
    pub sub: &'a str,
    /// The scope of the access token.
    pub scope: &'a Scope,
    /// The resource servers that the access token is for; none: this issuer.
    pub resources: &'a [String],
    /// The thumbprint of the key that the tokens are bound to.
    pub key: Option<&'a str>,
    /// When they are issued.
    pub now: DateTime<Utc>,
}

/// How the person signed in.
pub struct Authentication<'a> {
    /// When.
    pub auth_time: DateTime<Utc>,
    /// Its authentication context.
    pub acr: Option<&'a str>,
    /// Its methods.
    pub amr: &'a [String],
    /// The session.
    pub sid: &'a str,
}

impl Contents<'_> {
    /// What every signed access token says (RFC 9068 §2.2).
    pub fn access_token(&self, jti: String) -> AccessTokenClaims {
        AccessTokenClaims {
            iss: self.issuer.to_owned(),
            sub: self.sub.to_owned(),
            aud: Audience::of(self.resources, self.issuer),
            exp: self.ends(self.client.lifetimes.access_token_seconds).timestamp(),
            iat: self.now.timestamp(),
            jti,
            client_id: self.client.client_id.clone(),
            scope: self.scope.to_string(),
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            cnf: self.key.map(|jkt| Confirmation { jkt: jkt.to_owned() }),
            additional: Map::new(),
        }
    }

    /// What that of a person says.
    pub fn access_token_of(
        &self,
        jti: String,
        signed_in: &Authentication<'_>,
        groups: &[String],
    ) -> AccessTokenClaims {
        let mut additional = Map::new();
        // RFC 9068 §2.2.3.1: what a resource server may decide by, if the scope asks for it.
        if self.scope.contains(GROUPS) {
            additional.insert(GROUPS.to_owned(), json!(groups));
        }
        AccessTokenClaims {
            auth_time: Some(signed_in.auth_time.timestamp()),
            acr: signed_in.acr.map(str::to_owned),
            amr: signed_in.amr.to_vec(),
            additional,
            ..self.access_token(jti)
        }
    }

    /// What introspection knows of an access token of a person.
    pub fn introspected(&self, app: &App, user: &User) -> StoredToken {
        StoredToken {
            client_id: self.client.client_id.clone(),
            audience: self.resources.to_vec(),
            key_thumbprint: self.key.map(str::to_owned),
            sub: self.sub.to_owned(),
            username: username(app, user, self.scope),
            scope: self.scope.clone(),
            issued_at: Some(self.now),
            expires_at: self.ends(self.client.lifetimes.access_token_seconds),
            revoked: false,
        }
    }

    /// What an ID token says (OpenID Connect Core §2).
    pub fn id_token(
        &self,
        signed_in: &Authentication<'_>,
        nonce: Option<&str>,
        at_hash: Option<String>,
        release: &ClaimRelease<'_>,
    ) -> IdTokenClaims {
        IdTokenClaims {
            iss: self.issuer.to_owned(),
            sub: self.sub.to_owned(),
            aud: self.client.client_id.clone(),
            exp: self.ends(self.client.lifetimes.id_token_seconds).timestamp(),
            iat: self.now.timestamp(),
            auth_time: Some(signed_in.auth_time.timestamp()),
            nonce: nonce.map(str::to_owned),
            at_hash,
            acr: signed_in.acr.map(str::to_owned),
            amr: signed_in.amr.to_vec(),
            sid: Some(signed_in.sid.to_owned()),
            // §2: the party it was issued to; it may be there when that is the only audience, too.
            azp: Some(self.client.client_id.clone()),
            additional: release.for_id_token(),
        }
    }

    fn ends(&self, seconds: u32) -> DateTime<Utc> {
        self.now + TimeDelta::seconds(i64::from(seconds))
    }
}

/// RFC 7662 §2.2: a name by which people know who gave the token. It is one that `preferred_username` tells, so it is told to
/// whom that is told: with `profile` in what is left of the scope. Never where the client knows the person under a name of
/// its own (OpenID Connect Core §8), which this one would undo.
pub fn username(app: &App, user: &User, scope: &Scope) -> Option<String> {
    (scope.contains(PROFILE) && !subject::is_pairwise(app)).then(|| user.username.clone())
}
