//! Published vulnerabilities of other providers as regressions: the cause is named in the title, the advisory in the name. Each
//! attack stands beside the valid twin that must go on working. Does not own the tables of attacks (`crates/oidc`).

mod grants;
mod outbound;
mod requests;
mod steps;

use super::{CHALLENGE, Gateway, REDIRECT, VERIFIER, json, query, text};
use crate::support::app::oidc_settings;
use gatehouse::domain::connection::OidcConnection;
use oidc::GrantType;

/// A client with every grant.
fn everything() -> OidcConnection {
    OidcConnection {
        grant_types: GrantType::ALL.to_vec(),
        scopes: ["openid", "email", "read"].map(str::to_owned).to_vec(),
        ..oidc_settings()
    }
}
