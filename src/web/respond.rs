//! Turning views into responses: HTML, redirects after a form, cookies. Does not own any page.

use super::{
    error::Failure,
    extract::{
        cookies::{self, CookieName},
        visit::flash_value,
    },
    view::{Flash, Tone},
};
use crate::{context::AppContext, service::ServiceError};
use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A page with status 200.
pub fn page(template: &impl Template) -> Result<Response, Failure> {
    page_with(StatusCode::OK, template)
}

/// A page with another status.
pub fn page_with(status: StatusCode, template: &impl Template) -> Result<Response, Failure> {
    let html = template.render().map_err(|error| Failure::Service(ServiceError::internal(error)))?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(header::CONTENT_TYPE, kind)], html).into_response())
}

/// After a form: 303, so that the browser gets the next page by GET (O-30: never 307 or 308). Paths of ours only.
pub fn redirect(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// A redirect, and a line that says what was done, shown on the next page.
pub fn done(ctx: &AppContext, path: &str, text: &str) -> Response {
    let flash = Flash { tone: Tone::Ok, text: text.to_owned() };
    let mut response = redirect(path);
    put_cookie(ctx, &mut response, CookieName::Flash, &flash_value(&flash), Some(60));
    response
}

/// Adds a cookie to a response.
pub fn put_cookie(
    ctx: &AppContext,
    response: &mut Response,
    name: CookieName,
    value: &str,
    max_age: Option<i64>,
) {
    let https = ctx.config.http.public_url.is_https();
    if let Some(cookie) = cookies::set(name, value, max_age, https) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
