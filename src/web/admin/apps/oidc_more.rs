//! The settings of an OIDC app that most never need: stored ones to fields, and fields to settings. Does not own the form's
//! other half (`oidc_form`) or checking.

use super::oidc_form::lines;
use crate::{
    domain::{
        connection::{
            AccessTokenFormat, AssertionAlgorithm, IdTokenAlgorithm, OidcConnection, RefreshTokenRotation,
            SubjectType,
        },
        text::FieldErrors,
    },
    web::{admin::saving::Compared, extract::Fields, view::admin::apps::oidc::OidcMore},
};
use ::oidc::{GrantType, authorization::request::ResponseMode};

/// Stored settings as fields.
pub fn of(oidc: &OidcConnection) -> OidcMore {
    let mode = |mode| oidc.response_modes.contains(&mode);
    OidcMore {
        client_credentials: oidc.may_use(GrantType::ClientCredentials),
        device_code: oidc.may_use(GrantType::DeviceCode),
        service_only: !oidc.may_use(GrantType::AuthorizationCode),
        jwks: oidc.jwks.clone(),
        jwks_uri: oidc.jwks_uri.clone(),
        assertion_alg: word(oidc.token_endpoint_auth_signing_alg.map(AssertionAlgorithm::as_str)),
        scopes: oidc.scopes.join(" "),
        first_party: oidc.first_party,
        query: mode(ResponseMode::Query),
        form_post: mode(ResponseMode::FormPost),
        fragment: mode(ResponseMode::Fragment),
        require_par: oidc.require_par,
        native: oidc.native,
        resources: oidc.resources.join("\n"),
        serves_resources: oidc.serves_resources.join("\n"),
        access_token_format: oidc.access_token_format.as_str().to_owned(),
        dpop_bound: oidc.dpop_bound_access_tokens,
        access_token_seconds: oidc.access_token_seconds.to_string(),
        id_token_seconds: oidc.id_token_seconds.to_string(),
        refresh_token_rotation: oidc.refresh_token_rotation.as_str().to_owned(),
        refresh_idle_seconds: oidc.refresh_idle_seconds.to_string(),
        refresh_absolute_seconds: oidc.refresh_absolute_seconds.to_string(),
        refresh_grace_seconds: oidc.refresh_grace_seconds.to_string(),
        userinfo_alg: word(oidc.userinfo_signed_response_alg.map(IdTokenAlgorithm::as_str)),
        subject_type: oidc.subject_type.as_str().to_owned(),
        sector_identifier_uri: oidc.sector_identifier_uri.clone(),
        frontchannel_logout_uri: oidc.frontchannel_logout_uri.clone(),
        frontchannel_session: oidc.frontchannel_logout_session_required,
        backchannel_logout_uri: oidc.backchannel_logout_uri.clone(),
        backchannel_session: oidc.backchannel_logout_session_required,
        cors_origins: oidc.cors_origins.join("\n"),
    }
}

fn word(chosen: Option<&'static str>) -> String {
    chosen.unwrap_or_default().to_owned()
}

/// The fields as typed.
pub fn typed(fields: &Fields) -> OidcMore {
    let text = |name: &str| fields.get(name).trim().to_owned();
    OidcMore {
        client_credentials: fields.has("client_credentials"),
        device_code: fields.has("device_code"),
        service_only: fields.has("service_only"),
        jwks: text("jwks"),
        jwks_uri: text("jwks_uri"),
        assertion_alg: text("assertion_alg"),
        scopes: text("scopes"),
        first_party: fields.has("first_party"),
        query: fields.has("query"),
        form_post: fields.has("form_post"),
        fragment: fields.has("fragment"),
        require_par: fields.has("require_par"),
        native: fields.has("native"),
        resources: text("resources"),
        serves_resources: text("serves_resources"),
        access_token_format: text("access_token_format"),
        dpop_bound: fields.has("dpop_bound"),
        access_token_seconds: text("access_token_seconds"),
        id_token_seconds: text("id_token_seconds"),
        refresh_token_rotation: text("refresh_token_rotation"),
        refresh_idle_seconds: text("refresh_idle_seconds"),
        refresh_absolute_seconds: text("refresh_absolute_seconds"),
        refresh_grace_seconds: text("refresh_grace_seconds"),
        userinfo_alg: text("userinfo_alg"),
        subject_type: text("subject_type"),
        sector_identifier_uri: text("sector_identifier_uri"),
        frontchannel_logout_uri: text("frontchannel_logout_uri"),
        frontchannel_session: fields.has("frontchannel_session"),
        backchannel_logout_uri: text("backchannel_logout_uri"),
        backchannel_session: fields.has("backchannel_session"),
        cors_origins: text("cors_origins"),
    }
}

/// Puts what fields stand for into the settings; what they don't show stays.
///
/// # Errors
/// Fields that can't be read at all. The rest is checked when the app is saved.
pub fn put(more: &OidcMore, settings: &mut OidcConnection) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    settings.set_grant(GrantType::AuthorizationCode, !more.service_only);
    settings.set_grant(GrantType::ClientCredentials, more.client_credentials);
    settings.set_grant(GrantType::DeviceCode, more.device_code);
    for (mode, on) in [
        (ResponseMode::Query, more.query),
        (ResponseMode::FormPost, more.form_post),
        (ResponseMode::Fragment, more.fragment),
    ] {
        match (on, settings.response_modes.contains(&mode)) {
            (true, false) => settings.response_modes.push(mode),
            (false, true) => settings.response_modes.retain(|other| *other != mode),
            _ => {}
        }
    }
    settings.scopes = words(&more.scopes);
    settings.resources = lines(&more.resources);
    settings.serves_resources = lines(&more.serves_resources);
    settings.cors_origins = lines(&more.cors_origins);
    for (field, value) in [
        (&mut settings.jwks, &more.jwks),
        (&mut settings.jwks_uri, &more.jwks_uri),
        (&mut settings.sector_identifier_uri, &more.sector_identifier_uri),
        (&mut settings.frontchannel_logout_uri, &more.frontchannel_logout_uri),
        (&mut settings.backchannel_logout_uri, &more.backchannel_logout_uri),
    ] {
        field.clone_from(value);
    }
    for (field, value) in [
        (&mut settings.first_party, more.first_party),
        (&mut settings.require_par, more.require_par),
        (&mut settings.native, more.native),
        (&mut settings.dpop_bound_access_tokens, more.dpop_bound),
        (&mut settings.frontchannel_logout_session_required, more.frontchannel_session),
        (&mut settings.backchannel_logout_session_required, more.backchannel_session),
    ] {
        *field = value;
    }
    for (name, field, value) in [
        ("access_token_seconds", &mut settings.access_token_seconds, &more.access_token_seconds),
        ("id_token_seconds", &mut settings.id_token_seconds, &more.id_token_seconds),
        ("refresh_idle_seconds", &mut settings.refresh_idle_seconds, &more.refresh_idle_seconds),
        ("refresh_absolute_seconds", &mut settings.refresh_absolute_seconds, &more.refresh_absolute_seconds),
        ("refresh_grace_seconds", &mut settings.refresh_grace_seconds, &more.refresh_grace_seconds),
    ] {
        match value.parse() {
            Ok(seconds) => *field = seconds,
            Err(_) => errors.add(name, "Write a whole number of seconds"),
        }
    }
    match AccessTokenFormat::parse(&more.access_token_format) {
        Some(format) => settings.access_token_format = format,
        None => errors.add("access_token_format", "Choose one of the formats"),
    }
    match RefreshTokenRotation::parse(&more.refresh_token_rotation) {
        Some(rotation) => settings.refresh_token_rotation = rotation,
        None => errors.add("refresh_token_rotation", "Choose one of the two"),
    }
    match SubjectType::parse(&more.subject_type) {
        Some(kind) => settings.subject_type = kind,
        None => errors.add("subject_type", "Choose one of the two"),
    }
    match choice(&more.userinfo_alg, IdTokenAlgorithm::parse) {
        Ok(algorithm) => settings.userinfo_signed_response_alg = algorithm,
        Err(message) => errors.add("userinfo_alg", message),
    }
    match choice(&more.assertion_alg, AssertionAlgorithm::parse) {
        Ok(algorithm) => settings.token_endpoint_auth_signing_alg = algorithm,
        Err(message) => errors.add("assertion_alg", message),
    }
    errors.finish()
}

/// One of a list, or the empty text for none.
fn choice<T>(text: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    parse(text).map(Some).ok_or("Choose one of the algorithms")
}

/// Words between spaces and lines, each once.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// The fields beside each other, for a form that was overtaken.
pub fn compared(old: &OidcMore, new: &OidcMore) -> Vec<Compared> {
    let (pair, ticked) = (Compared::new, Compared::ticked);
    vec![
        ticked("Device code", &["grant_types"], old.device_code, new.device_code),
        ticked("Client credentials", &["grant_types"], old.client_credentials, new.client_credentials),
        ticked("No sign-in in the browser", &["grant_types"], old.service_only, new.service_only),
        pair("Address of its keys", &["jwks_uri"], &old.jwks_uri, &new.jwks_uri),
        pair("Its keys", &["jwks"], &old.jwks, &new.jwks),
        pair("Signed with", &["token_endpoint_auth_signing_alg"], &old.assertion_alg, &new.assertion_alg),
        pair("Scopes", &["scopes"], &old.scopes, &new.scopes),
        ticked("First-party app", &["first_party"], old.first_party, new.first_party),
        ticked("Answers in the address", &["response_modes"], old.query, new.query),
        ticked("Answers in a form", &["response_modes"], old.form_post, new.form_post),
        ticked("Answers behind the #", &["response_modes"], old.fragment, new.fragment),
        ticked("Require pushed requests", &["require_par"], old.require_par, new.require_par),
        ticked("Native app", &["native"], old.native, new.native),
        pair("Resource servers", &["resources"], &old.resources, &new.resources),
        pair("It serves", &["serves_resources"], &old.serves_resources, &new.serves_resources),
        pair("Access token", &["access_token_format"], &old.access_token_format, &new.access_token_format),
        ticked("Bind tokens to a key", &["dpop_bound_access_tokens"], old.dpop_bound, new.dpop_bound),
        pair(
            "Access token lasts",
            &["access_token_seconds"],
            &old.access_token_seconds,
            &new.access_token_seconds,
        ),
        pair("ID token lasts", &["id_token_seconds"], &old.id_token_seconds, &new.id_token_seconds),
        pair(
            "Refresh token changes",
            &["refresh_token_rotation"],
            &old.refresh_token_rotation,
            &new.refresh_token_rotation,
        ),
        pair(
            "Refresh token unused",
            &["refresh_idle_seconds"],
            &old.refresh_idle_seconds,
            &new.refresh_idle_seconds,
        ),
        pair(
            "Refresh token in all",
            &["refresh_absolute_seconds"],
            &old.refresh_absolute_seconds,
            &new.refresh_absolute_seconds,
        ),
        pair(
            "Lost answer comes again",
            &["refresh_grace_seconds"],
            &old.refresh_grace_seconds,
            &new.refresh_grace_seconds,
        ),
        pair("Userinfo", &["userinfo_signed_response_alg"], &old.userinfo_alg, &new.userinfo_alg),
        pair("People’s number", &["subject_type"], &old.subject_type, &new.subject_type),
        pair(
            "Its sector",
            &["sector_identifier_uri"],
            &old.sector_identifier_uri,
            &new.sector_identifier_uri,
        ),
        pair(
            "Told in a frame",
            &["frontchannel_logout_uri"],
            &old.frontchannel_logout_uri,
            &new.frontchannel_logout_uri,
        ),
        ticked(
            "Front-channel needs sid",
            &["frontchannel_logout_session_required"],
            old.frontchannel_session,
            new.frontchannel_session,
        ),
        pair(
            "Told by us",
            &["backchannel_logout_uri"],
            &old.backchannel_logout_uri,
            &new.backchannel_logout_uri,
        ),
        ticked(
            "Back-channel needs sid",
            &["backchannel_logout_session_required"],
            old.backchannel_session,
            new.backchannel_session,
        ),
        pair("Web origins", &["cors_origins"], &old.cors_origins, &new.cors_origins),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::connection::ClientAuth;

    #[test]
    fn settings_come_back_from_their_fields() {
        let stored = OidcConnection {
            client_id: "metrics".into(),
            client_auth: ClientAuth::PrivateKeyJwt,
            grant_types: vec![GrantType::ClientCredentials, GrantType::DeviceCode],
            response_modes: vec![ResponseMode::FormPost, ResponseMode::Fragment],
            jwks: "{\"keys\":[]}".into(),
            token_endpoint_auth_signing_alg: Some(AssertionAlgorithm::PS256),
            scopes: vec!["openid".into(), "api:read".into()],
            resources: vec!["https://a.example".into(), "https://b.example".into()],
            serves_resources: vec!["https://c.example".into()],
            userinfo_signed_response_alg: Some(IdTokenAlgorithm::ES256),
            subject_type: SubjectType::Pairwise,
            access_token_format: AccessTokenFormat::Jwt,
            first_party: false,
            backchannel_logout_uri: "https://a.example/out".into(),
            backchannel_logout_session_required: true,
            refresh_token_rotation: RefreshTokenRotation::Never,
            refresh_idle_seconds: 3600,
            refresh_grace_seconds: 10,
            ..OidcConnection::default()
        };
        let mut read = stored.clone();
        assert_eq!(put(&of(&stored), &mut read), Ok(()));
        assert_eq!(read, stored);
        let mut from_default = OidcConnection { client_id: "metrics".into(), ..OidcConnection::default() };
        from_default.client_auth = ClientAuth::PrivateKeyJwt;
        assert_eq!(put(&of(&stored), &mut from_default), Ok(()));
        from_default.grant_types.retain(|grant| *grant != GrantType::RefreshToken);
        assert_eq!(from_default, stored);
    }

    #[test]
    fn what_cannot_be_read_is_said_at_its_field() {
        let more = OidcMore {
            access_token_seconds: "soon".into(),
            subject_type: "secret".into(),
            userinfo_alg: "none".into(),
            refresh_token_rotation: "sometimes".into(),
            ..of(&OidcConnection::default())
        };
        let refused = put(&more, &mut OidcConnection::default()).expect_err("refused");
        for field in ["access_token_seconds", "subject_type", "userinfo_alg", "refresh_token_rotation"] {
            assert!(refused.of(field).is_some(), "{field}");
        }
    }
}
