//! The simulator over HTTP: what would happen to a person, and to a request. Does not own either (`service::simulator`).

use super::{bearer::Bearer, problem::Problem};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{Connection, OidcConnection, SamlConnection},
        text::FieldErrors,
    },
    service::{
        Caller, ServiceError, apps,
        organisation::{self, OidcEntry, SamlEntry},
        simulator::{
            self, Judgement, Simulation,
            oidc::{self, Asked, OidcJudgement, OidcSimulation},
        },
        users,
    },
};
use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};

/// What `simulate` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulateBody {
    /// User name or e-mail.
    user: String,
    /// OIDC: the scope that the app asks for; all it may have, when absent.
    #[serde(default)]
    scope: Option<String>,
    /// OIDC: the `claims` parameter.
    #[serde(default)]
    claims: Option<serde_json::Value>,
    /// OIDC: resource servers.
    #[serde(default)]
    resource: Vec<String>,
    /// How the person signed in (RFC 8176); by password, when absent.
    #[serde(default)]
    amr: Option<Vec<String>>,
    /// Unsaved settings: a `saml` block as in the organisation file.
    #[serde(default)]
    draft: Option<SamlEntry>,
    /// The same of an OIDC app: an `oidc` block.
    #[serde(default)]
    oidc: Option<OidcEntry>,
}

/// What `judge` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JudgeBody {
    /// An address, a query, a form, a value of `SAMLRequest`, or XML.
    request: String,
    /// Unsaved settings: a `saml` block as in the organisation file.
    #[serde(default)]
    draft: Option<SamlEntry>,
    /// The same of an OIDC app: an `oidc` block.
    #[serde(default)]
    oidc: Option<OidcEntry>,
}

/// The answer of either protocol, each with its own members.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Answer<S, O> {
    /// SAML.
    Saml(S),
    /// OpenID Connect.
    Oidc(O),
}

/// `POST /api/v1/apps/{slug}/simulate`
pub(super) async fn simulate(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
    body: Result<Json<SimulateBody>, JsonRejection>,
) -> Result<Json<Answer<Simulation, OidcSimulation>>, Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let run = async {
        let app = apps::find(&ctx, &caller, &slug).await?;
        let amr = simulator::methods(body.amr)?;
        let user = users::find(&ctx, &caller, &body.user).await?.ok_or(ServiceError::NotFound("person"))?;
        match settings(&ctx, &app, body.draft, body.oidc)? {
            Settings::Saml(draft) => simulator::simulate_signed_in(&ctx, &caller, &app, &user, (draft, amr))
                .await
                .map(Answer::Saml),
            Settings::Oidc(draft) => {
                let claims = body.claims.map(|claims| match claims {
                    serde_json::Value::String(text) => text,
                    object => object.to_string(),
                });
                let asked = Asked { scope: body.scope, claims, resources: body.resource, amr };
                oidc::simulate(&ctx, &caller, &app, &user, draft, &asked).await.map(Answer::Oidc)
            }
        }
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// `POST /api/v1/apps/{slug}/judge`
pub(super) async fn judge(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
    body: Result<Json<JudgeBody>, JsonRejection>,
) -> Result<Json<Answer<Judgement, OidcJudgement>>, Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let run = async {
        let app = apps::find(&ctx, &caller, &slug).await?;
        match settings(&ctx, &app, body.draft, body.oidc)? {
            Settings::Saml(draft) => {
                simulator::judge(&ctx, &caller, &app, &body.request, draft).await.map(Answer::Saml)
            }
            Settings::Oidc(draft) => {
                oidc::judge(&ctx, &caller, &app, &body.request, draft).await.map(Answer::Oidc)
            }
        }
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// The protocol of an app, with the settings that nobody saved.
enum Settings {
    Saml(Option<SamlConnection>),
    Oidc(Option<OidcConnection>),
}

fn settings(
    ctx: &AppContext,
    app: &App,
    saml: Option<SamlEntry>,
    oidc: Option<OidcEntry>,
) -> Result<Settings, ServiceError> {
    let other = |field: &str| Err(FieldErrors::one(field, "The app uses another protocol"));
    let read = match (&*app.connection, saml, oidc) {
        (Connection::Oidc(_), Some(_), _) => other("draft"),
        (Connection::Oidc(_), None, block) => {
            let draft = block.map(|block| organisation::oidc_draft(ctx, app, block)).transpose();
            draft.map(Settings::Oidc)
        }
        (_, _, Some(_)) => other("oidc"),
        (_, block, None) => {
            let draft = block.map(|block| organisation::saml_draft(ctx, app, block)).transpose();
            draft.map(Settings::Saml)
        }
    };
    read.map_err(ServiceError::Invalid)
}

/// The app of a slug, and the settings that a draft asks for.
pub(super) async fn app_and_draft(
    ctx: &AppContext,
    caller: &Caller,
    slug: &str,
    draft: Option<SamlEntry>,
) -> Result<(App, Option<SamlConnection>), ServiceError> {
    let app = apps::find(ctx, caller, slug).await?;
    let draft = match draft {
        Some(block) => Some(organisation::saml_draft(ctx, &app, block).map_err(ServiceError::Invalid)?),
        None => None,
    };
    Ok((app, draft))
}
