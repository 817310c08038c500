//! Ledgerly turns away everything but a right answer. Each attack stands beside its valid twin.

use crate::support::{
    browser,
    idp::{Idp, Plan, field},
    listener, location, run,
};
use axum::{Router, routing::get};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client, StatusCode};
use sample_apps::{SamlSpConfig, SpKey, saml_sp};
use std::{io::Read, sync::Arc};
use url::Url;

pub(crate) struct World {
    pub(crate) idp: Arc<Idp>,
    pub(crate) app: String,
    pub(crate) browser: Client,
}

/// A provider that publishes metadata, and the app.
pub(crate) async fn world() -> World {
    world_that(|metadata| metadata).await
}

/// The same, with other metadata.
pub(crate) async fn world_that(publishes: impl FnOnce(String) -> String) -> World {
    world_of(Idp::new(), publishes).await
}

/// The same, with another provider.
pub(crate) async fn world_of(idp: Idp, publishes: impl FnOnce(String) -> String) -> World {
    let idp = Arc::new(idp);
    let (idp_listener, idp_url) = listener().await;
    let metadata = publishes(idp.metadata("https://idp.example/sso?tenant=1"));
    run(async move {
        let router = Router::new().route("/metadata", get(async move || metadata.clone()));
        Ok(axum::serve(idp_listener, router).await?)
    });
    let (listener, base_url) = listener().await;
    let app = base_url.as_str().trim_end_matches('/').to_owned();
    let config = SamlSpConfig {
        base_url,
        idp_metadata_url: idp_url.join("/metadata").unwrap(),
        idp_name: "Fernhill".into(),
        key: SpKey::generate().unwrap(),
    };
    run(saml_sp(listener, config, std::future::pending()));
    World { idp, app, browser: browser() }
}

impl World {
    /// Starts at the app; the request's id and the relay state.
    async fn begin(&self, return_to: &str) -> (String, String) {
        let url = Url::parse_with_params(&format!("{}/login", self.app), [("return_to", return_to)]).unwrap();
        let response = self.browser.get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let url = Url::parse(&location(&response)).unwrap();
        assert_eq!(url.host_str(), Some("idp.example"));
        let query = |name: &str| {
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
        };
        assert_eq!(query("tenant"), "1", "the provider's own query stays");
        let mut xml = String::new();
        let deflated = STANDARD.decode(query("SAMLRequest")).unwrap();
        flate2::read::DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let request = document.root_element();
        assert!(request.has_tag_name(("urn:oasis:names:tc:SAML:2.0:protocol", "AuthnRequest")));
        assert_eq!(
            request.attribute("AssertionConsumerServiceURL"),
            Some(format!("{}/saml/acs", self.app).as_str())
        );
        let relay_state = query("RelayState");
        assert!(relay_state.len() <= 80 && !relay_state.contains('/'), "{relay_state}");
        (request.attribute("ID").unwrap().to_owned(), relay_state)
    }

    pub(crate) async fn post(&self, xml: &str, relay_state: &str) -> reqwest::Response {
        let form = [("SAMLResponse", field(xml)), ("RelayState", relay_state.to_owned())];
        self.browser.post(format!("{}/saml/acs", self.app)).form(&form).send().await.unwrap()
    }

    pub(crate) async fn home(&self) -> String {
        self.browser.get(format!("{}/", self.app)).send().await.unwrap().text().await.unwrap()
    }

    async fn refused(&self, what: &str, xml: &str, because: &str) {
        let response = self.post(xml, "").await;
        let (status, cookie) = (response.status(), response.headers().get("set-cookie").is_some());
        let text = response.text().await.unwrap();
        assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {text}");
        assert!(!cookie, "{what}: a session was made");
        assert!(text.contains(because), "{what}: not refused for {because:?} but: {text}");
        assert!(self.home().await.contains("Sign in with Fernhill"), "{what}");
    }
}

#[tokio::test]
async fn sp_initiated_sign_on_shows_the_person_and_returns_to_the_page() {
    let world = world().await;
    let (id, relay_state) = world.begin("/?from=mail").await;
    let xml = world.idp.response(&Plan::good(&world.app, Some(&id)));
    let response = world.post(&xml, &relay_state).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", response.text().await.unwrap());
    assert_eq!(location(&response), "/?from=mail");
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("ledgerly_session=")
            && cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let home = world.home().await;
    for shown in [
        "Maya O&amp;kafor &lt;b&gt;",
        "maya.okafor@fernhill.example",
        "_s1",
        "https://idp.example/metadata",
        "Growth",
        "memberOf",
    ] {
        assert!(home.contains(shown), "{shown} is missing from {home}");
    }
    assert!(!home.contains("<script") && !home.contains("style="));
    // Signing out ends it, and the old cookie is of no use.
    let response = world.browser.post(format!("{}/logout", world.app)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(world.home().await.contains("Sign in with Fernhill"));
}

#[tokio::test]
async fn idp_initiated_sign_on_works_and_relay_state_is_no_open_redirect() {
    let world = world().await;
    for (relay_state, expected) in [
        ("", "/"),
        ("/?open=1", "/?open=1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
    ] {
        let response = world.post(&world.idp.response(&Plan::good(&world.app, None)), relay_state).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{relay_state}");
        assert_eq!(location(&response), expected, "{relay_state}");
    }
    assert!(world.home().await.contains("straight from your portal"));
}

#[tokio::test]
async fn an_assertion_alone_may_be_signed_but_not_the_response_alone() {
    let world = world().await;
    let plan = Plan { sign_assertion: false, ..Plan::good(&world.app, None) };
    world
        .refused("only the response signed", &world.idp.response(&plan), "the assertion is not signed")
        .await;
    let plan = Plan { sign_response: false, ..Plan::good(&world.app, None) };
    assert_eq!(world.post(&world.idp.response(&plan), "").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn wrong_values_are_refused_although_signed() {
    let world = world().await;
    let good = || Plan::good(&world.app, None);
    let other = || "https://other.example/saml/acs".to_owned();
    let cases: Vec<(&str, Plan, &str)> = vec![
        ("audience", Plan { audience: other(), ..good() }, "AudienceRequirement"),
        ("recipient", Plan { recipient: other(), ..good() }, "Recipient"),
        ("destination", Plan { destination: other(), ..good() }, "Destination"),
        ("issuer", Plan { issuer: "https://evil.example".into(), ..good() }, "Issuer"),
        ("expired", Plan { issued: -3600, ends: -3000, ..good() }, "expired"),
        ("confirmation expired", Plan { issued: -200, ends: -100, ..good() }, "expired"),
        ("from the future", Plan { issued: 600, ends: 900, ..good() }, "not valid until"),
        ("session over", Plan { session_ends: -5, ..good() }, "session has ended"),
        ("no conditions", Plan { conditions: false, ..good() }, "no Conditions"),
        ("no name", Plan { name_id: " ".into(), ..good() }, "failed a check"),
        (
            "SHA-1 digest",
            Plan { digest: "http://www.w3.org/2000/09/xmldsig#sha1", ..good() },
            "digest is not allowed",
        ),
        (
            "status",
            Plan { status: "urn:oasis:names:tc:SAML:2.0:status:Responder", ..good() },
            "did not sign the person in: Responder",
        ),
        ("answers no request of ours", Plan::good(&world.app, Some("_never-sent")), "belongs to no sign-in"),
        (
            "response unsolicited, assertion not",
            Plan { confirmation_in_response_to: Some("_x".into()), ..good() },
            "answers a request",
        ),
    ];
    for (what, plan, because) in cases {
        world.refused(what, &world.idp.response(&plan), because).await;
    }
    assert_eq!(
        world.post(&world.idp.response(&good()), "").await.status(),
        StatusCode::SEE_OTHER,
        "the valid twin"
    );
}

#[tokio::test]
async fn forged_documents_are_refused() {
    let world = world().await;
    let plan = Plan::good(&world.app, None);
    let good = world.idp.response(&plan);
    let unsigned = world.idp.response(&Plan { sign_assertion: false, sign_response: false, ..plan.clone() });
    let foreign = Idp::new().response(&plan);
    let assertion = &good[good.find("<saml:Assertion").unwrap()..good.find("</samlp:Response>").unwrap()];
    let evil = assertion
        .replace("maya.okafor@fernhill.example", "omar@fernhill.example")
        .replace(&plan.assertion_id, "_evil");
    let cases = [
        ("unsigned", unsigned, "not signed"),
        ("another key", foreign, "signed"),
        ("changed after signing", good.replace("maya.okafor", "omar.haddad"), "signed"),
        ("attribute changed", good.replace(">Growth<", ">Finance<"), "signed"),
        ("comment in the name", good.replace("maya.okafor@", "maya<!---->.okafor@"), "comment"),
        (
            "second assertion before",
            good.replace("<saml:Assertion", &format!("{evil}<saml:Assertion")),
            "more than one assertion",
        ),
        (
            "second assertion after",
            good.replace("</samlp:Response>", &format!("{evil}</samlp:Response>")),
            "more than one assertion",
        ),
        (
            "two IDs",
            good.replace("<samlp:Status>", &format!("<samlp:Status ID=\"{}\">", plan.assertion_id)),
            "same ID",
        ),
        ("document type", format!("<!DOCTYPE r [<!ENTITY x \"y\">]>{good}"), "well-formed"),
        ("truncated", good[..good.len() - 20].to_owned(), "well-formed"),
        ("reference to a file", good.replace("URI=\"#_r1\"", "URI=\"file:///etc/hostname\""), "own element"),
        ("reference to all", good.replace("URI=\"#_r1\"", "URI=\"\""), "own element"),
        ("another root", good.replace("samlp:Response", "samlp:ArtifactResponse"), "not a SAML 2.0 Response"),
        ("deep", format!("{}{}", "<a>".repeat(200), "</a>".repeat(200)), "nested too deeply"),
    ];
    for (what, xml, because) in cases {
        assert_ne!(xml, good, "{what}: the attack changed nothing");
        world.refused(what, &xml, because).await;
    }
    assert_eq!(world.post(&good, "").await.status(), StatusCode::SEE_OTHER, "the valid twin");
}

#[tokio::test]
async fn an_answer_works_once() {
    let world = world().await;
    let (id, relay_state) = world.begin("/").await;
    let first = world.idp.response(&Plan::good(&world.app, Some(&id)));
    assert_eq!(world.post(&first, &relay_state).await.status(), StatusCode::SEE_OTHER);
    world.browser.post(format!("{}/logout", world.app)).send().await.unwrap();
    world.refused("request used up", &first, "belongs to no sign-in").await;
    let second = world.idp.response(&Plan::good(&world.app, Some(&id)));
    world.refused("second answer to one request", &second, "belongs to no sign-in").await;
    let unsolicited = world.idp.response(&Plan::good(&world.app, None));
    assert_eq!(world.post(&unsolicited, "").await.status(), StatusCode::SEE_OTHER);
    world.browser.post(format!("{}/logout", world.app)).send().await.unwrap();
    world.refused("replayed assertion", &unsolicited, "used before").await;
}

#[tokio::test]
async fn a_forged_answer_does_not_use_up_the_request() {
    let world = world().await;
    let (id, relay_state) = world.begin("/").await;
    let plan = Plan::good(&world.app, Some(&id));
    world.refused("forged", &Idp::new().response(&plan), "signed").await;
    assert_eq!(world.post(&world.idp.response(&plan), &relay_state).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn garbage_gets_a_page_and_no_session() {
    let world = world().await;
    for body in ["", "SAMLResponse=", "SAMLResponse=%00%ff", "SAMLResponse=!!!!", "x=y", "SAMLResponse=AAAA"]
    {
        let response = world
            .browser
            .post(format!("{}/saml/acs", world.app))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap();
        assert!(response.status().is_client_error(), "{body:?}: {}", response.status());
        assert!(response.headers().get("set-cookie").is_none(), "{body:?}");
    }
}

#[tokio::test]
async fn metadata_names_the_addresses() {
    let world = world().await;
    let xml =
        world.browser.get(format!("{}/saml/metadata", world.app)).send().await.unwrap().text().await.unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(
        document.root_element().attribute("entityID"),
        Some(format!("{}/saml/metadata", world.app).as_str())
    );
    let acs =
        document.descendants().find(|node| node.tag_name().name() == "AssertionConsumerService").unwrap();
    assert_eq!(acs.attribute("Location"), Some(format!("{}/saml/acs", world.app).as_str()));
}
