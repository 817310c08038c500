//! SAML and OIDC end together, whichever of them asks.

use super::*;
use crate::saml::logout::{House as SamlHouse, deliver, follow};
use ::saml::{
    Binding,
    logout::{LogoutOutcome, LogoutStatus},
};

#[tokio::test]
async fn a_saml_logout_request_ends_clients_and_is_answered_as_it_went() {
    let house = SamlHouse::new().await;
    let receiver = Receiver::start().await;
    let crm = house.sp("crm", &["redirect", "soap"]).await;
    let metrics = Rp::added(&house.app, &house.group, "metrics", receiver.settings()).await;
    for binding in [Binding::HttpRedirect, Binding::Soap] {
        for (status, expected) in [(200, LogoutOutcome::Success), (500, LogoutOutcome::Partial)] {
            receiver.answers(status);
            let before = receiver.tokens().len();
            let browser = house.signed_in().await;
            let about = crm.sign_on(&browser).await;
            let id_token = metrics.sign_on(&browser).await;
            let asked = crm.request(&house.app, binding, &about).await;
            let page = deliver(&browser, &asked.message).await;
            let page = follow(&browser, page).await;
            let answer = crm.hear(&house.app, &asked, &page).await;
            assert_eq!(answer.outcome(), &expected, "{binding:?} {status}");
            let tokens = receiver.tokens();
            assert_eq!(tokens.len(), before + 1);
            assert_eq!(claims(&tokens[before])["sid"], claims(&id_token)["sid"]);
        }
    }
}

/// An iframe gives no answer, so nobody may say that it worked.
#[tokio::test]
async fn a_client_told_in_an_iframe_makes_a_saml_logout_partial() {
    let house = SamlHouse::new().await;
    let crm = house.sp("crm", &["redirect"]).await;
    let settings =
        OidcConnection { frontchannel_logout_uri: "https://metrics.example/out".into(), ..oidc_settings() };
    let metrics = Rp::added(&house.app, &house.group, "metrics", settings).await;
    let browser = house.signed_in().await;
    let about = crm.sign_on(&browser).await;
    metrics.sign_on(&browser).await;
    let asked = crm.request(&house.app, Binding::HttpRedirect, &about).await;
    let page = deliver(&browser, &asked.message).await;
    let walk = page.location().to_owned();
    assert!(browser.get(&walk).await.text.contains("<iframe"), "told first");
    let answer = crm.hear(&house.app, &asked, &browser.get(&walk).await).await;
    assert_eq!(answer.outcome(), &LogoutOutcome::Partial);
}

#[tokio::test]
async fn a_client_s_logout_walks_the_saml_apps_and_comes_back() {
    let house = SamlHouse::new().await;
    let crm = house.sp("crm", &["redirect"]).await;
    let receiver = Receiver::start().await;
    let metrics = Rp::added(&house.app, &house.group, "metrics", receiver.settings()).await;
    let browser = house.signed_in().await;
    crm.sign_on(&browser).await;
    let id_token = metrics.sign_on(&browser).await;
    let page = follow(&browser, browser.get(&metrics.logout(&id_token)).await).await;
    assert_eq!(receiver.tokens().len(), 1);
    let request = crm.take(&house.app, &page).await;
    let end = crm.answer(&house.app, &browser, &request, &LogoutStatus::Success).await;
    let end = follow(&browser, end).await;
    assert!(end.text.contains("https://metrics.example/bye?state=out"), "{}", end.text);
    assert!(!house.is_in(&browser).await);
}
