//! What every module shares: two clients and one by client_secret_post, a person, and the checks of every answer. Does not own what
//! a module asks.

use crate::{
    oidc::{jose, json, query, text},
    support::app::{Browser, PASSWORD, Page, TestApp, system},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use gatehouse::{
    domain::{
        connection::{ClientAuth, Connection, OidcConnection},
        group::Group,
        user::{Role, User, UserDraft},
    },
    service,
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The Form Post plan asks for its response mode, the Basic one for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `response_mode` is not sent: the answer is in the query.
    Default,
    /// `response_mode=form_post`.
    FormPost,
}

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its name.
    pub id: String,
    secret: String,
    /// Its one address.
    pub redirect: String,
    by_post: bool,
}

/// The gateway under test, with what a tester sets up for the plans.
pub struct Suite {
    /// The gateway.
    pub app: TestApp,
    /// The person who signs in.
    pub maya: User,
    /// The first client.
    pub client: Client,
    /// The second.
    pub client2: Client,
    mode: Mode,
    group: Group,
}

/// What came back to a client's address.
#[derive(Debug, Clone)]
pub struct Callback {
    /// Its parameters.
    pub fields: HashMap<String, String>,
}

/// The tokens of a happy flow, proven.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The claims of the ID token.
    pub id: Value,
    /// Its header.
    pub header: Value,
    /// As it came.
    pub id_token: String,
    /// The access token.
    pub access: String,
    /// The refresh token, if one came.
    pub refresh: Option<String>,
}

/// A nonce that every request sends unless a module leaves it out.
pub const NONCE: &str = "n-0S6_WzA2Mj";
/// The state that every request sends.
pub const STATE: &str = "af0ifjsldkj.A1~";

impl Suite {
    /// A gateway set up for a plan.
    pub async fn new(mode: Mode) -> Self {
        let app = TestApp::new().await;
        app.person("tomas", Role::Owner).await;
        let mut draft = UserDraft {
            username: "maya".into(),
            email: "maya@fernhill.example".into(),
            ..UserDraft::default()
        };
        for (name, value) in [
            ("first_name", "Maya"),
            ("last_name", "Okafor"),
            ("phone", "+44 20 7946 0958"),
            ("address", "1 Fern Hill"),
        ] {
            draft.profile.insert(name.into(), value.into());
        }
        let maya = service::users::create(&app.ctx, &system(), draft, Some(PASSWORD.into()))
            .await
            .expect("a person");
        let group = app.group("Growth", &[maya.id]).await;
        let client = registered(&app, &group, "client", OidcConnection::default()).await;
        let client2 = registered(&app, &group, "client2", OidcConnection::default()).await;
        Self { app, maya, client, client2, mode, group }
    }

    /// Registers one more client.
    pub async fn register(&self, id: &str, settings: OidcConnection) -> Client {
        registered(&self.app, &self.group, id, settings).await
    }

    /// An authorization request of a client: what the plan sends by default, with `more` in its place or left out (`-`).
    pub fn request(&self, client: &Client, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = vec![
            ("client_id", client.id.as_str()),
            ("redirect_uri", &client.redirect),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", STATE),
            ("nonce", NONCE),
        ];
        if self.mode == Mode::FormPost {
            fields.push(("response_mode", "form_post"));
        }
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        fields.retain(|(_, value)| *value != "-");
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The address of a request.
    pub fn address(fields: &[(String, String)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/oauth2/authorize?{query}")
    }

    /// Sends a browser with a request, without signing anybody in.
    pub async fn ask(&self, browser: &Browser, client: &Client, more: &[(&str, &str)]) -> Page {
        browser.get(&Self::address(&self.request(client, more))).await
    }

    /// Sends a browser with a request, signs Maya in where that is asked, and answers what came back.
    pub async fn authorize(&self, browser: &Browser, client: &Client, more: &[(&str, &str)]) -> Callback {
        let page = self.ask(browser, client, more).await;
        self.finish(browser, client, page).await
    }

    /// From the first answer to a request to what comes back to the client.
    pub async fn finish(&self, browser: &Browser, client: &Client, mut page: Page) -> Callback {
        if page.location().starts_with("/oauth2/authorize?") {
            page = browser.get(page.location()).await;
        }
        if page.location().starts_with("/login?flow=") {
            let after = browser.sign_in_from(page.location(), "maya", PASSWORD).await;
            page = browser.leave(&after).await;
        }
        self.callback(client, &page)
    }

    /// §2.1: the answer carries exactly its parameters, in the mode that was asked for, `state` and `iss` to the byte.
    pub fn callback(&self, client: &Client, page: &Page) -> Callback {
        let fields: HashMap<String, String> = match self.mode {
            Mode::Default => {
                assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
                let (address, rest) = page.location().split_once('?').expect("an answer in the query");
                assert_eq!(address, client.redirect);
                assert!(!rest.contains('#'), "{rest}");
                query(page.location())
            }
            Mode::FormPost => {
                assert_eq!(page.status, StatusCode::OK, "{} {}", page.location(), page.text);
                assert_eq!(page.header("cache-control"), Some("no-cache, no-store"));
                assert_eq!(page.action().as_deref(), Some(client.redirect.as_str()), "nothing in its query");
                let form = page.text.split("<form").nth(1).expect("a form");
                assert!(form.starts_with(" method=\"post\""), "{form}");
                assert!(!form.contains("enctype"), "application/x-www-form-urlencoded");
                let named = |name: &&str| page.field(name).map(|value| ((*name).to_owned(), value));
                ["code", "state", "iss", "error", "error_description", "error_uri", "session_state"]
                    .iter()
                    .filter_map(named)
                    .collect()
            }
        };
        check_answer(&self.app, &fields);
        if let Some(state) = fields.get("state") {
            assert_eq!(state, STATE);
        }
        Callback { fields }
    }

    /// A whole happy flow in a browser.
    pub async fn flow(&self, browser: &Browser, client: &Client, more: &[(&str, &str)]) -> Tokens {
        let back = self.authorize(browser, client, more).await;
        let answer = self.exchange(client, back.code(), &[]).await;
        let nonce = more.iter().find(|(name, _)| *name == "nonce").map_or(NONCE, |(_, value)| value);
        self.tokens(client, &answer, (nonce != "-").then_some(nonce)).await
    }

    /// The same in a new browser.
    pub async fn new_flow(&self, more: &[(&str, &str)]) -> Tokens {
        self.flow(&self.app.browser(), &self.client, more).await
    }

    /// Exchanges a code.
    pub async fn exchange(&self, client: &Client, code: &str, more: &[(&str, &str)]) -> Page {
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &client.redirect)];
        fields.extend_from_slice(more);
        self.token(client, &fields).await
    }

    /// Calls the token endpoint as this client.
    pub async fn token(&self, client: &Client, fields: &[(&str, &str)]) -> Page {
        let mut fields = fields.to_vec();
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", client.id, client.secret)));
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        if client.by_post {
            fields.extend([("client_id", client.id.as_str()), ("client_secret", &client.secret)]);
        } else {
            headers.push(("authorization", &basic));
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.app.browser().send(Method::POST, "/oauth2/token", &headers, &body).await
    }

    /// §2.1: the token response and the ID token in it, proven against the published keys.
    pub async fn tokens(&self, client: &Client, page: &Page, nonce: Option<&str>) -> Tokens {
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
        assert_eq!(
            (page.header("cache-control"), page.header("pragma")),
            (Some("no-store"), Some("no-cache"))
        );
        let answer = json(page);
        assert_eq!(answer["token_type"], "Bearer");
        assert!(answer["expires_in"].as_u64().is_some_and(|seconds| seconds > 0));
        let access = text(&answer, "access_token");
        check_strength(&access, "access token");
        let refresh = answer["refresh_token"].as_str().map(str::to_owned);
        if let Some(refresh) = &refresh {
            check_strength(refresh, "refresh token");
        }
        let id_token = text(&answer, "id_token");
        let (id, header) = check_id_token(&self.app, &client.id, &id_token, nonce, &access).await;
        Tokens { id, header, id_token, access, refresh }
    }

    /// What userinfo says of a token, by GET.
    pub async fn userinfo(&self, tokens: &Tokens) -> Value {
        let bearer = format!("Bearer {}", tokens.access);
        let page = self.app.browser();
        let page = page.send(Method::GET, "/oauth2/userinfo", &[("authorization", &bearer)], "").await;
        Self::check_userinfo(&page, tokens)
    }

    /// A userinfo answer is JSON about the same person as the ID token.
    pub fn check_userinfo(page: &Page, tokens: &Tokens) -> Value {
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
        let claims = json(page);
        assert_eq!(claims["sub"], tokens.id["sub"], "Core §5.3.2");
        assert!(claims.get("updated_at").is_none_or(Value::is_number), "{claims}");
        claims
    }

    /// RFC 6749 §5.2: a refusal of the token endpoint.
    pub fn check_refusal(page: &Page, status: StatusCode, error: &str) {
        assert_eq!(page.status, status, "{}", page.text);
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
        assert_eq!(json(page)["error"], error);
    }

    /// Lets time pass.
    pub fn wait(&self, seconds: i64) {
        self.app.ctx.clock.advance(TimeDelta::seconds(seconds));
    }
}

impl Callback {
    /// The code, long and strong enough.
    pub fn code(&self) -> &str {
        let code = self.fields.get("code").unwrap_or_else(|| panic!("no code: {:?}", self.fields));
        check_strength(code, "code");
        code
    }

    /// The error.
    pub fn error(&self) -> &str {
        assert!(!self.fields.contains_key("code"), "{:?}", self.fields);
        self.fields.get("error").unwrap_or_else(|| panic!("no error: {:?}", self.fields))
    }
}

async fn registered(app: &TestApp, group: &Group, id: &str, settings: OidcConnection) -> Client {
    let redirect = format!("https://suite.example/test/a/{id}/callback");
    let settings = OidcConnection {
        client_id: id.to_owned(),
        redirect_uris: vec![redirect.clone()],
        post_logout_redirect_uris: vec![format!("https://suite.example/test/a/{id}/post_logout_redirect")],
        // Policy decision 1: the Basic plan sends requests without PKCE; off is allowed for confidential clients.
        require_pkce: false,
        ..settings
    };
    let by_post = settings.client_auth == ClientAuth::ClientSecretPost;
    let (_, secret) = app.app(id, Connection::Oidc(Box::new(settings)), group).await;
    Client { id: id.to_owned(), secret: secret.expect("a secret"), redirect, by_post }
}

/// §2.1: an answer holds exactly its parameters, `iss` to the byte, and words in the characters that are allowed.
pub fn check_answer(app: &TestApp, fields: &HashMap<String, String>) {
    let names: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
    let allowed: &[&str] = if fields.contains_key("error") {
        &["error", "error_description", "iss", "state"]
    } else {
        &["code", "iss", "state"]
    };
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
    assert_eq!(fields.get("iss"), Some(&app.url), "RFC 9207");
    if let Some(description) = fields.get("error_description") {
        let is_legal = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(description.bytes().all(is_legal), "RFC 6749 §4.1.2.1: {description}");
    }
}

/// §2.1: an ID token, proven against the published keys, of right now and with nothing in it that nobody asked for.
pub async fn check_id_token(
    app: &TestApp,
    client_id: &str,
    token: &str,
    nonce: Option<&str>,
    access: &str,
) -> (Value, Value) {
    let jwks = json(&app.browser().get("/oauth2/jwks").await);
    let jose::Proven { header, claims } = jose::proven(token, &jwks);
    assert_eq!(claims["iss"], app.url);
    assert_eq!(claims["aud"], client_id, "one audience, as text");
    let now = app.ctx.now().timestamp();
    let number = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("no {name}: {claims}"));
    assert!(number("exp") > now && number("exp") < now + 86_400, "{claims}");
    assert!(number("iat") <= now && number("iat") > now - 300, "{claims}");
    assert_eq!(claims.get("nonce").and_then(Value::as_str), nonce, "{claims}");
    assert!(claims["sub"].as_str().is_some_and(|sub| !sub.is_empty() && sub.len() <= 255));
    assert!(claims.get("acr").is_none_or(|acr| acr.as_str().is_some_and(|acr| !acr.is_empty())));
    if let Some(auth_time) = claims.get("auth_time") {
        let at = auth_time.as_i64().expect("a number");
        assert!(at <= now && at > now - 365 * 86_400);
    }
    if let Some(hash) = claims.get("at_hash") {
        let algorithm = match header["alg"].as_str() {
            Some("EdDSA") => openssl::hash::MessageDigest::sha512(),
            _ => openssl::hash::MessageDigest::sha256(),
        };
        let full = openssl::hash::hash(algorithm, access.as_bytes()).expect("hashed");
        let half = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&full[..full.len() / 2]);
        assert_eq!(*hash, half);
    }
    let known = [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nonce",
        "auth_time",
        "acr",
        "amr",
        "at_hash",
        "sid",
        "azp",
        "jti",
    ];
    let members = claims.as_object().expect("claims");
    let unasked: Vec<_> = members.keys().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(unasked.is_empty(), "nobody asked for {unasked:?}");
    (claims, header)
}

/// Legal characters (RFC 6750 §2.1), and at least 128 bits by length and variety.
pub fn check_strength(token: &str, what: &str) {
    let is_legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    assert!(token.bytes().all(is_legal), "{what}: {token}");
    let distinct: BTreeSet<u8> = token.bytes().collect();
    assert!(token.len() >= 22 && distinct.len() >= 10, "{what} is too weak: {token}");
}
