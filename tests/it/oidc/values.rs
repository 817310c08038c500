//! What a client's own claims are made from: names in expressions, how somebody signed in, blank values.

use super::{Gateway, claims, json as body, text};
use crate::support::app::{TestApp, oidc_settings, system};
use gatehouse::{
    domain::{
        app::AppDraft,
        connection::{Connection, OidcConnection, ValueMapping, ValueSource},
        session::ACR_PASSWORD,
    },
    service::{ServiceError, apps},
};
use serde_json::{Value, json};

fn row(name: &str, text: &str) -> ValueMapping {
    ValueMapping::new(name, ValueSource::Expression(text.into()))
}

async fn gateway(claims: Vec<ValueMapping>) -> Gateway {
    Gateway::with(TestApp::new().await, OidcConnection { claims, ..oidc_settings() }).await
}

#[tokio::test]
async fn how_somebody_signed_in_can_be_told_in_id_token_and_userinfo() {
    let source = |name: &str, from: &str| ValueMapping::new(name, ValueSource::Source(from.into()));
    let rows = vec![
        source("methods", "amr"),
        source("class", "acr"),
        row("strong", "\"otp\" in session.amr"),
        row("full", "user.first_name & \" \" & user.last_name"),
    ];
    let gateway = gateway(rows).await;
    let browser = gateway.signed_in().await;
    for (amr, strong) in [(json!(["pwd"]), false), (json!(["pwd", "otp"]), true)] {
        let words: Vec<&str> = amr.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(gateway.app.tamper(&format!("UPDATE sessions SET amr = '{}'", words.join(" "))), 1);
        let tokens = gateway.tokens(&browser, &[]).await;
        let id_token = claims(&text(&tokens, "id_token"));
        let userinfo = body(&gateway.userinfo(&text(&tokens, "access_token")).await);
        let refreshed = body(&gateway.refresh(&text(&tokens, "refresh_token")).await);
        for told in [id_token, userinfo, claims(&text(&refreshed, "id_token"))] {
            assert_eq!(told["methods"], amr, "always a list: {told}");
            assert_eq!((&told["class"], &told["strong"]), (&json!(ACR_PASSWORD), &json!(strong)));
            assert_eq!(told["full"], "Maya Okafor");
        }
    }
}

#[tokio::test]
async fn blank_claims_are_not_sent() {
    let rows = vec![
        row("joined", "user.middle_name & \" \" & user.company"),
        row("list", "[\" \", user.email, \"\", 1]"),
        row("none", "[\"\", \" \"]"),
        row("empty", "[]"),
        row("no", "false"),
    ];
    let gateway = gateway(rows).await;
    let browser = gateway.signed_in().await;
    let told = claims(&text(&gateway.tokens(&browser, &[]).await, "id_token"));
    assert_eq!(told["joined"], Value::Null, "{told}");
    assert_eq!(told["none"], json!([]), "a list, of nothing");
    assert_eq!(told["list"], json!(["maya@fernhill.example", 1]));
    assert_eq!((&told["empty"], &told["no"]), (&json!([]), &json!(false)), "values all the same");
}

#[tokio::test]
async fn a_name_that_nothing_has_is_refused_at_its_character() {
    let gateway = gateway(Vec::new()).await;
    let save = async |text: &str| {
        let app = apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
        let settings = OidcConnection { claims: vec![row("x", text)], ..oidc_settings() };
        let draft = AppDraft { connection: Connection::Oidc(Box::new(settings)), ..AppDraft::of(&app) };
        let version = app.version;
        apps::update(&gateway.app.ctx, &system(), app, version, draft).await
    };
    let Err(ServiceError::Invalid(errors)) = save("user.email & user.nosuch").await else { panic!("saved") };
    let message = errors.of("claims").unwrap_or_default();
    assert!(
        message.contains("There is no nosuch in user") && message.contains("at character 19"),
        "{message}"
    );
    save("user.email & user.attributes.nosuch").await.expect("nobody knows the custom ones");
}

/// JC-8: how many groups somebody is in says nothing about the type of a claim.
#[tokio::test]
async fn o_44_claims_have_one_json_type_whatever_they_hold() {
    let source = |name: &str, from: &str| ValueMapping::new(name, ValueSource::Source(from.into()));
    let rows = vec![
        source("teams", "groups"),
        source("groups", "groups"),
        source("tags", "attributes.tags"),
        source("none", "attributes.none"),
        source("level", "attributes.level"),
        source("half", "attributes.half"),
        source("on_call", "attributes.onCall"),
        source("absent", "attributes.absent"),
        row("mapped", "groups.('x-' & $)"),
        row("picked", "groups[$ = \"Engineering\"]"),
        row("first", "groups[0]"),
        ValueMapping { list: Some(true), ..source("mails", "email") },
        ValueMapping { list: Some(false), ..row("plain", "groups.('x-' & $)") },
    ];
    let gateway = gateway(rows).await;
    let custom = r#"{"tags":["blue"],"none":[],"level":3,"half":2.5,"onCall":true}"#;
    assert_eq!(
        gateway.app.tamper(&format!("UPDATE users SET custom = '{custom}' WHERE username = 'maya'")),
        1
    );
    let browser = gateway.signed_in().await;
    let tokens = gateway.tokens(&browser, &[]).await;
    let id_token = claims(&text(&tokens, "id_token"));
    let userinfo = body(&gateway.userinfo(&text(&tokens, "access_token")).await);
    for told in [id_token, userinfo] {
        assert_eq!(told["teams"], json!(["Growth"]), "{told}");
        assert_eq!(told["groups"], json!(["Growth"]));
        assert_eq!((&told["tags"], &told["none"]), (&json!(["blue"]), &json!([])), "lists stay lists");
        assert_eq!((&told["level"], &told["half"]), (&json!(3), &json!(2.5)), "and numbers numbers");
        assert_eq!((&told["on_call"], &told["absent"]), (&json!(true), &Value::Null));
        assert_eq!((&told["mapped"], &told["picked"]), (&json!(["x-Growth"]), &json!([])), "by its kind");
        assert_eq!((&told["first"], &told["plain"]), (&json!("Growth"), &json!("x-Growth")), "one value");
        assert_eq!(told["mails"], json!(["maya@fernhill.example"]), "because the row says so");
    }
}
