//! The refresh grant (RFC 6749 §6): rotated at each use; what comes back after that ends the family, unless its answer was
//! lost. Does not own the decision (`crates/oidc`).

use super::{Case, details, mint::Order, outcome::Claimed};
use crate::{
    service::{
        ServiceError,
        oidc::{client::EndpointError, once},
    },
    store::{self, Written, refresh_tokens::RefreshToken as RefreshRow, token_families::Family},
};
use ::oidc::{
    GrantType, ProtocolError, Scope,
    token::refresh_token::{self, RefreshDecision, StoredRefreshToken},
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
        let stored = StoredRefreshToken {
            client_id: row.client_id.clone(),
            issued_at: row.issued_at,
            idle_expires_at: row.idle_expires_at,
            absolute_expires_at: family.expires_at,
            // A token whose place another took is as dead as a used one.
            consumed_at: row.consumed_at.or(row.replaced.then_some(row.issued_at)),
            successor_used: row.replaced || self.successor_used(&row).await?,
            family_revoked: family.revoked_at.is_some(),
            key_thumbprint: row.key_thumbprint.clone(),
            scope: Scope::parse(&row.scope)?,
        };
        let grace = TimeDelta::seconds(i64::from(self.settings()?.refresh_grace_seconds));
        let (client_id, key) = (&self.client.client_id, self.key.as_deref());
        let (scope, lost) = match refresh_token::decide(&stored, client_id, key, requested, now, grace) {
            RefreshDecision::Rotate { scope } => (scope, None),
            RefreshDecision::ReplaceSuccessor { scope } => (scope, row.successor_hash.clone()),
            RefreshDecision::Reuse => {
                return self.revoke_reused(&family, "refresh token used twice").await;
            }
            RefreshDecision::Refused(error) => return self.refuse(error).await,
        };
        // Access and account are decided anew at every refresh (O-10).
        let person = match self.may_issue(&family).await? {
            Ok(person) => person,
            Err(error) => return self.refuse(error).await,
        };
        let details = details(&family)?;
        let resources = match self.resources(resources, &details.resources) {
            Ok(resources) => resources,
            Err(error) => return self.refuse(error).await,
        };
        // OpenID Connect Core §12.2: a refreshed ID token needs no nonce (O-28).
        let order = Order {
            family: &family,
            person: &person,
            details: &details,
            scope: &scope,
            resources,
            nonce: None,
        };
        let mut minted = match self.mint(order).await {
            Err(EndpointError::Protocol(error)) => return self.refuse(error).await,
            minted => minted?,
        };
        if let Some(refresh) = &mut minted.refresh {
            refresh.scope.clone_from(&row.scope);
            refresh.key_thumbprint.clone_from(&row.key_thumbprint);
        }
        let mut event = self.issued(GrantType::RefreshToken, &scope).on_user(&person.user);
        if lost.is_some() {
            event = event.detail("replaced", "the answer before was lost");
        }
        let (access, successor, once) = (minted.access, minted.refresh, self.once.clone());
        let claimed = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    if let Err(replayed) = once::record(tx, &once).await? {
                        return Ok::<_, ServiceError>(Written::unaudited(Claimed::Replayed(replayed)));
                    }
                    let next =
                        successor.as_ref().map(|successor| successor.hash.as_str()).unwrap_or_default();
                    let ours = match &lost {
                        None => store::refresh_tokens::consume(tx, &row.hash, next, now).await?,
                        // The successor that never arrived goes; whoever has it will be found out.
                        Some(lost) => {
                            store::refresh_tokens::mark_replaced(tx, lost).await?
                                && store::refresh_tokens::set_successor(tx, &row.hash, next).await?
                        }
                    };
                    if !ours {
                        return Ok(Written::unaudited(Claimed::Taken));
                    }
                    store::access_tokens::insert(tx, &access).await?;
                    if let Some(successor) = &successor {
                        store::refresh_tokens::insert(tx, successor).await?;
                    }
                    Ok(Written::new(Claimed::Ours, event))
                })
            })
            .await?;
        match claimed {
            Claimed::Ours => Ok(minted.response.to_json()),
            Claimed::Taken => self.lost_race(&family, grace).await,
            Claimed::Replayed(error) => self.refuse_taken(error).await,
        }
    }

    /// Whether the token this one was exchanged for has come back; only looked at where that matters.
    async fn successor_used(&self, row: &RefreshRow) -> Result<bool, EndpointError> {
        let (Some(_), Some(successor)) = (row.consumed_at, &row.successor_hash) else { return Ok(true) };
        if self.settings()?.refresh_grace_seconds == 0 {
            return Ok(true);
        }
        let successor = store::refresh_tokens::get(&mut self.ctx.db.read().await?, successor).await?;
        Ok(successor.is_none_or(|successor| successor.consumed_at.is_some()))
    }

    /// Two requests at once with one token: the other was first. Within a client's time for lost answers that is no theft yet,
    /// but this one gets nothing either.
    async fn lost_race(&self, family: &Family, grace: TimeDelta) -> Result<serde_json::Value, EndpointError> {
        if grace > TimeDelta::zero() {
            return self.refuse_taken(ProtocolError::invalid_grant("another request was first")).await;
        }
        self.revoke_taken(family, "refresh token used twice").await
    }
}
