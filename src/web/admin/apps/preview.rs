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
        simulator::{self, Check, Verdict},
        users,
    },
    web::{
        admin::paging::address,
        error::Failure,
        extract::Admin,
        view::{
            Link, Tone,
            admin::apps::preview::{Answer, Part, Preview, Row, Tokens},
        },
    },
};
use serde_json::{Map, Value};

/// Most people offered for a search that means several.
const OFFERED: u32 = 8;

/// The panel for what was typed: a user name or email, or a part of a name that one person has, or several.
/// Of an OIDC app `open` is the token that is shown.
pub async fn panel(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    typed: &str,
    open: &str,
) -> Result<Preview, Failure> {
    let empty = Preview { q: typed.to_owned(), ..Preview::default() };
    if typed.is_empty() {
        return Ok(empty);
    }
    if let Some(user) = users::find(ctx, &admin.caller, typed).await? {
        return shown(ctx, admin, app, &user, (empty, open)).await;
    }
    let filter = UserFilter { q: typed.to_owned(), ..UserFilter::default() };
    let found = users::list(ctx, &admin.caller, &filter, PageRequest::first(OFFERED)).await?;
    if let [user] = found.items.as_slice() {
        return shown(ctx, admin, app, user, (empty, open)).await;
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
    (panel, open): (Preview, &str),
) -> Result<Preview, Failure> {
    let found = preview::of(ctx, &admin.caller, app, user).await?;
    let mut answer = answer(app, user, &found);
    if let Receives::Oidc(oidc) = &found.receives {
        let checks = simulator::oidc::settings_checks(ctx, &admin.caller, app, user).await?;
        add_checks(&mut answer, checks, user);
        answer.tokens = Some(tokens(app, user, oidc, open));
    }
    Ok(Preview { answer: Some(answer), ..panel })
}

/// The checks of the settings; of somebody who may open the app, the first that fails is why they don't arrive.
fn add_checks(answer: &mut Answer, checks: Vec<Check>, user: &User) {
    for check in checks {
        let tone = match check.verdict {
            Verdict::Passed => Tone::Ok,
            Verdict::Warning => Tone::Warn,
            Verdict::Failed => Tone::Bad,
            Verdict::Skipped => continue,
        };
        if answer.arrives && check.verdict == Verdict::Failed {
            answer.arrives = false;
            answer.title = format!("{} would be stopped", user.greeting_name());
            answer.text.clone_from(&check.words);
        }
        answer.checks.push((tone, check.words));
    }
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
        Receives::Oidc(oidc) => (&oidc.left_out, Vec::new()),
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
        checks: Vec::new(),
        parts,
        tokens: None,
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

/// The three things that an OIDC app receives, the one that is asked for open.
fn tokens(app: &App, user: &User, oidc: &OidcRelease, open: &str) -> Tokens {
    let access = if oidc.access_token_is_jwt {
        "A signed JWT: resource servers read this themselves."
    } else {
        "Random text: this is what introspection says of it."
    };
    let all = [
        (
            "id_token",
            "ID token",
            "With times, nonce and session added at the sign-on.".to_owned(),
            &oidc.id_token,
        ),
        ("access_token", "Access token", access.to_owned(), &oidc.access_token),
        ("userinfo", "Userinfo", format!("If the app asks for every scope: {}.", oidc.scope), &oidc.userinfo),
    ];
    let shown = all.iter().position(|(key, ..)| *key == open).unwrap_or(0);
    let path = format!("/admin/apps/{}/sso", app.slug);
    let mut tabs = Vec::with_capacity(all.len());
    for (position, (key, title, ..)) in all.iter().enumerate() {
        let href = address(&path, &[("preview", &user.username), ("show", key)]);
        tabs.push((Link { href, text: (*title).to_owned() }, position == shown));
    }
    let (_, title, hint, claims) = &all[shown];
    Tokens { tabs, title: (*title).to_owned(), hint: hint.clone(), json: in_order(claims) }
}

/// Claims as JSON, one line each; first who says it, to whom and about whom.
fn in_order(claims: &Map<String, Value>) -> String {
    let first = ["iss", "aud", "sub"];
    let mut all: Vec<(&String, &Value)> = claims.iter().collect();
    all.sort_by_key(|(name, _)| first.iter().position(|one| name == one).unwrap_or(first.len()));
    let line = |(name, value): (&String, &Value)| format!("  {}: {value}", Value::from(name.as_str()));
    format!("{{\n{}\n}}", all.into_iter().map(line).collect::<Vec<_>>().join(",\n"))
}
