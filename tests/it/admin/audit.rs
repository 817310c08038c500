//! From the reference a person reads out to the event, its cause and its fix.

use super::as_owner;
use crate::support::app::{saml_settings, unescape};
use gatehouse::domain::{connection::Connection, user::Role};

#[tokio::test]
async fn a_reference_leads_to_the_cause_and_the_fix() {
    let (app, owner) = as_owner().await;
    app.person("omar", Role::None).await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let omar = app.browser();
    omar.sign_in("omar").await;
    let denied = omar.get("/launch/crm").await.text;
    let reference = reference_in(&denied).expect("a reference");
    for typed in [reference.to_owned(), reference.to_lowercase().replace('-', "")] {
        let page = unescape(&owner.get(&format!("/admin/audit/{typed}")).await.text);
        for shown in ["App access denied", "isn’t in a group that has CRM", "How to fix it", reference] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        assert!(page.contains("/admin/apps/crm/access?check=omar"), "the button leads to the place");
        assert!(page.contains("\"event_type\": \"sso_auth\""), "as it is stored");
    }
    let found = owner.get(&format!("/admin/audit?q={reference}")).await.text;
    assert!(found.contains("App access denied") && found.contains("1 event"), "{found}");
    let activity = owner.get("/admin/apps/crm/activity").await.text;
    assert!(activity.contains("App access denied") && activity.contains("Access given"), "{activity}");
    let failed = owner.get("/admin/audit?outcome=failed").await.text;
    assert!(failed.contains("App access denied") && !failed.contains("Access given"));
    let ok = owner.get("/admin/audit?outcome=ok&type=association_change&app=crm").await.text;
    assert!(ok.contains("Access given") && !ok.contains("App access denied"));
}

/// The first word of a page that is shaped like `7KQ2-M4XA`, after the word that announces it.
fn reference_in(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("Reference")?;
    after.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').find(|word| {
        word.len() == 9 && word.as_bytes()[4] == b'-' && !word.contains(|c: char| c.is_ascii_lowercase())
    })
}

#[tokio::test]
async fn changes_are_told_in_words_on_the_first_page() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    owner.submit("/admin/groups/new", "/admin/apps/crm/state", &[("state", "paused")]).await;
    let home = unescape(&owner.get("/admin").await.text);
    for shown in ["Maya Okafor paused CRM.", "Finish setting up", "Add a second owner", "Sign-ins today"] {
        assert!(home.contains(shown), "{shown}: {home}");
    }
}
