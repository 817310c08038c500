//! Entity attributes that an app's metadata announces: which rows they release, and when they count. Does not own keys for
//! encryption (`announced`).

use super::{
    announced::{crm, issued, proposed, save},
    fill, gateway,
    metadata_source::{descriptor, known, refresh, saml, settings as fetched, source},
    settings::values,
};
use crate::support::{
    app::{TestApp, saml_settings, system},
    metadata::{MetadataServer, Pair},
};
use gatehouse::{
    domain::{
        audit::EventType,
        connection::{EntityAttribute, MetadataSource, SamlConnection, ValueMapping, ValueSource},
    },
    service::{
        self,
        organisation::{self, ApplyOptions, Notation},
        overview::{AuditFilter, PageRequest},
        simulator::{self, Verdict},
        sp_metadata::{self, Refreshed},
    },
};
use reqwest::StatusCode;

/// The name of categories.
pub(super) const CATEGORY: &str = "http://macedir.org/entity-category";
/// One category.
pub(super) const R_AND_S: &str = "http://refeds.org/category/research-and-scholarship";

/// The same metadata, saying this of the entity.
fn saying(values: &[&str]) -> String {
    descriptor().holding("", &extensions(values)).xml()
}

/// It alone, in canonical form.
fn extensions(values: &[&str]) -> String {
    let one = |value: &&str| format!("<saml:AttributeValue>{value}</saml:AttributeValue>");
    let values = values.iter().map(one).collect::<Vec<_>>().concat();
    format!(
        "<md:Extensions><mdattr:EntityAttributes xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\">\
         <saml:Attribute xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Name=\"{CATEGORY}\" \
         NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">{values}</saml:Attribute>\
         </mdattr:EntityAttributes></md:Extensions>"
    )
}

/// `email` for research alone, `name` for everybody.
fn conditional() -> SamlConnection {
    let row = |name: &str, from: &str| ValueMapping::new(name, ValueSource::Source(from.into()));
    let only_for =
        vec![EntityAttribute::new(CATEGORY, R_AND_S), EntityAttribute::new("urn:example:assurance", "high")];
    SamlConnection {
        attributes: vec![ValueMapping { only_for, ..row("email", "email") }, row("name", "display_name")],
        ..saml_settings()
    }
}

#[tokio::test]
async fn iip_idp03_a_row_is_released_to_apps_of_which_the_metadata_says_so() {
    let (app, maya, _) = gateway(conditional()).await;
    for (number, (said, released)) in
        [(&[][..], false), (&["other"], false), (&[R_AND_S], true), (&["other", R_AND_S], true)]
            .into_iter()
            .enumerate()
    {
        let xml = if said.is_empty() { descriptor().xml() } else { saying(said) };
        save(&app, proposed(&app, &conditional(), &xml).connection).await;
        let xml = issued(&app, &format!("_r{number}")).await;
        assert_eq!(values(&xml, "email").len(), usize::from(released), "{said:?}: {xml}");
        assert_eq!(values(&xml, "name").len(), 1, "the others go out as ever");
        let simulated =
            simulator::simulate(&app.ctx, &system(), &crm(&app).await, &maya, None).await.expect("answered");
        let check = simulated.checks.iter().find(|check| check.name == "attribute_withheld");
        assert_eq!(check.is_none(), released, "{:?}", simulated.checks);
        if let Some(check) = check {
            assert_eq!(check.verdict, Verdict::Warning);
            assert!(
                check.words.contains("“email” is withheld") && check.words.contains("REFEDS Research"),
                "{check:?}"
            );
        }
    }
    let filter = AuditFilter { event_type: Some(EventType::SsoAuth), ..AuditFilter::default() };
    let events =
        service::audit::list(&app.ctx, &system(), &filter, PageRequest::first(10)).await.expect("events");
    let told = |event| serde_json::to_string(event).expect("JSON").contains("withheld.email");
    let withheld: Vec<bool> = events.items.iter().map(told).collect();
    assert_eq!(
        (withheld.len(), withheld.iter().filter(|told| **told).count()),
        (4, 2),
        "an admin sees why it is missing"
    );
}

#[tokio::test]
async fn iip_idp03_what_is_fetched_releases_more_only_once_it_is_approved() {
    let app = TestApp::new().await;
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    let settings =
        SamlConnection { metadata_source: Some(source(&format!("{}/sp", server.url))), ..conditional() };
    fill(&app, settings).await;
    assert_eq!(refresh(&app).await, Refreshed::Same);
    server.put("/sp", saying(&["other", R_AND_S]));
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    assert!(values(&issued(&app, "_r1").await, "email").is_empty());
    let shown = crm(&app).await;
    let pending =
        sp_metadata::pending(&app.ctx, &shown, &known(&app).await).await.expect("read").expect("waits");
    let row = pending
        .rows
        .iter()
        .find(|row| row.field == "Entity attributes that release more")
        .expect("it is said");
    assert_eq!(row.from_metadata, "REFEDS Research and Scholarship");
    assert_eq!(pending.fields(), "Entity attributes that release more, Unsigned entity attributes");
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &pending.digest)
        .await
        .expect("approved");
    assert_eq!(values(&issued(&app, "_r2").await, "email"), ["maya@fernhill.example"]);
    // What is no longer said is withheld at once.
    server.put("/sp", saying(&["other"]));
    assert_eq!(refresh(&app).await, Refreshed::Applied);
    assert!(values(&issued(&app, "_r3").await, "email").is_empty());
}

/// The category first, the row that waits for it afterwards: what is released then, and how the refresh went.
async fn category_first(app: &TestApp, server: &MetadataServer, said: String) -> (Refreshed, usize) {
    assert_eq!(refresh(app).await, Refreshed::Same);
    server.put("/sp", said);
    let outcome = refresh(app).await;
    let rows = conditional().attributes;
    save(app, SamlConnection { attributes: rows, ..saml(app).await }).await;
    let xml = issued(app, "_r1").await;
    assert_eq!(values(&xml, "name").len(), 1, "the others go out as ever");
    (outcome, values(&xml, "email").len())
}

#[tokio::test]
async fn iip_idp03_what_is_claimed_unsigned_releases_no_row_that_comes_later() {
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    let (app, ..) = gateway(fetched(source(&format!("{}/sp", server.url)))).await;
    let (outcome, released) = category_first(&app, &server, saying(&[R_AND_S])).await;
    assert_eq!((outcome, released), (Refreshed::Waits, 0));
    let shown = crm(&app).await;
    // The row that came meanwhile makes more of it: it is shown so, and what was shown before is not approved.
    let stale = known(&app).await.progress.waiting.expect("waits").digest;
    let refused = sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &stale).await;
    assert!(matches!(refused, Err(service::ServiceError::Stale)), "{refused:?}");
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    assert!(values(&issued(&app, "_r2").await, "email").is_empty());
    let shown = crm(&app).await;
    let pending =
        sp_metadata::pending(&app.ctx, &shown, &known(&app).await).await.expect("read").expect("waits");
    assert_eq!(pending.fields(), "Entity attributes that release more");
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &pending.digest)
        .await
        .expect("approved");
    assert_eq!(values(&issued(&app, "_r3").await, "email"), ["maya@fernhill.example"]);
}

#[tokio::test]
async fn iip_idp03_what_a_source_signs_is_on_file_for_rows_that_come_later() {
    let (pair, server) = (Pair::new(), MetadataServer::start().await);
    let signed = MetadataSource {
        certificates: vec![pair.certificate.clone()],
        ..source(&format!("{}/sp", server.url))
    };
    server.put("/sp", descriptor().signed(&pair));
    let (app, ..) = gateway(fetched(signed)).await;
    let said = descriptor().holding("", &extensions(&[R_AND_S])).signed(&pair);
    let (outcome, released) = category_first(&app, &server, said).await;
    assert_eq!((outcome, released), (Refreshed::Applied, 1));
}

#[tokio::test]
async fn iip_idp03_the_first_unsigned_document_does_not_settle_what_the_app_is() {
    let server = MetadataServer::start().await;
    server.put("/sp", saying(&[R_AND_S]));
    let blank = SamlConnection {
        sp_entity_id: saml_settings().sp_entity_id,
        metadata_source: Some(source(&format!("{}/sp", server.url))),
        ..SamlConnection::default()
    };
    let (app, ..) = gateway(blank).await;
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    let saved = saml(&app).await;
    assert_eq!((saved.acs_urls.len(), saved.entity_attributes.len()), (1, 0), "addresses are there");
    assert_eq!(known(&app).await.progress.waiting.map(|waiting| waiting.since), Some(app.ctx.now()));
    let shown = crm(&app).await;
    let digest = known(&app).await.progress.waiting.expect("waits").digest;
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &digest).await.expect("approved");
    assert_eq!(saml(&app).await.entity_attributes, [EntityAttribute::new(CATEGORY, R_AND_S)]);
}

/// What the metadata of `crm` taught: a category, and which app it is.
async fn learnt() -> TestApp {
    let (app, ..) = gateway(conditional()).await;
    let proposal = proposed(&app, &conditional(), &saying(&[R_AND_S]));
    save(&app, proposal.connection).await;
    assert_eq!(values(&issued(&app, "_r1").await, "email").len(), 1, "the valid twin");
    app
}

/// IIP-IDP03: what was said of one entity says nothing about another, whichever way the entity ID changes: by other parameters of
/// the catalogue, in the console and in a file.
#[tokio::test]
async fn iip_idp03_other_parameters_of_the_catalogue_forget_what_was_said_of_the_old_entity() {
    const REFILL: &str = "/admin/apps/crm/sso/parameters";
    let made = |id: &str| format!("https://amplitude.com/saml/2/metadata/{id}");
    let app = learnt().await;
    let apply = async |parameter: &str| {
        let yaml = format!(
            "apps: [{{ slug: crm, connector: amplitude, parameters: {{ org_id: \"{parameter}\" }} }}]"
        );
        applied(&app, &yaml).await;
        saml(&app).await
    };
    let refill = async |parameter: &str| {
        let owner = app.browser();
        owner.sign_in("tomas").await;
        let done = owner.submit("/admin/apps/crm/sso", REFILL, &[("parameters.org_id", parameter)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        saml(&app).await
    };
    let teach = async || {
        let said = vec![EntityAttribute::new(CATEGORY, R_AND_S)];
        save(&app, SamlConnection { entity_attributes: said, ..saml(&app).await }).await;
    };
    assert_eq!(apply("1").await.sp_entity_id, made("1"), "of the catalogue from now on");
    for (way, from, to) in [("a file", "1", "2"), ("the console", "2", "3")] {
        let fill = async |id: &str| if way == "a file" { apply(id).await } else { refill(id).await };
        teach().await;
        let same = fill(from).await;
        assert_eq!((same.sp_entity_id, same.entity_attributes.len()), (made(from), 1), "{way}: the same one");
        let other = fill(to).await;
        assert_eq!((other.sp_entity_id, other.entity_attributes.len()), (made(to), 0), "{way}: another one");
    }
    // An entity ID that an admin wrote instead stays, and what was said of it.
    let own = "https://sp.example/metadata";
    save(&app, SamlConnection { sp_entity_id: own.into(), ..saml(&app).await }).await;
    teach().await;
    let kept = refill("4").await;
    assert_eq!((kept.sp_entity_id.as_str(), kept.entity_attributes.len()), (own, 1));
}

/// The same for a file that names another entity beside the address that its metadata came from.
#[tokio::test]
async fn iip_idp03_a_file_with_another_entity_forgets_what_was_said_of_the_old_one() {
    let server = MetadataServer::start().await;
    server.put("/sp", saying(&[R_AND_S]));
    let url = format!("{}/sp", server.url);
    let settings = SamlConnection {
        metadata_source: Some(source(&url)),
        entity_attributes: vec![EntityAttribute::new(CATEGORY, R_AND_S)],
        ..conditional()
    };
    let (app, ..) = gateway(settings).await;
    let apply = async |block: &str| {
        let yaml = format!("apps: [{{ slug: crm, saml: {{ sp_metadata_url: \"{url}\"{block} }} }}]");
        applied(&app, &yaml).await;
        let saved = saml(&app).await;
        (saved.sp_entity_id, saved.acs_urls.len(), saved.entity_attributes.len())
    };
    let own = saml_settings().sp_entity_id;
    assert_eq!(apply("").await, (own.clone(), 1, 1), "it says nothing of the entity");
    assert_eq!(apply(&format!(", sp_entity_id: \"{own}\"")).await, (own, 1, 1), "the same one");
    let other = "https://other.example/metadata".to_owned();
    let block = format!(", sp_entity_id: \"{other}\"");
    assert_eq!(apply(&block).await, (other.clone(), 1, 0), "another one; the rest of the source stays");
    let said = format!("{block}, entity_attributes: [{{ name: \"{CATEGORY}\", value: \"{R_AND_S}\" }}]");
    assert_eq!(apply(&said).await, (other, 1, 1), "what the file itself says of it counts");
}

async fn applied(app: &TestApp, yaml: &str) {
    let value = organisation::value(yaml.as_bytes(), Notation::Yaml).expect("a value");
    let document = organisation::document(value).expect("a document");
    organisation::apply(&app.ctx, &system(), &document, ApplyOptions::default()).await.expect("applied");
}
