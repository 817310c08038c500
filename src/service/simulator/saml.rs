//! What a SAML app would be told about a person, from its saved settings or from unsaved ones. Does not own what is released
//! (`sign_on::saml::release`).

use super::{Check, SentAttribute, Simulation, Verdict};
use crate::{
    context::AppContext,
    domain::{
        access::{self, Access, Route},
        app::App,
        attributes::Subject,
        connection::{Connection, SamlConnection},
        permission::Permission,
        user::User,
    },
    keyring,
    service::{
        Caller, ServiceError, assignments,
        sign_on::{
            name_id::{self, Known},
            saml::{idp_entity_id, release},
            service_provider,
        },
    },
};
use ::saml::{
    AssertionSpec, NameId, NameIdFormat, ResponseTarget, Sign, Signer, authn_context, binding::RelayState,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;

/// In place of an identifier that is made at the first sign-on: a preview stores nothing.
const NOT_YET: &str = "made-at-first-sign-on";

/// Simulates a tile that `user` opens. `draft` are settings that nobody saved; the saved ones count without.
///
/// # Errors
/// The caller may not read, the app is no SAML app, or the draft breaks a rule of its own.
pub async fn simulate(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    user: &User,
    draft: Option<SamlConnection>,
) -> Result<Simulation, ServiceError> {
    caller.require(Permission::Read)?;
    let app = with_draft(app, draft)?;
    let Some(connection) = app.connection.saml() else { return Err(ServiceError::NotFound("SAML app")) };
    let access = assignments::check(ctx, caller, &app, user).await?;
    let mut checks = vec![access_check(&access, user, &app)];
    let routes = match access {
        Access::Allowed(routes) => routes,
        Access::Denied(_) => Vec::new(),
    };
    let groups = release::groups(ctx, connection, user.id, &access::group_names(&routes)).await?;
    let subject = Subject { user, app: &app, groups: &groups };
    let released = release::attributes(connection, subject);
    checks.push(settings_check(&app));
    checks.push(start_check(connection));
    let (name_id, name_id_check) = identifier(ctx, connection, subject).await?;
    checks.push(name_id_check);
    for (name, why) in &released.problems {
        checks.push(Check::new("attribute", Verdict::Warning, format!("“{name}” is left out: {why}.")));
    }
    if connection.encrypt {
        checks.push(encryption_check(connection));
    }
    let allowed = checks.iter().all(|check| check.verdict != Verdict::Failed);
    let mut simulation = Simulation {
        preview: true,
        allowed,
        routes,
        name_id: name_id
            .as_ref()
            .map(|id| id.value.clone())
            .filter(|value| value != NOT_YET)
            .unwrap_or_default(),
        name_id_format: connection.name_id_format.uri().to_owned(),
        attributes: released
            .attributes
            .iter()
            .map(|attribute| SentAttribute {
                name: attribute.name.clone(),
                name_format: attribute.name_format.uri().to_owned(),
                values: attribute.values.clone(),
            })
            .collect(),
        acs_url: String::new(),
        response_xml: None,
        throw_away_certificate: None,
        checks,
    };
    if let Some(name_id) = name_id.filter(|_| allowed) {
        sign(ctx, &app, connection, &name_id, &released, &mut simulation).await?;
    }
    Ok(simulation)
}

/// The app with unsaved settings, checked as if they were to be saved.
pub(super) fn with_draft(app: &App, draft: Option<SamlConnection>) -> Result<App, ServiceError> {
    let Some(draft) = draft else { return Ok(app.clone()) };
    let mut connection = Connection::Saml(Box::new(draft));
    connection.checked().map_err(ServiceError::Invalid)?;
    Ok(App { connection, ..app.clone() })
}

pub(super) fn access_check(access: &Access, user: &User, app: &App) -> Check {
    match access {
        Access::Allowed(routes) => {
            let through: Vec<&str> = routes
                .iter()
                .map(|route| match route {
                    Route::Group { name, .. } => name.as_str(),
                    Route::Direct => "a choice by hand",
                })
                .collect();
            let words = format!("{} has {} through {}.", user.display_name, app.label, through.join(", "));
            Check::new("access", Verdict::Passed, words)
        }
        Access::Denied(denial) => {
            Check::new("access", Verdict::Failed, denial.sentence(&user.display_name, &app.label))
        }
    }
}

fn settings_check(app: &App) -> Check {
    if app.connection.is_complete() {
        Check::new("settings", Verdict::Passed, "Entity ID and reply address are there.")
    } else {
        let words = format!(
            "Entity ID or reply address of {} is missing: fill them in from its metadata.",
            app.label
        );
        Check::new("settings", Verdict::Failed, words)
    }
}

fn start_check(connection: &SamlConnection) -> Check {
    if connection.allow_idp_initiated {
        Check::new("start", Verdict::Passed, "The app takes a sign-on that starts at the portal.")
    } else {
        Check::new("start", Verdict::Warning, "The app takes only a sign-on that it asked for itself.")
    }
}

fn encryption_check(connection: &SamlConnection) -> Check {
    match connection.encrypt_to() {
        Ok(_) => Check::new("encryption", Verdict::Passed, "The assertion is encrypted after it is signed."),
        Err(error) => {
            Check::new("encryption", Verdict::Failed, format!("The assertion can’t be encrypted: {error}."))
        }
    }
}

async fn identifier(
    ctx: &AppContext,
    connection: &SamlConnection,
    subject: Subject<'_>,
) -> Result<(Option<NameId>, Check), ServiceError> {
    let format = NameIdFormat::from(connection.name_id_format.uri());
    Ok(match name_id::known(ctx, connection, subject, &format).await? {
        Known::MadeAtFirstSignOn | Known::MadeAtEachSignOn => {
            let check = Check::new("name_id", Verdict::Passed, "The identifier is made at the sign-on.");
            (Some(NameId::new(format, NOT_YET.to_owned())), check)
        }
        Known::Value(value) => {
            let words = format!("The app knows the person as “{value}”.");
            (Some(NameId::new(format, value)), Check::new("name_id", Verdict::Passed, words))
        }
        Known::Missing(why) => (None, Check::new("name_id", Verdict::Failed, why)),
    })
}

/// The response of now, with everything but the right key.
async fn sign(
    ctx: &AppContext,
    app: &App,
    connection: &SamlConnection,
    name_id: &NameId,
    released: &release::Released,
    simulation: &mut Simulation,
) -> Result<(), ServiceError> {
    let relay_state = RelayState::new(&connection.default_relay_state).ok();
    let Some(target) =
        ResponseTarget::unsolicited(&service_provider::without_certificates(connection), relay_state)
    else {
        return Ok(());
    };
    let (algorithm, now) = (connection.signature_algorithm.protocol(), ctx.now());
    let signer = tokio::task::spawn_blocking(move || keyring::throw_away_signer(algorithm, now))
        .await
        .map_err(ServiceError::internal)?
        .map_err(ServiceError::internal)?;
    let spec = AssertionSpec {
        idp_entity_id: &idp_entity_id(ctx, app, connection),
        name_id: Some(name_id),
        extra_audiences: &connection.audiences,
        encrypt: None,
        attributes: &released.attributes,
        authn_instant: now,
        authn_context_class_ref: authn_context::PASSWORD_PROTECTED_TRANSPORT,
        session_index: "_preview",
        session_not_on_or_after: None,
        sign: Sign { assertion: connection.sign_assertion, response: connection.sign_response },
        lifetime: TimeDelta::seconds(i64::from(connection.assertion_seconds)),
        not_before_skew: TimeDelta::seconds(i64::from(connection.skew_seconds)),
    };
    match ::saml::response::issue(&target, &spec, &signer, now, &mut ctx.rng()) {
        Ok(issued) => {
            target.acs_url().clone_into(&mut simulation.acs_url);
            simulation.response_xml = Some(issued.xml);
            simulation.throw_away_certificate = Some(STANDARD.encode(signer.certificate_der()));
        }
        Err(error) => {
            simulation.allowed = false;
            let words = format!("The response can’t be made: {error}.");
            simulation.checks.push(Check::new("response", Verdict::Failed, words));
        }
    }
    Ok(())
}
