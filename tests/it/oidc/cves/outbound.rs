//! Addresses of a client that the provider calls: where they may lead. Does not own those that it never calls (`requests`).

use super::{Gateway, json, text};
use crate::support::{
    app::{TestApp, oidc_settings, start},
    client_key::ClientKey,
    database::Kind,
};
use gatehouse::{
    clock::Clock,
    config::PrivateNetworks,
    domain::connection::{ClientAuth, OidcConnection},
    web::Limits,
};
use oidc::token::client_assertion::TYPE;
use reqwest::{Method, StatusCode};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A server of somebody's: answers every call with this, and counts them.
async fn server(answer: impl Into<String>) -> (u16, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let (calls, answer) = (Arc::new(AtomicUsize::new(0)), answer.into());
    let counted = Arc::clone(&calls);
    crate::support::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            if stream.read(&mut buffer).await.is_ok() {
                stream.write_all(answer.as_bytes()).await.ok();
            }
        }
    });
    (port, calls)
}

fn found(body: &str) -> String {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    format!("{head}content-length: {}\r\n\r\n{body}", body.len())
}

/// A gateway whose client has its keys at this address.
async fn gateway(jwks_uri: String, networks: PrivateNetworks) -> Gateway {
    let app = TestApp::with(Kind::Sqlite, Clock::manual(start()), Limits::default(), |config| {
        config.outbound.allow_private_networks = networks;
    })
    .await;
    let settings = OidcConnection { client_auth: ClientAuth::PrivateKeyJwt, jwks_uri, ..oidc_settings() };
    Gateway::with(app, settings).await
}

/// Authenticates by the key, which makes the gateway call the address.
async fn revoke(gateway: &Gateway, key: &ClientKey) -> (u16, String) {
    let assertion = key.assertion("metrics", &gateway.app.url, "k1", gateway.app.ctx.now());
    let fields = [("token", "x"), ("client_assertion_type", TYPE), ("client_assertion", &assertion)];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let page = gateway.app.browser().send(Method::POST, "/oauth2/revoke", &headers, &body).await;
    let error = if page.status == StatusCode::OK { String::new() } else { text(&json(&page), "error") };
    (page.status.as_u16(), error)
}

/// Row 32: inner addresses that were called (CVE-2026-1518, CVE-2026-27945), by spellings and names that a list of bad ones did
/// not know (CVE-2025-67494), and by a redirect from a good one (CVE-2026-55671).
#[tokio::test]
async fn cve_2026_1518_2026_27945_2026_55671_2025_67494_no_inner_address_is_reached_by_any_spelling_or_redirect()
 {
    let key = ClientKey::new();
    let (port, calls) = server(found(&key.set("k1"))).await;
    for spelled in [
        format!("http://127.0.0.1:{port}/jwks"),
        format!("http://127.1.2.3:{port}/jwks"),
        format!("http://localhost:{port}/jwks"),
        format!("http://[::1]:{port}/jwks"),
        format!("https://127.0.0.1:{port}/jwks"),
        format!("https://[::ffff:7f00:1]:{port}/jwks"),
        format!("https://[64:ff9b::7f00:1]:{port}/jwks"),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://10.0.0.1/jwks".to_owned(),
        "https://[fd00::1]/jwks".to_owned(),
        "https://0.0.0.0/jwks".to_owned(),
    ] {
        let app = gateway(spelled.clone(), PrivateNetworks::Refused).await;
        assert_eq!(revoke(&app, &key).await, (401, "invalid_client".into()), "{spelled}");
        assert_eq!(calls.load(Ordering::SeqCst), 0, "{spelled}");
    }
    // Spellings that only some parsers take for an address aren't registered at all.
    for odd in [
        "https://2130706433/",
        "https://[::ffff:127.0.0.1]/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://a@127.0.0.1/",
    ] {
        let mut settings = gatehouse::domain::connection::Connection::Oidc(Box::new(OidcConnection {
            jwks_uri: odd.into(),
            client_auth: ClientAuth::PrivateKeyJwt,
            ..oidc_settings()
        }));
        assert!(settings.checked().expect_err(odd).of("jwks_uri").is_some(), "{odd}");
    }
    // A good address that leads on to an inner one: not followed, where inner ones may be called and where not.
    let moved =
        format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{port}/jwks\r\ncontent-length: 0\r\n\r\n");
    let (first, asked) = server(moved).await;
    let app = gateway(format!("http://127.0.0.1:{first}/jwks"), PrivateNetworks::Allowed).await;
    assert_eq!(revoke(&app, &key).await, (401, "invalid_client".into()));
    assert_eq!(
        (asked.load(Ordering::SeqCst), calls.load(Ordering::SeqCst)),
        (1, 0),
        "asked, and not followed"
    );
    let twin = gateway(format!("http://127.0.0.1:{port}/jwks"), PrivateNetworks::Allowed).await;
    assert_eq!(revoke(&twin, &key).await, (200, String::new()), "the valid twin");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
