//! Recordings, attribute sets and decryption keys by the forms of the console.

use super::{as_owner, follow};
use crate::support::{
    app::{Browser, TestApp, saml_settings, system},
    count_events,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::{
        audit::EventType,
        connection::{Connection, SamlConnection},
        recording::RecorderSettings,
        user::Role,
    },
    service::{self, decryption_keys, housekeeping, recordings},
};
use reqwest::StatusCode;

const SSO: &str = "/admin/apps/crm/sso";
const LIST: &str = "/admin/apps/crm/recordings";

/// The form as it is drawn for [`saml_settings`], without what is folded.
const FORM: &[(&str, &str)] = &[
    ("acs_urls", "https://sp.example/acs"),
    ("sp_entity_id", "https://sp.example/metadata"),
    ("name_id_source", "email"),
    ("name_id_format", "emailAddress"),
    ("sign", "both"),
    ("require_signed_requests", "auto"),
    ("groups_attribute", "memberOf"),
    ("attribute_name", "email"),
    ("attribute_kind", "source"),
    ("attribute_value", "email"),
    ("attribute_send", "on"),
];

/// A gateway at whose `crm` Maya has it, with an owner's window.
async fn gateway() -> (TestApp, Browser) {
    let (app, owner) = as_owner().await;
    let maya = app.person("maya", Role::None).await;
    let growth = app.group("Growth", &[maya.id]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    (app, owner)
}

async fn saml_of(app: &TestApp) -> SamlConnection {
    let found = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    found.connection.saml().expect("SAML").clone()
}

/// Maya opens the tile once.
async fn sign_on(app: &TestApp) {
    app.ctx.clock.advance(TimeDelta::seconds(1));
    let maya = app.browser();
    maya.sign_in("maya").await;
    assert!(maya.get("/launch/crm").await.field("SAMLResponse").is_some());
    recordings::flush(&app.ctx).await.expect("kept");
}

async fn count(app: &TestApp) -> usize {
    let crm = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    recordings::list(&app.ctx, &system(), &crm).await.expect("listed").recordings.len()
}

fn links(page: &str) -> Vec<String> {
    let start = format!("href=\"{LIST}/");
    let rest = page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next());
    rest.map(|id| format!("{LIST}/{id}")).collect()
}

#[tokio::test]
async fn a_recording_is_read_and_replayed_and_each_reading_is_told() {
    let (app, owner) = gateway().await;
    assert!(owner.get(LIST).await.text.contains("None yet."));
    sign_on(&app).await;
    let list = owner.get(LIST).await.text;
    assert!(list.contains("Maya") && list.contains("Answered"), "{list}");
    assert_eq!(count_events(&app, EventType::RecordingRead).await, 0, "the list opens nothing");
    let one = links(&list).remove(0);
    let read = owner.get(&one).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text);
    for shown in ["At the portal", "maya@fernhill.example", "&#60;saml:Assertion", "Those of now"] {
        assert!(read.text.contains(shown), "{shown}: {}", read.text);
    }
    assert_eq!(count_events(&app, EventType::RecordingRead).await, 1);
    let replayed = owner.submit(&one, &one, &[]).await;
    assert_eq!(replayed.status, StatusCode::OK, "{}", replayed.text);
    assert!(replayed.text.contains("The app would be told the same."), "{}", replayed.text);
    assert_eq!(count_events(&app, EventType::RecordingRead).await, 3, "the form's page, and the replay");
    for gone in [format!("{LIST}/01ARZ3NDEKTSV4RRFFQ69G5FAV"), format!("{LIST}/nonsense")] {
        assert_eq!(owner.get(&gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
}

#[tokio::test]
async fn unsaved_settings_are_tried_on_a_recording_and_saved_from_there() {
    let (app, owner) = gateway().await;
    let before = saml_of(&app).await;
    let plan = [
        ("attribute_name", "plan"),
        ("attribute_kind", "constant"),
        ("attribute_value", "gold"),
        ("attribute_send", "on"),
    ];
    let draft = [FORM, &plan].concat();
    let early = owner.submit(SSO, &format!("{LIST}/try"), &draft).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        early.text.contains("No sign-in is recorded yet") && early.text.contains("value=\"gold\""),
        "{}",
        early.text
    );
    sign_on(&app).await;
    sign_on(&app).await;
    let tried = owner.submit(SSO, &format!("{LIST}/try"), &draft).await;
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
    for shown in [
        "with your unsaved settings",
        "Attribute plan",
        "<code>gold</code>",
        "Attribute name",
        "The two assertions",
    ] {
        assert!(tried.text.contains(shown), "{shown}: {}", tried.text);
    }
    assert_eq!(saml_of(&app).await, before, "nothing is saved");
    let ids: Vec<String> = links(&owner.get(LIST).await.text)
        .iter()
        .filter_map(|path| path.rsplit('/').next().map(str::to_owned))
        .collect();
    assert_eq!(ids.len(), 2);
    let other = [&draft[..], &[("recording", ids[1].as_str())]].concat();
    let tried = owner.submit(SSO, &format!("{LIST}/try"), &other).await;
    assert!(tried.text.contains(&format!("<option value=\"{}\" selected", ids[1])), "{}", tried.text);
    // What can't be saved can't be tried, and is said beside its field.
    let bad = [&[("acs_urls", "javascript:alert(1)")][..], &FORM[1..]].concat();
    let refused = owner.submit(SSO, &format!("{LIST}/try"), &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("id=\"acs_urls-error\""), "{}", refused.text);
    // The page of the comparison holds the form: it saves what was tried.
    let saved = owner.submit(SSO, SSO, &draft).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    assert_eq!(saml_of(&app).await.attributes.len(), 2);
}

#[tokio::test]
async fn how_much_is_kept_is_set_by_app_and_what_is_over_goes_at_once() {
    let (app, owner) = gateway().await;
    for _ in 0..3 {
        sign_on(&app).await;
    }
    assert_eq!(count(&app).await, 3);
    let own = [("recorder", "own"), ("recorder_per_app", "2"), ("recorder_days", "3")];
    let page = follow(&owner, owner.submit(LIST, LIST, &own).await).await;
    assert!(page.text.contains("The last 2 of each outcome are kept, sealed, for 3 days."), "{}", page.text);
    assert_eq!(saml_of(&app).await.recorder, Some(RecorderSettings { per_app: 2, days: 3 }));
    assert_eq!(count(&app).await, 2, "at once");
    sign_on(&app).await;
    assert_eq!(count(&app).await, 2, "and from then on");
    app.ctx.clock.advance(TimeDelta::days(4));
    housekeeping::purge(&app.ctx).await.expect("purged");
    assert_eq!(count(&app).await, 0, "older than the app keeps them");
    let owner = app.browser();
    owner.sign_in("tomas").await;
    let page = follow(&owner, owner.submit(LIST, LIST, &[("recorder", "off")]).await).await;
    assert!(page.text.contains("None are kept."), "{}", page.text);
    sign_on(&app).await;
    assert_eq!(count(&app).await, 0);
    assert!(!owner.get(SSO).await.text.contains("Try these settings"));
    let back = follow(&owner, owner.submit(LIST, LIST, &[("recorder", "server")]).await).await;
    assert!(back.text.contains("The last 20 of each outcome"), "{}", back.text);
    for (fields, field) in [
        ([("recorder", "own"), ("recorder_per_app", "501"), ("recorder_days", "3")], "recorder_per_app"),
        ([("recorder", "own"), ("recorder_per_app", "2"), ("recorder_days", "0")], "recorder_days"),
        ([("recorder", "x"), ("recorder_per_app", "2"), ("recorder_days", "3")], "recorder"),
    ] {
        let refused = owner.submit(LIST, LIST, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", refused.text);
    }
    assert_eq!(saml_of(&app).await.recorder, None);
}

#[tokio::test]
async fn attribute_sets_are_added_changed_and_removed() {
    let (app, owner) = gateway().await;
    let (new, path) = ("/admin/apps/crm/sets/new", "/admin/apps/crm/sets/7");
    let fields = [
        ("set_index", "7"),
        ("set_name", "Payroll"),
        ("attribute_name", "plan"),
        ("attribute_kind", "constant"),
        ("attribute_value", "gold"),
        ("attribute_send", "on"),
    ];
    let page = follow(&owner, owner.submit(new, new, &fields).await).await;
    assert!(page.text.contains(path) && page.text.contains("Payroll"), "{}", page.text);
    let set = saml_of(&app).await.attribute_sets.remove(0);
    assert_eq!((set.index, set.name.as_str(), set.attributes.len()), (7, "Payroll", 1));
    let twice = owner.submit(new, new, &fields).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text.contains("id=\"set_index-error\""), "{}", twice.text);
    let nobody =
        [fields[0], fields[1], fields[2], ("attribute_kind", "source"), ("attribute_value", "nobody")];
    let broken = owner.submit(path, path, &nobody).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(broken.text.contains("There is no attribute"), "{}", broken.text);
    let moved = [("set_index", "8"), fields[1], fields[2], fields[3], fields[4], fields[5]];
    follow(&owner, owner.submit(path, path, &moved).await).await;
    assert_eq!(owner.get(path).await.status, StatusCode::NOT_FOUND);
    let page = follow(
        &owner,
        owner.submit("/admin/apps/crm/sets/8", "/admin/apps/crm/sets/8", &[("remove", "yes")]).await,
    )
    .await;
    assert!(!page.text.contains("/admin/apps/crm/sets/8"));
    assert!(saml_of(&app).await.attribute_sets.is_empty());
    // Saving the sign-on form leaves sets alone.
    follow(&owner, owner.submit(new, new, &fields).await).await;
    assert_eq!(owner.submit(SSO, SSO, FORM).await.status, StatusCode::SEE_OTHER);
    assert_eq!(saml_of(&app).await.attribute_sets.len(), 1);
}

#[tokio::test]
async fn decryption_keys_are_made_rotated_and_removed_on_the_certificate_tab() {
    const PAGE: &str = "/admin/apps/crm/certificate";
    let (app, owner) = gateway().await;
    let crm = service::apps::find(&app.ctx, &system(), "crm").await.expect("there");
    assert!(owner.get(PAGE).await.text.contains("The metadata names none"));
    let step = async |action: &str, key: &str| {
        app.ctx.clock.advance(TimeDelta::seconds(1));
        owner.submit(PAGE, PAGE, &[("action", action), ("key", key)]).await
    };
    let page = follow(&owner, step("make_decryption", "").await).await;
    assert!(
        page.text.contains("The one to use.") && page.text.contains("Make the next key"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("PRIVATE KEY"));
    for _ in 0..3 {
        follow(&owner, step("make_decryption", "").await).await;
    }
    let keys = decryption_keys::of_app(&app.ctx, &system(), &crm).await.expect("keys");
    assert_eq!(keys.len(), 4);
    let full = owner.get(PAGE).await.text;
    assert!(
        !full.contains("make_decryption") && full.contains("Still read."),
        "as many as there may be: {full}"
    );
    assert_eq!(step("make_decryption", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let oldest = keys.last().expect("four").id.to_string();
    let page = follow(&owner, step("remove_decryption", &oldest).await).await;
    assert!(!page.text.contains(&oldest), "{}", page.text);
    assert_eq!(step("remove_decryption", &oldest).await.status, StatusCode::NOT_FOUND, "it is gone");
    assert_eq!(step("remove_decryption", "x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(count_events(&app, EventType::DecryptionKeyCreate).await, 4);
    assert_eq!(count_events(&app, EventType::DecryptionKeyDelete).await, 1);
}
