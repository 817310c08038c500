//! The code grant (RFC 6749 §4.1.3): a code is claimed once, and every try spends it. Does not own what it must fit
//! (`crates/oidc`).

use super::{Case, details, mint::Order, outcome::Claimed};
use crate::{
    service::{
        ServiceError,
        oidc::{client::EndpointError, once},
    },
    store::{self, Written},
};
use ::oidc::{
    GrantType, ProtocolError,
    pkce::{CodeChallenge, CodeVerifier},
    token::authorization_code::{self, StoredCode},
    token_value::AuthorizationCode,
};

impl Case<'_> {
    pub(super) async fn redeem(
        &self,
        code: AuthorizationCode,
        redirect_uri: Option<&str>,
        verifier: Option<CodeVerifier>,
        resources: &[String],
    ) -> Result<serde_json::Value, EndpointError> {
        let now = self.ctx.now();
        let mut conn = self.ctx.db.read().await?;
        let Some((row, consumed_at)) = store::authorization_codes::get(&mut conn, &code.hash()).await? else {
            drop(conn);
            return self.refuse(ProtocolError::invalid_grant("no such code")).await;
        };
        let family = store::token_families::get(&mut conn, row.family_id).await?;
        drop(conn);
        let Some(family) = family else {
            return self.refuse(ProtocolError::invalid_grant("the code's grant is gone")).await;
        };
        // RFC 6749 §4.1.2: a code used twice revokes what was issued for it (O-06).
        if consumed_at.is_some() {
            return self.revoke_reused(&family, "code used twice").await;
        }
        let details = details(&family)?;
        let stored = StoredCode {
            client_id: row.client_id.clone(),
            redirect_uri: row.redirect_uri.clone(),
            code_challenge: row.code_challenge.as_deref().and_then(|text| CodeChallenge::parse(text).ok()),
            dpop_jkt: details.dpop_jkt.clone(),
            expires_at: row.expires_at,
        };
        let (client_id, key) = (&self.client.client_id, self.key.as_deref());
        let checked =
            authorization_code::check(&stored, client_id, redirect_uri, verifier.as_ref(), key, now);
        if let Err(error) = checked {
            return self.burn(row.hash, error).await;
        }
        let resources = match self.resources(resources, &details.resources) {
            Ok(resources) => resources,
            Err(error) => return self.burn(row.hash, error).await,
        };
        let person = match self.may_issue(&family).await? {
            Ok(person) => person,
            Err(error) => return self.burn(row.hash, error).await,
        };
        let order = Order {
            family: &family,
            person: &person,
            details: &details,
            scope: &details.scope,
            resources,
            nonce: details.nonce.clone(),
        };
        let minted = match self.mint(order).await {
            Err(EndpointError::Protocol(error)) => return self.burn(row.hash, error).await,
            minted => minted?,
        };
        let event = self.issued(GrantType::AuthorizationCode, &details.scope).on_user(&person.user);
        let (hash, access, refresh, once) = (row.hash, minted.access, minted.refresh, self.once.clone());
        let claimed = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    if let Err(replayed) = once::record(tx, &once).await? {
                        return Ok::<_, ServiceError>(Written::unaudited(Claimed::Replayed(replayed)));
                    }
                    if !store::authorization_codes::consume(tx, &hash, now).await? {
                        return Ok(Written::unaudited(Claimed::Taken));
                    }
                    store::access_tokens::insert(tx, &access).await?;
                    if let Some(refresh) = &refresh {
                        store::refresh_tokens::insert(tx, refresh).await?;
                    }
                    Ok(Written::new(Claimed::Ours, event))
                })
            })
            .await?;
        match claimed {
            Claimed::Ours => Ok(minted.response.to_json()),
            Claimed::Taken => self.revoke_taken(&family, "code used twice").await,
            Claimed::Replayed(error) => self.refuse_taken(error).await,
        }
    }
}
