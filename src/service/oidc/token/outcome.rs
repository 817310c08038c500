//! How a token request ends: with an event of what was issued, or of why not. Does not own the decision.

use super::Case;
use crate::{
    domain::audit::{AuditEvent, EventType, InitiatedBy},
    service::{
        ServiceError, actor, apps,
        oidc::{
            client::EndpointError,
            once::{self, Once},
        },
        refusals,
    },
    store::{self, Written, token_families::Family},
};
use ::oidc::{GrantType, ProtocolError, Scope};

/// How the claim inside a write ended.
pub(super) enum Claimed {
    /// This request is the one.
    Ours,
    /// Another one was.
    Taken,
    /// The proof or assertion was used before.
    Replayed(ProtocolError),
}

/// A value, and the event of it if one is kept.
fn told<T>(value: T, event: Option<AuditEvent>) -> Written<T> {
    let written = Written::unaudited(value);
    match event {
        Some(event) => written.and(event),
        None => written,
    }
}

impl Case<'_> {
    /// The event of tokens issued.
    pub(super) fn issued(&self, grant: GrantType, scope: &Scope) -> AuditEvent {
        let event = actor::event(self.ctx, EventType::OauthTokenIssue)
            .by(self.as_client())
            .from_origin(self.origin)
            .at(self.app)
            .detail("grant_type", grant.as_str())
            .detail("scope", scope.to_string());
        if self.key.is_some() { event.detail("token_type", "DPoP") } else { event }
    }

    fn as_client(&self) -> InitiatedBy {
        InitiatedBy {
            kind: "client".into(),
            id: Some(self.client.client_id.clone()),
            username: Some(self.app.label.clone()),
            email: None,
        }
    }

    fn refusal(&self, error: &ProtocolError) -> AuditEvent {
        let words = error.detail().unwrap_or_else(|| error.description()).to_owned();
        actor::event(self.ctx, EventType::OauthTokenRefuse)
            .by(self.as_client())
            .from_origin(self.origin)
            .at(self.app)
            .failed(error.cause(), words)
    }

    /// Refuses; what was used up by asking stays used up.
    pub(super) async fn refuse(&self, error: ProtocolError) -> Result<serde_json::Value, EndpointError> {
        self.refuse_with(error, self.once.clone()).await
    }

    /// Refuses after a write that came to nothing, but recorded what counts once.
    pub(super) async fn refuse_taken(
        &self,
        error: ProtocolError,
    ) -> Result<serde_json::Value, EndpointError> {
        self.refuse_with(error, Vec::new()).await
    }

    /// The event as it may be kept: a public client has proven nothing, so that anybody could fill the audit trail in its name.
    async fn within_limit(&self, event: AuditEvent) -> Result<Option<AuditEvent>, ServiceError> {
        if self.client.is_public() {
            return refusals::within_limit(self.ctx, self.origin, event).await;
        }
        Ok(Some(event))
    }

    async fn refuse_with(
        &self,
        error: ProtocolError,
        once: Vec<Once>,
    ) -> Result<serde_json::Value, EndpointError> {
        let event = self.within_limit(self.refusal(&error)).await?;
        let recorded = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let recorded = once::record(tx, &once).await?;
                    Ok::<_, ServiceError>(told(recorded, event))
                })
            })
            .await?;
        recorded?;
        Err(error.into())
    }

    /// A failed try spends the code (O-05). A replayed request does not: it is none of the client's.
    pub(super) async fn burn(
        &self,
        hash: String,
        error: ProtocolError,
    ) -> Result<serde_json::Value, EndpointError> {
        let event = self.within_limit(self.refusal(&error)).await?;
        let (once, now) = (self.once.clone(), self.ctx.now());
        let recorded = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let recorded = once::record(tx, &once).await?;
                    if recorded.is_ok() {
                        store::authorization_codes::consume(tx, &hash, now).await?;
                    }
                    Ok::<_, ServiceError>(told(recorded, event))
                })
            })
            .await?;
        recorded?;
        Err(error.into())
    }

    /// Something that counts once came twice: everything that came of it ends.
    pub(super) async fn revoke_reused(
        &self,
        family: &Family,
        because: &'static str,
    ) -> Result<serde_json::Value, EndpointError> {
        self.revoke_with(family, because, self.once.clone()).await
    }

    /// The same after a write that came to nothing because another request was first.
    pub(super) async fn revoke_taken(
        &self,
        family: &Family,
        because: &'static str,
    ) -> Result<serde_json::Value, EndpointError> {
        self.revoke_with(family, because, Vec::new()).await
    }

    async fn revoke_with(
        &self,
        family: &Family,
        because: &'static str,
        once: Vec<Once>,
    ) -> Result<serde_json::Value, EndpointError> {
        let error = ProtocolError::invalid_grant(because);
        let refused = self.refusal(&error);
        let mut revoked = apps::another(self.ctx, &refused).detail("family", family.id.to_string());
        revoked.event_type = EventType::OauthTokenRevoke;
        let refused = self.within_limit(refused).await?;
        let (id, now) = (family.id, self.ctx.now());
        let recorded = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let recorded = once::record(tx, &once).await?;
                    let written = told((), refused);
                    let first =
                        recorded.is_ok() && store::token_families::revoke(tx, id, because, now).await?;
                    let written = if first { written.and(revoked) } else { written };
                    Ok::<_, ServiceError>(Written {
                        value: recorded,
                        events: written.events,
                        jobs: written.jobs,
                    })
                })
            })
            .await?;
        recorded?;
        Err(error.into())
    }
}
