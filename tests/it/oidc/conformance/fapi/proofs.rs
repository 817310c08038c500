//! The module of malformed, foreign and harmless proofs, at userinfo as the module asks it and at the token endpoint.

use super::driver::{Fapi, TOKEN, USERINFO, refused, with};
use crate::{
    oidc::{json, text},
    support::{
        app::Page,
        client_key::{ClientKey, ath, unique},
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::StatusCode;
use serde_json::{Value, json as value};

/// A proof before it is signed.
struct Draft<'a> {
    key: &'a ClientKey,
    header: Value,
    claims: Value,
}

impl<'a> Draft<'a> {
    fn new(fapi: &Fapi, key: &'a ClientKey, method: &str, path: &str, access: Option<&str>) -> Self {
        let header = value!({ "typ": "dpop+jwt", "alg": key.algorithm(), "jwk": key.jwk() });
        let claims = value!({ "jti": unique(), "htm": method, "htu": fapi.address(path), "iat": fapi.now() });
        let claims = access.map_or_else(|| claims.clone(), |token| with(claims.clone(), &ath(token)));
        Self { key, header, claims }
    }

    fn header(mut self, more: &Value) -> String {
        self.header = with(self.header, more);
        self.signed()
    }

    fn claims(mut self, more: &Value) -> String {
        self.claims = with(self.claims, more);
        self.signed()
    }

    fn signed(self) -> String {
        self.key.sign(&self.header, &self.claims)
    }

    fn unsigned(self) -> String {
        let header = with(self.header, &value!({ "alg": "none" }));
        let parts = [header, self.claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{}.{}.", parts[0], parts[1])
    }

    fn misused(self, other: &ClientKey) -> String {
        other.sign(&self.header, &self.claims)
    }
}

/// What is wrong with a proof wherever it is sent.
fn broken<'a>(fapi: &Fapi, key: &'a ClientKey, draft: impl Fn() -> Draft<'a>) -> Vec<(&'static str, String)> {
    let (now, other) = (fapi.now(), ClientKey::new());
    let mut cases = vec![
        ("not a JWT", "thisIsNotAWellFormedJwt".to_owned()),
        ("wrong typ", draft().header(&value!({ "typ": "JWT" }))),
        ("alg none", draft().unsigned()),
        ("a private key in jwk", draft().header(&value!({ "jwk": key.private_jwk() }))),
        ("the signature of another key", draft().misused(&other)),
        ("wrong htm", draft().claims(&value!({ "htm": "PUT" }))),
        ("another htu", draft().claims(&value!({ "htu": fapi.address("/oauth2/other") }))),
        ("htu of another host", draft().claims(&value!({ "htu": "https://suite.example/oauth2/token" }))),
        ("an hour ahead", draft().claims(&value!({ "iat": now + 3600 }))),
        ("an hour old", draft().claims(&value!({ "iat": now - 3600 }))),
    ];
    for member in ["typ", "alg", "jwk"] {
        cases.push((member, draft().header(&value!({ member: null }))));
    }
    for claim in ["jti", "htm", "htu", "iat"] {
        cases.push((claim, draft().claims(&value!({ claim: null }))));
    }
    let good = draft().signed();
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    bytes[10] ^= 0x5a;
    cases.push(("a broken signature", format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))));
    cases
}

/// What makes no difference: query and fragment, case of scheme and host, members that nobody knows.
fn harmless<'a>(address: &str, draft: impl Fn() -> Draft<'a>) -> Vec<(&'static str, String)> {
    vec![
        ("a query and a fragment", draft().claims(&value!({ "htu": format!("{address}?q=1&r=2#part") }))),
        ("case of the scheme", draft().claims(&value!({ "htu": address.replacen("http", "HTTP", 1) }))),
        ("more members", {
            let mut draft = draft();
            draft.header = with(draft.header, &value!({ "suite": "x", "kid": "k" }));
            draft.claims(&value!({ "suite": { "a": [1] }, "sub": "x", "aud": "y" }))
        }),
        ("as it should be", draft().signed()),
    ]
}

/// RFC 9449 §7.1: refused with a challenge.
fn challenged(page: &Page, name: &str) {
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{name}: {}", page.text);
    let challenge = page.header("www-authenticate").unwrap_or_default();
    assert!(challenge.starts_with("DPoP error=\"invalid_"), "{name}: {challenge}");
}

#[tokio::test]
async fn dpop_negative_tests() {
    let fapi = Fapi::new().await;
    let key = &fapi.client.bound;
    let tokens = fapi.flow(&fapi.client, &[]).await;
    let dpop = format!("DPoP {}", tokens.access);
    let draft = || Draft::new(&fapi, key, "GET", USERINFO, Some(&tokens.access));
    let other = ClientKey::new();
    let rsa = ClientKey::rsa();
    let mut cases = broken(&fapi, key, draft);
    cases.push(("no ath", draft().claims(&value!({ "ath": null }))));
    cases.push(("wrong ath", draft().claims(&ath("another token"))));
    cases.push(("another key", fapi.resource_proof(&other, &tokens.access, &value!({}))));
    let by_rs256 = Draft::new(&fapi, &rsa, "GET", USERINFO, Some(&tokens.access));
    cases.push(("RS256", by_rs256.header(&value!({ "alg": "RS256" }))));
    for (name, proof) in &cases {
        challenged(&fapi.userinfo(&dpop, &[proof]).await, name);
    }
    let (one, two) = (draft().signed(), draft().signed());
    challenged(&fapi.userinfo(&dpop, &[&one, &two]).await, "two headers");
    challenged(&fapi.userinfo(&dpop, &[]).await, "no proof");
    let bearer = fapi.userinfo(&format!("Bearer {}", tokens.access), &[]).await;
    assert_eq!(bearer.status, StatusCode::UNAUTHORIZED, "no proof, as a bearer token");

    let once = draft().claims(&value!({ "jti": "fixed-by-the-suite" }));
    let again = draft().claims(&value!({ "jti": "fixed-by-the-suite" }));
    assert_eq!(fapi.userinfo(&dpop, &[&once]).await.status, StatusCode::OK, "a first use");
    challenged(&fapi.userinfo(&dpop, &[&again]).await, "the same jti");
    let capitals = fapi.userinfo(&format!("DPOP {}", tokens.access), &[&draft().signed()]).await;
    assert_eq!(capitals.status, StatusCode::OK, "a scheme in capitals");
    for (name, proof) in harmless(&fapi.address(USERINFO), draft) {
        let page = fapi.userinfo(&dpop, &[&proof]).await;
        assert_eq!(page.status, StatusCode::OK, "{name}: {}", page.text);
    }
}

#[tokio::test]
async fn dpop_negative_tests_at_the_token_endpoint() {
    let fapi = Fapi::new().await;
    let (client, key) = (&fapi.client, &fapi.client.bound);
    let code = fapi.code(client, &[]).await;
    let draft = || Draft::new(&fapi, key, "POST", TOKEN, None);
    let rsa = ClientKey::rsa();
    let mut cases = broken(&fapi, key, draft);
    let by_rs256 = Draft::new(&fapi, &rsa, "POST", TOKEN, None).header(&value!({ "alg": "RS256" }));
    cases.push(("RS256", by_rs256));
    for (name, proof) in &cases {
        let page = fapi.redeem_by(client, &code, &[], &[proof]).await;
        assert_eq!(text(&json(&page), "error"), "invalid_dpop_proof", "{name}");
        refused(&page, &["invalid_dpop_proof"]);
    }
    let (one, two) = (draft().signed(), draft().signed());
    refused(&fapi.redeem_by(client, &code, &[], &[&one, &two]).await, &["invalid_dpop_proof"]);
    // None of them spent the code.
    for (name, proof) in harmless(&fapi.address(TOKEN), draft) {
        let code = if name == "as it should be" { code.clone() } else { fapi.code(client, &[]).await };
        let page = fapi.redeem_by(client, &code, &[], &[&proof]).await;
        assert_eq!(page.status, StatusCode::OK, "{name}: {}", page.text);
    }
}
