//! The person signs out here, or at an OIDC client: SAML and OIDC end together.

use super::*;
use crate::support::app::oidc_settings;
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::StatusCode;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

impl House {
    /// Adds the OIDC app `metrics`; answers its secret.
    async fn oidc(&self) -> String {
        let connection = Connection::Oidc(Box::new(oidc_settings()));
        self.app.app("metrics", connection, &self.group).await.1.expect("a secret")
    }

    /// Signs the person of a browser on at `metrics`; answers the ID token and the access token.
    async fn tokens(&self, browser: &Browser, secret: &str) -> (String, String) {
        let address = "/oauth2/authorize?client_id=metrics&redirect_uri=https%3A%2F%2Frp.example%2Fcallback\
            &response_type=code&scope=openid&nonce=n1&state=s1&code_challenge_method=S256\
            &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let location = browser.get(address).await.location().to_owned();
        let url = url::Url::parse(&location).expect("an address");
        let code = url.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", "https://rp.example/callback"),
                ("code_verifier", VERIFIER),
            ])
            .finish();
        let basic = format!("Basic {}", STANDARD.encode(format!("metrics:{secret}")));
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
        let page = self.app.browser().send(Method::POST, "/oauth2/token", &headers, &body).await;
        let json: serde_json::Value = serde_json::from_str(&page.text).expect("tokens");
        let text = |name: &str| json[name].as_str().expect("a token").to_owned();
        (text("id_token"), text("access_token"))
    }

    async fn userinfo(&self, token: &str) -> StatusCode {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        self.app.browser().send(Method::GET, "/oauth2/userinfo", &headers, "").await.status
    }
}

async fn from_the_portal(kind: Kind) {
    let house = House::on(kind).await;
    let (crm, hr) = (house.sp("crm", &["redirect"]).await, house.sp("hr", &["post"]).await);
    house.sp("old", &[]).await.sign_on(&house.signed_in().await).await;
    let secret = house.oidc().await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let (_, token) = house.tokens(&browser, &secret).await;
    for sp in [&crm, &hr] {
        sp.sign_on(&browser).await;
    }
    assert_eq!(house.userinfo(&token).await, StatusCode::OK);
    let page = browser.submit("/logout", "/logout", &[]).await;
    assert!(!house.is_in(&browser).await, "here, at once");
    assert_eq!(house.userinfo(&token).await, StatusCode::UNAUTHORIZED, "SAML and OIDC end together");
    let walk = page.location().to_owned();
    let page = browser.get(&walk).await;
    let request = crm.take(app, &page).await;
    let page = follow(&browser, crm.answer(app, &browser, &request, &LogoutStatus::Success).await).await;
    hr.take(app, &page).await;
    let page = follow(&browser, browser.submit(&walk, &walk, &[]).await).await;
    let (open, closed) = page.text.split_once("signed out of these apps too").expect("both lists");
    assert!(open.contains("HR") && open.contains("METRICS") && !open.contains("CRM"), "{open}");
    assert!(closed.contains("CRM") && !closed.contains("HR"), "{closed}");
    assert!(browser.get(&walk).await.text.contains("METRICS"), "can be loaded again");
    app.ctx.clock.advance(chrono::TimeDelta::minutes(10));
    assert_eq!(browser.get(&walk).await.location(), "/logout", "forgotten");
}

#[tokio::test]
async fn from_the_portal_every_app_is_told_and_the_page_says_the_truth_sqlite() {
    from_the_portal(Kind::Sqlite).await;
}

#[tokio::test]
async fn from_the_portal_every_app_is_told_and_the_page_says_the_truth_postgres() {
    from_the_portal(Kind::Postgres).await;
}

#[tokio::test]
async fn csrf_another_site_signs_nobody_out() {
    let house = House::new().await;
    let crm = house.sp("crm", &["redirect"]).await;
    let browser = house.signed_in().await;
    crm.sign_on(&browser).await;
    assert!(browser.get("/logout").await.text.contains("Sign out?"));
    assert_eq!(browser.post("/logout", &[]).await.status, StatusCode::FORBIDDEN);
    browser.get("/saml2/crm/slo").await;
    assert!(house.is_in(&browser).await);
    assert_eq!(house.told().await, []);
}

#[tokio::test]
async fn an_oidc_client_that_signs_out_ends_saml_too_and_gets_the_person_back() {
    let house = House::new().await;
    let crm = house.sp("crm", &["redirect"]).await;
    let secret = house.oidc().await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let (id_token, access) = house.tokens(&browser, &secret).await;
    let address = format!(
        "/oauth2/logout?id_token_hint={id_token}&post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fbye&state=x"
    );
    // Nobody else is there: straight back.
    let straight = browser.get(&address).await;
    assert_eq!(straight.location(), "https://rp.example/bye?state=x");
    assert_eq!(house.userinfo(&access).await, StatusCode::UNAUTHORIZED);
    browser.sign_in("maya").await;
    let (id_token, _) = house.tokens(&browser, &secret).await;
    crm.sign_on(&browser).await;
    let address = format!(
        "/oauth2/logout?id_token_hint={id_token}&post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fbye&state=x"
    );
    let page = follow(&browser, browser.get(&address).await).await;
    let request = crm.take(app, &page).await;
    assert!(!house.is_in(&browser).await);
    let page = follow(&browser, crm.answer(app, &browser, &request, &LogoutStatus::Success).await).await;
    assert!(page.text.contains("href=\"https://rp.example/bye?state=x\""), "{}", page.text);
}

#[tokio::test]
async fn an_app_that_signs_out_ends_the_tokens_of_the_session() {
    let house = House::new().await;
    let crm = house.sp("crm", &["redirect"]).await;
    let secret = house.oidc().await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let (_, access) = house.tokens(&browser, &secret).await;
    let about = crm.sign_on(&browser).await;
    let asked = crm.request(app, Binding::HttpRedirect, &about).await;
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(
        crm.hear(app, &asked, &answer).await.outcome(),
        &PARTIAL,
        "the client’s own session may go on"
    );
    assert_eq!(house.userinfo(&access).await, StatusCode::UNAUTHORIZED);
}
