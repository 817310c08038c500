//! What attributes are made from: names in expressions, how somebody signed in, blank values. Does not own the simulator's other
//! answers (`simulator`).

use super::{gateway, post, request, response, settings::values};
use crate::support::app::{TestApp, saml_settings, system};
use gatehouse::{
    domain::{
        app::{App, AppDraft},
        connection::{Connection, SamlConnection, ValueMapping, ValueSource},
        user::{CustomValue, User, UserDraft},
    },
    service::{ServiceError, apps, users},
};

const CLASS: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

fn row(name: &str, text: &str) -> ValueMapping {
    ValueMapping::new(name, ValueSource::Expression(text.into()))
}

fn source(name: &str, from: &str) -> ValueMapping {
    ValueMapping::new(name, ValueSource::Source(from.into()))
}

/// What Maya's browser posts when `crm` asks.
async fn issued(app: &TestApp) -> String {
    let browser = app.browser();
    browser.sign_in("maya").await;
    response(&post(&browser, &request(app, "_r1", "", ""), None).await)
}

async fn save(app: &TestApp, before: App, settings: SamlConnection) -> Result<App, ServiceError> {
    let draft = AppDraft { connection: Connection::Saml(Box::new(settings)), ..AppDraft::of(&before) };
    let version = before.version;
    apps::update(&app.ctx, &system(), before, version, draft).await
}

async fn profile(app: &TestApp, maya: User, attribute: &str, value: &str) {
    let mut draft = UserDraft::of(&maya);
    draft.profile.insert(attribute.into(), value.into());
    draft.custom.insert("costTeam".into(), CustomValue::Text("blue".into()));
    users::update(&app.ctx, &system(), maya.id, maya.version, draft).await.expect("changed");
}

#[tokio::test]
async fn expressions_take_the_names_of_the_organisation_file() {
    let settings = SamlConnection {
        name_id_expression: "user.last_name & '.' & user.first_name".into(),
        attributes: vec![
            row("full", "user.first_name & \" \" & user.last_name"),
            row("shown", "user.display_name"),
            row("team", "user.attributes.costTeam"),
        ],
        ..saml_settings()
    };
    let (app, maya, _) = gateway(settings).await;
    profile(&app, maya, "department", "Growth").await;
    let xml = issued(&app).await;
    assert_eq!(values(&xml, "full"), ["Maya Okafor"]);
    assert_eq!(values(&xml, "shown"), ["Maya Okafor"]);
    assert_eq!(values(&xml, "team"), ["blue"]);
    assert!(xml.contains(">Okafor.Maya</saml:NameID>"), "{xml}");
}

#[tokio::test]
async fn a_name_that_nothing_has_is_refused_at_its_character() {
    let (app, _, crm) = gateway(saml_settings()).await;
    for (text, said) in [
        ("user.frist_name", "There is no frist_name in user; did you mean first_name? at character 6"),
        ("user.first_name & user.costTeam", "user.attributes.costTeam at character 24"),
        ("app.name", "There is no name in app at character 5"),
        ("mail", "an expression sees user, groups, app and session at character 1"),
    ] {
        let rows = SamlConnection { attributes: vec![row("x", text)], ..saml_settings() };
        let name_id = SamlConnection { name_id_expression: text.into(), ..saml_settings() };
        for (field, settings) in [("attributes", rows), ("name_id_expression", name_id)] {
            let Err(ServiceError::Invalid(errors)) = save(&app, crm.clone(), settings).await else {
                panic!("{text} was saved");
            };
            let message = errors.of(field).unwrap_or_default();
            assert!(message.contains(said), "{field}: {message}");
        }
    }
    let good = SamlConnection { attributes: vec![row("x", "user.custom.any")], ..saml_settings() };
    save(&app, crm, good).await.expect("nobody knows which custom attributes there will be");
}

#[tokio::test]
async fn what_was_stored_before_names_were_checked_goes_on() {
    let settings = SamlConnection {
        attributes: vec![row("x", "user.lastname & \"!\""), row("y", "user.alternateEmail")],
        ..saml_settings()
    };
    let (app, ..) = gateway(settings).await;
    let older = "UPDATE apps SET connection = replace(replace(connection, 'user.lastname', 'user.lostname'), \
                 'user.alternateEmail', 'user.altEmail')";
    assert_eq!(app.tamper(older), 1);
    let xml = issued(&app).await;
    assert_eq!(values(&xml, "x"), ["!"], "what is stored is worked out as before");
    assert_eq!(values(&xml, "y"), [""; 0]);
    let crm = apps::find(&app.ctx, &system(), "crm").await.expect("the app");
    let saml = crm.connection.saml().expect("SAML").clone();
    assert!(matches!(&saml.attributes[0].value, ValueSource::Expression(text) if text.contains("lostname")));
    let skewed = SamlConnection { skew_seconds: 60, ..saml };
    let crm = save(&app, crm, skewed.clone()).await.expect("who changes something else need not mend it");
    let changed = SamlConnection { attributes: vec![row("x", "user.lostname & \"?\"")], ..skewed };
    assert!(matches!(save(&app, crm, changed).await, Err(ServiceError::Invalid(_))), "who changes it must");
}

#[tokio::test]
async fn blank_values_are_not_sent() {
    let settings = SamlConnection {
        attributes: vec![
            row("joined", "user.middle_name & \" \" & user.company"),
            row("list", "[\" \", user.email, \"\"]"),
            row("none", "[\"\", \" \"]"),
            row("false", "false"),
            ValueMapping { required: true, ..row("needed", "\" \"") },
        ],
        ..saml_settings()
    };
    let (app, ..) = gateway(settings).await;
    let xml = issued(&app).await;
    for absent in ["joined", "none", "needed"] {
        assert!(!xml.contains(&format!("Name=\"{absent}\"")), "{absent}: {xml}");
    }
    assert_eq!(values(&xml, "list"), ["maya@fernhill.example"]);
    assert_eq!(values(&xml, "false"), ["false"], "a value all the same");
}

#[tokio::test]
async fn how_somebody_signed_in_can_be_told() {
    let settings = SamlConnection {
        attributes: vec![
            source("amr", "amr"),
            source("acr", "acr"),
            row("methods", "$join(session.amr, \"+\") & \" \" & session.acr"),
        ],
        ..saml_settings()
    };
    let (app, _, crm) = gateway(settings.clone()).await;
    let xml = issued(&app).await;
    assert_eq!(values(&xml, "amr"), ["pwd"]);
    assert_eq!(values(&xml, "acr"), [CLASS]);
    assert_eq!(values(&xml, "methods"), [format!("pwd {CLASS}")]);
    // What the app asked for is what the assertion states, in both places.
    let asked = "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>\
                 urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>";
    let browser = app.browser();
    browser.sign_in("maya").await;
    let xml = response(&post(&browser, &request(&app, "_r2", "", asked), None).await);
    assert_eq!(values(&xml, "acr"), ["urn:oasis:names:tc:SAML:2.0:ac:classes:Password"]);
    assert!(xml.contains(">urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>"));
    // Several methods are several values of one attribute (XS-43).
    assert_eq!(app.tamper("UPDATE sessions SET amr = 'pwd otp'"), 2);
    let xml = response(&post(&browser, &request(&app, "_r3", "", ""), None).await);
    assert_eq!(values(&xml, "amr"), ["pwd", "otp"]);
    assert_eq!(values(&xml, "methods"), [format!("pwd+otp {CLASS}")]);

    let of_nobody = SamlConnection { name_id_source: "amr".into(), ..settings };
    let Err(ServiceError::Invalid(errors)) = save(&app, crm, of_nobody).await else { panic!("saved") };
    assert!(errors.of("name_id_source").is_some(), "it identifies nobody: {errors}");
}
