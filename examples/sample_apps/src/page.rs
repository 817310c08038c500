//! HTML of both apps: one frame, escaped text, no script but where a page carries a message on. Does not know protocols.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::fmt::Write;

/// Nothing but the app's own stylesheet and icon; forms stay in the app; nobody may frame it.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How one app looks and is called.
pub(crate) struct Brand {
    /// Name in the header and the title.
    pub(crate) name: &'static str,
    /// What the app pretends to be for.
    pub(crate) tagline: &'static str,
    /// Word for CSS: `ledgerly` or `trailhead`.
    pub(crate) theme: &'static str,
    /// The app's mark, inline SVG.
    pub(crate) mark: &'static str,
    /// Says on every page how the app signs people in.
    pub(crate) protocol: &'static str,
}

/// Escapes text for element content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// One line of a table of facts: what it is called, its values.
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

impl Fact {
    pub(crate) fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), values: vec![value.into()] }
    }
}

/// A titled card with facts. The id lets a test or a person point at it.
pub(crate) fn facts(id: &str, title: &str, note: &str, facts: &[Fact]) -> String {
    let mut rows = String::new();
    for fact in facts {
        let values: Vec<String> =
            fact.values.iter().map(|value| format!("<span>{}</span>", escape(value))).collect();
        let values = values.concat();
        let name = escape(&fact.name);
        // Writing to a String cannot fail.
        let _ = write!(rows, "<div><dt>{name}</dt><dd data-name=\"{name}\">{values}</dd></div>");
    }
    let rows = if facts.is_empty() {
        "<p class=\"none\">None were sent.</p>".to_owned()
    } else {
        format!("<dl class=\"facts\">{rows}</dl>")
    };
    format!(
        "<section class=\"card\" id=\"{id}\" aria-labelledby=\"{id}-h\"><h2 id=\"{id}-h\">{}</h2><p class=\"note\">{}</p>{rows}</section>",
        escape(title),
        escape(note),
    )
}

/// A whole page. `who` is the name in the header of somebody who is signed in; `body` is HTML.
pub(crate) fn page(
    brand: &Brand,
    status: StatusCode,
    title: &str,
    who: Option<&str>,
    body: &str,
) -> Response {
    let end = match who {
        Some(who) => format!(
            "<span class=\"who\">{}</span><form method=\"post\" action=\"/logout\"><button class=\"quiet\" type=\"submit\">Sign out</button></form>",
            escape(who)
        ),
        None => format!("<span class=\"who\">{}</span>", brand.tagline),
    };
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title} · {name}</title><link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"/style.css\"></head>\
         <body class=\"{theme}\"><header class=\"top\"><a class=\"brand\" href=\"/\">{mark}{name}</a><div class=\"end\">{end}</div></header>\
         <main>{body}</main><footer><p>{name} is an example app that comes with Gatehouse. {protocol}</p></footer></body></html>",
        title = escape(title),
        name = brand.name,
        theme = brand.theme,
        mark = brand.mark,
        protocol = brand.protocol,
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (status, headers, html).into_response()
}

/// The page for a sign-in that did not work: what happened, in words, and a way on.
pub(crate) fn refusal(brand: &Brand, status: StatusCode, reason: &str) -> Response {
    refusal_titled(brand, status, "You’re not signed in", reason)
}

/// The same for anything else that did not work.
pub(crate) fn refusal_titled(brand: &Brand, status: StatusCode, title: &str, reason: &str) -> Response {
    let body = format!(
        "<section class=\"hero\"><h1>{title}</h1><p class=\"lede\" id=\"reason\">{}</p>\
         <p class=\"actions\"><a class=\"btn\" href=\"/login\">Try again</a><a class=\"quiet\" href=\"/\">Back to {}</a></p></section>",
        escape(reason),
        brand.name
    );
    page(brand, status, title, None, &body)
}

/// A static file of the app.
pub(crate) fn file(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("max-age=300")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, content).into_response()
}

/// The stylesheet of both apps.
pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("../assets/style.css"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        assert_eq!(escape("<b a='1' c=\"2\">&"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;");
        let html = facts("a", "t", "n", &[Fact::new("<i>", "<script>")]);
        assert!(!html.contains("<i>") && !html.contains("<script>"), "{html}");
    }
}
