//! The issuer's keys, with the way to change them, and the list of certificates by their end. Does not own changing certificates
//! (`apps::certificate`).

use super::{apps::certificate::words as ends, forms, frame::console, opened::Manager};
use crate::{
    context::AppContext,
    domain::key::{KeyState, expiry::days_left},
    keyring::fingerprint_sha256,
    service::{
        ServiceError,
        issuer_keys::{self, IssuerKey, rotation},
        key_expiry::{self, Ending},
    },
    web::{
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            Pill, Tone,
            admin::{
                Nav,
                home::EndingRow,
                keys::{IssuerKeyRow, KeyList, KeyRetire, KeyRow},
            },
            form::Errors,
        },
        words,
    },
};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// The page of keys.
const PATH: &str = "/admin/keys";

/// `GET /admin/keys`
pub async fn show(State(ctx): State<AppContext>, admin: Admin) -> Result<Response, Failure> {
    page(&drawn(&ctx, &admin, Errors::none()).await?)
}

async fn drawn(ctx: &AppContext, admin: &Admin, errors: Errors) -> Result<KeyList, Failure> {
    let now = ctx.now();
    let keys = key_expiry::list(ctx, &admin.caller).await?;
    let issuer = issuer_keys::list(ctx, &admin.caller).await?;
    let has_next = |alg: &str| issuer.iter().any(|key| key.alg == alg && key.state == "next");
    Ok(KeyList {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Keys).await?,
        errors,
        calendar: match ctx.config.oidc.key_rotation_days {
            0 => "They change only when you change them.".to_owned(),
            days => format!("Another key signs every {days} days, and is published two days before."),
        },
        issuer: issuer.iter().map(|key| issuer_row(key, has_next(&key.alg))).collect(),
        keys: keys.iter().map(|ending| row(ending, now)).collect::<Result<_, _>>()?,
    })
}

fn issuer_row(key: &IssuerKey, has_next: bool) -> IssuerKeyRow {
    let (is_next, is_active) = (key.state == "next", key.state == "active");
    let when = match (key.signs_from, key.signs_since, key.published_until, key.retired_at) {
        (Some(at), ..) => format!("Signs from {}", ends::moment(at)),
        (_, Some(at), ..) => format!("Signs since {}", ends::moment(at)),
        (_, _, Some(at), _) if key.published => format!("Published until {}", ends::moment(at)),
        (.., Some(at)) => format!("Signed until {}", ends::moment(at)),
        _ => format!("Made {}", ends::moment(key.created_at)),
    };
    IssuerKeyRow {
        alg: key.alg.clone(),
        kid: key.kid.clone(),
        state: match (is_next, is_active, key.published) {
            (true, ..) => Pill::new(Tone::Info, "Next"),
            (_, true, _) => Pill::new(Tone::Ok, "In use"),
            (_, _, true) => Pill::new(Tone::Draft, "Retired"),
            _ => Pill::new(Tone::Draft, "Withdrawn"),
        },
        when,
        can_rotate: is_active && !has_next,
        can_sign: is_next,
        retire: key.published.then(|| format!("/admin/keys/retire?kid={}", key.kid)),
    }
}

/// `POST /admin/keys/rotate`: the next key is published, or signs from now on.
pub async fn rotate(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    fields: Fields,
) -> Result<Response, Failure> {
    let at_once = fields.get("at_once") == "1";
    let alg = fields.get("alg");
    let rotated = match rotation::named(alg) {
        Some(algorithm) => rotation::rotate(&ctx, &admin.caller, algorithm, at_once).await,
        None => Err(ServiceError::field("alg", "Choose RS256, ES256 or EdDSA")),
    };
    match rotated {
        Ok(_) if at_once => {
            Ok(done(&ctx, PATH, &format!("The next {alg} key signs now. The one before stays published.")))
        }
        Ok(_) => Ok(done(&ctx, PATH, &format!("The next {alg} key is published. It signs in two days."))),
        Err(ServiceError::Invalid(refused)) => {
            let errors = forms::errors(refused, &[("key", ""), ("alg", "")]);
            let mut drawn = drawn(&ctx, &admin, errors).await?;
            drawn.page.path = PATH.to_owned();
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn)
        }
        Err(other) => Err(other.into()),
    }
}

/// The query of the page that withdraws a key.
#[derive(Debug, Deserialize)]
pub struct RetireQuery {
    #[serde(default)]
    kid: String,
}

/// `GET /admin/keys/retire`: what happens, and the button.
pub async fn ask_retire(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    Query(query): Query<RetireQuery>,
) -> Result<Response, Failure> {
    let keys = issuer_keys::list(&ctx, &admin.caller).await?;
    let key = keys.into_iter().find(|key| key.kid == query.kid).ok_or(Failure::NotFound)?;
    let mut consequences = vec!["The key leaves the JWKS at once, on every node.".to_owned()];
    if key.state == "active" {
        consequences.push(format!("A new {} key is made and signs from now on.", key.alg));
    }
    consequences
        .push("Tokens signed with it stop counting: clients that check them sign people in again.".into());
    consequences
        .push("Clients that keep a copy of the JWKS may believe the key for five minutes more.".into());
    page(&KeyRetire {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Keys).await?,
        alg: key.alg,
        kid: key.kid,
        consequences,
    })
}

/// `POST /admin/keys/retire`: the emergency.
pub async fn retire(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    fields: Fields,
) -> Result<Response, Failure> {
    rotation::retire(&ctx, &admin.caller, fields.get("kid")).await?;
    Ok(done(&ctx, PATH, "Withdrawn. Nothing that was signed with the key counts any more."))
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
