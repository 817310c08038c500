//! What SAML, OpenID Connect and tiles have in common: what is confirmed when it counts, and what strangers can use up.

mod confirmed;
mod strangers;

use crate::support::app::{Browser, Page, TestApp, bookmark, oidc_settings, saml_settings, system};
use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse::{
    domain::{
        app::App,
        audit::{AuditEvent, EventType},
        connection::Connection,
        group::Group,
        user::{Role, User},
    },
    service,
    store::{audit::AuditFilter, page::PageRequest},
};

/// Where a sign-on can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Saml,
    Oidc,
    SamlTile,
    BookmarkTile,
}

impl Way {
    /// The slug of its app.
    fn slug(self) -> &'static str {
        match self {
            Self::Saml | Self::SamlTile => "crm",
            Self::Oidc => "metrics",
            Self::BookmarkTile => "wiki",
        }
    }

    /// Asks for the sign-on.
    async fn ask(self, app: &TestApp, browser: &Browser) -> Page {
        match self {
            Self::Saml => {
                let xml = authn_request(app, "_r1");
                browser.post("/saml2/crm", &[("SAMLRequest", &STANDARD.encode(xml))]).await
            }
            Self::Oidc => browser.get(AUTHORIZE).await,
            Self::SamlTile | Self::BookmarkTile => browser.get(&format!("/launch/{}", self.slug())).await,
        }
    }

    /// Whether the page lets somebody in.
    fn issues(self, page: &Page) -> bool {
        match self {
            Self::Saml | Self::SamlTile => page.field("SAMLResponse").is_some(),
            Self::Oidc => page.location().starts_with("https://rp.example/callback?code="),
            Self::BookmarkTile => page.location() == "https://wiki.example/start",
        }
    }
}

const AUTHORIZE: &str = "/oauth2/authorize?client_id=metrics&redirect_uri=https%3A%2F%2Frp.example%2Fcallback\
    &response_type=code&scope=openid&state=s1&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
    &code_challenge_method=S256";

/// A request of `crm`.
fn authn_request(app: &TestApp, id: &str) -> String {
    let instant = app.ctx.now().format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{instant}\"><saml:Issuer>{}</saml:Issuer></samlp:AuthnRequest>",
        saml_settings().sp_entity_id,
    )
}

/// Maya, her group, and the apps it has: one for each protocol.
struct House {
    maya: User,
    group: Group,
    apps: Vec<App>,
}

impl House {
    async fn fill(app: &TestApp) -> Self {
        app.person("tomas", Role::Owner).await;
        let maya = app.person("maya", Role::None).await;
        let group = app.group("Growth", &[maya.id]).await;
        let mut apps = Vec::new();
        for (slug, connection) in [
            ("crm", Connection::Saml(Box::new(saml_settings()))),
            ("metrics", Connection::Oidc(Box::new(oidc_settings()))),
            ("wiki", bookmark("https://wiki.example/start")),
        ] {
            apps.push(app.app(slug, connection, &group).await.0);
        }
        Self { maya, group, apps }
    }

    fn app_of(&self, way: Way) -> &App {
        self.apps.iter().find(|app| app.slug == way.slug()).expect("filled")
    }
}

/// The events of this kind, newest first.
async fn events(app: &TestApp, event_type: EventType, success: bool) -> Vec<AuditEvent> {
    let filter =
        AuditFilter { event_type: Some(event_type), success: Some(success), ..AuditFilter::default() };
    service::audit::list(&app.ctx, &system(), &filter, PageRequest::default()).await.expect("events").items
}
