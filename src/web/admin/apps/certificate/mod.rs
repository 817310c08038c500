//! The certificate tab of a SAML app: the steps of a rollover as forms. Does not own what may follow what
//! (`domain::key::rollover`) or how the page is drawn (`draw`).

mod draw;
pub mod replace;
pub mod upload;
pub mod words;

use crate::{
    context::AppContext,
    domain::{app::App, key::KeyAlgorithm, permission::Permission, text::FieldErrors},
    id::KeyId,
    service::{
        ServiceError, apps, decryption_keys,
        keys::{self, NewKey},
    },
    web::{
        admin::forms::{self, warned},
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{admin::apps::certificate::CertificateFields, form::Errors},
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, NaiveDateTime, Utc};

/// A SAML app by its slug; others have no certificate.
async fn saml_app(ctx: &AppContext, admin: &Admin, slug: &str) -> Result<App, Failure> {
    let app = apps::find(ctx, &admin.caller, slug).await?;
    if app.connection.saml().is_some() { Ok(app) } else { Err(Failure::NotFound) }
}

fn path(app: &App) -> String {
    format!("/admin/apps/{}/certificate", app.slug)
}

/// `GET /admin/apps/{slug}/certificate`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let app = saml_app(&ctx, &admin, &slug).await?;
    page(&draw::certificate(&ctx, &admin, &app, draw::fresh_fields(), Errors::none()).await?)
}

/// `POST /admin/apps/{slug}/certificate`: one step, by `action`.
pub async fn submit(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let app = saml_app(&ctx, &admin, &slug).await?;
    match act(&ctx, &admin, &app, &fields).await {
        Ok(Some(line)) => Ok(done(&ctx, &path(&app), &line)),
        Ok(None) => Ok(warned(&ctx, &path(&app), "Nothing was changed: choose one of the steps.")),
        Err(ServiceError::Invalid(refused)) => refused_page(&ctx, &admin, &app, &fields, refused).await,
        Err(other) => Err(other.into()),
    }
}

/// Does the step; answers what to say, or nothing for a step that there isn't.
async fn act(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: &Fields,
) -> Result<Option<String>, ServiceError> {
    let (caller, label) = (&admin.caller, &app.label);
    let line = match fields.get("action") {
        "make" => {
            keys::make_next(ctx, caller, app, new_key(fields)?).await?;
            format!("The next certificate is made. Give it to {label}, then switch.")
        }
        "switch" => {
            keys::switch(ctx, caller, app, key_of(fields)?).await?;
            format!("Switched. Messages to {label} are signed with the new certificate.")
        }
        "schedule" => {
            let at = instant(fields.get("switch_at"))?;
            keys::schedule(ctx, caller, app, key_of(fields)?, Some(at)).await?;
            format!("It switches by itself on {}.", words::moment(at))
        }
        "unschedule" => {
            keys::schedule(ctx, caller, app, key_of(fields)?, None).await?;
            "It no longer switches by itself.".to_owned()
        }
        "roll_back" => {
            keys::roll_back(ctx, caller, app, key_of(fields)?).await?;
            format!("Rolled back. Messages to {label} are signed with the earlier certificate again.")
        }
        "remove" => {
            keys::delete(ctx, caller, app, key_of(fields)?).await?;
            "The certificate and its key are removed.".to_owned()
        }
        "make_decryption" => {
            decryption_keys::make(ctx, caller, app).await?;
            format!(
                "The key is made, and in the metadata as the one to use. Wait until {label} has it before you remove an older one."
            )
        }
        "remove_decryption" => {
            decryption_keys::remove(ctx, caller, app, fields.get("key")).await?;
            format!("The key is removed. What {label} encrypts for it can’t be read any more.")
        }
        _ => return Ok(None),
    };
    Ok(Some(line))
}

/// The same page with what has to be put right.
async fn refused_page(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: &Fields,
    refused: FieldErrors,
) -> Result<Response, Failure> {
    let errors = forms::errors(refused, &[("key", "")]);
    let mut drawn = draw::certificate(ctx, admin, app, typed(fields), errors).await?;
    drawn.page.path = path(app);
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn)
}

fn typed(fields: &Fields) -> CertificateFields {
    let fresh = draw::fresh_fields();
    let or = |name: &str, other: String| match fields.get(name) {
        "" => other,
        text => forms::typed(text),
    };
    CertificateFields {
        algorithm: or("algorithm", fresh.algorithm),
        years: or("years", fresh.years),
        switch_at: or("switch_at", fresh.switch_at),
        certificate: fields.get("certificate").to_owned(),
    }
}

/// What key a form asks for.
fn new_key(fields: &Fields) -> Result<NewKey, FieldErrors> {
    let algorithm = KeyAlgorithm::parse(fields.get("algorithm"))
        .filter(|algorithm| KeyAlgorithm::OF_APPS.contains(algorithm))
        .ok_or_else(|| FieldErrors::one("algorithm", "Choose one of the kinds"))?;
    let years = fields.get("years").parse().ok().filter(|years| keys::YEARS.contains(years));
    let years = years.ok_or_else(|| FieldErrors::one("years", "Choose 1 to 10 years"))?;
    Ok(NewKey { algorithm, years })
}

/// Which key a form is about.
fn key_of(fields: &Fields) -> Result<KeyId, FieldErrors> {
    fields.get("key").parse().map_err(|_| FieldErrors::one("key", "Choose one of the certificates"))
}

/// HTML §2.3.5.5, a local date and time string, taken as UTC; seconds may be missing.
fn instant(text: &str) -> Result<DateTime<Utc>, FieldErrors> {
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
        .map(|local| local.and_utc())
        .ok_or_else(|| FieldErrors::one("switch_at", "Enter a date and a time, such as 2026-12-03 02:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_browsers_and_people_write_them() {
        for text in ["2026-12-03T02:00", "2026-12-03T02:00:00", " 2026-12-03 02:00 "] {
            assert_eq!(instant(text).map(|at| at.timestamp()), Ok(1_796_263_200), "{text}");
        }
        for text in ["", "tomorrow", "2026-13-03T02:00", "2026-12-03"] {
            assert!(instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_kinds_and_years_on_the_list_are_taken() {
        let read = |text: &str| new_key(&Fields::parse(text).expect("short"));
        assert_eq!(
            read("algorithm=rsa3072&years=3"),
            Ok(NewKey { algorithm: KeyAlgorithm::Rsa3072, years: 3 })
        );
        for bad in ["algorithm=ed25519&years=3", "algorithm=rsa2048&years=11", "years=3", "algorithm=p256"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
