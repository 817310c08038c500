//! Around every page: loads the visit, draws failures as pages, sets the browser's cookie. Does not own either's rules.

use crate::{
    context::AppContext,
    domain::reference,
    service::{ServiceError, sign_on::stop},
    web::{
        error::{Failure, Marked},
        extract::{FetchSite, Visit, cookies::CookieName},
        respond::{page_with, put_cookie, redirect},
        view::{Page, errors::HandOver},
        words,
    },
};
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Where a GET starts something, issues something, or uses it up.
const ACTS: &[&str] = &["/launch/", "/saml2/", "/oauth2/", "/login/continue", "/logout/"];

/// Runs a page.
pub async fn run(State(ctx): State<AppContext>, mut request: Request, next: Next) -> Response {
    let visit = match Visit::load(&ctx, request.headers(), request.extensions(), request.uri().path()).await {
        Ok(visit) => visit,
        Err(error) => {
            let reference = reference::new(&mut ctx.rng());
            tracing::error!(%reference, %error, "a visit could not be loaded");
            let text = format!("Something here stopped working. Reference {reference}\n");
            return (Failure::from(error).status(), text).into_response();
        }
    };
    // A look ahead of the person isn't the person: nothing may start, be issued or be used up by it.
    let looks_ahead = request.method() == Method::HEAD || request.headers().contains_key("sec-purpose");
    if looks_ahead && ACTS.iter().any(|act| request.uri().path().starts_with(act)) {
        // RFC 9110 §15.5.6: with what is allowed.
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response();
    }
    let address = request.uri().path_and_query().map_or("/", |rest| rest.as_str()).to_owned();
    let is_get = request.method() == Method::GET;
    let is_post = request.method() == Method::POST;
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    if let Some(Marked(failure)) = response.extensions_mut().remove::<Marked>() {
        response = draw(&ctx, &visit, &failure, &address, is_get).await;
    }
    // A form that another site posts comes without our cookies, although the browser may have them: it must not get new ones.
    if visit.is_new_browser && !(is_post && visit.site == FetchSite::Other) {
        put_cookie(&ctx, &mut response, CookieName::Browser, &visit.visitor.browser, None);
    }
    if visit.flash.is_some() && response.status() == StatusCode::OK {
        put_cookie(&ctx, &mut response, CookieName::Flash, "", Some(0));
    }
    response
}

async fn draw(ctx: &AppContext, visit: &Visit, failure: &Failure, address: &str, is_get: bool) -> Response {
    let page = visit.page(ctx);
    let drawn = match failure {
        Failure::SignInFirst => {
            let next: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
            return redirect(&if is_get && address != "/" {
                format!("/login?next={next}")
            } else {
                "/login".into()
            });
        }
        Failure::NotFound => HandOver::not_found(page),
        Failure::Forbidden => HandOver::forbidden(page),
        Failure::StaleForm => HandOver::stale_form(page),
        Failure::TooLarge => HandOver::too_large(page),
        Failure::MethodNotAllowed => HandOver::method_not_allowed(page),
        Failure::Service(error) => of_service(ctx, visit, page, (error, address)).await,
    };
    let drawn = HandOver { person: visit.user().map(words::person), ..drawn };
    page_with(failure.status(), &drawn).unwrap_or_else(|_| failure.status().into_response())
}

/// An internal error is logged once, here, under the reference that the page shows (O-45). One that stops a sign-on is an event
/// too, so that who is given the reference finds it where they look for the others.
async fn of_service(
    ctx: &AppContext,
    visit: &Visit,
    page: Page,
    (error, address): (&ServiceError, &str),
) -> HandOver {
    match error {
        ServiceError::Invalid(errors) => {
            let first = errors.0.first().map_or("", |error| error.message.as_str());
            HandOver::plain(page, "That didn’t fit", format!("Nothing was changed. {first}."))
        }
        ServiceError::Stale => HandOver::plain(
            page,
            "Someone changed this meanwhile",
            "Nothing of yours was saved. Load the page again to see what is there now, then make your change.",
        ),
        ServiceError::Throttled(_) => {
            HandOver::plain(page, "Too many tries", "Wait five minutes, then try again.")
        }
        ServiceError::Busy => {
            HandOver::plain(page, "Too many people at once", "Wait a moment, then try again.")
        }
        other => {
            let reference = reference::new(&mut ctx.rng());
            tracing::error!(%reference, error = ?other, "a request failed");
            let path = address.split('?').next().unwrap_or_default();
            if ACTS.iter().any(|act| path.starts_with(act))
                && let Err(error) = stop::broken(ctx, &visit.visitor, path, &reference).await
            {
                tracing::error!(%reference, ?error, "the event of a broken sign-on was not kept");
            }
            HandOver::internal(page, reference)
        }
    }
}
