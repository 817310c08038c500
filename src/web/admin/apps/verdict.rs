//! Checks one person at an app: the verdict, the chain it went through, and what the person would see.
//! Does not decide (`domain::access`, by `service::assignments`) and has no words of its own for people (`web::outcome`).

use crate::{
    context::AppContext,
    domain::{
        access::{Access, Denial, Route},
        app::App,
        user::User,
    },
    service::{
        assignments,
        sign_on::{Stop, StopCause},
        users,
    },
    web::{
        error::Failure,
        extract::Admin,
        outcome,
        view::{
            Tone,
            admin::apps::access::{ChainStep, Verdict},
        },
    },
};

/// The answer for whoever has this name or address, or a note that nobody does.
pub async fn check(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    name: &str,
) -> Result<(Option<Verdict>, Option<String>), Failure> {
    if name.is_empty() {
        return Ok((None, None));
    }
    let Some(user) = users::find(ctx, &admin.caller, name).await? else {
        return Ok((None, Some("Nobody here has that user name or email.".to_owned())));
    };
    let access = assignments::check(ctx, &admin.caller, app, &user).await?;
    let routes = match &access {
        Access::Allowed(routes) => routes.clone(),
        Access::Denied(_) => routes(ctx, admin, app, &user).await?,
    };
    let sees = match &access {
        Access::Allowed(_) => None,
        Access::Denied(denial) => Some(seen(ctx, admin, app, &user, *denial)),
    };
    Ok((Some(verdict(app, &user, &access, &routes, sees)), None))
}

/// The person's routes to the app, also when something else stops them.
async fn routes(ctx: &AppContext, admin: &Admin, app: &App, user: &User) -> Result<Vec<Route>, Failure> {
    let apps = assignments::apps_of_user(ctx, &admin.caller, user.id).await?;
    Ok(apps.into_iter().find(|(other, _)| other.id == app.id).map(|(_, routes)| routes).unwrap_or_default())
}

/// Title and sentence of the page that the person would get, word for word.
fn seen(ctx: &AppContext, admin: &Admin, app: &App, user: &User, denial: Denial) -> (String, String) {
    let stop = Stop {
        cause: StopCause::Denied(denial),
        reference: String::new(),
        app: Some(app.clone()),
        user: Some(user.clone()),
    };
    let (_, page) = outcome::hand_over(ctx, &admin.visit, &stop);
    (page.title, page.lede)
}

fn verdict(
    app: &App,
    user: &User,
    access: &Access,
    routes: &[Route],
    sees: Option<(String, String)>,
) -> Verdict {
    let (title, text) = in_words(app, user, access);
    Verdict {
        lets_in: access.is_allowed(),
        title,
        text,
        chain: chain(app, user, access, routes),
        sees,
        person_href: format!("/admin/users/{}", user.id),
    }
}

/// The decision as a title, and why as a sentence.
pub fn in_words(app: &App, user: &User, access: &Access) -> (String, String) {
    let name = user.greeting_name();
    match access {
        Access::Allowed(routes) => (
            format!("{name} would get in"),
            format!("{} has {} {}.", user.display_name, app.label, through(routes)),
        ),
        Access::Denied(denial) => {
            (format!("{name} would be stopped"), denial.sentence(&user.display_name, &app.label))
        }
    }
}

/// The routes in words: `through Growth and Data platform`, `by hand`.
fn through(routes: &[Route]) -> String {
    let groups: Vec<&str> = routes
        .iter()
        .filter_map(|route| match route {
            Route::Group { name, .. } => Some(name.as_str()),
            Route::Direct => None,
        })
        .collect();
    let by_hand = routes.contains(&Route::Direct);
    match (groups.is_empty(), by_hand) {
        (true, _) => "by hand".to_owned(),
        (false, false) => format!("through {}", groups.join(", ")),
        (false, true) => format!("through {}, and by hand", groups.join(", ")),
    }
}

/// The steps in the order of the decision; after the one that stopped, the others are not reached and say what they would.
fn chain(app: &App, user: &User, access: &Access, routes: &[Route]) -> Vec<ChainStep> {
    let stopped = match access {
        Access::Allowed(_) => usize::MAX,
        Access::Denied(Denial::UserSuspended | Denial::UserStaged) => 0,
        Access::Denied(Denial::AppPaused) => 1,
        Access::Denied(Denial::NotAssigned) => 2,
    };
    let route = if routes.is_empty() { "No group of theirs has it".to_owned() } else { through(routes) };
    let steps = [
        ("Account is active".to_owned(), format!("The account is {}", user.state.as_str()), stopped != 0),
        (
            format!("{} is live", app.label),
            if app.active { "It is live".to_owned() } else { "It is paused or not live yet".to_owned() },
            app.active,
        ),
        (format!("In a group that has {}", app.label), route, !routes.is_empty()),
    ];
    steps
        .into_iter()
        .enumerate()
        .map(|(position, (title, found, passes))| match position.cmp(&stopped) {
            std::cmp::Ordering::Less => ChainStep { tone: Tone::Ok, title, text: found },
            std::cmp::Ordering::Equal => ChainStep { tone: Tone::Bad, title, text: found },
            std::cmp::Ordering::Greater => {
                let would = if passes { "would pass" } else { "would stop here" };
                ChainStep { tone: Tone::Draft, title, text: format!("Not reached; {would}") }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            access::decide,
            sent_as::SentAs,
            user::{Role, UserState},
        },
        id::{GroupId, UserId},
        web::admin::apps::stage::tests::app,
    };
    use rand::{SeedableRng, rngs::StdRng};

    fn user(state: UserState) -> User {
        let now = app().created_at;
        User {
            id: UserId::new(now, &mut StdRng::seed_from_u64(3)),
            username: "omar".into(),
            email: "omar@fernhill.example".into(),
            display_name: "Omar Haddad".into(),
            state,
            role: Role::None,
            profile: [("first_name".to_owned(), "Omar".to_owned())].into(),
            custom: [].into(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    fn answer(state: UserState, active: bool, routes: &[Route]) -> Verdict {
        let app = App { active, ..app() };
        let user = user(state);
        let access = decide(&user, &app, routes.to_vec());
        verdict(&app, &user, &access, routes, None)
    }

    fn group(name: &str) -> Route {
        Route::Group {
            id: GroupId::new(app().created_at, &mut StdRng::seed_from_u64(4)),
            name: name.into(),
            sent_as: SentAs::Name,
        }
    }

    #[test]
    fn the_chain_stops_where_the_decision_stopped() {
        let tones = |verdict: &Verdict| verdict.chain.iter().map(|step| step.tone).collect::<Vec<_>>();
        let suspended = answer(UserState::Suspended, true, &[group("Growth")]);
        assert_eq!(tones(&suspended), [Tone::Bad, Tone::Draft, Tone::Draft]);
        assert!(suspended.chain[2].text.contains("would pass"));
        let paused = answer(UserState::Active, false, &[]);
        assert_eq!(tones(&paused), [Tone::Ok, Tone::Bad, Tone::Draft]);
        assert!(paused.chain[2].text.contains("would stop here"));
        let outside = answer(UserState::Active, true, &[]);
        assert_eq!(tones(&outside), [Tone::Ok, Tone::Ok, Tone::Bad]);
        assert_eq!(outside.title, "Omar would be stopped");
        assert_eq!(outside.text, "Omar Haddad isn’t in a group that has Amplitude.");
    }

    #[test]
    fn who_gets_in_is_told_through_what() {
        let verdict = answer(UserState::Active, true, &[group("Growth"), Route::Direct]);
        assert!(verdict.lets_in && verdict.sees.is_none());
        assert_eq!(verdict.text, "Omar Haddad has Amplitude through Growth, and by hand.");
        assert!(verdict.chain.iter().all(|step| step.tone == Tone::Ok));
    }
}
