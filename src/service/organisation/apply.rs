//! Carrying a plan out: slow work first, then everything in one write, with an audit event for each change.
//! Does not own what is to be done (`plan`).

mod prepared;
mod write;

use super::{
    current,
    document::Document,
    plan::{self, Change, Operation, Planned, Setting, Warning},
};
use crate::{
    context::AppContext,
    domain::{
        permission::{Permission, may_change_account},
        text::FieldErrors,
        user::Role,
    },
    service::{Caller, ServiceError},
};
use serde::{Deserialize, Serialize};

/// How often a plan is made anew because someone else changed something meanwhile.
const TRIES: usize = 3;

/// How a document is applied.
#[derive(Debug, Clone, Copy, Default)]
pub struct ApplyOptions {
    /// Only say what would change.
    pub plan_only: bool,
    /// Remove what the file doesn't name, of the kinds it lists.
    pub prune: bool,
}

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// In the order they were made.
    pub changes: Vec<Change>,
    /// Client secrets that were generated; shown this once.
    pub secrets: Vec<IssuedSecret>,
    /// Whether anything was written.
    pub written: bool,
    /// What deserves a second look, whether anything changes or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// A generated client secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedSecret {
    /// The app's slug.
    pub app: String,
    /// Its client id.
    pub client_id: String,
    /// The secret.
    pub client_secret: String,
}

impl std::fmt::Debug for IssuedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedSecret")
            .field("app", &self.app)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Makes the organisation match the document; everything is written, or nothing.
///
/// # Errors
/// [`ServiceError::Invalid`] with a path for each refused field, [`ServiceError::Forbidden`], or the database.
pub async fn apply(
    ctx: &AppContext,
    caller: &Caller,
    document: &Document,
    options: ApplyOptions,
) -> Result<Applied, ServiceError> {
    caller.require(Permission::Manage)?;
    let mut tries = 0;
    loop {
        tries += 1;
        match attempt(ctx, caller, document, options).await {
            Err(ServiceError::Stale) if tries < TRIES => {}
            other => return other,
        }
    }
}

async fn attempt(
    ctx: &AppContext,
    caller: &Caller,
    document: &Document,
    options: ApplyOptions,
) -> Result<Applied, ServiceError> {
    let current = current::load(ctx, document).await?;
    let setting = Setting {
        prune: options.prune,
        public_url: ctx.config.http.public_url.as_str(),
        saml: &ctx.config.saml,
        now: ctx.now(),
    };
    let Planned { steps, warnings } = plan::plan(&current, document, setting)?;
    for step in &steps {
        authorize(caller, &step.operation)?;
    }
    let changes: Vec<Change> = steps.iter().map(|step| step.change.clone()).collect();
    if options.plan_only || steps.is_empty() {
        return Ok(Applied { changes, secrets: Vec::new(), written: false, warnings });
    }
    let (prepared, secrets) = prepared::prepare(ctx, caller, steps).await?;
    write::write(ctx, &current, prepared).await?;
    Ok(Applied { changes, secrets, written: true, warnings })
}

/// W-17: nobody changes an equal or higher tier, or gives a role, but owners.
fn authorize(caller: &Caller, operation: &Operation) -> Result<(), ServiceError> {
    let (before, after) = match operation {
        Operation::CreateUser { checked, .. } => (Role::None, checked.get().role),
        Operation::UpdateUser { before, checked } => (before.role, checked.get().role),
        Operation::SetPassword { user, .. } | Operation::DeleteUser(user) => (user.role, user.role),
        _ => return Ok(()),
    };
    if before != after {
        caller.require(Permission::ManageAdmins)?;
    }
    if may_change_account(caller.actor.role(), before) { Ok(()) } else { Err(ServiceError::Forbidden) }
}

/// Puts the path of a step before the fields that were refused while carrying it out.
fn at(step: &str, error: ServiceError) -> ServiceError {
    let ServiceError::Invalid(errors) = error else { return error };
    let mut placed = FieldErrors::default();
    for error in errors.0 {
        placed.add(&format!("{step}.{}", error.field), error.message);
    }
    ServiceError::Invalid(placed)
}
