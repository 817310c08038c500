//! Trailhead turns away everything but the right answer to its own question. Each attack stands beside its twin.

use crate::support::{
    browser, listener, location,
    op::{Op, Wrong},
    run,
};
use reqwest::{Client, Response, StatusCode};
use sample_apps::{OidcRpConfig, oidc_rp};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};
use url::Url;

struct World {
    op: Arc<Op>,
    app: String,
    browser: Client,
}

async fn world() -> World {
    let (op_listener, op_url) = listener().await;
    let op = Op::new(op_url.as_str().trim_end_matches('/').to_owned());
    let router = op.router();
    run(async move { Ok(axum::serve(op_listener, router).await?) });
    let (listener, base_url) = listener().await;
    let app = base_url.as_str().trim_end_matches('/').to_owned();
    let config = OidcRpConfig {
        base_url,
        issuer: op.issuer.clone(),
        client_id: "trailhead".into(),
        client_secret: "s3cret".into(),
        idp_name: "Fernhill".into(),
    };
    assert!(!format!("{config:?}").contains("s3cret"));
    run(oidc_rp(listener, config, std::future::pending()));
    World { op, app, browser: browser() }
}

impl World {
    /// Starts a sign-in; the parameters of the authorization request.
    async fn begin(&self, query: &[(&str, &str)]) -> HashMap<String, String> {
        let url = Url::parse_with_params(&format!("{}/login", self.app), query).unwrap();
        let response = self.browser.get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let url = Url::parse(&location(&response)).unwrap();
        assert!(url.as_str().starts_with(&format!("{}/oauth2/authorize?", self.op.issuer)));
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["redirect_uri"], format!("{}/oidc/callback", self.app));
        *self.op.asked.lock().unwrap() = (asked["nonce"].clone(), asked["code_challenge"].clone());
        asked
    }

    async fn answer(&self, browser: &Client, query: &[(&str, &str)]) -> Response {
        let url = Url::parse_with_params(&format!("{}/oidc/callback", self.app), query).unwrap();
        browser.get(url).send().await.unwrap()
    }

    /// A right answer for a state.
    async fn good_answer(&self, state: &str) -> Response {
        self.answer(&self.browser, &[("code", "code-1"), ("state", state), ("iss", &self.op.issuer)]).await
    }

    async fn home(&self) -> String {
        self.browser.get(format!("{}/", self.app)).send().await.unwrap().text().await.unwrap()
    }

    async fn sign_in(&self) {
        let asked = self.begin(&[]).await;
        let response = self.good_answer(&asked["state"]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", response.text().await.unwrap());
        assert_eq!(location(&response), "/");
    }

    async fn refused(&self, what: &str, response: Response, because: &str) {
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {text}");
        assert!(text.contains(because), "{what}: not refused for {because:?} but: {text}");
        assert!(self.home().await.contains("Sign in with Fernhill"), "{what}");
    }

    fn wrong(&self, wrong: Wrong) {
        *self.op.wrong.lock().unwrap() = wrong;
    }
}

#[tokio::test]
async fn a_person_signs_in_refreshes_and_signs_out() {
    let world = world().await;
    world.sign_in().await;
    let home = world.home().await;
    for shown in
        ["Zoë &lt;Lindqvist&gt;", "zoe@fernhill.example", "Design", "user-1", &world.op.issuer, "0 times"]
    {
        assert!(home.contains(shown), "{shown} is missing from {home}");
    }
    assert!(!home.contains("access-1") && !home.contains("refresh-1"), "tokens stay on the server");
    for round in 1..=2 {
        let response = world.browser.post(format!("{}/refresh", world.app)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert!(world.home().await.contains(&format!("{round} times")));
    }
    let used: Vec<_> = world
        .op
        .token_requests
        .lock()
        .unwrap()
        .iter()
        .filter_map(|form| form.get("refresh_token").cloned())
        .collect();
    assert_eq!(used, ["refresh-1", "refresh-2"], "each refresh uses the newest token");
    world.browser.post(format!("{}/logout", world.app)).send().await.unwrap();
    assert!(world.home().await.contains("Sign in with Fernhill"));
}

#[tokio::test]
async fn the_provider_may_start_a_sign_in() {
    let world = world().await;
    let target = format!("{}/?trip=7", world.app);
    let asked =
        world.begin(&[("iss", &world.op.issuer), ("login_hint", "zoe"), ("target_link_uri", &target)]).await;
    assert_eq!(asked["login_hint"], "zoe");
    let response = world.good_answer(&asked["state"]).await;
    assert_eq!(location(&response), "/?trip=7");
    assert!(world.home().await.contains("from your portal"));

    let foreign =
        Url::parse_with_params(&format!("{}/login", world.app), [("iss", "https://evil.example")]).unwrap();
    assert_eq!(world.browser.get(foreign).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    for target in [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        &format!("{}.evil.example/", world.app),
    ] {
        let asked = world.begin(&[("iss", &world.op.issuer), ("target_link_uri", target)]).await;
        assert_eq!(location(&world.good_answer(&asked["state"]).await), "/", "{target}");
    }
}

#[tokio::test]
async fn answers_that_do_not_fit_are_refused() {
    let world = world().await;
    let issuer = world.op.issuer.clone();
    let asked = world.begin(&[]).await;
    let state = asked["state"].as_str();
    let stranger = browser();
    let cases = [
        (
            "no state",
            world.answer(&world.browser, &[("code", "code-1"), ("iss", &issuer)]).await,
            "no sign-in",
        ),
        (
            "wrong state",
            world.answer(&world.browser, &[("code", "code-1"), ("state", "x"), ("iss", &issuer)]).await,
            "no sign-in",
        ),
        (
            "no iss",
            world.answer(&world.browser, &[("code", "code-1"), ("state", state)]).await,
            "provider that was asked",
        ),
        (
            "wrong iss",
            world
                .answer(
                    &world.browser,
                    &[("code", "code-1"), ("state", state), ("iss", "https://evil.example")],
                )
                .await,
            "provider that was asked",
        ),
        (
            "another browser",
            world.answer(&stranger, &[("code", "code-1"), ("state", state), ("iss", &issuer)]).await,
            "no sign-in",
        ),
    ];
    for (what, response, because) in cases {
        world.refused(what, response, because).await;
    }
    assert_eq!(world.op.token_requests.lock().unwrap().len(), 0, "no code was redeemed");
    assert_eq!(
        world.good_answer(state).await.status(),
        StatusCode::SEE_OTHER,
        "the valid twin, still usable"
    );
    world.browser.post(format!("{}/logout", world.app)).send().await.unwrap();
    world.refused("the same answer again", world.good_answer(state).await, "no sign-in").await;

    let asked = world.begin(&[]).await;
    let error = world
        .answer(&world.browser, &[("error", "access_denied"), ("state", &asked["state"]), ("iss", &issuer)])
        .await;
    world.refused("error", error, "access_denied").await;
    let asked = world.begin(&[]).await;
    let wrong_code =
        world.answer(&world.browser, &[("code", "x"), ("state", &asked["state"]), ("iss", &issuer)]).await;
    world.refused("wrong code", wrong_code, "code was not accepted").await;
}

#[tokio::test]
async fn tokens_that_do_not_fit_are_refused() {
    let world = world().await;
    let claim = |name, value| Wrong { claims: Some((name, value)), ..Wrong::default() };
    let cases = [
        ("nonce", claim("nonce", json!("x")), "ID token is not valid"),
        ("issuer", claim("iss", json!("https://evil.example")), "ID token is not valid"),
        (
            "issuer with a slash",
            claim("iss", json!(format!("{}/", world.op.issuer))),
            "ID token is not valid",
        ),
        ("audience", claim("aud", json!("another")), "ID token is not valid"),
        ("two audiences", claim("aud", json!(["trailhead", "another"])), "ID token is not valid"),
        ("expired", claim("exp", json!(1_600_000_000)), "ID token is not valid"),
        ("at_hash", claim("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), "does not belong"),
        ("another key", Wrong { foreign_key: true, ..Wrong::default() }, "ID token is not valid"),
        (
            "userinfo of another person",
            Wrong { userinfo_sub: true, ..Wrong::default() },
            "userinfo was not given",
        ),
    ];
    for (what, wrong, because) in cases {
        world.wrong(wrong);
        let asked = world.begin(&[]).await;
        world.refused(what, world.good_answer(&asked["state"]).await, because).await;
    }
    world.wrong(Wrong::default());
    world.sign_in().await;
}

#[tokio::test]
async fn a_refused_refresh_ends_the_session() {
    for wrong in [
        Wrong { refuse_refresh: true, ..Wrong::default() },
        Wrong { refreshed_sub: true, ..Wrong::default() },
    ] {
        let world = world().await;
        world.sign_in().await;
        world.wrong(wrong);
        let response = world.browser.post(format!("{}/refresh", world.app)).send().await.unwrap();
        world.refused("refresh", response, "did not renew").await;
    }
}
