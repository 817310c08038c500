//! The console's first page: what is left to set up, then numbers. Does not own counting (`service::overview`).

use super::{apps, audit, frame::console, keys, paging::count};
use crate::{
    context::AppContext,
    service::{key_expiry, overview, settings::Organization, sp_metadata},
    web::{
        error::Failure,
        extract::Admin,
        respond::page,
        view::{
            Link,
            admin::{
                Nav,
                home::{Change, Home, SetupStep},
            },
            list::counted,
        },
        words,
    },
};
use axum::{extract::State, response::Response};
use chrono::NaiveTime;

/// Changes on the page.
const CHANGES: u32 = 6;

/// What the checklist is made from.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    owners: i64,
    https: bool,
    users: i64,
    apps: i64,
    /// Live apps that somebody has.
    live: i64,
    /// Live apps that nobody has.
    for_nobody: i64,
    /// Certificates that end soon, or have ended.
    ending: i64,
    /// Apps whose metadata needs somebody.
    metadata: i64,
}

/// `GET /admin`
pub async fn show(State(ctx): State<AppContext>, admin: Admin) -> Result<Response, Failure> {
    let caller = &admin.caller;
    let now = ctx.now();
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let counts = overview::counts(&ctx, caller).await?;
    let reach = overview::access_counts(&ctx, caller).await?;
    let all = overview::apps_matching(&ctx, caller, "").await?;
    let live = all.iter().filter(|app| app.active);
    let (some, none): (Vec<_>, Vec<_>) =
        live.partition(|app| reach.get(&app.id).is_some_and(|(_, people)| *people > 0));
    let number = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let ending = keys::soon(&key_expiry::soon(&ctx, caller).await?, now);
    let metadata = apps::source::attention(&sp_metadata::attention(&ctx, caller).await?, now);
    let progress = Progress {
        owners: overview::active_owners(&ctx, caller).await?,
        https: ctx.config.http.public_url.is_https(),
        users: counts.users,
        apps: counts.apps,
        live: number(some.len()),
        for_nobody: number(none.len()),
        ending: number(ending.len()),
        metadata: number(metadata.len()),
    };
    let day = overview::sign_ons_of_day(&ctx, caller, midnight).await?;
    let steps = steps(&progress);
    page(&Home {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Home).await?,
        greeting: words::greeting(admin.user.greeting_name(), now),
        lede: lede(&steps, &progress),
        steps,
        ending,
        metadata,
        sign_ins_today: count(day.worked),
        people_today: count(day.people),
        failed_today: count(day.failed),
        hours: day.hours.iter().map(|hour| u32::try_from(*hour).unwrap_or(u32::MAX)).collect(),
        facts: facts(&ctx, &admin.visit.organization),
        changes: changes(&ctx, &admin).await?,
    })
}

fn steps(progress: &Progress) -> Vec<SetupStep> {
    let step = |done: bool, title: &str, fact: String, text: &str, action: Option<(&str, &str)>| SetupStep {
        title: title.to_owned(),
        text: text.to_owned(),
        fact,
        done,
        action: action.map(|(href, text)| Link { href: href.to_owned(), text: text.to_owned() }),
    };
    vec![
        step(
            progress.owners > 0,
            "Owner secured",
            counted(count(progress.owners), "owner", "owners"),
            "",
            None,
        ),
        step(
            progress.https,
            "Sign-in address",
            "https".to_owned(),
            "The address is plain http: fine for trying it out here. For people and apps, set public_url to an https \
             address. About 10 minutes.",
            None,
        ),
        step(
            progress.users > 1,
            "Add people",
            count(progress.users).to_string(),
            "Those who will sign in. Groups then decide what they can open. About 5 minutes.",
            Some(("/admin/users/new", "Add person")),
        ),
        match progress.apps {
            0 => step(
                false,
                "Add an application",
                String::new(),
                "Any SAML or OIDC app, or a plain link. About 10 minutes.",
                Some(("/admin/apps/new", "Add application")),
            ),
            _ => step(
                progress.live > 0,
                "Open an application",
                format!("{} live", progress.live),
                "Give one to a group and make it live. About 5 minutes.",
                Some(("/admin/apps", "Applications")),
            ),
        },
        step(
            progress.owners > 1,
            "Add a second owner",
            counted(count(progress.owners), "owner", "owners"),
            "If you lose your password, nobody else can let you back in. About 2 minutes.",
            Some(("/admin/users", "Users")),
        ),
    ]
}

fn lede(steps: &[SetupStep], progress: &Progress) -> String {
    let left = count(i64::try_from(steps.iter().filter(|step| !step.done).count()).unwrap_or_default());
    let mut parts = Vec::new();
    match left {
        0 => {}
        1 => parts.push("One step of setting up is left.".to_owned()),
        left => parts.push(format!("{left} steps of setting up are left.")),
    }
    match progress.for_nobody {
        0 => {}
        1 => parts.push("One app is live, but nobody has it.".to_owned()),
        number => parts.push(format!("{number} apps are live, but nobody has them.")),
    }
    match progress.ending {
        0 => {}
        1 => parts.push("One certificate ends soon.".to_owned()),
        number => parts.push(format!("{number} certificates end soon.")),
    }
    match progress.metadata {
        0 => {}
        1 => parts.push("The metadata of one app needs you.".to_owned()),
        number => parts.push(format!("The metadata of {number} apps needs you.")),
    }
    if parts.is_empty() { "Nothing needs you. Everything is running.".to_owned() } else { parts.join(" ") }
}

fn facts(ctx: &AppContext, organization: &Organization) -> Vec<(String, String)> {
    let database = if ctx.config.database.url.starts_with("sqlite:") { "SQLite" } else { "PostgreSQL" };
    let support = if organization.support_email.is_empty() { "none" } else { &organization.support_email };
    [
        ("Address", ctx.config.http.public_url.as_str()),
        ("Support contact", support),
        ("Database", database),
        ("Version", env!("CARGO_PKG_VERSION")),
    ]
    .map(|(label, value)| (label.to_owned(), value.to_owned()))
    .into()
}

async fn changes(ctx: &AppContext, admin: &Admin) -> Result<Vec<Change>, Failure> {
    let events = overview::last_changes(ctx, &admin.caller, CHANGES).await?;
    let now = ctx.now();
    let rows = audit::rows::draw(ctx, admin, &events, &[], None).await?;
    Ok(events
        .iter()
        .zip(rows)
        .map(|(event, row)| {
            let person = row.by.unwrap_or_else(|| crate::web::view::Person::new("Gatehouse"));
            Change {
                text: audit::words::sentence(event, Some(&person.name)),
                person,
                when: words::ago(event.timestamp, now),
                href: row.href,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checklist_goes_from_the_first_owner_to_the_second() {
        let first = Progress { owners: 1, users: 1, ..Progress::default() };
        let open: Vec<String> =
            steps(&first).into_iter().filter(|step| !step.done).map(|step| step.title).collect();
        assert_eq!(open, ["Sign-in address", "Add people", "Add an application", "Add a second owner"]);
        assert_eq!(lede(&steps(&first), &first), "4 steps of setting up are left.");
        let done = Progress { owners: 2, https: true, users: 212, apps: 24, live: 19, ..Progress::default() };
        assert!(steps(&done).iter().all(|step| step.done));
        assert_eq!(lede(&steps(&done), &done), "Nothing needs you. Everything is running.");
    }

    #[test]
    fn an_app_that_is_live_for_nobody_is_said() {
        let done = Progress {
            owners: 2,
            https: true,
            users: 9,
            apps: 2,
            live: 1,
            for_nobody: 1,
            ..Progress::default()
        };
        assert_eq!(lede(&steps(&done), &done), "One app is live, but nobody has it.");
        let ending = Progress { for_nobody: 0, ending: 2, ..done };
        assert_eq!(lede(&steps(&ending), &ending), "2 certificates end soon.");
        let waiting = Progress { for_nobody: 0, metadata: 1, ..done };
        assert_eq!(lede(&steps(&waiting), &waiting), "The metadata of one app needs you.");
        let added = Progress { live: 0, ..done };
        assert_eq!(steps(&added)[3].title, "Open an application");
    }
}
