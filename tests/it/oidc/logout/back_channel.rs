//! Back-channel logout: the token, who gets it and when, and what happens when nobody takes it.

use super::*;
use crate::support::{app::system, count_events};
use chrono::TimeDelta;
use gatehouse::{
    domain::{audit::EventType, connection::IdTokenAlgorithm, user::UserState},
    service::{self, housekeeping, logout::clients},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Checks a logout token as a client must (Back-Channel Logout 1.0 §2.6), against the published keys.
async fn check(house: &House, token: &str, rp: &Rp, id_token: &str) -> Value {
    let jwks = json(&house.app.browser().get("/oauth2/jwks").await);
    let proven = jose::proven(token, &jwks);
    assert_eq!(proven.header["typ"], "logout+jwt");
    let of_id_token = jose::proven(id_token, &jwks);
    assert_eq!(proven.header["alg"], of_id_token.header["alg"], "signed as its ID tokens are");
    let (claims, of_id_token) = (proven.claims, of_id_token.claims);
    let now = house.app.ctx.now().timestamp();
    assert_eq!(claims["iss"], house.app.url);
    assert_eq!(claims["aud"], rp.client_id);
    assert_eq!(claims["iat"], now);
    assert!(claims["exp"].as_i64().is_some_and(|exp| exp > now && exp <= now + 120), "{claims}");
    assert_eq!(
        claims["events"],
        serde_json::json!({"http://schemas.openid.net/event/backchannel-logout": {}})
    );
    assert_eq!((&claims["sub"], &claims["sid"]), (&of_id_token["sub"], &of_id_token["sid"]));
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 16));
    assert!(claims.get("nonce").is_none(), "prohibited");
    claims
}

async fn told_at_once(kind: Kind) {
    let house = House::on(kind).await;
    for algorithm in [IdTokenAlgorithm::RS256, IdTokenAlgorithm::ES256, IdTokenAlgorithm::EdDSA] {
        let receiver = Receiver::start().await;
        let slug = format!("rp-{}", algorithm.as_str().to_lowercase());
        let settings = OidcConnection { id_token_algorithm: algorithm, ..receiver.settings() };
        let rp = house.client(&slug, settings).await;
        let browser = house.signed_in().await;
        let id_token = rp.sign_on(&browser).await;
        rp.sign_on(&browser).await;
        let page = browser.get(&rp.logout(&id_token)).await;
        assert_eq!(page.location(), format!("https://{slug}.example/bye?state=out"), "nobody waits");
        let tokens = receiver.tokens();
        assert_eq!(tokens.len(), 1, "one session, one token");
        let claims = check(&house, &tokens[0], &rp, &id_token).await;
        // O-37: it passes for nothing else.
        let back = browser.get(&rp.address(&[("prompt", "none"), ("id_token_hint", &tokens[0])])).await;
        assert!(back.location().contains("error="), "{} {claims}", back.location());
        assert!(!house.is_in(&browser).await);
        house.app.ctx.clock.advance(TimeDelta::hours(1));
        assert_eq!(clients::tell_queued(&house.app.ctx).await.expect("nothing left"), 0);
    }
    assert_eq!(count_events(&house.app, EventType::SsoLogout).await, 3);
}

#[tokio::test]
async fn a_client_is_told_when_the_person_signs_out_sqlite() {
    told_at_once(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_client_is_told_when_the_person_signs_out_postgres() {
    told_at_once(Kind::Postgres).await;
}

/// Every other way in which a session ends.
async fn told_from_the_queue(kind: Kind) {
    let house = House::on(kind).await;
    let (app, receiver) = (&house.app, Receiver::start().await);
    let rp = house.client("metrics", receiver.settings()).await;
    let other = house.client("wiki", oidc_settings()).await;
    for way in ["admin", "suspended", "password", "idle", "absolute"] {
        let browser = house.signed_in().await;
        let id_token = rp.sign_on(&browser).await;
        other.sign_on(&browser).await;
        let before = receiver.tokens().len();
        match way {
            "admin" => {
                service::users::end_sessions(&app.ctx, &system(), house.maya.id).await.expect("ended");
            }
            "suspended" => {
                service::users::set_state(&app.ctx, &system(), house.maya.id, UserState::Suspended)
                    .await
                    .expect("suspended");
            }
            "password" => {
                let password = crate::support::app::PASSWORD.to_owned();
                service::users::set_password(&app.ctx, &system(), house.maya.id, password)
                    .await
                    .expect("set");
            }
            "idle" => app.ctx.clock.advance(TimeDelta::minutes(121)),
            _ => {
                for _ in 0..13 {
                    app.ctx.clock.advance(TimeDelta::minutes(59));
                    browser.get("/account").await;
                }
            }
        }
        if matches!(way, "idle" | "absolute") {
            assert_eq!(clients::tell_queued(&app.ctx).await.expect("nothing yet"), 0, "{way}");
            housekeeping::purge(&app.ctx).await.expect("purged");
        }
        assert_eq!(clients::tell_queued(&app.ctx).await.expect("told"), 1, "{way}");
        let tokens = receiver.tokens();
        assert_eq!(tokens.len(), before + 1, "{way}");
        check(&house, &tokens[before], &rp, &id_token).await;
        housekeeping::purge(&app.ctx).await.expect("purged");
        assert_eq!(clients::tell_queued(&app.ctx).await.expect("once"), 0, "{way}");
        if way == "suspended" {
            service::users::set_state(&app.ctx, &system(), house.maya.id, UserState::Active)
                .await
                .expect("active");
        }
    }
}

#[tokio::test]
async fn a_client_is_told_however_a_session_ends_sqlite() {
    told_from_the_queue(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_client_is_told_however_a_session_ends_postgres() {
    told_from_the_queue(Kind::Postgres).await;
}

#[tokio::test]
async fn o24_a_client_that_does_not_take_its_token_is_told_again_with_a_new_one() {
    let house = House::new().await;
    let (app, receiver) = (&house.app, Receiver::start().await);
    let rp = house.client("metrics", receiver.settings()).await;
    let browser = house.signed_in().await;
    let id_token = rp.sign_on(&browser).await;
    receiver.answers(503);
    let page = browser.get(&rp.logout(&id_token)).await;
    assert!(page.location().starts_with("https://metrics.example/bye"), "nobody waits for it");
    assert!(!house.is_in(&browser).await, "the session here ended at once");
    assert_eq!(receiver.tokens().len(), 1);
    // Not before its time, then with pauses that grow.
    assert_eq!(clients::tell_queued(&app.ctx).await.expect("too early"), 0);
    let mut pauses = Vec::new();
    let mut waited = 0;
    while receiver.tokens().len() < 9 && waited < 200_000 {
        app.ctx.clock.advance(TimeDelta::seconds(5));
        waited += 5;
        if clients::tell_queued(&app.ctx).await.expect("tried") == 1 {
            pauses.push(waited);
            waited = 0;
        }
        if pauses.len() == 3 {
            break;
        }
    }
    assert_eq!(pauses, [15, 10, 30]);
    receiver.answers(204);
    app.ctx.clock.advance(TimeDelta::minutes(2));
    assert_eq!(clients::tell_queued(&app.ctx).await.expect("taken"), 1);
    app.ctx.clock.advance(TimeDelta::days(2));
    assert_eq!(clients::tell_queued(&app.ctx).await.expect("done"), 0);
    let tokens = receiver.tokens();
    assert_eq!(tokens.len(), 5);
    let ids: BTreeSet<String> = tokens.iter().map(|token| text(&claims(token), "jti")).collect();
    assert_eq!(ids.len(), 5, "each its own token");
    let last = claims(&tokens[4]);
    assert!(last["exp"].as_i64() > claims(&tokens[0])["exp"].as_i64(), "fresh");
}

#[tokio::test]
async fn a_client_that_never_answers_is_given_up_after_a_day_and_said() {
    let house = House::new().await;
    let app = &house.app;
    // Port 1: nobody answers there.
    let settings =
        OidcConnection { backchannel_logout_uri: "http://127.0.0.1:1/out".into(), ..oidc_settings() };
    let rp = house.client("metrics", settings).await;
    rp.sign_on(&house.signed_in().await).await;
    service::users::end_sessions(&app.ctx, &system(), house.maya.id).await.expect("ended");
    let mut tries = 0;
    for _ in 0..30 {
        tries += clients::tell_queued(&app.ctx).await.expect("tried");
        app.ctx.clock.advance(TimeDelta::hours(17));
    }
    assert_eq!(tries, 8);
    let filter =
        gatehouse::store::audit::AuditFilter { event_type: Some(EventType::SsoLogout), ..Default::default() };
    let page = gatehouse::store::page::PageRequest { offset: 0, limit: 50 };
    let events = service::audit::list(&app.ctx, &system(), &filter, page).await.expect("events").items;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].error_code.as_deref(), Some("no_answer"));
    assert_eq!(events[0].initiated_by.username.as_deref(), Some("maya"));
}

#[tokio::test]
async fn o24_inner_addresses_are_not_called_and_redirects_not_followed() {
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let rp = house.client("metrics", receiver.settings()).await;
    let browser = house.signed_in().await;
    let id_token = rp.sign_on(&browser).await;
    receiver.answers(307);
    browser.get(&rp.logout(&id_token)).await;
    assert_eq!(receiver.bodies().len(), 1, "told, and not followed anywhere");
    let strict = TestApp::with(
        Kind::Sqlite,
        gatehouse::clock::Clock::manual(crate::support::app::start()),
        gatehouse::web::Limits::default(),
        |config| config.outbound.allow_private_networks = gatehouse::config::PrivateNetworks::Refused,
    )
    .await;
    strict.person("tomas", Role::Owner).await;
    let maya = strict.person("maya", Role::None).await;
    let group = strict.group("Growth", &[maya.id]).await;
    let house = House { app: strict, maya, group };
    let inner = Receiver::start().await;
    let rp = house.client("metrics", inner.settings()).await;
    let browser = house.signed_in().await;
    let id_token = rp.sign_on(&browser).await;
    browser.get(&rp.logout(&id_token)).await;
    assert!(inner.bodies().is_empty());
}

/// One client that hangs keeps nobody from being told, and nobody longer than one call takes.
#[tokio::test]
async fn o24_a_client_that_hangs_keeps_nobody_waiting() {
    let house = House::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let hanging = format!("http://{}/out", listener.local_addr().expect("bound"));
    let receiver = Receiver::start().await;
    let settings = OidcConnection { backchannel_logout_uri: hanging, ..oidc_settings() };
    let slow = house.client("slow", settings).await;
    let quick = house.client("quick", receiver.settings()).await;
    let browser = house.signed_in().await;
    slow.sign_on(&browser).await;
    let id_token = quick.sign_on(&browser).await;
    let began = std::time::Instant::now();
    let page = browser.get(&quick.logout(&id_token)).await;
    assert!(page.location().starts_with("https://quick.example/bye"), "{}", page.text);
    assert!(began.elapsed() < std::time::Duration::from_secs(12), "{:?}", began.elapsed());
    assert_eq!(receiver.tokens().len(), 1);
    drop(listener);
}
