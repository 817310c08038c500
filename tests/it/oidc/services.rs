//! Client credentials, resource servers, and what a service's token does not open (O-35, O-36, O-38).

use super::{Gateway, json, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings, system},
    database::Kind,
};
use gatehouse::{
    domain::connection::{AccessTokenFormat, ClientAuth, OidcConnection},
    service,
};
use oidc::GrantType;
use reqwest::{Method, StatusCode};

const API: &str = "https://api.fernhill.example/";

fn settings(access_token_format: AccessTokenFormat) -> OidcConnection {
    OidcConnection {
        grant_types: vec![GrantType::ClientCredentials],
        scopes: vec!["openid".into(), "email".into(), "read".into(), "write".into()],
        resources: vec![API.into()],
        access_token_format,
        ..oidc_settings()
    }
}

fn error(page: &Page) -> (u16, String) {
    (page.status.as_u16(), text(&json(page), "error"))
}

async fn o35_o38_a_service_gets_a_token_for_itself(kind: Kind) {
    for format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
        let gateway = Gateway::with(TestApp::on(kind).await, settings(format)).await;
        let grant = ("grant_type", "client_credentials");
        let answer = gateway.token(&[grant, ("scope", "read"), ("resource", API)]).await;
        assert_eq!(
            (answer.status, answer.headers["cache-control"].as_bytes()),
            (StatusCode::OK, b"no-store".as_slice()),
            "{}",
            answer.text
        );
        let tokens = json(&answer);
        assert_eq!((&tokens["scope"], &tokens["token_type"]), (&"read".into(), &"Bearer".into()));
        assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none());
        let access = text(&tokens, "access_token");
        let told = json(&gateway.introspected(&access).await);
        assert_eq!(
            (&told["active"], &told["sub"], &told["aud"]),
            (&true.into(), &"metrics".into(), &API.into())
        );
        assert!(told.get("username").is_none());
        if format == AccessTokenFormat::Jwt {
            let claims = super::claims(&access);
            assert_eq!(
                (&claims["sub"], &claims["client_id"], &claims["aud"]),
                (&"metrics".into(), &"metrics".into(), &API.into())
            );
            assert!(claims.get("auth_time").is_none());
        } else {
            assert!(access.starts_with("ghm_"));
        }
        assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED, "O-35: it is nobody");
        for bad in ["openid", "read email", "admin"] {
            let refused = gateway.token(&[grant, ("scope", bad)]).await;
            assert_eq!(error(&refused), (400, "invalid_scope".into()), "{bad}");
        }
        let refused = gateway.token(&[grant, ("resource", "https://other.example/")]).await;
        assert_eq!(error(&refused), (400, "invalid_target".into()));
        let all = json(&gateway.token(&[grant]).await);
        assert_eq!(all["scope"], "read write", "without a wish: what is not about people");
        // Revoked, and with its app paused, it is worth nothing.
        let basic = gateway.basic();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("token", &access).finish();
        gateway.app.browser().send(Method::POST, "/oauth2/revoke", &headers, &body).await;
        assert_eq!(json(&gateway.introspected(&access).await)["active"], false);
    }
}

#[tokio::test]
async fn o35_o38_a_service_gets_a_token_for_itself_sqlite() {
    o35_o38_a_service_gets_a_token_for_itself(Kind::Sqlite).await;
}

#[tokio::test]
async fn o35_o38_a_service_gets_a_token_for_itself_postgres() {
    o35_o38_a_service_gets_a_token_for_itself(Kind::Postgres).await;
}

#[tokio::test]
async fn o42_a_paused_app_and_a_public_client_get_none() {
    let gateway = Gateway::with(TestApp::new().await, settings(AccessTokenFormat::Opaque)).await;
    let ask = || gateway.token(&[("grant_type", "client_credentials")]);
    assert_eq!(ask().await.status, StatusCode::OK, "the valid twin");
    let app = service::apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
    let mut draft = gatehouse::domain::app::AppDraft::of(&app);
    draft.active = false;
    let version = app.version;
    service::apps::update(&gateway.app.ctx, &system(), app, version, draft).await.expect("done");
    assert_eq!(error(&ask().await), (401, "invalid_client".into()));
    let code_only = Gateway::new().await;
    let refused = code_only.token(&[("grant_type", "client_credentials")]).await;
    assert_eq!(error(&refused), (400, "unauthorized_client".into()), "not one of its grants");
    let public = OidcConnection { client_auth: ClientAuth::None, ..settings(AccessTokenFormat::Opaque) };
    let mut draft = gatehouse::domain::app::AppDraft::of(
        &service::apps::find(&code_only.app.ctx, &system(), "metrics").await.expect("the app"),
    );
    draft.slug = "public".into();
    draft.connection = gatehouse::domain::connection::Connection::Oidc(Box::new(OidcConnection {
        client_id: "public".into(),
        ..public
    }));
    // Either it can't be saved, or it gets nothing.
    if service::apps::create(&code_only.app.ctx, &system(), draft).await.is_ok() {
        let body = "grant_type=client_credentials&client_id=public";
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let refused = code_only.app.browser().send(Method::POST, "/oauth2/token", &headers, body).await;
        assert_eq!(error(&refused), (400, "unauthorized_client".into()));
    }
}

#[tokio::test]
async fn o36_a_token_for_another_server_opens_no_userinfo_and_keeps_its_audience() {
    let settings = OidcConnection { resources: vec![API.into()], ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.signed_in().await;
    let code = gateway.code(&browser).await;
    let fields = |code: &str, resource: &str| {
        vec![
            ("grant_type".to_owned(), "authorization_code".to_owned()),
            ("code".to_owned(), code.to_owned()),
            ("redirect_uri".to_owned(), super::REDIRECT.to_owned()),
            ("code_verifier".to_owned(), super::VERIFIER.to_owned()),
            ("resource".to_owned(), resource.to_owned()),
        ]
    };
    let send = async |fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        gateway.token(&fields).await
    };
    let answer = send(fields(&code, API)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let tokens = json(&answer);
    let access = text(&tokens, "access_token");
    assert_eq!(json(&gateway.introspected(&access).await)["aud"], API);
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    let renewed = json(&gateway.refresh(&text(&tokens, "refresh_token")).await);
    let own = text(&renewed, "access_token");
    assert_eq!(gateway.userinfo(&own).await.status, StatusCode::OK, "without a resource it is for us");
    let refused = send(fields(&gateway.code(&browser).await, "https://other.example/")).await;
    assert_eq!(error(&refused), (400, "invalid_target".into()));
}

/// A token for the API, asked about by three services: the one that serves it, one that may get such tokens as well, and one that
/// serves another.
#[tokio::test]
async fn o36_a_service_is_told_about_tokens_of_the_resources_it_serves() {
    const OTHER: &str = "https://other.fernhill.example/";
    let gateway = Gateway::with(TestApp::new().await, settings(AccessTokenFormat::Opaque)).await;
    let group = service::groups::all(&gateway.app.ctx, &system()).await.expect("groups").remove(0);
    let access = json(&gateway.token(&[("grant_type", "client_credentials"), ("resource", API)]).await);
    let access = text(&access, "access_token");
    for (name, resources, serves, active) in [
        ("server", vec![], vec![API], true),
        ("neighbour", vec![API], vec![], false),
        ("elsewhere", vec![API], vec![OTHER], false),
        ("both", vec![API], vec![OTHER, API], true),
    ] {
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let settings = OidcConnection {
            client_id: name.into(),
            resources: owned(resources),
            serves_resources: owned(serves),
            ..settings(AccessTokenFormat::Opaque)
        };
        let (_, secret) = gateway
            .app
            .app(name, gatehouse::domain::connection::Connection::Oidc(Box::new(settings)), &group)
            .await;
        let basic = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            format!("{name}:{}", secret.expect("a secret")),
        );
        let authorization = format!("Basic {basic}");
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", &*authorization)];
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("token", &access).finish();
        let told = gateway.app.browser().send(Method::POST, "/oauth2/introspect", &headers, &body).await;
        assert_eq!(json(&told)["active"], active, "{name}: {}", told.text);
    }
    // A client in which people sign in is no resource server.
    let signs_in = OidcConnection { serves_resources: vec![API.into()], ..oidc_settings() };
    let mut draft = gatehouse::domain::app::AppDraft::of(
        &service::apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app"),
    );
    draft.slug = "portal".into();
    draft.connection = gatehouse::domain::connection::Connection::Oidc(Box::new(OidcConnection {
        client_id: "portal".into(),
        ..signs_in
    }));
    let refused = service::apps::create(&gateway.app.ctx, &system(), draft).await;
    assert!(refused.expect_err("refused").to_string().contains("itself only"));
}
