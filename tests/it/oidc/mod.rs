//! OpenID Connect over HTTP: codes, tokens, userinfo, logout, and what is refused.

mod authorization;
mod binding;
mod client_secrets;
mod conformance;
mod connected;
mod consent;
mod cors;
mod cves;
mod devices;
mod grammar;
mod grants;
mod hints;
pub mod jose;
mod keys;
mod leaks;
mod listed;
mod logout;
mod narrowing;
mod posted;
mod private_keys;
mod pushed;
mod rebinding;
mod refusals;
mod requests;
mod rotation;
mod services;
mod simulated;
mod simulator;
mod states;
mod subjects;
mod token_changes;
mod values;
mod worth;

use crate::support::app::{Browser, Page, TestApp, oidc_settings};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use gatehouse::domain::{
    connection::{Connection, OidcConnection},
    user::{Role, User},
};
use reqwest::Method;
use std::collections::HashMap;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "https://rp.example/callback";

/// A gateway with Maya, who has the OIDC app `metrics`.
struct Gateway {
    app: TestApp,
    maya: User,
    secret: String,
}

impl Gateway {
    async fn new() -> Self {
        Self::with(TestApp::new().await, oidc_settings()).await
    }

    async fn with(app: TestApp, settings: OidcConnection) -> Self {
        app.person("tomas", Role::Owner).await;
        let maya = app.person("maya", Role::None).await;
        let group = app.group("Growth", &[maya.id]).await;
        let (_, secret) = app.app("metrics", Connection::Oidc(Box::new(settings)), &group).await;
        Self { app, maya, secret: secret.unwrap_or_default() }
    }

    /// A browser in which Maya is signed in.
    async fn signed_in(&self) -> Browser {
        let browser = self.app.browser();
        browser.sign_in("maya").await;
        browser
    }

    #[expect(clippy::unused_self, reason = "reads as what the gateway is asked")]
    fn authorize(&self, more: &[(&str, &str)]) -> String {
        let mut fields: Vec<(&str, &str)> = vec![
            ("client_id", "metrics"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid profile email groups"),
            ("state", "s1"),
            ("nonce", "n1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        fields.retain(|(_, value)| *value != "-");
        format!(
            "/oauth2/authorize?{}",
            form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        )
    }

    async fn code(&self, browser: &Browser) -> String {
        let page = browser.get(&self.authorize(&[])).await;
        query(page.location())["code"].clone()
    }

    fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("metrics:{}", self.secret)))
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", &self.basic())];
        self.app.browser().send(Method::POST, "/oauth2/token", &headers, &body).await
    }

    async fn redeem(&self, code: &str) -> Page {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.token(&fields).await
    }

    async fn refresh(&self, token: &str) -> Page {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn userinfo(&self, access_token: &str) -> Page {
        let bearer = format!("Bearer {access_token}");
        self.app.browser().send(Method::GET, "/oauth2/userinfo", &[("authorization", &bearer)], "").await
    }
}

fn query(location: &str) -> HashMap<String, String> {
    let url = url::Url::parse(location).unwrap_or_else(|_| panic!("no address: {location:?}"));
    url.query_pairs().into_owned().collect()
}

fn json(page: &Page) -> serde_json::Value {
    serde_json::from_str(&page.text).unwrap_or_else(|_| panic!("no JSON: {} {}", page.status, page.text))
}

fn text(value: &serde_json::Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

/// The claims of a JWT; its signature is checked by the peers.
fn claims(token: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}
