//! The `oidc` block of an exported app: everything that was agreed, whether default or not. Does not own its secret.

use super::mapping;
use crate::{
    domain::connection::OidcConnection,
    service::organisation::document::{JwkSetEntry, OidcEntry, SealedSecret},
    store::client_secrets::ClientSecret,
};

/// Puts in what is known of the secrets that work, newest first: one that has no end by its hash alone.
pub(super) fn seal(block: &mut OidcEntry, valid: Vec<ClientSecret>) {
    if let [only] = valid.as_slice()
        && only.expires_at.is_none()
    {
        block.client_secret_hash = Some(only.hash.clone());
        return;
    }
    let sealed = valid.into_iter().map(|secret| SealedSecret {
        hash: secret.hash,
        ends_in: secret.hint,
        created_at: Some(secret.created_at),
        expires_at: secret.expires_at,
    });
    block.client_secrets = Some(sealed.collect()).filter(|all: &Vec<_>| !all.is_empty());
}

pub(super) fn entry(oidc: OidcConnection) -> OidcEntry {
    // As an object, where it is one: that is how a file is read by people.
    let jwks = (!oidc.jwks.is_empty()).then(|| match serde_json::from_str(&oidc.jwks) {
        Ok(object) => JwkSetEntry::Object(object),
        Err(_) => JwkSetEntry::Text(oidc.jwks),
    });
    OidcEntry {
        client_id: Some(oidc.client_id),
        client_secret: None,
        client_secret_hash: None,
        client_secrets: None,
        old_secrets_end_after_hours: None,
        redirect_uris: Some(oidc.redirect_uris),
        post_logout_redirect_uris: Some(oidc.post_logout_redirect_uris),
        grant_types: Some(oidc.grant_types),
        response_modes: Some(oidc.response_modes),
        client_auth: Some(oidc.client_auth),
        jwks,
        jwks_uri: (!oidc.jwks_uri.is_empty()).then_some(oidc.jwks_uri),
        token_endpoint_auth_signing_alg: oidc.token_endpoint_auth_signing_alg,
        require_pkce: Some(oidc.require_pkce),
        require_par: Some(oidc.require_par),
        dpop_bound_access_tokens: Some(oidc.dpop_bound_access_tokens),
        first_party: Some(oidc.first_party),
        scopes: Some(oidc.scopes),
        resources: Some(oidc.resources),
        serves_resources: Some(oidc.serves_resources),
        native: Some(oidc.native),
        initiate_login_uri: Some(oidc.initiate_login_uri),
        sign_in_url: (!oidc.sign_in_url.is_empty()).then_some(oidc.sign_in_url),
        start_links: (!oidc.start_links.is_empty())
            .then(|| oidc.start_links.into_iter().map(Into::into).collect()),
        cors_origins: Some(oidc.cors_origins),
        frontchannel_logout_uri: Some(oidc.frontchannel_logout_uri),
        frontchannel_logout_session_required: Some(oidc.frontchannel_logout_session_required),
        backchannel_logout_uri: Some(oidc.backchannel_logout_uri),
        backchannel_logout_session_required: Some(oidc.backchannel_logout_session_required),
        access_token_format: Some(oidc.access_token_format),
        access_token_seconds: Some(oidc.access_token_seconds),
        id_token_seconds: Some(oidc.id_token_seconds),
        refresh_idle_seconds: Some(oidc.refresh_idle_seconds),
        refresh_absolute_seconds: Some(oidc.refresh_absolute_seconds),
        refresh_token_rotation: Some(oidc.refresh_token_rotation),
        refresh_grace_seconds: Some(oidc.refresh_grace_seconds),
        id_token_algorithm: Some(oidc.id_token_algorithm),
        userinfo_signed_response_alg: oidc.userinfo_signed_response_alg,
        subject_type: Some(oidc.subject_type),
        sector_identifier_uri: Some(oidc.sector_identifier_uri),
        claims: Some(oidc.claims.into_iter().map(mapping).collect()),
    }
}
