//! The emergency: a page that says what happens, and the button. Does not own what happens (`service::keys`).

use super::{draw, new_key, path, saml_app, typed};
use crate::{
    context::AppContext,
    domain::{app::App, permission::Permission},
    service::{ServiceError, keys},
    web::{
        admin::{forms, frame::console, opened::Manager, paging::count},
        error::Failure,
        extract::{Admin, Fields},
        respond::{page, page_with},
        view::{
            admin::{
                Nav,
                apps::{
                    AppTab,
                    certificate::{AppCertificateReplace, CertificateFields},
                },
            },
            form::Errors,
            list::counted,
        },
    },
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

/// `GET /admin/apps/{slug}/certificate/replace`
pub async fn show(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let app = saml_app(&ctx, &admin, &slug).await?;
    page(&drawn(&ctx, &admin, &app, draw::fresh_fields(), Errors::none()).await?)
}

async fn drawn(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: CertificateFields,
    errors: Errors,
) -> Result<AppCertificateReplace, Failure> {
    let (_, people) = super::super::frame::reach(ctx, admin, app).await?;
    Ok(AppCertificateReplace {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: super::super::frame::of(ctx, admin, app, AppTab::Certificate).await?,
        errors,
        consequences: vec![
            format!(
                "A new key and certificate are made, and messages to {} are signed with them at once.",
                app.label
            ),
            "The certificate in use, the next one and all earlier ones leave the metadata.".to_owned(),
            format!(
                "{} can’t sign in to {} until it has the new certificate. Have its settings open.",
                counted(count(people), "person", "people"),
                app.label
            ),
            format!(
                "Take the old certificate out of {}: until then it believes whoever has the old key.",
                app.label
            ),
        ],
        fields,
        algorithms: draw::algorithms(),
    })
}

/// `POST /admin/apps/{slug}/certificate/replace`
pub async fn submit(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let app = saml_app(&ctx, &admin, &slug).await?;
    let replaced = match new_key(&fields) {
        Ok(new) => keys::replace_at_once(&ctx, &admin.caller, &app, new).await,
        Err(refused) => Err(ServiceError::Invalid(refused)),
    };
    match replaced {
        Ok(_) => {
            let line = format!(
                "Replaced. Give the new certificate to {}, and take the old one out there.",
                app.label
            );
            Ok(forms::warned(&ctx, &path(&app), &line))
        }
        Err(ServiceError::Invalid(refused)) => {
            let errors = forms::errors(refused, &[("key", "")]);
            let mut drawn = drawn(&ctx, &admin, &app, typed(&fields), errors).await?;
            drawn.page.path = format!("{}/replace", path(&app));
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn)
        }
        Err(other) => Err(other.into()),
    }
}
