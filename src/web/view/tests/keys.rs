//! The console's pages about certificates.

use super::super::admin::apps::certificate::{
    AppCertificate, AppCertificateReplace, Certificate, CertificateFields, DecryptionKeyRow, FetchRow,
};
use super::super::admin::apps::{AppFrame, AppTab};
use super::super::admin::keys::{IssuerKeyRow, KeyList, KeyRetire, KeyRow};
use super::super::admin::{Console, Nav};
use super::super::form::{Choice, Errors};
use super::super::*;
use super::common::{HOSTILE, errors_on, hostile_tile};
use super::page;

fn certificate(id: &str) -> Certificate {
    Certificate {
        id: id.into(),
        kind: "RSA 2048".into(),
        sha256: ["4F"; 32].join(":"),
        sha1: ["9C"; 20].join(":"),
        pem: "-----BEGIN CERTIFICATE-----".into(),
        href: "/saml2/amplitude/certificate.pem".into(),
        ends: "14 March 2029".into(),
        left: Pill::new(Tone::Ok, "Ends in 843 days"),
        note: "Made yesterday.".into(),
        withdrawn: false,
    }
}

impl AppCertificate {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/admin/apps/amplitude/certificate"),
            console: Console::sample(Nav::Apps),
            frame: AppFrame::sample(AppTab::Certificate),
            errors: Errors::none(),
            notice: None,
            current: certificate("1"),
            next: Some(certificate("2")),
            switches: Some("3 December 2026, 02:00 UTC".into()),
            earlier: vec![certificate("3")],
            fetches: vec![
                FetchRow {
                    address: "192.0.2.7".into(),
                    agent: "Amplitude-SSO/2.1".into(),
                    when: "12 min ago".into(),
                    times: "1,284".into(),
                    newest: true,
                    state: Pill::new(Tone::Ok, "Has it"),
                },
                FetchRow {
                    address: "2001:db8::7".into(),
                    agent: String::new(),
                    when: "yesterday".into(),
                    times: "1".into(),
                    newest: false,
                    state: Pill::new(Tone::Draft, "Not yet"),
                },
            ],
            metadata_url: "https://id.fernhill.example/saml2/amplitude/metadata".into(),
            fields: CertificateFields {
                algorithm: "rsa2048".into(),
                years: "3".into(),
                ..CertificateFields::default()
            },
            algorithms: vec![Choice::new("rsa2048", "RSA 2048"), Choice::new("p256", "ECDSA P-256")],
            caution: None,
            decryption: vec![DecryptionKeyRow {
                id: "9".into(),
                sha256: ["4F"; 32].join(":"),
                pem: "-----BEGIN CERTIFICATE-----".into(),
                note: "Made today. The one to use.".into(),
                ends: "14 March 2029".into(),
            }],
            more_decryption: true,
        }
    }
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let hostile = |id: &str| Certificate { kind: HOSTILE.into(), note: HOSTILE.into(), ..certificate(id) };
    let broken = AppCertificate {
        console: Console::hostile(Nav::Apps),
        frame: AppFrame::hostile(AppTab::Certificate),
        errors: errors_on(&["algorithm", "years", "certificate", "private_key", "passphrase"]),
        notice: Some(Flash { tone: Tone::Warn, text: HOSTILE.into() }),
        current: hostile("1"),
        next: None,
        switches: None,
        earlier: vec![hostile("3")],
        fetches: vec![FetchRow {
            address: HOSTILE.into(),
            agent: HOSTILE.into(),
            when: HOSTILE.into(),
            times: HOSTILE.into(),
            newest: false,
            state: Pill::new(Tone::Draft, HOSTILE),
        }],
        fields: CertificateFields { certificate: HOSTILE.into(), ..CertificateFields::default() },
        decryption: vec![DecryptionKeyRow {
            id: HOSTILE.into(),
            sha256: HOSTILE.into(),
            pem: HOSTILE.into(),
            note: HOSTILE.into(),
            ends: HOSTILE.into(),
        }],
        more_decryption: false,
        ..AppCertificate::sample()
    };
    let rolling = AppCertificate {
        errors: errors_on(&["switch_at"]),
        next: Some(hostile("2")),
        switches: Some(HOSTILE.into()),
        caution: Some(HOSTILE.into()),
        fetches: Vec::new(),
        earlier: Vec::new(),
        decryption: Vec::new(),
        ..AppCertificate::sample()
    };
    let row = KeyRow {
        href: "/admin/apps/amplitude/certificate".into(),
        tile: Tile::sample(),
        kind: "RSA 2048".into(),
        state: Pill::new(Tone::Ok, "In use"),
        fingerprint: ["4F"; 32].join(":"),
        ends: "14 March 2029".into(),
        left: Pill::new(Tone::Warn, "Ends in 12 days"),
    };
    let hostile_row = KeyRow { tile: hostile_tile(), fingerprint: HOSTILE.into(), ..row.clone() };
    let issuer = IssuerKeyRow {
        alg: "RS256".into(),
        kid: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".into(),
        state: Pill::new(Tone::Ok, "In use"),
        when: "Signs since 3 December 2026, 02:00 UTC".into(),
        can_rotate: true,
        can_sign: false,
        retire: Some("/admin/keys/retire?kid=NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".into()),
    };
    let hostile_issuer = IssuerKeyRow {
        alg: HOSTILE.into(),
        kid: HOSTILE.into(),
        state: Pill::new(Tone::Info, HOSTILE),
        when: HOSTILE.into(),
        can_rotate: false,
        can_sign: true,
        retire: None,
    };
    let list = KeyList {
        page: Page::sample("/admin/keys"),
        console: Console::sample(Nav::Keys),
        errors: Errors::none(),
        calendar: "Another key signs every 90 days, and is published two days before.".into(),
        issuer: vec![issuer, hostile_issuer],
        keys: vec![row, hostile_row],
    };
    vec![
        page("certificate", &AppCertificate::sample()),
        page("certificate-first", &broken),
        page("certificate-rolling", &rolling),
        page(
            "certificate-replace",
            &AppCertificateReplace {
                page: Page::sample("/admin/apps/amplitude/certificate/replace"),
                console: Console::sample(Nav::Apps),
                frame: AppFrame::hostile(AppTab::Certificate),
                errors: errors_on(&["algorithm", "years"]),
                consequences: vec![HOSTILE.into(), "86 people can’t sign in.".into()],
                fields: CertificateFields::default(),
                algorithms: vec![Choice::new("rsa2048", "RSA 2048")],
            },
        ),
        page("keys", &list),
        page("keys-empty", &KeyList { keys: Vec::new(), ..list }),
        page(
            "keys-retire",
            &KeyRetire {
                page: Page::sample("/admin/keys/retire"),
                console: Console::sample(Nav::Keys),
                alg: "RS256".into(),
                kid: HOSTILE.into(),
                consequences: vec![HOSTILE.into()],
            },
        ),
    ]
}

#[test]
fn fingerprints_are_cut_in_the_middle() {
    use super::super::admin::apps::certificate::short;
    assert_eq!(short(&["4F"; 32].join(":")), "4F:4F:4F:4F … 4F:4F");
    assert_eq!(short("4F:A1"), "4F:A1");
    assert_eq!(short(&"ü".repeat(40)), "ü".repeat(40), "no letter is cut");
}

#[test]
fn a_private_key_never_comes_back() {
    let html = pages().into_iter().map(|(_, html)| html).collect::<String>();
    let area = html.split("name=\"private_key\"").nth(1).expect("the field");
    assert!(area.split('>').nth(1).expect("its text").trim().trim_end_matches("</textarea").is_empty());
}
