//! What an app gets, in plain words. Does not own asking or remembering (`service::sign_on::consent`, `service::consents`).

use super::view::sign_in::Release;
use crate::domain::consent::Released;
use oidc::scope;

/// A line for everything that is released, the usual first. What has no words of its own stands by its raw name.
pub fn rows(released: &Released) -> Vec<Release> {
    let scopes = scope::ALL.iter().filter(|name| released.scopes.contains(**name)).map(|name| known(name));
    let others = released.scopes.iter().filter(|name| !scope::ALL.contains(&name.as_str()));
    let others = others.map(|name| Release::named("key-round", "Permission", name));
    let claims = released.claims.iter().map(|name| match claim(name) {
        Some((icon, title)) => Release::new(icon, title, ""),
        None => Release::named("user-round", "Detail about you", name),
    });
    let resources = released.resources.iter().map(|uri| Release::named("link", "Act for you at", uri));
    scopes.chain(others).chain(claims).chain(resources).collect()
}

/// The same in one line: "who you are, your email".
pub fn in_one_line(released: &Released) -> String {
    let rows = rows(released);
    let mut names = rows.iter().map(|row| match row.name.as_str() {
        "" => lower_first(&row.title),
        name => name.to_owned(),
    });
    let first = names.next().unwrap_or_default();
    names.fold(first, |line, name| format!("{line}, {name}"))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn known(name: &str) -> Release {
    let (icon, title, hint) = match name {
        scope::OPENID => {
            ("badge-check", "That it’s you", "A number that stands for you, without anything else")
        }
        scope::PROFILE => ("user-round", "Your name and profile", "Name, user name, language"),
        scope::EMAIL => ("mail", "Your work email", ""),
        scope::ADDRESS => ("building-2", "Your work address", ""),
        scope::PHONE => ("phone", "Your phone number", ""),
        scope::GROUPS => ("users-round", "Your groups", "Those that give you this app"),
        scope::OFFLINE_ACCESS => (
            "refresh-cw",
            "All this while you’re away",
            "Until you sign out, or take it back under Your account",
        ),
        other => return Release::named("key-round", "Permission", other),
    };
    Release::new(icon, title, hint)
}

fn claim(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "name" | "given_name" | "family_name" | "middle_name" => ("user-round", "Your name"),
        "preferred_username" => ("user-round", "Your user name"),
        "email" | "email_verified" => ("mail", "Your work email"),
        "phone_number" | "phone_number_verified" => ("phone", "Your phone number"),
        "address" => ("building-2", "Your work address"),
        "groups" => ("users-round", "Your groups"),
        "locale" => ("globe", "Your language"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_has_words_and_the_unknown_its_raw_name() {
        let released = Released {
            scopes: ["openid", "api:write", "offline_access", "email"].map(str::to_owned).into(),
            claims: ["phone_number", "costTeam"].map(str::to_owned).into(),
            resources: ["https://api.example".to_owned()].into(),
        };
        let rows = rows(&released);
        let titles: Vec<(&str, &str)> =
            rows.iter().map(|row| (row.title.as_str(), row.name.as_str())).collect();
        assert_eq!(
            titles,
            [
                ("That it’s you", ""),
                ("Your work email", ""),
                ("All this while you’re away", ""),
                ("Permission", "api:write"),
                ("Detail about you", "costTeam"),
                ("Your phone number", ""),
                ("Act for you at", "https://api.example"),
            ]
        );
        let line = in_one_line(&released);
        assert!(line.starts_with("that it’s you, your work email, "), "{line}");
        assert!(line.ends_with("api:write, costTeam, your phone number, https://api.example"), "{line}");
    }
}
