//! What the issuer's answers never hold or allow: another method after a form (O-30), tokens in addresses (O-31), pages in frames
//! (O-33), causes of errors (O-45), and ways in beside the one (O-20, O-40).

use super::{Gateway, REDIRECT, json, query, text};
use crate::support::app::{Browser, PASSWORD, Page, TestApp, oidc_settings, system};
use chrono::TimeDelta;
use gatehouse::{
    domain::{
        app::AppDraft,
        connection::{ClientAuth, Connection, OidcConnection, SubjectType, ValueMapping, ValueSource},
    },
    service::{ServiceError, apps},
};
use oidc::GrantType;
use reqwest::{Method, StatusCode};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Everything that one sign-on and sign-out answered.
struct Walked {
    gateway: Gateway,
    browser: Browser,
    pages: Vec<(String, Page)>,
    tokens: Vec<String>,
}

/// A third-party client: sign-in, consent, code by every way, refresh, logout by GET and POST.
async fn walked() -> Walked {
    let settings = OidcConnection { first_party: false, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, settings).await;
    let browser = gateway.app.browser();
    let mut pages: Vec<(String, Page)> = Vec::new();
    let scope = ("scope", "openid email offline_access");
    let begun = browser.get(&gateway.authorize(&[scope])).await;
    let login = begun.location().to_owned();
    let form = browser.get(&login).await;
    let csrf = form.field("csrf").expect("a form");
    let flow = form.field("flow").expect("a flow");
    let name = [("csrf", csrf.as_str()), ("flow", &flow), ("username", "maya")];
    let named = browser.post("/login", &name).await;
    let asked = browser.get(named.location()).await;
    let wrong = [name[0], name[1], name[2], ("password", "not the password")];
    let refused = browser.post("/login/password", &wrong).await;
    let csrf = asked.field("csrf").expect("a form");
    let right = [("csrf", csrf.as_str()), ("flow", &flow), ("username", "maya"), ("password", PASSWORD)];
    let signed_in = browser.post("/login/password", &right).await;
    let on = format!("/login/continue/{flow}");
    let question = browser.get(&on).await;
    let shown = browser.get(question.location()).await;
    let words = shown.field("asked").expect("what is asked");
    let csrf = shown.field("csrf").expect("a form");
    let said = [("csrf", csrf.as_str()), ("flow", &flow), ("asked", &words), ("answer", "allow")];
    let allowed = browser.post("/login/consent", &said).await;
    let left = browser.get(&on).await;
    let tokens = json(&gateway.redeem(&query(left.location())["code"]).await);
    let refreshed = json(&gateway.refresh(&text(&tokens, "refresh_token")).await);
    let hint = text(&tokens, "id_token");
    let silent = gateway.authorize(&[scope, ("prompt", "none"), ("id_token_hint", &hint)]);
    let (_, body) = silent.split_once('?').expect("a query");
    let posted = browser.send(Method::POST, "/oauth2/authorize", &[FORM], body).await;
    let elsewhere = [FORM, ("sec-fetch-site", "cross-site")];
    let stranger = gateway.app.browser().send(Method::POST, "/oauth2/authorize", &elsewhere, body).await;
    let as_form = browser.get(&gateway.authorize(&[scope, ("response_mode", "form_post")])).await;
    let bad = browser.get(&gateway.authorize(&[("redirect_uri", "https://evil.example/")])).await;
    let logout = form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", &hint)
        .append_pair("post_logout_redirect_uri", "https://rp.example/bye")
        .finish();
    let stranger_out = gateway.app.browser().send(Method::POST, "/oauth2/logout", &elsewhere, &logout).await;
    let nobody_out = gateway.app.browser().get(&format!("/oauth2/logout?{logout}")).await;
    let out = browser.send(Method::POST, "/oauth2/logout", &[FORM], &logout).await;
    for (what, page) in [
        ("GET authorize", begun),
        ("GET login", form),
        ("POST login", named),
        ("GET password", asked),
        ("POST wrong password", refused),
        ("POST password", signed_in),
        ("GET continue", question),
        ("GET consent", shown),
        ("POST consent", allowed),
        ("GET continue again", left),
        ("POST authorize", posted),
        ("POST authorize from elsewhere", stranger),
        ("GET authorize, form_post", as_form),
        ("GET authorize, refused", bad),
        ("POST logout from elsewhere", stranger_out),
        ("GET logout of nobody", nobody_out),
        ("POST logout", out),
        ("GET an unknown address", browser.get("/nothing/here").await),
        ("PUT a page", browser.send(Method::PUT, "/login", &[], "").await),
    ] {
        pages.push((what.to_owned(), page));
    }
    let of = |answer: &serde_json::Value| {
        ["access_token", "refresh_token", "id_token"].map(|name| text(answer, name)).to_vec()
    };
    let tokens = [of(&tokens), of(&refreshed)].concat();
    Walked { gateway, browser, pages, tokens }
}

/// RFC 9700 §4.12: 307 and 308 would send what a person typed on to the next address.
#[tokio::test]
async fn o30_after_a_form_comes_a_get() {
    let walked = walked().await;
    for (what, page) in &walked.pages {
        let status = page.status.as_u16();
        assert!(!(300..400).contains(&status) || status == 303, "{what}: {status} to {}", page.location());
    }
    let redirects: Vec<&str> = walked
        .pages
        .iter()
        .filter(|(what, page)| what.starts_with("POST") && page.status == StatusCode::SEE_OTHER)
        .map(|(what, _)| what.as_str())
        .collect();
    assert_eq!(
        redirects,
        ["POST login", "POST password", "POST consent", "POST authorize", "POST logout"],
        "the valid twins: the forms do lead on"
    );
}

/// RFC 9700 §4.2, §4.3: addresses are kept in histories, logs and `Referer` headers.
#[tokio::test]
async fn o31_no_token_is_in_an_address() {
    let walked = walked().await;
    assert_eq!(walked.tokens.len(), 6);
    let mut to_the_app = 0;
    for (what, page) in &walked.pages {
        let location = page.location();
        to_the_app += usize::from(location.starts_with("https://rp.example/"));
        for name in ["access_token", "refresh_token", "id_token", "id_token_hint", "eyJ"] {
            assert!(!location.contains(name), "{what}: {location}");
        }
        for token in &walked.tokens {
            assert!(!location.contains(token.as_str()), "{what}: {location}");
        }
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{what}");
    }
    assert_eq!(to_the_app, 4, "the valid twins: codes and state do travel so");
    let access = &walked.tokens[3];
    let in_query = format!("/oauth2/userinfo?access_token={access}");
    assert_eq!(walked.browser.get(&in_query).await.status, StatusCode::BAD_REQUEST);
}

/// RFC 9700 §4.16: whoever frames a page of ours could guide the person's click.
#[tokio::test]
async fn o33_no_page_can_be_framed() {
    let mut walked = walked().await;
    let browser = walked.gateway.app.browser();
    browser.sign_in("tomas").await;
    let token = walked.tokens[0].clone();
    for path in ["/", "/account", "/device", "/logout", "/admin", "/admin/apps", "/error/7KQ2-M4XA", "/setup"]
    {
        walked.pages.push((format!("GET {path}"), browser.get(path).await));
    }
    for path in
        ["/oauth2/logout", "/oauth2/authorize", "/oauth2/authorize?client_id=nobody", "/oauth2/userinfo"]
    {
        walked.pages.push((format!("GET {path}"), browser.get(path).await));
    }
    walked.pages.push(("POST a token".into(), walked.gateway.refresh(&token).await));
    assert!(walked.gateway.app.tamper("UPDATE apps SET connection = '{'") > 0);
    let broken = browser.get(&walked.gateway.authorize(&[])).await;
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    walked.pages.push(("an internal error".into(), broken));
    let html = walked.pages.iter().filter(|(_, page)| page.text.contains("<html"));
    assert!(html.count() > 15, "there are pages among them");
    for (what, page) in &walked.pages {
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{what}");
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    }
}

/// An internal error says a reference, and nothing of its cause.
#[tokio::test]
async fn o45_an_error_tells_nothing_of_its_cause() {
    const MARK: &str = "MARK-of-a-stored-secret";
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let tokens = gateway.tokens(&browser, &[]).await;
    let code = gateway.code(&browser).await;
    let address = gateway.authorize(&[]);
    let twin = browser.get(&address).await;
    assert!(twin.location().starts_with(REDIRECT), "the valid twin");
    let broken = format!("UPDATE apps SET connection = '{{\"protocol\":\"oidc\",\"secret\":\"{MARK}\"}}'");
    assert!(gateway.app.tamper(&broken) > 0);

    let page = browser.get(&address).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", page.text);
    assert!(page.reference().is_some(), "it can be looked up");
    let access = text(&tokens, "access_token");
    let answers = [
        ("the page", page),
        ("the portal", browser.get("/").await),
        ("code", gateway.redeem(&code).await),
        ("refresh", gateway.refresh(&text(&tokens, "refresh_token")).await),
        ("introspection", gateway.introspected(&access).await),
        ("userinfo", gateway.userinfo(&access).await),
    ];
    for (what, page) in answers {
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{what}: {}", page.text);
        let said = format!("{} {:?}", page.text, page.headers).to_lowercase();
        for word in [
            &MARK.to_lowercase(),
            "sql",
            "select ",
            "column",
            "connection\"",
            "redirect_uris",
            "missing field",
            "serde",
            ".rs:",
            "src/",
            "gatehouse.db",
            "panicked",
            "backtrace",
            &*gateway.secret.to_lowercase(),
        ] {
            assert!(!said.contains(word), "{what} tells {word:?}: {said}");
        }
        if page.text.starts_with('{') {
            assert_eq!(json(&page)["error"], "server_error", "{what}");
        }
    }
}

/// There is one factor in this release, the password; a session without it gets no code, whichever way it comes. (The same walk is
/// to be made with a second factor as soon as there is one.)
#[tokio::test]
async fn o20_no_way_round_the_factor_leads_to_a_code() {
    let gateway = Gateway::new().await;
    let browser = gateway.app.browser();
    let begin =
        async |more: &[(&str, &str)]| browser.get(&gateway.authorize(more)).await.location().to_owned();
    let login = begin(&[]).await;
    let flow = login.rsplit('=').next().expect("a flow").to_owned();
    let csrf = browser.get(&login).await.field("csrf").expect("a form");
    let fields = |more: &[(&str, &str)]| {
        let usual = [("csrf", csrf.as_str()), ("flow", &flow)];
        let all = usual.iter().chain(more).copied();
        form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish()
    };
    let name = fields(&[("username", "maya")]);
    // Restart, direct addresses, steps out of order, empty ones, and another flow in between.
    for round in 0..2 {
        for (path, body) in [
            ("/login", None),
            ("/login/password", None),
            ("/login/account", None),
            ("/login/consent", None),
            ("/login/continue", None),
            ("/login", Some(name.clone())),
            ("/login/password", Some(fields(&[]))),
            ("/login/password", Some(fields(&[("username", "maya")]))),
            ("/login/password", Some(fields(&[("username", "maya"), ("password", "")]))),
            ("/login/password", Some(fields(&[("username", "maya"), ("password", "wrong")]))),
            ("/login/account", Some(fields(&[]))),
            ("/login/consent", Some(fields(&[("answer", "allow"), ("asked", "")]))),
        ] {
            let page = match body {
                None => browser.get(&format!("{path}?flow={flow}")).await,
                Some(body) => browser.send(Method::POST, path, &[FORM], &body).await,
            };
            assert!(!page.location().contains("code="), "{path} {round}: {}", page.location());
            let on = browser.get(&format!("/login/continue/{flow}")).await;
            assert!(!on.location().contains("code="), "after {path} {round}: {}", on.location());
            assert_eq!(
                gateway.told(&browser, &[("prompt", "none")]).await,
                "login_required",
                "{path} {round}"
            );
        }
        begin(&[("prompt", "login")]).await;
    }
    // So many wrong tries have to wait.
    gateway.app.ctx.clock.advance(TimeDelta::minutes(30));
    // A context that nothing here reaches isn't reached by the one there is.
    let acr = r#"{"id_token":{"acr":{"essential":true,"values":["urn:example:second-factor"]}}}"#;
    let after = browser.sign_in_from(&begin(&[("claims", acr)]).await, "maya", PASSWORD).await;
    let refused = browser.leave(&after).await;
    assert_eq!(query(refused.location())["error"], "unmet_authentication_requirements");
    assert!(browser.get(&gateway.authorize(&[])).await.location().contains("code="), "the valid twin");
}

/// Nobody registers a client but an admin, and changing one obeys the rules of making one.
#[tokio::test]
async fn o40_clients_are_made_and_changed_by_admins_under_the_same_rules() {
    let gateway = Gateway::new().await;
    let document = json(&gateway.app.browser().get("/.well-known/openid-configuration").await);
    assert!(document.get("registration_endpoint").is_none(), "{document}");
    let metadata = r#"{"redirect_uris":["https://evil.example/"],"scope":"openid","client_name":"x"}"#;
    let headers =
        [("content-type", "application/json"), ("authorization", "Bearer registration-access-token")];
    for path in ["/oauth2/register", "/oauth2/register/metrics", "/connect/register", "/register", "/clients"]
    {
        for method in [Method::POST, Method::PUT, Method::GET, Method::DELETE] {
            let page = gateway.app.browser().send(method, path, &headers, metadata).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    let claim = |name: &str| vec![ValueMapping::new(name, ValueSource::Constant("admin".into()))];
    let hostile: [(&str, OidcConnection); 8] = [
        (
            "redirect_uris",
            OidcConnection { redirect_uris: vec!["javascript:alert(1)".into()], ..oidc_settings() },
        ),
        (
            "redirect_uris",
            OidcConnection { redirect_uris: vec!["https://*.example/".into()], ..oidc_settings() },
        ),
        ("jwks_uri", OidcConnection { jwks_uri: "file:///etc/passwd".into(), ..oidc_settings() }),
        (
            "initiate_login_uri",
            OidcConnection { initiate_login_uri: "http://a.example/".into(), ..oidc_settings() },
        ),
        ("claims", OidcConnection { claims: claim("sub"), ..oidc_settings() }),
        ("scopes", OidcConnection { scopes: vec!["openid email".into()], ..oidc_settings() }),
        (
            "grant_types",
            OidcConnection {
                client_auth: ClientAuth::None,
                grant_types: vec![GrantType::ClientCredentials],
                ..oidc_settings()
            },
        ),
        (
            "sector_identifier_uri",
            OidcConnection {
                subject_type: SubjectType::Pairwise,
                redirect_uris: vec![REDIRECT.into(), "https://other.example/".into()],
                ..oidc_settings()
            },
        ),
    ];
    let of = |app: &gatehouse::domain::app::App, slug: &str, settings: OidcConnection| AppDraft {
        slug: slug.to_owned(),
        connection: Connection::Oidc(Box::new(settings)),
        ..AppDraft::of(app)
    };
    let refused = |result: Result<(), ServiceError>| match result {
        Err(ServiceError::Invalid(errors)) => errors,
        other => panic!("refused: {other:?}"),
    };
    for (field, settings) in hostile {
        let app = apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
        let version = app.version;
        let other = OidcConnection { client_id: "made-anew".into(), ..settings.clone() };
        let made = apps::create(&gateway.app.ctx, &system(), of(&app, "made-anew", other)).await.map(drop);
        let draft = of(&app, "metrics", settings);
        let changed = apps::update(&gateway.app.ctx, &system(), app, version, draft).await.map(drop);
        let (made, changed) = (refused(made), refused(changed));
        assert!(made.of(field).is_some(), "{field}: {made:?}");
        assert_eq!(made.of(field), changed.of(field), "the same words");
    }
    let app = apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
    let version = app.version;
    let draft = of(&app, "metrics", OidcConnection { access_token_seconds: 60, ..oidc_settings() });
    apps::update(&gateway.app.ctx, &system(), app, version, draft).await.expect("the valid twin");
    gateway.app.ctx.clock.advance(TimeDelta::seconds(1));
}
