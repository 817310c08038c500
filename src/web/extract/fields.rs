//! The fields of a posted form, taken only with the token of the visit (W-01). Does not own what they mean.

use super::{
    media_type::{self, FORM, MULTIPART},
    visit::{FetchSite, Visit},
};
use crate::{context::AppContext, web::error::Failure};
use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Multipart, Request},
    http::Method,
};

/// Largest form, in bytes.
const FORM_MAX: usize = 256 * 1024;
/// Largest uploaded form, in bytes: a metadata file and some fields.
const UPLOAD_MAX: usize = 1024 * 1024;
/// Most fields of one form.
const FIELDS_MAX: usize = 2_000;

/// The fields of a form, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` text.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let fields: Vec<(String, String)> =
            form_urlencoded::parse(text.as_bytes()).into_owned().take(FIELDS_MAX + 1).collect();
        if fields.len() > FIELDS_MAX { Err(Failure::TooLarge) } else { Ok(Self(fields)) }
    }

    /// The first field of this name, or the empty text.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// Whether a field of this name was sent: tick boxes.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Every field of this name, in order: repeating rows.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Every field with its value, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The version that the form was filled from. A form without one was not made by us.
    pub fn version(&self) -> Result<i64, Failure> {
        self.get("version").parse().map_err(|_| Failure::StaleForm)
    }

    /// The lines of a text area that hold something, trimmed.
    pub fn lines(&self, name: &str) -> Vec<String> {
        self.get(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

fn check(visit: &Visit, method: &Method, fields: &Fields) -> Result<(), Failure> {
    if method != Method::POST {
        return Err(Failure::MethodNotAllowed);
    }
    let right = crate::keyring::constant_time_eq(fields.get("csrf").as_bytes(), visit.csrf.as_bytes());
    if visit.site == FetchSite::Other || !right {
        return Err(Failure::StaleForm);
    }
    Ok(())
}

impl FromRequest<AppContext> for Fields {
    type Rejection = Failure;
    async fn from_request(request: Request, ctx: &AppContext) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, ctx).await?;
        if !media_type::is(&parts.headers, FORM) {
            return Err(Failure::StaleForm);
        }
        let bytes = to_bytes(body, FORM_MAX).await.map_err(|_| Failure::TooLarge)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Failure::StaleForm)?;
        let fields = Self::parse(text)?;
        check(&visit, &parts.method, &fields)?;
        Ok(fields)
    }
}

/// The fields of a `multipart/form-data` form; the text of an uploaded file counts as the field's value.
pub struct Upload(pub Fields);

impl FromRequest<AppContext> for Upload {
    type Rejection = Failure;
    async fn from_request(request: Request, ctx: &AppContext) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, ctx).await?;
        let method = parts.method.clone();
        let request = if media_type::is(&parts.headers, MULTIPART) {
            let bytes = to_bytes(body, UPLOAD_MAX).await.map_err(|_| Failure::TooLarge)?;
            Request::from_parts(parts, bytes.into())
        } else {
            return Fields::from_request(Request::from_parts(parts, body), ctx).await.map(Self);
        };
        let mut multipart = Multipart::from_request(request, ctx).await.map_err(|_| Failure::StaleForm)?;
        let mut fields = Vec::new();
        while let Some(field) = multipart.next_field().await.map_err(|_| Failure::StaleForm)? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(|_| Failure::TooLarge)?;
            if fields.len() >= FIELDS_MAX {
                return Err(Failure::TooLarge);
            }
            fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
        let fields = Fields(fields);
        check(&visit, &method, &fields)?;
        Ok(Self(fields))
    }
}
