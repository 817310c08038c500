//! Plans without a database: what is refused and where, what changes and in which order.

mod saml;

use super::*;
use crate::{
    domain::{
        app::{App, AppDraft},
        user::UserDraft,
    },
    id::{AppId, GroupId, UserId},
    service::organisation::{
        current::{CurrentApp, CurrentGroup},
        read::{Notation, document, value},
    },
};
use rand::SeedableRng;
use std::collections::HashMap;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("in range")
}

fn setting() -> Setting<'static> {
    static OPEN: SamlConfig = SamlConfig { scope: None, blocked_algorithms: Vec::new() };
    Setting { prune: false, public_url: "https://id.example", saml: &OPEN, now: now() }
}

fn read(yaml: &str) -> Document {
    document(value(yaml.as_bytes(), Notation::Yaml).expect("a value")).expect("a document")
}

fn refused(current: &Current, yaml: &str) -> Vec<(String, String)> {
    let errors = plan(current, &read(yaml), setting()).expect_err(yaml);
    errors.0.into_iter().map(|error| (error.field, error.message)).collect()
}

fn lines(current: &Current, yaml: &str, prune: bool) -> Vec<String> {
    let steps = plan(current, &read(yaml), Setting { prune, ..setting() }).expect(yaml).steps;
    steps.iter().map(|step| step.change.to_string()).collect()
}

fn user(name: &str, role: Role) -> User {
    let mut rng = rand::rngs::StdRng::seed_from_u64(u64::from(name.as_bytes()[0]));
    let draft = UserDraft {
        username: name.into(),
        email: format!("{name}@fernhill.example"),
        role,
        ..UserDraft::default()
    };
    let draft = draft.check().expect("valid").get().clone();
    User {
        id: UserId::new(now(), &mut rng),
        username: draft.username,
        email: draft.email,
        display_name: draft.display_name,
        state: draft.state,
        role,
        profile: draft.profile,
        custom: draft.custom,
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

/// An owner Tomas, a person Maya, and a group with her in it.
fn current() -> Current {
    let mut rng = rand::rngs::StdRng::seed_from_u64(1);
    let group = Group {
        id: GroupId::new(now(), &mut rng),
        name: "Growth".into(),
        description: String::new(),
        created_at: now(),
        updated_at: now(),
        version: 1,
    };
    let mut current = Current::default();
    for person in [user("tomas", Role::Owner), user("maya", Role::None)] {
        current.users.insert(person.username.clone(), person);
    }
    let members = ["maya".to_owned()].into_iter().collect();
    current.groups.insert("growth".into(), CurrentGroup { group, members });
    current
}

#[test]
fn refusals_name_the_path() {
    let table = [
        ("users: [{username: a, email: nope}]", "users[0].email"),
        ("users: [{username: 'a b', email: a@x.example}]", "users[0].username"),
        (
            "users: [{username: a, email: a@x.example}, {username: Ａ, email: b@x.example}]",
            "users[1].username",
        ),
        ("users: [{username: a, email: a@x.example}, {username: b, email: A@x.example}]", "users[1].email"),
        ("users: [{username: a, email: MAYA@fernhill.example}]", "users[0].email"),
        ("users: [{username: a, email: a@x.example, password: short}]", "users[0].password"),
        ("users: [{username: a, email: a@x.example, password_hash: $2b$12$x}]", "users[0].password_hash"),
        ("users: [{username: a, email: a@x.example, attributes: {'b b': x}}]", "users[0].attributes.b b"),
        ("users: [{username: a, email: a@x.example, department: \"x\\u0008\"}]", "users[0].department"),
        ("users: [{username: tomas, role: none}]", "users"),
        ("users: [{username: tomas, state: suspended}]", "users"),
        ("groups: [{name: ''}]", "groups[0].name"),
        ("groups: [{name: a}, {name: A}]", "groups[1].name"),
        ("groups: [{name: a, members: [maya, nobody]}]", "groups[0].members[1]"),
        ("apps: [{slug: ''}]", "apps[0].slug"),
        ("apps: [{slug: 'a b', connector: bookmark, url: 'https://x.example'}]", "apps[0].slug"),
        ("apps: [{slug: a}]", "apps[0].connector"),
        ("apps: [{slug: a, connector: amplitud}]", "apps[0].connector"),
        ("apps: [{slug: a, connector: amplitud, saml: {}}]", "apps[0].connector"),
        ("apps: [{slug: a, connector: amplitude}]", "apps[0].parameters.org_id"),
        ("apps: [{slug: a, connector: amplitude, parameters: {org_id: '1', x: y}}]", "apps[0].parameters.x"),
        ("apps: [{slug: a, connector: amplitude, parameters: {org_id: one}}]", "apps[0].parameters.org_id"),
        ("apps: [{slug: a, connector: amplitude, parameters: {org_id: '1'}, oidc: {}}]", "apps[0].connector"),
        ("apps: [{slug: a, connector: custom-saml, parameters: {org_id: '1'}}]", "apps[0].parameters"),
        ("apps: [{slug: a, saml: {start_url: 'javascript:1'}}]", "apps[0].saml.start_url"),
        ("apps: [{slug: a, saml: {idp_entity_id: ' a b '}}]", "apps[0].saml.idp_entity_id"),
        ("apps: [{slug: a, saml: {sp_entity_id: 'a b'}}]", "apps[0].saml.sp_entity_id"),
        (
            "apps: [{slug: a, saml: {idp_entity_id: 'urn:x'}}, {slug: b, saml: {idp_entity_id: 'urn:x'}}]",
            "apps[1].saml.idp_entity_id",
        ),
        (
            "apps: [{slug: a, saml: {}}, {slug: b, saml: {idp_entity_id: 'https://id.example/saml2/a/metadata'}}]",
            "apps[1].saml.idp_entity_id",
        ),
        (
            "apps: [{slug: a, saml: {attributes: [{name: m, source: email, name_format: simple}]}}]",
            "apps[0].saml.attributes",
        ),
        (
            "apps: [{slug: a, connector: amplitude, parameters: {org_id: '1'}, saml: {attributes: []}}]",
            "apps[0].saml.attributes",
        ),
        (
            "apps: [{slug: a, connector: amplitude, parameters: {org_id: '1'}, saml: {attributes: [{name: mail, source: email}]}}]",
            "apps[0].saml.attributes",
        ),
        ("apps: [{slug: a, connector: custom-oidc, saml: {}}]", "apps[0].connector"),
        ("apps: [{slug: a, saml: {}, oidc: {}}]", "apps[0].connector"),
        ("apps: [{slug: a, connector: bookmark}]", "apps[0].url"),
        ("apps: [{slug: a, url: 'javascript:alert(1)'}]", "apps[0].url"),
        ("apps: [{slug: a, color: neon, url: 'https://x.example'}]", "apps[0].color"),
        ("apps: [{slug: a, url: 'https://x.example', groups: [Growth, Nobody]}]", "apps[0].groups[1]"),
        ("apps: [{slug: a, url: 'https://x.example', users: [nobody]}]", "apps[0].users[0]"),
        ("apps: [{slug: a, url: 'https://x.example'}, {slug: a}]", "apps[1].slug"),
        ("apps: [{slug: a, url: 'https://x.example', scim: {}}]", "apps[0].scim"),
        ("apps: [{slug: a, saml: {acs_urls: [{url: 'ftp://x'}]}}]", "apps[0].saml.acs_urls[0].url"),
        ("apps: [{slug: a, saml: {sp_metadata: '<x'}}]", "apps[0].saml.sp_metadata"),
        ("apps: [{slug: a, saml: {sp_metadata_file: sp.xml}}]", "apps[0].saml.sp_metadata_file"),
        ("apps: [{slug: a, saml: {sign: []}}]", "apps[0].saml.sign"),
        ("apps: [{slug: a, saml: {encrypt: true}}]", "apps[0].saml.encrypt"),
        ("apps: [{slug: a, saml: {require_signed_requests: maybe}}]", "apps[0].saml.require_signed_requests"),
        ("apps: [{slug: a, saml: {require_signed_requests: true}}]", "apps[0].saml.require_signed_requests"),
        ("apps: [{slug: a, saml: {sp_certificates: [x]}}]", "apps[0].saml.sp_certificates[0]"),
        ("apps: [{slug: a, saml: {name_id: {source: shoe_size}}}]", "apps[0].saml.name_id.source"),
        ("apps: [{slug: a, saml: {attributes: [{name: b}]}}]", "apps[0].saml.attributes[0]"),
        ("apps: [{slug: a, saml: {attributes: [{name: b, source: shoe_size}]}}]", "apps[0].saml.attributes"),
        (
            "apps: [{slug: a, oidc: {client_id: c}}, {slug: b, oidc: {client_id: c}}]",
            "apps[1].oidc.client_id",
        ),
        ("apps: [{slug: a, oidc: {redirect_uris: ['javascript:x']}}]", "apps[0].oidc.redirect_uris"),
        ("apps: [{slug: a, oidc: {grant_types: [refresh_token]}}]", "apps[0].oidc.grant_types"),
        ("apps: [{slug: a, oidc: {cors_origins: ['*']}}]", "apps[0].oidc.cors_origins"),
        ("apps: [{slug: a, oidc: {access_token_seconds: 0}}]", "apps[0].oidc.access_token_seconds"),
        ("apps: [{slug: a, oidc: {grant_types: []}}]", "apps[0].oidc.grant_types"),
        ("apps: [{slug: a, oidc: {client_secret: short}}]", "apps[0].oidc.client_secret"),
        ("apps: [{slug: a, oidc: {client_secret_hash: short}}]", "apps[0].oidc.client_secret_hash"),
        (
            "apps: [{slug: a, oidc: {client_auth: none, client_secret: 0123456789abcdef}}]",
            "apps[0].oidc.client_secret",
        ),
        ("apps: [{slug: a, oidc: {client_auth: private_key_jwt}}]", "apps[0].oidc.jwks"),
        (
            "apps: [{slug: a, oidc: {client_auth: private_key_jwt, jwks: {keys: [{kty: oct, k: x}]}}}]",
            "apps[0].oidc.jwks",
        ),
        ("organisation: ''", "organisation"),
    ];
    let current = current();
    for (yaml, path) in table {
        let errors = refused(&current, yaml);
        assert!(errors.iter().any(|(field, _)| field == path), "{yaml}: {errors:?} should name {path}");
    }
}

#[test]
fn expressions_are_told_apart_from_mistakes() {
    for (yaml, path) in [
        ("apps: [{slug: a, saml: {attributes: [{name: b, expression: '('}]}}]", "apps[0].saml.attributes"),
        ("apps: [{slug: a, oidc: {claims: [{name: b, expression: '('}]}}]", "apps[0].oidc.claims"),
    ] {
        let errors = refused(&current(), yaml);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].0 == path && errors[0].1.contains("at character"), "{errors:?}");
    }
    let good = "apps: [{slug: a, saml: {attributes: [{name: b, expression: 'user.email'}]}}]";
    assert_eq!(lines(&current(), good, false), ["+ app a"]);
}

#[test]
fn every_refusal_is_told_not_only_the_first() {
    let errors =
        refused(&current(), "users: [{username: a, email: x}]\ngroups: [{name: ''}]\napps: [{slug: b}]");
    let fields: Vec<&str> = errors.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["users[0].email", "groups[0].name", "apps[0].connector"]);
}

#[test]
fn what_a_file_does_not_say_stays() {
    assert_eq!(
        lines(&current(), "users: [{username: maya}, {username: TOMAS}]", false),
        ["~ user tomas: display_name \"tomas\" → \"tomas\""
            .replace(": display_name \"tomas\" → \"tomas\"", ": username \"tomas\" → \"TOMAS\"")]
    );
    assert_eq!(lines(&current(), "users: [{username: maya}]", false), Vec::<String>::new());
    assert_eq!(lines(&current(), "", false), Vec::<String>::new());
    let change = lines(&current(), "users: [{username: maya, department: Growth}]", false);
    assert_eq!(change, ["~ user maya: department nothing → \"Growth\""]);
}

#[test]
fn lists_of_members_and_groups_are_complete() {
    let yaml = "groups: [{name: growth, members: [tomas]}]\n\
                apps: [{slug: wiki, url: 'https://wiki.example', groups: [Growth], users: [maya]}]";
    assert_eq!(
        lines(&current(), yaml, false),
        [
            "~ group Growth: name \"Growth\" → \"growth\"",
            "+ member tomas in growth",
            "- member maya in growth",
            "+ app wiki",
            "+ access Growth to wiki",
            "+ access maya to wiki",
        ]
    );
    assert_eq!(lines(&current(), "groups: [{name: Growth}]", false), Vec::<String>::new());
}

/// What goes is called by the name it has, not by the key it is compared by.
#[test]
fn removals_print_names_as_they_are_stored() {
    let mut current = current();
    let mut person = user("maya", Role::None);
    person.username = "Maya.Okafor".into();
    current.users.insert("maya".into(), person);
    assert_eq!(
        lines(&current, "groups: [{name: Growth, members: []}]", false),
        ["- member Maya.Okafor in Growth"]
    );
    let add = read("apps: [{slug: wiki, url: 'https://wiki.example', groups: [Growth]}]");
    let made = plan(&current, &add, setting()).expect("fits").steps;
    let draft = made.into_iter().find_map(|step| match step.operation {
        Operation::CreateApp { draft, .. } => Some(draft),
        _ => None,
    });
    let app = app_of(*draft.expect("an app"));
    let groups = HashMap::from([("growth".to_owned(), SentAs::Name)]);
    let known = CurrentApp { app, groups, users: HashSet::from(["maya".to_owned()]), secrets: Vec::new() };
    current.apps.insert("wiki".into(), known);
    let mut printed = lines(&current, "apps: [{slug: wiki, groups: [], users: []}]", false);
    printed.retain(|line| line.contains("access"));
    assert_eq!(printed, ["- access Growth to wiki", "- access Maya.Okafor to wiki"]);
}

fn app_of(draft: AppDraft) -> App {
    App {
        id: AppId::new(now(), &mut rand::rngs::StdRng::seed_from_u64(2)),
        slug: draft.slug,
        label: draft.label,
        description: draft.description,
        connector: draft.connector,
        parameters: draft.parameters,
        glyph: draft.glyph,
        colour: draft.colour,
        category: draft.category,
        show_in_portal: draft.show_in_portal,
        active: draft.active,
        connection: draft.connection.into(),
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

#[test]
fn pruning_removes_only_the_kinds_a_file_lists_and_never_the_last_owner() {
    let only_tomas = "users: [{username: tomas}]";
    assert_eq!(lines(&current(), only_tomas, true), ["- user maya"]);
    assert_eq!(lines(&current(), only_tomas, false), Vec::<String>::new());
    assert_eq!(lines(&current(), "groups: []", true), ["- group Growth"]);
    let document = read("users: [{username: maya}]");
    let errors =
        plan(&current(), &document, Setting { prune: true, ..setting() }).expect_err("the owner would go");
    assert!(errors.of("users").is_some_and(|message| message.contains("owner")), "{errors}");
    let successor = "users: [{username: maya, role: owner}]";
    assert_eq!(
        lines(&current(), successor, true),
        ["- user tomas", "~ user maya: role \"none\" → \"owner\""]
    );
    // A name that goes can't be used by what stays.
    let gone = read("users: [{username: tomas}]\ngroups: [{name: Growth, members: [maya]}]");
    let errors = plan(&current(), &gone, Setting { prune: true, ..setting() }).expect_err("maya goes");
    assert!(errors.of("groups[0].members[0]").is_some(), "{errors}");
}

#[test]
fn a_password_is_set_only_for_who_has_none() {
    let yaml = "users: [{username: maya, password: 'a phrase of her own 7'}]";
    assert_eq!(lines(&current(), yaml, false), ["+ password maya"]);
    let mut with = current();
    with.with_password.insert(with.users["maya"].id);
    assert_eq!(lines(&with, yaml, false), Vec::<String>::new());
}

#[test]
fn changes_print_on_one_line_whatever_they_hold() {
    let change = Change::new(Action::Change, "user", "maya")
        .between(&serde_json::json!({"a": "x\n\u{1b}[2J"}), &serde_json::json!({"a": null}));
    assert_eq!(change.to_string(), "~ user maya: a \"x\\n\\u001b[2J\" → nothing");
}
