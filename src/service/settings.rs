//! What is set once for the organisation: its name, whom people ask for help. Does not own the process's configuration.

use super::{Caller, ServiceError};
use crate::{
    context::AppContext,
    domain::{
        audit::EventType,
        permission::Permission,
        text::{FieldErrors, LINE_MAX, check_line},
    },
    store::{self, Written},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, RwLock};

const ORGANIZATION: &str = "organization";
/// How long a node may show the old name after a change on another node.
const FRESH: TimeDelta = TimeDelta::seconds(1);

/// The organisation as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// Whom people write to when something fails; may be empty.
    #[serde(default)]
    pub support_email: String,
}

impl Default for Organization {
    fn default() -> Self {
        Self { name: "Gatehouse".into(), support_email: String::new() }
    }
}

/// The organisation as last read; only ever shown, never decided by.
#[derive(Debug, Default)]
pub struct OrganizationCache(RwLock<Option<(DateTime<Utc>, Arc<Organization>)>>);

/// The organisation, read again when the copy is older than a second.
pub async fn organization(ctx: &AppContext) -> Result<Arc<Organization>, ServiceError> {
    let now = ctx.now();
    if let Some((read_at, organization)) = cached(ctx)
        && now < read_at + FRESH
    {
        return Ok(organization);
    }
    let mut conn = ctx.db.read().await?;
    let stored = store::settings::get(&mut conn, ORGANIZATION).await?;
    let organization = stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(remember(ctx, organization))
}

/// The name as last read, for events.
pub fn organization_name(ctx: &AppContext) -> String {
    cached(ctx).map_or_else(|| Organization::default().name, |(_, organization)| organization.name.clone())
}

fn cached(ctx: &AppContext) -> Option<(DateTime<Utc>, Arc<Organization>)> {
    ctx.organization.0.read().ok().and_then(|copy| copy.clone())
}

/// Shows a new organisation at once on this node.
pub(super) fn remember(ctx: &AppContext, organization: Organization) -> Arc<Organization> {
    let organization = Arc::new(organization);
    if let Ok(mut copy) = ctx.organization.0.write() {
        *copy = Some((ctx.now(), organization.clone()));
    }
    organization
}

/// Checks a new name or address of support.
pub fn check(organization: &Organization) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    check_line(&mut errors, "organisation", &organization.name, LINE_MAX);
    if organization.name.trim().is_empty() {
        errors.add("organisation", "Enter the organisation’s name");
    }
    check_line(&mut errors, "support_email", &organization.support_email, LINE_MAX);
    errors.finish()
}

/// Stores the organisation inside a write that says so itself.
pub async fn put(
    tx: &mut store::Tx,
    organization: &Organization,
    now: DateTime<Utc>,
) -> Result<(), store::StoreError> {
    let text = serde_json::to_string(organization).unwrap_or_default();
    store::settings::set(tx, ORGANIZATION, &text, now).await
}

/// Changes the organisation.
pub async fn update(ctx: &AppContext, caller: &Caller, new: Organization) -> Result<(), ServiceError> {
    caller.require(Permission::Manage)?;
    check(&new)?;
    let before = organization(ctx).await?;
    if *before == new {
        return Ok(());
    }
    let event = caller.event(ctx, EventType::OrganizationUpdate).changed(
        &serde_json::to_value(&*before).unwrap_or_default(),
        &serde_json::to_value(&new).unwrap_or_default(),
    );
    let now = ctx.now();
    let stored = new.clone();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                put(tx, &stored, now).await?;
                Ok::<_, ServiceError>(Written::new((), event))
            })
        })
        .await?;
    remember(ctx, new);
    Ok(())
}
