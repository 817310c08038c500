//! The device grant (RFC 8628 §3.4): a device asks until a person has answered. Does not own what it is told (`crates/oidc`)
//! nor the person's answer (`oidc::device`).

use super::{Case, hand_over::Presented, mint::Order};
use crate::{
    service::{
        ServiceError,
        oidc::{client::EndpointError, once},
    },
    store::{self, Written, device_grants::DeviceGrant},
};
use ::oidc::{
    GrantType, ProtocolError,
    device::{
        INTERVAL_SECONDS,
        poll::{self, PollDecision, StoredDeviceGrant},
    },
    token_value::DeviceCode,
};
use chrono::TimeDelta;

impl Case<'_> {
    pub(super) async fn device(
        &self,
        code: DeviceCode,
        resources: &[String],
    ) -> Result<serde_json::Value, EndpointError> {
        let now = self.ctx.now();
        let row = store::device_grants::get(&mut self.ctx.db.read().await?, &code.hash()).await?;
        let Some(row) = row else {
            return self.refuse(ProtocolError::invalid_grant("no such device code")).await;
        };
        let stored = StoredDeviceGrant {
            client_id: row.client_id.clone(),
            expires_at: row.expires_at,
            interval: TimeDelta::seconds(row.interval_seconds),
            polled_at: row.polled_at,
            verdict: row.verdict,
        };
        match poll::decide(&stored, &self.client.client_id, now) {
            PollDecision::Issue => self.redeem_device(row, resources).await,
            PollDecision::Reuse => match row.family_id {
                Some(id) => match store::token_families::get(&mut self.ctx.db.read().await?, id).await? {
                    Some(family) => self.revoke_reused(&family, "device code used twice").await,
                    None => self.refuse(ProtocolError::invalid_grant("device code used twice")).await,
                },
                None => self.refuse(ProtocolError::invalid_grant("device code used twice")).await,
            },
            PollDecision::Wait(error) => self.wait(row.device_code_hash, row.interval_seconds, error).await,
            PollDecision::SlowDown(error) => {
                let interval = row.interval_seconds + i64::from(INTERVAL_SECONDS);
                self.wait(row.device_code_hash, interval, error).await
            }
            PollDecision::Refused(error) => self.refuse(error).await,
        }
    }

    /// Notes that the device asked. Waiting is no failure and makes no event: a device asks a hundred times.
    async fn wait(
        &self,
        hash: String,
        interval: i64,
        error: ProtocolError,
    ) -> Result<serde_json::Value, EndpointError> {
        let (once, now) = (self.once.clone(), self.ctx.now());
        let recorded = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let recorded = once::record(tx, &once).await?;
                    if recorded.is_ok() {
                        store::device_grants::note_poll(tx, &hash, interval, now).await?;
                    }
                    Ok::<_, ServiceError>(Written::unaudited(recorded))
                })
            })
            .await?;
        match recorded {
            Ok(()) => Err(error.into()),
            Err(replayed) => self.refuse_taken(replayed).await,
        }
    }

    async fn redeem_device(
        &self,
        row: DeviceGrant,
        resources: &[String],
    ) -> Result<serde_json::Value, EndpointError> {
        let family = match row.family_id {
            Some(id) => store::token_families::get(&mut self.ctx.db.read().await?, id).await?,
            None => None,
        };
        let Some(family) = family else {
            return self.refuse(ProtocolError::invalid_grant("the device code's grant is gone")).await;
        };
        let standing = match self.standing(&family).await? {
            Ok(standing) => standing,
            Err(lapsed) => return self.refuse(lapsed.as_grant()).await,
        };
        let resources = match standing.audience(self.client, resources) {
            Ok(resources) => resources,
            Err(error) => return self.refuse(error).await,
        };
        let scope = &standing.details.scope;
        let order =
            Order { family: &family, standing: &standing, scope, resources, nonce: None, keeps: None };
        let minted = match self.mint(order).await {
            Err(EndpointError::Protocol(error)) => return self.refuse(error).await,
            minted => minted?,
        };
        let event = self.issued(GrantType::DeviceCode, scope).on_user(&standing.user);
        self.hand_over(Presented::Device(row.device_code_hash), &family, minted, event).await
    }
}
