//! What an audit event says, in JumpCloud's Directory Insights envelope. Does not own when one is written: every write says it.

use super::{app::App, group::Group, user::User};
use crate::id::EventId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The events of this version; names are those of Directory Insights where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says what happened")]
pub enum EventType {
    SsoAuth,
    SsoLogout,
    UserLoginAttempt,
    AdminLoginAttempt,
    UserLogout,
    UserCreate,
    UserUpdate,
    UserDelete,
    UserSuspended,
    UserActivated,
    UserPasswordChange,
    UserPasswordSet,
    UserSessionsEnd,
    AdminCreate,
    AdminUpdate,
    GroupCreate,
    GroupUpdate,
    GroupDelete,
    ApplicationCreate,
    ApplicationUpdate,
    ApplicationDelete,
    AssociationChange,
    OrganizationCreate,
    OrganizationUpdate,
    OrganizationExport,
    ClientSecretCreate,
    ClientSecretExpire,
    ClientSecretDelete,
    SigningKeyCreate,
    SigningKeySchedule,
    SigningKeySwitch,
    SigningKeyRollback,
    SigningKeyReplace,
    SigningKeyDelete,
    CertificateExpiry,
    SpMetadataRefresh,
    SpMetadataWaiting,
    SpMetadataApprove,
    SpMetadataDismiss,
    RecordingRead,
    DecryptionKeyCreate,
    DecryptionKeyDelete,
    ApiTokenCreate,
    ApiTokenDelete,
    OauthTokenIssue,
    OauthTokenRefuse,
    OauthTokenRevoke,
    OauthConsentGrant,
    OauthConsentRevoke,
    OauthGrantEnd,
    RequestRefused,
}

impl EventType {
    /// The word in the envelope.
    pub fn as_str(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    /// Which service it belongs to.
    fn service(self) -> &'static str {
        match self {
            Self::SsoAuth
            | Self::SsoLogout
            | Self::OauthTokenIssue
            | Self::OauthTokenRefuse
            | Self::OauthTokenRevoke
            | Self::OauthConsentGrant
            | Self::OauthConsentRevoke
            | Self::OauthGrantEnd => "sso",
            _ => "directory",
        }
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct InitiatedBy {
    /// `user`, `admin`, `system`, `client`, or `anonymous`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Their id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// Their user name, or the name of the token or client.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub username: Option<String>,
    /// Their address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// `user`, `group`, `application`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Which application was concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub name: String,
    /// The caption of its tile.
    pub display_label: String,
    /// `saml`, `oidc` or `bookmark`.
    pub protocol: String,
}

/// One field that changed. Secrets are never written here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub field: String,
    /// Before.
    pub from: Value,
    /// After.
    pub to: Value,
}

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The address, after trusted proxies.
    pub client_ip: String,
    /// The `User-Agent`, cut to 256 characters.
    pub user_agent: String,
}

/// The browser's own words about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAgent {
    /// As sent.
    pub raw: String,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Never re-used; sorts by time.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// When, RFC 3339 UTC.
    pub timestamp: DateTime<Utc>,
    /// `sso` or `directory`.
    pub service: String,
    /// The organisation's name.
    pub organization: String,
    /// The envelope's version.
    #[serde(rename = "@version")]
    pub version: String,
    /// The address, when a request caused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_ip: Option<String>,
    /// The browser, when a request caused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub useragent: Option<UserAgent>,
    /// Who.
    pub initiated_by: InitiatedBy,
    /// To what.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resource: Option<Resource>,
    /// At which application.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub application: Option<Application>,
    /// What changed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub changes: Vec<Change>,
    /// How the person signed in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub auth_method: Option<String>,
    /// Whether a second factor was used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mfa: Option<bool>,
    /// Whether a tile, and not the application, began it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub idp_initiated: Option<bool>,
    /// Whether it worked.
    pub success: bool,
    /// A stable code of the failure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_code: Option<String>,
    /// The failure in words, for an admin.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_message: Option<String>,
    /// What the person saw as reference.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    /// Facts of the case: what was asked for, what is on the list.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub details: Map<String, Value>,
}

impl AuditEvent {
    /// An event that worked, done by the system until [`Self::by`] says otherwise.
    pub fn new(id: EventId, event_type: EventType, timestamp: DateTime<Utc>) -> Self {
        Self {
            id,
            event_type,
            timestamp,
            service: event_type.service().to_owned(),
            organization: String::new(),
            version: "1".to_owned(),
            client_ip: None,
            useragent: None,
            initiated_by: InitiatedBy { kind: "system".into(), ..InitiatedBy::default() },
            resource: None,
            application: None,
            changes: Vec::new(),
            auth_method: None,
            mfa: None,
            idp_initiated: None,
            success: true,
            error_code: None,
            error_message: None,
            reference: None,
            details: Map::new(),
        }
    }

    /// Says who did it.
    #[must_use]
    pub fn by(mut self, who: InitiatedBy) -> Self {
        self.initiated_by = who;
        self
    }

    /// Says where the request came from.
    #[must_use]
    pub fn from_origin(mut self, origin: &Origin) -> Self {
        if !origin.client_ip.is_empty() {
            self.client_ip = Some(origin.client_ip.clone());
        }
        if !origin.user_agent.is_empty() {
            self.useragent = Some(UserAgent { raw: origin.user_agent.clone() });
        }
        self
    }

    /// Says which person it was done to.
    #[must_use]
    pub fn on_user(mut self, user: &User) -> Self {
        self.resource =
            Some(Resource { kind: "user".into(), id: user.id.to_string(), name: user.username.clone() });
        self
    }

    /// Says which group it was done to.
    #[must_use]
    pub fn on_group(mut self, group: &Group) -> Self {
        self.resource =
            Some(Resource { kind: "group".into(), id: group.id.to_string(), name: group.name.clone() });
        self
    }

    /// Says which other thing it was done to.
    #[must_use]
    pub fn on(mut self, kind: &str, id: impl std::fmt::Display, name: &str) -> Self {
        self.resource = Some(Resource { kind: kind.into(), id: id.to_string(), name: name.into() });
        self
    }

    /// Says at which application.
    #[must_use]
    pub fn at(mut self, app: &App) -> Self {
        self.application = Some(Application {
            id: app.id.to_string(),
            name: app.slug.clone(),
            display_label: app.label.clone(),
            protocol: app.connection.protocol().to_owned(),
        });
        self
    }

    /// Adds the fields that differ between two JSON objects.
    #[must_use]
    pub fn changed(mut self, before: &Value, after: &Value) -> Self {
        self.changes.extend(diff(before, after));
        self
    }

    /// Says that it failed and why: a stable code and words for an admin.
    #[must_use]
    pub fn failed(mut self, code: &str, message: impl Into<String>) -> Self {
        self.success = false;
        self.error_code = Some(code.to_owned());
        let message: String = message.into();
        self.error_message = Some(message.chars().take(1024).collect());
        self
    }

    /// Adds the reference that the person saw.
    #[must_use]
    pub fn with_reference(mut self, reference: &str) -> Self {
        self.reference = Some(reference.to_owned());
        self
    }

    /// Adds a fact of the case; long values are cut.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<String>) -> Self {
        let value: String = value.into();
        self.details.insert(name.to_owned(), Value::String(value.chars().take(2048).collect()));
        self
    }
}

impl InitiatedBy {
    /// A person.
    pub fn user(user: &User) -> Self {
        let kind = if user.role == super::user::Role::None { "user" } else { "admin" };
        Self {
            kind: kind.into(),
            id: Some(user.id.to_string()),
            username: Some(user.username.clone()),
            email: Some(user.email.clone()),
        }
    }

    /// Somebody who is not signed in.
    pub fn anonymous() -> Self {
        Self { kind: "anonymous".into(), ..Self::default() }
    }
}

/// The members that differ between two JSON objects, by name.
pub fn diff(before: &Value, after: &Value) -> Vec<Change> {
    let empty = Map::new();
    let before = before.as_object().unwrap_or(&empty);
    let after = after.as_object().unwrap_or(&empty);
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let from = before.get(name).unwrap_or(&Value::Null);
            let to = after.get(name).unwrap_or(&Value::Null);
            (from != to).then(|| Change { field: name.clone(), from: from.clone(), to: to.clone() })
        })
        .collect()
}
