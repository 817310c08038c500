//! Making the tokens of a person, and the rows that remember them. Does not own who may have them.

use super::Case;
use crate::{
    domain::connection::AccessTokenFormat,
    service::{
        ServiceError, issuer_keys,
        oidc::{
            claims,
            client::EndpointError,
            contents::{Authentication, Contents},
            sid,
            standing::Standing,
            subject,
        },
    },
    store::{
        access_tokens::NewAccessToken as AccessRow, refresh_tokens::RefreshToken as RefreshRow,
        token_families::Family,
    },
};
use ::oidc::{
    ErrorCode, GrantType, OpensslSigner, ProtocolError, Scope, SignError, Signer,
    access_token::{self, AccessTokenClaims},
    claims::ClaimRelease,
    id_token,
    scope::OPENID,
    token::response::TokenResponse,
    token_value::{AccessToken, RefreshToken, hash},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// What is handed out, and the rows that remember it.
pub(super) struct Minted {
    pub(super) response: TokenResponse,
    pub(super) access: AccessRow,
    pub(super) refresh: Option<RefreshRow>,
}

/// What is to be minted.
pub(super) struct Order<'a> {
    pub(super) family: &'a Family,
    /// What is left of the grant.
    pub(super) standing: &'a Standing,
    /// The scope of the access token.
    pub(super) scope: &'a Scope,
    /// The resource servers it is for.
    pub(super) resources: Vec<String>,
    /// To be echoed in the ID token.
    pub(super) nonce: Option<String>,
    /// The refresh token that stays, instead of a new one.
    pub(super) keeps: Option<&'a RefreshToken>,
}

impl Order<'_> {
    fn signed_in<'b>(&'b self, sid: &'b str) -> Authentication<'b> {
        Authentication {
            auth_time: self.family.auth_time,
            acr: self.standing.details.acr.as_deref(),
            amr: &self.family.amr,
            sid,
        }
    }
}

impl Case<'_> {
    /// Makes access token, refresh token and ID token, as far as grant and client have them.
    pub(super) async fn mint(&self, order: Order<'_>) -> Result<Minted, EndpointError> {
        let (ctx, now, lifetimes) = (self.ctx, self.ctx.now(), self.client.lifetimes);
        let settings = self.settings()?;
        let sub = subject::of(ctx, self.app, order.standing.user.id).await?;
        let sid = sid::of(ctx, self.app, order.family.session_id).await?;
        // OpenID Connect Core §12: what was asked for without `openid` is no sign-in.
        let wants_id_token = order.standing.details.scope.contains(OPENID) && order.scope.contains(OPENID);
        let signer = if wants_id_token || settings.access_token_format == AccessTokenFormat::Jwt {
            Some(self.signer().await?)
        } else {
            None
        };
        let access = match (settings.access_token_format, &signer) {
            (AccessTokenFormat::Jwt, Some(signer)) => self.access_jwt(&order, (&sub, &sid), signer, now)?,
            _ => AccessToken::generate(&mut ctx.rng()).expose().to_owned(),
        };
        let renews = self.client.may_use(GrantType::RefreshToken) && order.standing.details.offline;
        let refresh = (renews && order.keeps.is_none()).then(|| RefreshToken::generate(&mut ctx.rng()));
        let mut response = TokenResponse::new(&access, lifetimes.access_token_seconds, order.scope);
        if let (true, Some(signer)) = (wants_id_token, &signer) {
            response = response.with_id_token(self.id_token(&order, (&sub, &sid), &access, signer, now)?);
        }
        if self.key.is_some() {
            response = response.bound();
        }
        // RFC 6749 §6: a new one may be issued, and then the old one is thrown away. One that stays is named again, for
        // clients that put the whole answer in the place of the one before.
        if let Some(refresh) = refresh.as_ref().or(order.keeps) {
            response = response.with_refresh_token(refresh);
        }
        let scope = order.scope.to_string();
        Ok(Minted {
            response,
            access: AccessRow {
                hash: hash(&access),
                family_id: order.family.id,
                client_id: self.client.client_id.clone(),
                scope: scope.clone(),
                audience: order.resources,
                key_thumbprint: self.key.clone(),
                issued_at: now,
                expires_at: now + seconds(lifetimes.access_token_seconds),
            },
            refresh: refresh.map(|refresh| RefreshRow {
                hash: refresh.hash(),
                family_id: order.family.id,
                client_id: self.client.client_id.clone(),
                scope,
                issued_at: now,
                idle_expires_at: self.idle_end(order.family, now),
                consumed_at: None,
                successor_hash: None,
                key_thumbprint: self.key.clone(),
                replaced: false,
            }),
        })
    }

    /// When a refresh token that is handed out now ends unless it is used: never later than its family.
    pub(super) fn idle_end(&self, family: &Family, now: DateTime<Utc>) -> DateTime<Utc> {
        (now + seconds(self.client.lifetimes.refresh_idle_seconds)).min(family.expires_at)
    }

    /// The issuer's key of the client's algorithm.
    pub(super) async fn signer(&self) -> Result<Arc<OpensslSigner>, EndpointError> {
        let key = issuer_keys::active(self.ctx, self.settings()?.id_token_algorithm).await?;
        Ok(self.ctx.keyring.oidc_signer(&key).map_err(ServiceError::internal)?)
    }

    fn access_jwt(
        &self,
        order: &Order<'_>,
        (sub, sid): (&str, &str),
        signer: &OpensslSigner,
        now: DateTime<Utc>,
    ) -> Result<String, EndpointError> {
        let contents = self.contents(sub, &order.resources, order.scope, now);
        let claims = contents.access_token_of(self.jti(), &order.signed_in(sid), &order.standing.groups);
        sign_access(&claims, signer)
    }

    /// A name for a token: random, so that the token cannot be guessed from what is known of it.
    pub(super) fn jti(&self) -> String {
        AccessToken::generate(&mut self.ctx.rng()).hash()
    }

    /// What the tokens of this request say.
    pub(super) fn contents<'b>(
        &'b self,
        sub: &'b str,
        resources: &'b [String],
        scope: &'b Scope,
        now: DateTime<Utc>,
    ) -> Contents<'b> {
        let issuer = self.ctx.config.http.public_url.as_str();
        Contents { issuer, client: self.client, sub, scope, resources, key: self.key.as_deref(), now }
    }

    fn id_token(
        &self,
        order: &Order<'_>,
        (sub, sid): (&str, &str),
        access: &str,
        signer: &OpensslSigner,
        now: DateTime<Utc>,
    ) -> Result<String, ServiceError> {
        let Standing { user, groups, .. } = order.standing;
        let source = claims::source(user, groups);
        let custom = order.standing.custom_claims(self.app);
        let release = ClaimRelease {
            source: &source,
            scope: order.scope,
            allowed: &self.client.scopes,
            requested: order.standing.details.claims.as_ref(),
            custom: &custom,
        };
        let at_hash = id_token::at_hash(access, signer.algorithm()).map_err(ServiceError::internal)?;
        let contents = self.contents(sub, &order.resources, order.scope, now);
        let claims =
            contents.id_token(&order.signed_in(sid), order.nonce.as_deref(), Some(at_hash), &release);
        id_token::issue(&claims, signer).map_err(ServiceError::internal)
    }
}

/// A signed access token. One that couldn't be taken back is refused: the client's fault is to ask for so much at once.
pub(super) fn sign_access(
    claims: &AccessTokenClaims,
    signer: &OpensslSigner,
) -> Result<String, EndpointError> {
    access_token::issue(claims, signer).map_err(|error| match error {
        SignError::TooLong(_) => ProtocolError::new(
            ErrorCode::InvalidScope,
            "the access token would be too long; ask for fewer scopes or resources",
        )
        .with_detail(format!("The access token can’t be issued: {error}. Bind fewer groups or ask for less."))
        .into(),
        error => ServiceError::internal(error).into(),
    })
}

pub(super) fn seconds(count: u32) -> TimeDelta {
    TimeDelta::seconds(i64::from(count))
}
