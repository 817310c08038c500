//! The flight recorder keeps what was asked and answered, sealed; few may read it, and a replay shows what would differ.

use super::{fill, gateway, post, request, response};
use crate::support::{
    app::{Page, TestApp, saml_settings, start, system},
    count_events,
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{
    clock::Clock,
    config::Config,
    domain::{
        audit::EventType,
        connection::{AcsUrl, Encrypt, NameIdFormat, SamlConnection, ValueMapping, ValueSource},
        user::Role,
    },
    service::{housekeeping, organisation::api_tokens, recordings},
    web::Limits,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const LIST: &str = "/api/v1/apps/crm/recordings";

async fn call(app: &TestApp, role: Role, method: Method, path: &str, body: &str) -> Page {
    let lifetime = Some(TimeDelta::hours(1));
    let (_, secret) =
        api_tokens::create(&app.ctx, &system(), "recorder", role, lifetime).await.expect("a token");
    let bearer = format!("Bearer {}", secret.expose());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    app.browser().send(method, path, &headers, body).await
}

fn json_of(page: &Page) -> Value {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    serde_json::from_str(&page.text).expect("JSON")
}

async fn keep(app: &TestApp) -> usize {
    recordings::flush(&app.ctx).await.expect("kept")
}

/// What is kept, youngest first.
async fn list(app: &TestApp) -> Vec<Value> {
    keep(app).await;
    let list = json_of(&call(app, Role::Admin, Method::GET, LIST, "").await);
    list["recordings"].as_array().expect("a list").clone()
}

async fn detail(app: &TestApp, recording: &Value) -> Value {
    let path = format!("{LIST}/{}", recording["id"].as_str().expect("an id"));
    json_of(&call(app, Role::Admin, Method::GET, &path, "").await)
}

async fn replay(app: &TestApp, recording: &Value, body: Value) -> Value {
    let path = format!("{LIST}/{}/replay", recording["id"].as_str().expect("an id"));
    json_of(&call(app, Role::Admin, Method::POST, &path, &body.to_string()).await)
}

/// The lines that differ: part, name, difference.
fn differing(replay: &Value) -> Vec<(String, String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().expect("text").to_owned();
    let lines = replay["lines"].as_array().expect("lines");
    assert!(!lines.is_empty(), "{replay}");
    lines
        .iter()
        .filter(|line| line["difference"] != "same")
        .map(|line| (text(line, "part"), text(line, "name"), text(line, "difference")))
        .collect()
}

fn expression(name: &str, text: &str) -> ValueMapping {
    ValueMapping::new(name, ValueSource::Expression(text.into()))
}

#[tokio::test]
async fn a_sign_on_is_kept_sealed_and_without_what_could_be_used_again() {
    let mut settings = saml_settings();
    settings.attributes.push(expression("plan", "\"canary-\" & \"value\""));
    let (app, maya, crm) = gateway(settings).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let xml = request(&app, "_r1", "ProviderName=\"canary-request\"", "");
    let page = post(&browser, &xml, Some("canary-relay-state")).await;
    assert!(response(&page).contains("canary-value"));

    let kept = list(&app).await;
    assert_eq!(kept.len(), 1, "request and response are one: {kept:?}");
    let one = &kept[0];
    assert_eq!((&one["outcome"], &one["protocol"]), (&json!("issued"), &json!("saml")));
    assert_eq!(one["user_id"], maya.id.to_string());
    assert_eq!(one["settings_version"], crm.version);
    let on_disk = app.on_disk();
    assert!(on_disk.windows(10).any(|part| part == b"recordings"), "this is the database");
    for canary in ["canary-request", "canary-value", "canary-relay-state"] {
        let is_there = on_disk.windows(canary.len()).any(|part| part == canary.as_bytes());
        assert!(!is_there, "{canary} can be read");
    }

    assert_eq!(count_events(&app, EventType::RecordingRead).await, 0, "a list opens nothing");
    let read = detail(&app, one).await;
    assert_eq!(read["request"]["xml"], xml);
    assert_eq!((&read["request"]["binding"], &read["request"]["signed"]), (&json!("post"), &json!(false)));
    assert_eq!(read["request"]["relay_state_bytes"], 18);
    assert!(read["checks"].as_array().expect("checks").iter().all(|check| check["verdict"] == "passed"));
    let answered = read["answer"]["response_xml"].as_str().expect("a response");
    assert!(answered.contains("canary-value") && answered.contains("maya@fernhill.example"));
    for secret in ["<ds:SignatureValue>", "<ds:X509Certificate>"] {
        assert!(answered.matches(secret).count() == answered.matches(&format!("{secret}…<")).count());
    }
    assert!(!read.to_string().contains("canary-relay-state"), "its length only");
    assert_eq!(count_events(&app, EventType::RecordingRead).await, 1);
}

#[tokio::test]
async fn only_those_who_manage_apps_may_read_recordings() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    post(&browser, &request(&app, "_r1", "", ""), None).await;
    let id = list(&app).await[0]["id"].as_str().expect("an id").to_owned();
    let (one, again) = (format!("{LIST}/{id}"), format!("{LIST}/{id}/replay"));
    let calls = [(Method::GET, LIST), (Method::GET, one.as_str()), (Method::POST, again.as_str())];
    for (method, path) in &calls {
        for (role, expected) in [
            (Role::Auditor, StatusCode::FORBIDDEN),
            (Role::Helpdesk, StatusCode::FORBIDDEN),
            (Role::Admin, StatusCode::OK),
            (Role::Owner, StatusCode::OK),
        ] {
            let page = call(&app, role, method.clone(), path, "{}").await;
            assert_eq!(page.status, expected, "{role:?} {path}: {}", page.text);
        }
        let nobody = app.browser().send(method.clone(), path, &[], "").await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    }
    for wrong in [format!("{LIST}/none"), format!("{LIST}/{}", maya_like_id()), one.replace("crm", "wiki")] {
        let page = call(&app, Role::Admin, Method::GET, &wrong, "").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    assert_eq!(count_events(&app, EventType::RecordingRead).await, 4, "two reads and two replays");
}

fn maya_like_id() -> String {
    crate::support::new_id!(gatehouse::id::RecordingId).to_string()
}

#[tokio::test]
async fn a_replay_shows_exactly_what_the_draft_changes() {
    let settings = SamlConnection { name_id_format: NameIdFormat::Transient, ..saml_settings() };
    let (app, ..) = gateway(settings).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    // Time passes, and none of it is a difference.
    app.ctx.clock.advance(TimeDelta::minutes(7));
    post(&browser, &request(&app, "_r1", "", ""), Some("state")).await;
    app.ctx.clock.advance(TimeDelta::minutes(40));
    let one = list(&app).await.remove(0);
    let same = replay(&app, &one, json!({})).await;
    assert_eq!(differing(&same), [], "{same}");
    assert_eq!(same["after"]["outcome"], "issued");
    let conditions = |replay: &Value| {
        let lines = replay["lines"].as_array().expect("lines").clone();
        let found = lines.iter().find(|line| line["part"] == "conditions" && line["name"] == "NotOnOrAfter");
        found.expect("there")["after"].clone()
    };
    assert_eq!(conditions(&same), json!(["300 s"]));

    let draft = json!({
        "sp_entity_id": "https://sp.example/metadata",
        "acs_urls": [{"url": "https://sp.example/acs", "default": true}],
        "name_id": {"source": "username", "format": "unspecified"},
        "sign": ["response"], "signature_algorithm": "rsa-sha512", "assertion_seconds": 60,
        "audiences": ["urn:other"],
        "attributes": [{"name": "email", "source": "username"}, {"name": "plan", "constant": "blue"}],
        "groups_attribute": "memberOf"
    });
    let changed = replay(&app, &one, json!({"draft": draft})).await;
    let mut told = differing(&changed);
    told.sort();
    let mut expected = [
        ("response", "signature", "changed"),
        ("response", "digest", "changed"),
        ("assertion", "signature", "changed"),
        ("assertion", "digest", "removed"),
        ("name_id", "value", "changed"),
        ("name_id", "Format", "changed"),
        ("confirmation", "NotOnOrAfter", "changed"),
        ("conditions", "NotOnOrAfter", "changed"),
        ("conditions", "Audience", "changed"),
        ("attribute", "email", "changed"),
        ("attribute", "name", "removed"),
        ("attribute_format", "name", "removed"),
        ("attribute", "plan", "added"),
        ("attribute_format", "plan", "added"),
    ]
    .map(|(part, name, how)| (part.to_owned(), name.to_owned(), how.to_owned()));
    expected.sort();
    assert_eq!(told, expected, "{changed}");
    let email = changed["lines"].as_array().expect("lines").iter().find(|line| line["name"] == "email");
    let email = email.expect("there");
    assert_eq!((&email["before"], &email["after"]), (&json!(["maya@fernhill.example"]), &json!(["maya"])));

    let bad = json!({"draft": {"sp_entity_id": "x", "acs_urls": [{"url": "javascript:alert(1)"}]}});
    let path = format!("{LIST}/{}/replay", one["id"].as_str().expect("an id"));
    let refused = call(&app, Role::Admin, Method::POST, &path, &bad.to_string()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
}

#[tokio::test]
async fn a_refused_request_is_kept_and_a_draft_lets_it_through() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    let moved = "AssertionConsumerServiceURL=\"https://sp.example/moved\"";
    post(&browser, &request(&app, "_r1", moved, ""), None).await;
    browser.sign_in("maya").await;
    post(&browser, &request(&app, "_r2", moved, ""), None).await;
    let kept = list(&app).await;
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|one| one["code"] == "saml_assertion_consumer_service"), "{kept:?}");
    let (of_nobody, of_maya) = (
        kept.iter().find(|one| one["user_id"].is_null()).expect("kept"),
        kept.iter().find(|one| !one["user_id"].is_null()).expect("kept"),
    );
    let read = detail(&app, of_maya).await;
    let failed: Vec<&Value> = read["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter(|check| check["verdict"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], "assertion_consumer_service");
    assert!(
        read["refusal"]["words"].as_str().is_some_and(|words| words.contains("https://sp.example/moved"))
    );

    let before = replay(&app, of_maya, json!({})).await;
    assert_eq!(before["after"]["code"], "saml_assertion_consumer_service");
    assert_eq!(before["lines"], json!([]));
    let draft = json!({"draft": {
        "sp_entity_id": "https://sp.example/metadata",
        "acs_urls": [{"url": "https://sp.example/acs"}, {"url": "https://sp.example/moved"}]
    }});
    let after = replay(&app, of_maya, draft.clone()).await;
    assert_eq!(after["before"]["outcome"], "refused");
    assert_eq!(after["after"]["outcome"], "issued", "{after}");
    assert!(after["after"]["response_xml"].as_str().is_some_and(|xml| xml.contains("sp.example/moved")));
    assert!(differing(&after).iter().all(|(_, _, how)| how == "added"));
    let nobody = replay(&app, of_nobody, draft).await;
    assert_eq!(nobody["after"]["outcome"], "began", "nobody was there to be told of: {nobody}");
}

#[tokio::test]
async fn a_denied_person_and_junk_are_kept_too() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("tomas").await;
    post(&browser, &request(&app, "_r1", "", ""), None).await;
    browser.get("/saml2/crm?SAMLRequest=junk%25&RelayState=canary-relay").await;
    let kept = list(&app).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    let denied = kept.iter().find(|one| one["code"] == "not_assigned").expect("kept");
    let read = detail(&app, denied).await;
    assert!(read["request"]["xml"].as_str().is_some_and(|xml| xml.contains("_r1")), "{read}");
    assert_eq!(replay(&app, denied, json!({})).await["after"]["code"], "access");
    let junk = kept.iter().find(|one| one["code"] != "not_assigned").expect("kept");
    let read = detail(&app, junk).await;
    assert_eq!((&read["request"]["decoded"], &read["request"]["xml"]), (&json!(false), &json!("junk%")));
    assert!(!read.to_string().contains("canary-relay"));
    assert_eq!(replay(&app, junk, json!({})).await["after"]["outcome"], "refused");
}

async fn a_sign_on_that_takes_its_time_is_one_recording(kind: Kind) {
    let app = TestApp::on(kind).await;
    fill(&app, saml_settings()).await;
    let browser = app.browser();
    let asked = post(&browser, &request(&app, "_r1", "", ""), None).await;
    let begun = list(&app).await;
    assert_eq!((begun.len(), &begun[0]["outcome"]), (1, &json!("began")));
    app.ctx.clock.advance(TimeDelta::minutes(2));
    let left = browser.sign_in_from(asked.location(), "maya", crate::support::app::PASSWORD).await;
    let posted = browser.leave(&left).await;
    assert!(response(&posted).contains("_r1"));
    let ended = list(&app).await;
    assert_eq!((ended.len(), &ended[0]["outcome"]), (1, &json!("issued")), "{ended:?}");
    assert_eq!(ended[0]["id"], begun[0]["id"]);
    let read = detail(&app, &ended[0]).await;
    assert!(read["request"]["xml"].as_str().is_some_and(|xml| xml.contains("_r1")));
    assert!(differing(&replay(&app, &ended[0], json!({})).await).is_empty());
    // The same request once more is another sign-on, and takes nothing from this one.
    post(&browser, &request(&app, "_r1", "", ""), None).await;
    let both = list(&app).await;
    let codes: Vec<&Value> = both.iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, [&json!("request_replayed"), &Value::Null]);
}

#[tokio::test]
async fn a_sign_on_that_takes_its_time_is_one_recording_sqlite() {
    a_sign_on_that_takes_its_time_is_one_recording(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_sign_on_that_takes_its_time_is_one_recording_postgres() {
    a_sign_on_that_takes_its_time_is_one_recording(Kind::Postgres).await;
}

async fn keeping(per_app: u32, days: u32) -> TestApp {
    let configure = move |config: &mut Config| {
        config.flight_recorder.per_app = per_app;
        config.flight_recorder.retention_days = days;
    };
    TestApp::with(Kind::Sqlite, Clock::manual(start()), Limits::default(), configure).await
}

#[tokio::test]
async fn the_last_of_each_outcome_are_kept_and_none_for_ever() {
    let app = keeping(3, 2).await;
    fill(&app, saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    for number in 0..5 {
        app.ctx.clock.advance(TimeDelta::seconds(1));
        post(&browser, &request(&app, &format!("_r{number}"), "", ""), None).await;
        keep(&app).await;
    }
    // Refusals by strangers don't push out what was answered.
    for number in 5..12 {
        let elsewhere = "AssertionConsumerServiceURL=\"https://evil.example/\"";
        post(&browser, &request(&app, &format!("_r{number}"), elsewhere, ""), None).await;
    }
    let kept = list(&app).await;
    let outcomes = |kept: &[Value], word: &str| kept.iter().filter(|one| one["outcome"] == word).count();
    assert_eq!((outcomes(&kept, "issued"), outcomes(&kept, "refused")), (3, 3));
    let oldest = kept.iter().rfind(|one| one["outcome"] == "issued").expect("kept");
    assert!(detail(&app, oldest).await.to_string().contains("_r2"), "the youngest stay");
    app.ctx.clock.advance(TimeDelta::days(2));
    assert_eq!(
        housekeeping::purge(&app.ctx).await.expect("purged").recordings,
        2,
        "all but those of the last second"
    );
    app.ctx.clock.advance(TimeDelta::seconds(1));
    assert_eq!(housekeeping::purge(&app.ctx).await.expect("purged").recordings, 4);
    assert!(list(&app).await.is_empty());
}

#[tokio::test]
async fn switched_off_nothing_is_kept() {
    let app = keeping(0, 14).await;
    fill(&app, saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let page = post(&browser, &request(&app, "_r1", "", ""), None).await;
    assert!(response(&page).contains("AuthnStatement"), "sign-on works all the same");
    assert_eq!(keep(&app).await, 0);
    let list = json_of(&call(&app, Role::Admin, Method::GET, LIST, "").await);
    assert_eq!(
        list,
        json!({"recording": false, "dropped": 0, "per_app": 0, "retention_days": 0, "recordings": []})
    );
}

#[tokio::test]
async fn an_encrypted_assertion_and_a_tile_can_be_replayed() {
    let settings = SamlConnection {
        sign_assertion: false,
        sign_response: true,
        encrypt: Encrypt::On,
        encryption_certificates: vec![super::settings::certificate(2048)],
        acs_urls: vec![AcsUrl { url: "https://sp.example/acs".into(), index: 0, default: true }],
        ..saml_settings()
    };
    let (app, ..) = gateway(settings).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let page = post(&browser, &request(&app, "_r1", "", ""), None).await;
    assert!(response(&page).contains("EncryptedAssertion"));
    let one = list(&app).await.remove(0);
    let read = detail(&app, &one).await;
    let assertion = read["answer"]["assertion_xml"].as_str().expect("kept before it was encrypted");
    assert!(assertion.contains("maya@fernhill.example") && !assertion.contains("<ds:SignatureValue>A"));
    assert!(assertion.contains("<ds:Signature "), "XS-05: what is encrypted is signed inside: {assertion}");
    assert!(read["answer"]["response_xml"].as_str().is_some_and(|xml| xml.contains("<xenc:CipherValue>…<")));
    assert_eq!(differing(&replay(&app, &one, json!({})).await), []);
    app.ctx.clock.advance(TimeDelta::seconds(1));
    assert!(response(&browser.get("/launch/crm").await).contains("EncryptedAssertion"));
    let tile = list(&app).await.remove(0);
    assert_ne!(tile["id"], one["id"]);
    assert_eq!(detail(&app, &tile).await["request"], Value::Null);
    assert_eq!(differing(&replay(&app, &tile, json!({})).await), []);
}
