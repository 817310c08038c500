//! Sign-ons under way in the database. Does not own their next step (`domain::sign_on`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_optional, fetch_value, storable},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::{
    domain::sign_on::{Answers, PendingSignOn, Said, SignOnRequest},
    id::{SignOnId, UserId},
};
use chrono::{DateTime, Utc};

row_type! {
    struct PendingRow {
        id: String,
        browser_hash: String,
        app_id: Option<String>,
        request: String,
        network: Option<String>,
        username: Option<String>,
        chosen_user: Option<String>,
        consent_user: Option<String>,
        consent_given: bool,
        consent_shown: String,
        created_at: i64,
        expires_at: i64,
    }
}

impl TryFrom<PendingRow> for PendingSignOn {
    type Error = StoreError;
    fn try_from(row: PendingRow) -> Result<Self, StoreError> {
        let place = Place { table: "pending_sign_ons", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            app_id: place.maybe_id("app_id", row.app_id.as_deref())?,
            request: place.json("request", &row.request)?,
            answers: Answers {
                account: place.maybe_id("chosen_user", row.chosen_user.as_deref())?,
                consent: place.maybe_id("consent_user", row.consent_user.as_deref())?.map(|user| Said {
                    user,
                    yes: row.consent_given,
                    shown: row.consent_shown,
                }),
            },
            created_at: place.instant("created_at", row.created_at)?,
            expires_at: place.instant("expires_at", row.expires_at)?,
            browser_hash: row.browser_hash,
            network: row.network,
            username: row.username,
        })
    }
}

/// Keeps a sign-on until its end.
pub async fn insert(tx: &mut Tx, pending: &PendingSignOn) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO pending_sign_ons (id, browser_hash, app_id, request, network, username, \
        created_at, expires_at, pushed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let id = pending.id.to_string();
    let pushed = match &pending.request {
        Some(SignOnRequest::Oidc(request)) => request.pushed(),
        _ => None,
    };
    let request = Place { table: "pending_sign_ons", id: &id }.to_json("request", &pending.request)?;
    execute!(
        tx,
        SQL,
        &id,
        &pending.browser_hash,
        pending.app_id.map(|app| app.to_string()),
        request,
        pending.network.as_deref().map(storable),
        pending.username.as_deref().map(storable),
        pending.created_at.timestamp_millis(),
        pending.expires_at.timestamp_millis(),
        pushed
    )
    .map(|_| ())
}

/// One sign-on, expired or not: callers compare `expires_at`.
pub async fn get(conn: &mut Conn, id: SignOnId) -> Result<Option<PendingSignOn>, StoreError> {
    const SQL: &str = "SELECT id, browser_hash, app_id, request, network, username, chosen_user, \
        consent_user, consent_given, consent_shown, created_at, expires_at FROM pending_sign_ons WHERE id = $1";
    row::one(fetch_optional!(conn, PendingRow, SQL, id.to_string())?)
}

/// How many sign-ons of this network's strangers are under way.
pub async fn count_of_network(conn: &mut Conn, network: &str, now: DateTime<Utc>) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM pending_sign_ons WHERE network = $1 AND expires_at > $2";
    fetch_value!(conn, i64, SQL, storable(network), now.timestamp_millis())
}

/// Keeps the name typed at the first step; whether the sign-on is still there.
pub async fn set_username(tx: &mut Tx, id: SignOnId, username: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE pending_sign_ons SET username = $2 WHERE id = $1";
    Ok(execute!(tx, SQL, id.to_string(), storable(username))? == 1)
}

/// Keeps that a person goes on with their account; whether the sign-on is still there.
pub async fn choose_account(tx: &mut Tx, id: SignOnId, user: UserId) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE pending_sign_ons SET chosen_user = $2 WHERE id = $1";
    Ok(execute!(tx, SQL, id.to_string(), user.to_string())? == 1)
}

/// Keeps what a person said to what they were shown; whether the sign-on is still there.
pub async fn answer_consent(tx: &mut Tx, id: SignOnId, said: &Said) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE pending_sign_ons SET consent_user = $2, consent_given = $3, consent_shown = $4 \
        WHERE id = $1";
    Ok(execute!(tx, SQL, id.to_string(), said.user.to_string(), said.yes, &said.shown)? == 1)
}

/// Uses a sign-on up: `true` for exactly one of any number of callers.
pub async fn consume(tx: &mut Tx, id: SignOnId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM pending_sign_ons WHERE id = $1", id.to_string())? == 1)
}
