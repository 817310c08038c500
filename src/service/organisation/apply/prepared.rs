//! The slow half of each step, done before the write: hashing passwords, making keys and secrets. Stores nothing.

use super::{IssuedSecret, at};
use crate::{
    context::AppContext,
    domain::{
        audit::{AuditEvent, EventType},
        connection::Connection,
    },
    id::{AppId, ClientSecretId, GroupId, UserId},
    service::{
        Caller, ServiceError,
        apps::{self, PreparedApp},
        client_secrets,
        organisation::{
            document::SealedSecret,
            plan::{ClientSecretWish, Operation, Password, Step},
        },
    },
    store::client_secrets::ClientSecret,
};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Hashes under way at once; the hasher bounds how many really run.
const AT_ONCE: usize = 8;

/// A step ready to be written.
pub(super) struct Prepared {
    pub(super) at: String,
    pub(super) operation: Operation,
    pub(super) event: AuditEvent,
    pub(super) made: Made,
}

/// What was made for a step.
pub(super) enum Made {
    Nothing,
    User {
        id: UserId,
        password_hash: Option<String>,
    },
    PasswordHash(String),
    Group(GroupId),
    /// And its further secrets.
    App(Box<PreparedApp>, Vec<ClientSecret>),
    Secrets(Vec<ClientSecret>),
}

/// Prepares every step; answers the generated secrets too.
pub(super) async fn prepare(
    ctx: &AppContext,
    caller: &Caller,
    steps: Vec<Step>,
) -> Result<(Vec<Prepared>, Vec<IssuedSecret>), ServiceError> {
    let made: Vec<(Prepared, Option<IssuedSecret>)> =
        stream::iter(steps).map(|step| one(ctx, caller, step)).buffered(AT_ONCE).try_collect().await?;
    let mut secrets = Vec::new();
    let prepared = made
        .into_iter()
        .map(|(prepared, secret)| {
            secrets.extend(secret);
            prepared
        })
        .collect();
    Ok((prepared, secrets))
}

async fn one(
    ctx: &AppContext,
    caller: &Caller,
    step: Step,
) -> Result<(Prepared, Option<IssuedSecret>), ServiceError> {
    let now = ctx.now();
    let mut issued = None;
    let made = match &step.operation {
        Operation::CreateUser { password, .. } => {
            let password_hash = match password {
                Some(password) => Some(hash(ctx, password).await?),
                None => None,
            };
            Made::User { id: UserId::new(now, &mut ctx.rng()), password_hash }
        }
        Operation::SetPassword { password, .. } => Made::PasswordHash(hash(ctx, password).await?),
        Operation::CreateGroup(_) => Made::Group(GroupId::new(now, &mut ctx.rng())),
        Operation::CreateApp { draft, secret } => {
            let chosen = match secret {
                ClientSecretWish::Chosen(secret) => Some(secret.expose().to_owned()),
                ClientSecretWish::Generated | ClientSecretWish::Sealed(_) => None,
            };
            let mut app =
                apps::prepare(ctx, draft.as_ref().clone(), chosen).await.map_err(|e| at(&step.at, e))?;
            let mut further = Vec::new();
            if let ClientSecretWish::Sealed(sealed) = secret
                && app.secret.is_some()
            {
                app.plain_secret = None;
                further = sealed.iter().map(|one| unsealed(ctx, app.id, one)).collect();
                app.secret = further.pop();
            }
            issued = app
                .plain_secret
                .clone()
                .map(|secret| issue(&app.checked.get().connection, &draft.slug, secret));
            Made::App(Box::new(app), further)
        }
        Operation::ReplaceSecret { app, secret, .. } => Made::Secrets(match secret {
            ClientSecretWish::Generated => {
                let (row, plain) =
                    client_secrets::make(ctx, app.id, None, now).map_err(|e| at(&step.at, e))?;
                issued = Some(issue(&app.connection, &app.slug, plain));
                vec![row]
            }
            ClientSecretWish::Chosen(secret) => {
                let chosen = Some(secret.expose().to_owned());
                vec![client_secrets::make(ctx, app.id, chosen, now).map_err(|e| at(&step.at, e))?.0]
            }
            ClientSecretWish::Sealed(sealed) => sealed.iter().map(|one| unsealed(ctx, app.id, one)).collect(),
        }),
        _ => Made::Nothing,
    };
    let event = caller.event(ctx, event_type(&step.operation));
    Ok((Prepared { at: step.at, operation: step.operation, event, made }, issued))
}

async fn hash(ctx: &AppContext, password: &Password) -> Result<String, ServiceError> {
    match password {
        Password::Hash(hash) => Ok(hash.expose().to_owned()),
        Password::Plain(plain) => {
            ctx.hasher.hash(plain.expose().to_owned()).await.map_err(ServiceError::internal)
        }
    }
}

/// A secret that only its hash is known of.
fn unsealed(ctx: &AppContext, app_id: AppId, sealed: &SealedSecret) -> ClientSecret {
    let now = ctx.now();
    ClientSecret {
        id: ClientSecretId::new(now, &mut ctx.rng()),
        app_id,
        hash: sealed.hash.clone(),
        hint: sealed.ends_in.clone(),
        created_at: sealed.created_at.map_or(now, |then| then.min(now)),
        expires_at: sealed.expires_at,
        last_used_at: None,
    }
}

fn issue(connection: &Connection, app: &str, client_secret: String) -> IssuedSecret {
    let client_id = connection.oidc().map(|oidc| oidc.client_id.clone()).unwrap_or_default();
    IssuedSecret { app: app.to_owned(), client_id, client_secret }
}

fn event_type(operation: &Operation) -> EventType {
    match operation {
        Operation::SetOrganization(_) => EventType::OrganizationUpdate,
        Operation::CreateUser { .. } => EventType::UserCreate,
        Operation::UpdateUser { .. } => EventType::UserUpdate,
        Operation::SetPassword { .. } => EventType::UserPasswordSet,
        Operation::DeleteUser(_) => EventType::UserDelete,
        Operation::CreateGroup(_) => EventType::GroupCreate,
        Operation::UpdateGroup { .. } => EventType::GroupUpdate,
        Operation::DeleteGroup(_) => EventType::GroupDelete,
        Operation::CreateApp { .. } => EventType::ApplicationCreate,
        Operation::UpdateApp { .. } => EventType::ApplicationUpdate,
        Operation::ReplaceSecret { .. } => EventType::ClientSecretCreate,
        Operation::DeleteApp(_) => EventType::ApplicationDelete,
        Operation::SetMember { .. }
        | Operation::BindGroup { .. }
        | Operation::SendGroupAs { .. }
        | Operation::BindUser { .. } => EventType::AssociationChange,
    }
}
