//! DPoP at our endpoints (O-43): tokens bound to a key, proofs that count once, nonces.

use super::{Gateway, REDIRECT, VERIFIER, json, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings},
    client_key::{ClientKey, ath},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::domain::connection::{AccessTokenFormat, ClientAuth, OidcConnection};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json as value};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

impl Gateway {
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.app.url)
    }

    fn proof(&self, key: &ClientKey, path: &str, more: &Value) -> String {
        key.proof("POST", &self.address(path), self.app.ctx.now(), more)
    }

    /// A token request with these proofs; without a secret when `public`.
    async fn token_with(&self, fields: &[(&str, &str)], proofs: &[&str], public: bool) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let basic = self.basic();
        let mut headers = vec![FORM];
        if !public {
            headers.push(("authorization", &basic));
        }
        headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        self.app.browser().send(Method::POST, "/oauth2/token", &headers, &body).await
    }

    async fn redeem_with(&self, code: &str, proofs: &[&str]) -> Page {
        self.token_with(&code_fields(code), proofs, false).await
    }

    async fn userinfo_with(&self, authorization: &str, proof: Option<&str>) -> Page {
        let mut headers = vec![("authorization", authorization)];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        self.app.browser().send(Method::GET, "/oauth2/userinfo", &headers, "").await
    }

    fn userinfo_proof(&self, key: &ClientKey, token: &str) -> String {
        key.proof("GET", &self.address("/oauth2/userinfo"), self.app.ctx.now(), &ath(token))
    }
}

fn code_fields(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]
}

fn error(page: &Page) -> (u16, String) {
    (page.status.as_u16(), text(&json(page), "error"))
}

async fn o43_tokens_are_bound_to_the_key_that_was_proven(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, oidc_settings()).await;
    let browser = gateway.signed_in().await;
    let (key, other) = (ClientKey::new(), ClientKey::new());
    let proof = gateway.proof(&key, "/oauth2/token", &value!({}));
    let answer = gateway.redeem_with(&gateway.code(&browser).await, &[&proof]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.headers.contains_key("dpop-nonce"));
    let tokens = json(&answer);
    assert_eq!(tokens["token_type"], "DPoP");
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));

    // The valid twin, by every spelling of the scheme.
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let proof = gateway.userinfo_proof(&key, &access);
        let page = gateway.userinfo_with(&format!("{scheme} {access}"), Some(&proof)).await;
        assert_eq!(page.status, StatusCode::OK, "{scheme}: {}", page.text);
    }
    // RFC 9449 §7.2: not as a bearer token, not without a proof, not with one by another key or for another token.
    let bearer = gateway.userinfo_with(&format!("Bearer {access}"), None).await;
    assert_eq!(error(&bearer), (401, "invalid_token".into()));
    let dpop = format!("DPoP {access}");
    let bare = gateway.userinfo_with(&dpop, None).await;
    assert_eq!(error(&bare), (401, "invalid_dpop_proof".into()));
    let challenge = bare.headers["www-authenticate"].to_str().expect("text");
    assert!(challenge.starts_with("DPoP error=") && challenge.contains("algs=\"PS256 ES256 EdDSA Ed25519\""));
    let wrong = [
        ("another key", gateway.userinfo_proof(&other, &access), "invalid_token"),
        ("another token", gateway.userinfo_proof(&key, "gha_x"), "invalid_dpop_proof"),
        (
            "no ath",
            key.proof("GET", &gateway.address("/oauth2/userinfo"), gateway.app.ctx.now(), &value!({})),
            "invalid_dpop_proof",
        ),
        ("another method", gateway.proof(&key, "/oauth2/userinfo", &ath(&access)), "invalid_dpop_proof"),
    ];
    for (name, proof, expected) in &wrong {
        let page = gateway.userinfo_with(&dpop, Some(proof)).await;
        assert_eq!(error(&page), (401, (*expected).into()), "{name}");
    }
    let introspected = json(&gateway.introspected(&access).await);
    assert_eq!(introspected["cnf"]["jkt"], key.thumbprint());
    assert_eq!(introspected["token_type"], "DPoP");

    // O-10: the refresh token hangs on the key as well.
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(error(&gateway.token_with(&fields, &[], false).await), (400, "invalid_grant".into()));
    let by_other = gateway.proof(&other, "/oauth2/token", &value!({}));
    assert_eq!(error(&gateway.token_with(&fields, &[&by_other], false).await), (400, "invalid_grant".into()));
    let proof = gateway.proof(&key, "/oauth2/token", &value!({}));
    let renewed = gateway.token_with(&fields, &[&proof], false).await;
    assert_eq!((renewed.status, &json(&renewed)["token_type"]), (StatusCode::OK, &"DPoP".into()));
}

#[tokio::test]
async fn o43_tokens_are_bound_to_the_key_that_was_proven_sqlite() {
    o43_tokens_are_bound_to_the_key_that_was_proven(Kind::Sqlite).await;
}

#[tokio::test]
async fn o43_tokens_are_bound_to_the_key_that_was_proven_postgres() {
    o43_tokens_are_bound_to_the_key_that_was_proven(Kind::Postgres).await;
}

#[tokio::test]
async fn o43_a_proof_counts_once_at_every_endpoint() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let key = ClientKey::new();
    let proof = gateway.proof(&key, "/oauth2/token", &value!({}));
    let tokens = json(&gateway.redeem_with(&gateway.code(&browser).await, &[&proof]).await);
    let second = gateway.code(&browser).await;
    let replayed = gateway.redeem_with(&second, &[&proof]).await;
    assert_eq!(error(&replayed), (400, "invalid_dpop_proof".into()));
    // What was refused for its proof spent nothing.
    let fresh = gateway.proof(&key, "/oauth2/token", &value!({}));
    assert_eq!(gateway.redeem_with(&second, &[&fresh]).await.status, StatusCode::OK);
    // A refused request uses its proof up as well.
    let used = gateway.proof(&key, "/oauth2/token", &value!({}));
    assert_eq!(error(&gateway.redeem_with("ghc_x", &[&used]).await), (400, "invalid_grant".into()));
    let access = text(&tokens, "access_token");
    let proof = gateway.userinfo_proof(&key, &access);
    let dpop = format!("DPoP {access}");
    assert_eq!(gateway.userinfo_with(&dpop, Some(&proof)).await.status, StatusCode::OK);
    assert_eq!(error(&gateway.userinfo_with(&dpop, Some(&proof)).await), (401, "invalid_dpop_proof".into()));
    // Of many at once with one proof, one is answered.
    let proof = gateway.userinfo_proof(&key, &access);
    let answers =
        futures_util::future::join_all((0..20).map(|_| gateway.userinfo_with(&dpop, Some(&proof)))).await;
    assert_eq!(answers.iter().filter(|page| page.status == StatusCode::OK).count(), 1);
}

#[tokio::test]
async fn o43_broken_proofs_stop_a_request_and_spend_no_code() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let key = ClientKey::new();
    let code = gateway.code(&browser).await;
    let good = gateway.proof(&key, "/oauth2/token", &value!({}));
    let now = gateway.app.ctx.now();
    let elsewhere = gateway.proof(&key, "/oauth2/userinfo", &value!({}));
    let old = key.proof("POST", &gateway.address("/oauth2/token"), now - TimeDelta::hours(1), &value!({}));
    let early = key.proof("POST", &gateway.address("/oauth2/token"), now + TimeDelta::hours(1), &value!({}));
    for proofs in [vec!["nonsense"], vec![""], vec![&good, &good], vec![&elsewhere], vec![&old], vec![&early]]
    {
        let page = gateway.redeem_with(&code, &proofs).await;
        assert_eq!(error(&page), (400, "invalid_dpop_proof".into()), "{proofs:?}");
    }
    assert_eq!(gateway.redeem_with(&code, &[&good]).await.status, StatusCode::OK, "the valid twin");
}

#[tokio::test]
async fn o43_a_client_registered_for_bound_tokens_gets_no_others() {
    let settings = OidcConnection { dpop_bound_access_tokens: true, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let code = gateway.code(&browser).await;
    assert_eq!(error(&gateway.redeem(&code).await), (400, "invalid_dpop_proof".into()));
    let proof = gateway.proof(&ClientKey::new(), "/oauth2/token", &value!({}));
    assert_eq!(gateway.redeem_with(&code, &[&proof]).await.status, StatusCode::OK, "the valid twin");
}

#[tokio::test]
async fn o43_public_clients_prove_their_key_with_a_nonce_of_ours() {
    let settings = OidcConnection { client_auth: ClientAuth::None, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let key = ClientKey::new();
    let code = gateway.code(&browser).await;
    let fields = [code_fields(&code).as_slice(), &[("client_id", "metrics")]].concat();
    let proof = gateway.proof(&key, "/oauth2/token", &value!({}));
    let asked = gateway.token_with(&fields, &[&proof], true).await;
    assert_eq!(error(&asked), (400, "use_dpop_nonce".into()));
    let nonce = asked.headers["dpop-nonce"].to_str().expect("text").to_owned();
    let invented = gateway.proof(&key, "/oauth2/token", &value!({ "nonce": "invented" }));
    assert_eq!(error(&gateway.token_with(&fields, &[&invented], true).await), (400, "use_dpop_nonce".into()));
    let proof = gateway.proof(&key, "/oauth2/token", &value!({ "nonce": nonce }));
    let answer = gateway.token_with(&fields, &[&proof], true).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    // Without DPoP a public client needs none; and an old nonce is asked anew.
    let code = gateway.code(&browser).await;
    let fields = [code_fields(&code).as_slice(), &[("client_id", "metrics")]].concat();
    gateway.app.ctx.clock.advance(TimeDelta::minutes(11));
    let late = gateway.proof(&key, "/oauth2/token", &value!({ "nonce": nonce }));
    assert_eq!(error(&gateway.token_with(&fields, &[&late], true).await), (400, "use_dpop_nonce".into()));
}

#[tokio::test]
async fn rfc9068_signed_access_tokens_are_looked_up_like_opaque_ones() {
    let settings = OidcConnection { access_token_format: AccessTokenFormat::Jwt, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let key = ClientKey::new();
    let proof = gateway.proof(&key, "/oauth2/token", &value!({}));
    let tokens = json(&gateway.redeem_with(&gateway.code(&browser).await, &[&proof]).await);
    let access = text(&tokens, "access_token");
    let claims = super::claims(&access);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&gateway.app.url.as_str().into(), &gateway.app.url.as_str().into())
    );
    assert_eq!((&claims["client_id"], &claims["cnf"]["jkt"]), (&"metrics".into(), &key.thumbprint().into()));
    assert_eq!((&claims["groups"], &claims["amr"]), (&value!(["Growth"]), &value!(["pwd"])));
    assert_eq!(claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat), Some(900));
    let proof = gateway.userinfo_proof(&key, &access);
    assert_eq!(gateway.userinfo_with(&format!("DPoP {access}"), Some(&proof)).await.status, StatusCode::OK);
    assert_eq!(json(&gateway.introspected(&access).await)["active"], true);
    // O-37: an ID token is no access token, signed by us as it is.
    let id_token = text(&tokens, "id_token");
    assert_eq!(gateway.userinfo(&id_token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(json(&gateway.introspected(&id_token).await)["active"], false);
    // Revoked, it is worth nothing although it is still well signed.
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("token", &access).finish();
    let basic = gateway.basic();
    let headers = [FORM, ("authorization", basic.as_str())];
    let revoked = gateway.app.browser().send(Method::POST, "/oauth2/revoke", &headers, &body).await;
    assert_eq!(revoked.status, StatusCode::OK);
    assert_eq!(json(&gateway.introspected(&access).await)["active"], false);
    let proof = gateway.userinfo_proof(&key, &access);
    assert_eq!(
        gateway.userinfo_with(&format!("DPoP {access}"), Some(&proof)).await.status,
        StatusCode::UNAUTHORIZED
    );
}

impl Gateway {
    /// What the client itself is told about a token.
    pub(super) async fn introspected(&self, token: &str) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        let headers = [FORM, ("authorization", &*self.basic())];
        self.app.browser().send(Method::POST, "/oauth2/introspect", &headers, &body).await
    }
}

#[tokio::test]
async fn o05_o43_a_code_asked_for_with_a_key_is_redeemed_by_that_key_only() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let (key, other) = (ClientKey::new(), ClientKey::new());
    let thumbprint = key.thumbprint();
    let code = async || {
        let page = browser.get(&gateway.authorize(&[("dpop_jkt", &thumbprint)])).await;
        super::query(page.location())["code"].clone()
    };
    assert_eq!(error(&gateway.redeem(&code().await).await), (400, "invalid_grant".into()), "no proof");
    let proof = gateway.proof(&other, "/oauth2/token", &value!({}));
    assert_eq!(error(&gateway.redeem_with(&code().await, &[&proof]).await), (400, "invalid_grant".into()));
    let proof = gateway.proof(&key, "/oauth2/token", &value!({}));
    assert_eq!(gateway.redeem_with(&code().await, &[&proof]).await.status, StatusCode::OK, "the valid twin");
}

#[tokio::test]
async fn o43_a_proof_at_the_par_endpoint_binds_the_code() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let (key, other) = (ClientKey::new(), ClientKey::new());
    let basic = gateway.basic();
    let push = async |proof: &str| {
        let request = gateway.authorize(&[]);
        let (_, body) = request.split_once('?').expect("a query");
        let headers = [FORM, ("authorization", basic.as_str()), ("dpop", proof)];
        gateway.app.browser().send(Method::POST, "/oauth2/par", &headers, body).await
    };
    let code = async |pushed: &Page| {
        let reference = text(&json(pushed), "request_uri");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", "metrics"), ("request_uri", reference.as_str())])
            .finish();
        let page = browser.get(&format!("/oauth2/authorize?{query}")).await;
        super::query(page.location())["code"].clone()
    };
    let proof = gateway.proof(&key, "/oauth2/par", &value!({}));
    let pushed = push(&proof).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text);
    assert!(pushed.headers.contains_key("dpop-nonce"));
    let by_other = gateway.proof(&other, "/oauth2/token", &value!({}));
    let refused = gateway.redeem_with(&code(&pushed).await, &[&by_other]).await;
    assert_eq!(error(&refused), (400, "invalid_grant".into()));
    assert_eq!(
        error(&push(&proof).await),
        (400, "invalid_dpop_proof".into()),
        "a proof counts once here too"
    );
    let pushed = push(&gateway.proof(&key, "/oauth2/par", &value!({}))).await;
    let by_key = gateway.proof(&key, "/oauth2/token", &value!({}));
    assert_eq!(gateway.redeem_with(&code(&pushed).await, &[&by_key]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn o36_resources_of_the_authorization_bound_what_its_tokens_are_for() {
    let (one, two) = ("https://one.fernhill.example/", "https://two.fernhill.example/");
    let settings = OidcConnection {
        resources: vec![one.into(), two.into()],
        access_token_format: AccessTokenFormat::Jwt,
        ..oidc_settings()
    };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let code = async || {
        let page = browser.get(&gateway.authorize(&[("resource", one)])).await;
        super::query(page.location())["code"].clone()
    };
    let tokens = json(&gateway.redeem(&code().await).await);
    assert_eq!(super::claims(&text(&tokens, "access_token"))["aud"], one, "what was granted, without a wish");
    let refresh = text(&tokens, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("resource", two)];
    assert_eq!(
        error(&gateway.token(&fields).await),
        (400, "invalid_target".into()),
        "registered, but not granted"
    );
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("resource", one)];
    assert_eq!(gateway.token(&fields).await.status, StatusCode::OK);
    let both = browser.get(&format!("{}&resource={two}", gateway.authorize(&[("resource", one)]))).await;
    let tokens = json(&gateway.redeem(&super::query(both.location())["code"]).await);
    assert_eq!(super::claims(&text(&tokens, "access_token"))["aud"], value!([one, two]));
}
