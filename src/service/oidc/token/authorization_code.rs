//! The code grant (RFC 6749 §4.1.3): a code is claimed once, and every try spends it. Does not own what it must fit
//! (`crates/oidc`).

use super::{Case, hand_over::Presented, mint::Order};
use crate::{
    service::oidc::{client::EndpointError, grant::GrantDetails},
    store,
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
        let presented = Presented::Code(row.hash.clone());
        // RFC 6749 §4.1.2: a code used twice revokes what was issued for it (O-06).
        if consumed_at.is_some() {
            return self.revoke_reused(&family, presented.used_twice()).await;
        }
        // As it was asked for: the key is none of what may be narrowed.
        let dpop_jkt = GrantDetails::of_family(&family)?.dpop_jkt;
        let stored = StoredCode {
            client_id: row.client_id.clone(),
            redirect_uri: row.redirect_uri.clone(),
            code_challenge: row.code_challenge.as_deref().and_then(|text| CodeChallenge::parse(text).ok()),
            dpop_jkt,
            expires_at: row.expires_at,
        };
        let (client_id, key) = (&self.client.client_id, self.key.as_deref());
        let checked =
            authorization_code::check(&stored, client_id, redirect_uri, verifier.as_ref(), key, now);
        if let Err(error) = checked {
            return self.burn(row.hash, error).await;
        }
        let standing = match self.standing(&family).await? {
            Ok(standing) => standing,
            Err(lapsed) => return self.burn(row.hash, lapsed.as_grant()).await,
        };
        let resources = match standing.audience(self.client, resources) {
            Ok(resources) => resources,
            Err(error) => return self.burn(row.hash, error).await,
        };
        let (scope, nonce) = (&standing.details.scope, standing.details.nonce.clone());
        let order = Order { family: &family, standing: &standing, scope, resources, nonce, keeps: None };
        let minted = match self.mint(order).await {
            Err(EndpointError::Protocol(error)) => return self.burn(row.hash, error).await,
            minted => minted?,
        };
        let event = self.issued(GrantType::AuthorizationCode, scope).on_user(&standing.user);
        self.hand_over(presented, &family, minted, event).await
    }
}
