//! `private_key_jwt` over HTTP (O-14): keys by value and by address, assertions that count once.

use super::{Gateway, REDIRECT, VERIFIER, json, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings},
    client_key::ClientKey,
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::connection::{AssertionAlgorithm, ClientAuth, OidcConnection},
    service::oidc::client_keys,
};
use oidc::token::client_assertion::TYPE;
use reqwest::{Method, StatusCode};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn settings(jwks: String) -> OidcConnection {
    OidcConnection { client_auth: ClientAuth::PrivateKeyJwt, jwks, ..oidc_settings() }
}

impl Gateway {
    fn assertion(&self, key: &ClientKey, kid: &str) -> String {
        key.assertion("metrics", &self.app.url, kid, self.app.ctx.now())
    }

    async fn with_assertion(&self, path: &str, fields: &[(&str, &str)], assertion: &str) -> Page {
        let mut all = fields.to_vec();
        all.extend([("client_assertion_type", TYPE), ("client_assertion", assertion)]);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.app.browser().send(Method::POST, path, &headers, &body).await
    }

    async fn redeem_by(&self, code: &str, assertion: &str) -> Page {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.with_assertion("/oauth2/token", &fields, assertion).await
    }
}

fn error(page: &Page) -> (u16, String) {
    (page.status.as_u16(), text(&json(page), "error"))
}

async fn o14_an_assertion_counts_once(kind: Kind) {
    let key = ClientKey::new();
    let gateway = Gateway::with(TestApp::on(kind).await, settings(key.set("k1"))).await;
    let browser = gateway.signed_in().await;
    let assertion = gateway.assertion(&key, "k1");
    let answer = gateway.redeem_by(&gateway.code(&browser).await, &assertion).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let access = text(&json(&answer), "access_token");
    let code = gateway.code(&browser).await;
    assert_eq!(error(&gateway.redeem_by(&code, &assertion).await), (401, "invalid_client".into()));
    let introspect = [("token", access.as_str())];
    let again = gateway.with_assertion("/oauth2/introspect", &introspect, &assertion).await;
    assert_eq!(error(&again), (401, "invalid_client".into()), "nor at another endpoint");
    let fresh = gateway.assertion(&key, "k1");
    let answer = gateway.with_assertion("/oauth2/introspect", &introspect, &fresh).await;
    assert_eq!(json(&answer)["active"], true);
    assert_eq!(
        gateway.redeem_by(&code, &gateway.assertion(&key, "k1")).await.status,
        StatusCode::OK,
        "not spent"
    );
    let at_once = gateway.assertion(&key, "k1");
    let answers = futures_util::future::join_all(
        (0..10).map(|_| gateway.with_assertion("/oauth2/introspect", &introspect, &at_once)),
    )
    .await;
    assert_eq!(answers.iter().filter(|page| page.status == StatusCode::OK).count(), 1);
}

#[tokio::test]
async fn o14_an_assertion_counts_once_sqlite() {
    o14_an_assertion_counts_once(Kind::Sqlite).await;
}

#[tokio::test]
async fn o14_an_assertion_counts_once_postgres() {
    o14_an_assertion_counts_once(Kind::Postgres).await;
}

#[tokio::test]
async fn o12_o14_only_the_registered_method_and_algorithm_are_taken() {
    let key = ClientKey::new();
    let settings = OidcConnection {
        token_endpoint_auth_signing_alg: Some(AssertionAlgorithm::PS256),
        ..settings(key.set("k1"))
    };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let code = gateway.code(&browser).await;
    let refused = gateway.redeem_by(&code, &gateway.assertion(&key, "k1")).await;
    assert_eq!(error(&refused), (401, "invalid_client".into()), "ES256, but PS256 is registered");
    // A client with a secret gets nowhere with a key, and one with a key nowhere with a secret.
    let secret = Gateway::new().await;
    let code = secret.code(&secret.signed_in().await).await;
    let refused = secret.redeem_by(&code, &secret.assertion(&key, "k1")).await;
    assert_eq!(error(&refused), (401, "invalid_client".into()));
    assert_eq!(error(&gateway.redeem(&code).await), (401, "invalid_client".into()));
    // Two methods at once.
    let assertion = secret.assertion(&key, "k1");
    let both =
        [("client_assertion_type", TYPE), ("client_assertion", assertion.as_str()), ("code", code.as_str())];
    assert_eq!(error(&secret.token(&both).await), (400, "invalid_request".into()));
    assert_eq!(secret.redeem(&code).await.status, StatusCode::OK, "the valid twin");
}

/// A place where a client's keys are: answers with what is set, and counts how often it is asked.
async fn serve(document: Arc<Mutex<String>>) -> (String, Arc<AtomicUsize>) {
    serve_after(document, Duration::ZERO).await
}

/// The same, which takes its time.
async fn serve_after(document: Arc<Mutex<String>>, delay: Duration) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/jwks", listener.local_addr().expect("bound"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(delay).await;
            let body = document.lock().expect("unpoisoned").clone();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
            let _ = stream
                .write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
                .await;
        }
    });
    (address, asked)
}

#[tokio::test]
async fn o25_keys_at_an_address_are_kept_and_renewed_for_an_unknown_name_once_a_minute() {
    let (old, new) = (ClientKey::new(), ClientKey::new());
    let document = Arc::new(Mutex::new(old.set("old")));
    let (address, asked) = serve(Arc::clone(&document)).await;
    let settings = OidcConnection { jwks_uri: address, ..settings(String::new()) };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let times = || asked.load(Ordering::SeqCst);
    let attempt = async |key: &ClientKey, kid: &str| {
        let code = gateway.code(&browser).await;
        gateway.redeem_by(&code, &gateway.assertion(key, kid)).await.status
    };
    assert_eq!(attempt(&old, "old").await, StatusCode::OK);
    assert_eq!((attempt(&old, "old").await, times()), (StatusCode::OK, 1), "kept");
    *document.lock().expect("unpoisoned") = new.set("new");
    assert_eq!((attempt(&new, "new").await, times()), (StatusCode::UNAUTHORIZED, 1), "asked a moment ago");
    gateway.app.ctx.clock.advance(TimeDelta::seconds(61));
    assert_eq!(
        (attempt(&new, "new").await, times()),
        (StatusCode::OK, 2),
        "oidcc-refresh-token-rp-key-rotation"
    );
    assert_eq!(attempt(&old, "old").await, StatusCode::UNAUTHORIZED, "the old key is gone");
    // A bad answer does not replace good keys.
    *document.lock().expect("unpoisoned") = "nonsense".into();
    gateway.app.ctx.clock.advance(TimeDelta::minutes(11));
    assert_eq!((attempt(&new, "new").await, times()), (StatusCode::OK, 3));
}

#[tokio::test]
async fn o25_keys_outlive_a_caller_that_goes_away_but_not_their_hour() {
    let document = Arc::new(Mutex::new(ClientKey::new().set("k1")));
    let (address, asked) = serve_after(Arc::clone(&document), Duration::from_millis(300)).await;
    let app = TestApp::new().await;
    let settings = OidcConnection { jwks_uri: address, ..settings(String::new()) };
    let has_keys = async || client_keys::of(&app.ctx, &settings, false).await.expect("asked").is_ok();
    let gone = tokio::time::timeout(Duration::from_millis(50), has_keys()).await;
    assert!(gone.is_err(), "the caller went away while the address was asked");
    assert!(has_keys().await);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "the first answer came all the same");
    *document.lock().expect("unpoisoned") = "nonsense".into();
    app.ctx.clock.advance(TimeDelta::seconds(3_590));
    assert!(has_keys().await, "a bad answer does not replace good keys");
    app.ctx.clock.advance(TimeDelta::seconds(20));
    assert!(!has_keys().await, "also where the address was asked a moment ago");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn o25_an_inner_address_is_not_asked() {
    let document = Arc::new(Mutex::new(ClientKey::new().set("k1")));
    let (address, asked) = serve(document).await;
    let settings = OidcConnection { jwks_uri: address, ..settings(String::new()) };
    let app = TestApp::with(
        Kind::Sqlite,
        gatehouse::clock::Clock::manual(crate::support::app::start()),
        gatehouse::web::Limits::default(),
        |config| config.outbound.allow_private_networks = gatehouse::config::PrivateNetworks::Refused,
    )
    .await;
    let gateway = Gateway::with(app, settings).await;
    let code = gateway.code(&gateway.signed_in().await).await;
    let refused = gateway.redeem_by(&code, &gateway.assertion(&ClientKey::new(), "k1")).await;
    assert_eq!((error(&refused), asked.load(Ordering::SeqCst)), ((401, "invalid_client".into()), 0));
}
