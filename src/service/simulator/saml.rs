//! What a SAML app would be told about a person, from its saved settings or from unsaved ones. Does not own what is released
//! (`sign_on::saml::release`).

use super::{Check, SentAttribute, Simulation, Verdict};
use crate::{
    context::AppContext,
    domain::{
        access::{self, Access, Route},
        app::App,
        attributes::{SignIn, Subject},
        connection::{Connection, Encrypt, SamlConnection, SamlSignatureAlgorithm},
        key::{SigningKey, rollover::AppKeys},
        permission::Permission,
        user::User,
    },
    keyring,
    service::{
        Caller, ServiceError, apps, assignments,
        sign_on::{
            name_id::{self, Known, NOT_YET},
            saml::{
                self, idp_entity_id,
                release::{self, Making},
            },
            service_provider,
        },
    },
    store,
};
use ::saml::{
    AssertionSpec, NameId, NameIdFormat, ResponseTarget, Sign, Signer, authn_context, binding::RelayState,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// Simulates a tile that `user` opens, signed in by a password. `draft` are settings that nobody saved; the saved ones count without.
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
    let amr = SignIn::by_password().amr.to_vec();
    simulate_signed_in(ctx, caller, app, user, (draft, amr)).await
}

/// The same of somebody signed in by the methods `amr`.
///
/// # Errors
/// As of [`simulate`].
pub async fn simulate_signed_in(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    user: &User,
    (draft, amr): (Option<SamlConnection>, Vec<String>),
) -> Result<Simulation, ServiceError> {
    caller.require(Permission::Read)?;
    let app = with_draft(app, draft)?;
    let Some(connection) = app.connection.saml() else { return Err(ServiceError::NotFound("SAML app")) };
    let occasion = Occasion { amr, ..Occasion::of_tile(connection, ctx.now()) };
    on_occasion(ctx, caller, &app, user, &occasion).await
}

/// What a response answers, and when: what no setting of the app decides.
pub(in crate::service) struct Occasion {
    /// Where it goes and what it answers; none without a reply address.
    pub(in crate::service) target: Option<ResponseTarget>,
    /// The format asked for; the agreed one without.
    pub(in crate::service) format: Option<NameIdFormat>,
    /// The set of attributes asked for.
    pub(in crate::service) attribute_set: Option<u16>,
    /// Whether the app asked for a NameID in so many words: then it gets one even if it is to be left out.
    pub(in crate::service) wants_name_id: bool,
    /// Whether the app asked, and no tile was opened.
    pub(in crate::service) is_asked: bool,
    /// When it is issued.
    pub(in crate::service) now: DateTime<Utc>,
    /// When the person signed in.
    pub(in crate::service) authn_instant: DateTime<Utc>,
    /// How.
    pub(in crate::service) class_ref: String,
    /// By which methods.
    pub(in crate::service) amr: Vec<String>,
    /// The name of the session.
    pub(in crate::service) session_index: String,
    /// When it ends.
    pub(in crate::service) session_end: Option<DateTime<Utc>>,
}

impl Occasion {
    /// A tile is opened now.
    pub(in crate::service) fn of_tile(connection: &SamlConnection, now: DateTime<Utc>) -> Self {
        let relay_state = RelayState::new(&connection.default_relay_state)
            .ok()
            .filter(|_| !connection.default_relay_state.is_empty());
        let sp = service_provider::without_certificates(connection);
        Self {
            target: ResponseTarget::unsolicited(&sp, relay_state),
            format: None,
            attribute_set: None,
            wants_name_id: false,
            is_asked: false,
            now,
            authn_instant: now,
            class_ref: authn_context::PASSWORD_PROTECTED_TRANSPORT.to_owned(),
            amr: SignIn::by_password().amr.to_vec(),
            session_index: "_preview".to_owned(),
            session_end: None,
        }
    }
}

/// What `user` would be let do on an occasion, and what the app would be sent.
pub(in crate::service) async fn on_occasion(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    user: &User,
    occasion: &Occasion,
) -> Result<Simulation, ServiceError> {
    let Some(connection) = app.connection.saml() else { return Err(ServiceError::NotFound("SAML app")) };
    let access = assignments::check(ctx, caller, app, user).await?;
    let mut checks = vec![access_check(&access, user, app)];
    let routes = match access {
        Access::Allowed(routes) => routes,
        Access::Denied(_) => Vec::new(),
    };
    let groups = release::groups(ctx, app.id, connection, user.id, &access::group_names(&routes)).await?;
    let subject = Subject {
        user,
        app,
        groups: &groups,
        sign_in: SignIn { acr: &occasion.class_ref, amr: &occasion.amr },
    };
    let rows = connection.attributes_of(occasion.attribute_set);
    let released = release::attributes(ctx, connection, subject, (rows, Making::Show)).await?;
    checks.push(settings_check(app));
    if !occasion.is_asked {
        checks.push(start_check(connection));
    }
    let agreed = NameIdFormat::from(connection.name_id_format.uri());
    let format = occasion.format.clone().unwrap_or(agreed);
    let omitted = connection.omit_name_id && !occasion.wants_name_id;
    let (name_id, name_id_check) = if omitted {
        (
            None,
            Check::new(
                "name_id",
                Verdict::Passed,
                "The app goes by attributes alone: no identifier is sent.",
            ),
        )
    } else {
        identifier(ctx, connection, subject, format.clone()).await?
    };
    checks.push(name_id_check);
    for (name, why) in &released.problems {
        checks.push(Check::new("attribute", Verdict::Warning, format!("“{name}” is left out: {why}.")));
    }
    let told: Vec<&str> = released.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    checks.extend(super::nothing_found("attribute", rows, &told, subject));
    for (name, why) in &released.withheld {
        checks.push(Check::new(
            "attribute_withheld",
            Verdict::Warning,
            format!("“{name}” is withheld: {why}."),
        ));
    }
    checks.extend(length_checks(&released.attributes));
    checks.extend(encryption_check(connection));
    let keys = store::signing_keys::of_app(&mut ctx.db.read().await?, app.id).await?;
    checks.extend(signature_check(connection, &keys, ctx.now()));
    if let Some(blocked) = saml::blocked_algorithm(ctx, connection) {
        checks.push(Check::new("algorithm", Verdict::Failed, blocked));
    }
    let allowed = checks.iter().all(|check| check.verdict != Verdict::Failed);
    let mut simulation = Simulation {
        preview: true,
        allowed,
        routes,
        name_id: name_id
            .as_ref()
            .map(|id| id.value.clone())
            .filter(|value| value.as_str() != NOT_YET)
            .unwrap_or_default(),
        name_id_format: format.uri().to_owned(),
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
    if allowed && (omitted || name_id.is_some()) {
        sign(ctx, app, connection, (name_id.as_ref(), &released, occasion), &mut simulation).await?;
    }
    Ok(simulation)
}

/// The app with unsaved settings, checked as if they were to be saved.
pub(in crate::service) fn with_draft(app: &App, draft: Option<SamlConnection>) -> Result<App, ServiceError> {
    let Some(draft) = draft else { return Ok(app.clone()) };
    let mut connection = Connection::Saml(Box::new(draft));
    connection.checked_over(Some(&app.connection)).map_err(ServiceError::Invalid)?;
    Ok(App { connection: Arc::new(connection), ..app.clone() })
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

/// SDP-G02: values of up to 256 characters are sure to be taken. Longer ones are sent all the same.
fn length_checks(attributes: &[::saml::Attribute]) -> Vec<Check> {
    const SURE: usize = 256;
    let longest = |attribute: &::saml::Attribute| {
        attribute.values.iter().map(|value| value.chars().count()).max().unwrap_or_default()
    };
    let too_long = attributes.iter().filter(|attribute| longest(attribute) > SURE);
    too_long
        .map(|attribute| {
            let words = format!(
                "“{}” has a value of {} characters; only up to {SURE} are sure to be taken by every app.",
                attribute.name,
                longest(attribute)
            );
            Check::new("attribute_length", Verdict::Warning, words)
        })
        .collect()
}

/// Whether the app's key signs as the settings say: the rule of saving first, then what is signed with now.
fn signature_check(connection: &SamlConnection, keys: &[SigningKey], now: DateTime<Utc>) -> Option<Check> {
    let chosen = connection.signature_algorithm;
    if let Some(why) = apps::algorithm_misfit(chosen, keys) {
        return Some(Check::new("signature", Verdict::Failed, format!("{}: {why}.", chosen.as_str())));
    }
    let keys = AppKeys::at(keys.to_vec(), now);
    if let Some(active) = keys.active().filter(|active| !chosen.fits(active.algorithm)) {
        let own = SamlSignatureAlgorithm::of_key(active.algorithm).as_str();
        let words = format!(
            "Signed with {own} until the next certificate is switched to: only its key can sign with {}.",
            chosen.as_str()
        );
        return Some(Check::new("signature", Verdict::Warning, words));
    }
    (chosen == SamlSignatureAlgorithm::RsaSha1).then(|| {
        let words = "Signed with SHA-1, which has been forged since 2020: choose rsa-sha256 as soon as the app takes it.";
        Check::new("signature", Verdict::Warning, words)
    })
}

/// Whether the assertion is encrypted, why, and whether it can be. An app that never asked for it is passed over.
fn encryption_check(connection: &SamlConnection) -> Option<Check> {
    let why = match (connection.encrypt, connection.sp_decrypts) {
        (Encrypt::On, _) => "",
        (Encrypt::Auto, true) => ": the app announces a key for it",
        (Encrypt::Auto, false) if !connection.encryption_certificates.is_empty() => {
            let words = "The assertion is not encrypted: there is a key, but the app doesn’t say that it decrypts with it.";
            return Some(Check::new("encryption", Verdict::Passed, words));
        }
        (Encrypt::Auto, false) | (Encrypt::Off, _) => return None,
    };
    Some(match connection.encrypt_to() {
        Ok(_) => {
            let signed = if connection.sign_assertion {
                "after it is signed"
            } else {
                "after it is signed, although only the response is to be: most apps refuse it otherwise"
            };
            Check::new("encryption", Verdict::Passed, format!("The assertion is encrypted {signed}{why}."))
        }
        Err(error) => {
            Check::new("encryption", Verdict::Failed, format!("The assertion can’t be encrypted: {error}."))
        }
    })
}

async fn identifier(
    ctx: &AppContext,
    connection: &SamlConnection,
    subject: Subject<'_>,
    format: NameIdFormat,
) -> Result<(Option<NameId>, Check), ServiceError> {
    let known = name_id::known(ctx, connection, subject, &format).await?;
    let with = |value: String| name_id::qualified(ctx, connection, subject.app, format.clone(), value);
    Ok(match known {
        Known::MadeAtFirstSignOn | Known::MadeAtEachSignOn => {
            let check = Check::new("name_id", Verdict::Passed, "The identifier is made at the sign-on.");
            (Some(with(NOT_YET.to_owned())), check)
        }
        Known::Value(value) => {
            let words = format!("The app knows the person as “{value}”.");
            (Some(with(value)), Check::new("name_id", Verdict::Passed, words))
        }
        Known::Missing(why) => (None, Check::new("name_id", Verdict::Failed, why.words())),
    })
}

/// The response of now, with everything but the right key.
async fn sign(
    ctx: &AppContext,
    app: &App,
    connection: &SamlConnection,
    (name_id, released, occasion): (Option<&NameId>, &release::Released, &Occasion),
    simulation: &mut Simulation,
) -> Result<(), ServiceError> {
    let Some(target) = &occasion.target else { return Ok(()) };
    let algorithm = saml::signer(ctx, app, connection).await?.algorithm();
    let now = occasion.now;
    let signer = tokio::task::spawn_blocking(move || keyring::throw_away_signer(algorithm, now))
        .await
        .map_err(ServiceError::internal)?
        .map_err(ServiceError::internal)?;
    let spec = AssertionSpec {
        idp_entity_id: &idp_entity_id(ctx, app, connection),
        name_id,
        extra_audiences: &connection.audiences,
        encrypt: None,
        attributes: &released.attributes,
        authn_instant: occasion.authn_instant,
        authn_context_class_ref: &occasion.class_ref,
        session_index: &occasion.session_index,
        session_not_on_or_after: occasion.session_end,
        sign: Sign { assertion: connection.signs_assertion(), response: connection.sign_response },
        lifetime: TimeDelta::seconds(i64::from(connection.assertion_seconds)),
        not_before_skew: TimeDelta::seconds(i64::from(connection.skew_seconds)),
    };
    match ::saml::response::issue(target, &spec, &signer, now, &mut ctx.rng()) {
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
