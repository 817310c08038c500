//! Metadata of many apps in one document, uploaded or pasted: one of them is chosen.

use super::{as_owner, sp_metadata, upload};
use crate::support::app::{Page, TestApp, saml_settings, system};
use gatehouse::{
    domain::connection::{Connection, SamlConnection},
    service::{
        self,
        organisation::{self, ApplyOptions},
    },
};
use reqwest::StatusCode;
use serde_json::{Value, json};

const NEW: &str = "/admin/apps/new/custom-saml";
const SSO: &str = "/admin/apps/crm/sso";
const REVIEW: &str = "/admin/apps/crm/sso/metadata";

/// Apps `sp0`, `sp1` and so on, in one document.
fn aggregate(count: usize) -> String {
    let one =
        |n: usize| sp_metadata(&format!("https://sp{n}.example/saml"), &format!("https://sp{n}.example/acs"));
    let all: String = (0..count).map(one).collect();
    format!("<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">{all}</EntitiesDescriptor>")
}

async fn saml_of(app: &TestApp, slug: &str) -> SamlConnection {
    let found = service::apps::find(&app.ctx, &system(), slug).await.expect("there");
    found.connection.saml().expect("SAML").clone()
}

/// The text of the area for pasted metadata.
fn kept(page: &Page) -> String {
    let area = page.text.split("name=\"metadata_xml\"").nth(1).expect("an area");
    let text = area.split_once('>').expect("its tag").1.split("</textarea>").next().expect("its end");
    crate::support::app::unescape(text.trim_start_matches('\n'))
}

#[tokio::test]
async fn a_new_app_is_chosen_out_of_an_uploaded_aggregate() {
    let (app, owner) = as_owner().await;
    let xml = aggregate(3);
    let asked = upload(&owner, NEW, NEW, &[("label", "HR"), ("metadata_file", &xml)]).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(asked.text.contains("The document holds several apps."), "{}", asked.text);
    for n in 0..3 {
        assert!(
            asked.text.contains(&format!("<option value=\"https://sp{n}.example/saml\"")),
            "{}",
            asked.text
        );
    }
    assert_eq!(asked.field("label").as_deref(), Some("HR"));
    let kept = kept(&asked);
    assert_eq!(kept, xml, "the file is not asked for again");
    let wrong = [("label", "HR"), ("metadata_xml", &kept), ("sp_entity_id", "https://sp9.example/saml")];
    let refused = upload(&owner, NEW, NEW, &wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("doesn’t hold “https://sp9.example/saml”"), "{}", refused.text);
    let right = [("label", "HR"), ("metadata_xml", &kept), ("sp_entity_id", "https://sp1.example/saml")];
    let added = upload(&owner, NEW, NEW, &right).await;
    assert_eq!(added.location(), "/admin/apps/hr/sso", "{}", added.text);
    let saved = saml_of(&app, "hr").await;
    assert_eq!(
        (saved.sp_entity_id.as_str(), saved.acs_urls[0].url.as_str()),
        ("https://sp1.example/saml", "https://sp1.example/acs")
    );
    // At once, for somebody who knows.
    let at_once = [("label", "IT"), ("metadata_file", &xml), ("sp_entity_id", "https://sp2.example/saml")];
    let added = upload(&owner, NEW, NEW, &at_once).await;
    assert_eq!(added.location(), "/admin/apps/it/sso", "{}", added.text);
}

#[tokio::test]
async fn many_are_searched_and_what_was_typed_is_kept() {
    let (_app, owner) = as_owner().await;
    let fields =
        [("label", "HR"), ("metadata_xml", &*aggregate(60)), ("sp_entity_id", "https://other.example/saml")];
    let asked = upload(&owner, NEW, NEW, &fields).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(asked.field("sp_entity_id").as_deref(), Some("https://other.example/saml"));
    assert!(asked.text.contains("60 apps are in the document"), "{}", asked.text);
    assert!(asked.text.contains("<datalist id=\"entities\"><option value=\"https://sp0.example/saml\""));
}

#[tokio::test]
async fn another_entity_id_than_the_one_of_the_document_is_refused() {
    let (_app, owner) = as_owner().await;
    let xml = sp_metadata("https://sp.example/saml", "https://sp.example/acs");
    let fields = [("label", "HR"), ("metadata_xml", &*xml), ("sp_entity_id", "https://hr.example/saml")];
    let refused = upload(&owner, NEW, NEW, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("The document is of “https://sp.example/saml”."), "{}", refused.text);
    let same = [("label", "HR"), ("metadata_xml", &*xml), ("sp_entity_id", "https://sp.example/saml")];
    assert_eq!(upload(&owner, NEW, NEW, &same).await.location(), "/admin/apps/hr/sso", "the valid twin");
}

#[tokio::test]
async fn an_app_that_is_there_is_filled_in_from_one_of_an_aggregate() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let xml = aggregate(3);
    let asked = upload(&owner, SSO, REVIEW, &[("metadata_file", &xml)]).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(asked.text.contains("doesn’t hold “https://sp.example/metadata”"), "{}", asked.text);
    assert!(asked.text.contains("name=\"metadata_entity_id\""), "{}", asked.text);
    let kept = kept(&asked);
    let chosen = [("metadata_xml", kept.as_str()), ("metadata_entity_id", "https://sp1.example/saml")];
    let review = upload(&owner, SSO, REVIEW, &chosen).await;
    assert_eq!(review.status, StatusCode::OK, "{}", review.text);
    assert!(review.text.contains("https://sp1.example/acs") && review.text.contains("another entity ID"));
    let (kept, id) = (review.field("metadata_xml"), review.field("metadata_entity_id"));
    let confirmed = [
        ("metadata_xml", kept.as_deref().expect("sent back")),
        ("metadata_entity_id", id.as_deref().expect("sent back")),
        ("confirm", "yes"),
    ];
    let saved = upload(&owner, SSO, REVIEW, &confirmed).await;
    assert_eq!(saved.location(), SSO, "{}", saved.text);
    assert_eq!(saml_of(&app, "crm").await.sp_entity_id, "https://sp1.example/saml");
    // Now the stored one is in it, and nothing is asked.
    let again = upload(&owner, SSO, REVIEW, &[("metadata_file", &xml)]).await;
    assert!(again.text.contains("Nothing would change."), "{}", again.text);
}

#[tokio::test]
async fn the_file_picks_one_of_an_aggregate_by_its_entity_id() {
    let app = TestApp::new().await;
    let apply = async |saml: Value| {
        let file = json!({ "apps": [{ "slug": "hr", "connector": "custom-saml", "saml": saml }] });
        let document = organisation::document(file).expect("a document");
        let applied = organisation::apply(&app.ctx, &system(), &document, ApplyOptions::default()).await;
        applied.map(|applied| applied.changes.len()).map_err(|error| error.to_string())
    };
    let refused = apply(json!({ "sp_metadata": aggregate(3) })).await.expect_err("which?");
    assert!(refused.contains("apps[0].saml.sp_entity_id") && refused.contains("sp2.example"), "{refused}");
    let named = json!({ "sp_metadata": aggregate(3), "sp_entity_id": "https://sp2.example/saml" });
    assert_eq!(apply(named.clone()).await, Ok(1));
    assert_eq!(apply(named).await, Ok(0));
    assert_eq!(saml_of(&app, "hr").await.acs_urls[0].url, "https://sp2.example/acs");
    // Of a document about one app the fields beside it win, as ever.
    let over = json!({
        "sp_metadata": sp_metadata("https://sp.example/saml", "https://sp.example/acs"),
        "sp_entity_id": "https://hr.example/saml",
    });
    assert_eq!(apply(over).await, Ok(1));
    let saved = saml_of(&app, "hr").await;
    assert_eq!(
        (saved.sp_entity_id.as_str(), saved.acs_urls[0].url.as_str()),
        ("https://hr.example/saml", "https://sp.example/acs")
    );
}
