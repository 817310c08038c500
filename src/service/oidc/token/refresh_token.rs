//! The refresh grant (RFC 6749 §6): rotated at each use, unless the client keeps its token; what comes back after it was
//! exchanged ends the family, unless its answer was lost. Does not own the decision (`crates/oidc`).

use super::{Case, hand_over::Presented, mint::Order};
use crate::{
    service::oidc::client::EndpointError,
    store::{
        self,
        refresh_tokens::{HandedOutAgain, RefreshToken as RefreshRow},
    },
};
use ::oidc::{
    GrantType, ProtocolError, Scope,
    token::refresh_token::{self, Presenter, RefreshDecision, Rotation, StoredRefreshToken},
    token_value::RefreshToken,
};
use chrono::TimeDelta;

impl Case<'_> {
    pub(super) async fn refresh(
        &self,
        token: RefreshToken,
        requested: Option<&Scope>,
        resources: &[String],
    ) -> Result<serde_json::Value, EndpointError> {
        let now = self.ctx.now();
        let mut conn = self.ctx.db.read().await?;
        let found = store::refresh_tokens::get_with_family(&mut conn, &token.hash()).await?;
        drop(conn);
        let Some((row, family)) = found else {
            return self.refuse(ProtocolError::invalid_grant("no such refresh token")).await;
        };
        let successor = self.successor(&row).await?;
        let stored = StoredRefreshToken {
            client_id: row.client_id.clone(),
            issued_at: row.issued_at,
            idle_expires_at: row.idle_expires_at,
            absolute_expires_at: family.expires_at,
            // A token whose place another took is as dead as a used one.
            consumed_at: row.consumed_at.or(row.replaced.then_some(row.issued_at)),
            successor_used: row.replaced
                || successor.as_ref().is_none_or(|successor| successor.consumed_at.is_some()),
            family_revoked: family.revoked_at.is_some(),
            key_thumbprint: row.key_thumbprint.clone(),
            successor_key: successor.and_then(|successor| successor.key_thumbprint),
            scope: Scope::parse(&row.scope)?,
        };
        let rotation = self.rotation()?;
        let presenter = Presenter {
            client_id: &self.client.client_id,
            proven_key: self.key.as_deref(),
            has_signed: self.has_signed(),
            is_public: self.client.is_public(),
        };
        let forgiving = rotation.grace > TimeDelta::zero();
        let mut presented = Presented::Refresh { hash: row.hash.clone(), lost: None, forgiving };
        // RFC 9449 §5: bound by the first proof, if not before. Whoever may prove another key is bound to that from now on.
        let key_thumbprint = self.key.clone().or_else(|| row.key_thumbprint.clone());
        let mut keeps = None;
        let scope = match refresh_token::decide(&stored, &presenter, requested, now, rotation) {
            RefreshDecision::Rotate { scope } => scope,
            RefreshDecision::Keep { scope } => {
                keeps = Some(&token);
                presented = Presented::Kept(HandedOutAgain {
                    hash: row.hash,
                    was_bound_to: row.key_thumbprint,
                    key_thumbprint: key_thumbprint.clone(),
                    at: now,
                    idle_expires_at: self.idle_end(&family, now),
                });
                scope
            }
            RefreshDecision::ReplaceSuccessor { scope } => {
                presented = Presented::Refresh { hash: row.hash, lost: row.successor_hash, forgiving };
                scope
            }
            RefreshDecision::Reuse => {
                return self.revoke_reused(&family, presented.used_twice()).await;
            }
            RefreshDecision::Refused(error) => return self.refuse(error).await,
        };
        // Account, access, registration and consent are decided anew at every refresh (O-10).
        let standing = match self.standing(&family).await? {
            Ok(standing) => standing,
            Err(lapsed) => return self.refuse(lapsed.as_grant()).await,
        };
        if let Err(lapsed) = standing.offline(self.app) {
            return self.refuse(lapsed.as_grant()).await;
        }
        let narrowed =
            standing.scope(&scope).and_then(|scope| Ok((scope, standing.audience(self.client, resources)?)));
        let (scope, resources) = match narrowed {
            Ok(narrowed) => narrowed,
            Err(error) => return self.refuse(error).await,
        };
        // OpenID Connect Core §12.2: a refreshed ID token needs no nonce (O-28).
        let order =
            Order { family: &family, standing: &standing, scope: &scope, resources, nonce: None, keeps };
        let mut minted = match self.mint(order).await {
            Err(EndpointError::Protocol(error)) => return self.refuse(error).await,
            minted => minted?,
        };
        if let Some(refresh) = &mut minted.refresh {
            refresh.scope = row.scope;
            refresh.key_thumbprint = key_thumbprint;
        }
        let mut event = self.issued(GrantType::RefreshToken, &scope).on_user(&standing.user);
        if let Presented::Refresh { lost: Some(_), .. } = presented {
            event = event.detail("replaced", "the answer before was lost");
        }
        self.hand_over(presented, &family, minted, event).await
    }

    /// When the client's tokens are exchanged.
    fn rotation(&self) -> Result<Rotation, EndpointError> {
        let settings = self.settings()?;
        Ok(Rotation {
            every_use: settings.rotates_refresh_tokens(),
            grace: TimeDelta::seconds(i64::from(settings.refresh_grace_seconds)),
        })
    }

    /// The token this one was exchanged for; only looked at where its use matters.
    async fn successor(&self, row: &RefreshRow) -> Result<Option<RefreshRow>, EndpointError> {
        let (Some(_), Some(successor)) = (row.consumed_at, &row.successor_hash) else { return Ok(None) };
        if self.settings()?.refresh_grace_seconds == 0 {
            return Ok(None);
        }
        Ok(store::refresh_tokens::get(&mut self.ctx.db.read().await?, successor).await?)
    }
}
