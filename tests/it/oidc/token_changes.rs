//! O-15 as a property: no prefix, no suffix and no changed bit of any token is taken for it, of whatever kind. The services are
//! called directly: a thousand requests over HTTP would show no more.

use super::{CHALLENGE, Gateway, REDIRECT, VERIFIER, json, query, text};
use crate::support::{
    app::{Browser, TestApp, oidc_settings},
    client_key::ClientKey,
};
use gatehouse::{
    domain::{
        audit::Origin,
        connection::{AccessTokenFormat, ClientAuth, OidcConnection},
    },
    service::oidc::{call::Call, client::EndpointError, hint, introspection, token, userinfo},
    store::device_grants,
};
use oidc::{ErrorCode, GrantType, device::UserCode, token::client_assertion::TYPE};
use serde_json::{Value, json as value};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

/// Places in a token at which it is cut and changed, besides every one of the last four.
const PLACES: usize = 16;

/// What is near a token: cut at either end, with something after or before it, one bit of it changed. Only what can travel in a
/// header or a form.
fn changes(token: &str) -> BTreeSet<String> {
    let step = (token.len() / PLACES).max(1);
    let places = (1..token.len()).step_by(step).chain(token.len().saturating_sub(4)..token.len());
    let mut changed = BTreeSet::new();
    for place in places.filter(|place| token.is_char_boundary(*place)) {
        changed.insert(token[..place].to_owned());
        changed.insert(token[place..].to_owned());
        for bit in 0..7 {
            let mut bytes = token.as_bytes().to_vec();
            bytes[place] ^= 1 << bit;
            if bytes[place].is_ascii_graphic() {
                changed.insert(String::from_utf8(bytes).expect("ASCII"));
            }
        }
    }
    changed.extend(["A", "=", ".", "%00"].map(|more| format!("{token}{more}")));
    changed.extend([format!("A{token}"), format!("{token}{token}"), token.replace('_', "-")]);
    changed.remove(token);
    changed
}

/// A request from an address of its own, so that no wait for the tries before it stands in for the answer.
fn origin() -> Origin {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let [_, a, b, c] = NEXT.fetch_add(256, Ordering::Relaxed).to_be_bytes();
    Origin { client_ip: format!("10.{a}.{b}.{c}"), user_agent: String::new() }
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn outcome<T>(answer: Result<T, EndpointError>) -> Result<T, ErrorCode> {
    answer.map_err(|error| match error {
        EndpointError::Protocol(error) => error.code(),
        EndpointError::Service(error) => panic!("not the client’s fault: {error}"),
    })
}

impl Gateway {
    async fn exchanged(&self, fields: &[(&str, &str)], proofs: &[String]) -> Result<Value, ErrorCode> {
        let (origin, body, basic) = (origin(), form(fields), self.basic());
        let call = Call {
            origin: &origin,
            method: "POST",
            path: "/oauth2/token",
            authorization: Some(&basic),
            proofs,
            query: None,
            body: &body,
        };
        outcome(token::exchange(&self.app.ctx, &call).await)
    }

    async fn told_of(&self, fields: &[(&str, &str)], authorization: Option<&str>) -> Result<bool, ErrorCode> {
        let (origin, body) = (origin(), form(fields));
        let call = Call {
            origin: &origin,
            method: "POST",
            path: "/oauth2/introspect",
            authorization,
            proofs: &[],
            query: None,
            body: &body,
        };
        outcome(introspection::answer(&self.app.ctx, &call).await).map(|told| told["active"] == true)
    }

    async fn opens_userinfo(&self, access: &str) -> bool {
        let (origin, bearer) = (origin(), format!("Bearer {access}"));
        let call = Call {
            origin: &origin,
            method: "GET",
            path: "/oauth2/userinfo",
            authorization: Some(&bearer),
            proofs: &[],
            query: None,
            body: "",
        };
        userinfo::answer(&self.app.ctx, &call).await.is_ok()
    }

    /// Introspection says of every change that it is no token, and of the token itself that it is one.
    async fn only_itself_is_active(&self, token: &str) {
        let basic = self.basic();
        for changed in changes(token) {
            let told = self.told_of(&[("token", &changed)], Some(&basic)).await;
            assert_eq!(told, Ok(false), "{changed}");
        }
        assert_eq!(self.told_of(&[("token", token)], Some(&basic)).await, Ok(true), "the valid twin");
    }

    /// The token endpoint refuses every change of what stands in this field, and takes the thing itself after that.
    async fn only_itself_is_exchanged(&self, field: &str, secret: &str, others: &[(&str, &str)]) -> Value {
        for changed in changes(secret) {
            let refused = self.exchanged(&[others, &[(field, &changed)]].concat(), &[]).await;
            assert_eq!(refused.err(), Some(ErrorCode::InvalidGrant), "{changed}");
        }
        self.exchanged(&[others, &[(field, secret)]].concat(), &[]).await.expect("the valid twin")
    }
}

fn all_grants(access_token_format: AccessTokenFormat) -> OidcConnection {
    OidcConnection {
        grant_types: GrantType::ALL.to_vec(),
        scopes: ["openid", "read"].map(str::to_owned).to_vec(),
        access_token_format,
        ..oidc_settings()
    }
}

#[tokio::test]
async fn o15_no_change_of_a_code_or_token_is_taken() {
    for format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
        let gateway = Gateway::with(TestApp::new().await, all_grants(format)).await;
        let browser = gateway.signed_in().await;
        let page = browser.get(&gateway.authorize(&[("scope", "openid")])).await;
        let code = query(page.location())["code"].clone();
        let others =
            [("grant_type", "authorization_code"), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
        let tokens = gateway.only_itself_is_exchanged("code", &code, &others).await;
        let access = text(&tokens, "access_token");
        for changed in changes(&access) {
            assert!(!gateway.opens_userinfo(&changed).await, "{changed}");
        }
        assert!(gateway.opens_userinfo(&access).await, "the valid twin");
        gateway.only_itself_is_active(&access).await;
        let refresh = text(&tokens, "refresh_token");
        gateway.only_itself_is_active(&refresh).await;
        gateway.only_itself_is_exchanged("refresh_token", &refresh, &[("grant_type", "refresh_token")]).await;
        let own = gateway.exchanged(&[("grant_type", "client_credentials")], &[]).await.expect("a token");
        gateway.only_itself_is_active(&text(&own, "access_token")).await;
    }
}

#[tokio::test]
async fn o15_no_change_of_an_id_token_hint_is_taken() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let id_token = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "id_token");
    let names = async |hint: &str| {
        let (ctx, now) = (&gateway.app.ctx, gateway.app.ctx.now());
        let read = hint::at_sign_on(ctx, hint, "metrics", now).await.expect("answers");
        read.ok().map(|hint| hint.sub().to_owned())
    };
    for changed in changes(&id_token) {
        assert_eq!(names(&changed).await, None, "{changed}");
    }
    assert_eq!(names(&id_token).await, Some(gateway.maya.id.to_string()), "the valid twin");
}

#[tokio::test]
async fn o15_no_change_of_a_device_s_codes_is_taken() {
    let gateway = Gateway::with(TestApp::new().await, all_grants(AccessTokenFormat::Opaque)).await;
    let browser = gateway.signed_in().await;
    let basic = gateway.basic();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
    let begun =
        gateway.app.browser().send(reqwest::Method::POST, "/oauth2/device_authorization", &headers, "").await;
    let codes = json(&begun);
    // A few letters, in any spelling: that is why tries are counted (`devices`). Here it is what a try finds.
    let typed = text(&codes, "user_code");
    let own = UserCode::parse(&typed).expect("a code").hash();
    let waits = async |hash: &str| {
        let mut conn = gateway.app.ctx.db.read().await.expect("a connection");
        let found = device_grants::find_waiting(&mut conn, hash, gateway.app.ctx.now()).await;
        found.expect("answers").is_some()
    };
    let mut others = 0;
    for changed in changes(&typed).iter().filter_map(|changed| UserCode::parse(changed)) {
        if changed.hash() != own {
            assert!(!waits(&changed.hash()).await, "{}", changed.shown());
            others += 1;
        }
    }
    assert!(others > 10, "some changes are codes: {others}");
    assert!(waits(&own).await, "the valid twin");
    super::devices::say(&browser, &typed, "yes").await;
    let grant = [("grant_type", GrantType::DeviceCode.as_str())];
    gateway.only_itself_is_exchanged("device_code", &text(&codes, "device_code"), &grant).await;
}

#[tokio::test]
async fn o15_no_change_of_a_request_uri_is_taken() {
    let gateway = Gateway::new().await;
    let browser: Browser = gateway.signed_in().await;
    let basic = gateway.basic();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
    let request = form(&[
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let pushed = gateway.app.browser().send(reqwest::Method::POST, "/oauth2/par", &headers, &request).await;
    let reference = text(&json(&pushed), "request_uri");
    let present = async |reference: &str| {
        let query = form(&[("client_id", "metrics"), ("request_uri", reference)]);
        let page = browser.get(&format!("/oauth2/authorize?{query}")).await;
        page.location().contains("code=")
    };
    for changed in changes(&reference).iter().step_by(3) {
        assert!(!present(changed).await, "{changed}");
    }
    assert!(present(&reference).await, "the valid twin");
}

#[tokio::test]
async fn o15_no_change_of_an_assertion_or_proof_is_taken() {
    let key = ClientKey::new();
    let settings =
        OidcConnection { client_auth: ClientAuth::PrivateKeyJwt, jwks: key.set("k1"), ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let assertion = key.assertion("metrics", &gateway.app.url, "k1", gateway.app.ctx.now());
    let asks = async |assertion: &str| {
        let fields = [("token", "gha_x"), ("client_assertion_type", TYPE), ("client_assertion", assertion)];
        gateway.told_of(&fields, None).await
    };
    for changed in changes(&assertion) {
        assert_eq!(asks(&changed).await, Err(ErrorCode::InvalidClient), "{changed}");
    }
    assert_eq!(asks(&assertion).await, Ok(false), "the valid twin is answered");

    let gateway = Gateway::new().await;
    let address = format!("{}/oauth2/token", gateway.app.url);
    let proof = key.proof("POST", &address, gateway.app.ctx.now(), &value!({}));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "ghr_x")];
    for changed in changes(&proof) {
        let refused = gateway.exchanged(&fields, std::slice::from_ref(&changed)).await;
        assert_eq!(refused.err(), Some(ErrorCode::InvalidDpopProof), "{changed}");
    }
    let taken = gateway.exchanged(&fields, &[proof]).await;
    assert_eq!(
        taken.err(),
        Some(ErrorCode::InvalidGrant),
        "the valid twin: the proof holds, the token doesn’t"
    );
}

#[test]
fn every_change_is_one() {
    let near = changes("ghr_0123456789abcdef");
    assert!(!near.contains("ghr_0123456789abcdef") && near.contains("ghr_0123456789abcde"));
    assert!(near.contains("hr_0123456789abcdef") && near.contains("ghr_0123456789abcdeg"));
    assert!(near.len() > 100, "{}", near.len());
}
