//! Apps that are told from server to server.

use super::*;
use crate::support::spawn;
use axum::{Router, body::Bytes, extract::State, routing::post};
use gatehouse::{domain::user::UserState, service::logout::queued};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::net::TcpListener;

/// The server of an app: answers what it is set to, and counts.
struct Server {
    sp: Sp,
    idp: ServiceProvider,
    now: chrono::DateTime<chrono::Utc>,
    status: Mutex<LogoutStatus>,
    asked: AtomicUsize,
    reason: Mutex<Option<String>>,
}

async fn serve(State(server): State<Arc<Server>>, body: Bytes) -> String {
    server.asked.fetch_add(1, Ordering::SeqCst);
    let address = server.sp.address();
    let destinations = [address.as_str()];
    let context = LogoutVerifyContext::new(&destinations, server.now);
    let request = UnverifiedLogoutRequest::from_soap(&body).expect("readable");
    let request = request.verify(&server.idp, &context).expect("acceptable");
    *server.reason.lock().expect("no panic") = request.reason().map(str::to_owned);
    let target = request.response_target(&server.idp).expect("in the exchange");
    let status = server.status.lock().expect("no panic").clone();
    let answer =
        issue_response(&target, &server.sp.entity_id, &status, &server.sp.signer(), server.now, &mut rng())
            .expect("issued");
    match answer.message {
        OutboundMessage::Soap { envelope, .. } => envelope,
        other => panic!("{other:?}"),
    }
}

/// A house with `hr`, whose server answers on loopback.
async fn with_server(kind: Kind, bindings: &[&str]) -> (House, Arc<Server>) {
    let house = House::on(kind).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let home = format!("http://{}", listener.local_addr().expect("bound"));
    let sp = house.sp_at("hr", &home, bindings, "persistent").await;
    let server = Arc::new(Server {
        idp: sp.idp(&house.app).await,
        now: house.app.ctx.now(),
        status: Mutex::new(LogoutStatus::Success),
        asked: AtomicUsize::new(0),
        reason: Mutex::new(None),
        sp,
    });
    let router = Router::new().route("/slo", post(serve)).with_state(server.clone());
    spawn(async move { axum::serve(listener, router).await });
    (house, server)
}

async fn told_by_soap(kind: Kind) {
    let (house, server) = with_server(kind, &["soap"]).await;
    let crm = house.sp("crm", &["redirect", "soap"]).await;
    let app = &house.app;
    let failed = LogoutStatus::Failed(::saml::Status::new(::saml::StatusCode::Responder, None));
    for (status, expected) in [(LogoutStatus::Success, SUCCESS), (failed, PARTIAL)] {
        for binding in [Binding::HttpRedirect, Binding::Soap] {
            *server.status.lock().expect("no panic") = status.clone();
            let browser = house.signed_in().await;
            let about = crm.sign_on(&browser).await;
            server.sp.sign_on(&browser).await;
            let asked = crm.request(app, binding, &about).await;
            let answer = deliver(&browser, &asked.message).await;
            assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &expected, "{binding:?}");
        }
    }
    assert_eq!(server.asked.load(Ordering::SeqCst), 4);
    let reason = server.reason.lock().expect("no panic").clone();
    assert_eq!(reason.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:logout:user"));
    let refused = ("hr".to_owned(), Some("logout_refused".to_owned()));
    assert_eq!(house.told().await.iter().filter(|told| **told == refused).count(), 2);
}

#[tokio::test]
async fn an_app_with_a_server_is_told_without_the_browser_sqlite() {
    told_by_soap(Kind::Sqlite).await;
}

#[tokio::test]
async fn an_app_with_a_server_is_told_without_the_browser_postgres() {
    told_by_soap(Kind::Postgres).await;
}

#[tokio::test]
async fn a_server_that_is_gone_makes_it_partial_or_leaves_it_to_the_browser() {
    let house = House::new().await;
    let crm = house.sp("crm", &["redirect", "soap"]).await;
    // Port 1: nobody answers there.
    let gone = house.sp_at("hr", "http://127.0.0.1:1", &["soap"], "persistent").await;
    let both = house.sp_at("pay", "http://127.0.0.1:1", &["soap", "redirect"], "persistent").await;
    let app = &house.app;
    let browser = house.signed_in().await;
    let about = crm.sign_on(&browser).await;
    gone.sign_on(&browser).await;
    both.sign_on(&browser).await;
    let asked = crm.request(app, Binding::HttpRedirect, &about).await;
    let page = follow(&browser, deliver(&browser, &asked.message).await).await;
    let request = both.take(app, &page).await;
    let page = follow(&browser, both.answer(app, &browser, &request, &LogoutStatus::Success).await).await;
    assert_eq!(crm.hear(app, &asked, &page).await.outcome(), &PARTIAL);
    let browser = house.signed_in().await;
    let about = crm.sign_on(&browser).await;
    both.sign_on(&browser).await;
    let asked = crm.request(app, Binding::Soap, &about).await;
    let answer = deliver(&browser, &asked.message).await;
    assert_eq!(crm.hear(app, &asked, &answer).await.outcome(), &PARTIAL, "there is no browser");
}

async fn queued_for_admins(kind: Kind) {
    let (house, server) = with_server(kind, &["soap"]).await;
    let app = &house.app;
    let browser = house.signed_in().await;
    server.sp.sign_on(&browser).await;
    assert_eq!(queued::tell_queued(&app.ctx).await.expect("nothing to do"), 0);
    let ended = service::users::end_sessions(&app.ctx, &system(), house.maya.id).await.expect("ended");
    assert_eq!(ended, 1);
    assert!(!house.is_in(&browser).await);
    assert_eq!(queued::tell_queued(&app.ctx).await.expect("told"), 1);
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    let reason = server.reason.lock().expect("no panic").clone();
    assert_eq!(reason.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:logout:admin"));
    assert_eq!(house.told().await, [("hr".to_owned(), None)]);
    assert_eq!(queued::tell_queued(&app.ctx).await.expect("once"), 0);
    // Suspended.
    server.sp.sign_on(&house.signed_in().await).await;
    service::users::set_state(&app.ctx, &system(), house.maya.id, UserState::Suspended).await.expect("done");
    assert_eq!(queued::tell_queued(&app.ctx).await.expect("told"), 1);
    assert_eq!(server.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn sessions_that_an_admin_ends_are_told_from_the_queue_sqlite() {
    queued_for_admins(Kind::Sqlite).await;
}

#[tokio::test]
async fn sessions_that_an_admin_ends_are_told_from_the_queue_postgres() {
    queued_for_admins(Kind::Postgres).await;
}
