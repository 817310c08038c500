//! `admin create` and `token create`.

use super::Sandbox;
use serde_json::Value;

#[test]
fn an_account_is_made_with_a_password_from_standard_input() {
    let sandbox = Sandbox::migrated();
    let arguments =
        ["admin", "create", "--username", "tomas", "--email", "t@fernhill.example", "--password-stdin"];
    let told = sandbox.run_with_input(&arguments, "a phrase of the owner 7\r\n").succeeded();
    assert_eq!(told, "Made owner tomas.\n");
    let line = sandbox.run_with_input(&arguments, "a phrase of the owner 7").failed(2);
    assert!(line.contains("already"), "{line}");
    let exported = sandbox.export();
    assert!(exported.contains("role: owner") && exported.contains("$argon2id$"), "{exported}");
}

#[test]
fn a_made_password_is_printed_once() {
    let sandbox = Sandbox::migrated();
    let told = sandbox.run(&[
        "admin",
        "create",
        "--username",
        "ines",
        "--email",
        "i@fernhill.example",
        "--role",
        "auditor",
        "--format",
        "json",
    ]);
    let told: Value = serde_json::from_str(&told.succeeded()).expect("JSON");
    assert_eq!(told["role"], "auditor");
    let password = told["password"].as_str().expect("a password");
    assert!(password.split('-').count() == 9, "{password}");
    assert!(!sandbox.export().contains(password));
}

#[test]
fn bad_accounts_are_refused_by_field() {
    let sandbox = Sandbox::migrated();
    let create = |extra: &[&str], input: &str| {
        let base = ["admin", "create", "--password-stdin"];
        sandbox.run_with_input(&[&base[..], extra].concat(), input).failed(2)
    };
    let good = ["--username", "a", "--email", "a@x.example"];
    assert!(create(&good, "short").contains("password"));
    assert!(create(&good, "").contains("empty"));
    assert!(create(&good, &"long phrase ".repeat(200)).contains("password"));
    assert!(create(&["--username", "a", "--email", "nope"], "a phrase of some length").contains("email"));
    assert!(
        create(&["--username", "a b", "--email", "a@x.example"], "a phrase of some length")
            .contains("username")
    );
    assert!(sandbox.export().contains("users: []"));
}

#[test]
fn a_token_is_printed_once_and_kept_as_a_hash() {
    let sandbox = Sandbox::migrated();
    let told = sandbox.run(&["token", "create", "--name", "ci", "--role", "admin"]).succeeded();
    let token = told.trim_end();
    assert!(token.starts_with("ghp_") && token.len() == 47, "{token}");
    let told = sandbox.run(&[
        "token",
        "create",
        "--name",
        "ci",
        "--role",
        "auditor",
        "--expires",
        "never",
        "--format",
        "json",
    ]);
    let told: Value = serde_json::from_str(&told.succeeded()).expect("JSON");
    assert_eq!((&told["role"], &told["expires_at"]), (&Value::from("auditor"), &Value::Null));
    for file in sandbox.files() {
        let bytes = super::bytes(&file);
        let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
        assert!(!found, "the token stands in {}", file.display());
    }
    let line = sandbox.run(&["token", "create", "--name", "a\nb", "--role", "admin"]).failed(2);
    assert!(line.contains("name"), "{line}");
}
