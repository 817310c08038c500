//! O-06, O-09 and O-43 across `kill -9`: what was used stays used, and its coming back still ends everything.

use super::{
    Sandbox,
    serve::{Server, free_port},
};
use crate::support::{
    app::{Browser, Page},
    client_key::ClientKey,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "https://rp.example/callback";
const ORGANISATION: &str = r"
users:
  - { username: owner, email: owner@fernhill.example, first_name: O, last_name: W, role: owner, state: active }
  - username: maya
    email: maya@fernhill.example
    first_name: Maya
    last_name: Okafor
    state: active
    password: correct horse battery staple
groups:
  - { name: Growth, members: [maya] }
apps:
  - slug: metrics
    label: Metrics
    connector: custom-oidc
    groups: [Growth]
    oidc:
      client_id: metrics
      client_secret: a-secret-of-the-test-only
      redirect_uris: [ 'https://rp.example/callback' ]
      client_auth: client_secret_basic
  - slug: patient
    label: Patient
    connector: custom-oidc
    groups: [Growth]
    oidc:
      client_id: patient
      client_secret: a-secret-of-the-test-only
      redirect_uris: [ 'https://rp.example/callback' ]
      client_auth: client_secret_basic
      refresh_grace_seconds: 10
  - slug: keeper
    label: Keeper
    connector: custom-oidc
    groups: [Growth]
    oidc:
      client_id: keeper
      client_secret: a-secret-of-the-test-only
      redirect_uris: [ 'https://rp.example/callback' ]
      client_auth: client_secret_basic
      refresh_token_rotation: never
";

struct Case {
    browser: Browser,
    client_id: &'static str,
}

impl Case {
    async fn code(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", self.client_id),
                ("redirect_uri", REDIRECT),
                ("response_type", "code"),
                ("scope", "openid"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let page = self.browser.get(&format!("/oauth2/authorize?{query}")).await;
        let url = url::Url::parse(page.location()).unwrap_or_else(|_| panic!("no answer: {}", page.text));
        url.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned()
    }

    async fn token(&self, fields: &[(&str, &str)], proof: Option<&str>) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let credentials = format!("{}:a-secret-of-the-test-only", self.client_id);
        let basic = format!("Basic {}", STANDARD.encode(credentials));
        let mut headers =
            vec![("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        self.browser.send(Method::POST, "/oauth2/token", &headers, &body).await
    }

    async fn redeem(&self, code: &str, proof: Option<&str>) -> Page {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.token(&fields, proof).await
    }

    async fn refresh(&self, token: &str) -> Page {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)], None).await
    }

    async fn userinfo(&self, access: &str) -> u16 {
        let bearer = format!("Bearer {access}");
        let page =
            self.browser.send(Method::GET, "/oauth2/userinfo", &[("authorization", &bearer)], "").await;
        page.status.as_u16()
    }
}

fn tokens(page: &Page) -> (String, String) {
    assert_eq!(page.status, 200, "{}", page.text);
    let tokens: Value = serde_json::from_str(&page.text).expect("JSON");
    let text = |name: &str| tokens[name].as_str().expect("there").to_owned();
    (text("access_token"), text("refresh_token"))
}

fn error(page: &Page) -> String {
    let body: Value = serde_json::from_str(&page.text).expect("JSON");
    body["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o09_what_was_used_before_a_kill_stays_used() {
    let sandbox = Sandbox::migrated();
    sandbox.file("organisation.yaml", ORGANISATION).run(&["apply", "organisation.yaml"]).succeeded();
    let port = free_port();
    let mut server = Server::start(&sandbox, port);
    server.line_with("ready");
    let case = Case { browser: Browser::at(&server.url), client_id: "metrics" };
    let signed_in = case.browser.sign_in("maya").await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.text);
    let code = case.code().await;
    let (_, first) = tokens(&case.redeem(&code, None).await);
    let (second_access, second) = tokens(&case.refresh(&first).await);
    let code_family = case.code().await;
    let (third_access, third) = tokens(&case.redeem(&code_family, None).await);
    let key = ClientKey::new();
    let address = format!("{}/oauth2/token", server.url);
    #[expect(clippy::disallowed_methods, reason = "the program outside reads the clock too")]
    let now = chrono::Utc::now();
    let proof = key.proof("POST", &address, now, &json!({}));
    assert_eq!(case.redeem(&case.code().await, Some(&proof)).await.status, 200);

    assert_eq!(server.stop("-KILL").0, None, "it ended by the signal");
    let server = Server::start(&sandbox, port);
    server.line_with("ready");

    let again = Case { browser: Browser::at(&server.url), client_id: "metrics" };
    assert_eq!(again.userinfo(&second_access).await, 200, "what was acknowledged is there");
    assert_eq!(error(&again.refresh(&first).await), "invalid_grant", "rotated before the kill");
    assert_eq!(error(&again.refresh(&second).await), "invalid_grant", "and its coming back ended the family");
    assert_eq!(again.userinfo(&second_access).await, 401);
    assert_eq!(again.userinfo(&third_access).await, 200);
    assert_eq!(error(&again.redeem(&code_family, None).await), "invalid_grant", "O-06");
    assert_eq!(again.userinfo(&third_access).await, 401);
    assert_eq!(error(&again.refresh(&third).await), "invalid_grant");
    again.browser.sign_in("maya").await;
    let replayed = again.redeem(&again.code().await, Some(&proof)).await;
    assert_eq!(error(&replayed), "invalid_dpop_proof", "O-43: {}", replayed.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_replaced_for_clients_that_ask_for_it() {
    let sandbox = Sandbox::migrated();
    sandbox.file("organisation.yaml", ORGANISATION).run(&["apply", "organisation.yaml"]).succeeded();
    let server = Server::start(&sandbox, free_port());
    server.line_with("ready");
    let case = Case { browser: Browser::at(&server.url), client_id: "patient" };
    case.browser.sign_in("maya").await;
    let (_, first) = tokens(&case.redeem(&case.code().await, None).await);
    let (_, lost) = tokens(&case.refresh(&first).await);
    // The answer never arrived: the same token again, and the successor nobody saw is dead.
    let (access, replaced) = tokens(&case.refresh(&first).await);
    assert_eq!(case.userinfo(&access).await, 200);
    let (_, next) = tokens(&case.refresh(&replaced).await);
    // The successor was used: from now on the first one is stolen goods.
    assert_eq!(error(&case.refresh(&first).await), "invalid_grant");
    assert_eq!(error(&case.refresh(&next).await), "invalid_grant", "the family is over");
    assert_eq!(error(&case.refresh(&lost).await), "invalid_grant");
}

/// The twin of a client whose token stays: what it got is there, it goes on with the same token, and what was ended stays ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o09_a_token_that_stays_is_there_after_a_kill() {
    let sandbox = Sandbox::migrated();
    sandbox.file("organisation.yaml", ORGANISATION).run(&["apply", "organisation.yaml"]).succeeded();
    let port = free_port();
    let mut server = Server::start(&sandbox, port);
    server.line_with("ready");
    let case = Case { browser: Browser::at(&server.url), client_id: "keeper" };
    case.browser.sign_in("maya").await;
    let code = case.code().await;
    let (_, token) = tokens(&case.redeem(&code, None).await);
    let (access, same) = tokens(&case.refresh(&token).await);
    assert_eq!(same, token);

    assert_eq!(server.stop("-KILL").0, None, "it ended by the signal");
    let mut server = Server::start(&sandbox, port);
    server.line_with("ready");
    let again = Case { browser: Browser::at(&server.url), client_id: "keeper" };
    assert_eq!(again.userinfo(&access).await, 200, "what was acknowledged is there");
    let (next, same) = tokens(&again.refresh(&token).await);
    assert_eq!((again.userinfo(&next).await, &same), (200, &token));
    assert_eq!(error(&again.redeem(&code, None).await), "invalid_grant", "O-06: the code ends the family");

    assert_eq!(server.stop("-KILL").0, None);
    let server = Server::start(&sandbox, port);
    server.line_with("ready");
    let ended = Case { browser: Browser::at(&server.url), client_id: "keeper" };
    assert_eq!(error(&ended.refresh(&token).await), "invalid_grant");
    assert_eq!(ended.userinfo(&next).await, 401);
}
