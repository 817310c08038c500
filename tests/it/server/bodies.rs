//! Every address that takes a body has a limit, whether or not the length is said before.

use super::Peer;
use crate::support::app::TestApp;
use gatehouse::{
    domain::user::Role,
    service::organisation::{SIZE_MAX, api_tokens},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// The status and text that answer a body of this many octets, with or without `Content-Length`.
async fn send(app: &TestApp, path: &str, headers: &str, size: usize, length_said: bool) -> (u16, String) {
    let body = "a".repeat(size);
    let framed = if length_said {
        format!("Content-Length: {size}\r\n\r\n{body}")
    } else {
        format!("Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n")
    };
    let mut peer = Peer::connect(app).await;
    peer.say(&format!("POST {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n{headers}\r\n{framed}"))
        .await;
    let (heard, _) = peer.hear().await.expect("answered");
    let status = heard.get(9..12).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer at {path}: {heard:?}")), heard)
}

#[tokio::test]
async fn w22_pages_refuse_bodies_over_their_limit() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let form = format!("Content-Type: {FORM}");
    let forms = [("/login", 256), ("/oauth2/authorize", 32), ("/oauth2/logout", 32), ("/saml2/crm", 512)];
    for (path, kib) in forms {
        for length_said in [true, false] {
            let (status, _) = send(&app, path, &form, kib * 1024 + 1, length_said).await;
            assert_eq!(status, 413, "{path} {length_said}");
            let (status, text) = send(&app, path, &form, kib * 1024, length_said).await;
            assert_ne!(status, 413, "{path} {length_said}: the limit itself is read");
            assert!(status < 500, "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn w22_endpoints_of_programs_refuse_bodies_over_their_limit() {
    let app = TestApp::new().await;
    let form = format!("Content-Type: {FORM}");
    for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/userinfo"] {
        for length_said in [true, false] {
            let (status, text) = send(&app, path, &form, 32 * 1024 + 1, length_said).await;
            assert_eq!(status, 400, "{path} {length_said}");
            assert!(text.contains("the body is too large"), "{path} {length_said}: {text}");
            let (_, text) = send(&app, path, &form, 32 * 1024, length_said).await;
            assert!(!text.contains("the body is too large"), "{path} {length_said}: {text}");
        }
    }
}

#[tokio::test]
async fn w22_the_api_takes_documents_up_to_its_own_limit() {
    let app = TestApp::new().await;
    let (_, token) = api_tokens::create(&app.ctx, &crate::support::app::system(), "ci", Role::Owner, None)
        .await
        .expect("a token");
    let path = "/api/v1/organisation/apply";
    let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {}", token.expose());
    for length_said in [true, false] {
        let (status, text) = send(&app, path, &headers, SIZE_MAX + 1, length_said).await;
        assert_eq!(status, 413, "{text}");
        let (status, text) = send(&app, path, &headers, SIZE_MAX, length_said).await;
        assert_eq!(status, 422, "read, and found to be no document: {text}");
    }
    let (status, _) = send(&app, "/api/v1/organisation/export", &headers, 10, true).await;
    assert_eq!(status, 405);
}
