//! An OpenID provider for tests: signs what it is told to, remembers what it was asked.

use super::now;
use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use openssl::{
    hash::MessageDigest,
    pkey::{PKey, Private},
    rsa::Rsa,
    sha::sha256,
    sign::Signer,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What a test may want to get wrong.
#[derive(Clone, Default)]
pub(crate) struct Wrong {
    pub(crate) claims: Option<(&'static str, Value)>,
    pub(crate) foreign_key: bool,
    pub(crate) userinfo_sub: bool,
    pub(crate) refuse_refresh: bool,
    pub(crate) refreshed_sub: bool,
}

/// The provider: its key and what happened.
pub(crate) struct Op {
    pub(crate) issuer: String,
    key: PKey<Private>,
    pub(crate) wrong: Mutex<Wrong>,
    /// Nonce and challenge of the last authorization request.
    pub(crate) asked: Mutex<(String, String)>,
    pub(crate) token_requests: Mutex<Vec<HashMap<String, String>>>,
}

impl Op {
    pub(crate) fn new(issuer: String) -> Arc<Self> {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        Arc::new(Self {
            issuer,
            key,
            wrong: Mutex::default(),
            asked: Mutex::default(),
            token_requests: Mutex::default(),
        })
    }

    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/oauth2/jwks", get(jwks))
            .route("/oauth2/token", post(token))
            .route("/oauth2/userinfo", get(userinfo))
            .with_state(Arc::clone(self))
    }

    fn id_token(&self, refreshed: bool) -> String {
        let wrong = self.wrong.lock().unwrap().clone();
        let nonce = self.asked.lock().unwrap().0.clone();
        let mut claims = json!({
            "iss": self.issuer, "aud": "trailhead", "sub": "user-1", "nonce": nonce,
            "iat": now(0).timestamp(), "exp": now(300).timestamp(), "at_hash": at_hash("access-1"),
        });
        if refreshed && wrong.refreshed_sub {
            claims["sub"] = json!("user-2");
        }
        if let Some((name, value)) = wrong.claims {
            claims[name] = value;
        }
        let head = URL_SAFE_NO_PAD.encode(json!({"alg": "RS256", "kid": "k1"}).to_string());
        let input = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let foreign = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let key = if wrong.foreign_key { &foreign } else { &self.key };
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let signature = signer.sign_oneshot_to_vec(input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// OpenID Connect Core §3.1.3.6: the left half of the hash.
fn at_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&sha256(token.as_bytes())[..16])
}

async fn discovery(State(op): State<Arc<Op>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", op.issuer);
    Json(json!({
        "issuer": op.issuer, "authorization_endpoint": at("/oauth2/authorize"), "token_endpoint": at("/oauth2/token"),
        "userinfo_endpoint": at("/oauth2/userinfo"), "jwks_uri": at("/oauth2/jwks"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(op): State<Arc<Op>>) -> Json<Value> {
    let rsa = op.key.rsa().unwrap();
    Json(json!({"keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1",
        "n": URL_SAFE_NO_PAD.encode(rsa.n().to_vec()), "e": URL_SAFE_NO_PAD.encode(rsa.e().to_vec()),
    }]}))
}

/// Insists on client_secret_basic and, for a code, on the verifier of the last request.
async fn token(
    State(op): State<Arc<Op>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let basic = format!("Basic {}", STANDARD.encode("trailhead:s3cret"));
    if headers.get("authorization").is_none_or(|value| value != basic.as_str())
        || form.contains_key("client_secret")
    {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"}))).into_response();
    }
    op.token_requests.lock().unwrap().push(form.clone());
    let refresh = form.get("grant_type").is_some_and(|grant| grant == "refresh_token");
    let fits = if refresh {
        form.get("refresh_token").is_some_and(|token| token.starts_with("refresh-"))
            && !op.wrong.lock().unwrap().refuse_refresh
    } else {
        let challenge =
            form.get("code_verifier").map(|verifier| URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())));
        form.get("code").is_some_and(|code| code == "code-1")
            && challenge.as_ref() == Some(&op.asked.lock().unwrap().1)
    };
    if !fits {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
    }
    let rotated = format!("refresh-{}", op.token_requests.lock().unwrap().len());
    Json(json!({
        "access_token": "access-1", "token_type": "Bearer", "expires_in": 300, "refresh_token": rotated,
        "scope": "openid profile email groups", "id_token": op.id_token(refresh),
    }))
    .into_response()
}

async fn userinfo(State(op): State<Arc<Op>>, headers: HeaderMap) -> Response {
    if headers.get("authorization").is_none_or(|value| value != "Bearer access-1") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let sub = if op.wrong.lock().unwrap().userinfo_sub { "user-2" } else { "user-1" };
    Json(json!({"sub": sub, "name": "Zoë <Lindqvist>", "email": "zoe@fernhill.example", "groups": ["Design", "Everyone"]})).into_response()
}
