//! Answers only under the public address (W-05): absolute addresses come from settings, never from the request, and a request
//! under another name is misdirected. Does not own the health checks, which any name may ask.

use crate::context::AppContext;
use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

/// RFC 9110 §15.5.20: 421 for another host. Another name of this machine is sent to the right one, so that `localhost` and
/// `127.0.0.1` are both easy to try. Nothing when the request is for us.
pub fn misdirected(ctx: &AppContext, request: &Request) -> Option<Response> {
    let url = &ctx.config.http.public_url;
    let asked = host_of(request.headers(), request.uri());
    if asked.is_some_and(|host| host.eq_ignore_ascii_case(url.authority()))
        || matches!(request.uri().path(), "/healthz" | "/readyz")
    {
        return None;
    }
    Some(match asked {
        Some(host) if request.method() == Method::GET && is_same_machine(host, url.authority()) => {
            let rest = request.uri().path_and_query().map_or("/", |rest| rest.as_str());
            (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{}{rest}", url.as_str()))]).into_response()
        }
        _ => (StatusCode::MISDIRECTED_REQUEST, format!("This server answers at {} only.\n", url.as_str()))
            .into_response(),
    })
}

/// The `Host` header, or the authority of an HTTP/2 request; two of them are refused.
fn host_of<'r>(headers: &'r HeaderMap, uri: &'r Uri) -> Option<&'r str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(one), None) => one.to_str().ok(),
        (None, _) => uri.authority().map(axum::http::uri::Authority::as_str),
        _ => None,
    }
}

fn is_same_machine(asked: &str, own: &str) -> bool {
    let split = |text: &str| match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host.to_owned(), port.to_owned()),
        _ => (text.to_owned(), String::new()),
    };
    let loopback = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let ((asked_host, asked_port), (own_host, own_port)) = (split(asked), split(own));
    asked_port == own_port && loopback(&asked_host) && loopback(&own_host)
}
