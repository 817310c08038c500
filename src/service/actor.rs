//! Who is acting and from where. Does not own the table of permissions (`domain::permission`).

use super::ServiceError;
use crate::{
    context::AppContext,
    domain::{
        audit::{AuditEvent, EventType, InitiatedBy, Origin},
        permission::{Permission, allows},
        user::{Role, User},
    },
    id::{ApiTokenId, EventId},
};

/// Who is acting.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A signed-in person.
    User(Box<User>),
    /// An API token.
    Token {
        /// Its public name.
        id: ApiTokenId,
        /// Its name.
        name: String,
        /// Its role.
        role: Role,
    },
    /// The command line or a job; may do everything.
    System(&'static str),
}

/// Who is acting, and from where.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
}

impl Actor {
    /// The role that counts.
    pub fn role(&self) -> Role {
        match self {
            Self::User(user) => user.role,
            Self::Token { role, .. } => *role,
            Self::System(_) => Role::Owner,
        }
    }

    /// How audit events name them.
    pub fn initiated_by(&self) -> InitiatedBy {
        match self {
            Self::User(user) => InitiatedBy::user(user),
            Self::Token { id, name, .. } => InitiatedBy {
                kind: "token".into(),
                id: Some(id.to_string()),
                username: Some(name.clone()),
                email: None,
            },
            Self::System(name) => InitiatedBy {
                kind: "system".into(),
                username: Some((*name).to_owned()),
                ..InitiatedBy::default()
            },
        }
    }
}

impl Caller {
    /// The command line or a job.
    pub fn system(name: &'static str) -> Self {
        Self { actor: Actor::System(name), origin: Origin::default() }
    }

    /// Refuses an actor without the permission.
    pub fn require(&self, permission: Permission) -> Result<(), ServiceError> {
        if allows(self.actor.role(), permission) { Ok(()) } else { Err(ServiceError::Forbidden) }
    }

    /// An event by this caller, now.
    pub fn event(&self, ctx: &AppContext, event_type: EventType) -> AuditEvent {
        event(ctx, event_type).by(self.actor.initiated_by()).from_origin(&self.origin)
    }
}

/// An event by nobody yet, now.
pub fn event(ctx: &AppContext, event_type: EventType) -> AuditEvent {
    let now = ctx.now();
    let mut event = AuditEvent::new(EventId::new(now, &mut ctx.rng()), event_type, now);
    event.organization = super::settings::organization_name(ctx);
    event
}
