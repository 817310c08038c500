//! The preview of a sign-on: the service on both databases, and the panel of the sign-on tab.

use super::as_owner;
use crate::support::{
    app::{TestApp, oidc_settings, saml_settings, system, unescape},
    database::Kind,
};
use gatehouse::{
    domain::{
        access::{Access, Denial, Route},
        app::App,
        connection::{Connection, NameIdFormat, SamlConnection, ValueMapping, ValueSource},
        sent_as::SentAs,
        user::{Role, UserState},
    },
    service::{
        self, ServiceError, audit,
        overview::{AuditFilter, PageRequest},
        preview::{self, Receives},
        sign_on::name_id::{Known, NoValue},
    },
};

fn source(name: &str, from: &str) -> ValueMapping {
    ValueMapping::new(name, ValueSource::Source(from.into()))
}

async fn events(app: &TestApp) -> i64 {
    let page = PageRequest::first(1);
    audit::list(&app.ctx, &system(), &AuditFilter::default(), page).await.expect("events").total
}

async fn a_person_is_previewed(kind: Kind) {
    let app = TestApp::on(kind).await;
    let maya = app.person("maya", Role::None).await;
    let omar = app.person("omar", Role::None).await;
    app.person("tomas", Role::Owner).await;
    let growth = app.group("Growth", &[maya.id]).await;
    app.group("Elsewhere", &[maya.id]).await;
    let mut saml = saml_settings();
    saml.attributes.push(source("floor", "attributes.floor"));
    let (crm, _) = app.app("crm", Connection::Saml(Box::new(saml.clone())), &growth).await;
    let before = events(&app).await;

    let found = preview::of(&app.ctx, &system(), &crm, &maya).await.expect("read");
    let route = Route::Group { id: growth.id, name: "Growth".into(), sent_as: SentAs::Name };
    assert_eq!(found.access, Access::Allowed(vec![route]));
    assert!(found.arrives());
    let Receives::Saml(sent) = found.receives else { panic!("an assertion") };
    assert_eq!(sent.name_id, Known::Value("maya@fernhill.example".into()));
    assert_eq!(sent.acs_url.as_deref(), Some("https://sp.example/acs"));
    assert_eq!(sent.left_out, ["floor"]);
    let names: Vec<_> = sent.attributes.iter().map(|one| (one.name.as_str(), one.values.clone())).collect();
    assert_eq!(
        names,
        [
            ("email", vec!["maya@fernhill.example".to_owned()]),
            ("name", vec!["Maya Okafor".to_owned()]),
            ("memberOf", vec!["Growth".to_owned()]),
        ],
        "and no group that the app isn't open to"
    );

    let found = preview::of(&app.ctx, &system(), &crm, &omar).await.expect("read");
    assert_eq!(found.access, Access::Denied(Denial::NotAssigned));
    assert!(!found.arrives() && found.routes.is_empty());

    // Settings that are not saved, and a value that the person lacks.
    let by = |format, from: &str| App {
        connection: std::sync::Arc::new(Connection::Saml(Box::new(SamlConnection {
            name_id_format: format,
            name_id_source: from.into(),
            ..saml.clone()
        }))),
        ..crm.clone()
    };
    for (format, from, known) in [
        (
            NameIdFormat::EmailAddress,
            "alternate_email",
            Known::Missing(NoValue::Empty(
                "“alternate_email” identifies people at CRM, and Maya Okafor has none.".into(),
            )),
        ),
        (NameIdFormat::Transient, "email", Known::MadeAtEachSignOn),
        (NameIdFormat::Persistent, "email", Known::MadeAtFirstSignOn),
        (NameIdFormat::Persistent, "email", Known::MadeAtFirstSignOn),
    ] {
        let found = preview::of(&app.ctx, &system(), &by(format, from), &maya).await.expect("read");
        assert_eq!(found.arrives(), !matches!(known, Known::Missing(_)));
        let Receives::Saml(sent) = found.receives else { panic!("an assertion") };
        assert_eq!(sent.name_id, known, "a preview makes no identifier");
    }
    assert_eq!(events(&app).await, before, "nothing was written");

    // The identifier that a sign-on made is the one that is previewed.
    let stored = by(NameIdFormat::Persistent, "email");
    let draft = gatehouse::domain::app::AppDraft::of(&stored);
    let crm =
        service::apps::update(&app.ctx, &system(), crm.clone(), crm.version, draft).await.expect("saved");
    let browser = app.browser();
    browser.sign_in("maya").await;
    let posted = browser.get("/launch/crm").await.field("SAMLResponse").expect("signed on");
    let found = preview::of(&app.ctx, &system(), &crm, &maya).await.expect("read");
    let Receives::Saml(sent) = found.receives else { panic!("an assertion") };
    let Known::Value(value) = sent.name_id else { panic!("made by now") };
    let xml = String::from_utf8(
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, posted).expect("base64"),
    );
    assert!(xml.expect("UTF-8").contains(&format!(">{value}</")));
}

#[tokio::test]
async fn a_person_is_previewed_on_sqlite() {
    a_person_is_previewed(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_person_is_previewed_on_postgres() {
    a_person_is_previewed(Kind::Postgres).await;
}

async fn claims_are_previewed(kind: Kind) {
    let app = TestApp::on(kind).await;
    let maya = app.person("maya", Role::None).await;
    let growth = app.group("Growth", &[maya.id]).await;
    let mut oidc = oidc_settings();
    oidc.claims = vec![source("team", "groups"), source("login", "username"), source("desk", "location")];
    let (metrics, _) = app.app("metrics", Connection::Oidc(Box::new(oidc)), &growth).await;
    let found = preview::of(&app.ctx, &system(), &metrics, &maya).await.expect("read");
    let Receives::Oidc(sent) = found.receives else { panic!("claims") };
    assert_eq!(sent.left_out, ["desk"]);
    let id_token = serde_json::Value::Object(sent.id_token);
    let id = maya.id.to_string();
    assert_eq!(
        id_token,
        serde_json::json!({"iss": app.url, "sub": id, "aud": "metrics", "azp": "metrics", "team": ["Growth"], "login": "maya"})
    );
    assert_eq!(sent.userinfo["sub"], id);
    assert_eq!(sent.userinfo["email"], "maya@fernhill.example");
    assert_eq!(sent.userinfo["given_name"], "Maya");
    assert_eq!(sent.userinfo["groups"], serde_json::json!(["Growth"]));
    assert!(sent.scope.contains("openid") && sent.scope.contains("groups"), "{}", sent.scope);

    let stopped =
        service::users::set_state(&app.ctx, &system(), maya.id, UserState::Suspended).await.expect("done");
    let found = preview::of(&app.ctx, &system(), &metrics, &stopped).await.expect("read");
    assert_eq!(found.access, Access::Denied(Denial::UserSuspended));
    assert_eq!(found.routes.len(), 1, "the route is told, though something else stops her");
    let nobody = service::Caller { actor: service::Actor::User(Box::new(maya.clone())), ..system() };
    assert!(matches!(preview::of(&app.ctx, &nobody, &metrics, &maya).await, Err(ServiceError::Forbidden)));
}

#[tokio::test]
async fn claims_are_previewed_on_sqlite() {
    claims_are_previewed(Kind::Sqlite).await;
}

#[tokio::test]
async fn claims_are_previewed_on_postgres() {
    claims_are_previewed(Kind::Postgres).await;
}

#[tokio::test]
async fn the_panel_finds_a_person_and_says_what_the_app_would_get() {
    let (app, owner) = as_owner().await;
    let maya = app.person("maya", Role::None).await;
    let growth = app.group("Growth", &[maya.id]).await;
    let mut saml = saml_settings();
    saml.name_id_format = NameIdFormat::Persistent;
    saml.attributes.push(source("floor", "attributes.floor"));
    app.app("crm", Connection::Saml(Box::new(saml)), &growth).await;
    app.app("metrics", Connection::Oidc(Box::new(oidc_settings())), &growth).await;
    let sso = "/admin/apps/crm/sso";
    let before = events(&app).await;

    let page = unescape(&owner.get(&format!("{sso}?preview=maya")).await.text);
    for shown in [
        "Maya would get in",
        "Maya Okafor has CRM through Growth.",
        "Made at the first sign-on",
        "To https://sp.example/acs.",
        "<code>memberOf</code>",
        "“floor” is empty for Maya",
        "/admin/apps/crm/access?check=maya",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let again = unescape(&owner.get(&format!("{sso}?preview=maya")).await.text);
    assert!(again.contains("Made at the first sign-on"), "looking made no identifier");
    assert_eq!(events(&app).await, before);

    let page = unescape(&owner.get(&format!("{sso}?preview=tomas%40fernhill.example")).await.text);
    assert!(page.contains("Maya would be stopped") && page.contains("Nothing is sent now."), "{page}");
    let page = unescape(&owner.get(&format!("{sso}?preview=fernhill")).await.text);
    assert!(
        page.contains("Choose one") && page.contains("href=\"/admin/apps/crm/sso?preview=tomas\""),
        "{page}"
    );
    let page = unescape(&owner.get(&format!("{sso}?preview=nob%3Cdy")).await.text);
    assert!(page.contains("Nobody here has that name or email."), "{page}");

    let page = unescape(&owner.get("/admin/apps/metrics/sso?preview=maya").await.text);
    for shown in ["ID token", "Userinfo", "\"aud\": \"metrics\"", "The redirect address is on the list."] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let page = unescape(&owner.get("/admin/apps/metrics/sso?preview=maya&show=userinfo").await.text);
    for shown in ["\"email\": \"maya@fernhill.example\"", "\"groups\": [\"Growth\"]"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let first = unescape(&owner.get(sso).await.text);
    assert!(first.contains("check=tomas") && first.contains("would be stopped"), "oneself at first: {first}");
}

#[tokio::test]
async fn saving_keeps_the_person_in_the_preview() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("metrics", Connection::Oidc(Box::new(oidc_settings())), &growth).await;
    let fields = [
        ("redirect_uris", "https://rp.example/cb"),
        ("client_auth", "client_secret_basic"),
        ("id_token_alg", "ES256"),
        ("preview", "tomas"),
    ];
    let sso = "/admin/apps/metrics/sso";
    let saved = owner.submit(&format!("{sso}?preview=tomas"), sso, &fields).await;
    assert_eq!(saved.location(), "/admin/apps/metrics/sso?preview=tomas", "{}", saved.text);
    let refused = owner.submit(sso, sso, &[("client_auth", "magic"), ("preview", "tomas")]).await;
    assert!(refused.text.contains("would be stopped"), "{}", refused.text);
}
