//! Metadata by address in the organisation file and the API: set, kept by a second apply, looked at, approved.

use crate::support::{
    app::{TestApp, system},
    database::Kind,
    metadata::{Descriptor, MetadataServer, Pair},
    spawn,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::user::Role,
    service::{
        self,
        organisation::{self, ApplyOptions, Notation, Secrets, api_tokens},
        sp_metadata,
    },
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn apply(app: &TestApp, file: &Value) -> Result<usize, String> {
    let value =
        organisation::value(file.to_string().as_bytes(), Notation::Json).map_err(|e| e.to_string())?;
    let document = organisation::document(value).map_err(|e| e.to_string())?;
    let applied = organisation::apply(&app.ctx, &system(), &document, ApplyOptions::default()).await;
    applied.map(|applied| applied.changes.len()).map_err(|e| e.to_string())
}

async fn api(app: &TestApp, role: Role, method: Method, body: &Value) -> (StatusCode, Value) {
    let lifetime = Some(TimeDelta::hours(1));
    let (_, secret) =
        api_tokens::create(&app.ctx, &system(), "metadata", role, lifetime).await.expect("a token");
    let bearer = format!("Bearer {}", secret.expose());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = if method == Method::GET { String::new() } else { body.to_string() };
    let page = app.browser().send(method, "/api/v1/apps/crm/metadata", &headers, &body).await;
    (page.status, serde_json::from_str(&page.text).expect("JSON"))
}

#[tokio::test]
async fn the_file_names_a_source_and_what_comes_from_it_stays() {
    let app = TestApp::new().await;
    let server = MetadataServer::start().await;
    let sp =
        Descriptor { asks: vec!["mail"], ..Descriptor::new("https://sp.example", "https://sp.example/acs") };
    server.put("/sp", sp.xml());
    let pair = Pair::new();
    let url = format!("{}/sp", server.url);
    let file = |extra: Value| {
        let mut saml =
            json!({"sp_metadata_url": url, "sp_metadata_max_valid_days": 30, "sp_metadata_ended": "refuse"});
        saml.as_object_mut().expect("an object").extend(extra.as_object().cloned().unwrap_or_default());
        json!({"apps": [{"slug": "crm", "connector": "custom-saml", "saml": saml}]})
    };
    assert_eq!(apply(&app, &file(json!({}))).await, Ok(1));
    assert_eq!(sp_metadata::refresh_due(&app.ctx).await.expect("done"), 1);
    let saml = || async {
        let found = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
        found.connection.saml().expect("SAML").clone()
    };
    let filled = saml().await;
    assert_eq!((filled.sp_entity_id.as_str(), filled.attributes.len()), ("https://sp.example", 1));
    assert_eq!(apply(&app, &file(json!({}))).await, Ok(0), "nothing is taken away again");
    assert_eq!(saml().await, filled);

    let exported = organisation::export(&app.ctx, &system(), Secrets::None).await.expect("exported");
    let exported = serde_json::to_value(&exported).expect("JSON");
    let block = &exported["apps"][0]["saml"];
    assert_eq!(block["sp_metadata_url"], json!(url));
    assert_eq!(
        (&block["sp_metadata_max_valid_days"], &block["sp_metadata_apply"]),
        (&json!(30), &json!("review"))
    );
    assert_eq!(apply(&app, &exported).await, Ok(0), "an export applied changes nothing");

    let signed = json!({"sp_metadata_certificate": pair.certificate, "sp_metadata_apply": "signed"});
    assert_eq!(apply(&app, &file(signed)).await, Ok(1));
    assert_eq!(saml().await.metadata_source.expect("kept").certificates, [pair.certificate]);
    let refused = apply(&app, &file(json!({"sp_metadata_apply": "signed"}))).await.expect_err("refused");
    assert!(refused.contains("sp_metadata_apply"), "{refused}");
    let lonely =
        json!({"apps": [{"slug": "crm", "connector": "custom-saml", "saml": {"sp_metadata_mdq": true}}]});
    assert!(apply(&app, &lonely).await.expect_err("refused").contains("sp_metadata_mdq"));
    let wrong = json!({"sp_metadata_ended": "shrug"});
    assert!(apply(&app, &file(wrong)).await.expect_err("refused").contains("sp_metadata_ended"));
}

/// An app with nothing but an address has its reply address soon after it was applied, by whatever process.
async fn filled_in_soon(kind: Kind) {
    let app = TestApp::on(kind).await;
    let other = app.another_node().await;
    let server = MetadataServer::start().await;
    server.put("/sp", Descriptor::new("https://sp.example", "https://sp.example/acs").xml());
    let shutdown = tokio_util::sync::CancellationToken::new();
    let (ctx, stop) = (app.ctx.clone(), shutdown.clone());
    let job = spawn(async move { gatehouse::jobs::keep_metadata(ctx, stop).await });
    for (from, slug) in [(&app, "here"), (&other, "there")] {
        let saml = json!({"sp_metadata_url": format!("{}/sp", server.url)});
        let file = json!({"apps": [{"slug": slug, "connector": "custom-saml", "saml": saml}]});
        apply(from, &file).await.expect("applied");
        let begun = std::time::Instant::now();
        loop {
            let found = service::apps::find(&app.ctx, &system(), slug).await.expect("there");
            if !found.connection.saml().expect("SAML").acs_urls.is_empty() {
                break;
            }
            assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{slug} waits");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    shutdown.cancel();
    job.await.expect("ended");
}

#[tokio::test]
async fn an_app_with_nothing_but_an_address_is_filled_in_soon_sqlite() {
    filled_in_soon(Kind::Sqlite).await;
}

#[tokio::test]
async fn an_app_with_nothing_but_an_address_is_filled_in_soon_postgres() {
    filled_in_soon(Kind::Postgres).await;
}

#[tokio::test]
async fn a_plan_tells_certificates_by_their_fingerprints() {
    let app = TestApp::new().await;
    let (one, two) = (Pair::new(), Pair::new());
    let file = |pair: &Pair| {
        json!({"apps": [{"slug": "crm", "connector": "custom-saml", "saml": {
            "sp_certificates": [pair.certificate],
            "sp_metadata_url": "https://sp.example/metadata", "sp_metadata_certificate": pair.certificate,
        }}]})
    };
    apply(&app, &file(&one)).await.expect("applied");
    let document = organisation::document(file(&two)).expect("a document");
    let plan = ApplyOptions { plan_only: true, ..ApplyOptions::default() };
    let planned = organisation::apply(&app.ctx, &system(), &document, plan).await.expect("planned");
    let line = planned.changes[0].to_string();
    for pair in [&one, &two] {
        let der = saml::CertificateDer::from_pem_or_base64(&pair.certificate).expect("a certificate");
        let fingerprint = gatehouse::keyring::fingerprint_sha256(der.as_der());
        assert_eq!(line.matches(&format!("SHA-256 {fingerprint}")).count(), 2, "{line}");
        assert!(!line.contains(&pair.certificate[..60]), "{line}");
    }
}

#[tokio::test]
async fn the_api_tells_how_it_goes_and_approves() {
    let app = TestApp::new().await;
    let server = MetadataServer::start().await;
    let sp = Descriptor::new("https://sp.example", "https://sp.example/acs");
    server.put("/sp", sp.xml());
    let saml = json!({"sp_metadata_url": format!("{}/sp", server.url)});
    let file = json!({"apps": [{"slug": "crm", "connector": "custom-saml", "saml": saml}]});
    apply(&app, &file).await.expect("applied");
    let fetch = json!({"action": "fetch"});
    let (status, known) = api(&app, Role::Admin, Method::POST, &fetch).await;
    assert_eq!((status, &known["trouble"], &known["waiting"]), (StatusCode::OK, &Value::Null, &Value::Null));
    assert!(known["fetched_at"].is_string() && known["due_at"].is_string(), "{known}");

    server.put("/sp", Descriptor { acs: vec!["https://sp.example/new".into()], ..sp }.xml());
    api(&app, Role::Admin, Method::POST, &fetch).await;
    let (status, known) = api(&app, Role::Auditor, Method::GET, &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let changed: Vec<_> = known["waiting"]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["changes"] == true)
        .map(|row| row["field"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(changed, ["Reply addresses"]);
    let approve = json!({"action": "approve", "digest": known["waiting"]["digest"]});
    assert_eq!(api(&app, Role::Auditor, Method::POST, &approve).await.0, StatusCode::FORBIDDEN);
    assert_eq!(api(&app, Role::Auditor, Method::POST, &fetch).await.0, StatusCode::FORBIDDEN);
    let stale = json!({"action": "approve", "digest": "x"});
    assert_eq!(api(&app, Role::Admin, Method::POST, &stale).await.0, StatusCode::CONFLICT);
    let (status, known) = api(&app, Role::Admin, Method::POST, &approve).await;
    assert_eq!((status, &known["waiting"]), (StatusCode::OK, &Value::Null), "{known}");
    for odd in [json!({"action": "explode"}), json!({"action": "approve"}), json!([])] {
        assert!(api(&app, Role::Admin, Method::POST, &odd).await.0.is_client_error(), "{odd}");
    }
    server.reply("/sp", crate::support::metadata::Reply { status: 500, ..Default::default() });
    let (_, known) = api(&app, Role::Admin, Method::POST, &fetch).await;
    assert_eq!(known["trouble"]["code"], "metadata_status", "{known}");
}
