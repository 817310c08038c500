//! Small print of the specifications on the wire: what isn't there isn't sent, and a type of content is compared whole.

use super::{CHALLENGE, Gateway, REDIRECT, claims, json, text};
use crate::support::app::{Page, TestApp, oidc_settings};
use gatehouse::domain::connection::{AccessTokenFormat, OidcConnection};
use oidc::GrantType;
use reqwest::{Method, StatusCode};

const FORM: &str = "application/x-www-form-urlencoded";

/// RFC 6749 §3.3: a scope has at least one word.
#[tokio::test]
async fn a_token_without_a_scope_says_nothing_of_one() {
    for access_token_format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
        let gateway = Gateway::with(
            TestApp::new().await,
            OidcConnection {
                grant_types: vec![GrantType::ClientCredentials],
                scopes: vec!["read".into()],
                access_token_format,
                ..oidc_settings()
            },
        )
        .await;
        let grant = ("grant_type", "client_credentials");
        let twin = json(&gateway.token(&[grant]).await);
        assert_eq!(twin["scope"], "read", "the valid twin");
        assert_eq!(json(&gateway.introspected(&text(&twin, "access_token")).await)["scope"], "read");
        gateway.reregister(|settings| settings.scopes = vec!["openid".into(), "email".into()]).await;
        let bare = gateway.token(&[grant]).await;
        assert_eq!(bare.status, StatusCode::OK, "{}", bare.text);
        let tokens = json(&bare);
        assert!(tokens.get("scope").is_none(), "{tokens}");
        let access = text(&tokens, "access_token");
        let told = json(&gateway.introspected(&access).await);
        assert_eq!(told["active"], true);
        assert!(told.get("scope").is_none(), "{told}");
        if access_token_format == AccessTokenFormat::Jwt {
            assert!(claims(&access).get("scope").is_none());
            assert_eq!(claims(&text(&twin, "access_token"))["scope"], "read");
        }
    }
}

/// RFC 6750 §3.1: without any token the challenge is bare; a token where none may stand is an invalid request.
#[tokio::test]
async fn o31_a_token_in_the_query_is_an_invalid_request_by_its_challenge() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let access = text(&gateway.tokens(&browser, &[]).await, "access_token");
    let at = |page: &Page| (page.status, page.header("www-authenticate").expect("a challenge").to_owned());
    let bearer = format!("Bearer {access}");
    for headers in [&[][..], &[("authorization", bearer.as_str())]] {
        let path = format!("/oauth2/userinfo?access_token={access}");
        let page = gateway.app.browser().send(Method::GET, &path, headers, "").await;
        let (status, challenge) = at(&page);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{headers:?}");
        assert!(challenge.starts_with("Bearer error=\"invalid_request\""), "{challenge}");
        assert_eq!(json(&page)["error"], "invalid_request");
    }
    let (status, challenge) = at(&gateway.app.browser().get("/oauth2/userinfo").await);
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(!challenge.contains("error="), "{challenge}");
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::OK, "the valid twin");
}

/// RFC 9110 §8.3.1: media types are compared without case, and whole.
#[tokio::test]
async fn only_forms_are_read_as_forms() {
    let gateway = Gateway::new().await;
    let basic = gateway.basic();
    let refresh = text(&gateway.tokens(&gateway.signed_in().await, &[]).await, "refresh_token");
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("refresh_token", &refresh)
        .finish();
    let post = async |path: &str, kind: &str, body: &str| {
        let mut headers = vec![("authorization", basic.as_str())];
        headers.extend((!kind.is_empty()).then_some(("content-type", kind)));
        gateway.app.browser().send(Method::POST, path, &headers, body).await
    };
    let others = [
        "application/x-www-form-urlencodedfoo",
        "application/x-www-form-urlencoded+x",
        "application/json",
        "multipart/form-data; boundary=x",
        "",
    ];
    for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/par", "/oauth2/userinfo"] {
        for other in others {
            let page = post(path, other, &body).await;
            assert_eq!(
                (page.status, &json(&page)["error"]),
                (StatusCode::BAD_REQUEST, &"invalid_request".into())
            );
        }
    }
    let twin = post("/oauth2/token", "Application/X-WWW-Form-URLEncoded ; charset=UTF-8", &body).await;
    assert_eq!(twin.status, StatusCode::OK, "the valid twin, none of the tries used it up: {}", twin.text);

    let browser = gateway.signed_in().await;
    let asked = gateway.authorize(&[]);
    let (_, body) = asked.split_once('?').expect("a query");
    assert!(body.contains(CHALLENGE));
    for other in others {
        let page = browser.send(Method::POST, "/oauth2/authorize", &[("content-type", other)], body).await;
        assert!(page.status.is_client_error() && page.location().is_empty(), "{other}: {}", page.status);
    }
    for form in [FORM, "APPLICATION/x-www-form-urlencoded;charset=utf-8"] {
        let page = browser.send(Method::POST, "/oauth2/authorize", &[("content-type", form)], body).await;
        assert!(page.location().starts_with(&format!("{REDIRECT}?code=")), "{form}: {}", page.location());
    }
}

/// OpenID Connect Core §2: the party that the ID token was issued to, by its client ID.
#[tokio::test]
async fn an_id_token_names_its_client_as_audience_and_as_authorised_party() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let tokens = gateway.tokens(&browser, &[]).await;
    let refreshed = json(&gateway.refresh(&text(&tokens, "refresh_token")).await);
    for answer in [tokens, refreshed] {
        let token = claims(&text(&answer, "id_token"));
        assert_eq!((&token["aud"], &token["azp"]), (&"metrics".into(), &"metrics".into()));
    }
}
