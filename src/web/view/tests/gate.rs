//! Sign-in, set-up, protocol and error pages.

use super::super::errors::{Contact, HandOver};
use super::super::form::{Errors, Hidden};
use super::super::protocol::{Base64, FormPost, SamlPost};
use super::super::setup::Setup;
use super::super::sign_in::{
    ChooseAccount, Consent, Leave, LogoutFrames, LogoutHop, LogoutWait, Name, Password, Release, SignOut,
    SignedOut, TooMany,
};
use super::super::*;
use super::common::{HOSTILE, errors_on, hostile_tile, tile};
use super::page;

impl Name {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/login"),
            errors: Errors::none(),
            username: "maya.okafor@fernhill.example".into(),
            destination: Some(Tile::sample()),
            hidden: vec![Hidden::new("sign_on", "01JD8Q5Z7M4XAV9T")],
            notice: None,
        }
    }
}

impl Password {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/login/password"),
            errors: Errors::none(),
            username: "maya.okafor@fernhill.example".into(),
            destination: Some(Tile::sample()),
            hidden: vec![Hidden::new("sign_on", "01JD8Q5Z7M4XAV9T")],
        }
    }
}

impl Consent {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/login/consent"),
            tile: Tile::sample(),
            rows: vec![
                Release::new("badge-check", "That it’s you", "A number that stands for you"),
                Release::named("key-round", "Permission", "api:write"),
            ],
            person: Person::new("Maya Okafor"),
            email: "maya.okafor@fernhill.example".into(),
            hidden: vec![Hidden::new("flow", "01JD8Q5Z7M4XAV9T")],
            another: "/login?flow=01JD8Q5Z7M4XAV9T".into(),
        }
    }
}

impl ChooseAccount {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/login/account"),
            destination: Some(Tile::sample()),
            person: Person::new("Maya Okafor"),
            email: "maya.okafor@fernhill.example".into(),
            hidden: vec![Hidden::new("flow", "01JD8Q5Z7M4XAV9T")],
            another: "/login?flow=01JD8Q5Z7M4XAV9T".into(),
        }
    }
}

impl Setup {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page { organisation: "Gatehouse".into(), help: None, ..Page::sample("/setup") },
            errors: Errors::none(),
            public_url: "https://id.fernhill.example".into(),
            warning: None,
            code: String::new(),
            organisation: "Fernhill".into(),
            username: String::new(),
            email: String::new(),
            first_name: String::new(),
            last_name: String::new(),
        }
    }
}

impl HandOver {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/error/7KQ2-M4XA"),
            title: "Heap isn’t set up correctly".into(),
            lede: "You’re signed in and your account is fine. Nothing was sent to Heap. \
                   IT can fix this with the reference."
                .into(),
            person: Some(Person { hue: 2, ..Person::new("Lena Fischer") }),
            app: Some(tile("Heap", "layers", "fern")),
            reference: Some("7KQ2-M4XA".into()),
            contact: Some(Contact {
                person: Person { hue: 3, ..Person::new("Tomás Rivera") },
                role: "Looks after Heap".into(),
                href: "mailto:it@fernhill.example?subject=Heap%207KQ2-M4XA".into(),
                action: "Email Tomás".into(),
            }),
            retry: Some("/launch/heap".into()),
        }
    }
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let hostile_page = || Page::hostile("/login");
    let mut pages = vec![
        page("signin", &Name::sample()),
        page(
            "signin-error",
            &Name {
                page: hostile_page(),
                errors: errors_on(&["username"]),
                username: HOSTILE.into(),
                destination: Some(hostile_tile()),
                hidden: vec![Hidden::new(HOSTILE, HOSTILE)],
                notice: Some(HOSTILE.into()),
            },
        ),
        page("consent", &Consent::sample()),
        page(
            "consent-hostile",
            &Consent {
                page: hostile_page(),
                tile: hostile_tile(),
                rows: vec![
                    Release::named("key-round", HOSTILE, HOSTILE),
                    Release::new("mail", HOSTILE, HOSTILE),
                ],
                email: HOSTILE.into(),
                ..Consent::sample()
            },
        ),
        page("choose-account", &ChooseAccount::sample()),
        page(
            "choose-account-hostile",
            &ChooseAccount {
                destination: Some(hostile_tile()),
                person: Person::new(HOSTILE),
                email: HOSTILE.into(),
                ..ChooseAccount::sample()
            },
        ),
        page("password", &Password::sample()),
        page(
            "password-error",
            &Password {
                page: hostile_page(),
                errors: errors_on(&["password"]),
                username: HOSTILE.into(),
                ..Password::sample()
            },
        ),
        page(
            "too-many",
            &TooMany { page: hostile_page(), wait: "5 minutes".into(), destination: Some(Tile::sample()) },
        ),
        page(
            "sign-out",
            &SignOut {
                page: Page::sample("/logout"),
                name: HOSTILE.into(),
                hidden: Vec::new(),
                reference: Some(HOSTILE.into()),
            },
        ),
        page(
            "signed-out",
            &SignedOut {
                page: Page::sample("/logout"),
                signed_out: vec![hostile_tile()],
                told: vec![hostile_tile()],
                still_open: vec![hostile_tile(), Tile::sample()],
            },
        ),
        page(
            "logout-frames",
            &LogoutFrames {
                page: Page::sample("/logout/x"),
                frames: vec!["https://rp.example/out?iss=https%3A%2F%2Fid.example&sid=1".into()],
                seconds: 3,
            },
        ),
        page(
            "logout-hop",
            &LogoutHop {
                seconds: 30,
                page: Page::sample("/logout/x"),
                label: HOSTILE.into(),
                address: Some("https://sp.example/slo?SAMLRequest=a%2Bb&RelayState=c".into()),
                action: String::new(),
                fields: Vec::new(),
            },
        ),
        page(
            "logout-hop-form",
            &LogoutHop {
                seconds: 30,
                page: Page::sample("/logout/x"),
                label: HOSTILE.into(),
                address: None,
                action: "https://sp.example/slo".into(),
                fields: vec![Hidden::new("SAMLRequest", HOSTILE)],
            },
        ),
        page(
            "logout-wait",
            &LogoutWait { page: Page::sample("/logout/x"), label: HOSTILE.into(), seconds: 30 },
        ),
        page("setup", &Setup::sample()),
        page(
            "setup-error",
            &Setup {
                errors: errors_on(&["code", "organisation", "username", "email", "first_name", "password"]),
                code: HOSTILE.into(),
                organisation: HOSTILE.into(),
                warning: Some(HOSTILE.into()),
                public_url: HOSTILE.into(),
                ..Setup::sample()
            },
        ),
    ];
    pages.extend(leaving());
    pages.extend(failures());
    pages
}

fn leaving() -> Vec<(&'static str, String)> {
    let fields =
        vec![Hidden::new("code", HOSTILE), Hidden::new("state", HOSTILE), Hidden::new("submit", "1")];
    vec![
        page(
            "leave",
            &Leave {
                page: Page::sample("/login/continue"),
                label: HOSTILE.into(),
                tile: Some(Tile::sample()),
                address: format!("https://app.example/?q={HOSTILE}"),
            },
        ),
        page(
            "saml-post",
            &SamlPost {
                page: Page::sample("/saml2/amplitude"),
                label: HOSTILE.into(),
                action: format!("https://app.example/acs?q={HOSTILE}"),
                saml_response: saml_response(),
                relay_state: Some(HOSTILE.into()),
            },
        ),
        page(
            "form-post",
            &FormPost {
                page: Page::sample("/oauth2/authorize"),
                label: "Statsig".into(),
                action: "https://app.example/callback".into(),
                fields,
            },
        ),
    ]
}

fn failures() -> Vec<(&'static str, String)> {
    let here = || Page::sample("/somewhere");
    vec![
        page("error", &HandOver::sample()),
        page(
            "error-stranger",
            &HandOver {
                title: HOSTILE.into(),
                lede: HOSTILE.into(),
                person: None,
                app: Some(hostile_tile()),
                reference: Some(HOSTILE.into()),
                retry: None,
                ..HandOver::sample()
            },
        ),
        page("not-found", &HandOver::not_found(here())),
        page("forbidden", &HandOver::forbidden(here())),
        page("stale-form", &HandOver::stale_form(here())),
        page("method-not-allowed", &HandOver::method_not_allowed(here())),
        page("too-large", &HandOver::too_large(here())),
        page("internal", &HandOver::internal(here(), "7KQ2-M4XA")),
    ]
}

fn saml_response() -> Base64 {
    Base64::of("<samlp:Response/>>")
}

#[test]
fn a_message_is_drawn_without_escapes_because_it_is_nothing_but_base64() {
    let post = SamlPost {
        page: Page::sample("/saml2/amplitude"),
        label: "Amplitude".into(),
        action: "https://app.example/acs".into(),
        saml_response: saml_response(),
        relay_state: None,
    };
    assert!(page("saml-post", &post).1.contains("value=\"PHNhbWxwOlJlc3BvbnNlLz4+\""));
    let every_octet: String = (0..=255).map(char::from).collect();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    assert!(Base64::of(&every_octet).to_string().bytes().all(fits));
}

#[test]
fn a_relay_state_comes_back_letter_for_letter() {
    let post = SamlPost {
        page: Page::sample("/saml2/amplitude"),
        label: "Amplitude".into(),
        action: "https://app.example/acs".into(),
        saml_response: saml_response(),
        relay_state: Some("a&b=\"c\"<d>".into()),
    };
    let (_, html) = page("saml-post", &post);
    assert!(html.contains("name=\"RelayState\" value=\"a&#38;b=&#34;c&#34;&#60;d&#62;\""), "{html}");
    let without = SamlPost { relay_state: None, ..post };
    assert!(!page("saml-post", &without).1.contains("RelayState"));
}

#[test]
fn an_error_is_beside_its_field_and_in_the_title() {
    let view = Password {
        errors: Errors::on("password", "That email and password don’t match."),
        ..Password::sample()
    };
    let (_, html) = page("password", &view);
    assert!(html.contains("<title>Error: "));
    assert!(html.contains("aria-invalid=\"true\" aria-describedby=\"password-error\""));
    assert!(html.contains("<a href=\"#password\">"));
    assert!(!html.contains("type=\"password\" value"), "a secret is never sent back");
}

#[test]
fn leaving_works_without_script() {
    let view = Leave {
        page: Page::sample("/login/continue"),
        label: "Amplitude".into(),
        tile: None,
        address: "https://app.example/start?a=1&b=2".into(),
    };
    let (_, html) = page("leave", &view);
    assert!(html.contains("http-equiv=\"refresh\" content=\"0; url=https://app.example/start?a=1&#38;b=2\""));
    assert!(html.contains("id=\"continue\" href=\"https://app.example/start?a=1&#38;b=2\""));
}
