//! The list of certificates by their end. Does not own changing them (`apps::certificate`).

use super::{apps::certificate::words as ends, frame::console};
use crate::{
    context::AppContext,
    domain::key::{KeyState, expiry::days_left},
    keyring::fingerprint_sha256,
    service::{
        ServiceError,
        key_expiry::{self, Ending},
    },
    web::{
        error::Failure,
        extract::Admin,
        respond::page,
        view::{
            Pill, Tone,
            admin::{
                Nav,
                home::EndingRow,
                keys::{KeyList, KeyRow},
            },
        },
        words,
    },
};
use axum::{extract::State, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};

/// `GET /admin/keys`
pub async fn show(State(ctx): State<AppContext>, admin: Admin) -> Result<Response, Failure> {
    let now = ctx.now();
    let keys = key_expiry::list(&ctx, &admin.caller).await?;
    page(&KeyList {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Keys).await?,
        keys: keys.iter().map(|ending| row(ending, now)).collect::<Result<_, _>>()?,
    })
}

fn row(ending: &Ending, now: DateTime<Utc>) -> Result<KeyRow, ServiceError> {
    let text = ending.key.certificate.as_deref().unwrap_or_default();
    let der = STANDARD.decode(text).map_err(ServiceError::internal)?;
    Ok(KeyRow {
        href: format!("/admin/apps/{}/certificate", ending.app.slug),
        tile: words::tile(&ending.app),
        kind: ending.key.algorithm.label().to_owned(),
        state: match ending.key.state {
            KeyState::Next => Pill::new(Tone::Info, "Next"),
            _ => Pill::new(Tone::Ok, "In use"),
        },
        fingerprint: fingerprint_sha256(&der),
        ends: ends::day(ending.not_after),
        left: ends::left(ending.not_after, now),
    })
}

/// Certificates that end soon, for the console's first page. A certificate that has its successor ready is said more quietly.
pub fn soon(endings: &[Ending], now: DateTime<Utc>) -> Vec<EndingRow> {
    let label = |ending: &Ending| match ending.key.state {
        KeyState::Next => format!("{}’s next certificate", ending.app.label),
        _ => format!("{}’s certificate", ending.app.label),
    };
    endings
        .iter()
        .map(|ending| {
            let left = days_left(ending.not_after, now);
            let text = match left {
                ..0 => format!("{} has ended", label(ending)),
                _ => format!("{} ends {}", label(ending), ends::distance(ending.not_after, now)),
            };
            EndingRow {
                tile: words::tile(&ending.app),
                text,
                hint: format!("On {}. The next one takes three steps.", ends::day(ending.not_after)),
                href: format!("/admin/apps/{}/certificate", ending.app.slug),
                state: match left {
                    ..0 => Pill::new(Tone::Bad, "Ended"),
                    0..=ends::SOON => Pill::new(Tone::Warn, "Soon"),
                    _ => Pill::new(Tone::Info, "In time"),
                },
            }
        })
        .collect()
}
