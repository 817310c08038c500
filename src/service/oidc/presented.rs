//! Finding a presented token: whatever its form, by the hash of its whole text. Reads only. Does not own what it opens.

use crate::store::{
    self, StoreError, access_tokens::AccessToken, dialect::Conn, refresh_tokens::RefreshToken,
    service_tokens::ServiceToken,
};
use ::oidc::token_value::PresentedToken;

/// A token that was found, good or not.
pub enum Found {
    /// An access token of a person.
    Access(AccessToken),
    /// An access token of a client on its own behalf.
    Service(ServiceToken),
    /// A refresh token.
    Refresh(RefreshToken),
}

impl Found {
    /// To which client it was given.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Access(row) => &row.token.client_id,
            Self::Service(row) => &row.client_id,
            Self::Refresh(row) => &row.client_id,
        }
    }
}

/// Looks a token up where its kind is kept. A signed one may be of either kind of access token.
pub async fn find(conn: &mut Conn, presented: &PresentedToken) -> Result<Option<Found>, StoreError> {
    let hash = presented.hash();
    if let PresentedToken::Refresh(_) = presented {
        return Ok(store::refresh_tokens::get(conn, &hash).await?.map(Found::Refresh));
    }
    if !matches!(presented, PresentedToken::Service(_))
        && let Some(row) = store::access_tokens::get(conn, &hash).await?
    {
        return Ok(Some(Found::Access(row)));
    }
    if matches!(presented, PresentedToken::Access(_)) {
        return Ok(None);
    }
    Ok(store::service_tokens::get(conn, &hash).await?.map(Found::Service))
}
