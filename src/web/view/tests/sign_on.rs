//! The console's pages about an app's single sign-on.

use super::super::admin::apps::bookmark::BookmarkSso;
use super::super::admin::apps::new::NewKind;
use super::super::admin::apps::preview::Preview;
use super::super::admin::apps::saml::{MetadataReview, ReviewRow, SamlFields, SamlGive, SamlSso};
use super::super::admin::apps::saml_advanced::{AdvancedFields, CertificateLine, LogoutRow};
use super::super::admin::apps::source::{EntityChoice, SourceFields, SourcePanel, Waiting};
use super::super::admin::apps::{AppFrame, AppTab};
use super::super::admin::{Console, Nav};
use super::super::form::{AttributeRow, Choice, Difference, Errors, Hidden, Meanwhile};
use super::super::*;
use super::common::{HOSTILE, errors_on};
use super::page;

pub(super) fn console() -> Console {
    Console::sample(Nav::Apps)
}

impl SamlSso {
    pub(crate) fn sample() -> Self {
        let attribute = |name: &str, value: &str| AttributeRow {
            name: name.into(),
            kind: "source".into(),
            value: value.into(),
            ..AttributeRow::default()
        };
        Self {
            page: Page::sample("/admin/apps/amplitude/sso"),
            console: console(),
            frame: AppFrame::sample(AppTab::SignOn),
            errors: Errors::none(),
            preview: Preview::sample(),
            give: SamlGive {
                metadata_url: "https://id.fernhill.example/saml2/amplitude/metadata".into(),
                sign_in_url: "https://id.fernhill.example/saml2/amplitude".into(),
                issuer: "https://id.fernhill.example/saml2/amplitude/metadata".into(),
                fingerprint: "4F:A1:9C:07:5D:E2 … 7A:C3".into(),
                certificate_pem: "-----BEGIN CERTIFICATE-----".into(),
                certificate_href: "/saml2/amplitude/certificate.pem".into(),
                certificate_ends: "14 March 2029".into(),
                portal_url: "https://id.fernhill.example/".into(),
                logout_url: "https://id.fernhill.example/saml2/amplitude/slo".into(),
            },
            gave_note: "Filled in from metadata on 3 November. You can edit any value.".into(),
            complete: true,
            fields: SamlFields {
                acs_urls: "https://analytics.amplitude.com/saml/sso/104733".into(),
                sp_entity_id: "https://amplitude.com/saml/104733".into(),
                name_id_source: "email".into(),
                name_id_format: "emailAddress".into(),
                sign: "both".into(),
                require_signed_requests: "auto".into(),
                attributes: vec![
                    attribute("email", "email"),
                    attribute("firstName", "first_name"),
                    attribute("lastName", "last_name"),
                ],
                ..SamlFields::default()
            },
            name_id_sources: vec![Choice::new("email", "Work email"), Choice::new("username", "User name")],
            sources: vec!["email".into(), "username".into()],
            metadata_xml: String::new(),
            choice: EntityChoice::default(),
            recipe: None,
            signs_with: "RSA-SHA256",
            key_misfit: String::new(),
            source: SourcePanel::default(),
            waiting: None,
            sp_certificates: Vec::new(),
            encryption_certificates: Vec::new(),
            encryption_now: "Assertions are not encrypted: the app has no key for it.".into(),
            same_entity: Vec::new(),
            entity_attributes: Vec::new(),
            conditions: Vec::new(),
            blocked: String::new(),
            sets: Vec::new(),
            recorded: true,
        }
    }
}

/// A page of an app whose metadata changed, with certificates on file.
fn waiting_page() -> SamlSso {
    let line = |fingerprint: &str, ends: &str, ended| CertificateLine {
        fingerprint: fingerprint.into(),
        ends: ends.into(),
        ended,
    };
    let row = |field: &str, now: &str, then: &str| ReviewRow {
        field: field.into(),
        now: now.into(),
        from_metadata: then.into(),
        changed: now != then,
    };
    let reply = "https://analytics.amplitude.com/saml/sso/104733 (index 0, default)";
    let mut page = SamlSso {
        source: SourcePanel {
            fields: SourceFields {
                sp_metadata_url: "https://amplitude.example/metadata.xml".into(),
                sp_metadata_apply: "signed".into(),
                ..SourceFields::default()
            },
            is_set: true,
            state: Some(Pill::new(Tone::Warn, "Changes wait")),
            trouble: String::new(),
            facts: vec![("Last good", "12 min ago".into()), ("Signature", "verified".into())],
        },
        waiting: Some(Waiting {
            rows: vec![
                row("Reply addresses", reply, reply),
                row(
                    "Signing certificates",
                    "SHA-256 4F:A1, valid until 3 March 2027",
                    "SHA-256 9C:07, valid until 3 March 2030",
                ),
            ],
            digest: "abc".into(),
            since: "12 min ago".into(),
            verified: true,
        }),
        sp_certificates: vec![line("4F:A1:9C", "3 March 2027", false), line("07:5D:E2", "1 May 2025", true)],
        ..SamlSso::sample()
    };
    page.signs_with = "RSA-SHA512";
    page.fields.advanced.signature_algorithm = "rsa-sha512".into();
    page
}

#[test]
fn what_waits_can_be_approved_and_the_algorithm_is_the_chosen_one() {
    let (_, html) = page("app-sso-waiting", &waiting_page());
    for part in [
        "Its metadata changed",
        "value=\"approve\"",
        "value=\"dismiss\"",
        "value=\"abc\"",
        "RSA-SHA512</small>",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let (_, html) = page("app-sso-waiting", &SamlSso { console: looking(), ..waiting_page() });
    assert!(html.contains("Its metadata changed") && !html.contains("value=\"approve\""));
}

/// The frame for somebody who may only look.
pub(super) fn looking() -> Console {
    Console { may_manage: false, role: HOSTILE.into(), ..console() }
}

/// A form that somebody else overtook.
fn overtaken() -> Errors {
    Errors::stale(Meanwhile {
        who: vec!["Ada Berg changed Reply addresses, 2 min ago.".into(), HOSTILE.into()],
        rows: vec![Difference {
            label: HOSTILE.into(),
            theirs: true,
            stored: HOSTILE.into(),
            typed: String::new(),
        }],
    })
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let hostile_rows = vec![AttributeRow {
        name: HOSTILE.into(),
        kind: "constant".into(),
        value: HOSTILE.into(),
        format: Some(HOSTILE.into()),
        friendly: Some(HOSTILE.into()),
        only_for: Some(HOSTILE.into()),
        ..AttributeRow::default()
    }];
    let review_row = |field: &str, now: &str, then: &str| ReviewRow {
        field: field.into(),
        now: now.into(),
        from_metadata: then.into(),
        changed: now != then,
    };
    let hostile_saml = SamlSso {
        frame: AppFrame::hostile(AppTab::SignOn),
        errors: errors_on(&[
            "acs_urls",
            "sp_entity_id",
            "attribute_name",
            "metadata_xml",
            "metadata_file",
            "logout_services",
            "encrypt",
            "assertion_seconds",
            "idp_entity_id",
            "sp_metadata_url",
            "sp_metadata_apply",
        ]),
        gave_note: HOSTILE.into(),
        fields: SamlFields {
            acs_urls: HOSTILE.into(),
            attributes: hostile_rows,
            sp_certificates: format!("</textarea>{HOSTILE}"),
            advanced: AdvancedFields {
                encryption_certificates: format!("</textarea>{HOSTILE}"),
                name_id_expression: HOSTILE.into(),
                audiences: format!("</textarea>{HOSTILE}"),
                idp_entity_id: HOSTILE.into(),
                logout: vec![LogoutRow {
                    binding: HOSTILE.into(),
                    url: HOSTILE.into(),
                    response_url: HOSTILE.into(),
                }],
                allow_sha1: true,
                ..AdvancedFields::default()
            },
            ..SamlFields::default()
        },
        source: SourcePanel {
            fields: SourceFields {
                sp_metadata_url: format!("</textarea>{HOSTILE}"),
                sp_metadata_max_valid_days: HOSTILE.into(),
                ..SourceFields::default()
            },
            is_set: true,
            state: Some(Pill::new(Tone::Warn, HOSTILE)),
            trouble: HOSTILE.into(),
            facts: vec![("Last good", HOSTILE.into())],
        },
        key_misfit: HOSTILE.into(),
        waiting: Some(Waiting {
            rows: vec![review_row("Reply addresses", HOSTILE, "")],
            digest: HOSTILE.into(),
            since: HOSTILE.into(),
            verified: true,
        }),
        sp_certificates: vec![CertificateLine {
            fingerprint: HOSTILE.into(),
            ends: HOSTILE.into(),
            ended: true,
        }],
        encryption_certificates: vec![CertificateLine {
            fingerprint: HOSTILE.into(),
            ends: HOSTILE.into(),
            ended: false,
        }],
        encryption_now: HOSTILE.into(),
        entity_attributes: vec![HOSTILE.into(), HOSTILE.into()],
        conditions: vec![HOSTILE.into()],
        blocked: HOSTILE.into(),
        sets: vec![super::recordings::set_line()],
        name_id_sources: vec![Choice::new(HOSTILE, HOSTILE)],
        sources: vec![HOSTILE.into()],
        metadata_xml: HOSTILE.into(),
        preview: Preview::hostile(),
        ..SamlSso::sample()
    };
    let review = MetadataReview {
        page: Page::sample("/admin/apps/amplitude/sso/metadata"),
        console: console(),
        frame: AppFrame::sample(AppTab::SignOn),
        errors: Errors::none(),
        rows: vec![
            review_row(
                "App entity ID",
                "https://amplitude.com/saml/104733",
                "https://amplitude.com/saml/104733",
            ),
            review_row(
                "Reply addresses",
                "https://analytics.amplitude.com/saml/sso/104733",
                "https://analytics.eu.amplitude.com/saml/sso/104733",
            ),
            review_row("Certificates", "", HOSTILE),
        ],
        warnings: vec!["The certificate ended on 3 November.".into()],
        payload: vec![Hidden::new("metadata_xml", "<EntityDescriptor/>")],
    };
    vec![
        page("app-sso", &SamlSso::sample()),
        page("app-sso-hostile", &hostile_saml),
        page("app-sso-review", &review),
        page("app-sso-waiting", &waiting_page()),
        page("app-sso-overtaken", &SamlSso { errors: overtaken(), ..SamlSso::sample() }),
        page("app-sso-looking", &SamlSso { console: looking(), ..SamlSso::sample() }),
        page(
            "app-link",
            &BookmarkSso {
                page: Page::sample("/admin/apps/handbook/sso"),
                console: console(),
                frame: AppFrame::sample(AppTab::SignOn),
                errors: errors_on(&["url"]),
                url: HOSTILE.into(),
            },
        ),
    ]
}

#[test]
fn rows_can_be_added_without_script() {
    let (_, html) = page("app-sso", &SamlSso::sample());
    assert_eq!(html.matches("name=\"attribute_name\"").count(), 6);
    assert_eq!(html.matches("name=\"attribute_kind\"").count(), 6);
    assert_eq!(html.matches("name=\"attribute_value\"").count(), 6);
}

#[test]
fn stored_values_are_chosen_again() {
    let (_, html) = page("app-sso", &SamlSso::sample());
    assert!(html.contains("<option value=\"emailAddress\" selected>"));
    assert!(html.contains("<option value=\"auto\" selected>"));
    assert_eq!(NewKind::from_slug("custom-oidc"), Some(NewKind::Oidc));
    assert_eq!(NewKind::from_slug("catalogue"), None);
}
