//! The simulator says what a sign-on would do, and does none of it; a pasted request is judged parameter by parameter.

use super::{Gateway, REDIRECT, claims, json as body, text};
use crate::support::app::{Page, TestApp, oidc_settings, system};
use chrono::TimeDelta;
use gatehouse::{
    domain::{
        connection::{ValueMapping, ValueSource},
        user::Role,
    },
    service::{apps, organisation::api_tokens},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn ask(app: &TestApp, what: &str, asked: &Value) -> Page {
    let lifetime = Some(TimeDelta::hours(1));
    let (_, secret) =
        api_tokens::create(&app.ctx, &system(), "simulator", Role::Auditor, lifetime).await.expect("a token");
    let bearer = format!("Bearer {}", secret.expose());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = format!("/api/v1/apps/metrics/{what}");
    app.browser().send(Method::POST, &path, &headers, &asked.to_string()).await
}

pub(super) async fn answer(app: &TestApp, what: &str, asked: Value) -> Value {
    let page = ask(app, what, &asked).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    body(&page)
}

fn verdict<'a>(answer: &'a Value, list: &str, name: &str) -> &'a str {
    let lines = answer[list].as_array().expect("a list");
    let line = lines.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("{name}: {answer}"));
    line["verdict"].as_str().expect("a word")
}

async fn gateway() -> Gateway {
    let mut settings = oidc_settings();
    settings.claims = vec![ValueMapping::new("costTeam", ValueSource::Constant("blue".into()))];
    Gateway::with(TestApp::new().await, settings).await
}

#[tokio::test]
async fn a_simulation_shows_the_tokens_of_a_sign_on_and_nothing_trusts_them() {
    let gateway = gateway().await;
    let scope = "openid profile email groups";
    let simulated = answer(&gateway.app, "simulate", json!({"user": "maya", "scope": scope})).await;
    assert_eq!((&simulated["preview"], &simulated["allowed"]), (&json!(true), &json!(true)));
    assert_eq!(simulated["routes"][0]["group"]["name"], "Growth");

    let browser = gateway.signed_in().await;
    let tokens = gateway.tokens(&browser, &[("scope", scope), ("nonce", "-")]).await;
    let real = claims(&text(&tokens, "id_token"));
    let names =
        |claims: &Value| -> Vec<String> { claims.as_object().expect("claims").keys().cloned().collect() };
    assert_eq!(names(&simulated["id_token"]), names(&real), "the same is said");
    for same in ["iss", "sub", "aud", "acr", "amr", "costTeam"] {
        assert_eq!(simulated["id_token"][same], real[same], "{same}");
    }
    let told = body(&gateway.userinfo(&text(&tokens, "access_token")).await);
    assert_eq!(simulated["userinfo"], told);
    assert_eq!((&simulated["scope"], &tokens["scope"]), (&json!(scope), &json!(scope)));
    assert_eq!(simulated["access_token"]["sub"], real["sub"]);

    let jwt = simulated["id_token_jwt"].as_str().expect("a token");
    assert_eq!(claims(jwt)["sub"], real["sub"]);
    let kid = &simulated["throw_away_jwk"]["kid"];
    let keys = body(&gateway.app.browser().get("/oauth2/jwks").await);
    assert!(keys["keys"].as_array().expect("keys").iter().all(|key| key["kid"] != *kid), "published nowhere");
    assert!(simulated["throw_away_jwk"].get("d").is_none());
    let forged = [("prompt", "none"), ("id_token_hint", jwt)];
    assert_eq!(gateway.told(&browser, &forged).await, "login_required", "and not taken for ours");
}

#[tokio::test]
async fn a_denial_is_explained_and_signs_nothing() {
    let gateway = gateway().await;
    let denied = answer(&gateway.app, "simulate", json!({"user": "tomas"})).await;
    assert_eq!(denied["allowed"], false);
    assert_eq!(verdict(&denied, "checks", "access"), "failed");
    assert_eq!(denied["id_token_jwt"], Value::Null);
    let without = answer(&gateway.app, "simulate", json!({"user": "maya", "scope": "profile"})).await;
    assert_eq!((verdict(&without, "checks", "scope"), &without["allowed"]), ("failed", &json!(false)));
}

#[tokio::test]
async fn unsaved_settings_count_and_are_not_saved() {
    let gateway = gateway().await;
    let before = apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
    let block = json!({
        "redirect_uris": [REDIRECT], "first_party": false, "access_token_format": "jwt",
        "scopes": ["openid", "email"], "resources": ["https://api.example"], "grant_types": ["authorization_code"],
        "claims": [{"name": "plan", "constant": "gold", "destination": "userinfo"}],
    });
    let asked = json!({"user": "maya", "oidc": block, "resource": ["https://api.example"],
        "claims": {"id_token": {"email": null}}});
    let simulated = answer(&gateway.app, "simulate", asked).await;
    assert_eq!(simulated["scope"], "openid email");
    assert_eq!(
        (&simulated["userinfo"]["plan"], &simulated["id_token"]["plan"]),
        (&json!("gold"), &Value::Null)
    );
    assert_eq!(simulated["id_token"]["email"], "maya@fernhill.example");
    assert_eq!(simulated["access_token"]["aud"], "https://api.example");
    assert!(simulated["access_token"].get("active").is_none(), "a JWT says nothing about that");
    assert_eq!(verdict(&simulated, "checks", "consent"), "warning");
    assert_eq!(apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app"), before);
    for (bad, field) in [
        (json!({"user": "maya", "oidc": {"redirect_uris": ["javascript:1"]}}), "redirect_uris"),
        (json!({"user": "maya", "claims": "{"}), "claims"),
        (json!({"user": "maya", "draft": {}}), "draft"),
    ] {
        let page = ask(&gateway.app, "simulate", &bad).await;
        assert!(
            page.status.is_client_error() && page.text.contains(field),
            "{bad}: {} {}",
            page.status,
            page.text
        );
    }
    assert!(
        ask(&gateway.app, "simulate", &json!({"user": "maya", "scopes": "x"})).await.status.is_client_error()
    );
}

#[tokio::test]
async fn a_draft_says_only_what_to_try_instead() {
    let gateway = gateway().await;
    let asked = |oidc: Value| json!({"user": "maya", "scope": "openid", "oidc": oidc, "amr": ["pwd", "otp"]});
    let saved = answer(&gateway.app, "simulate", asked(json!({}))).await;
    assert_eq!(
        (&saved["allowed"], &saved["id_token"]["costTeam"]),
        (&json!(true), &json!("blue")),
        "{saved}"
    );
    assert_eq!(saved["id_token"]["amr"], json!(["pwd", "otp"]));
    let rows = json!({"claims": [{"name": "how", "source": "amr"}, {"name": "lost", "expression": "user.custom.lsot"}]});
    let tried = answer(&gateway.app, "simulate", asked(rows)).await;
    assert_eq!((&tried["allowed"], &tried["id_token"]["how"]), (&json!(true), &json!(["pwd", "otp"])));
    assert_eq!(tried["id_token"].get("costTeam"), None, "the draft's claims are all there are");
    assert!(tried["checks"].to_string().contains("no custom attribute lsot"), "{tried}");
    let good = format!("{}{}", gateway.app.url, gateway.authorize(&[]));
    let judged =
        answer(&gateway.app, "judge", json!({"request": good, "oidc": {"require_par": false}})).await;
    assert_eq!(judged["accepted"], true, "the redirect address is the saved one: {judged}");
}

#[tokio::test]
async fn a_pasted_request_is_judged_parameter_by_parameter() {
    let gateway = gateway().await;
    let good = format!("{}{}", gateway.app.url, gateway.authorize(&[("utm", "x")]));
    let judged = answer(&gateway.app, "judge", json!({"request": good})).await;
    assert_eq!((&judged["accepted"], &judged["told"]), (&json!(true), &Value::Null));
    for (name, expected) in [
        ("redirect_uri", "passed"),
        ("scope", "passed"),
        ("code_challenge", "passed"),
        ("prompt", "skipped"),
        ("utm", "skipped"),
    ] {
        assert_eq!(verdict(&judged, "parameters", name), expected, "{name}");
    }
    let bad = gateway.authorize(&[
        ("redirect_uri", "https://rp.example/other"),
        ("code_challenge_method", "plain"),
        ("max_age", "soon"),
        ("resource", "https://api.example"),
        ("scope", "openid launch"),
    ]);
    let judged = answer(&gateway.app, "judge", json!({"request": bad})).await;
    assert_eq!((&judged["accepted"], &judged["told"]), (&json!(false), &json!("person")));
    for (name, expected) in [
        ("client_id", "passed"),
        ("redirect_uri", "failed"),
        ("code_challenge", "failed"),
        ("max_age", "failed"),
        ("resource", "failed"),
        ("scope", "warning"),
    ] {
        assert_eq!(verdict(&judged, "parameters", name), expected, "{name}");
    }
    let lines = judged["parameters"].as_array().expect("lines");
    let failed = lines.iter().filter(|line| line["verdict"] == "failed");
    for line in failed {
        for member in ["words", "spec", "fix"] {
            assert!(line[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {line}");
        }
    }
    let told =
        answer(&gateway.app, "judge", json!({"request": gateway.authorize(&[("prompt", "none login")])}))
            .await;
    assert_eq!((&told["told"], &told["error"]), (&json!("app"), &json!("invalid_request")));
    for nonsense in ["", "a=1&a=1", "%zz=1", "not a request"] {
        let judged = answer(&gateway.app, "judge", json!({"request": nonsense})).await;
        assert_eq!(judged["accepted"], false, "{nonsense}");
    }
    let draft = json!({"request": bad, "oidc": {"redirect_uris": ["https://rp.example/other"], "require_pkce": false}});
    let judged = answer(&gateway.app, "judge", draft).await;
    assert_eq!(verdict(&judged, "parameters", "redirect_uri"), "passed", "unsaved settings count");
}

/// A pushed request is judged by what was pushed, and can be used after it.
#[tokio::test]
async fn a_pushed_request_is_judged_and_not_used_up() {
    let gateway = gateway().await;
    gateway.reregister(|settings| settings.require_par = true).await;
    let judged = async |address: &str| answer(&gateway.app, "judge", json!({"request": address})).await;
    let direct = judged(&gateway.authorize(&[])).await;
    assert_eq!(
        (&direct["accepted"], verdict(&direct, "parameters", "request_uri")),
        (&json!(false), "failed")
    );

    let reference = gateway.reference().await;
    let presented = format!(
        "/oauth2/authorize?{}",
        form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", "metrics")
            .append_pair("request_uri", &reference)
            .append_pair("scope", "openid groups")
            .finish()
    );
    for _ in 0..2 {
        let judged = judged(&presented).await;
        assert_eq!((&judged["accepted"], &judged["told"]), (&json!(true), &Value::Null), "{judged}");
        for (name, expected) in [
            ("(address)", "passed"),
            ("request_uri", "passed"),
            ("redirect_uri", "passed"),
            ("code_challenge", "passed"),
            ("nonce", "skipped"),
        ] {
            assert_eq!(verdict(&judged, "parameters", name), expected, "{name}: {judged}");
        }
        let lines = judged["parameters"].as_array().expect("lines");
        let scopes: Vec<_> = lines.iter().filter(|line| line["name"] == "scope").collect();
        assert_eq!(scopes[0]["value"], "openid email", "what was pushed");
        assert_eq!(scopes[1]["verdict"], "skipped", "what stands beside it: {}", scopes[1]);
    }
    let browser = gateway.signed_in().await;
    assert!(browser.get(&presented).await.location().contains("code="), "the valid twin: it is still good");
    let used = judged(&presented).await;
    assert_eq!(
        (&used["accepted"], &used["told"], &used["error"]),
        (&json!(false), &json!("person"), &json!("invalid_request_uri"))
    );
    assert_eq!(verdict(&used, "parameters", "request_uri"), "failed");
    assert_eq!(verdict(&used, "parameters", "redirect_uri"), "skipped", "nothing is known of it");
    let both = judged(&format!("{presented}&request=x.y.z")).await;
    assert_eq!(
        (&both["error"], verdict(&both, "parameters", "request")),
        (&json!("invalid_request"), "failed")
    );
    let foreign = judged(&presented.replace("client_id=metrics", "client_id=other")).await;
    assert_eq!(
        (&foreign["accepted"], verdict(&foreign, "parameters", "client_id")),
        (&json!(false), "failed")
    );
}

#[tokio::test]
async fn a_request_to_another_address_is_not_ours() {
    let gateway = gateway().await;
    let judged = async |address: &str| answer(&gateway.app, "judge", json!({"request": address})).await;
    let query = gateway.authorize(&[]).split_once('?').expect("a query").1.to_owned();
    for ours in [
        format!("{}/oauth2/authorize?{query}", gateway.app.url),
        format!("/oauth2/authorize?{query}"),
        format!("?{query}"),
        query.clone(),
    ] {
        assert_eq!(judged(&ours).await["accepted"], true, "{ours}");
    }
    for foreign in [
        format!("https://evil.example/oauth2/authorize?{query}"),
        format!("{}/oauth2/token?{query}", gateway.app.url),
        format!("{}/realms/x/protocol/openid-connect/auth?{query}", gateway.app.url),
    ] {
        let judged = judged(&foreign).await;
        assert_eq!((&judged["accepted"], &judged["told"]), (&json!(false), &Value::Null), "{foreign}");
        assert_eq!(verdict(&judged, "parameters", "(address)"), "failed");
        assert_eq!(
            verdict(&judged, "parameters", "redirect_uri"),
            "passed",
            "the rest is judged all the same"
        );
    }
}

#[tokio::test]
async fn o22_a_judged_hint_is_verified() {
    let gateway = gateway().await;
    let browser = gateway.signed_in().await;
    let own = text(&gateway.tokens(&browser, &[]).await, "id_token");
    let judged = async |more: &[(&str, &str)]| {
        answer(&gateway.app, "judge", json!({"request": gateway.authorize(more)})).await
    };
    for hint in ["x.y.z", "nonsense", &own[..own.len() - 4]] {
        let asking = judged(&[("id_token_hint", hint)]).await;
        assert_eq!(verdict(&asking, "parameters", "id_token_hint"), "warning", "{hint}: it counts as none");
        assert_eq!(asking["accepted"], true);
        let silent = judged(&[("id_token_hint", hint), ("prompt", "none")]).await;
        assert_eq!(verdict(&silent, "parameters", "id_token_hint"), "failed", "{hint}");
        assert_eq!(
            (&silent["accepted"], &silent["told"], &silent["error"]),
            (&json!(false), &json!("app"), &json!("login_required"))
        );
        assert_eq!(
            gateway.told(&browser, &[("id_token_hint", hint), ("prompt", "none")]).await,
            "login_required"
        );
    }
    for prompt in ["none", "-"] {
        let good = judged(&[("id_token_hint", &own), ("prompt", prompt)]).await;
        assert_eq!(verdict(&good, "parameters", "id_token_hint"), "passed", "the valid twin");
        assert_eq!(good["accepted"], true);
    }
    gateway.app.ctx.clock.advance(TimeDelta::hours(1));
    let late = judged(&[("id_token_hint", &own)]).await;
    assert_eq!(verdict(&late, "parameters", "id_token_hint"), "warning");
}

/// What the endpoint refuses, the judge refuses; what it leaves out, the judge names.
#[tokio::test]
async fn the_judge_and_the_endpoint_agree_on_claims_and_secrets() {
    let gateway = gateway().await;
    let browser = gateway.signed_in().await;
    let judged = async |more: &[(&str, &str)]| {
        let address = gateway.authorize(more);
        (answer(&gateway.app, "judge", json!({ "request": address })).await, browser.get(&address).await)
    };
    let insisting = r#"{"id_token":{"acr":{"essential":true,"values":["urn:x"]}}}"#;
    let (told, page) = judged(&[("claims", insisting)]).await;
    assert_eq!(super::query(page.location())["error"], "unmet_authentication_requirements");
    assert_eq!(
        (&told["accepted"], &told["error"]),
        (&json!(false), &json!("unmet_authentication_requirements"))
    );
    assert_eq!(verdict(&told, "parameters", "claims"), "failed");
    let wishing = r#"{"id_token":{"acr":{"values":["urn:x"]},"phone_number":null,"x":null}}"#;
    let (told, page) = judged(&[("claims", wishing)]).await;
    assert!(super::query(page.location()).contains_key("code"));
    assert_eq!(
        (&told["accepted"], verdict(&told, "parameters", "claims")),
        (&json!(true), "warning"),
        "{told}"
    );
    let words = told["parameters"].to_string();
    assert!(words.contains("custom claim: x."), "{words}");
    let (told, _) = judged(&[("client_secret", "a-secret-that-leaked")]).await;
    assert_eq!((&told["accepted"], verdict(&told, "parameters", "client_secret")), (&json!(true), "warning"));
    assert!(!told.to_string().contains("a-secret-that-leaked"), "and is not said again");
}

#[tokio::test]
async fn an_app_on_devices_is_no_service() {
    let settings = gatehouse::domain::connection::OidcConnection {
        grant_types: vec![oidc::GrantType::DeviceCode],
        redirect_uris: Vec::new(),
        ..oidc_settings()
    };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let told = answer(&gateway.app, "simulate", json!({ "user": "maya" })).await;
    assert_eq!(told["allowed"], true, "{told}");
    assert_eq!(verdict(&told, "checks", "redirect_uris"), "passed");
    assert!(!told.to_string().contains("only a service"), "{told}");
}
