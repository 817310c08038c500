//! What of an OIDC app's settings decides a sign-on, check by check. Does not own the rules of the settings.

use super::Asked;
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{ClientAuth, OidcConnection, TileStart},
        user::User,
    },
    service::{
        ServiceError,
        simulator::{Check, Verdict},
    },
    store,
};
use ::oidc::{Client, GrantType, Scope, resource, scope};

/// The checks, in the order in which a sign-on meets them.
pub(super) async fn checks(
    ctx: &AppContext,
    app: &App,
    settings: &OidcConnection,
    client: &Client,
    user: &User,
    asked: &Asked,
) -> Result<Vec<Check>, ServiceError> {
    let mut checks = vec![redirect(app, settings), start(app, settings), scopes(client, asked)];
    checks.push(authentication(ctx, app, settings).await?);
    checks.push(pkce(settings));
    checks.push(refresh(app, settings, client));
    if !asked.resources.is_empty() {
        checks.push(resources(client, asked));
    }
    checks.push(consent(ctx, app, settings, user).await?);
    Ok(checks)
}

fn redirect(app: &App, settings: &OidcConnection) -> Check {
    let count = settings.redirect_uris.len();
    if !settings.may_use(GrantType::AuthorizationCode) && settings.may_use(GrantType::DeviceCode) {
        let words = "No redirect address is needed: people sign in with the code that a device shows.";
        return Check::new("redirect_uris", Verdict::Passed, words);
    }
    if !settings.may_use(GrantType::AuthorizationCode) {
        let words = format!("{} is only a service: nobody signs in to it.", app.label);
        return Check::new("redirect_uris", Verdict::Failed, words);
    }
    match count {
        0 => {
            let words = format!("{} has no redirect address: add the one that it names.", app.label);
            Check::new("redirect_uris", Verdict::Failed, words)
        }
        1 => Check::new("redirect_uris", Verdict::Passed, "The redirect address is on the list."),
        _ => {
            let words = format!("{count} redirect addresses are on the list; each counts letter for letter.");
            Check::new("redirect_uris", Verdict::Passed, words)
        }
    }
}

fn start(app: &App, settings: &OidcConnection) -> Check {
    let (verdict, words) = match app.connection.tile_start() {
        TileStart::Signed => {
            (Verdict::Passed, format!("The tile begins sign-on at {}.", settings.initiate_login_uri))
        }
        TileStart::SignInPage => {
            let words = format!(
                "The tile opens the app’s sign-in page, {}, and says that people may be asked how to sign in.",
                settings.sign_in_url
            );
            (Verdict::Passed, words)
        }
        TileStart::DeviceCode => {
            (Verdict::Passed, "The tile opens the page at which the code of a device is entered.".to_owned())
        }
        TileStart::AtTheApp => {
            let words = "The tile can’t open the app, and says that people begin there: add its start address or its sign-in page.";
            (Verdict::Warning, words.to_owned())
        }
        TileStart::Nobody => (Verdict::Passed, "There is no tile: nobody signs in to it.".to_owned()),
    };
    Check::new("start", verdict, words)
}

fn scopes(client: &Client, asked: &Asked) -> Check {
    let wanted = asked.scope.as_deref().and_then(|text| Scope::parse(text).ok());
    let wanted = wanted.unwrap_or_else(|| client.scopes.clone());
    if !wanted.contains(scope::OPENID) || !client.scopes.contains(scope::OPENID) {
        return Check::new("scope", Verdict::Failed, "Without openid this is no sign-on: ask for it too.");
    }
    let dropped: Vec<&str> = wanted.iter().filter(|name| !client.scopes.contains(name)).collect();
    if dropped.is_empty() {
        Check::new("scope", Verdict::Passed, format!("Everything asked for is allowed: {wanted}."))
    } else {
        let words = format!("Left out, because the app may not ask for it: {}.", dropped.join(" "));
        Check::new("scope", Verdict::Warning, words)
    }
}

async fn authentication(
    ctx: &AppContext,
    app: &App,
    settings: &OidcConnection,
) -> Result<Check, ServiceError> {
    let method = settings.client_auth.as_str();
    Ok(match settings.client_auth {
        ClientAuth::None => {
            Check::new("client_auth", Verdict::Passed, "The app keeps no secret; PKCE protects the code.")
        }
        ClientAuth::PrivateKeyJwt => {
            let words = "The app proves itself with its own key (private_key_jwt).";
            Check::new("client_auth", Verdict::Passed, words)
        }
        ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost => {
            let valid =
                store::client_secrets::valid_of_app(&mut ctx.db.read().await?, app.id, ctx.now()).await?;
            if valid.is_empty() {
                let words = "The app has no valid secret: make one and give it to the app.";
                Check::new("client_auth", Verdict::Failed, words)
            } else {
                let words = format!("The app proves itself with {method}; only that way is taken.");
                Check::new("client_auth", Verdict::Passed, words)
            }
        }
    })
}

fn pkce(settings: &OidcConnection) -> Check {
    if !settings.may_use(GrantType::AuthorizationCode) {
        return Check::new(
            "pkce",
            Verdict::Passed,
            "Without the authorization code there is nothing for PKCE to protect.",
        );
    }
    if settings.require_pkce || settings.is_public() {
        Check::new("pkce", Verdict::Passed, "Requests need a PKCE challenge, method S256.")
    } else {
        let words =
            "The app may ask without PKCE, because it proves itself. When it sends a challenge, it counts.";
        Check::new("pkce", Verdict::Warning, words)
    }
}

fn refresh(app: &App, settings: &OidcConnection, client: &Client) -> Check {
    let label = &app.label;
    let words = if !client.may_use(GrantType::RefreshToken) {
        format!("{label} gets no refresh token: people are sent here again when the access token ends.")
    } else if settings.rotates_refresh_tokens() {
        format!("{label} gets a refresh token with the first answer, and another one each time it uses it.")
    } else {
        format!("{label} gets a refresh token with the first answer, and keeps it until it ends.")
    };
    Check::new("refresh_token", Verdict::Passed, words)
}

fn resources(client: &Client, asked: &Asked) -> Check {
    match resource::check_requested(&asked.resources, &client.resources) {
        Ok(()) => Check::new("resource", Verdict::Passed, "The tokens may be for the resources asked for."),
        Err(error) => {
            let which = error.detail().unwrap_or_default();
            let words = format!("“{which}” is no resource of this app: add it, letter for letter.");
            Check::new("resource", Verdict::Failed, words)
        }
    }
}

async fn consent(
    ctx: &AppContext,
    app: &App,
    settings: &OidcConnection,
    user: &User,
) -> Result<Check, ServiceError> {
    if settings.first_party {
        return Ok(Check::new("consent", Verdict::Passed, "The app is first-party: people aren’t asked."));
    }
    let given = store::consents::get(&mut ctx.db.read().await?, user.id, app.id).await?;
    Ok(if let Some(consent) = given {
        let names = consent.released.in_one_line();
        let words = format!("{} allowed {} before: {names}.", user.display_name, app.label);
        Check::new("consent", Verdict::Passed, words)
    } else {
        let words = format!("{} would be asked first whether to allow {}.", user.display_name, app.label);
        Check::new("consent", Verdict::Warning, words)
    })
}
