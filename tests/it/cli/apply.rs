//! `apply` and `export` on both databases: the plan is what happens, once; bad files change nothing.

use super::Sandbox;
use crate::support::database::TestDatabase;
use serde_json::Value;

const METADATA: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/meta">
  <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="0"/>
  </SPSSODescriptor>
</EntityDescriptor>"#;

const ORGANISATION: &str = r#"
organisation: Fernhill
users:
  - username: tomas
    email: tomas.rivera@fernhill.example
    role: owner
    password: a phrase of the owner 7
  - username: maya
    email: maya.okafor@fernhill.example
    first_name: Maya
    last_name: Okafor
    department: "Growth & <Söhne> \"李\""
    attributes: { costTeam: blue, level: 3, remote: true, tags: [a, b] }
  - { username: omar, email: omar@fernhill.example, state: staged }
groups:
  - { name: Product analytics, description: Reads charts, members: [maya, Tomas] }
  - { name: Nobody yet }
apps:
  - slug: amplitude
    label: Amplitude
    connector: custom-saml
    color: ocean
    category: Analytics
    groups: [product ANALYTICS]
    users: [omar]
    saml:
      sp_metadata_file: sp.xml
      sp_entity_id: https://sp.example/wins
      name_id: { source: username, format: persistent }
      sign: [assertion]
      require_signed_requests: false
      default_relay_state: /start
      start_links: [ { name: reports, label: Weekly reports, relay_state: "/reports?week=now" } ]
      attributes:
        - { name: email, source: email }
        - { name: plan, constant: enterprise }
        - { name: later, constant: "on", off: true }
      groups_attribute: memberOf
  - slug: metrics
    label: Metrics
    connector: custom-oidc
    groups: [Product analytics]
    oidc:
      client_id: metrics
      client_secret: a secret of sixteen and more
      redirect_uris: [ "https://metrics.example/callback" ]
      grant_types: [authorization_code]
      client_auth: client_secret_post
      initiate_login_uri: https://metrics.example/login
      start_links: [ { name: board, label: My board, target_link_uri: "https://metrics.example/b/1" } ]
      claims: [ { name: groups, source: groups } ]
  - { slug: mixpanel, connector: mixpanel, parameters: { org_id: " 2718 " }, groups: [Product analytics] }
  - slug: product
    label: Product
    connector: amplitude
    parameters: { org_id: "104733" }
    saml: { sign: [assertion], default_relay_state: /charts, groups_attribute: teams }
  - { slug: generated, connector: custom-oidc, oidc: { redirect_uris: [ "https://g.example/cb" ] } }
  - { slug: wiki, label: Handbook, connector: bookmark, url: "https://wiki.example", groups: [Nobody yet] }
"#;

fn prepared(sandbox: &Sandbox) {
    sandbox.file("org.yaml", ORGANISATION).file("sp.xml", METADATA);
}

fn changes(stdout: &str) -> Vec<&str> {
    stdout.lines().filter(|line| line.starts_with(['+', '~', '-'])).collect()
}

/// Plan, apply, apply again, export, apply the export, apply it to an empty database.
fn round_trip(sandbox: &Sandbox, empty: &Sandbox) {
    prepared(sandbox);
    let nothing_yet = sandbox.export();
    let plan = sandbox.run(&["apply", "org.yaml", "--plan"]).succeeded();
    assert!(plan.contains("nothing was written"), "{plan}");
    assert_eq!(sandbox.export(), nothing_yet, "a plan writes nothing");
    let done = sandbox.run(&["apply", "org.yaml"]).succeeded();
    assert_eq!(changes(&done), changes(&plan), "what was planned is what is done");
    for line in [
        "~ organisation Fernhill: name \"Gatehouse\" → \"Fernhill\"",
        "+ user maya",
        "+ group Nobody yet",
        "+ member maya in Product analytics",
        "+ app amplitude",
        "+ access product ANALYTICS to amplitude",
        "+ access omar to amplitude",
    ] {
        assert!(changes(&done).contains(&line), "{line} is in {done}");
    }
    let secret = done.lines().find(|line| line.contains("ghs_")).expect("a generated secret");
    assert!(secret.contains("generated") && done.matches("ghs_").count() == 1, "{done}");
    assert!(!done.contains("a secret of sixteen"), "a chosen secret is not repeated: {done}");

    let again = sandbox.run(&["apply", "org.yaml"]).succeeded();
    assert!(again.ends_with("No change.\n"), "{again}");
    // What the metadata gives to think about is said each time.
    let warned = "! app amplitude: The metadata is about “https://sp.example/meta”, and sp_entity_id, which wins over it";
    assert!(again.starts_with(warned) && done.contains(warned) && plan.contains(warned), "{again}");
    let json = sandbox.run(&["apply", "org.yaml", "--plan", "--format", "json"]).succeeded();
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["warnings"][0]["app"], "amplitude");
    // A block says all there is: what it leaves out goes, and the plan says so.
    sandbox.file("part.yaml", "apps: [{slug: amplitude, saml: {strict_relay_state: true}}]");
    let plan = sandbox.run(&["apply", "part.yaml", "--plan"]).succeeded();
    for line in [
        "  ! saml.acs_urls is left out of the file, so that the stored value goes",
        "  ! saml.attributes is left out of the file, so that 3 stored values go",
        "  ! saml.sp_entity_id is left out of the file, so that the stored value goes",
        "  ! saml.default_relay_state is left out of the file, so that the stored value goes",
    ] {
        assert!(plan.lines().any(|said| said == line), "{line} is in {plan}");
    }
    let said = sandbox.run(&["apply", "part.yaml", "--plan", "--format", "json"]).succeeded();
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let dropped = said["changes"][0]["dropped"].as_array().expect("a list");
    assert!(dropped.contains(&serde_json::json!({"key": "saml.attributes", "count": 3})), "{dropped:?}");
    sandbox.file("said.yaml", "apps: [{slug: amplitude, saml: {sp_entity_id: '', acs_urls: []}}]");
    let plan = sandbox.run(&["apply", "said.yaml", "--plan"]).succeeded();
    assert!(!plan.contains("! saml.acs_urls"), "what is written down is no surprise: {plan}");
    let exported = sandbox.export();
    sandbox.file("export.yaml", &exported);
    assert_eq!(sandbox.run(&["apply", "export.yaml", "--prune"]).succeeded(), "No change.\n");
    let json = sandbox.run(&["export", "--format", "json"]).succeeded();
    sandbox.file("export.json", &json);
    assert_eq!(sandbox.run(&["apply", "export.json", "--prune"]).succeeded(), "No change.\n");
    let plain = sandbox.run(&["export"]).succeeded();
    for secret in ["$argon2id$", "client_secret:", "client_secret_hash", "ghs_"] {
        assert!(!plain.contains(secret), "{secret} is in {plain}");
    }
    // Readers of YAML 1.1 take a bare `off` for false, and a bare `on` for true.
    assert!(exported.contains("'off': true") && exported.contains("constant: 'on'"), "{exported}");
    assert!(exported.contains("$argon2id$") && exported.contains("client_secret_hash"), "{exported}");

    let document: Value = serde_json::from_str(&json).expect("JSON");
    let saml = &document["apps"][0]["saml"];
    assert_eq!(saml["sp_entity_id"], "https://sp.example/wins", "the fields win over the metadata");
    assert_eq!(saml["acs_urls"][0]["url"], "https://sp.example/acs", "the metadata says the rest");
    assert_eq!(saml["start_links"][0]["relay_state"], "/reports?week=now");
    assert_eq!(saml["sign"], serde_json::json!(["assertion"]));

    let app =
        |slug: &str| document["apps"].as_array().expect("a list").iter().find(|app| app["slug"] == slug);
    let mixpanel = app("mixpanel").expect("there");
    assert_eq!((&mixpanel["connector"], &mixpanel["label"]), (&"mixpanel".into(), &"Mixpanel".into()));
    assert_eq!(mixpanel["parameters"], serde_json::json!({"org_id": "2718"}));
    assert_eq!(mixpanel["saml"]["start_url"], "https://mixpanel.com/security/sso/v2/authorize/?org_id=2718");
    let product = &app("product").expect("there")["saml"];
    assert_eq!(product["sp_entity_id"], "https://amplitude.com/saml/2/metadata/104733", "the recipe");
    assert_eq!(product["sign"], serde_json::json!(["assertion"]), "the block wins over it");
    assert_eq!(product["attributes"][0]["name"], "email");

    let other = "apps: [{ slug: mixpanel, connector: mixpanel, parameters: { org_id: other-1 } }]";
    sandbox.file("other.yaml", other);
    let plan = sandbox.run(&["apply", "other.yaml", "--plan"]).succeeded();
    assert!(plan.contains("~ app mixpanel") && plan.contains("org_id=other-1"), "{plan}");
    sandbox.run(&["apply", "other.yaml"]).succeeded();
    assert_eq!(sandbox.run(&["apply", "other.yaml"]).succeeded(), "No change.\n");
    assert!(sandbox.export().contains("authorize/?org_id=other-1"));
    sandbox.run(&["apply", "export.yaml", "--prune"]).succeeded();

    empty.file("export.yaml", &exported);
    empty.run(&["apply", "export.yaml"]).succeeded();
    assert_eq!(empty.export(), exported, "an export makes the same organisation elsewhere");
}

#[test]
fn apply_and_export_round_trip_on_sqlite() {
    round_trip(&Sandbox::migrated(), &Sandbox::migrated());
}

#[tokio::test]
async fn apply_and_export_round_trip_on_postgres() {
    let (one, two) = (TestDatabase::postgres().await, TestDatabase::postgres().await);
    tokio::task::spawn_blocking(move || {
        round_trip(&Sandbox::on(&one.url), &Sandbox::on(&two.url));
    })
    .await
    .expect("the round trip");
}

#[test]
fn bad_files_name_the_path_and_change_nothing() {
    let sandbox = Sandbox::migrated();
    prepared(&sandbox);
    sandbox.run(&["apply", "org.yaml"]).succeeded();
    let before = sandbox.export();
    let good = "users: [{username: new, email: new@fernhill.example}]\n";
    for (text, words) in [
        ("users: [", "bad.yaml: "),
        ("a: &a [*a]", "bad.yaml: "),
        ("nonsense: 1", "bad.yaml: nonsense"),
        ("users: [{username: x}]", "bad.yaml: users[0].email"),
        ("users: [{username: x, email: maya.okafor@fernhill.example}]", "users[0].email"),
        ("users: [{username: x, email: x@x.example, departement: y}]", "users[0].departement"),
        ("users: [{username: x, email: x@x.example, display_name: \"a\\u0000b\"}]", "users[0].display_name"),
        ("users: [{username: tomas, role: none}]", "bad.yaml: users"),
        ("groups: [{name: g, members: [nobody]}]", "groups[0].members[0]"),
        ("apps: [{slug: x, saml: {acs_urls: [{url: 7}]}}]", "apps[0].saml.acs_urls[0].url"),
        ("apps: [{slug: x, saml: {sp_metadata_file: none.xml}}]", "apps[0].saml.sp_metadata_file"),
        ("apps: [{slug: x, saml: {sp_metadata_file: bad.yaml}}]", "apps[0].saml.sp_metadata_file"),
        ("apps: [{slug: x, saml: {attributes: [{name: a, expression: '('}]}}]", "at character"),
        ("apps: [{slug: x, connector: heaps}]", "There is no connector “heaps”"),
        ("apps: [{slug: x, connector: heap, parameters: {heap_id: a/b}}]", "apps[0].parameters.heap_id"),
        ("apps: [{slug: metrics, url: 'https://x.example'}]", "apps[0].slug"),
    ] {
        // What is good in a bad file is not done either.
        let file = if text.starts_with("users") { text.to_owned() } else { format!("{good}{text}") };
        sandbox.file("bad.yaml", &file);
        for arguments in [&["apply", "bad.yaml"][..], &["apply", "bad.yaml", "--plan"]] {
            let line = sandbox.run(arguments).failed(2);
            assert!(line.contains(words), "{text}: {line}");
        }
        assert_eq!(sandbox.export(), before, "nothing changed: {text}");
    }
    let line = sandbox.run(&["apply", "missing.yaml"]).failed(2);
    assert!(line.contains("missing.yaml"), "{line}");
}

#[test]
fn several_files_are_one_and_refusals_are_led_back() {
    let sandbox = Sandbox::migrated();
    sandbox
        .file("people.yaml", "users: [{username: a, email: a@x.example}, {username: b, email: b@x.example}]");
    sandbox.file("groups.json", r#"{"groups": [{"name": "G", "members": ["a", "b"]}]}"#);
    let done = sandbox.run(&["apply", "people.yaml", "groups.json"]).succeeded();
    assert!(done.contains("5 changes made"), "{done}");
    sandbox.file("more.yaml", "users: [{username: c, email: B@x.example}]");
    let line = sandbox.run(&["apply", "people.yaml", "more.yaml"]).failed(2);
    assert!(line.contains("more.yaml: users[0].email"), "{line}");
}

#[test]
fn pruning_removes_what_is_not_named_and_keeps_the_last_owner() {
    let sandbox = Sandbox::migrated();
    prepared(&sandbox);
    sandbox.run(&["apply", "org.yaml"]).succeeded();
    sandbox.file("less.yaml", "users: [{username: tomas}, {username: maya}]\napps: [{slug: wiki}]");
    let done = sandbox.run(&["apply", "less.yaml", "--prune"]).succeeded();
    assert_eq!(
        changes(&done),
        [
            "- app amplitude",
            "- app generated",
            "- app metrics",
            "- app mixpanel",
            "- app product",
            "- user omar"
        ],
        "{done}"
    );
    sandbox.file("none.yaml", "users: [{username: maya}]");
    let before = sandbox.export();
    let line = sandbox.run(&["apply", "none.yaml", "--prune"]).failed(2);
    assert!(line.contains("owner"), "{line}");
    assert_eq!(sandbox.export(), before);
}

#[test]
fn a_password_is_set_once_and_never_again() {
    let sandbox = Sandbox::migrated();
    prepared(&sandbox);
    sandbox.run(&["apply", "org.yaml"]).succeeded();
    let before = sandbox.export();
    sandbox.file("other.yaml", "users: [{username: tomas, password: quite another phrase 9}]");
    assert_eq!(sandbox.run(&["apply", "other.yaml"]).succeeded(), "No change.\n");
    assert_eq!(sandbox.export(), before);
    sandbox.file("first.yaml", "users: [{username: maya, password: quite another phrase 9}]");
    assert!(sandbox.run(&["apply", "first.yaml"]).succeeded().contains("+ password maya"));
    assert_eq!(sandbox.run(&["apply", "first.yaml"]).succeeded(), "No change.\n");
}

#[test]
fn a_new_client_secret_replaces_the_old_one() {
    let sandbox = Sandbox::migrated();
    prepared(&sandbox);
    sandbox.run(&["apply", "org.yaml"]).succeeded();
    let changed = ORGANISATION.replace("a secret of sixteen and more", "a newer secret of sixteen");
    sandbox.file("org.yaml", &changed);
    let done = sandbox.run(&["apply", "org.yaml", "--format", "json"]).succeeded();
    let done: Value = serde_json::from_str(&done).expect("JSON");
    assert_eq!(done["changes"].as_array().map(Vec::len), Some(1), "{done}");
    assert_eq!(
        (&done["changes"][0]["kind"], &done["written"]),
        (&Value::from("client secret"), &Value::from(true))
    );
    assert_eq!(done["secrets"], serde_json::json!([]), "a chosen secret is not repeated");
    let again = sandbox.run(&["apply", "org.yaml"]).succeeded();
    assert!(again.ends_with("No change.\n"), "{again}");
}
