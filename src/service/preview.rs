//! What would happen if a person signed on to an app now: whether they get in and why, and what the app would receive.
//! Reads only: no identifier, token or event is made. Does not own the decision (`domain::access`) or what is released
//! (`sign_on::saml`, `oidc::claims`); both are the code of the real sign-on.

use super::{
    Caller, ServiceError,
    oidc::{claims, client, contents::Authentication, subject},
    sign_on::{
        name_id,
        saml::release::{self, Making},
        service_provider,
    },
    simulator,
};
use crate::{
    context::AppContext,
    domain::{
        access::{self, Access, Route},
        app::App,
        attributes::{SignIn, Subject},
        connection::{AccessTokenFormat, Connection, OidcConnection, SamlConnection, ValueMapping},
        permission::Permission,
        user::User,
    },
    store,
};
use ::oidc::{claims::ClaimRelease, userinfo};
use ::saml::{Attribute, NameIdFormat};
use serde_json::{Map, Value};

/// The answer for one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Whether they may open the app: the decision of the sign-on.
    pub access: Access,
    /// Their routes to the app, also when something else stops them.
    pub routes: Vec<Route>,
    /// What the app would receive, were they let in.
    pub receives: Receives,
}

/// What an app receives at a sign-on.
#[derive(Debug, Clone, PartialEq)]
pub enum Receives {
    /// An assertion.
    Saml(SamlRelease),
    /// An ID token, and claims at the userinfo endpoint.
    Oidc(OidcRelease),
    /// Nothing: it is a link.
    Nothing,
}

/// The parts of an assertion that are about the person.
#[derive(Debug, Clone, PartialEq)]
pub struct SamlRelease {
    /// Where it would be posted; `None` before the app has a reply address.
    pub acs_url: Option<String>,
    /// The agreed format of the identifier; a request may ask for another one.
    pub format: NameIdFormat,
    /// The identifier.
    pub name_id: name_id::Known,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// Names of attributes that are left out, because the person has no value for them.
    pub left_out: Vec<String>,
    /// Names of attributes that this app doesn't get, each with why.
    pub withheld: Vec<(String, String)>,
    /// Whether the assertion is encrypted.
    pub encrypted: bool,
}

/// The claims about the person. An app may ask for fewer scopes than it is allowed, and then gets fewer of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OidcRelease {
    /// The ID token, without what is made anew at each sign-on (`exp`, `iat`, `auth_time`, `nonce`, `at_hash`, `acr`, `amr`, `sid`).
    pub id_token: Map<String, Value>,
    /// What the access token stands for, without that.
    pub access_token: Map<String, Value>,
    /// Whether the app can read that itself, in a JWT; else it is told at introspection.
    pub access_token_is_jwt: bool,
    /// The answer of the userinfo endpoint, with every scope that the app is allowed.
    pub userinfo: Map<String, Value>,
    /// Those scopes, as one text.
    pub scope: String,
    /// Names of custom claims that are left out, because the person has no value for them.
    pub left_out: Vec<String>,
}

impl Preview {
    /// Whether the person would arrive at the app: they may open it, and there is something to send and where to.
    pub fn arrives(&self) -> bool {
        self.access.is_allowed()
            && match &self.receives {
                Receives::Saml(saml) => {
                    saml.acs_url.is_some() && !matches!(saml.name_id, name_id::Known::Missing(_))
                }
                Receives::Oidc(_) | Receives::Nothing => true,
            }
    }
}

/// What would happen if this person signed on to this app now. The app's settings are taken as they are passed, so that
/// settings can be tried that are not saved; who may open it is read.
pub async fn of(ctx: &AppContext, caller: &Caller, app: &App, user: &User) -> Result<Preview, ServiceError> {
    caller.require(Permission::Read)?;
    let routes = store::access::routes(&mut ctx.db.read().await?, user.id, app.id).await?;
    let groups = access::group_names(&routes);
    let receives = match &*app.connection {
        Connection::Saml(saml) => Receives::Saml(assertion(ctx, app, saml, user, &groups).await?),
        Connection::Oidc(oidc) => Receives::Oidc(tokens(ctx, app, oidc, user, &groups).await?),
        Connection::Bookmark(_) => Receives::Nothing,
    };
    Ok(Preview { access: access::decide(user, app, routes.clone()), routes, receives })
}

async fn assertion(
    ctx: &AppContext,
    app: &App,
    connection: &SamlConnection,
    user: &User,
    groups: &[String],
) -> Result<SamlRelease, ServiceError> {
    let format = NameIdFormat::from(connection.name_id_format.uri());
    let known = release::groups(ctx, app.id, connection, user.id, groups).await?;
    let subject = Subject { user, app, groups: &known, sign_in: SignIn::by_password() };
    let rows = (connection.attributes.as_slice(), Making::Show);
    let release::Released { attributes, withheld, .. } =
        release::attributes(ctx, connection, subject, rows).await?;
    let provider = service_provider::without_certificates(connection);
    Ok(SamlRelease {
        acs_url: provider.default_assertion_consumer_service().map(|service| service.url.clone()),
        name_id: name_id::known(ctx, connection, subject, &format).await?,
        left_out: left_out(&connection.attributes, |name| {
            attributes.iter().any(|sent| sent.name == name) || withheld.iter().any(|(held, _)| held == name)
        }),
        withheld,
        encrypted: connection.encrypts(),
        format,
        attributes,
    })
}

async fn tokens(
    ctx: &AppContext,
    app: &App,
    connection: &OidcConnection,
    user: &User,
    groups: &[String],
) -> Result<OidcRelease, ServiceError> {
    let registered = client::of_app(app)?;
    let allowed = registered.scopes.clone();
    let subject = Subject { user, app, groups, sign_in: SignIn::by_password() };
    let (source, custom) = (claims::source(user, groups), claims::custom(subject));
    let release = ClaimRelease {
        source: &source,
        scope: &allowed,
        allowed: &allowed,
        requested: None,
        custom: &custom,
    };
    let sub = subject::of(ctx, app, user.id).await?;
    let contents = simulator::oidc::contents(ctx, &registered, &sub, &allowed, &[]);
    let signed_in = Authentication { auth_time: contents.now, acr: None, amr: &[], sid: "" };
    let mut id_token = simulator::oidc::object(&contents.id_token(&signed_in, None, None, &release))?;
    let about = (app, user, groups);
    let mut access_token = simulator::oidc::access_token(ctx, connection, &contents, &signed_in, about)?;
    for claims in [&mut id_token, &mut access_token] {
        claims.retain(|name, _| !matches!(name.as_str(), "iat" | "exp" | "jti" | "auth_time" | "sid"));
    }
    Ok(OidcRelease {
        id_token,
        access_token,
        access_token_is_jwt: connection.access_token_format == AccessTokenFormat::Jwt,
        userinfo: userinfo::response(&sub, &release),
        scope: allowed.iter().collect::<Vec<_>>().join(" "),
        left_out: left_out(&connection.claims, |name| custom.iter().any(|claim| claim.name == name)),
    })
}

/// The names that a mapping has and nothing was found for, each once.
fn left_out(mappings: &[ValueMapping], is_sent: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for mapping in mappings {
        if !is_sent(&mapping.name) && !names.contains(&mapping.name) {
            names.push(mapping.name.clone());
        }
    }
    names
}
