//! Renders every page from sample values and checks what must hold for each of them.

mod apps;
mod audit;
mod common;
mod device;
mod gate;
mod keys;
mod oidc;
mod people;
mod portal;
mod preview;
mod recipe;
mod recordings;
mod sign_on;

use askama::Template;

use super::*;
use common::HOSTILE;

/// Every page with its sample values, and a name for messages.
pub(crate) fn every_page() -> Vec<(&'static str, String)> {
    [
        gate::pages(),
        device::pages(),
        portal::pages(),
        apps::pages(),
        sign_on::pages(),
        recipe::pages(),
        oidc::pages(),
        people::pages(),
        audit::pages(),
        keys::pages(),
        recordings::pages(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Renders a page for the list.
fn page(name: &'static str, view: &impl Template) -> (&'static str, String) {
    (name, view.render().expect("sample values render"))
}

/// Checks all pages and names those that fail.
fn assert_on_every_page(rule: &str, holds: impl Fn(&str) -> bool) {
    let broken: Vec<_> =
        every_page().into_iter().filter(|(_, html)| !holds(html)).map(|(name, _)| name).collect();
    assert!(broken.is_empty(), "{rule}: {broken:?}");
}

#[test]
fn the_policy_finds_nothing_inline() {
    assert_on_every_page("no style attribute", |html| !html.contains(" style="));
    assert_on_every_page("no style element", |html| !html.contains("<style"));
    assert_on_every_page("scripts come from files", |html| {
        html.matches("<script").count() == html.matches("<script src=\"/assets/").count()
    });
    assert_on_every_page("no event attribute", |html| {
        let ours = html.replace("&#60;img src=x onerror=1&#62;", "");
        ![" onclick=", " onload=", " onsubmit=", " onerror=", " onchange="]
            .iter()
            .any(|attribute| ours.contains(attribute))
    });
}

#[test]
fn every_page_has_one_heading_and_one_main() {
    assert_on_every_page("one h1", |html| html.matches("<h1").count() == 1);
    assert_on_every_page("one main", |html| html.matches("<main").count() == 1);
    assert_on_every_page("a skip link with a target", |html| {
        html.contains("href=\"#main\"") && html.contains("id=\"main\"")
    });
    assert_on_every_page("a title", |html| !html.contains("<title></title>"));
}

/// The token must not leave the site, and nothing that changes state may go without it.
#[test]
fn forms_that_post_here_carry_the_token() {
    for (name, html) in every_page() {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            let opening = form.split('>').next().unwrap_or_default();
            let to_an_app = opening.contains("data-post");
            let posts_here = opening.contains("method=\"post\"") && !to_an_app;
            let has_token = form.contains("name=\"csrf\" value=\"csrf-token\"");
            assert_eq!(posts_here, has_token, "{name}: <form{opening}>");
        }
    }
}

#[test]
fn ids_are_unique_and_labels_have_their_control() {
    for (name, html) in every_page() {
        let mut ids: Vec<_> = attribute_values(&html, " id=\"").collect();
        let targets: Vec<_> = attribute_values(&html, " for=\"").collect();
        for target in targets {
            assert!(ids.contains(&target), "{name}: no control for label {target}");
        }
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name}: an id is used twice");
    }
}

#[test]
fn hostile_text_is_escaped_wherever_it_is_shown() {
    assert_on_every_page("no tag from a value", |html| !html.contains("<img"));
    assert_on_every_page("no attribute left by a quote", |html| !html.contains("onerror=1>\""));
    let shown = every_page().iter().filter(|(_, html)| html.contains("&#60;img src=x")).count();
    assert!(shown > 30, "the hostile text reached only {shown} pages");
    assert!(HOSTILE.contains('<') && HOSTILE.contains('"') && HOSTILE.contains('\''));
}

#[test]
fn icons_named_by_templates_are_in_the_sprite() {
    let sprite = std::fs::read_to_string("assets/vendor/icons.svg").expect("built by `make assets`");
    for (name, html) in every_page() {
        for icon in html.split("icons.svg#").skip(1) {
            let icon = icon.split('"').next().unwrap_or_default();
            assert!(sprite.contains(&format!("id=\"{icon}\"")), "{name}: {icon}");
        }
    }
}

#[test]
fn links_lead_to_pages_of_this_version() {
    let known = [
        "/", "/login", "/logout", "/account", "/admin", "/assets/", "/launch/", "/saml2/", "/error/",
        "mailto:", "https://", "#", "/?",
    ];
    for (name, html) in every_page() {
        let tags = html.split("<a ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
        for href in tags.map(|tag| tag.split("href=\"").nth(1).unwrap_or_default()) {
            let href = href.split('"').next().unwrap_or_default();
            assert!(known.iter().any(|start| href.starts_with(start)), "{name}: {href}");
            assert!(!href[1..].contains("//admin") && href != "#", "{name}: {href}");
        }
    }
}

#[test]
fn badges_hold_one_or_two_letters() {
    assert_eq!(initials("Maya Okafor"), "MO");
    assert_eq!(initials("Ana María de la Cruz"), "AC");
    assert_eq!(initials("étienne"), "É");
    assert_eq!(initials("  "), "?");
    assert!(hue("Maya Okafor") < 6);
}

/// The values of an attribute, in order.
fn attribute_values<'a>(html: &'a str, start: &'static str) -> impl Iterator<Item = &'a str> {
    html.split(start).skip(1).map(|rest| rest.split('"').next().unwrap_or_default())
}
