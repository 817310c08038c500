//! The `oidc` block of a file as settings. Does not own their rules (`domain::connection`).

use super::connection::{About, mappings};
use crate::{
    domain::{
        connection::{Connection, OidcConnection},
        text::FieldErrors,
    },
    service::{client_secrets::VALID_MAX, organisation::document::OidcEntry},
};

/// The fields of the block, over `base`: the defaults, or what a connector makes.
pub(super) fn of(
    about: &About<'_>,
    block: &OidcEntry,
    base: OidcConnection,
) -> Result<OidcConnection, FieldErrors> {
    let mut errors = FieldErrors::default();
    let existing = about.current().and_then(Connection::oidc);
    let mut oidc = base;
    if let Some(id) = block.client_id.as_ref().or(existing.map(|oidc| &oidc.client_id)) {
        oidc.client_id.clone_from(id);
    }
    oidc.client_auth = block.client_auth.unwrap_or(oidc.client_auth);
    check_secret(block, &oidc, &mut errors);
    for (field, value) in [
        (&mut oidc.redirect_uris, &block.redirect_uris),
        (&mut oidc.post_logout_redirect_uris, &block.post_logout_redirect_uris),
        (&mut oidc.scopes, &block.scopes),
        (&mut oidc.resources, &block.resources),
        (&mut oidc.serves_resources, &block.serves_resources),
        (&mut oidc.cors_origins, &block.cors_origins),
    ] {
        if let Some(value) = value {
            field.clone_from(value);
        }
    }
    for (field, value) in [
        (&mut oidc.jwks_uri, &block.jwks_uri),
        (&mut oidc.initiate_login_uri, &block.initiate_login_uri),
        (&mut oidc.sign_in_url, &block.sign_in_url),
        (&mut oidc.frontchannel_logout_uri, &block.frontchannel_logout_uri),
        (&mut oidc.backchannel_logout_uri, &block.backchannel_logout_uri),
        (&mut oidc.sector_identifier_uri, &block.sector_identifier_uri),
    ] {
        if let Some(value) = value {
            field.clone_from(value);
        }
    }
    for (field, value) in [
        (&mut oidc.require_pkce, block.require_pkce),
        (&mut oidc.require_par, block.require_par),
        (&mut oidc.dpop_bound_access_tokens, block.dpop_bound_access_tokens),
        (&mut oidc.first_party, block.first_party),
        (&mut oidc.native, block.native),
        (&mut oidc.frontchannel_logout_session_required, block.frontchannel_logout_session_required),
        (&mut oidc.backchannel_logout_session_required, block.backchannel_logout_session_required),
    ] {
        *field = value.unwrap_or(*field);
    }
    for (field, value) in [
        (&mut oidc.access_token_seconds, block.access_token_seconds),
        (&mut oidc.id_token_seconds, block.id_token_seconds),
        (&mut oidc.refresh_idle_seconds, block.refresh_idle_seconds),
        (&mut oidc.refresh_absolute_seconds, block.refresh_absolute_seconds),
        (&mut oidc.refresh_grace_seconds, block.refresh_grace_seconds),
    ] {
        *field = value.unwrap_or(*field);
    }
    if let Some(links) = &block.start_links {
        oidc.start_links = links.iter().map(Into::into).collect();
    }
    if let Some(grants) = &block.grant_types {
        oidc.grant_types.clone_from(grants);
    }
    if let Some(modes) = &block.response_modes {
        oidc.response_modes.clone_from(modes);
    }
    if let Some(keys) = &block.jwks {
        oidc.jwks = keys.text();
    }
    oidc.access_token_format = block.access_token_format.unwrap_or(oidc.access_token_format);
    oidc.id_token_algorithm = block.id_token_algorithm.unwrap_or(oidc.id_token_algorithm);
    oidc.refresh_token_rotation = block.refresh_token_rotation.unwrap_or(oidc.refresh_token_rotation);
    oidc.subject_type = block.subject_type.unwrap_or(oidc.subject_type);
    oidc.userinfo_signed_response_alg =
        block.userinfo_signed_response_alg.or(oidc.userinfo_signed_response_alg);
    oidc.token_endpoint_auth_signing_alg =
        block.token_endpoint_auth_signing_alg.or(oidc.token_endpoint_auth_signing_alg);
    if let Some(rows) = &block.claims {
        oidc.claims = mappings("oidc.claims", rows, &mut errors);
    }
    errors.finish()?;
    Ok(oidc)
}

fn check_secret(block: &OidcEntry, oidc: &OidcConnection, errors: &mut FieldErrors) {
    let ways =
        [block.client_secret.is_some(), block.client_secret_hash.is_some(), block.client_secrets.is_some()];
    let given = ways.contains(&true);
    if !oidc.client_auth.has_secret() && given {
        let message = format!("An app with client_auth: {} has no secret", oidc.client_auth.as_str());
        errors.add("oidc.client_secret", message);
    }
    if block.client_secret.as_ref().is_some_and(|secret| !(16..=512).contains(&secret.expose().len())) {
        errors.add("oidc.client_secret", "Use 16 to 512 characters");
    }
    if ways.iter().filter(|given| **given).count() > 1 {
        errors.add("oidc.client_secret", "Write one of client_secret, client_secret_hash and client_secrets");
    }
    let sealed = block.client_secrets.as_deref().unwrap_or_default();
    if sealed.len() > VALID_MAX {
        errors.add("oidc.client_secrets", "Two secrets work at a time; write at most two");
    }
    if sealed.iter().any(|secret| !is_sha256(&secret.hash)) {
        errors.add("oidc.client_secrets", "Write each hash as SHA-256 in base64url, 43 characters");
    }
    if sealed.iter().any(|secret| secret.ends_in.chars().count() > 4) {
        errors.add("oidc.client_secrets", "Write at most the last four characters in ends_in");
    }
    if block.old_secrets_end_after_hours.is_some_and(|hours| hours > 720) {
        errors.add("oidc.old_secrets_end_after_hours", "Use 0 to 720 hours");
    }
    if block.client_secret_hash.as_ref().is_some_and(|hash| !is_sha256(hash)) {
        errors.add("oidc.client_secret_hash", "Write the SHA-256 of the secret in base64url, 43 characters");
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
