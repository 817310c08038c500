//! What Ledgerly shows. Owns words and layout, no decisions.

use super::logout::{
    message::{KnownAs, Outcome},
    post::Letter,
};
use crate::page::{Brand, Fact, escape, facts, page};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use samael::schema::Assertion;

pub(crate) const BRAND: Brand = Brand {
    name: "Ledgerly",
    tagline: "Invoices without the paper",
    theme: "ledgerly",
    mark: r#"<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 3h14v18l-3.5-2-3.5 2-3.5-2L5 21z"/><path d="M9 8h6M9 12h6"/></svg>"#,
    protocol: "It signs people in with SAML 2.0.",
};

/// Who is signed in, as the assertion said.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    /// For logout messages.
    pub(crate) known_as: KnownAs,
    pub(crate) solicited: bool,
    pub(crate) session: Vec<(String, String)>,
    pub(crate) attributes: Vec<(String, Vec<String>)>,
}

impl Person {
    /// Takes from a verified assertion what the pages show.
    pub(crate) fn from_assertion(assertion: &Assertion, solicited: bool) -> Self {
        let attributes: Vec<(String, Vec<String>)> = assertion
            .attribute_statements
            .iter()
            .flatten()
            .flat_map(|statement| &statement.attributes)
            .map(|attribute| {
                let name = attribute.name.clone().unwrap_or_default();
                let values =
                    attribute.values.iter().map(|value| value.value.clone().unwrap_or_default()).collect();
                (name, values)
            })
            .collect();
        let name_id = assertion.subject.as_ref().and_then(|subject| subject.name_id.as_ref());
        let value = name_id.map(|name_id| name_id.value.clone()).unwrap_or_default();
        let statement = assertion.authn_statements.iter().flatten().next();
        let time =
            |instant: chrono::DateTime<chrono::Utc>| instant.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        let session = [
            ("NameID", Some(value.clone())),
            ("NameID format", name_id.and_then(|name_id| name_id.format.clone())),
            ("Session index", statement.and_then(|one| one.session_index.clone())),
            ("Signed in at", statement.and_then(|one| one.authn_instant).map(time)),
            ("Session ends", statement.and_then(|one| one.session_not_on_or_after).map(time)),
            (
                "Authentication context",
                statement.and_then(|one| one.authn_context.as_ref()?.value.as_ref()?.value.clone()),
            ),
            ("Issuer", assertion.issuer.value.clone()),
            ("Assertion ID", Some(assertion.id.clone())),
        ];
        let session =
            session.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let known_as = KnownAs {
            name_id: value.clone(),
            format: name_id.and_then(|name_id| name_id.format.clone()),
            session_index: statement.and_then(|one| one.session_index.clone()),
        };
        let name = display_name(&attributes).unwrap_or(value);
        Self { name, known_as, solicited, session, attributes }
    }
}

/// A name to greet with, from the attribute names that are usual for it.
fn display_name(attributes: &[(String, Vec<String>)]) -> Option<String> {
    let first = |wanted: &[&str]| {
        wanted.iter().find_map(|wanted| {
            let (_, values) = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
            values.first().filter(|value| !value.is_empty()).cloned()
        })
    };
    first(&["displayName", "name", "fullName", "urn:oid:2.16.840.1.113730.3.1.241"]).or_else(|| {
        let given = first(&["firstName", "givenName", "urn:oid:2.5.4.42"])?;
        Some(match first(&["lastName", "surname", "sn", "urn:oid:2.5.4.4"]) {
            Some(family) => format!("{given} {family}"),
            None => given,
        })
    })
}

pub(crate) fn welcome(idp_name: &str) -> Response {
    let idp_name = escape(idp_name);
    let body = format!(
        "<section class=\"hero\"><h1>Every invoice, in one quiet place</h1>\
         <p class=\"lede\">Ledgerly keeps your company’s invoices. Your account comes from {idp_name}: there is no password to remember here.</p>\
         <p class=\"actions\"><a class=\"btn\" href=\"/login\">Sign in with {idp_name}</a><a class=\"quiet\" href=\"/saml/metadata\">Service provider metadata</a></p></section>"
    );
    page(&BRAND, StatusCode::OK, "Welcome", None, &body)
}

pub(crate) fn home(person: &Person) -> Response {
    let how = if person.solicited {
        "You started here, and came back with an answer to this app’s own request."
    } else {
        "You came straight from your portal: the sign-on was started there."
    };
    let session: Vec<Fact> =
        person.session.iter().map(|(name, value)| Fact::new(name, value.clone())).collect();
    let attributes: Vec<Fact> = person
        .attributes
        .iter()
        .map(|(name, values)| Fact { name: name.clone(), values: values.clone() })
        .collect();
    let body = format!(
        "<section class=\"hero\"><h1>Welcome, <span id=\"name\">{}</span></h1><p class=\"lede\">{how}</p></section>{}{}{}",
        escape(&person.name),
        INVOICES,
        facts("attributes", "Attributes", "What the identity provider told Ledgerly about you.", &attributes),
        facts("session", "Session", "How you were signed in, from a signed assertion.", &session),
    );
    page(&BRAND, StatusCode::OK, "Invoices", Some(&person.name), &body)
}

/// The way to the identity provider after the form that signs out. A page, because `form-action` holds for the redirects of a
/// form too; the header takes the browser on, without script.
pub(crate) fn signing_out(idp_name: &str, address: &str) -> Response {
    let idp_name = escape(idp_name);
    let body = format!(
        "<section class=\"hero\"><h1>Signing out of {idp_name}</h1>\
         <p class=\"lede\">You’re signed out of Ledgerly. {idp_name} is told now; if nothing happens, go on yourself.</p>\
         <p class=\"actions\"><a class=\"btn\" id=\"continue\" href=\"{}\">Sign out of {idp_name}</a></p></section>",
        escape(address)
    );
    let mut response = page(&BRAND, StatusCode::OK, "Signing out", None, &body);
    if let Ok(value) = HeaderValue::from_str(&format!("0; url={address}")) {
        response.headers_mut().insert(header::REFRESH, value);
    }
    response
}

/// The policy of a page that carries a message on: it sends its form by itself, wherever the provider and those it passes on to
/// are. `form-action` holds for redirects too, so it can't name one address.
const CARRYING: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action http: https:; base-uri 'none'; frame-ancestors 'none'";

/// A logout message on its way to the identity provider (SAML Bindings §3.5.4).
pub(crate) fn posting(idp_name: &str, letter: &Letter) -> Response {
    let relay_state = letter
        .relay_state
        .as_deref()
        .map(|state| format!("<input type=\"hidden\" name=\"RelayState\" value=\"{}\">", escape(state)));
    let body = format!(
        "<section class=\"hero\"><h1>Signing out of {idp_name}</h1>\
         <p class=\"lede\">You’re signed out of Ledgerly. {idp_name} is told now; if nothing happens, go on yourself.</p>\
         <form class=\"actions\" method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"{}\" value=\"{}\">{}\
         <button class=\"btn\" id=\"continue\" type=\"submit\">Go on</button></form></section><script src=\"/post.js\" defer></script>",
        escape(&letter.location),
        letter.field,
        escape(&letter.message),
        relay_state.unwrap_or_default(),
        idp_name = escape(idp_name),
    );
    let mut response = page(&BRAND, StatusCode::OK, "Signing out", None, &body);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CARRYING));
    response
}

/// The end of a sign-out: what is over for sure, and what may not be.
pub(crate) fn signed_out(idp_name: &str, outcome: Outcome) -> Response {
    let idp_name = escape(idp_name);
    let (heading, words) = match outcome {
        Outcome::Everywhere => (
            "You’re signed out everywhere",
            format!("Here, at {idp_name}, and in every app that you opened with it."),
        ),
        Outcome::Partly => (
            "You’re signed out, but not everywhere",
            format!(
                "Here and at {idp_name}, yes. At least one other app may still be open: sign out there too, or close the browser."
            ),
        ),
        Outcome::HereOnly => (
            "You’re signed out of Ledgerly only",
            format!("{idp_name} may still have you signed in: sign out there too."),
        ),
    };
    let body = format!(
        "<section class=\"hero\"><h1>{heading}</h1><p class=\"lede\" id=\"outcome\">{words}</p>\
         <p class=\"actions\"><a class=\"btn\" href=\"/login\">Sign in again</a><a class=\"quiet\" href=\"/\">Back to Ledgerly</a></p></section>"
    );
    page(&BRAND, StatusCode::OK, "Signed out", None, &body)
}

const INVOICES: &str = "<section class=\"card\" aria-labelledby=\"inv-h\"><h2 id=\"inv-h\">Invoices to approve</h2><p class=\"note\">Three are waiting.</p>\
<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"List\"><table class=\"rows\"><thead><tr><th scope=\"col\">From</th><th scope=\"col\">Due</th><th scope=\"col\">State</th><th scope=\"col\" class=\"n\">Amount</th></tr></thead><tbody>\
<tr><td>Birch &amp; Sons Joinery</td><td>28 November</td><td><span class=\"pill\">Waiting</span></td><td class=\"n\">€1,240.00</td></tr>\
<tr><td>Nordlicht Hosting</td><td>1 December</td><td><span class=\"pill\">Waiting</span></td><td class=\"n\">€389.90</td></tr>\
<tr><td>Café Miró</td><td>4 December</td><td><span class=\"pill\">Waiting</span></td><td class=\"n\">€86.40</td></tr></tbody></table></div></section>";
