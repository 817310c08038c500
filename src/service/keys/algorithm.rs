//! The setting of what messages are signed with follows the key: after a switch to a key of another kind it says what is really
//! done, and an event tells of it. Does not own which settings fit which keys (`domain::connection`).

use crate::{
    domain::{
        app::AppDraft,
        audit::AuditEvent,
        connection::{Connection, SamlSignatureAlgorithm},
        key::{KeyState, SigningKey},
    },
    id::{AppId, KeyId},
    service::{ServiceError, apps},
    store::{self, Tx},
};
use chrono::{DateTime, Utc};

/// The key that signs by what is stored.
pub(super) fn signing(stored: &[SigningKey]) -> Option<KeyId> {
    stored.iter().find(|key| key.state == KeyState::Active).map(|key| key.id)
}

/// If another key signs than before, and it can't sign as the settings say, the settings say how it does from now on. A setting that was
/// chosen ahead for the next key stays as it is until that one signs. `event` is the one that tells of it;
/// `public_url` is our address.
pub(super) async fn follow(
    tx: &mut Tx,
    (id, public_url): (AppId, &str),
    (before, signs): (Option<KeyId>, Option<&SigningKey>),
    event: AuditEvent,
    now: DateTime<Utc>,
) -> Result<Option<AuditEvent>, ServiceError> {
    let Some(key) = signs.filter(|key| before.is_some_and(|before| before != key.id)) else {
        return Ok(None);
    };
    let Some(app) = store::apps::get(tx, id).await? else { return Ok(None) };
    let Some(saml) = app.connection.saml().filter(|saml| !saml.signature_algorithm.fits(key.algorithm))
    else {
        return Ok(None);
    };
    let mut saml = saml.clone();
    saml.signature_algorithm = SamlSignatureAlgorithm::of_key(key.algorithm);
    let draft = AppDraft { connection: Connection::Saml(Box::new(saml)), ..AppDraft::of(&app) };
    let Ok(checked) = draft.check_over(Some(&app.connection)) else {
        // Settings of before a rule: an emergency must not wait for them. The page says what signs.
        tracing::warn!(app = %app.slug, "the signature algorithm was not set to that of the key: other settings break a rule");
        return Ok(None);
    };
    let (_, event) = apps::apply_update(tx, public_url, &app, app.version, &checked, event, now).await?;
    Ok(Some(event.detail("source", "certificate")))
}
