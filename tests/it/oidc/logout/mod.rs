//! Signing out with OIDC clients: asked by a client, told to clients behind the browser and in iframes, together with SAML.

mod back_channel;
mod by_client;
mod front_channel;
mod names;
mod with_saml;

use super::{CHALLENGE, VERIFIER, claims, jose, json, query, text};
use crate::support::{
    app::{Browser, TestApp, oidc_settings},
    database::Kind,
    spawn,
};
use axum::{Router, extract::State, http::StatusCode, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse::domain::{
    connection::{Connection, OidcConnection},
    group::Group,
    user::{Role, User},
};
use reqwest::Method;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A gateway with Maya and the group that has every app.
struct House {
    app: TestApp,
    maya: User,
    group: Group,
}

impl House {
    async fn on(kind: Kind) -> Self {
        let app = TestApp::on(kind).await;
        app.person("tomas", Role::Owner).await;
        let maya = app.person("maya", Role::None).await;
        let group = app.group("Growth", &[maya.id]).await;
        Self { app, maya, group }
    }

    async fn new() -> Self {
        Self::on(Kind::Sqlite).await
    }

    async fn signed_in(&self) -> Browser {
        let browser = self.app.browser();
        browser.sign_in("maya").await;
        browser
    }

    /// Adds a client of these settings.
    async fn client(&self, slug: &str, settings: OidcConnection) -> Rp {
        Rp::added(&self.app, &self.group, slug, settings).await
    }

    /// Whether a browser is signed in.
    async fn is_in(&self, browser: &Browser) -> bool {
        browser.get("/account").await.status.is_success()
    }
}

/// A client that signs people on.
struct Rp {
    client_id: String,
    secret: String,
    redirect: String,
}

impl Rp {
    async fn added(app: &TestApp, group: &Group, slug: &str, settings: OidcConnection) -> Self {
        let redirect = format!("https://{slug}.example/callback");
        // A frame is of the origin of a redirect address.
        let others =
            if settings.frontchannel_logout_uri.is_empty() { Vec::new() } else { settings.redirect_uris };
        let settings = OidcConnection {
            client_id: slug.to_owned(),
            redirect_uris: std::iter::once(redirect.clone()).chain(others).collect(),
            post_logout_redirect_uris: vec![format!("https://{slug}.example/bye")],
            ..settings
        };
        let (_, secret) = app.app(slug, Connection::Oidc(Box::new(settings)), group).await;
        Self { client_id: slug.to_owned(), secret: secret.expect("made"), redirect }
    }

    fn address(&self, more: &[(&str, &str)]) -> String {
        let mut fields = vec![
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", &self.redirect),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "s1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        fields.extend_from_slice(more);
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/oauth2/authorize?{query}")
    }

    /// Signs the person of a browser on; answers the ID token.
    async fn sign_on(&self, browser: &Browser) -> String {
        let page = browser.get(&self.address(&[])).await;
        let code = query(page.location())["code"].clone();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", VERIFIER),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.client_id, self.secret)));
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", &basic)];
        text(&json(&browser.send(Method::POST, "/oauth2/token", &headers, &body).await), "id_token")
    }

    /// Where this client sends a browser to sign out.
    fn logout(&self, id_token: &str) -> String {
        let back = format!("https://{}.example/bye", self.client_id);
        let fields = [("id_token_hint", id_token), ("post_logout_redirect_uri", &back), ("state", "out")];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("/oauth2/logout?{query}")
    }
}

/// A client's server that takes logout tokens on loopback, and answers what it is set to.
#[derive(Clone)]
pub struct Receiver {
    /// Where it takes them.
    pub url: String,
    got: Arc<Mutex<Vec<String>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/backchannel", listener.local_addr().expect("bound"));
        let this = Self { url, got: Arc::default(), status: Arc::new(Mutex::new(200)) };
        let router = Router::new().route("/backchannel", post(take)).with_state(this.clone());
        spawn(async move { axum::serve(listener, router).await });
        this
    }

    fn answers(&self, status: u16) {
        *self.status.lock().expect("no panic") = status;
    }

    /// The bodies it got so far.
    fn bodies(&self) -> Vec<String> {
        self.got.lock().expect("no panic").clone()
    }

    /// The logout tokens it got so far.
    pub fn tokens(&self) -> Vec<String> {
        let token = |body: &String| {
            let fields: Vec<(String, String)> =
                form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            assert_eq!(fields.len(), 1, "nothing but the token (O-24): {body}");
            assert_eq!(fields[0].0, "logout_token");
            fields[0].1.clone()
        };
        self.bodies().iter().map(token).collect()
    }

    fn settings(&self) -> OidcConnection {
        OidcConnection { backchannel_logout_uri: self.url.clone(), ..oidc_settings() }
    }
}

async fn take(State(receiver): State<Receiver>, body: String) -> StatusCode {
    receiver.got.lock().expect("no panic").push(body);
    StatusCode::from_u16(*receiver.status.lock().expect("no panic")).expect("a status")
}
