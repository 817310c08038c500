//! Calls to the OpenID provider through openidconnect: discovery, code exchange, refresh, userinfo. Owns no browser
//! state; what belongs to which browser is `super`'s.

use crate::http::{self, CallError};
use anyhow::{Context, bail, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AsyncHttpClient, AuthenticationFlow, AuthorizationCode,
    ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, LoginHint, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, Scope, SubjectIdentifier, TokenResponse, UserInfoClaims,
    core::{
        CoreClient, CoreGenderClaim, CoreIdToken, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreResponseType, CoreTokenResponse,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{future::Future, pin::Pin};
use url::Url;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Claims beyond the standard ones, kept as they came.
#[derive(Debug, Deserialize, Serialize)]
struct AnyClaims {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for AnyClaims {}

/// An OpenID provider and this app's registration there.
pub(crate) struct Provider {
    transport: Transport,
    pub(crate) issuer: String,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect_uri: RedirectUrl,
}

/// An authorization request that is ready to be sent, and what must be remembered until its answer.
pub(crate) struct Started {
    pub(crate) url: Url,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

/// The outcome of a code exchange or a refresh, verified.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) subject: String,
    /// Payload of the ID token, for show.
    pub(crate) id_token: Map<String, Value>,
    pub(crate) userinfo: Map<String, Value>,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_in: Option<u64>,
    pub(crate) refresh_token: Option<String>,
}

impl Provider {
    pub(crate) fn new(
        issuer: String,
        client_id: String,
        client_secret: String,
        redirect_uri: String,
    ) -> anyhow::Result<Self> {
        IssuerUrl::new(issuer.clone()).context("the issuer is not a URL")?;
        Ok(Self {
            transport: Transport(http::client()?),
            issuer,
            client_id: ClientId::new(client_id),
            client_secret: ClientSecret::new(client_secret),
            redirect_uri: RedirectUrl::new(redirect_uri).context("the redirect URI is not a URL")?,
        })
    }

    /// Discovery and keys, fetched anew for every sign-in: a rotated key needs no thought, and the load does not
    /// matter in an example.
    async fn client(&self) -> anyhow::Result<Client> {
        let issuer = IssuerUrl::new(self.issuer.clone())?;
        // Discovery §4.3: openidconnect compares the issuer in the document with the one asked for.
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.transport)
            .await
            .context("discovery failed")?;
        Ok(CoreClient::from_provider_metadata(
            metadata,
            self.client_id.clone(),
            Some(self.client_secret.clone()),
        )
        .set_redirect_uri(self.redirect_uri.clone()))
    }

    /// Builds an authorization request: code flow, PKCE S256, state, nonce.
    pub(crate) async fn start(&self, login_hint: Option<String>) -> anyhow::Result<Started> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge);
        for scope in ["profile", "email", "groups", "offline_access"] {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        if let Some(hint) = login_hint {
            request = request.set_login_hint(LoginHint::new(hint));
        }
        let (url, state, nonce) = request.url();
        Ok(Started {
            url,
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Redeems a code with the verifier of its request, verifies the ID token and asks for userinfo.
    pub(crate) async fn finish(
        &self,
        code: String,
        verifier: String,
        nonce: String,
    ) -> anyhow::Result<SignedIn> {
        let client = self.client().await?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.transport)
            .await
            .context("the code was not accepted")?;
        let id_token = tokens.id_token().context("the answer holds no ID token")?;
        let subject = verify(&client, &tokens, id_token, &Nonce::new(nonce))?;
        self.signed_in(&client, &tokens, subject, payload(id_token)?).await
    }

    /// Uses a refresh token. The answer must be about the same person.
    ///
    /// OpenID Connect Core §12.2: a new ID token is optional; if one comes, `iss` and `sub` are those of the first.
    pub(crate) async fn refresh(&self, before: &SignedIn) -> anyhow::Result<SignedIn> {
        let Some(refresh_token) = before.refresh_token.clone() else { bail!("there is no refresh token") };
        let client = self.client().await?;
        let tokens: CoreTokenResponse = client
            .exchange_refresh_token(&RefreshToken::new(refresh_token.clone()))?
            .request_async(&self.transport)
            .await
            .context("the refresh token was not accepted")?;
        let shown = match tokens.id_token() {
            Some(id_token) => {
                let any_nonce = |_: Option<&Nonce>| Ok(());
                let claims = id_token
                    .claims(&client.id_token_verifier(), any_nonce)
                    .context("the new ID token is not valid")?;
                ensure!(
                    claims.subject().as_str() == before.subject,
                    "the new ID token is about somebody else"
                );
                payload(id_token)?
            }
            None => before.id_token.clone(),
        };
        let mut after = self.signed_in(&client, &tokens, before.subject.clone(), shown).await?;
        // RFC 6749 §6: without a new refresh token the old one goes on.
        after.refresh_token = after.refresh_token.or(Some(refresh_token));
        Ok(after)
    }

    async fn signed_in(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        subject: String,
        id_token: Map<String, Value>,
    ) -> anyhow::Result<SignedIn> {
        Ok(SignedIn {
            userinfo: self.userinfo(client, tokens.access_token().clone(), &subject).await?,
            subject,
            id_token,
            scopes: tokens.scopes().into_iter().flatten().map(|scope| scope.to_string()).collect(),
            expires_in: tokens.expires_in().map(|duration| duration.as_secs()),
            refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
        })
    }

    /// OpenID Connect Core §5.3.4: the `sub` of userinfo must be that of the ID token; openidconnect compares.
    async fn userinfo(
        &self,
        client: &Client,
        token: AccessToken,
        subject: &str,
    ) -> anyhow::Result<Map<String, Value>> {
        let claims: UserInfoClaims<AnyClaims, CoreGenderClaim> = client
            .user_info(token, Some(SubjectIdentifier::new(subject.to_owned())))?
            .request_async(&self.transport)
            .await
            .context("userinfo was not given")?;
        match serde_json::to_value(&claims)? {
            Value::Object(claims) => Ok(claims),
            _ => bail!("userinfo is not an object"),
        }
    }
}

/// The transport openidconnect asks for, over the client that follows no redirects.
struct Transport(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let mut answer =
                axum::http::Response::builder().status(response.status()).version(response.version());
            for (name, value) in response.headers() {
                answer = answer.header(name, value);
            }
            Ok(answer.body(http::body(response).await?)?)
        })
    }
}

/// OpenID Connect Core §3.1.3.7: signature, `iss`, `aud`, `exp`, `nonce`, only asymmetric algorithms. §3.1.3.8:
/// `at_hash`, when sent, fits the access token.
fn verify(
    client: &Client,
    tokens: &CoreTokenResponse,
    id_token: &CoreIdToken,
    nonce: &Nonce,
) -> anyhow::Result<String> {
    let verifier = client.id_token_verifier().set_allowed_algs([
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        CoreJwsSigningAlgorithm::EdDsa,
    ]);
    let claims = id_token.claims(&verifier, nonce).context("the ID token is not valid")?;
    if let Some(expected) = claims.access_token_hash() {
        let actual = AccessTokenHash::from_token(
            tokens.access_token(),
            id_token.signing_alg()?,
            id_token.signing_key(&verifier)?,
        )?;
        ensure!(actual == *expected, "the access token does not belong to the ID token");
    }
    Ok(claims.subject().to_string())
}

/// The claims of a token whose signature was checked, with the names and types they were sent with.
fn payload(id_token: &CoreIdToken) -> anyhow::Result<Map<String, Value>> {
    let compact = id_token.to_string();
    let payload = compact.split('.').nth(1).context("the ID token has no payload")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?)
}
