//! Behind a proxy that ends TLS: what every answer carries (W-03, W-04, W-06, O-33). The table of routes is read from the routers, so
//! that a new one can't be forgotten.

use crate::support::{
    app::{Browser, PASSWORD, TestApp, bookmark, oidc_settings, saml_settings},
    database::Kind,
};
use gatehouse::{
    clock::Clock,
    domain::{connection::Connection, user::Role},
    web::Limits,
};
use reqwest::{Method, Response, header::HeaderMap, redirect::Policy};
use std::collections::BTreeMap;

const ROUTERS: [&str; 3] = [
    include_str!("../../../src/web/router.rs"),
    include_str!("../../../src/web/admin/mod.rs"),
    include_str!("../../../src/web/api/mod.rs"),
];
const HOST: &str = "id.fernhill.example";

/// A gateway that is known by https, reached as its proxy reaches it.
async fn gateway() -> TestApp {
    let configure = |config: &mut gatehouse::config::Config| {
        config.http.public_url = format!("https://{HOST}").parse().expect("an address");
    };
    let app =
        TestApp::with(Kind::Sqlite, Clock::manual(crate::support::at(0)), Limits::default(), configure).await;
    app.person("tomas", Role::Owner).await;
    let maya = app.person("maya", Role::Owner).await;
    let group = app.group("Growth", &[maya.id]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &group).await;
    app.app("metrics", Connection::Oidc(Box::new(oidc_settings())), &group).await;
    app.app("wiki", bookmark("https://wiki.example/"), &group).await;
    app
}

/// A browser on the far side of the proxy, which sends back the cookies that it was given.
struct Client {
    http: reqwest::Client,
    address: String,
    cookies: BTreeMap<String, String>,
    /// Every `Set-Cookie` so far.
    set: Vec<String>,
}

impl Client {
    fn new(app: &TestApp) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
        let address = format!("http://{}", app.ctx.config.http.listen);
        Self { http, address, cookies: BTreeMap::new(), set: Vec::new() }
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: Option<&[(&str, &str)]>,
    ) -> (u16, HeaderMap, String) {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.address))
            .header("host", HOST)
            .header("cookie", cookies.join("; "))
            .header("sec-fetch-site", "same-origin");
        if let Some(form) = form {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let answer: Response = request.send().await.expect("answered");
        for set in answer.headers().get_all("set-cookie") {
            let set = set.to_str().expect("text").to_owned();
            let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
            self.set.push(set);
        }
        (answer.status().as_u16(), answer.headers().clone(), answer.text().await.expect("text"))
    }

    async fn sign_in(&mut self) {
        let token = |page: &str| {
            let after = page.split("name=\"csrf\" value=\"").nth(1).expect("a form");
            after.split('"').next().expect("a value").to_owned()
        };
        let (_, _, page) = self.send(Method::GET, "/login", None).await;
        let fields = [("csrf", &*token(&page)), ("username", "maya")];
        let (status, headers, page) = self.send(Method::POST, "/login", Some(&fields)).await;
        assert_eq!(status, 303, "{page}");
        let next = headers["location"].to_str().expect("text").to_owned();
        let (_, _, page) = self.send(Method::GET, &next, None).await;
        let fields = [("csrf", &*token(&page)), ("username", "maya"), ("password", PASSWORD)];
        let (status, _, page) = self.send(Method::POST, "/login/password", Some(&fields)).await;
        assert_eq!(status, 303, "{page}");
    }
}

/// RFC 6265bis §4.1.3.2 and W-03.
fn assert_cookie(set: &str, prefix: &str, secure: bool) {
    let mut parts = set.split("; ");
    let pair = parts.next().expect("a pair");
    let attributes: Vec<&str> = parts.collect();
    assert!(pair.starts_with(prefix) && set.len() < 4096, "{set}");
    for attribute in ["Path=/", "HttpOnly", "SameSite=Lax"] {
        assert!(attributes.contains(&attribute), "{set} lacks {attribute}");
    }
    assert_eq!(attributes.contains(&"Secure"), secure, "{set}");
    assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{set}");
}

#[tokio::test]
async fn w03_every_cookie_over_https_is_bound_to_the_host() {
    let app = gateway().await;
    let mut client = Client::new(&app);
    client.sign_in().await;
    let (_, _, page) = client.send(Method::GET, "/account", None).await;
    let csrf =
        page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
    let fields = [("csrf", csrf), ("theme", "dark"), ("current_password", PASSWORD), ("new_password", "x")];
    client.send(Method::POST, "/account", Some(&fields)).await;
    let csrf = csrf.to_owned();
    client.send(Method::POST, "/favourites/wiki", Some(&[("csrf", &csrf), ("favourite", "add")])).await;
    let (_, headers, _) = client.send(Method::POST, "/logout", Some(&[("csrf", &csrf)])).await;
    assert!(headers.contains_key("location") || headers.contains_key("content-type"));
    let names: Vec<&str> =
        client.set.iter().filter_map(|set| set.split_once('=').map(|(name, _)| name)).collect();
    for name in ["browser", "session", "device"] {
        let name = format!("__Host-gatehouse_{name}");
        assert!(names.contains(&&*name), "{name} was never set: {names:?}");
    }
    for set in &client.set {
        assert_cookie(set, "__Host-gatehouse_", true);
    }
}

/// The valid twin: on loopback without TLS a browser would throw such cookies away.
#[tokio::test]
async fn w03_twin_over_plain_loopback_cookies_can_be_kept() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let page = Browser::at(&app.url).get("/login").await;
    let set = page.header("set-cookie").expect("a cookie");
    assert_cookie(set, "gatehouse_browser=", false);
    assert!(page.header("strict-transport-security").is_none());
}

/// Every pattern of the routers, as an address.
fn addresses() -> Vec<String> {
    let mut found = Vec::new();
    for (router, below) in ROUTERS.iter().zip(["", "", "/api/v1"]) {
        for (at, _) in router.match_indices(".route(") {
            let pattern = router[at..].split('"').nth(1).expect("a literal");
            let address = pattern
                .replace("{hash}/{*path}", "0/app.css")
                .replace("{slug}", "crm")
                .replace("{kind}", "custom-saml")
                .replace("{index}", "new");
            let filled: Vec<String> = address
                .split('/')
                .map(|part| {
                    if part.starts_with('{') {
                        "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()
                    } else {
                        part.to_owned()
                    }
                })
                .collect();
            found.push(format!("{below}{}", filled.join("/")));
        }
    }
    assert!(found.len() > 90, "the routers have changed their shape: {found:?}");
    found.extend(["/nothing/here".to_owned(), "/saml2/none".to_owned(), "/api/v1/nothing".to_owned()]);
    found
}

/// What may be kept, since it is the same for everybody.
fn is_public(path: &str) -> bool {
    path.starts_with("/.well-known/")
        || path.starts_with("/assets/")
        || path == "/oauth2/jwks"
        || path == "/logo.svg"
        || path.ends_with("/metadata")
        || path.ends_with("/certificate.pem")
}

fn assert_guarded(what: &str, path: &str, headers: &HeaderMap) {
    let text = |name: &str| {
        let value = headers.get(name).unwrap_or_else(|| panic!("{what} lacks {name}"));
        value.to_str().expect("text").to_owned()
    };
    let policy = text("content-security-policy");
    // O-33: nobody frames us, whatever the page.
    for wanted in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(wanted), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}: {policy}");
    assert_eq!(text("x-frame-options"), "DENY", "{what}");
    assert_eq!(text("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(text("referrer-policy"), "no-referrer", "{what}");
    assert_eq!(text("cross-origin-opener-policy"), "same-origin", "{what}");
    assert!(text("permissions-policy").contains("camera=()"), "{what}");
    let hsts = text("strict-transport-security");
    let age = hsts
        .split(';')
        .next()
        .and_then(|first| first.strip_prefix("max-age="))
        .and_then(|age| age.parse().ok());
    assert!(age.is_some_and(|age: u64| age >= 31_536_000), "{what}: {hsts}");
    if !is_public(path) {
        assert!(text("cache-control").contains("no-store"), "{what}: {}", text("cache-control"));
    }
}

#[tokio::test]
async fn w04_w06_o33_every_answer_of_every_route_carries_its_headers() {
    let app = gateway().await;
    let (mut stranger, mut owner) = (Client::new(&app), Client::new(&app));
    owner.sign_in().await;
    for path in addresses() {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            // Without a token no form changes anything: the owner stays signed in.
            let form: Option<&[(&str, &str)]> = (method == Method::POST).then_some(&[("x", "y")]);
            for (who, client) in [("a stranger", &mut stranger), ("an owner", &mut owner)] {
                let what = format!("{method} {path} by {who}");
                let (status, headers, text) = client.send(method.clone(), &path, form).await;
                // SAML Bindings §3.2.3.3: a SOAP fault is a 500.
                assert!(status < 500 || path.ends_with("/soap"), "{what}: {status} {text}");
                assert_guarded(&what, &path, &headers);
            }
        }
    }
    let (status, headers, _) = owner.send(Method::GET, "/admin", None).await;
    assert_eq!(status, 200, "still signed in: what was tried were pages, not refusals");
    assert_guarded("the console", "/admin", &headers);
}
