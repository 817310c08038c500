//! The certificate page from keys and fetches. Does not own the forms' steps.

use super::{super::certificates, super::frame, words};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        key::{
            KeyAlgorithm, SigningKey,
            decryption::{DECRYPTION_KEYS_MAX, DecryptionKey},
            rollover::AppKeys,
        },
        metadata_fetch::MetadataFetch,
    },
    id::KeyId,
    keyring::{fingerprint_sha1, fingerprint_sha256},
    service::{ServiceError, decryption_keys, keys, metadata_fetches},
    web::{
        admin::{frame::console, paging::count},
        error::Failure,
        extract::Admin,
        view::{
            Flash, Pill, Tone,
            admin::{
                Nav,
                apps::{
                    AppTab,
                    certificate::{
                        AppCertificate, Certificate, CertificateFields, DecryptionKeyRow, FetchRow,
                    },
                },
            },
            form::{Choice, Errors},
            list::grouped,
        },
        words as common,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};

/// What the forms begin with.
pub fn fresh_fields() -> CertificateFields {
    CertificateFields {
        algorithm: KeyAlgorithm::Rsa2048.as_str().to_owned(),
        years: "3".to_owned(),
        ..CertificateFields::default()
    }
}

/// The kinds of keys to choose from.
pub fn algorithms() -> Vec<Choice> {
    KeyAlgorithm::OF_APPS.iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect()
}

/// The page.
pub async fn certificate(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: CertificateFields,
    errors: Errors,
) -> Result<AppCertificate, Failure> {
    let now = ctx.now();
    let keys = keys::of_app(ctx, &admin.caller, app).await?;
    let active = keys.active().ok_or_else(|| ServiceError::Internal("the app has no signing key".into()))?;
    let fetches = metadata_fetches::list(ctx, &admin.caller, app).await?;
    let decryption = decryption_keys::of_app(ctx, &admin.caller, app).await?;
    let newest = keys.next().unwrap_or(active).id;
    let href = format!("/saml2/{}/certificate.pem", app.slug);
    let made = |key: &SigningKey| format!("Made {}.", common::ago(key.created_at, now));
    Ok(AppCertificate {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::Certificate).await?,
        errors,
        notice: notice(app, &keys, now),
        current: drawn(active, href.clone(), made(active), now)?,
        next: keys
            .next()
            .map(|key| {
                let note = format!("{} It is in the metadata, after the one in use.", made(key));
                drawn(key, format!("{href}?next"), note, now)
            })
            .transpose()?,
        switches: keys.next().and_then(|key| key.switch_at).map(words::moment),
        earlier: keys
            .retired()
            .into_iter()
            .map(|key| drawn(key, String::new(), past(key, now), now))
            .collect::<Result<_, _>>()?,
        fetches: fetches.iter().map(|fetch| fetch_row(fetch, newest, now)).collect(),
        metadata_url: ctx.url(&format!("/saml2/{}/metadata", app.slug)),
        fields,
        algorithms: algorithms(),
        caution: keys.next().and_then(|next| caution(app, active, next)),
        more_decryption: decryption.len() < DECRYPTION_KEYS_MAX,
        decryption: decryption_rows(&decryption, now)?,
    })
}

fn drawn(
    key: &SigningKey,
    href: String,
    note: String,
    now: DateTime<Utc>,
) -> Result<Certificate, ServiceError> {
    let text = key.certificate.as_deref().unwrap_or_default();
    let der = STANDARD.decode(text).map_err(ServiceError::internal)?;
    Ok(Certificate {
        id: key.id.to_string(),
        kind: key.algorithm.label().to_owned(),
        sha256: fingerprint_sha256(&der),
        sha1: fingerprint_sha1(&der),
        pem: certificates::to_pem(text),
        href,
        ends: key.not_after.map(words::day).unwrap_or_default(),
        left: key.not_after.map_or_else(|| Pill::new(Tone::Draft, "No end"), |end| words::left(end, now)),
        note,
        withdrawn: key.withdrawn_at.is_some(),
    })
}

fn decryption_rows(
    keys: &[DecryptionKey],
    now: DateTime<Utc>,
) -> Result<Vec<DecryptionKeyRow>, ServiceError> {
    let row = |(place, key): (usize, &DecryptionKey)| {
        let made = common::ago(key.created_at, now);
        Ok(DecryptionKeyRow {
            id: key.id.to_string(),
            sha256: decryption_keys::fingerprint(key)?,
            pem: certificates::to_pem(&key.certificate),
            note: if place == 0 {
                format!("Made {made}. The one to use.")
            } else {
                format!("Made {made}. Still read.")
            },
            ends: words::day(key.not_after),
        })
    };
    keys.iter().enumerate().map(row).collect()
}

/// When an earlier certificate was used, and whether the metadata still shows it.
fn past(key: &SigningKey, now: DateTime<Utc>) -> String {
    let until = key.retired_at.map(|at| format!("Until {}", words::moment(at))).unwrap_or_default();
    if let Some(at) = key.withdrawn_at {
        return format!("Withdrawn on {}: never used again", words::moment(at));
    }
    match key.published_until {
        Some(end) if now < end => format!("{until}; in the metadata until {}", words::moment(end)),
        _ => until,
    }
}

fn notice(app: &App, keys: &AppKeys, now: DateTime<Utc>) -> Option<Flash> {
    let end = keys.active()?.not_after?;
    let pill = words::of_app(end, now)?;
    let then = match keys.next() {
        Some(_) => "Switch to the next one before then.",
        None => "Make the next one now: it takes three steps, and nobody notices.",
    };
    let text = match pill.tone {
        Tone::Bad => format!(
            "The certificate in use ended on {}. Apps that look at the end refuse our messages. {then}",
            words::day(end)
        ),
        _ => format!(
            "{}’s certificate ends {}, on {}. {then}",
            app.label,
            words::distance(end, now),
            words::day(end)
        ),
    };
    Some(Flash { tone: pill.tone, text })
}

/// What an admin has to know before switching between keys of two kinds.
fn caution(app: &App, active: &SigningKey, next: &SigningKey) -> Option<String> {
    let rsa = |key: &SigningKey| key.algorithm.rsa_bits().is_some();
    match (rsa(active), rsa(next)) {
        (true, false) => Some(format!(
            "The next key is {}. Messages will be signed with ECDSA-SHA256, and the app’s setting says so from then on: make sure that {} takes it.",
            next.algorithm.label(),
            app.label
        )),
        (false, true) => Some(format!(
            "The next key is RSA again: {} will get RSA-SHA256 signatures, and its setting says so from then on.",
            app.label
        )),
        _ => None,
    }
}

fn fetch_row(fetch: &MetadataFetch, newest: KeyId, now: DateTime<Utc>) -> FetchRow {
    FetchRow {
        address: fetch.client_ip.clone(),
        agent: fetch.user_agent.clone(),
        when: common::ago(fetch.last_at, now),
        times: grouped(count(fetch.fetches)),
        newest: fetch.newest_key == newest,
        state: if fetch.newest_key == newest {
            Pill::new(Tone::Ok, "Has it")
        } else {
            Pill::new(Tone::Draft, "Not yet")
        },
    }
}
