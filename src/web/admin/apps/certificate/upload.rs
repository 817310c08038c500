//! A certificate and key that an admin brings. Does not own checking them (`keyring`).

use super::{path, refused_page, saml_app};
use crate::{
    context::AppContext,
    domain::{permission::Permission, text::FieldErrors},
    keyring::SecretText,
    service::{
        ServiceError,
        keys::{self, BroughtKey},
    },
    web::{
        error::Failure,
        extract::{Admin, Fields, Upload},
        respond::done,
    },
};
use axum::{
    extract::{Path, State},
    response::Response,
};

/// The text of a file, or what was pasted when there is no file; and which of the two it was.
fn text(fields: &Fields, name: &'static str, file: &'static str) -> (String, &'static str) {
    match fields.get(file) {
        "" => (fields.get(name).to_owned(), name),
        text => (text.to_owned(), file),
    }
}

/// `POST /admin/apps/{slug}/certificate/upload`
pub async fn submit(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
    Upload(fields): Upload,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let app = saml_app(&ctx, &admin, &slug).await?;
    let (certificate, certificate_field) = text(&fields, "certificate", "certificate_file");
    let (private_key, key_field) = text(&fields, "private_key", "private_key_file");
    let brought = BroughtKey {
        certificate,
        private_key: SecretText::new(private_key),
        passphrase: SecretText::new(fields.get("passphrase")),
    };
    match keys::bring_next(&ctx, &admin.caller, &app, brought).await {
        Ok(_) => {
            let line = format!("Your certificate is the next one. Give it to {}, then switch.", app.label);
            Ok(done(&ctx, &path(&app), &line))
        }
        Err(ServiceError::Invalid(refused)) => {
            let refused = FieldErrors(
                refused
                    .0
                    .into_iter()
                    .map(|mut error| {
                        match error.field.as_str() {
                            "certificate" => certificate_field.clone_into(&mut error.field),
                            "private_key" => key_field.clone_into(&mut error.field),
                            _ => {}
                        }
                        error
                    })
                    .collect(),
            );
            refused_page(&ctx, &admin, &app, &fields, refused).await
        }
        Err(other) => Err(other.into()),
    }
}
