//! Statsig: an OIDC client that runs discovery, sends its secret in the body, and knows no PKCE.

use super::Console;
use crate::{
    oidc::jose,
    support::app::{Browser, PASSWORD, Page, unescape},
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::HashMap;

/// Why Statsig turns somebody away.
type Refusal = String;

/// Statsig's side of one organisation.
struct Statsig {
    issuer: String,
    client_id: String,
    client_secret: String,
    domain: String,
    document: Value,
    browser: Browser,
    asked: HashMap<String, String>,
}

/// Who signed in.
#[derive(Debug)]
struct Member {
    email: String,
    role: &'static str,
    refresh_token: String,
}

fn parse(text: &str) -> Result<Value, Refusal> {
    serde_json::from_str(text).map_err(|_| format!("no JSON: {text}"))
}

fn text(value: &Value, name: &str) -> Result<String, Refusal> {
    let found = value[name].as_str().filter(|text| !text.is_empty());
    found.map(str::to_owned).ok_or_else(|| format!("no {name}: {value}"))
}

impl Statsig {
    /// What the settings page asks for: issuer, client ID and client secret. It runs discovery and wants the same issuer to the
    /// byte.
    async fn configured(console: &Console, issuer: &str, id: &str, secret: &str) -> Result<Self, Refusal> {
        let browser = console.app.browser();
        let page = browser.get(&format!("{issuer}/.well-known/openid-configuration")).await;
        let document = parse(&page.text)?;
        if document["issuer"] != issuer {
            return Err(format!("another issuer: {}", document["issuer"]));
        }
        Ok(Self {
            issuer: issuer.into(),
            client_id: id.into(),
            client_secret: secret.into(),
            domain: "fernhill.example".into(),
            document,
            browser,
            asked: HashMap::new(),
        })
    }

    /// `https://console.statsig.com/sso`, as a tile or a person opens it: the request that it sends the browser with.
    fn start(&mut self, opened: &str) -> Result<String, Refusal> {
        let url = url::Url::parse(opened).map_err(|error| error.to_string())?;
        if (url.host_str(), url.path()) != (Some("console.statsig.com"), "/sso") {
            return Err(format!("not Statsig's: {opened}"));
        }
        let told: HashMap<String, String> = url.query_pairs().into_owned().collect();
        // OpenID Connect Core §4: only an issuer it knows may start a sign-on.
        if told.get("iss").is_some_and(|iss| *iss != self.issuer) {
            return Err("an issuer it doesn't know".into());
        }
        let number = self.asked.len();
        let (state, nonce) = (format!("state-{number}"), format!("nonce-{number}"));
        let endpoint = text(&self.document, "authorization_endpoint")?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", "https://console.statsig.com/sso/oidc")
            .append_pair("response_type", "code")
            .append_pair("scope", "openid email profile offline_access")
            .append_pair("state", &state)
            .append_pair("nonce", &nonce);
        if let Some(hint) = told.get("login_hint") {
            query.append_pair("login_hint", hint);
        }
        self.asked.insert(state, nonce);
        Ok(format!("{endpoint}?{}", query.finish()))
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Result<Value, Refusal> {
        let mut all = fields.to_vec();
        all.extend([("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.as_str())]);
        let page = self.browser.post(&text(&self.document, "token_endpoint")?, &all).await;
        if page.status != StatusCode::OK {
            return Err(page.text);
        }
        parse(&page.text)
    }

    /// `/sso/oidc`: where the browser comes back.
    async fn callback(&mut self, address: &str) -> Result<Member, Refusal> {
        let url = url::Url::parse(address).map_err(|_| format!("no address: {address:?}"))?;
        if !address.starts_with("https://console.statsig.com/sso/oidc?") {
            return Err(format!("not Statsig's: {address}"));
        }
        let answer: HashMap<String, String> = url.query_pairs().into_owned().collect();
        if let Some(error) = answer.get("error") {
            return Err(format!("{error}: {answer:?}"));
        }
        let nonce =
            answer.get("state").and_then(|state| self.asked.remove(state)).ok_or("an unknown state")?;
        let code = answer.get("code").ok_or("no code")?;
        let tokens = self
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", "https://console.statsig.com/sso/oidc"),
            ])
            .await?;
        let jwks = parse(&self.browser.get(&text(&self.document, "jwks_uri")?).await.text)?;
        let claims = jose::proven(&text(&tokens, "id_token")?, &jwks).claims;
        if claims["iss"] != self.issuer || claims["aud"] != self.client_id || claims["nonce"] != nonce {
            return Err(format!("not for this sign-on: {claims}"));
        }
        let bearer = format!("Bearer {}", text(&tokens, "access_token")?);
        let address = text(&self.document, "userinfo_endpoint")?;
        let info = self.browser.send(Method::GET, &address, &[("authorization", &bearer)], "").await;
        let info = parse(&info.text)?;
        if info["sub"] != claims["sub"] {
            return Err("userinfo is about somebody else".into());
        }
        let email = text(&info, "email")?;
        if !email.ends_with(&format!("@{}", self.domain)) {
            return Err(format!("{email} is outside the organisation's domain"));
        }
        Ok(Member { email, role: "Member", refresh_token: text(&tokens, "refresh_token")? })
    }
}

/// The value beside one of our labels that the page offers to copy.
fn copied(page: &Page, label: &str) -> String {
    let after = page.text.split(&format!("<dt>{label}")).nth(1).unwrap_or_else(|| panic!("no {label}"));
    let value = after.split("<code").nth(1).and_then(|code| code.split('>').nth(1));
    unescape(value.and_then(|code| code.split('<').next()).expect("a value"))
}

/// Adds Statsig from the catalogue and opens it to Growth: issuer, client ID and client secret as the page shows them.
async fn added(console: &Console) -> (String, String, String) {
    let new = "/admin/apps/new/statsig";
    let card = console.owner.get("/admin/apps/new?q=statsig").await;
    assert!(card.text.contains(&format!("href=\"{new}\"")), "it is offered: {}", card.text);
    let tab = console.owner.submit(new, new, &[("label", "Statsig"), ("show_in_portal", "on")]).await;
    assert_eq!(tab.status, StatusCode::OK, "{}", tab.text);
    assert!(
        tab.text.contains("shown this once") && tab.text.contains("console.statsig.com/sso"),
        "{}",
        tab.text
    );
    let secret = tab.text.split("shown this once").nth(1).and_then(|after| after.split("<code").nth(1));
    let secret = secret.and_then(|code| code.split('>').nth(1)?.split('<').next()).expect("shown");
    let values = (copied(&tab, "OIDC domain"), copied(&tab, "Client ID"), unescape(secret));
    let access = "/admin/apps/statsig/access";
    let fields = [("action", "add_group"), ("group", console.group.as_str())];
    assert_eq!(console.owner.submit(access, access, &fields).await.status, StatusCode::SEE_OTHER);
    let state = "/admin/apps/statsig/state";
    assert_eq!(console.owner.submit(access, state, &[("state", "live")]).await.status, StatusCode::SEE_OTHER);
    values
}

#[tokio::test]
async fn statsig_signs_people_in_from_its_own_page_and_from_the_tile() {
    let console = Console::new().await;
    let (issuer, id, secret) = added(&console).await;
    assert_eq!(issuer, console.app.url);
    let mut statsig = Statsig::configured(&console, &issuer, &id, &secret).await.expect("configured");

    // From its own page: the person signs in on the way.
    let browser = console.app.browser();
    let request = statsig.start("https://console.statsig.com/sso").expect("a request");
    let asked = browser.get(&request).await;
    let after = browser.sign_in_from(asked.location(), "maya", PASSWORD).await;
    let back = browser.leave(&after).await;
    let member = statsig.callback(back.location()).await.expect("signed in");
    assert_eq!((member.email.as_str(), member.role), ("maya@fernhill.example", "Member"));

    // From the tile: Statsig is told who and by whom, and nobody is asked twice.
    let opened = browser.get("/launch/statsig").await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
    let told: HashMap<String, String> =
        url::Url::parse(opened.location()).expect("an address").query_pairs().into_owned().collect();
    assert_eq!(told["iss"], issuer);
    assert_eq!(told["login_hint"], "maya@fernhill.example");
    let request = statsig.start(opened.location()).expect("a request");
    let back = browser.get(&request).await;
    let member = statsig.callback(back.location()).await.expect("signed in without a page");

    // Its refresh token works, and turns.
    let fields = [("grant_type", "refresh_token"), ("refresh_token", member.refresh_token.as_str())];
    let renewed = statsig.token(&fields).await.expect("renewed");
    assert_ne!(renewed["refresh_token"], member.refresh_token);
}

#[tokio::test]
async fn statsig_refuses_what_does_not_fit() {
    let console = Console::new().await;
    let (issuer, id, secret) = added(&console).await;
    assert!(Statsig::configured(&console, &format!("{issuer}/"), &id, &secret).await.is_err(), "to the byte");
    let mut statsig = Statsig::configured(&console, &issuer, &id, &secret).await.expect("configured");
    assert!(statsig.start("https://console.statsig.com/sso?iss=https%3A%2F%2Fevil.example").is_err());
    let browser = console.app.browser();
    browser.sign_in("maya").await;
    let sign_in = async |statsig: &mut Statsig| {
        let request = statsig.start("https://console.statsig.com/sso").expect("a request");
        let back = browser.get(&request).await;
        statsig.callback(back.location()).await
    };
    statsig.domain = "other.example".into();
    let foreign = sign_in(&mut statsig).await.expect_err("a foreign domain");
    assert!(foreign.contains("outside the organisation"), "{foreign}");
    statsig.domain = "fernhill.example".into();
    statsig.client_secret = "wrong".into();
    let wrong = sign_in(&mut statsig).await.expect_err("a wrong secret");
    assert!(wrong.contains("invalid_client"), "{wrong}");
    statsig.client_secret = secret;
    sign_in(&mut statsig).await.expect("the valid twin");
    // Somebody who may not open it never reaches Statsig.
    let tomas = console.app.browser();
    tomas.sign_in("tomas").await;
    let request = statsig.start("https://console.statsig.com/sso").expect("a request");
    assert!(!tomas.get(&request).await.location().starts_with("https://console.statsig.com"));
}
