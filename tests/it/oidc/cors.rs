//! Which web pages' scripts may call the endpoints (O-32).

use super::Gateway;
use crate::support::app::{Page, TestApp, oidc_settings};
use reqwest::{Method, StatusCode};

const APP: &str = "https://spa.example";
const OWN: [&str; 4] = ["/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke", "/oauth2/par"];

async fn gateway() -> Gateway {
    let mut settings = oidc_settings();
    settings.cors_origins = vec![APP.into(), "http://localhost:5173".into()];
    Gateway::with(TestApp::new().await, settings).await
}

async fn asked(gateway: &Gateway, method: Method, path: &str, origin: &str) -> Page {
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    gateway.app.browser().send(method, path, &headers, "").await
}

fn allowed(page: &Page) -> Option<&str> {
    page.headers.get("access-control-allow-origin").map(|value| value.to_str().expect("text"))
}

#[tokio::test]
async fn o32_scripts_of_registered_origins_may_call_and_others_may_not() {
    let gateway = gateway().await;
    for path in OWN {
        for origin in [APP, "http://localhost:5173"] {
            for method in [Method::OPTIONS, Method::POST] {
                let page = asked(&gateway, method.clone(), path, origin).await;
                assert_eq!(allowed(&page), Some(origin), "{method} {path}");
                assert_eq!(page.headers["vary"], "origin", "{method} {path}");
                assert!(!page.headers.contains_key("access-control-allow-credentials"));
            }
        }
        let preflight = asked(&gateway, Method::OPTIONS, path, APP).await;
        assert_eq!(preflight.status, StatusCode::NO_CONTENT);
        assert!(preflight.headers["access-control-allow-headers"].to_str().expect("text").contains("dpop"));
    }
}

#[tokio::test]
async fn o32_no_origin_is_reflected() {
    let gateway = gateway().await;
    let hostile = [
        "null",
        "https://evil.example",
        "https://spa.example.evil.example",
        "https://evilspa.example",
        "https://spa.example:8443",
        "http://spa.example",
        "https://SPA.example",
        "https://spa.example/",
        "https://sub.spa.example",
        "http://localhost:5174",
        "http://localhost",
        "file://",
        "*",
        "%",
        "https://spa_example",
        "https://spa%example",
        "https://spa.example, https://evil.example",
        "javascript:1",
        "https://",
        "client_id",
    ];
    for path in OWN {
        for origin in hostile {
            for method in [Method::OPTIONS, Method::POST] {
                let page = asked(&gateway, method.clone(), path, origin).await;
                assert_eq!(allowed(&page), None, "{method} {path} {origin}");
                assert!(!page.headers.contains_key("access-control-allow-methods"), "{path} {origin}");
            }
        }
    }
    assert_eq!(allowed(&asked(&gateway, Method::OPTIONS, OWN[0], APP).await), Some(APP), "the valid twin");
}

#[tokio::test]
async fn o32_what_is_public_is_for_every_origin_and_pages_for_none() {
    let gateway = gateway().await;
    for path in ["/.well-known/openid-configuration", "/oauth2/jwks"] {
        for method in [Method::GET, Method::OPTIONS] {
            assert_eq!(
                allowed(&asked(&gateway, method, path, "https://evil.example").await),
                Some("*"),
                "{path}"
            );
        }
    }
    for path in ["/oauth2/authorize", "/oauth2/introspect", "/login", "/", "/admin", "/account"] {
        for method in [Method::GET, Method::OPTIONS] {
            assert_eq!(allowed(&asked(&gateway, method, path, APP).await), None, "{path}");
        }
    }
}
