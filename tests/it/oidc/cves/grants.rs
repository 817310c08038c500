//! Codes, tokens and sessions that were taken for another's, taken twice, or taken too late.

use super::{CHALLENGE, Gateway, REDIRECT, VERIFIER, everything, json, query, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings, system},
    database::Kind,
};
use gatehouse::{
    domain::{
        connection::{ClientAuth, Connection, OidcConnection},
        user::{Role, UserState},
    },
    service,
};
use reqwest::{Method, StatusCode};

const CODE: (&str, &str) = ("grant_type", "authorization_code");
const REFRESH: (&str, &str) = ("grant_type", "refresh_token");

fn error(page: &Page) -> (u16, String) {
    (page.status.as_u16(), text(&json(page), "error"))
}

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".into())
}

/// Row 25: a verifier that was not looked at when it, or the challenge, was missing.
#[tokio::test]
async fn cve_2023_48228_2024_23647_a_verifier_and_a_challenge_need_each_other() {
    let gateway =
        Gateway::with(TestApp::new().await, OidcConnection { require_pkce: false, ..oidc_settings() }).await;
    let browser = gateway.signed_in().await;
    let without = [("code_challenge", "-"), ("code_challenge_method", "-")];
    let code = async |more: &[(&str, &str)]| {
        query(browser.get(&gateway.authorize(more)).await.location())["code"].clone()
    };
    for (challenge, verifier, good) in [
        (true, Some(VERIFIER), true),
        (true, None, false),
        (true, Some(""), false),
        (true, Some(CHALLENGE), false),
        (false, Some(VERIFIER), false),
        (false, None, true),
    ] {
        let code = code(if challenge { &[] } else { &without }).await;
        let mut fields = vec![CODE, ("code", code.as_str()), ("redirect_uri", REDIRECT)];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        let page = gateway.token(&fields).await;
        assert_eq!(page.status.is_success(), good, "{challenge} {verifier:?}: {}", page.text);
    }
}

/// Row 26: one store for everything that counts once.
#[tokio::test]
async fn cve_2026_4282_nothing_else_passes_for_a_code() {
    let gateway = Gateway::with(TestApp::new().await, everything()).await;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let basic = gateway.basic();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
    let post = async |path: &str, body: &str| {
        json(&gateway.app.browser().send(Method::POST, path, &headers, body).await)
    };
    let device = text(&post("/oauth2/device_authorization", "").await, "device_code");
    let request = gateway.authorize(&[("client_id", "-")]);
    let request =
        text(&post("/oauth2/par", request.split_once('?').expect("a query").1).await, "request_uri");
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let body = |secret: &str| secret.rsplit(['_', ':']).next().expect("a text").to_owned();
    for secret in [&device, &request, &access, &refresh, &text(&tokens, "id_token")] {
        for spelling in [secret.clone(), format!("ghc_{}", body(secret))] {
            assert_eq!(error(&gateway.redeem(&spelling).await), invalid_grant(), "{spelling}");
            let wrong = [REFRESH, ("refresh_token", spelling.as_str())];
            if spelling != refresh {
                assert_eq!(error(&gateway.token(&wrong).await), invalid_grant(), "{spelling}");
            }
        }
    }
    assert_eq!(gateway.refresh(&refresh).await.status, StatusCode::OK, "the valid twin: nothing was used up");
}

/// Row 27: codes and refresh tokens that any client could use.
#[tokio::test]
async fn cve_2026_16089_2026_55672_2026_28513_codes_and_tokens_are_of_their_client() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let group = service::groups::all(&gateway.app.ctx, &system()).await.expect("groups").remove(0);
    let public =
        OidcConnection { client_id: "other".into(), client_auth: ClientAuth::None, ..oidc_settings() };
    gateway.app.app("other", Connection::Oidc(Box::new(public)), &group).await;
    let as_other = async |fields: &[(&str, &str)]| {
        let fields = [fields, &[("client_id", "other")]].concat();
        gateway.app.browser().post("/oauth2/token", &fields).await
    };
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let refresh = text(&tokens, "refresh_token");
    assert_eq!(error(&as_other(&[REFRESH, ("refresh_token", &refresh)]).await), invalid_grant());
    let code = gateway.code(&browser).await;
    let fields = [CODE, ("code", &*code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
    assert_eq!(error(&as_other(&fields).await), invalid_grant());
    assert_eq!(error(&gateway.redeem(&code).await), invalid_grant(), "O-05: burned");
    assert_eq!(gateway.refresh(&refresh).await.status, StatusCode::OK, "the valid twin");
    let code =
        query(browser.get(&gateway.authorize(&[("client_id", "other")])).await.location())["code"].clone();
    let fields = [CODE, ("code", &*code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
    assert_eq!(as_other(&fields).await.status, StatusCode::OK, "the valid twin");
}

/// Row 28: looked at first and used up later. Row 29: what was used up came back after a restart.
#[tokio::test]
async fn cve_2026_1035_2026_9802_a_refresh_token_is_used_once_at_once_and_after_a_restart() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let first = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
    let second = text(&json(&gateway.refresh(&first).await), "refresh_token");
    let again = Gateway {
        app: gateway.app.another_node().await,
        maya: gateway.maya.clone(),
        secret: gateway.secret.clone(),
    };
    let third = text(&json(&again.refresh(&second).await), "refresh_token");
    assert_eq!(error(&again.refresh(&first).await), invalid_grant());
    assert_eq!(error(&gateway.refresh(&third).await), invalid_grant(), "O-09: the family ended with it");
    let fresh = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
    let nodes = [&gateway, &again];
    let tries = (0..50).map(|n| nodes[n % 2].refresh(&fresh));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(
        answers.iter().filter(|page| page.status == StatusCode::OK).count(),
        1,
        "the valid twin, once"
    );
}

/// Row 30: an opaque token that was cut short.
#[tokio::test]
async fn cve_2026_27840_a_token_that_is_cut_is_none() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let access = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "access_token");
    for cut in [1, 4, access.len() / 2, access.len() - 1] {
        for part in [&access[..cut], &access[cut..]] {
            assert_eq!(gateway.userinfo(part).await.status, StatusCode::UNAUTHORIZED, "{part}");
        }
    }
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::OK, "the valid twin");
}

/// Row 35 and GHSA-7qjx-gp9h-65qj: one of the ways to tokens that forgot the account, or who may have the app.
#[tokio::test]
async fn cve_2026_16103_2026_88770_2025_53942_2026_43983_ghsa_7qjx_gp9h_65qj_no_grant_forgets_the_account() {
    let gateway = Gateway::with(TestApp::new().await, everything()).await;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let pending = gateway.code(&browser).await;
    let set = async |state| {
        service::users::set_state(&gateway.app.ctx, &system(), gateway.maya.id, state).await.expect("set");
    };
    set(UserState::Suspended).await;
    assert_eq!(error(&gateway.refresh(&text(&tokens, "refresh_token")).await), invalid_grant());
    assert_eq!(error(&gateway.redeem(&pending).await), invalid_grant());
    set(UserState::Active).await;
    assert_eq!(error(&gateway.refresh(&text(&tokens, "refresh_token")).await), invalid_grant(), "it ended");
    let fresh = gateway.signed_in().await;
    assert_eq!(gateway.redeem(&gateway.code(&fresh).await).await.status, StatusCode::OK, "the valid twin");
    // Somebody whom the app was never given, on the way round by a device.
    gateway.app.person("ines", Role::None).await;
    let ines = gateway.app.browser();
    ines.sign_in("ines").await;
    let basic = gateway.basic();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
    let begun = gateway.app.browser().send(Method::POST, "/oauth2/device_authorization", &headers, "").await;
    let (_, said) = crate::oidc::devices::say(&ines, &text(&json(&begun), "user_code"), "yes").await;
    assert_eq!(said.status, StatusCode::FORBIDDEN);
}

/// Row 37: a session that was deleted and went on.
async fn cve_2025_29928_a_session_that_is_ended_is_over(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, oidc_settings()).await;
    let browser = gateway.signed_in().await;
    let none = gateway.authorize(&[("prompt", "none")]);
    assert!(browser.get(&none).await.location().contains("code="), "the valid twin");
    service::users::end_sessions(&gateway.app.ctx, &system(), gateway.maya.id).await.expect("ended");
    assert!(browser.get(&none).await.location().contains("error=login_required"));
}

#[tokio::test]
async fn cve_2025_29928_a_session_that_is_ended_is_over_sqlite() {
    cve_2025_29928_a_session_that_is_ended_is_over(Kind::Sqlite).await;
}

#[tokio::test]
async fn cve_2025_29928_a_session_that_is_ended_is_over_postgres() {
    cve_2025_29928_a_session_that_is_ended_is_over(Kind::Postgres).await;
}

/// A client that acts for itself and asked for scopes of people.
#[tokio::test]
async fn cve_2024_52287_a_service_gets_no_scope_of_people() {
    let gateway = Gateway::with(TestApp::new().await, everything()).await;
    let ask =
        async |scope: &str| gateway.token(&[("grant_type", "client_credentials"), ("scope", scope)]).await;
    for scope in ["openid", "email", "read openid", "admin"] {
        assert_eq!(error(&ask(scope).await), (400, "invalid_scope".into()), "{scope}");
    }
    assert_eq!(json(&ask("read").await)["scope"], "read", "the valid twin");
}

/// Two levels of revocation, of which the weaker one won.
#[tokio::test]
async fn cve_2026_8922_what_was_revoked_on_either_level_stays_so() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let basic = gateway.basic();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
    let revoke = async |token: &str| {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        gateway.app.browser().send(Method::POST, "/oauth2/revoke", &headers, &body).await
    };
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let access = text(&tokens, "access_token");
    revoke(&access).await;
    let renewed = json(&gateway.refresh(&text(&tokens, "refresh_token")).await);
    assert_eq!(
        gateway.userinfo(&text(&renewed, "access_token")).await.status,
        StatusCode::OK,
        "the valid twin"
    );
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED, "it alone was revoked");
    revoke(&text(&renewed, "refresh_token")).await;
    assert_eq!(gateway.userinfo(&text(&renewed, "access_token")).await.status, StatusCode::UNAUTHORIZED);
    revoke(&text(&renewed, "access_token")).await;
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
}

/// Row 35: a service whose account was switched off and went on.
#[tokio::test]
async fn cve_2025_64521_a_service_that_is_switched_off_gets_nothing() {
    let gateway = Gateway::with(TestApp::new().await, everything()).await;
    let grant = [("grant_type", "client_credentials"), ("scope", "read")];
    let before = text(&json(&gateway.token(&grant).await), "access_token");
    let is_active = async |token: &str| json(&gateway.introspected(token).await)["active"] == true;
    assert!(is_active(&before).await, "the valid twin");
    let set = async |active: bool| {
        let app = service::apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
        let draft = gatehouse::domain::app::AppDraft { active, ..gatehouse::domain::app::AppDraft::of(&app) };
        let version = app.version;
        service::apps::update(&gateway.app.ctx, &system(), app, version, draft).await.expect("switched");
    };
    set(false).await;
    let refused = gateway.token(&grant).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    assert!(json(&refused).get("access_token").is_none());
    set(true).await;
    let after = text(&json(&gateway.token(&grant).await), "access_token");
    assert!(is_active(&after).await, "the valid twin");
}
