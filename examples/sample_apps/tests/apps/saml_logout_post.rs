//! Single logout at Ledgerly by HTTP-POST, and with keys on a curve. Each refusal stands beside its valid twin.

use crate::{
    saml_logout::{Message, PARTIAL},
    saml_sp::{self, world_of, world_that},
    support::{
        idp::{Idp, SLO_URL, field},
        location,
    },
};
use reqwest::StatusCode;

/// Adds the HTTP-POST binding to a provider's metadata, or puts it in the place of the other.
fn with_post(metadata: &str, alone: bool) -> String {
    let redirect = format!(
        "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{SLO_URL}\"/>"
    );
    assert!(metadata.contains(&redirect));
    let post = redirect.replace("HTTP-Redirect", "HTTP-POST");
    metadata.replace(&redirect, &if alone { post } else { format!("{redirect}{post}") })
}

#[tokio::test]
async fn by_post_the_provider_signs_a_person_out_and_is_answered_by_post() {
    let world = world_that(|metadata| with_post(&metadata, false)).await;
    world.sign_in().await;
    let message = Message::request(&world.app, "_q1");
    let xml = world.idp.posted(&message.id, &message.xml());
    let response = world.post_slo(&[("SAMLRequest", field(&xml)), ("RelayState", "r&s".into())]).await;
    let (answer, relay_state) = world.carried(response, "SAMLResponse").await;
    assert!(!world.is_in().await);
    assert_eq!(relay_state.as_deref(), Some("r&s"));
    assert!(answer.contains("InResponseTo=\"_q1\"") && answer.contains("status:Success"), "{answer}");
    // A provider that offers no address for forms is answered by the other binding.
    let world = saml_sp::world().await;
    world.sign_in().await;
    let message = Message::request(&world.app, "_q1");
    let xml = world.idp.posted(&message.id, &message.xml());
    let response = world.post_slo(&[("SAMLRequest", field(&xml))]).await;
    let (answer, _) = world.taken(&location(&response), "SAMLResponse").await;
    assert!(answer.contains("InResponseTo=\"_q1\""), "{answer}");
}

#[tokio::test]
async fn a_person_signs_out_at_a_provider_that_takes_forms_only() {
    let world = world_that(|metadata| with_post(&metadata, true)).await;
    world.sign_in().await;
    let response = world.browser.post(format!("{}/logout", world.app)).send().await.unwrap();
    let (request, _) = world.carried(response, "SAMLRequest").await;
    let document = roxmltree::Document::parse(&request).unwrap();
    let id = document.root_element().attribute("ID").unwrap();
    assert!(!world.is_in().await);
    let xml = world.idp.posted("_r", &Message::response(&world.app, id, PARTIAL).xml());
    let text = world.post_slo(&[("SAMLResponse", field(&xml))]).await.text().await.unwrap();
    assert!(text.contains("but not everywhere"), "{text}");
}

#[tokio::test]
async fn by_post_what_is_not_the_providers_ends_nothing() {
    let world = world_that(|metadata| with_post(&metadata, false)).await;
    world.sign_in().await;
    let good = || Message::request(&world.app, "_q1");
    let signed = |message: &Message| world.idp.posted(&message.id, &message.xml());
    let right = signed(&good());
    let start = right.find("<ds:Signature ").expect("signed");
    let end = right.find("</ds:Signature>").expect("signed") + "</ds:Signature>".len();
    let signature = &right[start..end];
    let other = || "https://other.example".to_owned();
    // The signed request below another one, which the signature then is about no more.
    let wrapped = good().xml().replace("_q1", "_evil").replace(
        "</saml:Issuer>",
        &format!(
            "</saml:Issuer>{signature}<samlp:Extensions>{}</samlp:Extensions>",
            right.replace(signature, "")
        ),
    );
    let cases = [
        ("unsigned", good().xml()),
        ("another key", Idp::new().posted("_q1", &good().xml())),
        ("changed after signing", right.replace("_s1", "_s2")),
        ("SHA-1", right.replace("rsa-sha256", "rsa-sha1")),
        ("two signatures", right.replace("<saml:NameID>", &format!("{signature}<saml:NameID>"))),
        ("wrapped", wrapped),
        ("a comment", right.replace("maya.okafor", "maya<!-- -->.okafor")),
        ("destination", signed(&Message { destination: other(), ..good() })),
        ("issuer", signed(&Message { issuer: other(), ..good() })),
        ("an hour ago", signed(&Message { issued: -3600, ..good() })),
        ("another message", signed(&Message { name: "LogoutResponse", ..good() })),
    ];
    for (what, xml) in cases {
        let response = world.post_slo(&[("SAMLRequest", field(&xml))]).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{what}: {}", response.text().await.unwrap());
        assert!(world.is_in().await, "{what}");
    }
    let right = field(&right);
    for fields in [
        vec![],
        vec![("SAMLRequest", right.clone()), ("SAMLResponse", right.clone())],
        vec![("SAMLRequest", right.clone()), ("SAMLRequest", right.clone())],
        vec![("SAMLRequest", "%%%".to_owned())],
    ] {
        assert_eq!(world.post_slo(&fields).await.status(), StatusCode::FORBIDDEN, "{fields:?}");
        assert!(world.is_in().await);
    }
    let fields = [("SAMLRequest", right)];
    assert_eq!(world.post_slo(&fields).await.status(), StatusCode::OK, "the valid twin");
    assert!(!world.is_in().await);
    world.sign_in().await;
    assert_eq!(world.post_slo(&fields).await.status(), StatusCode::FORBIDDEN, "used before");
    assert!(world.is_in().await);
}

#[tokio::test]
async fn a_provider_with_a_key_on_a_curve_is_believed_by_both_bindings() {
    let world = world_of(Idp::on_a_curve(), |metadata| metadata).await;
    for (id, by_post) in [("_q1", false), ("_q2", true)] {
        world.sign_in().await;
        let message = Message::request(&world.app, id);
        let foreign = Idp::on_a_curve();
        for (idp, expected) in [(&foreign, StatusCode::FORBIDDEN), (&*world.idp, StatusCode::SEE_OTHER)] {
            let response = if by_post {
                world.post_slo(&[("SAMLRequest", field(&idp.posted(id, &message.xml())))]).await
            } else {
                world.send(idp, &message).await
            };
            assert_eq!(response.status(), expected, "{id}");
            assert_eq!(world.is_in().await, expected == StatusCode::FORBIDDEN, "{id}");
        }
    }
    // A signature that says RSA but is by a key on a curve is none, and what is no signature at all is no fault of ours.
    world.sign_in().await;
    let query = world.idp.query("SAMLRequest", &Message::request(&world.app, "_q3").xml(), "");
    let (signed, _) = query.split_once("&Signature=").unwrap();
    for query in [
        query.replace("ecdsa-sha256", "rsa-sha256"),
        format!("{signed}&Signature="),
        format!("{signed}&Signature=AA%3D%3D"),
    ] {
        assert_eq!(world.get(&query).await.status(), StatusCode::FORBIDDEN, "{query}");
        assert!(world.is_in().await);
    }
}
