//! What an address of the console is about: loaded before the handler runs, for those who may see it or may change it.
//! Does not own the rules of either (`domain::permission`); services ask again.

use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::EventType,
        group::Group,
        permission::{Permission, allows},
        user::User,
    },
    service::{apps, groups, overview::AuditFilter, users},
    web::{error::Failure, extract::Admin},
};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

/// A thing that pages of the console are about.
pub trait Subject: Sized + Send + Sync {
    /// The one that the last part of an address names.
    fn load(ctx: &AppContext, admin: &Admin, key: &str)
    -> impl Future<Output = Result<Self, Failure>> + Send;
    /// Its id in audit events.
    fn id(&self) -> String;
    /// What names it in addresses.
    fn key(&self) -> String {
        self.id()
    }
    /// Counts its saves.
    fn version(&self) -> i64;
    /// Which events may be about a save of it.
    fn saves(&self) -> AuditFilter;
}

impl Subject for App {
    async fn load(ctx: &AppContext, admin: &Admin, key: &str) -> Result<Self, Failure> {
        Ok(apps::find(ctx, &admin.caller, key).await?)
    }
    fn key(&self) -> String {
        self.slug.clone()
    }
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn saves(&self) -> AuditFilter {
        let event_type = Some(EventType::ApplicationUpdate);
        AuditFilter { app: Some(self.id), event_type, ..AuditFilter::default() }
    }
}

impl Subject for User {
    async fn load(ctx: &AppContext, admin: &Admin, key: &str) -> Result<Self, Failure> {
        Ok(users::get(ctx, &admin.caller, key.parse().map_err(|_| Failure::NotFound)?).await?)
    }
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn saves(&self) -> AuditFilter {
        let event_type = Some(EventType::UserUpdate);
        AuditFilter { user: Some(self.id), event_type, ..AuditFilter::default() }
    }
}

impl Subject for Group {
    async fn load(ctx: &AppContext, admin: &Admin, key: &str) -> Result<Self, Failure> {
        Ok(groups::get(ctx, &admin.caller, key.parse().map_err(|_| Failure::NotFound)?).await?)
    }
    fn id(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn saves(&self) -> AuditFilter {
        AuditFilter { event_type: Some(EventType::GroupUpdate), ..AuditFilter::default() }
    }
}

/// The thing of an address, for somebody who may see the console.
pub struct Opened<T> {
    /// Who looks.
    pub admin: Admin,
    /// At what.
    pub it: T,
}

impl<T: Subject> FromRequestParts<AppContext> for Opened<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, ctx: &AppContext) -> Result<Self, Failure> {
        let admin = Admin::from_request_parts(parts, ctx).await?;
        let it = of_address(parts, ctx, &admin).await?;
        Ok(Self { admin, it })
    }
}

/// The thing of an address, for somebody who may change it. Who may not, is told before it is looked for.
pub struct Changing<T> {
    /// Who changes.
    pub admin: Admin,
    /// What.
    pub it: T,
}

impl<T: Subject> FromRequestParts<AppContext> for Changing<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, ctx: &AppContext) -> Result<Self, Failure> {
        let Manager(admin) = Manager::from_request_parts(parts, ctx).await?;
        let it = of_address(parts, ctx, &admin).await?;
        Ok(Self { admin, it })
    }
}

async fn of_address<T: Subject>(parts: &mut Parts, ctx: &AppContext, admin: &Admin) -> Result<T, Failure> {
    let Path(key) = Path::<String>::from_request_parts(parts, ctx).await.map_err(|_| Failure::NotFound)?;
    T::load(ctx, admin, &key).await
}

/// Somebody who may change things, on a page that only does that.
pub struct Manager(pub Admin);

impl FromRequestParts<AppContext> for Manager {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, ctx: &AppContext) -> Result<Self, Failure> {
        let admin = Admin::from_request_parts(parts, ctx).await?;
        if allows(admin.user.role, Permission::Manage) { Ok(Self(admin)) } else { Err(Failure::Forbidden) }
    }
}
