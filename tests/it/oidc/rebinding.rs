//! RFC 9449 §5: what a refresh token is bound to, from its first proof on (O-10, O-43).

use super::{Gateway, REDIRECT, VERIFIER, json, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings},
    client_key::{ClientKey, ath},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::domain::{
    audit::EventType,
    connection::{ClientAuth, OidcConnection},
};
use oidc::token::client_assertion::TYPE;
use reqwest::{Method, StatusCode};
use serde_json::json as value;

/// A client of one kind, at its gateway.
struct Client {
    gateway: Gateway,
    own: Option<ClientKey>,
}

impl Client {
    async fn new(kind: Kind, client_auth: ClientAuth, refresh_grace_seconds: u32) -> Self {
        let own = (client_auth == ClientAuth::PrivateKeyJwt).then(ClientKey::new);
        let jwks = own.as_ref().map(|key| key.set("k1")).unwrap_or_default();
        let settings = OidcConnection { client_auth, jwks, refresh_grace_seconds, ..oidc_settings() };
        Self { gateway: Gateway::with(TestApp::on(kind).await, settings).await, own }
    }

    /// A token request of the client as it authenticates, with a proof by the key.
    async fn ask(&self, fields: &[(&str, &str)], key: Option<&ClientKey>) -> Page {
        let app = &self.gateway.app;
        let (now, basic) = (app.ctx.now(), self.gateway.basic());
        let nonce = gatehouse::service::oidc::dpop::current_nonce(&app.ctx);
        let proof = key.map(|key| {
            key.proof("POST", &format!("{}/oauth2/token", app.url), now, &value!({ "nonce": nonce }))
        });
        let assertion = self.own.as_ref().map(|key| key.assertion("metrics", &app.url, "k1", now));
        let mut all = fields.to_vec();
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        match &assertion {
            Some(assertion) => {
                all.extend([("client_assertion_type", TYPE), ("client_assertion", assertion.as_str())]);
            }
            None if self.gateway.secret.is_empty() => all.push(("client_id", "metrics")),
            None => headers.push(("authorization", &basic)),
        }
        headers.extend(proof.as_deref().map(|proof| ("dpop", proof)));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        app.browser().send(Method::POST, "/oauth2/token", &headers, &body).await
    }

    async fn begin(&self, key: Option<&ClientKey>) -> String {
        let code = self.gateway.code(&self.gateway.signed_in().await).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.ask(&fields, key).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        text(&json(&answer), "refresh_token")
    }

    async fn refresh(&self, token: &str, key: Option<&ClientKey>) -> Page {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", token)], key).await
    }

    async fn refreshed(&self, token: &str, key: Option<&ClientKey>) -> String {
        let answer = self.refresh(token, key).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        text(&json(&answer), "refresh_token")
    }

    async fn is_refused(&self, token: &str, key: Option<&ClientKey>, why: &str) {
        let answer = self.refresh(token, key).await;
        assert_eq!(
            (answer.status.as_u16(), &json(&answer)["error"]),
            (400, &"invalid_grant".into()),
            "{why}"
        );
    }
}

/// A family that began without a proof is bound by the first one, and stays so.
async fn o43_the_first_proof_binds_the_family(kind: Kind) {
    for client_auth in [ClientAuth::None, ClientAuth::ClientSecretBasic] {
        let client = Client::new(kind, client_auth, 0).await;
        let (key, other) = (ClientKey::new(), ClientKey::new());
        let first = client.begin(None).await;
        let second = client.refreshed(&first, None).await;
        let third = client.refreshed(&second, Some(&key)).await;
        client.is_refused(&third, None, "without a proof").await;
        client.is_refused(&third, Some(&other), "by another key").await;
        let fourth = client.refreshed(&third, Some(&key)).await;
        client.is_refused(&fourth, Some(&other), "nor the next one").await;
        client.refreshed(&fourth, Some(&key)).await;
    }
}

#[tokio::test]
async fn o43_the_first_proof_binds_the_family_sqlite() {
    o43_the_first_proof_binds_the_family(Kind::Sqlite).await;
}

#[tokio::test]
async fn o43_the_first_proof_binds_the_family_postgres() {
    o43_the_first_proof_binds_the_family(Kind::Postgres).await;
}

/// The time for lost answers is no way round: the token from before the proof was exchanged for a bound one. Whoever comes with
/// it and without that key shows that two have the token.
#[tokio::test]
async fn o43_a_lost_answer_gives_no_other_key_a_chance() {
    for other in [None, Some(ClientKey::new())] {
        let client = Client::new(Kind::Sqlite, ClientAuth::None, 10).await;
        let key = ClientKey::new();
        let first = client.begin(None).await;
        let second = client.refreshed(&first, Some(&key)).await;
        client.is_refused(&first, other.as_ref(), "not the key that the answer was bound to").await;
        client.is_refused(&second, Some(&key), "the family is over").await;
        assert_eq!(client.gateway.events(EventType::OauthTokenRevoke).await.len(), 1);
    }
}

/// The valid twin: whose answer was lost asks again by the same key.
#[tokio::test]
async fn o43_a_lost_answer_that_was_bound_is_asked_for_again() {
    let client = Client::new(Kind::Sqlite, ClientAuth::None, 10).await;
    let key = ClientKey::new();
    let first = client.begin(None).await;
    let lost = client.refreshed(&first, Some(&key)).await;
    let again = client.refreshed(&first, Some(&key)).await;
    assert_ne!(again, lost);
    client.refreshed(&again, Some(&key)).await;
}

/// Steals the first token of a family, uses it with a key of the thief's own, and answers what came of it.
async fn stolen(kind: Kind, client_auth: ClientAuth) -> (Client, String, ClientKey, String) {
    let client = Client::new(kind, client_auth, 10).await;
    let (first, thief) = (client.begin(None).await, ClientKey::new());
    let second = client.refreshed(&first, Some(&thief)).await;
    (client, first, thief, second)
}

/// RFC 9700 §4.14.2: a key that a thief brings hides no theft; whoever comes second shows that two have the token.
async fn o09_a_key_of_the_thief_hides_no_reuse(kind: Kind) {
    for own in [None, Some(ClientKey::new())] {
        let (client, first, thief, second) = stolen(kind, ClientAuth::None).await;
        let third = client.refreshed(&second, Some(&thief)).await;
        client.is_refused(&first, own.as_ref(), "the owner, after the successor was used").await;
        client.is_refused(&third, Some(&thief), "the thief has lost the family").await;
        assert_eq!(client.gateway.events(EventType::OauthTokenRevoke).await.len(), 1);

        let (client, first, thief, second) = stolen(kind, ClientAuth::ClientSecretBasic).await;
        client.gateway.app.ctx.clock.advance(TimeDelta::seconds(11));
        client.is_refused(&first, own.as_ref(), "the owner, after the grace").await;
        client.is_refused(&second, Some(&thief), "the thief has lost the family").await;
        assert_eq!(client.gateway.events(EventType::OauthTokenRevoke).await.len(), 1);
    }
}

#[tokio::test]
async fn o09_a_key_of_the_thief_hides_no_reuse_sqlite() {
    o09_a_key_of_the_thief_hides_no_reuse(Kind::Sqlite).await;
}

#[tokio::test]
async fn o09_a_key_of_the_thief_hides_no_reuse_postgres() {
    o09_a_key_of_the_thief_hides_no_reuse(Kind::Postgres).await;
}

/// The twin: a token that was bound itself is worth nothing without its key, not even as a sign of theft.
#[tokio::test]
async fn o10_who_lacks_the_key_ends_no_family() {
    let client = Client::new(Kind::Sqlite, ClientAuth::None, 10).await;
    let (key, other) = (ClientKey::new(), ClientKey::new());
    let first = client.begin(Some(&key)).await;
    let second = client.refreshed(&first, Some(&key)).await;
    let third = client.refreshed(&second, Some(&key)).await;
    client.is_refused(&first, Some(&other), "by another key").await;
    client.is_refused(&first, None, "without a proof").await;
    assert_eq!(client.gateway.events(EventType::OauthTokenRevoke).await.len(), 0);
    let fourth = client.refreshed(&third, Some(&key)).await;
    client.is_refused(&first, Some(&key), "whoever has the key is taken at their word").await;
    client.is_refused(&fourth, Some(&key), "the family is over").await;
    assert_eq!(client.gateway.events(EventType::OauthTokenRevoke).await.len(), 1);
}

/// A client that signs its requests may prove another key, but never none: its tokens stay bound.
async fn o43_a_client_that_signs_may_change_its_key(kind: Kind) {
    let client = Client::new(kind, ClientAuth::PrivateKeyJwt, 0).await;
    let (key, other) = (ClientKey::new(), ClientKey::new());
    let first = client.begin(Some(&key)).await;
    client.is_refused(&first, None, "a bound token is no bearer token").await;
    let answer = json(&client.refresh(&first, Some(&other)).await);
    let access = text(&answer, "access_token");
    let userinfo = async |key: &ClientKey| {
        let app = &client.gateway.app;
        let proof = key.proof("GET", &format!("{}/oauth2/userinfo", app.url), app.ctx.now(), &ath(&access));
        let authorization = format!("DPoP {access}");
        let headers = [("authorization", authorization.as_str()), ("dpop", proof.as_str())];
        app.browser().send(Method::GET, "/oauth2/userinfo", &headers, "").await.status
    };
    assert_eq!(userinfo(&key).await, StatusCode::UNAUTHORIZED, "bound to the key proven now");
    assert_eq!(userinfo(&other).await, StatusCode::OK);
    let second = text(&answer, "refresh_token");
    client.is_refused(&second, None, "still bound").await;
    client.refreshed(&second, Some(&key)).await;
}

#[tokio::test]
async fn o43_a_client_that_signs_may_change_its_key_sqlite() {
    o43_a_client_that_signs_may_change_its_key(Kind::Sqlite).await;
}

#[tokio::test]
async fn o43_a_client_that_signs_may_change_its_key_postgres() {
    o43_a_client_that_signs_may_change_its_key(Kind::Postgres).await;
}
