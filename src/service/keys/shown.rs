//! A signing key of an app as API and command line show it. Does not own its life, and never holds a private half.

use super::certificate_of;
use crate::{
    domain::key::{SigningKey, rollover::AppKeys},
    keyring::fingerprint_sha256,
    service::ServiceError,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A signing key of a SAML app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppKey {
    /// Its name in addresses and events.
    pub id: String,
    /// `next`, `active` or `retired`.
    pub state: String,
    /// `rsa2048`, `rsa3072`, `rsa4096` or `p256`.
    pub algorithm: String,
    /// Whether its certificate is in the app's metadata.
    pub published: bool,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    /// The certificate, base64 DER.
    pub certificate: String,
    /// When it was made or brought.
    pub created_at: DateTime<Utc>,
    /// When the certificate ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_after: Option<DateTime<Utc>>,
    /// A next key: when it begins to sign by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub switch_at: Option<DateTime<Utc>>,
    /// A retired key: when it ceased to sign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retired_at: Option<DateTime<Utc>>,
    /// A retired key: when it leaves the metadata; absent when it left at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub published_until: Option<DateTime<Utc>>,
    /// A retired key: when it was withdrawn in an emergency; it can't sign again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// The keys of an app: the next one, the one in use, then those that no longer sign.
pub(super) fn all(keys: &AppKeys) -> Result<Vec<AppKey>, ServiceError> {
    let published: Vec<_> = keys.published().into_iter().map(|key| key.id).collect();
    let ordered = keys.next().into_iter().chain(keys.active()).chain(keys.retired());
    ordered.map(|key| one(key, published.contains(&key.id))).collect()
}

fn one(key: &SigningKey, published: bool) -> Result<AppKey, ServiceError> {
    let certificate = certificate_of(key)?;
    Ok(AppKey {
        id: key.id.to_string(),
        state: key.state.as_str().to_owned(),
        algorithm: key.algorithm.as_str().to_owned(),
        published,
        fingerprint: fingerprint_sha256(certificate.as_der()),
        certificate: certificate.to_base64(),
        created_at: key.created_at,
        not_after: key.not_after,
        switch_at: key.switch_at,
        retired_at: key.retired_at,
        published_until: key.published_until,
        withdrawn_at: key.withdrawn_at,
    })
}
