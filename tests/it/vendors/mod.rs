//! The recipes of the catalogue against doubles of their vendors: added in the console over HTTP, then signed on to.
//!
//! A double knows what its vendor documents and nothing of the gateway; responses are proven with samael.

mod amplitude;
mod heap;
mod mixpanel;
mod sp;
mod statsig;

use crate::support::{
    app::{Browser, Page, TestApp},
    database::Kind,
};
use gatehouse::{clock::Clock, domain::user::Role};
use reqwest::StatusCode;

/// A gateway with the time of day, for samael reads it too; its owner's browser, and Maya, who has an account.
pub struct Console {
    pub app: TestApp,
    pub owner: Browser,
    pub group: String,
}

impl Console {
    pub async fn new() -> Self {
        let app = TestApp::with_clock(Kind::Sqlite, Clock::System).await;
        app.person("tomas", Role::Owner).await;
        let maya = app.person("maya", Role::None).await;
        let group = app.group("Growth", &[maya.id]).await.id.to_string();
        let owner = app.browser();
        owner.sign_in("tomas").await;
        Self { app, owner, group }
    }

    /// Adds an app of the catalogue by its form, and opens it to Growth. Answers its sign-on tab.
    pub async fn add(&self, connector: &str, parameter: (&str, &str)) -> Page {
        let new = format!("/admin/apps/new/{connector}");
        let card = self.owner.get(&format!("/admin/apps/new?q={connector}")).await;
        assert!(card.text.contains(&format!("href=\"{new}\"")), "it is offered: {}", card.text);
        let form = self.owner.get(&new).await;
        let label = form.field("label").expect("a name is suggested");
        let fields = [("label", label.as_str()), ("show_in_portal", "on"), parameter];
        let added = self.owner.submit(&new, &new, &fields).await;
        assert_eq!(added.location(), format!("/admin/apps/{connector}/sso"), "{}", added.text);
        let access = format!("/admin/apps/{connector}/access");
        let fields = [("action", "add_group"), ("group", self.group.as_str())];
        assert_eq!(self.owner.submit(&access, &access, &fields).await.status, StatusCode::SEE_OTHER);
        let state = format!("/admin/apps/{connector}/state");
        assert_eq!(
            self.owner.submit(&access, &state, &[("state", "live")]).await.status,
            StatusCode::SEE_OTHER
        );
        self.owner.get(&format!("/admin/apps/{connector}/sso")).await
    }

    /// A parameter that is wrong is refused beside its field, and what was typed is kept.
    pub async fn refuses(&self, connector: &str, parameter: (&str, &str), sentence: &str) {
        let new = format!("/admin/apps/new/{connector}");
        let refused = self.owner.submit(&new, &new, &[("label", "App"), parameter]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(sentence), "{sentence}: {}", refused.text);
        assert!(refused.text.contains(&format!("id=\"{}-error\"", parameter.0)), "beside its field");
        assert_eq!(refused.field(parameter.0).unwrap_or_default(), parameter.1, "typed text is kept");
        assert_eq!(
            self.owner.get(&format!("/admin/apps/{connector}/sso")).await.status,
            StatusCode::NOT_FOUND
        );
    }

    /// Sends the sign-on tab's form back with some fields changed.
    pub async fn change(&self, connector: &str, changes: &[(&str, &str)]) {
        let sso = format!("/admin/apps/{connector}/sso");
        let page = self.owner.get(&sso).await;
        let mut fields = form_fields(&page);
        for (name, value) in changes {
            let (name, number) = name.split_once('#').unwrap_or((name, "0"));
            let number: usize = number.parse().expect("a row");
            let field = fields.iter_mut().filter(|(other, _)| other == name).nth(number);
            let (_, present) = field.unwrap_or_else(|| panic!("no field {name}"));
            (*value).clone_into(present);
        }
        let pairs: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let saved = self.owner.post(&sso, &pairs).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    }

    /// The certificate as the download has it.
    pub async fn certificate(&self, connector: &str) -> String {
        self.owner.get(&format!("/saml2/{connector}/certificate.pem")).await.text
    }

    /// Maya, signed in at the gateway.
    pub async fn maya(&self) -> Browser {
        let browser = self.app.browser();
        browser.sign_in("maya").await;
        browser
    }

    /// Follows a vendor's redirect to the gateway, signs in there, and answers the page that posts the response.
    pub async fn sign_on(&self, request: &str) -> Page {
        let browser = self.app.browser();
        let asked = browser.get(request).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
        let after = browser.sign_in_from(asked.location(), "maya", crate::support::app::PASSWORD).await;
        browser.leave(&after).await
    }
}

/// The fields of the page's main form as a browser would send them back.
fn form_fields(page: &Page) -> Vec<(String, String)> {
    let start = page.text.find("/sso\">").expect("the form");
    let text = &page.text[start..];
    let form = &text[..text.find("</form>").expect("its end")];
    let attribute = |tag: &str, name: &str| {
        let after = tag.split(&format!(" {name}=\"")).nth(1)?;
        after.split('"').next().map(crate::support::app::unescape)
    };
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut select = None;
    for tag in form.split('<').skip(1) {
        if tag.starts_with("input") {
            let is_off = tag.contains("type=\"checkbox\"") && !tag.contains(" checked");
            if let Some(name) = attribute(tag, "name").filter(|_| !is_off) {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        } else if tag.starts_with("textarea") {
            let text = tag.split_once('>').map(|(_, text)| text.trim_start_matches('\n')).unwrap_or_default();
            let name = attribute(tag, "name").expect("a named field");
            fields.push((name, crate::support::app::unescape(text)));
        } else if tag.starts_with("select") {
            select = attribute(tag, "name");
        } else if tag.starts_with("option") && tag.contains(" selected>") {
            let name = select.clone().expect("inside a select");
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        }
    }
    fields
}
