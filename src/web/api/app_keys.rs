//! The signing keys of a SAML app over HTTP: the steps of a rollover. Does not own what may follow what (`service::keys`). No answer
//! holds a private half.

use super::{bearer::Bearer, problem::Problem};
use crate::{
    context::AppContext,
    domain::{app::App, key::KeyAlgorithm},
    id::KeyId,
    keyring::SecretText,
    service::{
        Caller, ServiceError, apps,
        keys::{self, AppKey, BroughtKey, NewKey},
    },
};
use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

/// Largest body, in bytes: a chain of certificates and a key.
pub(super) const BODY_MAX: usize = 64 << 10;

/// What every answer holds.
#[derive(Debug, Serialize)]
pub(super) struct Keys {
    keys: Vec<AppKey>,
}

/// What making a next key takes: what it is to be, or the pair itself.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MakeBody {
    /// `rsa2048` unless said otherwise, `rsa3072`, `rsa4096`, `p256`.
    algorithm: Option<String>,
    /// How long its certificate lasts, 1 to 10; 3 unless said otherwise.
    years: Option<u32>,
    /// One's own certificate, PEM.
    certificate: Option<String>,
    /// Its key, PEM.
    #[serde(deserialize_with = "secret")]
    private_key: Option<SecretText>,
    /// The passphrase of an encrypted key.
    #[serde(deserialize_with = "secret")]
    passphrase: Option<SecretText>,
}

/// What scheduling takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleBody {
    /// When the next key begins to sign by itself; `null` takes that back.
    switch_at: Option<DateTime<Utc>>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretText>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretText::new))
}

/// `GET /api/v1/apps/{slug}/keys`
pub(super) async fn list(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
) -> Result<Json<Keys>, Problem> {
    step(&ctx, &caller, &slug, async |_| Ok(())).await
}

/// `POST /api/v1/apps/{slug}/keys`: makes the next key, or takes one that is brought. It is published at once and signs nothing yet.
pub(super) async fn make(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
    body: Result<Json<MakeBody>, JsonRejection>,
) -> Result<(StatusCode, Json<Keys>), Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let made = step(&ctx, &caller, &slug, async |app| match wish(body)? {
        Wish::Make(new) => keys::make_next(&ctx, &caller, app, new).await.map(|_| ()),
        Wish::Bring(brought) => keys::bring_next(&ctx, &caller, app, brought).await.map(|_| ()),
    });
    made.await.map(|keys| (StatusCode::CREATED, keys))
}

/// `POST /api/v1/apps/{slug}/keys/{id}/activate`: the next key signs from now on.
pub(super) async fn activate(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, key)): Path<(String, String)>,
) -> Result<Json<Keys>, Problem> {
    step(&ctx, &caller, &slug, async |app| keys::switch(&ctx, &caller, app, id(&key)?).await).await
}

/// `POST /api/v1/apps/{slug}/keys/{id}/schedule`
pub(super) async fn schedule(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, key)): Path<(String, String)>,
    body: Result<Json<ScheduleBody>, JsonRejection>,
) -> Result<Json<Keys>, Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    step(&ctx, &caller, &slug, async |app| {
        keys::schedule(&ctx, &caller, app, id(&key)?, body.switch_at).await
    })
    .await
}

/// `POST /api/v1/apps/{slug}/keys/{id}/roll-back`: a retired key signs again.
pub(super) async fn roll_back(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, key)): Path<(String, String)>,
) -> Result<Json<Keys>, Problem> {
    step(&ctx, &caller, &slug, async |app| keys::roll_back(&ctx, &caller, app, id(&key)?).await).await
}

/// `POST /api/v1/apps/{slug}/keys/{id}/retire`: the emergency for the key in use; removes any other.
pub(super) async fn retire(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, key)): Path<(String, String)>,
) -> Result<Json<Keys>, Problem> {
    step(&ctx, &caller, &slug, async |app| keys::retire(&ctx, &caller, app, id(&key)?).await).await
}

enum Wish {
    Make(NewKey),
    Bring(BroughtKey),
}

fn wish(body: MakeBody) -> Result<Wish, ServiceError> {
    let MakeBody { algorithm, years, certificate, private_key, passphrase } = body;
    match (certificate, private_key) {
        (None, None) if passphrase.is_none() => {
            let fresh = NewKey::default();
            let algorithm = match algorithm {
                None => fresh.algorithm,
                Some(name) => KeyAlgorithm::parse(&name).ok_or_else(|| {
                    ServiceError::field("algorithm", "Write rsa2048, rsa3072, rsa4096 or p256")
                })?,
            };
            Ok(Wish::Make(NewKey { algorithm, years: years.unwrap_or(fresh.years) }))
        }
        (Some(certificate), Some(private_key)) if algorithm.is_none() && years.is_none() => {
            let passphrase = passphrase.unwrap_or_else(|| SecretText::new(""));
            Ok(Wish::Bring(BroughtKey { certificate, private_key, passphrase }))
        }
        (Some(_), Some(_)) => Err(ServiceError::field(
            "certificate",
            "Your own certificate says algorithm and end itself; leave those out",
        )),
        (None, _) => Err(ServiceError::field("certificate", "Give the certificate of the key too")),
        (Some(_), None) => Err(ServiceError::field("private_key", "Give the key of the certificate too")),
    }
}

fn id(text: &str) -> Result<KeyId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound("key"))
}

/// Does a step, and answers the keys as they are then.
async fn step(
    ctx: &AppContext,
    caller: &Caller,
    slug: &str,
    act: impl AsyncFnOnce(&App) -> Result<(), ServiceError>,
) -> Result<Json<Keys>, Problem> {
    let run = async {
        let app = apps::find(ctx, caller, slug).await?;
        act(&app).await?;
        keys::list(ctx, caller, &app).await
    };
    run.await.map(|keys| Json(Keys { keys })).map_err(|error| Problem::of(ctx, error))
}
