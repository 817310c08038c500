//! What Trailhead shows. Owns words and layout, no decisions.

use super::Session;
use crate::page::{Brand, Fact, escape, facts, page};
use axum::{http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub(crate) const BRAND: Brand = Brand {
    name: "Trailhead",
    tagline: "Team trips, booked in a minute",
    theme: "trailhead",
    mark: r#"<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 20 9.5 7l4 7 2.5-4 5 10z"/><circle cx="17" cy="5" r="1.5"/></svg>"#,
    protocol: "It signs people in with OpenID Connect.",
};

pub(crate) fn welcome(idp_name: &str) -> Response {
    let idp_name = escape(idp_name);
    let body = format!(
        "<section class=\"hero\"><h1>The whole team, on the same train</h1>\
         <p class=\"lede\">Trailhead books trips for teams. Sign in with your {idp_name} account and your colleagues are already here.</p>\
         <p class=\"actions\"><a class=\"btn\" href=\"/login\">Sign in with {idp_name}</a></p></section>"
    );
    page(&BRAND, StatusCode::OK, "Welcome", None, &body)
}

pub(crate) fn home(session: &Session) -> Response {
    let claims = &session.signed_in.userinfo;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("name").or_else(|| text("preferred_username")).unwrap_or(&session.signed_in.subject);
    let refresh = if session.signed_in.refresh_token.is_some() {
        "<form method=\"post\" action=\"/refresh\"><button class=\"quiet\" type=\"submit\">Refresh the tokens</button></form>"
    } else {
        "<p class=\"note\">No refresh token was issued.</p>"
    };
    let how = if session.solicited {
        "You started here and came back signed in."
    } else {
        "You came from your portal, which asked this app to start the sign-in."
    };
    let body = format!(
        "<section class=\"hero\"><h1>Where to next, <span id=\"name\">{}</span>?</h1><p class=\"lede\">{how}</p><div class=\"actions\">{refresh}</div></section>{}{}{}{}",
        escape(name),
        TRIPS,
        facts("userinfo", "Userinfo", "What the provider’s userinfo endpoint says about you.", &rows(claims)),
        facts(
            "id-token",
            "ID token",
            "The claims of the signed token, checked for this app and this sign-in.",
            &rows(&session.signed_in.id_token)
        ),
        facts(
            "tokens",
            "Tokens",
            "They stay on this app’s server; the browser holds only a session cookie.",
            &tokens(session)
        ),
    );
    page(&BRAND, StatusCode::OK, "Trips", Some(name), &body)
}

fn tokens(session: &Session) -> Vec<Fact> {
    let time = |instant: DateTime<Utc>| instant.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut rows = vec![Fact::new("Issued at", time(session.issued_at))];
    if let Some(seconds) = session.signed_in.expires_in {
        rows.push(Fact::new("Access token lasts", format!("{seconds} s")));
    }
    rows.push(Fact { name: "Scopes".into(), values: session.signed_in.scopes.clone() });
    rows.push(Fact::new(
        "Refresh token",
        if session.signed_in.refresh_token.is_some() { "yes" } else { "no" },
    ));
    rows.push(Fact::new("Refreshed", format!("{} times", session.refreshed)));
    rows
}

/// Claims in the order of their names; lists as several values, times also readable.
fn rows(claims: &Map<String, Value>) -> Vec<Fact> {
    let mut rows: Vec<Fact> = claims
        .iter()
        .map(|(name, value)| {
            let values = match value {
                Value::Array(items) => items.iter().map(plain).collect(),
                Value::Number(number)
                    if matches!(name.as_str(), "exp" | "iat" | "auth_time" | "updated_at") =>
                {
                    let instant =
                        number.as_i64().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
                    vec![instant.map_or_else(
                        || number.to_string(),
                        |at| format!("{number} ({})", at.format("%Y-%m-%d %H:%M:%S UTC")),
                    )]
                }
                value => vec![plain(value)],
            };
            Fact { name: name.clone(), values }
        })
        .collect();
    rows.sort_by(|left, right| left.name.cmp(&right.name));
    rows
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const TRIPS: &str = "<section class=\"card\" aria-labelledby=\"trips-h\"><h2 id=\"trips-h\">Your next trips</h2><p class=\"note\">Two are booked.</p>\
<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"List\"><table class=\"rows\"><thead><tr><th scope=\"col\">Trip</th><th scope=\"col\">When</th><th scope=\"col\">State</th><th scope=\"col\" class=\"n\">Seats</th></tr></thead><tbody>\
<tr><td>Lisbon, team week</td><td>8 – 12 December</td><td><span class=\"pill\">Booked</span></td><td class=\"n\">6</td></tr>\
<tr><td>Zürich, customer visit</td><td>14 January</td><td><span class=\"pill\">Booked</span></td><td class=\"n\">2</td></tr>\
<tr><td>Kraków, hiring day</td><td>3 February</td><td><span class=\"pill\">Draft</span></td><td class=\"n\">3</td></tr></tbody></table></div></section>";
