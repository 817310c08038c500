//! The client credentials grant (RFC 6749 §4.4): a service on its own behalf. Nobody signed in, so there is no ID token and
//! nothing to refresh. Does not own who is a client (`authentication`).

use super::{
    Case,
    mint::{seconds, sign_access},
    outcome::Claimed,
};
use crate::{
    domain::connection::AccessTokenFormat,
    service::{
        ServiceError,
        oidc::{client::EndpointError, once},
    },
    store::{self, Written, service_tokens::ServiceToken as Row},
};
use ::oidc::{
    ErrorCode, GrantType, ProtocolError, Scope, resource, scope,
    token::response::TokenResponse,
    token_value::{ServiceToken, hash},
};

impl Case<'_> {
    pub(super) async fn client_credentials(
        &self,
        requested: Option<&Scope>,
        resources: Vec<String>,
    ) -> Result<serde_json::Value, EndpointError> {
        // RFC 6749 §4.4: for confidential clients only.
        if self.client.is_public() {
            let error = ProtocolError::new(ErrorCode::UnauthorizedClient, "a public client proves nothing");
            return self.refuse(error).await;
        }
        let scope = match service_scope(&self.client.scopes, requested) {
            Ok(scope) => scope,
            Err(error) => return self.refuse(error).await,
        };
        if let Err(error) = resource::check_requested(&resources, &self.client.resources) {
            return self.refuse(error).await;
        }
        let (now, lifetime) = (self.ctx.now(), self.client.lifetimes.access_token_seconds);
        let token = match self.settings()?.access_token_format {
            AccessTokenFormat::Opaque => ServiceToken::generate(&mut self.ctx.rng()).expose().to_owned(),
            AccessTokenFormat::Jwt => {
                // RFC 9068 §2.2: where nobody signed in, the subject is the client.
                let contents = self.contents(&self.client.client_id, &resources, &scope, now);
                let claims = contents.access_token(self.jti());
                match sign_access(&claims, &*self.signer().await?) {
                    Err(EndpointError::Protocol(error)) => return self.refuse(error).await,
                    signed => signed?,
                }
            }
        };
        let mut response = TokenResponse::new(&token, lifetime, &scope);
        if self.key.is_some() {
            response = response.bound();
        }
        let row = Row {
            hash: hash(&token),
            app_id: self.app.id,
            client_id: self.client.client_id.clone(),
            scope: scope.to_string(),
            audience: resources,
            key_thumbprint: self.key.clone(),
            issued_at: now,
            expires_at: now + seconds(lifetime),
            revoked_at: None,
        };
        let (event, once) = (self.issued(GrantType::ClientCredentials, &scope), self.once.clone());
        let claimed = self
            .ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    if let Err(replayed) = once::record(tx, &once).await? {
                        return Ok::<_, ServiceError>(Written::unaudited(Claimed::Replayed(replayed)));
                    }
                    store::service_tokens::insert(tx, &row).await?;
                    Ok(Written::new(Claimed::Ours, event))
                })
            })
            .await?;
        match claimed {
            Claimed::Replayed(error) => self.refuse_taken(error).await,
            Claimed::Ours | Claimed::Taken => Ok(response.to_json()),
        }
    }
}

/// O-38: scopes about people mean nothing where nobody signed in; neither they nor unregistered ones are given. Without a
/// wish: all that are left.
fn service_scope(registered: &Scope, requested: Option<&Scope>) -> Result<Scope, ProtocolError> {
    let of_people = |token: &str| scope::ALL.contains(&token);
    match requested.filter(|scope| !scope.is_empty()) {
        None => {
            let left: Vec<&str> = registered.iter().filter(|token| !of_people(token)).collect();
            Scope::parse(&left.join(" "))
        }
        Some(wish) if wish.iter().any(of_people) => {
            Err(ProtocolError::new(ErrorCode::InvalidScope, "a scope is about people; here nobody signed in"))
        }
        Some(wish) if wish.is_subset_of(registered) => Ok(wish.clone()),
        Some(_) => {
            Err(ProtocolError::new(ErrorCode::InvalidScope, "the client is not registered for the scope"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o38_services_get_their_own_scopes_only() {
        let parse = |text: &str| Scope::parse(text).expect("good");
        let registered = parse("openid email read write");
        let ask = |text: &str| service_scope(&registered, Some(&parse(text))).map(|scope| scope.to_string());
        assert_eq!(ask("read").as_deref(), Ok("read"));
        assert_eq!(ask("write read").as_deref(), Ok("write read"));
        assert_eq!(ask("").as_deref(), Ok("read write"));
        assert_eq!(
            service_scope(&registered, None).map(|scope| scope.to_string()).as_deref(),
            Ok("read write")
        );
        for bad in ["openid", "read email", "groups", "offline_access", "admin", "read admin"] {
            assert_eq!(ask(bad).expect_err(bad).code(), ErrorCode::InvalidScope, "{bad}");
        }
    }
}
