//! The end of every grant of a person: what was presented is claimed and the tokens are kept, in one write. Does not own what
//! is presented or minted.

use super::{Case, mint::Minted, outcome::Claimed};
use crate::{
    domain::audit::AuditEvent,
    service::{
        ServiceError,
        oidc::{client::EndpointError, once},
    },
    store::{self, StoreError, Tx, Written, refresh_tokens::HandedOutAgain, token_families::Family},
};
use ::oidc::ProtocolError;
use chrono::{DateTime, Utc};

/// What a client gives for its tokens, by its SHA-256.
#[derive(Debug, Clone)]
pub(super) enum Presented {
    /// An authorization code.
    Code(String),
    /// The code of a device.
    Device(String),
    /// A refresh token.
    Refresh {
        /// Its hash.
        hash: String,
        /// The successor whose answer was lost, and which is replaced.
        lost: Option<String>,
        /// Whether the client has time for lost answers: then two requests at once are no theft yet.
        forgiving: bool,
    },
    /// A refresh token that stays: it is handed out again.
    Kept(HandedOutAgain),
}

impl Presented {
    /// Uses it up: `true` for exactly one of any number of requests. What stays may be used by all of them.
    async fn claim(&self, tx: &mut Tx, successor: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        match self {
            Self::Code(hash) => store::authorization_codes::consume(tx, hash, now).await,
            Self::Device(hash) => store::device_grants::redeem(tx, hash).await,
            Self::Refresh { hash, lost: None, .. } => {
                store::refresh_tokens::consume(tx, hash, successor, now).await
            }
            Self::Kept(token) => store::refresh_tokens::hand_out_again(tx, token).await,
            // The successor that never arrived goes; whoever has it will be found out.
            Self::Refresh { hash, lost: Some(lost), .. } => {
                Ok(store::refresh_tokens::mark_replaced(tx, lost).await?
                    && store::refresh_tokens::set_successor(tx, hash, successor).await?)
            }
        }
    }

    /// Why a family ends whose token was taken by another request.
    pub(super) fn used_twice(&self) -> &'static str {
        match self {
            Self::Code(_) => "code used twice",
            Self::Device(_) => "device code used twice",
            Self::Refresh { .. } | Self::Kept(_) => "refresh token used twice",
        }
    }
}

impl Case<'_> {
    /// Claims what was presented, keeps the tokens, and answers them.
    pub(super) async fn hand_over(
        &self,
        presented: Presented,
        family: &Family,
        minted: Minted,
        event: AuditEvent,
    ) -> Result<serde_json::Value, EndpointError> {
        let (access, refresh, once, now) = (minted.access, minted.refresh, self.once.clone(), self.ctx.now());
        let claim = presented.clone();
        let claimed = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    if let Err(replayed) = once::record(tx, &once).await? {
                        return Ok::<_, ServiceError>(Written::unaudited(Claimed::Replayed(replayed)));
                    }
                    let successor = refresh.as_ref().map(|token| token.hash.as_str()).unwrap_or_default();
                    if !claim.claim(tx, successor, now).await? {
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
        match (claimed, &presented) {
            (Claimed::Ours, _) => Ok(minted.response.to_json()),
            (Claimed::Replayed(error), _) => self.refuse_taken(error).await,
            // Two requests at once with one token: the other was first, and this one gets nothing either way.
            // A token that stays is no theft either: it was exchanged or bound to a key while this request was on its way.
            (Claimed::Taken, Presented::Refresh { forgiving: true, .. } | Presented::Kept(_)) => {
                self.refuse_taken(ProtocolError::invalid_grant("another request was first")).await
            }
            (Claimed::Taken, _) => self.revoke_taken(family, presented.used_twice()).await,
        }
    }
}
