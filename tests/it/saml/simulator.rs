//! The simulator says what a sign-on would do, and does none of it.

use super::{gateway, post, request, response};
use crate::support::app::{Page, TestApp, saml_settings, system};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use gatehouse::{
    domain::{
        app::AppDraft,
        connection::{Connection, NameIdFormat, SamlConnection, ValueMapping, ValueSource},
        key::KeyAlgorithm,
        user::Role,
    },
    service::{self, keys::NewKey, organisation::api_tokens},
    store,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn token(app: &TestApp, role: Role) -> String {
    let lifetime = Some(TimeDelta::hours(1));
    let (_, secret) =
        api_tokens::create(&app.ctx, &system(), "simulator", role, lifetime).await.expect("a token");
    format!("Bearer {}", secret.expose())
}

async fn ask(app: &TestApp, path: &str, body: &Value) -> Page {
    let bearer = token(app, Role::Auditor).await;
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    app.browser().send(Method::POST, path, &headers, &body.to_string()).await
}

async fn answer(app: &TestApp, path: &str, body: Value) -> Value {
    let page = ask(app, path, &body).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    serde_json::from_str(&page.text).expect("JSON")
}

fn verdict<'a>(answer: &'a Value, name: &str) -> &'a str {
    let checks = answer["checks"].as_array().expect("a list");
    let check =
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {answer}"));
    check["verdict"].as_str().expect("a word")
}

#[tokio::test]
async fn a_simulation_shows_what_a_sign_on_sends_and_nothing_trusts_it() {
    let (app, ..) = gateway(saml_settings()).await;
    let simulated = answer(&app, "/api/v1/apps/crm/simulate", json!({"user": "maya"})).await;
    assert_eq!((&simulated["preview"], &simulated["allowed"]), (&json!(true), &json!(true)));
    assert_eq!(simulated["name_id"], "maya@fernhill.example");
    assert_eq!(simulated["routes"][0]["group"]["name"], "Growth");
    assert_eq!(simulated["acs_url"], "https://sp.example/acs");

    let browser = app.browser();
    browser.sign_in("maya").await;
    let real = response(&post(&browser, &request(&app, "_r1", "", ""), None).await);
    let preview = simulated["response_xml"].as_str().expect("a response");
    let statements = |xml: &str| {
        let from = xml.find("<saml:AttributeStatement").expect("there");
        xml[from..xml.find("</saml:AttributeStatement>").expect("there")].to_owned()
    };
    assert_eq!(statements(preview), statements(&real), "the same is said");
    let certificate = |xml: &str| {
        let from = xml.find("<ds:X509Certificate>").expect("there");
        xml[from..from + 400].to_owned()
    };
    assert_ne!(certificate(preview), certificate(&real), "by a key that nobody trusts");
}

#[tokio::test]
async fn a_denial_is_explained_and_signs_nothing() {
    let (app, ..) = gateway(saml_settings()).await;
    let denied = answer(&app, "/api/v1/apps/crm/simulate", json!({"user": "tomas"})).await;
    assert_eq!(denied["allowed"], false);
    assert_eq!(verdict(&denied, "access"), "failed");
    assert_eq!(denied["response_xml"], Value::Null);
}

#[tokio::test]
async fn an_algorithm_that_saving_would_refuse_is_refused_and_a_weak_one_is_warned_of() {
    let (app, ..) = gateway(saml_settings()).await;
    let with = |algorithm: &str| {
        json!({"user": "maya", "draft": {
            "sp_entity_id": "https://other.example", "acs_urls": [{"url": "https://other.example/acs"}],
            "signature_algorithm": algorithm
        }})
    };
    let refused = answer(&app, "/api/v1/apps/crm/simulate", with("ecdsa-sha256")).await;
    assert_eq!((&refused["allowed"], verdict(&refused, "signature")), (&json!(false), "failed"));
    assert_eq!(refused["response_xml"], Value::Null);
    let weak = answer(&app, "/api/v1/apps/crm/simulate", with("rsa-sha1")).await;
    assert_eq!((&weak["allowed"], verdict(&weak, "signature")), (&json!(true), "warning"));
    let fine = answer(&app, "/api/v1/apps/crm/simulate", with("rsa-sha512")).await;
    assert_eq!(fine["allowed"], true);
    assert!(fine["checks"].as_array().expect("a list").iter().all(|check| check["name"] != "signature"));
    let crm = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    service::keys::make_next(&app.ctx, &system(), &crm, NewKey { algorithm: KeyAlgorithm::P256, years: 1 })
        .await
        .expect("made");
    let ahead = answer(&app, "/api/v1/apps/crm/simulate", with("ecdsa-sha256")).await;
    assert_eq!(
        (&ahead["allowed"], verdict(&ahead, "signature")),
        (&json!(true), "warning"),
        "from the switch on"
    );
}

#[tokio::test]
async fn s26_a_request_that_was_used_is_judged_so_and_judging_uses_none_up() {
    let (app, ..) = gateway(saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let xml = request(&app, "_used", "", "");
    for _ in 0..2 {
        let judged = answer(&app, "/api/v1/apps/crm/judge", json!({"request": xml})).await;
        assert_eq!((&judged["accepted"], verdict(&judged, "replay")), (&json!(true), "passed"), "{judged}");
    }
    response(&post(&browser, &xml, None).await);
    let judged = answer(&app, "/api/v1/apps/crm/judge", json!({"request": xml})).await;
    assert_eq!((&judged["accepted"], verdict(&judged, "replay")), (&json!(false), "failed"), "{judged}");
    assert_eq!(judged["status"], Value::Null, "the person gets a page");
}

#[tokio::test]
async fn unsaved_settings_count_and_are_not_saved() {
    let (app, _, crm) = gateway(saml_settings()).await;
    let draft = json!({
        "sp_entity_id": "https://other.example", "acs_urls": [{"url": "https://other.example/acs"}],
        "name_id": {"expression": "$uppercase(user.username)", "format": "unspecified"},
        "attributes": [{"name": "broken", "expression": "user.email - 1"}]
    });
    let simulated = answer(&app, "/api/v1/apps/crm/simulate", json!({"user": "maya", "draft": draft})).await;
    assert_eq!(simulated["name_id"], "MAYA");
    assert_eq!(simulated["acs_url"], "https://other.example/acs");
    assert_eq!(verdict(&simulated, "attribute"), "warning");
    let mut conn = app.ctx.db.read().await.expect("a connection");
    let stored = store::apps::get(&mut conn, crm.id).await.expect("read").expect("there");
    assert_eq!(stored.connection, crm.connection);

    let bad = json!({"sp_entity_id": "x", "acs_urls": [{"url": "javascript:alert(1)"}]});
    let refused = ask(&app, "/api/v1/apps/crm/simulate", &json!({"user": "maya", "draft": bad})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
}

#[tokio::test]
async fn a_draft_says_only_what_to_try_instead() {
    let row = |name: &str, text: &str| ValueMapping::new(name, ValueSource::Expression(text.into()));
    let settings = SamlConnection {
        name_id_expression: "$uppercase(user.username)".into(),
        attributes: vec![row("team", "user.attributes.costTem")],
        strict_relay_state: true,
        ..saml_settings()
    };
    let (app, _, crm) = gateway(settings).await;
    let path = "/api/v1/apps/crm/simulate";
    let saved = answer(&app, path, json!({"user": "maya"})).await;
    let empty = answer(&app, path, json!({"user": "maya", "draft": {}})).await;
    for same in ["allowed", "name_id", "acs_url", "attributes", "checks"] {
        assert_eq!(empty[same], saved[same], "{same}");
    }
    assert_eq!((&empty["allowed"], &empty["acs_url"]), (&json!(true), &json!("https://sp.example/acs")));
    let unfound = saved["checks"].to_string();
    assert!(
        unfound.contains("finds nothing for Maya Okafor. They have no custom attribute costTem."),
        "{unfound}"
    );

    let rows = json!([{"name": "amr", "source": "amr"}, {"name": "how", "expression": "session.amr"}]);
    let draft = json!({"attributes": rows});
    let tried = answer(&app, path, json!({"user": "maya", "draft": draft, "amr": ["pwd", "otp"]})).await;
    assert_eq!((&tried["allowed"], &tried["name_id"]), (&json!(true), &json!("MAYA")));
    let sent = tried["attributes"].as_array().expect("a list");
    assert_eq!(sent.len(), 3, "these two and the groups: {sent:?}");
    assert!(sent[..2].iter().all(|attribute| attribute["values"] == json!(["pwd", "otp"])), "{sent:?}");
    let other = json!({"name_id": {"source": "email"}});
    let tried = answer(&app, path, json!({"user": "maya", "draft": other})).await;
    assert_eq!(tried["name_id"], "maya@fernhill.example", "a source takes the expression's place");

    for bad in [
        json!({"user": "maya", "draft": {"attributes": [{"name": "x", "expression": "user.nosuch"}]}}),
        json!({"user": "maya", "amr": ["pwd otp"]}),
        json!({"user": "maya", "amr": ["a", "b", "c", "d", "e", "f", "g", "h", "i"]}),
        json!({"user": "maya", "draft": {"sp_metadata_mdq": true}}),
    ] {
        let refused = ask(&app, path, &bad).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}: {}", refused.text);
    }
    let good = request(&app, "_r1", "", "");
    let judged =
        answer(&app, "/api/v1/apps/crm/judge", json!({"request": good, "draft": {"skew_seconds": 60}})).await;
    assert_eq!(judged["accepted"], true, "{judged}");
    let mut conn = app.ctx.db.read().await.expect("a connection");
    let stored = store::apps::get(&mut conn, crm.id).await.expect("read").expect("there");
    assert_eq!(stored.connection, crm.connection, "and nothing of it is saved");
}

#[tokio::test]
async fn a_simulation_makes_no_persistent_identifier() {
    let settings = SamlConnection { name_id_format: NameIdFormat::Persistent, ..saml_settings() };
    let (app, maya, crm) = gateway(settings).await;
    let simulated = answer(&app, "/api/v1/apps/crm/simulate", json!({"user": "maya"})).await;
    assert_eq!((&simulated["allowed"], &simulated["name_id"]), (&json!(true), &json!("")));
    let mut conn = app.ctx.db.read().await.expect("a connection");
    assert_eq!(store::name_ids::get(&mut conn, crm.id, maya.id).await.expect("read"), None);
    drop(conn);
    let browser = app.browser();
    browser.sign_in("maya").await;
    post(&browser, &request(&app, "_r1", "", ""), None).await;
    let simulated = answer(&app, "/api/v1/apps/crm/simulate", json!({"user": "maya"})).await;
    assert_ne!(simulated["name_id"], "", "afterwards it is known");
}

#[tokio::test]
async fn a_pasted_request_is_judged_line_by_line() {
    let (app, ..) = gateway(saml_settings()).await;
    let good = request(&app, "_r1", "", "");
    let judged = answer(&app, "/api/v1/apps/crm/judge", json!({"request": good})).await;
    assert_eq!((&judged["accepted"], &judged["binding"]), (&json!(true), &json!("post")), "{judged}");
    assert!(judged["checks"].as_array().expect("a list").iter().all(|check| check["verdict"] == "passed"));

    let elsewhere = request(&app, "_r2", "AssertionConsumerServiceURL=\"https://evil.example/acs\"", "");
    let judged = answer(&app, "/api/v1/apps/crm/judge", json!({"request": elsewhere})).await;
    assert_eq!(judged["accepted"], false);
    assert_eq!(verdict(&judged, "issuer"), "passed");
    assert_eq!(verdict(&judged, "assertion_consumer_service"), "failed");
    assert_eq!(verdict(&judged, "issue_instant"), "skipped");
    assert_eq!(judged["status"], Value::Null, "nobody is told before the address is known");

    for junk in ["", "hello", "https://id.example/saml2/crm?SAMLRequest=%%%", "<a/>", "<!DOCTYPE a []><a/>"] {
        let judged = answer(&app, "/api/v1/apps/crm/judge", json!({"request": junk})).await;
        assert_eq!(judged["accepted"], false, "{junk}");
        let failed = judged["checks"].as_array().expect("a list").iter().filter(|c| c["verdict"] == "failed");
        assert_eq!(failed.count(), 1, "{junk}: {judged}");
    }
    let browser = app.browser();
    browser.sign_in("maya").await;
    let after = post(&browser, &request(&app, "_r1", "", ""), None).await;
    assert!(response(&after).contains("AuthnStatement"), "judging uses no request up");
}

#[tokio::test]
async fn a_value_of_either_binding_is_judged_as_what_it_is() {
    let (app, ..) = gateway(saml_settings()).await;
    let xml = request(&app, "_r1", "", "");
    let mut deflater = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut deflater, xml.as_bytes()).expect("written");
    let deflated = STANDARD.encode(deflater.finish().expect("deflated"));
    let escaped: String = form_urlencoded::byte_serialize(deflated.as_bytes()).collect();
    let wrapped = format!("{}\n  {}", &deflated[..40], &deflated[40..]);
    let judge = async |pasted: &str| answer(&app, "/api/v1/apps/crm/judge", json!({"request": pasted})).await;
    for pasted in [&deflated, &escaped, &wrapped, &format!("?SAMLRequest={escaped}")] {
        let judged = judge(pasted).await;
        assert_eq!((&judged["accepted"], &judged["binding"]), (&json!(true), &json!("redirect")), "{judged}");
        assert_eq!(judged["xml"], json!(xml));
    }
    let posted = judge(&STANDARD.encode(&xml)).await;
    assert_eq!((&posted["accepted"], &posted["binding"]), (&json!(true), &json!("post")), "{posted}");
    let noise = judge(&STANDARD.encode([7; 300])).await;
    assert_eq!(noise["accepted"], false, "{noise}");
}

#[tokio::test]
async fn an_address_is_judged_at_the_app_it_leads_to() {
    let (app, _, crm) = gateway(saml_settings()).await;
    let group = app.group("Others", &[]).await;
    let settings = SamlConnection { sp_entity_id: "https://two.example".into(), ..saml_settings() };
    app.app("two", Connection::Saml(Box::new(settings)), &group).await;
    let xml = request(&app, "_r1", "", "").replace(&format!("Destination=\"{}/saml2/crm\"", app.url), "");
    let value: String = form_urlencoded::byte_serialize(STANDARD.encode(&xml).as_bytes()).collect();
    let judge = async |address: &str| {
        let pasted = format!("{address}?SAMLRequest={value}&RelayState=a?b");
        answer(&app, "/api/v1/apps/crm/judge", json!({"request": pasted})).await
    };
    let url = &app.url;
    for address in [
        format!("{url}/saml2/crm"),
        "/saml2/crm".to_owned(),
        url.to_uppercase().replace("HTTP", "http") + "/saml2/crm",
    ] {
        let judged = judge(&address).await;
        assert_eq!(judged["accepted"], true, "{address}: {judged}");
        assert_eq!(verdict(&judged, "address"), "passed");
    }
    for (address, words) in [
        (format!("{url}/saml2/two"), "address of TWO"),
        (format!("{url}/saml2/nobody"), "no app has this address"),
        (format!("{url}/saml2/crm/"), "another address"),
        (format!("{url}/login"), "another address"),
        ("https://evil.example/saml2/crm".to_owned(), "another address"),
        ("/saml2/two".to_owned(), "address of TWO"),
    ] {
        let judged = judge(&address).await;
        assert_eq!(judged["accepted"], false, "{address}: {judged}");
        assert_eq!(verdict(&judged, "address"), "failed");
        assert!(judged["checks"][0]["words"].as_str().expect("words").contains(words), "{address}: {judged}");
        assert_eq!(verdict(&judged, "issuer"), "skipped");
        assert_eq!(judged["xml"], json!(xml), "it can be read all the same");
    }
    // An old name goes on leading there, and may be the destination.
    let draft = AppDraft { slug: "sales".into(), ..AppDraft::of(&crm) };
    service::apps::update(&app.ctx, &system(), crm.clone(), crm.version, draft).await.expect("renamed");
    let old = request(&app, "_r2", "", "");
    let value: String = form_urlencoded::byte_serialize(STANDARD.encode(&old).as_bytes()).collect();
    let pasted = format!("{url}/saml2/crm?SAMLRequest={value}");
    let judged = answer(&app, "/api/v1/apps/sales/judge", json!({"request": pasted})).await;
    assert_eq!(judged["accepted"], true, "{judged}");
}

#[tokio::test]
async fn the_simulator_wants_a_token_of_a_reader() {
    let (app, ..) = gateway(saml_settings()).await;
    let headers = [("content-type", "application/json")];
    let none =
        app.browser().send(Method::POST, "/api/v1/apps/crm/simulate", &headers, "{\"user\":\"maya\"}").await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    let nobody = ask(&app, "/api/v1/apps/crm/simulate", &json!({"user": "nobody"})).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let no_app = ask(&app, "/api/v1/apps/none/simulate", &json!({"user": "maya"})).await;
    assert_eq!(no_app.status, StatusCode::NOT_FOUND);
}
