//! First run: a code from the log makes the first owner, once.

use crate::support::{app::TestApp, count_events};
use gatehouse::{
    domain::{
        audit::{EventType, Origin},
        throttle::SETUP,
        user::UserDraft,
    },
    service::{self, setup::Setup},
};
use reqwest::StatusCode;

fn form(code: &str) -> [(&str, &str); 7] {
    [
        ("code", code),
        ("organisation", "Fernhill"),
        ("username", "tomas"),
        ("email", "tomas@fernhill.example"),
        ("first_name", "Tomás"),
        ("last_name", "Rivera"),
        ("password", "a long phrase for the owner"),
    ]
}

#[tokio::test]
async fn w25_set_up_needs_the_code_and_works_once() {
    let app = TestApp::new().await;
    let browser = app.browser();
    assert_eq!(browser.get("/login").await.location(), "/setup");
    service::setup::announce(&app.ctx).await.expect("announced");
    let wrong = browser.submit("/setup", "/setup", &form("2222-2222")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("server log"), "{}", wrong.text);

    // The code itself is only in the log; here one that the test knows takes its place.
    let code = "7KQ2-M4XA";
    let stored = serde_json::json!({
        "hash": gatehouse::keyring::secret_hash(code),
        "expires_at": app.ctx.now().timestamp_millis() + 1000,
    })
    .to_string();
    let now = app.ctx.now();
    app.ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                gatehouse::store::settings::set(tx, "setup_code", &stored, now).await?;
                Ok::<_, gatehouse::store::StoreError>(gatehouse::store::Written::unaudited(()))
            })
        })
        .await
        .expect("stored");
    let done = browser.submit("/setup", "/setup", &form("7kq2 m4xa")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(browser.get("/setup").await.status, StatusCode::NOT_FOUND);
    let again = Setup {
        code: code.into(),
        organization: "Evil".into(),
        owner: UserDraft { username: "eve".into(), email: "eve@evil.example".into(), ..UserDraft::default() },
        password: "a long phrase for nobody".into(),
    };
    let refused = service::setup::complete(&app.ctx, &Origin::default(), again).await;
    assert!(refused.is_err(), "a second set-up is impossible");
    let signed_in = browser.sign_in_from("/login", "tomas", "a long phrase for the owner").await;
    assert_eq!(signed_in.location(), "/");
}

#[tokio::test]
async fn w25_a_wrong_code_is_an_event_and_a_flood_of_them_is_not() {
    let app = TestApp::new().await;
    let browser = app.browser();
    service::setup::announce(&app.ctx).await.expect("announced");
    assert_eq!(count_events(&app, EventType::RequestRefused).await, 0);
    let limit = usize::try_from(SETUP.tries).expect("small");
    for number in 1..=limit {
        let wrong = browser.submit("/setup", "/setup", &form("2222-2222")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "try {number}");
        assert_eq!(count_events(&app, EventType::RequestRefused).await, number);
    }
    for _ in 0..5 {
        let throttled = browser.submit("/setup", "/setup", &form("2222-2222")).await;
        assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(count_events(&app, EventType::RequestRefused).await, limit);
}
