//! The folded settings of a SAML app by its form: saved, refused beside their fields, and what follows from them.

use super::{as_owner, follow};
use crate::support::{
    app::{TestApp, saml_settings, system},
    metadata::Pair,
};
use gatehouse::{
    domain::connection::{
        Connection, ContentEncryption, Denied, Encrypt, EntityAttribute, KeyTransport, SamlConnection,
        SamlSignatureAlgorithm, ValueMapping, ValueSource, entity_attributes::is_released,
    },
    service,
};
use reqwest::StatusCode;

const SSO: &str = "/admin/apps/crm/sso";

/// The form as it is drawn for [`saml_settings`], without what a test changes.
const REST: &[(&str, &str)] = &[
    ("acs_urls", "https://sp.example/acs"),
    ("sp_entity_id", "https://sp.example/metadata"),
    ("name_id_source", "email"),
    ("name_id_format", "emailAddress"),
    ("sign", "both"),
    ("require_signed_requests", "auto"),
    ("groups_attribute", "memberOf"),
    ("advanced", "on"),
];

const PLAIN: &[(&str, &str)] = &[
    ("signature_algorithm", "rsa-sha256"),
    ("encrypt", "auto"),
    ("denied", "page"),
    ("content_encryption", "aes256-gcm"),
    ("key_transport", "rsa-oaep-mgf1p"),
    ("assertion_seconds", "300"),
    ("skew_seconds", "180"),
    ("metadata_valid_days", "21"),
];

async fn saml_of(app: &TestApp) -> SamlConnection {
    let found = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    found.connection.saml().expect("SAML").clone()
}

async fn gateway() -> (TestApp, crate::support::app::Browser) {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    (app, owner)
}

#[tokio::test]
async fn every_setting_of_the_organisation_file_is_in_the_form() {
    let (app, owner) = gateway().await;
    let page = owner.get(SSO).await.text;
    assert!(page.contains("/saml2/crm/slo"), "where sign-out messages go: {page}");
    let key = Pair::new();
    let fields = [
        REST,
        &[
            ("signature_algorithm", "rsa-sha512"),
            ("encrypt", "true"),
            ("denied", "status"),
            ("accept_cbc", "on"),
            ("omit_name_id", "on"),
            ("encryption_certificates", key.certificate.as_str()),
            ("content_encryption", "aes128-gcm"),
            ("key_transport", "rsa-oaep"),
            ("name_id_expression", "user.email"),
            ("groups_matching", "eng-*"),
            ("assertion_seconds", "120"),
            ("skew_seconds", "60"),
            ("metadata_valid_days", "21"),
            ("audiences", "https://a.example\nhttps://b.example"),
            ("allow_sha1", "on"),
            ("sign_metadata", "on"),
            ("strict_allow_create", "on"),
            ("logout_url", "https://sp.example/slo"),
            ("logout_binding", "soap"),
            ("logout_response_url", ""),
            ("logout_url", ""),
            ("logout_binding", "redirect"),
            ("logout_response_url", ""),
        ],
    ]
    .concat();
    let page = follow(&owner, owner.submit(SSO, SSO, &fields).await).await;
    let saved = saml_of(&app).await;
    assert_eq!(saved.signature_algorithm, SamlSignatureAlgorithm::RsaSha512);
    assert_eq!((saved.encrypt, saved.denied), (Encrypt::On, Denied::Status));
    assert!(
        saved.accept_cbc && saved.omit_name_id && saved.sp_decrypts,
        "a key that somebody enters is one to encrypt to"
    );
    assert!(saved.sign_metadata && saved.strict_allow_create && saved.metadata_valid_days == 21);
    assert!(saved.allow_sha1 && !saved.allow_idp_initiated && !saved.strict_relay_state);
    assert_eq!(saved.encryption_certificates, std::slice::from_ref(&key.certificate));
    assert_eq!(
        (saved.content_encryption, saved.key_transport),
        (ContentEncryption::Aes128Gcm, KeyTransport::RsaOaepSha256)
    );
    assert_eq!((saved.name_id_expression.as_str(), saved.groups_matching.as_str()), ("user.email", "eng-*"));
    assert_eq!((saved.assertion_seconds, saved.skew_seconds), (120, 60));
    assert_eq!(saved.audiences, ["https://a.example", "https://b.example"]);
    assert_eq!(saved.logout_services.len(), 1);
    assert_eq!(
        (saved.logout_services[0].binding.as_str(), saved.logout_services[0].url.as_str()),
        ("soap", "https://sp.example/slo")
    );
    for shown in ["RSA-SHA512</small>", "On file", "SHA-1 is in use with CRM"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    // A form without this part leaves it as it is.
    let page = owner.submit(SSO, SSO, &REST[..7]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    assert_eq!(SamlConnection { attributes: saved.attributes.clone(), ..saml_of(&app).await }, saved);
}

#[tokio::test]
async fn what_cannot_be_is_said_beside_its_field_and_the_part_is_open() {
    let (app, owner) = gateway().await;
    let before = saml_of(&app).await;
    let fields = [
        REST,
        &[
            ("signature_algorithm", "rsa-sha256"),
            ("encrypt", "true"),
            ("denied", "page"),
            ("content_encryption", "aes256-gcm"),
            ("key_transport", "rsa-oaep-mgf1p"),
            ("name_id_expression", "user..email("),
            ("assertion_seconds", "5"),
            ("skew_seconds", "601"),
            ("metadata_valid_days", "21"),
            ("logout_url", "javascript:alert(1)"),
            ("logout_binding", "post"),
            ("logout_response_url", ""),
        ],
    ]
    .concat();
    let refused = owner.submit(SSO, SSO, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for id in [
        "encrypt-error",
        "name_id_expression-error",
        "assertion_seconds-error",
        "skew_seconds-error",
        "logout_services",
    ] {
        assert!(refused.text.contains(&format!("id=\"{id}\"")), "{id}: {}", refused.text);
    }
    assert!(refused.text.contains("<details class=\"more\" open><summary><h2"), "{}", refused.text);
    assert!(refused.text.contains("javascript:alert(1)"), "what was typed is kept");
    assert_eq!(saml_of(&app).await, before);
}

#[tokio::test]
async fn iip_idp03_a_condition_that_names_nothing_is_refused_beside_the_rows() {
    let (app, owner) = gateway().await;
    let before = saml_of(&app).await;
    let row = |only_for: &'static str| {
        [
            REST,
            PLAIN,
            &[
                ("attribute_name", "mail"),
                ("attribute_kind", "source"),
                ("attribute_value", "email"),
                ("attribute_only_for", only_for),
            ],
        ]
        .concat()
    };
    for wrong in ["|", "x | a ="] {
        let refused = owner.submit(SSO, SSO, &row(wrong)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(
            refused.text.contains("class=\"field-error\" id=\"attribute_name\""),
            "{wrong}: {}",
            refused.text
        );
        assert_eq!(saml_of(&app).await, before, "{wrong}");
    }
    for (right, conditions) in [("x |", 1), ("", 0)] {
        let saved = owner.submit(SSO, SSO, &row(right)).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{right}: {}", saved.text);
        assert_eq!(saml_of(&app).await.attributes[0].only_for.len(), conditions, "{right}");
    }
}

#[tokio::test]
async fn iip_idp03_another_entity_id_by_the_form_takes_what_was_said_of_the_old_one() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    let category = EntityAttribute::new("http://macedir.org/entity-category", "x");
    let mail = ValueMapping {
        only_for: vec![category.clone()],
        ..ValueMapping::new("mail", ValueSource::Source("email".into()))
    };
    let key = Pair::new().certificate;
    let settings = SamlConnection {
        attributes: vec![mail],
        entity_attributes: vec![category.clone()],
        encryption_certificates: vec![key.clone()],
        sp_decrypts: true,
        ..saml_settings()
    };
    app.app("crm", Connection::Saml(Box::new(settings)), &growth).await;
    let save = async |entity_id: &'static str, start_url: &'static str| {
        let mut fields: Vec<(&str, &str)> = [REST, PLAIN].concat();
        fields[1].1 = entity_id;
        fields.extend([
            ("start_url", start_url),
            ("encryption_certificates", key.as_str()),
            ("attribute_name", "mail"),
            ("attribute_kind", "source"),
            ("attribute_value", "email"),
            ("attribute_only_for", "x"),
        ]);
        follow(&owner, owner.submit(SSO, SSO, &fields).await).await
    };
    let page = save("https://sp.example/metadata", "https://sp.example/start").await;
    assert!(page.text.contains("It counts from the next sign-in"), "{}", page.text);
    assert_eq!(saml_of(&app).await.entity_attributes, [category], "another setting takes nothing");
    let page = save("https://else.example/metadata", "https://sp.example/start").await;
    assert!(page.text.contains("said of the other entity ID and are gone"), "{}", page.text);
    let saved = saml_of(&app).await;
    assert_eq!(saved.sp_entity_id, "https://else.example/metadata");
    let row = saved.attributes.first().expect("the row");
    assert!(!is_released(row, &saved.entity_attributes), "withheld: {:?}", saved.entity_attributes);
    assert!(saved.encrypts(), "not in clear by the way");
}

#[tokio::test]
async fn an_algorithm_that_no_key_of_the_app_can_sign_with_is_refused() {
    let (app, owner) = gateway().await;
    let ecdsa = |algorithm: &'static str| {
        let mut fields = [REST, PLAIN].concat();
        fields[REST.len()].1 = algorithm;
        fields
    };
    let refused = owner.submit(SSO, SSO, &ecdsa("ecdsa-sha256")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Make a certificate with a key of ECDSA P-256 first"), "{}", refused.text);
    let certificate = "/admin/apps/crm/certificate";
    let make = [("action", "make"), ("algorithm", "p256"), ("years", "3")];
    assert_eq!(owner.submit(certificate, certificate, &make).await.status, StatusCode::SEE_OTHER);
    let saved = owner.submit(SSO, SSO, &ecdsa("ecdsa-sha256")).await;
    let page = follow(&owner, saved).await;
    assert!(
        page.text.contains("messages are signed with RSA-SHA256, not with ECDSA-SHA256"),
        "{}",
        page.text
    );

    // A new app that is to sign with ECDSA gets such a key.
    let settings = SamlConnection {
        sp_entity_id: "https://hr.example".into(),
        signature_algorithm: SamlSignatureAlgorithm::EcdsaSha256,
        ..saml_settings()
    };
    let growth = app.group("Sales", &[]).await;
    let (hr, _) = app.app("hr", Connection::Saml(Box::new(settings)), &growth).await;
    let key = service::apps::active_key(&app.ctx, hr.id).await.expect("a key");
    assert_eq!(key.algorithm, gatehouse::domain::key::KeyAlgorithm::P256);
    assert!(!owner.get("/admin/apps/hr/sso").await.text.contains("messages are signed with"));
}

#[tokio::test]
async fn start_links_are_lines_and_what_is_wrong_with_one_is_said_beside_them() {
    let (app, owner) = gateway().await;
    let with = |links: &'static str| {
        [REST, PLAIN, &[("allow_idp_initiated", "on"), ("start_links", links)]].concat()
    };
    for (links, said) in [
        ("reports", "write name | caption | target"),
        ("Reports | Weekly | /r", "lower-case letters"),
        ("reports | Weekly | /r\nreports | Monthly | /m", "stands twice"),
        ("reports | Weekly |", "enter where it leads"),
    ] {
        let refused = owner.submit(SSO, SSO, &with(links)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{links}");
        assert!(refused.text.contains(said), "{said}: {}", refused.text);
        assert!(saml_of(&app).await.start_links.is_empty());
    }
    let good = "reports | Weekly reports | /reports?a=1|2\nteam | Team | team-7";
    let page = follow(&owner, owner.submit(SSO, SSO, &with(good)).await).await;
    assert!(page.text.contains("reports | Weekly reports | /reports?a=1|2"), "{}", page.text);
    let saved = saml_of(&app).await.start_links;
    assert_eq!((saved.len(), saved[0].target.as_str()), (2, "/reports?a=1|2"));
}

#[tokio::test]
async fn sdp_g04_our_entity_id_is_edited_and_is_the_apps_own() {
    let (app, owner) = gateway().await;
    let growth = app.group("Other people", &[]).await;
    app.app("wiki", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let address = |slug: &str| app.ctx.url(&format!("/saml2/{slug}/metadata"));
    assert_eq!(saml_of(&app).await.idp_entity_id, address("crm"));
    assert!(owner.get(SSO).await.text.contains("name=\"idp_entity_id\""));
    for wrong in [address("wiki"), "a b".to_owned()] {
        let fields = [REST, PLAIN, &[("idp_entity_id", wrong.as_str())]].concat();
        let refused = owner.submit(SSO, SSO, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(refused.text.contains("id=\"idp_entity_id-error\""), "{wrong}: {}", refused.text);
        assert!(refused.text.contains("<details class=\"more\" open><summary><h2"), "{}", refused.text);
    }
    let fields = [REST, PLAIN, &[("idp_entity_id", "urn:example:crm")]].concat();
    assert_eq!(owner.submit(SSO, SSO, &fields).await.status, StatusCode::SEE_OTHER);
    let ours = app.browser().get("/saml2/crm/metadata").await;
    assert!(ours.text.contains("entityID=\"urn:example:crm\""), "{}", ours.text);
    let fields = [REST, PLAIN, &[("idp_entity_id", "urn:example:crm")]].concat();
    let taken = owner.submit("/admin/apps/wiki/sso", "/admin/apps/wiki/sso", &fields).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text.contains("The app “crm” knows us by this entity ID already"), "{}", taken.text);
    // Emptied, it is the address of the metadata again.
    let fields = [REST, PLAIN, &[("idp_entity_id", "")]].concat();
    assert_eq!(owner.submit(SSO, SSO, &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(saml_of(&app).await.idp_entity_id, address("crm"));
}

#[tokio::test]
async fn rows_addresses_and_sign_out_are_set_in_every_part() {
    let (app, owner) = gateway().await;
    let rest: Vec<_> = REST.iter().copied().filter(|(name, _)| *name != "acs_urls").collect();
    let fields = [
        &rest,
        PLAIN,
        &[
            ("acs_urls", "https://sp.example/acs\nhttps://sp.example/acs2 | 7"),
            ("attribute_name", "urn:oid:0.9.2342.19200300.100.1.3"),
            ("attribute_kind", "source"),
            ("attribute_value", "email"),
            ("attribute_format", "uri"),
            ("attribute_friendly_name", "mail"),
            ("attribute_only_for", "http://refeds.org/category/research-and-scholarship"),
            ("logout_url", "https://sp.example/slo"),
            ("logout_binding", "redirect"),
            ("logout_response_url", ""),
            ("logout_url", "https://sp.example/slo/post"),
            ("logout_binding", "post"),
            ("logout_response_url", "https://sp.example/slo/answers"),
        ],
    ]
    .concat();
    let page = follow(&owner, owner.submit(SSO, SSO, &fields).await).await;
    let saved = saml_of(&app).await;
    let row = &saved.attributes[0];
    assert_eq!(row.name_format, "urn:oasis:names:tc:SAML:2.0:attrname-format:uri");
    assert_eq!((row.friendly_name.as_str(), row.only_for.len()), ("mail", 1));
    assert_eq!(saved.acs_urls[1].index, 7);
    let by: Vec<_> = saved.logout_services.iter().map(|one| one.binding.as_str()).collect();
    assert_eq!(by, ["redirect", "post"]);
    for shown in ["https://sp.example/acs2 | 7", "uri, mail, only for http://refeds.org"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    // Another address in the place of the second has its index; a format that means nothing is refused.
    let second = "https://sp.example/acs | 0\nhttps://sp.example/acs3";
    let more = |acs: &'static str, format: &'static str| {
        let row = [
            ("acs_urls", acs),
            ("attribute_name", "mail"),
            ("attribute_kind", "source"),
            ("attribute_value", "email"),
            ("attribute_format", format),
            ("attribute_friendly_name", ""),
            ("attribute_only_for", ""),
        ];
        [&rest, PLAIN, &row].concat()
    };
    assert_eq!(owner.submit(SSO, SSO, &more(second, "basic")).await.status, StatusCode::SEE_OTHER);
    let saved = saml_of(&app).await;
    assert_eq!((saved.acs_urls[1].url.as_str(), saved.acs_urls[1].index), ("https://sp.example/acs3", 7));
    assert_eq!(saved.attributes[0].name_format, "urn:oasis:names:tc:SAML:2.0:attrname-format:basic");
    for fields in [more(second, "simple"), more("https://sp.example/acs | seven", "basic")] {
        let refused = owner.submit(SSO, SSO, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
