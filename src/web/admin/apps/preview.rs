//! The preview panel of the sign-on tab: finds the person, and puts what `service::preview` answers into words.
//! Does not own what would be sent.

use super::verdict;
use crate::{
    context::AppContext,
    domain::{app::App, user::User},
    service::{
        overview::{PageRequest, UserFilter},
        preview::{self, OidcRelease, Preview as Found, Receives, SamlRelease},
        sign_on::name_id::Known,
        users,
    },
    web::{
        admin::paging::address,
        error::Failure,
        extract::Admin,
        view::{
            Link,
            admin::apps::preview::{Answer, Part, Preview, Row},
        },
    },
};
use serde_json::{Map, Value};

/// Most people offered for a search that means several.
const OFFERED: u32 = 8;

/// The panel for what was typed: a user name or email, or a part of a name that one person has, or several.
pub async fn panel(ctx: &AppContext, admin: &Admin, app: &App, typed: &str) -> Result<Preview, Failure> {
    let empty = Preview { q: typed.to_owned(), ..Preview::default() };
    if typed.is_empty() {
        return Ok(empty);
    }
    if let Some(user) = users::find(ctx, &admin.caller, typed).await? {
        return shown(ctx, admin, app, &user, empty).await;
    }
    let filter = UserFilter { q: typed.to_owned(), ..UserFilter::default() };
    let found = users::list(ctx, &admin.caller, &filter, PageRequest::first(OFFERED)).await?;
    if let [user] = found.items.as_slice() {
        return shown(ctx, admin, app, user, empty).await;
    }
    let path = format!("/admin/apps/{}/sso", app.slug);
    let offer = |user: &User| {
        let href = address(&path, &[("preview", &user.username)]);
        (Link { href, text: user.display_name.clone() }, user.email.clone())
    };
    let offered = i64::try_from(found.items.len()).unwrap_or(i64::MAX);
    let note = match found.total {
        0 => "Nobody here has that name or email.",
        total if total > offered => "Several people match; type more of the name. The first are:",
        _ => "Several people match. Choose one:",
    };
    Ok(Preview { people: found.items.iter().map(offer).collect(), note: Some(note.to_owned()), ..empty })
}

async fn shown(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    user: &User,
    panel: Preview,
) -> Result<Preview, Failure> {
    let found = preview::of(ctx, &admin.caller, app, user).await?;
    Ok(Preview { answer: Some(answer(app, user, &found)), ..panel })
}

fn answer(app: &App, user: &User, found: &Found) -> Answer {
    let (mut title, mut text) = verdict::in_words(app, user, &found.access);
    let name = user.greeting_name();
    if found.access.is_allowed() && !found.arrives() {
        title = format!("{name} would be stopped");
        text = match &found.receives {
            Receives::Saml(saml) if saml.acs_url.is_none() => {
                format!("{} has no reply address yet.", app.label)
            }
            _ => format!("{} lacks the value that {} knows people by.", user.display_name, app.label),
        };
    }
    let withheld: &[(String, String)] = match &found.receives {
        Receives::Saml(saml) => &saml.withheld,
        Receives::Oidc(_) | Receives::Nothing => &[],
    };
    let (left_out, mut parts) = match &found.receives {
        Receives::Saml(saml) => (&saml.left_out, assertion(app, saml)),
        Receives::Oidc(oidc) => (&oidc.left_out, tokens(oidc)),
        Receives::Nothing => (&Vec::new(), Vec::new()),
    };
    if !found.arrives()
        && let Some(first) = parts.first_mut()
    {
        first.hint = format!("Nothing is sent now. If {name} got in: {}", lower_first(&first.hint));
    }
    Answer {
        arrives: found.arrives(),
        title,
        text,
        why: Link {
            href: address(&format!("/admin/apps/{}/access", app.slug), &[("check", &user.username)]),
            text: "Step by step".to_owned(),
        },
        warnings: left_out
            .iter()
            .map(|field| format!("“{field}” is empty for {name}, so it is left out."))
            .chain(withheld.iter().map(|(field, why)| format!("“{field}” is withheld: {why}.")))
            .collect(),
        parts,
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn assertion(app: &App, saml: &SamlRelease) -> Vec<Part> {
    let (values, note) = match &saml.name_id {
        Known::Value(value) => (vec![value.clone()], String::new()),
        Known::MadeAtFirstSignOn => {
            (Vec::new(), "Made at the first sign-on, then always the same".to_owned())
        }
        Known::MadeAtEachSignOn => (Vec::new(), "Made anew at each sign-on".to_owned()),
        Known::Missing(why) => (Vec::new(), why.words().to_owned()),
    };
    let uri = saml.format.uri();
    let format = uri.rsplit(':').next().unwrap_or(uri).to_owned();
    let sealed = if saml.encrypted { " Encrypted for it." } else { "" };
    let to = saml.acs_url.as_ref().map_or_else(
        || format!("To {}, once it has a reply address.{sealed}", app.label),
        |address| format!("To {address}.{sealed}"),
    );
    let mut rows = vec![Row { name: "NameID".to_owned(), values, note }];
    rows.push(Row { name: "Format".to_owned(), values: vec![format], note: String::new() });
    let attributes: Vec<Row> = saml
        .attributes
        .iter()
        .map(|sent| Row { name: sent.name.clone(), values: sent.values.clone(), note: String::new() })
        .collect();
    let hint = if attributes.is_empty() { "None: no attribute has a value." } else { "" };
    vec![
        Part { title: "Subject".to_owned(), hint: to, rows },
        Part { title: "Attributes".to_owned(), hint: hint.to_owned(), rows: attributes },
    ]
}

fn tokens(oidc: &OidcRelease) -> Vec<Part> {
    vec![
        Part {
            title: "ID token".to_owned(),
            hint: "With times, nonce and session added at the sign-on.".to_owned(),
            rows: claims(&oidc.id_token),
        },
        Part {
            title: "Access token".to_owned(),
            hint: if oidc.access_token_is_jwt {
                "A signed JWT: resource servers read this themselves.".to_owned()
            } else {
                "Random text: this is what introspection says of it.".to_owned()
            },
            rows: claims(&oidc.access_token),
        },
        Part {
            title: "Userinfo".to_owned(),
            hint: format!("If the app asks for every scope: {}.", oidc.scope),
            rows: claims(&oidc.userinfo),
        },
    ]
}

/// Claims as JSON writes them, one line each; first who says it, about whom, to whom.
fn claims(claims: &Map<String, Value>) -> Vec<Row> {
    let mut rows: Vec<Row> = claims
        .iter()
        .map(|(name, value)| Row { name: name.clone(), values: vec![value.to_string()], note: String::new() })
        .collect();
    let first = ["iss", "sub", "aud"];
    rows.sort_by_key(|row| first.iter().position(|name| row.name == *name).unwrap_or(first.len()));
    rows
}
