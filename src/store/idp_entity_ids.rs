//! Which application knows us by which entity ID. Does not own whether it may (`service::idp_entity_ids`) or present names
//! (`apps`).

use super::{
    apps::{AppRow, app_columns},
    dialect::{Conn, can_be_key, fetch_all},
    error::StoreError,
    row,
    tx::{APPLICATIONS, Tx},
};
use crate::domain::app::App;

/// Keeps every other write of applications waiting until this one ends: what is found free stays so.
pub async fn hold(tx: &mut Tx) -> Result<(), StoreError> {
    tx.alone(APPLICATIONS).await
}

/// The SAML applications in whose settings this is our entity ID, compared letter for letter, by id. Those that name none, and
/// so go by their metadata address, are not among them.
pub async fn holders(conn: &mut Conn, entity_id: &str) -> Result<Vec<App>, StoreError> {
    const SQL: &str = concat!("SELECT ", app_columns!(), " FROM apps WHERE idp_entity_id = $1 ORDER BY id");
    // Apps that were stored before the column and not changed since: few, and fewer with each change. `$1` is the member as the
    // settings are written, so that no other one holds it but by way of a text with quotation marks, which are escaped there.
    const BEFORE: &str = concat!(
        "SELECT ",
        app_columns!(),
        " FROM apps WHERE idp_entity_id IS NULL AND protocol = 'saml' AND REPLACE(connection, $1, '') <> connection ORDER BY id"
    );
    if entity_id.is_empty() || !can_be_key(entity_id) {
        return Ok(Vec::new());
    }
    let mut found: Vec<App> = row::all(fetch_all!(conn, AppRow, SQL, entity_id)?)?;
    let member = format!("\"idp_entity_id\":{}", serde_json::Value::from(entity_id));
    found.extend(row::all(fetch_all!(conn, AppRow, BEFORE, &member)?)?);
    Ok(found)
}
