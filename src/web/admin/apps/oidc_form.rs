//! The form of an OIDC app's sign-on: stored settings to fields, and fields to settings. Does not own checking them.

use super::{oidc_more, rows, start_links};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{ClientAuth, IdTokenAlgorithm, OidcConnection},
        text::FieldErrors,
    },
    service::{client_secrets, connectors, overview::ClientSecret},
    web::{
        admin::{frame::console, saving::Compared},
        error::Failure,
        extract::{Admin, Fields},
        view::{
            admin::{
                Nav,
                apps::{
                    AppTab,
                    oidc::{OidcFields, OidcSso, Secret},
                    preview::Preview,
                },
            },
            form::Errors,
        },
        words,
    },
};
use ::oidc::GrantType;
use chrono::{DateTime, Utc};

/// Refused fields that have another name in the form.
pub const RENAMES: &[(&str, &str)] = &[
    ("claims", "attribute_name"),
    ("client_id", ""),
    ("id_token_algorithm", "id_token_alg"),
    ("userinfo_signed_response_alg", "userinfo_alg"),
    ("token_endpoint_auth_signing_alg", "assertion_alg"),
];

/// Stored settings as fields.
pub fn fields_of(oidc: &OidcConnection) -> OidcFields {
    OidcFields {
        redirect_uris: oidc.redirect_uris.join("\n"),
        post_logout_redirect_uris: oidc.post_logout_redirect_uris.join("\n"),
        initiate_login_uri: oidc.initiate_login_uri.clone(),
        sign_in_url: oidc.sign_in_url.clone(),
        start_links: start_links::text(&oidc.start_links),
        client_auth: oidc.client_auth.as_str().to_owned(),
        require_pkce: oidc.require_pkce,
        refresh_token: oidc.may_use(GrantType::RefreshToken),
        id_token_alg: oidc.id_token_algorithm.as_str().to_owned(),
        claims: rows::of(&oidc.claims),
        more: Some(oidc_more::of(oidc)),
    }
}

/// The fields as typed.
pub fn typed(fields: &Fields) -> OidcFields {
    let text = |name: &str| fields.get(name).trim().to_owned();
    OidcFields {
        redirect_uris: text("redirect_uris"),
        post_logout_redirect_uris: text("post_logout_redirect_uris"),
        initiate_login_uri: text("initiate_login_uri"),
        sign_in_url: text("sign_in_url"),
        start_links: text("start_links"),
        client_auth: text("client_auth"),
        require_pkce: fields.has("require_pkce"),
        refresh_token: fields.has("refresh_token"),
        id_token_alg: text("id_token_alg"),
        claims: rows::typed(fields),
        more: fields.has("more").then(|| oidc_more::typed(fields)),
    }
}

/// The fields beside each other, for a form that was overtaken.
pub fn compared(stored: &OidcFields, typed: &OidcFields) -> Vec<Compared> {
    let (old, new) = (stored, typed);
    let (pair, ticked) = (Compared::new, Compared::ticked);
    let mut compared = vec![
        pair("Redirect addresses", &["redirect_uris"], &old.redirect_uris, &new.redirect_uris),
        pair("Start address", &["initiate_login_uri"], &old.initiate_login_uri, &new.initiate_login_uri),
        pair("Sign-in page", &["sign_in_url"], &old.sign_in_url, &new.sign_in_url),
        pair("Start links", &["start_links"], &old.start_links, &new.start_links),
        pair(
            "Sign-out addresses",
            &["post_logout_redirect_uris"],
            &old.post_logout_redirect_uris,
            &new.post_logout_redirect_uris,
        ),
        ticked("Refresh token", &["grant_types"], old.refresh_token, new.refresh_token),
        pair("Client authentication", &["client_auth"], &old.client_auth, &new.client_auth),
        ticked("Require PKCE", &["require_pkce"], old.require_pkce, new.require_pkce),
        pair("Sign tokens with", &["id_token_algorithm"], &old.id_token_alg, &new.id_token_alg),
        pair("Custom claims", &["claims"], &rows::text(&old.claims), &rows::text(&new.claims)),
    ];
    if let (Some(old), Some(new)) = (&old.more, &new.more) {
        compared.extend(oidc_more::compared(old, new));
    }
    compared
}

/// The settings that fields stand for; what the form doesn't show stays as it is.
///
/// # Errors
/// Fields that can't be read at all. The rest is checked when the app is saved.
pub fn to_connection(fields: &OidcFields, current: &OidcConnection) -> Result<OidcConnection, FieldErrors> {
    let mut errors = FieldErrors::default();
    let client_auth = ClientAuth::parse(&fields.client_auth);
    if client_auth.is_none() {
        errors.add("client_auth", "Choose how the app proves itself");
    }
    let algorithm = IdTokenAlgorithm::parse(&fields.id_token_alg);
    if algorithm.is_none() {
        errors.add("id_token_alg", "Choose one of the algorithms");
    }
    errors.finish()?;
    let mut settings = OidcConnection {
        redirect_uris: lines(&fields.redirect_uris),
        post_logout_redirect_uris: lines(&fields.post_logout_redirect_uris),
        initiate_login_uri: fields.initiate_login_uri.clone(),
        sign_in_url: fields.sign_in_url.clone(),
        start_links: start_links::parse(&fields.start_links)?,
        client_auth: client_auth.unwrap_or_default(),
        require_pkce: fields.require_pkce,
        id_token_algorithm: algorithm.unwrap_or_default(),
        claims: rows::mappings(&fields.claims, &current.claims, "claims")?,
        ..current.clone()
    };
    settings.set_grant(GrantType::RefreshToken, fields.refresh_token);
    if let Some(more) = &fields.more {
        oidc_more::put(more, &mut settings)?;
    }
    Ok(settings)
}

/// The lines that hold something, each once.
pub fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !lines.iter().any(|known| known == line) {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// What there is to say about the secrets, without any of them.
pub async fn secret_line(ctx: &AppContext, admin: &Admin, app: &App) -> Result<Secret, Failure> {
    if app.connection.oidc().is_some_and(|oidc| !oidc.client_auth.has_secret()) {
        return Ok(Secret::None);
    }
    let now = ctx.now();
    let valid: Vec<ClientSecret> = client_secrets::of_app(ctx, &admin.caller, app)
        .await?
        .into_iter()
        .filter(|secret| secret.expires_at.is_none_or(|end| now < end))
        .collect();
    Ok(Secret::Kept(in_words(&valid, now)))
}

/// Which one, since when, and until when an older one still works: an older one has an end.
fn in_words(valid: &[ClientSecret], now: DateTime<Utc>) -> String {
    let Some(newest) = valid.iter().find(|secret| secret.expires_at.is_none()).or(valid.first()) else {
        return "There is none: make one, and give it to the app.".to_owned();
    };
    let used =
        newest.last_used_at.map_or_else(String::new, |then| format!(", last used {}", words::ago(then, now)));
    let mut line = format!("Ends in …{}, made {}{used}.", newest.hint, newest.created_at.format("%-d %B"));
    for older in valid.iter().filter(|secret| secret.id != newest.id) {
        if let Some(end) = older.expires_at {
            let end = end.format("%-d %B, %H:%M");
            line = format!("{line} The one before, …{}, works until {end} UTC.", older.hint);
        }
    }
    line
}

/// The page, without a preview.
pub async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: OidcFields,
    errors: Errors,
    secret: Secret,
) -> Result<OidcSso, Failure> {
    let Some(oidc) = app.connection.oidc() else { return Err(Failure::NotFound) };
    let mut page = admin.visit.page(ctx).editing(app.version);
    page.path = format!("/admin/apps/{}/sso", app.slug);
    Ok(OidcSso {
        page,
        console: console(ctx, admin, Nav::Apps).await?,
        frame: super::frame::of(ctx, admin, app, AppTab::SignOn).await?,
        errors,
        preview: Preview::default(),
        recipe: connectors::of(app)
            .map(|connector| super::catalogue::recipe(connector, &app.parameters, &app.parameters)),
        issuer: ctx.config.http.public_url.as_str().to_owned(),
        discovery_url: ctx.url("/.well-known/openid-configuration"),
        client_id: oidc.client_id.clone(),
        secret,
        complete: app.connection.is_complete(),
        fields,
        sources: rows::sources(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AppId, ClientSecretId};
    use chrono::TimeDelta;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn a_form_sent_back_unchanged_changes_nothing() {
        let stored = OidcConnection {
            client_id: "statsig-7c1e04".into(),
            redirect_uris: vec!["https://a.example/cb".into(), "https://b.example/cb".into()],
            client_auth: ClientAuth::ClientSecretPost,
            id_token_algorithm: IdTokenAlgorithm::EdDSA,
            ..OidcConnection::default()
        };
        assert_eq!(to_connection(&fields_of(&stored), &stored), Ok(stored));
    }

    #[test]
    fn boxes_that_are_not_ticked_are_off_and_unknown_choices_refused() {
        let fields = typed(
            &Fields::parse("client_auth=magic&id_token_alg=none&redirect_uris=a%0Aa%0A%0Ab").expect("short"),
        );
        assert!(!fields.require_pkce && !fields.refresh_token);
        assert_eq!(lines(&fields.redirect_uris), ["a", "b"]);
        let refused = to_connection(&fields, &OidcConnection::default()).expect_err("refused");
        assert!(refused.of("client_auth").is_some() && refused.of("id_token_alg").is_some());
    }

    #[test]
    fn secrets_are_described_by_their_end_only() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
        let mut rng = StdRng::seed_from_u64(1);
        let mut secret = |hint: &str, expires_at| ClientSecret {
            id: ClientSecretId::new(now, &mut rng),
            app_id: AppId::new(now, &mut StdRng::seed_from_u64(2)),
            hash: "hash".into(),
            hint: hint.into(),
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        let mut both = [secret("3ubf", None), secret("9xyz", Some(now + TimeDelta::hours(24)))];
        let line = in_words(&both, now);
        both.reverse();
        assert_eq!(in_words(&both, now), line, "the order of equal instants doesn’t matter");
        assert!(line.starts_with("Ends in …3ubf, made 21 September."), "{line}");
        assert!(line.contains("…9xyz, works until 22 September"), "{line}");
        assert!(!line.contains("hash"));
        assert!(in_words(&[], now).starts_with("There is none"));
    }
}
