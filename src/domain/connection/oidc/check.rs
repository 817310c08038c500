//! The rules of a client's registration, each with the field it is about. Does not own how they are shown.

use super::{ClientAuth, OidcConnection, RefreshTokenRotation, SubjectType, keys};
use crate::{
    domain::{
        connection::{mapping::check_mappings, start_links},
        text::FieldErrors,
    },
    id::UserId,
};
use ::oidc::{GrantType, claims::is_protocol_claim, redirect_uri, scope};
use url::Url;

/// Most addresses of one list.
const ADDRESSES_MAX: usize = 64;
/// Shortest and longest life of an access or ID token, in seconds: ten seconds, one day.
const TOKEN_SECONDS: std::ops::RangeInclusive<u32> = 10..=86_400;
/// O-09: longest time for a lost answer, in seconds.
const REFRESH_GRACE_MAX: u32 = 10;
/// The same of a refresh token: one minute, two years.
const REFRESH_SECONDS: std::ops::RangeInclusive<u32> = 60..=2 * 366 * 86_400;

impl OidcConnection {
    pub(in crate::domain::connection) fn check(&mut self, errors: &mut FieldErrors) {
        if self.client_id.is_empty()
            || self.client_id.len() > 128
            || !self
                .client_id
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b':' | b'"' | b'\\' | b'<' | b'>'))
        {
            errors.add(
                "client_id",
                "Use up to 128 letters, digits and signs, but no spaces and none of : \" \\ < >",
            );
        }
        // RFC 9068 §5: the `sub` of a client that acts for itself must not be one that a person could have.
        if self.client_id.parse::<UserId>().is_ok() {
            errors.add("client_id", "This has the form of a person’s id; use another");
        }
        if self.is_public() {
            // RFC 9700 §2.1.1: public clients must use PKCE, whatever is configured.
            self.require_pkce = true;
        }
        self.check_grants(errors);
        self.check_authentication(errors);
        self.check_addresses(errors);
        self.check_scopes(errors);
        self.check_lifetimes(errors);
        self.check_subject(errors);
        check_mappings(errors, "claims", &self.claims, "");
        // A condition that nothing looks at would release what it was meant to withhold.
        if self.claims.iter().any(|claim| !claim.only_for.is_empty()) {
            errors.add("claims", "Only SAML apps have entity attributes; take only_for away");
        }
    }

    /// Rules that came when there were clients already: what `before` has stands until it is changed.
    pub(in crate::domain::connection) fn check_later(&self, errors: &mut FieldErrors, before: Option<&Self>) {
        let had =
            |name: &str| before.is_some_and(|before| before.claims.iter().any(|claim| claim.name == name));
        for name in self.claims.iter().map(|claim| claim.name.as_str()) {
            // Such a row would never be sent: it may not say who somebody is, or what a token is.
            if is_protocol_claim(name) && !had(name) {
                let message = format!("“{name}” is said by the protocol itself; give the claim another name");
                errors.add("claims", message);
            }
        }
        // Front-Channel Logout 1.0 §2: scheme, host and port are those of a registered redirect URI.
        let frame = self.frontchannel_logout_uri.as_str();
        if !frame.is_empty()
            && before.is_none_or(|before| before.frontchannel_logout_uri != frame)
            && !self.redirect_uris.iter().any(|uri| is_same_origin(uri, frame))
        {
            let message = "Its scheme, host and port must be those of one of the redirect addresses";
            errors.add("frontchannel_logout_uri", message);
        }
        // The person's address goes there as `login_hint`: not in clear.
        let start = self.initiate_login_uri.as_str();
        if !start.is_empty()
            && before.is_none_or(|before| before.initiate_login_uri != start)
            && let Err(error) = redirect_uri::check_web_uri(start)
        {
            errors.add("initiate_login_uri", error.to_string());
        }
    }

    fn check_grants(&self, errors: &mut FieldErrors) {
        let may = |grant| self.may_use(grant);
        if !may(GrantType::AuthorizationCode)
            && !may(GrantType::ClientCredentials)
            && !may(GrantType::DeviceCode)
        {
            errors.add("grant_types", "Choose at least one way to get tokens");
        }
        if may(GrantType::RefreshToken) && !may(GrantType::AuthorizationCode) && !may(GrantType::DeviceCode) {
            errors.add("grant_types", "A refresh token comes with a sign-in: choose one that has it");
        }
        // RFC 6749 §4.4: the client credentials grant must only be used by confidential clients.
        if may(GrantType::ClientCredentials) && self.is_public() {
            errors.add("grant_types", "An app without a secret or key can’t act for itself");
        }
        if self.response_modes.is_empty() {
            errors.add("response_modes", "Choose at least one");
        }
    }

    fn check_authentication(&self, errors: &mut FieldErrors) {
        if !self.jwks.is_empty() {
            keys::check(errors, &self.jwks);
        }
        if !self.jwks_uri.is_empty()
            && let Err(error) = redirect_uri::check_web_uri(&self.jwks_uri)
        {
            errors.add("jwks_uri", error.to_string());
        }
        match (self.jwks.is_empty(), self.jwks_uri.is_empty()) {
            (true, true) if self.client_auth == ClientAuth::PrivateKeyJwt => {
                errors.add("jwks", "Give the app’s public keys, or the address where they are");
            }
            // OpenID Connect Registration §2: jwks and jwks_uri must not be used together.
            (false, false) => errors.add("jwks_uri", "Give the keys or their address, not both"),
            _ => {}
        }
    }

    fn check_addresses(&self, errors: &mut FieldErrors) {
        for (field, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            if uris.len() > ADDRESSES_MAX {
                errors.add(field, "Use at most 64 addresses");
            }
            for uri in uris {
                if let Err(error) = redirect_uri::check_registration(uri, self.is_public()) {
                    errors.add(field, format!("{uri}: {error}"));
                }
            }
        }
        start_links::check_target_link_uris(errors, &self.start_links, &self.initiate_login_uri);
        for (field, uri) in [
            ("sign_in_url", &self.sign_in_url),
            ("frontchannel_logout_uri", &self.frontchannel_logout_uri),
            ("backchannel_logout_uri", &self.backchannel_logout_uri),
        ] {
            if !uri.is_empty()
                && let Err(error) = redirect_uri::check_web_uri(uri)
            {
                errors.add(field, error.to_string());
            }
        }
        if self.cors_origins.len() > ADDRESSES_MAX {
            errors.add("cors_origins", "Use at most 64 origins");
        }
        for origin in &self.cors_origins {
            if !is_origin(origin) {
                let message = format!("{origin}: write scheme, host and port only: https://app.example");
                errors.add("cors_origins", message);
            }
        }
        for (field, resources) in
            [("resources", &self.resources), ("serves_resources", &self.serves_resources)]
        {
            if resources.len() > ADDRESSES_MAX {
                errors.add(field, "Use at most 64 addresses");
            }
            for resource in resources {
                if let Err(error) = ::oidc::resource::check(resource) {
                    errors.add(field, format!("{resource}: {error}"));
                }
            }
        }
        // A client in which people sign in would read what is said about people in other apps.
        let is_service = self.grant_types.iter().all(|grant| *grant == GrantType::ClientCredentials);
        if !self.serves_resources.is_empty() && !is_service {
            let message = "A resource server gets tokens for itself only: leave it no other grant";
            errors.add("serves_resources", message);
        }
    }

    fn check_scopes(&self, errors: &mut FieldErrors) {
        for name in &self.scopes {
            let token = ::oidc::Scope::parse(name).is_ok_and(|scope| scope.iter().eq([name.as_str()]));
            if !token || name.len() > 128 {
                errors.add("scopes", format!("“{name}” isn’t a scope: one word, without quotes"));
            }
        }
        if self.scopes.len() > ADDRESSES_MAX {
            errors.add("scopes", "Use at most 64 scopes");
        }
        if self.may_use(GrantType::AuthorizationCode) && !self.scopes.iter().any(|name| name == scope::OPENID)
        {
            errors.add("scopes", "People can’t sign in without openid");
        }
    }

    fn check_lifetimes(&self, errors: &mut FieldErrors) {
        for (field, seconds) in
            [("access_token_seconds", self.access_token_seconds), ("id_token_seconds", self.id_token_seconds)]
        {
            if !TOKEN_SECONDS.contains(&seconds) {
                errors.add(field, "Use 10 seconds to one day (86400)");
            }
        }
        for (field, seconds) in [
            ("refresh_idle_seconds", self.refresh_idle_seconds),
            ("refresh_absolute_seconds", self.refresh_absolute_seconds),
        ] {
            if !REFRESH_SECONDS.contains(&seconds) {
                errors.add(field, "Use one minute (60) to two years (63244800)");
            }
        }
        // RFC 9700 §4.14.2: whoever finds the token of a client that proves nothing could use it for as long as it lasts.
        if self.refresh_token_rotation == RefreshTokenRotation::Never && !self.may_keep_refresh_tokens() {
            let message = "A refresh token that never changes is only for an app that proves itself with a secret or key, or whose \
                tokens are bound to a key";
            errors.add("refresh_token_rotation", message);
        }
        if self.refresh_grace_seconds > REFRESH_GRACE_MAX {
            errors.add("refresh_grace_seconds", "Use 0 to 10 seconds");
        }
        if self.refresh_idle_seconds > self.refresh_absolute_seconds {
            errors.add("refresh_idle_seconds", "The idle limit can’t exceed the absolute one");
        }
    }

    /// OpenID Connect Core §8.1: the sector is the host of the redirect URIs; with several hosts, a
    /// `sector_identifier_uri` must say it. Only its host is used.
    fn check_subject(&self, errors: &mut FieldErrors) {
        if !self.sector_identifier_uri.is_empty() {
            if let Err(error) = redirect_uri::check_web_uri(&self.sector_identifier_uri) {
                errors.add("sector_identifier_uri", error.to_string());
            }
        } else if self.subject_type == SubjectType::Pairwise
            && self.may_use(GrantType::AuthorizationCode)
            && !self.redirect_uris.is_empty()
            && self.sector().is_none()
        {
            let message = "The redirect addresses are on several hosts: name the one that stands for the app";
            errors.add("sector_identifier_uri", message);
        }
    }

    /// The host that pairwise subjects are made for; `None` while the registration doesn't say.
    pub fn sector(&self) -> Option<String> {
        let host = |uri: &str| Url::parse(uri).ok()?.host_str().map(str::to_owned);
        if !self.sector_identifier_uri.is_empty() {
            return host(&self.sector_identifier_uri);
        }
        if self.redirect_uris.is_empty() {
            return Some(self.client_id.clone());
        }
        // A private-use scheme has no host: such an app is a sector of its own.
        let mut sectors = self.redirect_uris.iter().map(|uri| host(uri).unwrap_or_else(|| uri.clone()));
        let first = sectors.next()?;
        sectors.all(|other| other == first).then_some(first)
    }
}

/// Whether both are addresses of one origin.
fn is_same_origin(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin().is_tuple() && one.origin() == other.origin(),
        _ => false,
    }
}

/// Whether the text is exactly what a browser sends as `Origin`, and one that can be registered.
pub fn is_origin(text: &str) -> bool {
    redirect_uri::check_web_uri(text).is_ok()
        && Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}
