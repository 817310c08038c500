//! Every address of the console, by who asks: strangers, people without a role, auditors, and forms without a token.

use super::as_owner;
use crate::support::app::{Browser, TestApp, bookmark, oidc_settings, saml_settings, system};
use gatehouse::{
    domain::{connection::Connection, user::Role},
    service::{
        audit,
        overview::{AuditFilter, PageRequest},
    },
};
use reqwest::StatusCode;

/// One address: the path, and the fields of a post to it.
type Post = (String, Vec<(&'static str, String)>);

struct Routes {
    /// Pages to look at.
    gets: Vec<String>,
    /// Pages that only change something.
    forms: Vec<String>,
    posts: Vec<Post>,
}

/// Every route with things that exist.
async fn routes(app: &TestApp) -> Routes {
    let maya = app.person("maya", Role::None).await;
    let growth = app.group("Growth", &[maya.id]).await;
    let sales = app.group("Sales", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    app.app("metrics", Connection::Oidc(Box::new(oidc_settings())), &growth).await;
    app.app("wiki", bookmark("https://wiki.example/"), &growth).await;
    let newest = audit::list(&app.ctx, &system(), &AuditFilter::default(), PageRequest::first(1))
        .await
        .expect("events");
    let event = newest.items.first().expect("something happened").id;
    let (user, group) = (format!("/admin/users/{}", maya.id), format!("/admin/groups/{}", growth.id));
    let fixed = [
        "/admin",
        "/admin/apps",
        "/admin/apps/crm/sso",
        "/admin/apps/crm/sso?preview=maya",
        "/admin/apps/metrics/sso?preview=maya",
        "/admin/apps/metrics/sso",
        "/admin/apps/metrics/secret",
        "/admin/apps/wiki/sso",
        "/admin/apps/crm/certificate",
        "/admin/apps/crm/access",
        "/admin/apps/crm/access?check=maya&q=ma",
        "/admin/apps/crm/appearance",
        "/admin/apps/crm/activity",
        "/admin/users",
        "/admin/users?state=active&q=maya&page=2",
        "/admin/groups",
        "/admin/keys",
        "/admin/audit",
        "/admin/audit?outcome=failed&type=sso_auth&app=crm&when=today&q=x",
    ];
    let mut gets: Vec<String> = fixed.map(str::to_owned).into();
    let fixed_forms = [
        "/admin/apps/new",
        "/admin/apps/new/custom-saml",
        "/admin/apps/new/custom-oidc",
        "/admin/apps/new/bookmark",
        "/admin/apps/crm/certificate/replace",
        "/admin/apps/crm/recordings",
        "/admin/apps/crm/sets/new",
        "/admin/apps/crm/remove",
        "/admin/users/new",
        "/admin/groups/new",
    ];
    let mut forms: Vec<String> = fixed_forms.map(str::to_owned).into();
    let keys = gatehouse::service::issuer_keys::list(&app.ctx, &system()).await.expect("keys");
    let kid = keys.first().expect("one").kid.clone();
    forms.push(format!("/admin/keys/retire?kid={kid}"));
    forms.push(format!("{user}/edit"));
    forms.push(format!("/admin/apps/crm/access/remove?group={}", growth.id));
    gets.extend([user.clone(), group.clone(), format!("{group}/?q=x").replace("/?", "?")]);
    gets.push(format!("/admin/audit/{event}"));
    let post = |path: &str, fields: &[(&'static str, &str)]| -> Post {
        (path.to_owned(), fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    };
    let (sales, bound) = (sales.id.to_string(), growth.id.to_string());
    let posts = vec![
        post("/admin/apps/new/bookmark", &[("label", "Handbook"), ("url", "https://handbook.example/")]),
        post("/admin/apps/new/custom-saml", &[("label", "Amplitude")]),
        post("/admin/apps/new/custom-oidc", &[("label", "Statsig")]),
        post("/admin/apps/crm/sso", &[("sp_entity_id", "https://other.example")]),
        post("/admin/apps/crm/sso/metadata", &[("metadata_xml", "<x/>")]),
        post(
            "/admin/apps/crm/sso/source",
            &[
                ("action", "save"),
                ("sp_metadata_url", "https://127.0.0.1:1/"),
                ("sp_metadata_apply", "review"),
            ],
        ),
        post("/admin/apps/crm/certificate", &[("action", "make"), ("algorithm", "p256"), ("years", "3")]),
        post("/admin/apps/crm/certificate", &[("action", "make_decryption")]),
        post(
            "/admin/apps/crm/certificate",
            &[("action", "remove_decryption"), ("key", "01ARZ3NDEKTSV4RRFFQ69G5FAV")],
        ),
        post("/admin/apps/crm/sets/new", &[("set_index", "1"), ("attribute_name", "plan")]),
        post("/admin/apps/crm/recordings", &[("recorder", "off")]),
        post("/admin/apps/crm/recordings/try", &[]),
        post("/admin/apps/crm/recordings/01ARZ3NDEKTSV4RRFFQ69G5FAV", &[]),
        post("/admin/apps/crm/certificate/upload", &[("certificate", "x"), ("private_key", "y")]),
        post("/admin/apps/crm/certificate/replace", &[("algorithm", "p256"), ("years", "3")]),
        post("/admin/apps/metrics/sso", &[("client_auth", "none"), ("id_token_alg", "RS256")]),
        post("/admin/apps/metrics/sso/secret", &[]),
        post("/admin/apps/metrics/secret", &[("retire_hours", "0")]),
        post("/admin/apps/metrics/secret/file", &[("secret", "none")]),
        post("/admin/apps/metrics/secret/withdraw", &[("id", "01ARZ3NDEKTSV4RRFFQ69G5FAV")]),
        post("/admin/apps/wiki/sso", &[("url", "https://other.example/")]),
        post("/admin/apps/crm/access", &[("action", "add_group"), ("group", &sales)]),
        post("/admin/apps/crm/access", &[("action", "add_person"), ("person", "maya")]),
        post("/admin/apps/crm/access/remove", &[("group", &bound), ("losing", "1")]),
        post("/admin/apps/crm/appearance", &[("label", "CRM 2"), ("slug", "crm-2")]),
        post("/admin/apps/crm/state", &[("state", "paused")]),
        post("/admin/apps/crm/remove", &[("confirm", "CRM")]),
        post(
            "/admin/users/new",
            &[("username", "ines"), ("email", "ines@fernhill.example"), ("state", "active")],
        ),
        post(
            &format!("{user}/edit"),
            &[("username", "eve"), ("email", "eve@fernhill.example"), ("state", "active")],
        ),
        post(&format!("{user}/state"), &[("state", "suspended")]),
        post(&format!("{user}/sessions"), &[]),
        post(&format!("{user}/consents"), &[("app", "01ARZ3NDEKTSV4RRFFQ69G5FAV")]),
        post(&format!("{user}/grants"), &[("grant", "01ARZ3NDEKTSV4RRFFQ69G5FAV")]),
        post(&format!("{user}/password"), &[("new_password", "another horse battery staple")]),
        post("/admin/groups/new", &[("name", "Data")]),
        post(&group, &[("name", "Growth 2")]),
        post(&format!("{group}/members"), &[("action", "add"), ("person", "tomas")]),
        post(&format!("{group}/remove"), &[("confirm", "Growth")]),
        post("/admin/keys/rotate", &[("alg", "RS256")]),
        post("/admin/keys/retire", &[("kid", &kid)]),
    ];
    Routes { gets, forms, posts }
}

/// How many events there are that no sign-in made: a refused form must not add one.
async fn changes(app: &TestApp) -> usize {
    let page = audit::list(&app.ctx, &system(), &AuditFilter::default(), PageRequest::first(200))
        .await
        .expect("events");
    page.items.iter().filter(|event| !event.event_type.as_str().contains("login")).count()
}

async fn post(browser: &Browser, (path, fields): &Post, csrf: Option<&str>) -> crate::support::app::Page {
    let all: Vec<(&str, &str)> = csrf
        .map(|token| ("csrf", token))
        .into_iter()
        .chain(fields.iter().map(|(n, v)| (*n, v.as_str())))
        .collect();
    browser.post(path, &all).await
}

#[tokio::test]
async fn an_owner_sees_every_page() {
    let (app, owner) = as_owner().await;
    let Routes { gets, forms, .. } = routes(&app).await;
    for path in gets.iter().chain(&forms) {
        let page = owner.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert!(page.text.contains("</html>"), "{path}");
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
    }
    let first = owner.get("/admin/apps/crm").await;
    assert_eq!(first.location(), "/admin/apps/crm/sso");
}

#[tokio::test]
async fn w16_strangers_are_sent_to_sign_in_and_people_without_a_role_are_refused() {
    let (app, _) = as_owner().await;
    let Routes { gets, forms, posts } = routes(&app).await;
    let before = changes(&app).await;
    let (stranger, maya) = (app.browser(), app.browser());
    maya.sign_in("maya").await;
    let token = maya.get("/account").await.field("csrf").expect("a form");
    for path in gets.iter().chain(&forms) {
        let page = stranger.get(path).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}");
        assert!(page.location().starts_with("/login"), "{path}: {}", page.location());
        assert_eq!(maya.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for form in &posts {
        let page = post(&stranger, form, None).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/login"), "{}", form.0);
        assert_eq!(post(&maya, form, Some(&token)).await.status, StatusCode::FORBIDDEN, "{}", form.0);
    }
    assert_eq!(changes(&app).await, before, "nothing was changed");
}

#[tokio::test]
async fn w01_forms_without_their_token_change_nothing() {
    let (app, owner) = as_owner().await;
    let Routes { posts, .. } = routes(&app).await;
    let before = changes(&app).await;
    for form in &posts {
        for token in [None, Some(""), Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] {
            assert_eq!(post(&owner, form, token).await.status, StatusCode::FORBIDDEN, "{} {token:?}", form.0);
        }
        assert_ne!(owner.get(&form.0).await.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", form.0);
    }
    assert_eq!(changes(&app).await, before, "nothing was changed");
}

/// The addresses that the forms of a page post to, without signing out.
fn posts_of(page: &str) -> Vec<String> {
    page.split("<form")
        .skip(1)
        .filter_map(|form| form.split('>').next())
        .filter(|opening| opening.contains("method=\"post\""))
        .filter_map(|opening| opening.split("action=\"").nth(1)?.split('"').next().map(str::to_owned))
        .collect()
}

/// The links of a page that lead to a page which only changes something.
fn links_to_change(page: &str) -> Vec<String> {
    page.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|href| {
            let path = href.split('?').next().unwrap_or_default();
            path.starts_with("/admin/") && ["/new", "/edit", "/remove"].iter().any(|end| path.ends_with(end))
        })
        .map(str::to_owned)
        .collect()
}

/// Which controls a role sees, beside what it may do: what is hidden is also refused.
#[tokio::test]
async fn w16_roles_see_the_controls_that_they_may_use() {
    let (app, owner) = as_owner().await;
    for (name, role) in [("ada", Role::Admin), ("hans", Role::Helpdesk), ("noor", Role::Auditor)] {
        app.person(name, role).await;
    }
    let Routes { gets, forms, posts } = routes(&app).await;
    let maya = app.browser();
    maya.sign_in("maya").await;
    let person = gets.iter().find(|path| path.starts_with("/admin/users/")).expect("a person").clone();
    let helped = [format!("{person}/sessions"), format!("{person}/password")];
    // Helpdesk may do these too, where there is something to end.
    let ended = ["consents", "grants"].map(|what| format!("{person}/{what}"));
    let may_help = |path: &String| helped.contains(path) || ended.contains(path);
    let before = changes(&app).await;
    for (name, role) in [("hans", Role::Helpdesk), ("noor", Role::Auditor)] {
        let browser = app.browser();
        browser.sign_in(name).await;
        let token = browser.get("/account").await.field("csrf").expect("a form");
        for path in &gets {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{name} {path}");
            let wanted: &[String] = if role == Role::Helpdesk && *path == person { &helped } else { &[] };
            assert_eq!(posts_of(&page.text), wanted, "{name} {path}");
            assert_eq!(links_to_change(&page.text), [""; 0], "{name} {path}");
        }
        for path in &forms {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{name} {path}");
        }
        for form in posts.iter().filter(|form| role != Role::Helpdesk || !may_help(&form.0)) {
            assert_eq!(
                post(&browser, form, Some(&token)).await.status,
                StatusCode::FORBIDDEN,
                "{name} {}",
                form.0
            );
        }
    }
    assert_eq!(changes(&app).await, before, "nothing was changed");

    let ada = app.browser();
    ada.sign_in("ada").await;
    for browser in [&ada, &owner] {
        for path in [
            "/admin/apps/crm/sso",
            "/admin/apps/wiki/sso",
            "/admin/apps/crm/appearance",
            "/admin/apps/crm/access",
        ] {
            let page = browser.get(path).await.text;
            assert!(posts_of(&page).iter().any(|action| action == path), "{path}");
            assert!(!page.contains("lets you look at this"), "{path}");
        }
        let page = browser.get(&person).await.text;
        assert!(links_to_change(&page).contains(&format!("{person}/edit")), "{page}");
        assert_eq!(posts_of(&page).len(), 3, "state, sessions, password");
    }
    let looking = app.browser();
    looking.sign_in("noor").await;
    let page = looking.get("/admin/apps/crm/sso").await.text;
    assert!(page.contains("lets you look at this") && page.contains("https://sp.example/acs"), "{page}");
    assert!(page.contains("<fieldset class=\"plain\" disabled>"), "{page}");
}

#[tokio::test]
async fn what_is_not_there_is_a_page_and_not_a_fault() {
    let (app, owner) = as_owner().await;
    let _ = routes(&app).await;
    for path in [
        "/admin/nothing",
        "/admin/apps/nothing/sso",
        "/admin/apps/new/sso",
        "/admin/apps/new/catalogue",
        "/admin/users/nothing",
        "/admin/users/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/admin/users/01ARZ3NDEKTSV4RRFFQ69G5FAV/edit",
        "/admin/groups/nothing",
        "/admin/groups/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/admin/audit/nothing",
        "/admin/audit/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/admin/audit/7KQ2-M4XA",
        "/admin/apps/%00/sso",
        "/admin/apps/..%2f/sso",
    ] {
        assert_eq!(owner.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        "/admin/apps?page=99999999999&q=%25%27%22%00",
        "/admin/audit?type=nothing&app=nothing&when=x&page=-1",
    ] {
        assert_eq!(owner.get(path).await.status, StatusCode::OK, "{path}");
    }
}
