//! What is kept on disk: modes, the master key, and nothing that could be read without it.

use super::{Sandbox, bytes};
use gatehouse::{
    keyring::Keyring,
    store::{self, Database},
};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

const ORGANISATION: &str = r#"
users: [{ username: maya, email: maya@fernhill.example, password: canary-phrase-of-maya }]
apps:
  - { slug: one, saml: { sp_entity_id: "https://one.example" } }
  - { slug: two, saml: { sp_entity_id: "https://two.example" } }
  - { slug: client, oidc: { client_secret: canary-secret-of-client, redirect_uris: [ "https://c.example/cb" ] } }
"#;

fn filled() -> Sandbox {
    let sandbox = Sandbox::migrated();
    sandbox.file("org.yaml", ORGANISATION);
    sandbox.run(&["apply", "org.yaml"]).succeeded();
    std::fs::remove_file(sandbox.path("org.yaml")).expect("removed");
    sandbox
}

#[test]
fn d05_files_are_for_their_owner_alone() {
    let sandbox = filled();
    let files = sandbox.files();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        let mode = std::fs::metadata(&file).expect("there").mode() & 0o777;
        assert_eq!(mode & 0o177, 0, "{} has mode {mode:04o}", file.display());
    }
    assert_eq!(std::fs::metadata(sandbox.path("data")).expect("there").mode() & 0o777, 0o700);
}

#[test]
fn d05_a_key_or_database_that_others_can_read_is_refused() {
    let sandbox = filled();
    for name in ["data/master.key", "data/gatehouse.db"] {
        let path = sandbox.path(name);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("set");
        let ran = sandbox.run(&["export"]);
        let line = ran.stderr.clone();
        assert_ne!(ran.code, Some(0), "{name}");
        assert!(line.contains("chmod 600") && line.lines().count() == 1, "{name}: {line}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
    }
    sandbox.run(&["export"]).succeeded();
}

#[test]
fn d03_a_wrong_or_missing_master_key_refuses_to_start() {
    let sandbox = filled();
    let key = sandbox.path("data/master.key");
    let right = bytes(&key);
    let other = filled();
    std::fs::copy(other.path("data/master.key"), &key).expect("copied");
    for command in [&["serve"][..], &["export"], &["token", "create", "--name", "n", "--role", "admin"]] {
        let line = sandbox.run(command).stderr;
        assert!(line.contains("not the one this database was made with"), "{command:?}: {line}");
        assert!(line.contains("secrets.master_key_file"), "{command:?}: {line}");
    }
    std::fs::remove_file(&key).expect("removed");
    let line = sandbox.run(&["export"]).failed(2);
    assert!(line.contains("master.key"), "{line}");
    assert!(!key.exists(), "no new key is made for an old database");
    std::fs::write(&key, right).expect("written");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("set");
    sandbox.run(&["export"]).succeeded();
}

#[tokio::test]
async fn d03_private_keys_of_two_apps_do_not_swap() {
    let sandbox = filled();
    let url = format!("sqlite://{}", sandbox.path("data/gatehouse.db").display());
    let db = Database::open(&url).await.expect("opens");
    let ring = Keyring::load(&sandbox.path("data/master.key")).expect("loads");
    let mut conn = db.read().await.expect("a connection");
    let mut keys = Vec::new();
    for slug in ["one", "two"] {
        let (app, _) = store::apps::find_by_slug(&mut conn, slug).await.expect("read").expect("there");
        keys.push(store::signing_keys::active_of_app(&mut conn, app.id).await.expect("read").expect("a key"));
    }
    for key in &keys {
        ring.saml_signer(key).expect("its own key opens");
    }
    let fresh = Keyring::load(&sandbox.path("data/master.key")).expect("loads");
    let swapped = keys[1].sealed_key.clone();
    keys[0].sealed_key = swapped;
    fresh.saml_signer(&keys[0]).expect_err("another row's key does not");
}

#[test]
fn d04_secrets_stand_in_no_file() {
    let sandbox = filled();
    for file in sandbox.files() {
        let bytes = bytes(&file);
        for canary in ["canary-phrase-of-maya", "canary-secret-of-client"] {
            let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{canary} stands in {}", file.display());
        }
        let private = bytes.windows(11).any(|window| window == b"PRIVATE KEY");
        assert!(!private, "a private key stands in {}", file.display());
    }
}
