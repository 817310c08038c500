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

/// Somebody else signs in in the same browser: the session before ends, and its apps are told from the queue.
#[tokio::test]
async fn apps_are_told_when_somebody_else_signs_in_in_the_same_browser() {
    let (house, server) = with_server(Kind::Sqlite, &["soap"]).await;
    let crm = house.sp("crm", &[]).await;
    let app = &house.app;
    let browser = house.signed_in().await;
    server.sp.sign_on(&browser).await;
    // An app that insists on a fresh sign-in brings a signed-in person back to the form.
    let asked_again = async |id: &str| {
        app.ctx.clock.advance(chrono::TimeDelta::seconds(1));
        let asked = crate::saml::request(app, id, "ForceAuthn=\"true\"", "");
        let asked = asked.replace(&saml_settings().sp_entity_id, &crm.entity_id);
        crate::saml::post(&browser, &asked, None).await.location().to_owned()
    };
    let login = asked_again("_r1").await;
    browser.sign_in_from(&login, "maya", crate::support::app::PASSWORD).await;
    assert_eq!(
        queued::tell_queued(&app.ctx).await.expect("nothing to do"),
        0,
        "the same person stays signed on"
    );
    let login = asked_again("_r2").await;
    browser.sign_in_from(&login, "tomas", crate::support::app::PASSWORD).await;
    assert!(house.is_in(&browser).await, "as somebody else");
    assert_eq!(queued::tell_queued(&app.ctx).await.expect("told"), 1);
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    let reason = server.reason.lock().expect("no panic").clone();
    assert_ne!(reason.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:logout:admin"), "no admin did it");
    assert_eq!(house.told().await, [("hr".to_owned(), None)]);
    assert_eq!(queued::tell_queued(&app.ctx).await.expect("once"), 0);
}

/// A LogoutRequest of an app whose principal is encrypted for us: in canonical form, so that it can be signed as it stands.
fn with_encrypted_id(
    sp: &Sp,
    destination: &str,
    now: chrono::DateTime<chrono::Utc>,
    encrypted: &str,
) -> String {
    const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let instant = now.format("%Y-%m-%dT%H:%M:%SZ");
    let start = format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{destination}\" \
         ID=\"_encrypted\" IssueInstant=\"{instant}\" Version=\"2.0\"><saml:Issuer \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:Issuer>",
        sp.entity_id
    );
    let end = format!("{encrypted}</samlp:LogoutRequest>");
    let digest = openssl::base64::encode_block(&openssl::sha::sha256(format!("{start}{end}").as_bytes()));
    let signer = sp.signer();
    let inside = format!(
        "><ds:CanonicalizationMethod Algorithm=\"{C14N}\"></ds:CanonicalizationMethod><ds:SignatureMethod \
         Algorithm=\"{}\"></ds:SignatureMethod><ds:Reference URI=\"#_encrypted\"><ds:Transforms><ds:Transform \
         Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform><ds:Transform \
         Algorithm=\"{C14N}\"></ds:Transform></ds:Transforms><ds:DigestMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>{digest}\
         </ds:DigestValue></ds:Reference></ds:SignedInfo>",
        ::saml::Signer::algorithm(&signer).uri()
    );
    let signed_info = format!("<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"{inside}");
    let value = openssl::base64::encode_block(
        &::saml::Signer::sign(&signer, signed_info.as_bytes()).expect("signed"),
    );
    format!(
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>{start}<ds:Signature \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo{inside}<ds:SignatureValue>{value}\
         </ds:SignatureValue></ds:Signature>{end}</soap:Body></soap:Envelope>"
    )
}

#[tokio::test]
async fn iip_idp19_a_person_whose_name_is_encrypted_is_signed_out() {
    let house = House::new().await;
    let crm = house.sp("crm", &["soap"]).await;
    let app = &house.app;
    let record = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    let key = service::decryption_keys::make(&app.ctx, &system(), &record).await.expect("made");
    let der = openssl::base64::decode_block(&key.certificate).expect("base64");
    let key = X509::from_der(&der).expect("a certificate").public_key().expect("a key");
    let browser = house.signed_in().await;
    let about = crm.sign_on(&browser).await;
    let name = format!(
        "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Format=\"{}\" NameQualifier=\"{}\" \
         SPNameQualifier=\"{}\">{}</saml:NameID>",
        about.name_id.format.uri(),
        about.name_id.name_qualifier.as_deref().expect("persistent"),
        about.name_id.sp_name_qualifier.as_deref().expect("persistent"),
        about.name_id.value
    );
    let address = format!("{}/saml2/crm/slo/soap", app.url);
    let headers = [("content-type", "text/xml")];
    let encrypted = crate::saml::encrypted_id::encrypted(&key, &name);
    let broken = encrypted.replace("<xenc:CipherValue>", "<xenc:CipherValue>AAAA");
    let refused = with_encrypted_id(&crm, &address, app.ctx.now(), &broken);
    let page = browser.send(Method::POST, "/saml2/crm/slo/soap", &headers, &refused).await;
    assert!(page.text.contains("status:Requester"), "{}", page.text);
    assert!(house.is_in(&browser).await, "nobody was named");
    let good = with_encrypted_id(&crm, &address, app.ctx.now(), &encrypted);
    let page = browser.send(Method::POST, "/saml2/crm/slo/soap", &headers, &good).await;
    assert!(page.text.contains("status:Success"), "{}", page.text);
    assert!(!house.is_in(&browser).await);
}
