//! The token endpoint: a code or a refresh token comes in, new tokens go out. Does not own their shape (`crates/oidc`).
//! Everything slow (signing, decisions) happens before the write; the write only claims, stores and says so.

use super::{
    claims,
    client::{EndpointError, authenticate},
    grant::GrantDetails,
};
use crate::{
    context::AppContext,
    domain::{
        access::{self, Access},
        app::App,
        audit::{AuditEvent, EventType, InitiatedBy, Origin},
        user::User,
    },
    service::{ServiceError, actor, issuer_keys},
    store::{
        self, Written, access_tokens::NewAccessToken as AccessRow,
        refresh_tokens::RefreshToken as RefreshRow, token_families::Family,
    },
};
use ::oidc::{
    Client, GrantType, ProtocolError, Scope, Signer,
    claims::ClaimRelease,
    id_token::{self, IdTokenClaims},
    params::Params,
    pkce::{CodeChallenge, CodeVerifier},
    token::{
        authorization_code::{self, StoredCode},
        refresh_token::{self, RefreshDecision, StoredRefreshToken},
        request::TokenRequest,
        response::TokenResponse,
    },
    token_value::{AccessToken, AuthorizationCode, RefreshToken},
};
use chrono::TimeDelta;

/// A refresh token that was exchanged is worthless at once: who shows it again has stolen it, or was stolen from (O-09).
const LOST_RESPONSE_GRACE: TimeDelta = TimeDelta::zero();

/// Answers a token request: its `Authorization` header and raw body.
pub async fn exchange(
    ctx: &AppContext,
    origin: &Origin,
    authorization: Option<&str>,
    body: &str,
) -> Result<serde_json::Value, EndpointError> {
    let params = Params::parse(body)?;
    let (app, client) = authenticate(ctx, origin, authorization, &params).await?;
    let request = TokenRequest::from_params(&params)?;
    let case = Case { ctx, origin, app: &app, client: &client };
    if let Err(error) = request.check_grant(&client) {
        return case.refuse(error).await;
    }
    match request {
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
            case.redeem(code, redirect_uri.as_deref(), code_verifier).await
        }
        TokenRequest::RefreshToken { refresh_token, scope } => {
            case.refresh(refresh_token, scope.as_ref()).await
        }
        _ => {
            let error =
                ProtocolError::new(::oidc::ErrorCode::UnsupportedGrantType, "this grant is not offered");
            case.refuse(error).await
        }
    }
}

/// One authenticated token request.
struct Case<'a> {
    ctx: &'a AppContext,
    origin: &'a Origin,
    app: &'a App,
    client: &'a Client,
}

/// What is handed out, and the rows that remember it.
struct Minted {
    response: TokenResponse,
    access: AccessRow,
    refresh: Option<RefreshRow>,
}

/// A person who has the app at this moment, and what it may know of their groups.
struct Entitled {
    user: User,
    groups: Vec<String>,
}

/// How the claim inside the write ended.
enum Claimed {
    Ours,
    Taken,
}

impl Case<'_> {
    async fn redeem(
        &self,
        code: AuthorizationCode,
        redirect_uri: Option<&str>,
        verifier: Option<CodeVerifier>,
    ) -> Result<serde_json::Value, EndpointError> {
        let now = self.ctx.now();
        let mut conn = self.ctx.db.read().await?;
        let Some((row, consumed_at)) = store::authorization_codes::get(&mut conn, &code.hash()).await? else {
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
        let stored = StoredCode {
            client_id: row.client_id.clone(),
            redirect_uri: row.redirect_uri.clone(),
            code_challenge: row.code_challenge.as_deref().and_then(|text| CodeChallenge::parse(text).ok()),
            expires_at: row.expires_at,
        };
        let checked =
            authorization_code::check(&stored, &self.client.client_id, redirect_uri, verifier.as_ref(), now);
        if let Err(error) = checked {
            return self.burn(row.hash, error).await;
        }
        let person = match self.may_issue(&family).await? {
            Ok(person) => person,
            Err(error) => return self.burn(row.hash, error).await,
        };
        let details = details(&family)?;
        let scope = details.scope.clone();
        let minted = self.mint(&family, &person, &details, &scope, details.nonce.clone()).await?;
        let event = self.issued(&person.user, GrantType::AuthorizationCode, &scope);
        let (hash, access, refresh) = (row.hash, minted.access, minted.refresh);
        let claimed = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    if !store::authorization_codes::consume(tx, &hash, now).await? {
                        return Ok::<_, ServiceError>(Written::unaudited(Claimed::Taken));
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
            Claimed::Taken => self.revoke_reused(&family, "code used twice").await,
        }
    }

    async fn refresh(
        &self,
        token: RefreshToken,
        requested: Option<&Scope>,
    ) -> Result<serde_json::Value, EndpointError> {
        let now = self.ctx.now();
        let mut conn = self.ctx.db.read().await?;
        let Some((row, family)) = store::refresh_tokens::get_with_family(&mut conn, &token.hash()).await?
        else {
            return self.refuse(ProtocolError::invalid_grant("no such refresh token")).await;
        };
        drop(conn);
        let stored = StoredRefreshToken {
            client_id: row.client_id.clone(),
            issued_at: row.issued_at,
            idle_expires_at: row.idle_expires_at,
            absolute_expires_at: family.expires_at,
            consumed_at: row.consumed_at,
            successor_used: true,
            family_revoked: family.revoked_at.is_some(),
            scope: Scope::parse(&row.scope)?,
        };
        let decision =
            refresh_token::decide(&stored, &self.client.client_id, requested, now, LOST_RESPONSE_GRACE);
        let scope = match decision {
            RefreshDecision::Rotate { scope } => scope,
            RefreshDecision::Reuse | RefreshDecision::ReplaceSuccessor { .. } => {
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
        // OpenID Connect Core §12.2: a refreshed ID token needs no nonce (O-28).
        let mut minted = self.mint(&family, &person, &details, &scope, None).await?;
        if let Some(refresh) = &mut minted.refresh {
            refresh.scope.clone_from(&row.scope);
        }
        let event = self.issued(&person.user, GrantType::RefreshToken, &scope);
        let (access, successor) = (minted.access, minted.refresh);
        let claimed = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let next =
                        successor.as_ref().map(|successor| successor.hash.as_str()).unwrap_or_default();
                    if !store::refresh_tokens::consume(tx, &row.hash, next, now).await? {
                        return Ok::<_, ServiceError>(Written::unaudited(Claimed::Taken));
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
            Claimed::Taken => self.revoke_reused(&family, "refresh token used twice").await,
        }
    }

    /// The one gate of every grant: family, account and access at this moment (O-42).
    async fn may_issue(&self, family: &Family) -> Result<Result<Entitled, ProtocolError>, EndpointError> {
        if family.revoked_at.is_some() {
            return Ok(Err(ProtocolError::invalid_grant("the grant was revoked")));
        }
        if family.app_id != self.app.id {
            return Ok(Err(ProtocolError::invalid_grant("the grant is of another client")));
        }
        let mut conn = self.ctx.db.read().await?;
        let Some(user) = store::users::get(&mut conn, family.user_id).await? else {
            return Ok(Err(ProtocolError::invalid_grant("the account is gone")));
        };
        let routes = store::access::routes(&mut conn, user.id, self.app.id).await?;
        Ok(match access::decide(&user, self.app, routes) {
            Access::Allowed(routes) => Ok(Entitled { groups: access::group_names(&routes), user }),
            Access::Denied(denial) => {
                Err(ProtocolError::invalid_grant(&denial.sentence(&user.display_name, &self.app.label)))
            }
        })
    }

    async fn mint(
        &self,
        family: &Family,
        person: &Entitled,
        details: &GrantDetails,
        scope: &Scope,
        nonce: Option<String>,
    ) -> Result<Minted, EndpointError> {
        let ctx = self.ctx;
        let now = ctx.now();
        let lifetimes = self.client.lifetimes;
        let access = AccessToken::generate(&mut ctx.rng());
        let refresh = (self.client.may_use(GrantType::RefreshToken) && details.offline)
            .then(|| RefreshToken::generate(&mut ctx.rng()));
        let id_token = self.id_token(family, person, details, scope, nonce, &access).await?;
        let scope_text = scope.iter().collect::<Vec<_>>().join(" ");
        let after = |seconds: u32| now + TimeDelta::seconds(i64::from(seconds));
        let mut response =
            TokenResponse::new(&access, lifetimes.access_token_seconds, scope).with_id_token(id_token);
        if let Some(refresh) = &refresh {
            response = response.with_refresh_token(refresh);
        }
        Ok(Minted {
            response,
            access: AccessRow {
                hash: access.hash(),
                family_id: family.id,
                client_id: self.client.client_id.clone(),
                scope: scope_text.clone(),
                issued_at: now,
                expires_at: after(lifetimes.access_token_seconds),
            },
            refresh: refresh.map(|refresh| RefreshRow {
                hash: refresh.hash(),
                family_id: family.id,
                client_id: self.client.client_id.clone(),
                scope: scope_text,
                issued_at: now,
                idle_expires_at: after(lifetimes.refresh_idle_seconds).min(family.expires_at),
                consumed_at: None,
                successor_hash: None,
                replaced: false,
            }),
        })
    }

    async fn id_token(
        &self,
        family: &Family,
        person: &Entitled,
        details: &GrantDetails,
        scope: &Scope,
        nonce: Option<String>,
        access: &AccessToken,
    ) -> Result<String, EndpointError> {
        let ctx = self.ctx;
        let settings =
            self.app.connection.oidc().ok_or_else(|| ServiceError::Internal("not an OIDC app".into()))?;
        let key = issuer_keys::active(ctx, settings.id_token_algorithm).await?;
        let signer = ctx.keyring.oidc_signer(&key).map_err(ServiceError::internal)?;
        let Entitled { user, groups } = person;
        let source = claims::source(user, groups);
        let custom = claims::custom(self.app, user, groups);
        let release = ClaimRelease {
            source: &source,
            scope,
            allowed: &self.client.scopes,
            requested: details.claims.as_ref(),
            custom: &custom,
        };
        let now = ctx.now().timestamp();
        let claims = IdTokenClaims {
            iss: ctx.config.http.public_url.as_str().to_owned(),
            sub: user.id.to_string(),
            aud: self.client.client_id.clone(),
            exp: now + i64::from(self.client.lifetimes.id_token_seconds),
            iat: now,
            auth_time: Some(family.auth_time.timestamp()),
            nonce,
            at_hash: Some(
                id_token::at_hash(access.expose(), signer.algorithm()).map_err(ServiceError::internal)?,
            ),
            acr: details.acr.clone(),
            amr: family.amr.clone(),
            sid: Some(family.session_id.to_string()),
            azp: None,
            additional: release.for_id_token(),
        };
        Ok(id_token::issue(&claims, &*signer).map_err(ServiceError::internal)?)
    }

    fn issued(&self, user: &User, grant: GrantType, scope: &Scope) -> AuditEvent {
        actor::event(self.ctx, EventType::OauthTokenIssue)
            .by(self.as_client())
            .from_origin(self.origin)
            .on_user(user)
            .at(self.app)
            .detail("grant_type", grant.as_str())
            .detail("scope", scope.iter().collect::<Vec<_>>().join(" "))
    }

    fn as_client(&self) -> InitiatedBy {
        InitiatedBy {
            kind: "client".into(),
            id: Some(self.client.client_id.clone()),
            username: Some(self.app.label.clone()),
            email: None,
        }
    }

    async fn refuse(&self, error: ProtocolError) -> Result<serde_json::Value, EndpointError> {
        let event = refusal(self.ctx, self.origin, self.app, &error).by(self.as_client());
        record(self.ctx, event).await?;
        Err(error.into())
    }

    /// A failed try spends the code (O-05).
    async fn burn(&self, hash: String, error: ProtocolError) -> Result<serde_json::Value, EndpointError> {
        let event = refusal(self.ctx, self.origin, self.app, &error).by(self.as_client());
        let now = self.ctx.now();
        self.ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    store::authorization_codes::consume(tx, &hash, now).await?;
                    Ok::<_, ServiceError>(Written::new((), event))
                })
            })
            .await?;
        Err(error.into())
    }

    async fn revoke_reused(
        &self,
        family: &Family,
        because: &'static str,
    ) -> Result<serde_json::Value, EndpointError> {
        let error = ProtocolError::invalid_grant(because);
        let refused = refusal(self.ctx, self.origin, self.app, &error).by(self.as_client());
        let mut revoked = refused.clone();
        revoked.event_type = EventType::OauthTokenRevoke;
        let revoked =
            crate::service::apps::another(self.ctx, &revoked).detail("family", family.id.to_string());
        let (id, now) = (family.id, self.ctx.now());
        self.ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let first = store::token_families::revoke(tx, id, because, now).await?;
                    let written = Written::new((), refused);
                    Ok::<_, ServiceError>(if first { written.and(revoked) } else { written })
                })
            })
            .await?;
        Err(error.into())
    }
}

/// What was granted with a family.
fn details(family: &Family) -> Result<GrantDetails, ServiceError> {
    GrantDetails::parse(&family.grant_details)
        .ok_or_else(|| ServiceError::Internal("a grant that can't be read".into()))
}

fn refusal(ctx: &AppContext, origin: &Origin, app: &App, error: &ProtocolError) -> AuditEvent {
    let words = error.detail().unwrap_or_else(|| error.description()).to_owned();
    actor::event(ctx, EventType::OauthTokenRefuse)
        .from_origin(origin)
        .at(app)
        .failed(error.code().as_str(), words)
}

async fn record(ctx: &AppContext, event: AuditEvent) -> Result<(), ServiceError> {
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await
}
