//! The console's page about an app's sign-on by OpenID Connect.

use super::super::admin::apps::oidc::{OidcFields, OidcMore, OidcSso, Secret};
use super::super::admin::apps::preview::Preview;
use super::super::admin::apps::{AppFrame, AppTab};
use super::super::form::{AttributeRow, Errors};
use super::super::*;
use super::common::{HOSTILE, errors_on, tile};
use super::page;
use super::sign_on::{console, looking};

impl OidcSso {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/admin/apps/statsig/sso"),
            console: console(),
            frame: AppFrame {
                slug: "statsig".into(),
                tile: tile("Statsig", "flask-conical", "ocean"),
                state: Pill::new(Tone::Draft, "In set-up · 3 of 5"),
                live: false,
                meta: "OIDC · 1 group, 19 people · not live yet".into(),
                ..AppFrame::sample(AppTab::SignOn)
            },
            errors: Errors::none(),
            preview: Preview::default(),
            recipe: None,
            issuer: "https://id.fernhill.example".into(),
            discovery_url: "https://id.fernhill.example/.well-known/openid-configuration".into(),
            client_id: "statsig-7c1e04".into(),
            secret: Secret::Shown("gsec-example-7xv2-rkp9-lwzt-4dhc-8nye-3ubf".into()),
            complete: false,
            fields: OidcFields {
                redirect_uris:
                    "https://console.statsig.com/sso/oidc\nhttps://latest.console.statsig.com/sso/oidc".into(),
                client_auth: "client_secret_post".into(),
                id_token_alg: "RS256".into(),
                refresh_token: true,
                more: Some(OidcMore { scopes: "openid email profile".into(), ..OidcMore::default() }),
                ..OidcFields::default()
            },
            sources: vec!["email".into()],
        }
    }
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let hostile_rows = vec![AttributeRow {
        name: HOSTILE.into(),
        kind: "constant".into(),
        value: HOSTILE.into(),
        ..AttributeRow::default()
    }];
    vec![
        page("app-oidc-looking", &OidcSso { console: looking(), ..OidcSso::sample() }),
        page("app-oidc", &OidcSso::sample()),
        page(
            "app-oidc-kept",
            &OidcSso {
                frame: AppFrame::hostile(AppTab::SignOn),
                secret: Secret::Kept(HOSTILE.into()),
                preview: Preview::hostile(),
                errors: errors_on(&[
                    "redirect_uris",
                    "client_auth",
                    "initiate_login_uri",
                    "grant_types",
                    "response_modes",
                    "jwks",
                    "cors_origins",
                    "refresh_token_rotation",
                ]),
                fields: OidcFields {
                    claims: hostile_rows,
                    more: Some(OidcMore {
                        jwks: HOSTILE.into(),
                        scopes: HOSTILE.into(),
                        cors_origins: HOSTILE.into(),
                        backchannel_logout_uri: HOSTILE.into(),
                        access_token_seconds: HOSTILE.into(),
                        ..OidcMore::default()
                    }),
                    ..OidcFields::default()
                },
                ..OidcSso::sample()
            },
        ),
    ]
}

#[test]
fn a_secret_is_shown_only_when_it_was_just_made() {
    let shown = OidcSso::sample();
    assert!(page("app-oidc", &shown).1.contains("gsec-example"));
    assert!(!format!("{shown:?}").contains("gsec-example"), "never in a log");
    let kept = OidcSso { secret: Secret::Kept("Ends in …3ubf".into()), ..shown };
    let (_, html) = page("app-oidc", &kept);
    assert!(html.contains("Make a new secret") && !html.contains("shown this once"));
    assert!(html.contains("/secret\">All secrets and their ends</a>"), "the way to the old ones");
}

#[test]
fn lists_are_text_that_a_script_may_take_apart() {
    let (_, html) = page("app-oidc", &OidcSso::sample());
    for part in [
        "data-each=\"redirect address\"",
        "data-each=\"sign-out address\"",
        "data-each=\"web origin\"",
        "data-chips=\"scope\" data-fixed=\"openid\"",
        "/lists.js\" defer",
        // What means nothing without script isn't there.
        "<div class=\"actions\" hidden><button class=\"btn\" data-size=\"sm\" type=\"button\" data-add-to=\"redirect_uris\">",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("https://console.statsig.com/sso/oidc\nhttps://latest."), "one per line");
}

#[test]
fn a_new_secret_is_given_as_a_file_by_a_form() {
    let (_, html) = page("app-oidc", &OidcSso::sample());
    let (_, form) = html.split_once("action=\"/admin/apps/statsig/secret/file\"").expect("a form");
    let (form, _) = form.split_once("</form>").expect("it ends");
    assert!(
        form.contains("name=\"csrf\"") && form.contains("name=\"secret\" value=\"gsec-example"),
        "{form}"
    );
    assert!(!html.contains("href=\"gsec") && !html.contains("?secret="), "in no address");
}

#[test]
fn a_refresh_token_is_said_in_days() {
    let words = |seconds: &str| {
        let more = OidcMore { refresh_idle_seconds: seconds.into(), ..OidcMore::default() };
        let fields = OidcFields { more: Some(more), ..OidcFields::default() };
        page("app-oidc", &OidcSso { fields, ..OidcSso::sample() }).1
    };
    assert!(words("2592000").contains("Signed in up to 30 days unused"));
    assert!(words("86400").contains("Signed in up to a day unused"));
    for other in ["3600", "soon"] {
        assert!(words(other).contains("Stays signed in while the app is used"), "{other}");
    }
}
