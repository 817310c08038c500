//! A client of the FAPI 2 security profile: pushes its requests, signs its assertions, proves its key. Does not own what a module
//! asks.

use crate::{
    oidc::{
        CHALLENGE, VERIFIER,
        conformance::suite::{NONCE, STATE, check_answer, check_id_token, check_strength},
        json, query, text,
    },
    support::{
        app::{Browser, PASSWORD, Page, TestApp},
        client_key::{ClientKey, ath, unique},
    },
};
use chrono::TimeDelta;
use gatehouse::domain::{
    connection::{ClientAuth, Connection, IdTokenAlgorithm, OidcConnection, RefreshTokenRotation},
    group::Group,
    user::Role,
};
use oidc::token::client_assertion::TYPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json as value};
use std::collections::HashMap;

/// Where requests are pushed.
pub const PAR: &str = "/oauth2/par";
/// Where codes are redeemed.
pub const TOKEN: &str = "/oauth2/token";
/// The resource that the modules ask for.
pub const USERINFO: &str = "/oauth2/userinfo";

/// A registered client.
pub struct Client {
    /// Its name.
    pub id: String,
    /// Its one address.
    pub redirect: String,
    /// What it signs its assertions with.
    pub key: ClientKey,
    /// What it proves to hold.
    pub bound: ClientKey,
}

/// The gateway under test, with what a tester sets up for the plan.
pub struct Fapi {
    /// The gateway.
    pub app: TestApp,
    /// Signs with ES256.
    pub client: Client,
    /// Signs with PS256.
    pub client2: Client,
    /// Where Maya is signed in.
    pub browser: Browser,
    group: Group,
}

/// The tokens of a happy flow, proven.
pub struct Tokens {
    /// The claims of the ID token.
    pub id: Value,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

/// Members of `more` replace those of `base`; null takes one away.
pub fn with(mut base: Value, more: &Value) -> Value {
    for (name, member) in more.as_object().into_iter().flatten() {
        base[name] = member.clone();
    }
    base.as_object_mut().expect("an object").retain(|_, member| !member.is_null());
    base
}

/// What the profile makes of a client's settings.
pub fn settings(key: &ClientKey) -> OidcConnection {
    OidcConnection {
        client_auth: ClientAuth::PrivateKeyJwt,
        jwks: key.set("k1"),
        require_par: true,
        dpop_bound_access_tokens: true,
        id_token_algorithm: IdTokenAlgorithm::ES256,
        // FAPI 2.0 §5.3.2.1: refresh tokens are not rotated.
        refresh_token_rotation: RefreshTokenRotation::Never,
        ..OidcConnection::default()
    }
}

impl Fapi {
    /// A gateway set up for the plan.
    pub async fn new() -> Self {
        let app = TestApp::new().await;
        app.person("tomas", Role::Owner).await;
        let maya = app.person("maya", Role::None).await;
        let group = app.group("Growth", &[maya.id]).await;
        let client = registered(&app, &group, "client", ClientKey::new(), |_| ()).await;
        let client2 = registered(&app, &group, "client2", ClientKey::rsa(), |_| ()).await;
        let browser = app.browser();
        browser.sign_in("maya").await;
        Self { app, client, client2, browser, group }
    }

    /// Registers one more client.
    pub async fn register(
        &self,
        id: &str,
        key: ClientKey,
        change: impl FnOnce(&mut OidcConnection),
    ) -> Client {
        registered(&self.app, &self.group, id, key, change).await
    }

    /// The present instant, in seconds.
    pub fn now(&self) -> i64 {
        self.app.ctx.now().timestamp()
    }

    /// Lets time pass.
    pub fn wait(&self, seconds: i64) {
        self.app.ctx.clock.advance(TimeDelta::seconds(seconds));
    }

    /// An address below the issuer.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.app.url)
    }

    /// The claims of an assertion of a client.
    pub fn assertion_claims(&self, client: &Client) -> Value {
        let at = self.now();
        value!({
            "iss": client.id, "sub": client.id, "aud": self.app.url,
            "jti": unique(), "iat": at, "nbf": at, "exp": at + 60,
        })
    }

    /// An assertion; `more` are claims that replace the usual ones.
    pub fn assertion(&self, client: &Client, more: &Value) -> String {
        let header = value!({ "alg": client.key.algorithm(), "kid": "k1", "typ": "JWT" });
        client.key.sign(&header, &with(self.assertion_claims(client), more))
    }

    /// A proof for a POST; `more` are claims that replace the usual ones.
    pub fn proof(&self, key: &ClientKey, path: &str, more: &Value) -> String {
        key.proof("POST", &self.address(path), self.app.ctx.now(), more)
    }

    /// A proof for userinfo, asked with this token.
    pub fn resource_proof(&self, key: &ClientKey, access: &str, more: &Value) -> String {
        key.proof("GET", &self.address(USERINFO), self.app.ctx.now(), &with(ath(access), more))
    }

    /// An authorization request: what the plan sends by default, with `more` in its place or left out (`-`).
    pub fn request(client: &Client, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = vec![
            ("client_id", client.id.as_str()),
            ("redirect_uri", &client.redirect),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", STATE),
            ("nonce", NONCE),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        fields.retain(|(_, value)| *value != "-");
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// A form for a path, with these headers beside its type.
    pub async fn post(&self, path: &str, fields: &[(String, String)], proofs: &[&str]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        self.app.browser().send(Method::POST, path, &headers, &body).await
    }

    /// The same with an assertion.
    pub async fn post_by(
        &self,
        assertion: &str,
        path: &str,
        mut fields: Vec<(String, String)>,
        proofs: &[&str],
    ) -> Page {
        fields.push(("client_assertion_type".into(), TYPE.into()));
        fields.push(("client_assertion".into(), assertion.into()));
        self.post(path, &fields, proofs).await
    }

    /// Pushes a request.
    pub async fn push(&self, client: &Client, more: &[(&str, &str)], proofs: &[&str]) -> Page {
        let assertion = self.assertion(client, &value!({}));
        self.post_by(&assertion, PAR, Self::request(client, more), proofs).await
    }

    /// Pushes a request with an assertion like this.
    pub async fn push_by(&self, client: &Client, claims: &Value) -> Page {
        let assertion = self.assertion(client, claims);
        self.post_by(&assertion, PAR, Self::request(client, &[]), &[]).await
    }

    /// The reference that a push is answered with.
    pub fn reference(page: &Page) -> String {
        assert_eq!(page.status, StatusCode::CREATED, "RFC 9126 §2.2: {}", page.text);
        let answer = json(page);
        // FAPI 2.0 §5.3.2.2: less than 600 seconds.
        assert!(answer["expires_in"].as_u64().is_some_and(|seconds| (5..600).contains(&seconds)), "{answer}");
        let reference = text(&answer, "request_uri");
        let random = reference.strip_prefix("urn:ietf:params:oauth:request_uri:").expect("RFC 9126 §2.2");
        check_strength(random, "request_uri");
        reference
    }

    /// Pushes a request that is taken.
    pub async fn pushed(&self, client: &Client, more: &[(&str, &str)]) -> String {
        Self::reference(&self.push(client, more, &[]).await)
    }

    /// Sends a browser with a reference.
    pub async fn present(&self, browser: &Browser, client_id: &str, reference: &str) -> Page {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", client_id), ("request_uri", reference)])
            .finish();
        browser.get(&format!("/oauth2/authorize?{query}")).await
    }

    /// From a first answer to what comes back to the client.
    pub async fn finish(&self, browser: &Browser, client: &Client, page: Page) -> HashMap<String, String> {
        let page = if page.location().starts_with("/login?flow=") {
            let after = browser.sign_in_from(page.location(), "maya", PASSWORD).await;
            browser.leave(&after).await
        } else {
            page
        };
        self.answer(client, &page)
    }

    /// What came back to a client.
    pub fn answer(&self, client: &Client, page: &Page) -> HashMap<String, String> {
        assert_eq!(page.status, StatusCode::SEE_OTHER, "FAPI 2.0 §5.3.2.2: not 307: {}", page.text);
        assert!(page.location().starts_with(&format!("{}?", client.redirect)), "{}", page.location());
        let fields = query(page.location());
        check_answer(&self.app, &fields);
        fields
    }

    /// Presents a reference where Maya is signed in.
    pub async fn authorized(&self, client: &Client, reference: &str) -> HashMap<String, String> {
        let page = self.present(&self.browser, &client.id, reference).await;
        self.finish(&self.browser, client, page).await
    }

    /// A code for a request.
    pub async fn code(&self, client: &Client, more: &[(&str, &str)]) -> String {
        let fields = self.authorized(client, &self.pushed(client, more).await).await;
        assert_eq!(fields.get("state").map(String::as_str), Some(STATE));
        let code = fields.get("code").unwrap_or_else(|| panic!("no code: {fields:?}"));
        check_strength(code, "code");
        code.clone()
    }

    /// The form that redeems a code, with `more` in its place or left out (`-`).
    pub fn redemption(client: &Client, code: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.redirect.as_str()),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        fields.retain(|(_, value)| *value != "-");
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Redeems a code as the client would.
    pub async fn redeem(&self, client: &Client, code: &str) -> Page {
        self.redeem_with(client, code, &[]).await
    }

    /// Redeems a code with another form.
    pub async fn redeem_with(&self, client: &Client, code: &str, more: &[(&str, &str)]) -> Page {
        let proof = self.proof(&client.bound, TOKEN, &value!({}));
        self.redeem_by(client, code, more, &[&proof]).await
    }

    /// Redeems a code with these proofs.
    pub async fn redeem_by(
        &self,
        client: &Client,
        code: &str,
        more: &[(&str, &str)],
        proofs: &[&str],
    ) -> Page {
        let assertion = self.assertion(client, &value!({}));
        self.post_by(&assertion, TOKEN, Self::redemption(client, code, more), proofs).await
    }

    /// Refreshes, with these proofs.
    pub async fn refresh(&self, client: &Client, token: &str, proofs: &[&str]) -> Page {
        let fields =
            vec![("grant_type".into(), "refresh_token".into()), ("refresh_token".into(), token.into())];
        let assertion = self.assertion(client, &value!({}));
        self.post_by(&assertion, TOKEN, fields, proofs).await
    }

    /// Checks an answer of the token endpoint, and the ID token in it.
    pub async fn tokens(&self, client: &Client, page: &Page, nonce: Option<&str>) -> Tokens {
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let answer = json(page);
        assert_eq!(answer["token_type"], "DPoP", "RFC 9449 §5");
        assert!(answer["expires_in"].as_u64().is_some_and(|seconds| seconds > 0));
        let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
        check_strength(&access, "access token");
        check_strength(&refresh, "refresh token");
        let id_token = text(&answer, "id_token");
        let (id, header) = check_id_token(&self.app, &client.id, &id_token, nonce, &access).await;
        assert_eq!(header["alg"], "ES256", "FAPI 2.0 §5.4.1: not RS256");
        Tokens { id, access, refresh }
    }

    /// A whole happy flow.
    pub async fn flow(&self, client: &Client, more: &[(&str, &str)]) -> Tokens {
        let code = self.code(client, more).await;
        let nonce = more.iter().find(|(name, _)| *name == "nonce").map_or(NONCE, |(_, value)| value);
        let page = self.redeem(client, &code).await;
        let tokens = self.tokens(client, &page, (nonce != "-").then_some(nonce)).await;
        self.resource(client, &tokens).await;
        tokens
    }

    /// Asks userinfo with this `Authorization` and these proofs.
    pub async fn userinfo(&self, authorization: &str, proofs: &[&str]) -> Page {
        let mut headers = vec![("authorization", authorization)];
        headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        self.app.browser().send(Method::GET, USERINFO, &headers, "").await
    }

    /// Asks userinfo as the client would: it is about the person of the ID token.
    pub async fn resource(&self, client: &Client, tokens: &Tokens) -> Value {
        let proof = self.resource_proof(&client.bound, &tokens.access, &value!({}));
        let page = self.userinfo(&format!("DPoP {}", tokens.access), &[&proof]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let claims = json(&page);
        assert_eq!(claims["sub"], tokens.id["sub"], "Core §5.3.2");
        claims
    }
}

/// RFC 6749 §5.2: a refusal of an endpoint for clients, with one of these codes.
pub fn refused(page: &Page, errors: &[&str]) {
    let answer = json(page);
    let error = answer["error"].as_str().unwrap_or_default();
    assert!(errors.contains(&error), "{errors:?}: {} {answer}", page.status);
    let expected = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    assert_eq!(page.status, expected, "{answer}");
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
}

/// A page of ours that says what is wrong, and sends nobody anywhere.
pub fn ends_here(page: &Page) {
    assert!(
        page.status.is_client_error() && page.location().is_empty(),
        "{} {}",
        page.status,
        page.location()
    );
    assert!(page.action().is_none() && page.reference().is_some(), "{}", page.text);
}

async fn registered(
    app: &TestApp,
    group: &Group,
    id: &str,
    key: ClientKey,
    change: impl FnOnce(&mut OidcConnection),
) -> Client {
    let redirect = format!("https://suite.example/test/a/{id}/callback");
    let mut settings =
        OidcConnection { client_id: id.into(), redirect_uris: vec![redirect.clone()], ..settings(&key) };
    change(&mut settings);
    app.app(id, Connection::Oidc(Box::new(settings)), group).await;
    Client { id: id.into(), redirect, key, bound: ClientKey::new() }
}
