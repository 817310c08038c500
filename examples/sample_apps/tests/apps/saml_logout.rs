//! Single logout at Ledgerly, on both sides. Each refusal stands beside its valid twin.

use crate::{
    saml_sp::{World, world, world_that},
    support::{
        idp::{ENTITY_ID, Idp, Plan, SLO_URL},
        location, now,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::SecondsFormat;
use openssl::{hash::MessageDigest, sign::Verifier, x509::X509};
use reqwest::StatusCode;
use samael::crypto::{CertificateDer, Crypto, CryptoProvider};
use std::{collections::HashMap, io::Read};

const SUCCESS: &str = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";
pub(crate) const PARTIAL: &str = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">\
    <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/></samlp:StatusCode>";
const FAILED: &str = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"/>";

/// What a test may want to get wrong in a logout message.
pub(crate) struct Message {
    pub(crate) name: &'static str,
    pub(crate) id: String,
    pub(crate) attributes: String,
    pub(crate) destination: String,
    pub(crate) issuer: String,
    pub(crate) issued: i64,
    pub(crate) inside: String,
}

impl Message {
    pub(crate) fn request(app: &str, id: &str) -> Self {
        Self {
            name: "LogoutRequest",
            id: id.to_owned(),
            attributes: String::new(),
            destination: format!("{app}/saml/slo"),
            issuer: ENTITY_ID.into(),
            issued: 0,
            inside: "<saml:NameID>maya.okafor@fernhill.example</saml:NameID><samlp:SessionIndex>_s1</samlp:SessionIndex>".into(),
        }
    }

    pub(crate) fn response(app: &str, in_response_to: &str, status: &str) -> Self {
        Self {
            name: "LogoutResponse",
            attributes: format!(" InResponseTo=\"{in_response_to}\""),
            inside: format!("<samlp:Status>{status}</samlp:Status>"),
            ..Self::request(app, "_r")
        }
    }

    pub(crate) fn xml(&self) -> String {
        let issued = now(self.issued).to_rfc3339_opts(SecondsFormat::Secs, true);
        format!(
            "<samlp:{name} xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
             ID=\"{}\" Version=\"2.0\" IssueInstant=\"{issued}\" Destination=\"{}\"{}><saml:Issuer>{}</saml:Issuer>{}</samlp:{name}>",
            self.id,
            self.destination,
            self.attributes,
            self.issuer,
            self.inside,
            name = self.name,
        )
    }

    fn parameter(&self) -> &'static str {
        if self.name == "LogoutRequest" { "SAMLRequest" } else { "SAMLResponse" }
    }
}

impl World {
    pub(crate) async fn sign_in(&self) {
        let response = self.post(&self.idp.response(&Plan::good(&self.app, None)), "").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert!(self.is_in().await);
    }

    pub(crate) async fn is_in(&self) -> bool {
        self.home().await.contains("Welcome, <span")
    }

    pub(crate) async fn get(&self, query: &str) -> reqwest::Response {
        self.browser.get(format!("{}/saml/slo?{query}", self.app)).send().await.unwrap()
    }

    pub(crate) async fn send(&self, idp: &Idp, message: &Message) -> reqwest::Response {
        self.get(&idp.query(message.parameter(), &message.xml(), "r&s")).await
    }

    /// The certificate of our metadata, DER.
    async fn certificate(&self) -> Vec<u8> {
        let metadata = self.browser.get(format!("{}/saml/metadata", self.app)).send().await.unwrap();
        let metadata = metadata.text().await.unwrap();
        let document = roxmltree::Document::parse(&metadata).unwrap();
        let certificate =
            document.descendants().find(|node| node.tag_name().name() == "X509Certificate").unwrap();
        STANDARD.decode(certificate.text().unwrap()).unwrap()
    }

    pub(crate) async fn post_slo(&self, fields: &[(&str, String)]) -> reqwest::Response {
        self.browser.post(format!("{}/saml/slo", self.app)).form(fields).send().await.unwrap()
    }

    /// The message of a page that carries one to the provider, once its signature is verified; and the RelayState beside it.
    pub(crate) async fn carried(
        &self,
        response: reqwest::Response,
        parameter: &str,
    ) -> (String, Option<String>) {
        assert_eq!(response.status(), StatusCode::OK);
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        let html = response.text().await.unwrap();
        let action = format!("action=\"{}\"", SLO_URL.replace('&', "&amp;"));
        assert!(html.contains(&action) && html.contains("src=\"/post.js\""), "{html}");
        let value = |name: &str| {
            let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\""))?;
            rest.split_once('"').map(|(value, _)| value.replace("&amp;", "&"))
        };
        let xml = STANDARD.decode(value(parameter).expect("the field")).unwrap();
        let certificate = CertificateDer::from(self.certificate().await);
        let xml = String::from_utf8(xml).unwrap();
        Crypto::verify_signed_xml(&xml, &certificate, Some("ID")).expect("our signature");
        (xml, value("RelayState"))
    }

    /// The message at an address of the provider, once its signature is verified with the certificate of our metadata.
    pub(crate) async fn taken(&self, address: &str, parameter: &str) -> (String, HashMap<String, String>) {
        let query = address.strip_prefix(&format!("{SLO_URL}&")).expect("the provider's address");
        let (signed, _) = query.split_once("&Signature=").expect("it is signed");
        let fields: HashMap<String, String> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let key = X509::from_der(&self.certificate().await).unwrap().public_key().unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        let signature = STANDARD.decode(&fields["Signature"]).unwrap();
        assert!(verifier.verify_oneshot(&signature, signed.as_bytes()).unwrap());
        let mut xml = String::new();
        let deflated = STANDARD.decode(&fields[parameter]).unwrap();
        flate2::read::DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
        (xml, fields)
    }

    /// Signs out here; the id of the request that left.
    async fn sign_out(&self) -> String {
        let response = self.browser.post(format!("{}/logout", self.app)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!self.is_in().await, "here, at once");
        let refresh = response.headers()["refresh"].to_str().unwrap().to_owned();
        let address = refresh.strip_prefix("0; url=").unwrap();
        assert!(
            response.text().await.unwrap().contains(&address.replace('&', "&amp;")),
            "a link for everybody"
        );
        let (xml, _) = self.taken(address, "SAMLRequest").await;
        let document = roxmltree::Document::parse(&xml).unwrap();
        let text = |name: &str| {
            document.descendants().find(|node| node.tag_name().name() == name).and_then(|node| node.text())
        };
        assert_eq!(text("NameID"), Some("maya.okafor@fernhill.example"));
        assert_eq!(text("SessionIndex"), Some("_s1"));
        assert_eq!(text("Issuer"), Some(format!("{}/saml/metadata", self.app).as_str()));
        assert_eq!(document.root_element().attribute("Destination"), Some(SLO_URL));
        document.root_element().attribute("ID").unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_person_signs_out_and_the_page_says_what_the_provider_said() {
    let world = world().await;
    for (status, words) in [
        (SUCCESS, "signed out everywhere"),
        (PARTIAL, "but not everywhere"),
        (FAILED, "signed out of Ledgerly only"),
    ] {
        world.sign_in().await;
        let id = world.sign_out().await;
        let message = Message::response(&world.app, &id, status);
        for _ in 0..2 {
            let response = world.send(&world.idp, &message).await;
            assert_eq!(response.status(), StatusCode::OK);
            let text = response.text().await.unwrap();
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}

#[tokio::test]
async fn a_provider_without_logout_is_not_told_and_the_page_says_so() {
    let world =
        world_that(|metadata| metadata.replace("md:SingleLogoutService", "md:ManageNameIDService")).await;
    world.sign_in().await;
    let response = world.browser.post(format!("{}/logout", world.app)).send().await.unwrap();
    assert!(response.headers().get("refresh").is_none());
    assert!(response.text().await.unwrap().contains("signed out of Ledgerly only"));
    assert!(!world.is_in().await);
}

#[tokio::test]
async fn the_provider_signs_a_person_out_and_is_answered() {
    let world = world().await;
    world.sign_in().await;
    let response = world.send(&world.idp, &Message::request(&world.app, "_q1")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert!(!world.is_in().await);
    let (xml, fields) = world.taken(&location(&response), "SAMLResponse").await;
    assert_eq!(fields["RelayState"], "r&s");
    assert!(xml.contains("InResponseTo=\"_q1\"") && xml.contains("status:Success"), "{xml}");
    // Nobody is left to sign out, which is as good.
    let response = world.send(&world.idp, &Message::request(&world.app, "_q2")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_request_about_another_session_or_person_ends_nothing() {
    let world = world().await;
    world.sign_in().await;
    for inside in [
        "<saml:NameID>maya.okafor@fernhill.example</saml:NameID><samlp:SessionIndex>_s2</samlp:SessionIndex>",
        "<saml:NameID>omar@fernhill.example</saml:NameID>",
    ] {
        let message =
            Message { inside: inside.into(), ..Message::request(&world.app, &format!("_{}", inside.len())) };
        assert_eq!(world.send(&world.idp, &message).await.status(), StatusCode::SEE_OTHER);
        assert!(world.is_in().await, "{inside}");
    }
    let everywhere = Message {
        inside: "<saml:NameID>maya.okafor@fernhill.example</saml:NameID>".into(),
        ..Message::request(&world.app, "_all")
    };
    assert_eq!(world.send(&world.idp, &everywhere).await.status(), StatusCode::SEE_OTHER);
    assert!(!world.is_in().await, "the valid twin");
}

#[tokio::test]
async fn what_is_not_the_providers_ends_nothing() {
    let world = world().await;
    world.sign_in().await;
    let good = || Message::request(&world.app, "_q1");
    let signed = |message: &Message| world.idp.query(message.parameter(), &message.xml(), "");
    let bare = signed(&good());
    let (unsigned, _) = bare.split_once("&SigAlg=").unwrap();
    let other = || "https://other.example".to_owned();
    let cases = [
        ("unsigned", unsigned.to_owned()),
        ("without its algorithm", bare.replace("&SigAlg=", "&Other=")),
        ("another key", Idp::new().query("SAMLRequest", &good().xml(), "")),
        ("changed after signing", bare.replace("RelayState=", "RelayState=x")),
        ("SHA-1", bare.replace("rsa-sha256", "rsa-sha1")),
        ("a parameter twice", format!("{bare}&RelayState=")),
        ("two messages", format!("{bare}&SAMLResponse=x")),
        ("destination", signed(&Message { destination: other(), ..good() })),
        ("issuer", signed(&Message { issuer: other(), ..good() })),
        ("an hour ago", signed(&Message { issued: -3600, ..good() })),
        ("in an hour", signed(&Message { issued: 3600, ..good() })),
        (
            "expired",
            signed(&Message { attributes: " NotOnOrAfter=\"2020-01-01T00:00:00Z\"".into(), ..good() }),
        ),
        ("nobody", signed(&Message { inside: String::new(), ..good() })),
        (
            "another message",
            signed(&Message { name: "LogoutResponse", ..good() }).replace("SAMLResponse", "SAMLRequest"),
        ),
        ("an answer to nothing", signed(&Message::response(&world.app, "_never", SUCCESS))),
        ("empty", String::new()),
        ("no base64", "SAMLRequest=%%%&SigAlg=x&Signature=%%%".into()),
    ];
    for (what, query) in cases {
        let response = world.get(&query).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{what}: {}", response.text().await.unwrap());
        assert!(world.is_in().await, "{what}");
    }
    let query = signed(&good());
    assert_eq!(world.get(&query).await.status(), StatusCode::SEE_OTHER, "the valid twin");
    assert!(!world.is_in().await);
    world.sign_in().await;
    assert_eq!(world.get(&query).await.status(), StatusCode::FORBIDDEN, "used before");
    assert!(world.is_in().await);
}
