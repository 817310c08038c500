//! Bad configuration: one line that names the key, exit 2, nothing made.

use super::Sandbox;

#[test]
fn bad_files_name_the_key_and_make_nothing() {
    for (text, words) in [
        ("[http]\nlisten = '8080'", "http.listen"),
        ("[http]\nlisen = '127.0.0.1:1'", "http.lisen"),
        ("[htp]\nlisten = '127.0.0.1:1'", "htp.listen"),
        ("[http]\npublic_url = 'http://id.example'", "http.public_url"),
        ("[http]\npublic_url = 'https://id.example/'", "http.public_url"),
        ("[http]\ntrusted_proxies = ['10.0.0.0/99']", "http.trusted_proxies"),
        ("[database]\nurl = 'mysql://x'", "database.url"),
        ("[outbound]\nallow_private_networks = ['x']", "outbound.allow_private_networks"),
        ("[metrics]\nlisten = 'x'", "metrics.listen"),
        ("[log]\nformat = 'xml'", "log.format"),
        ("[log]\nlevel = 'loud'", "log.level"),
        ("[passwords]\nparallelism = 0", "passwords.parallelism"),
        ("[sessions]\nidle_minutes = 'long'", "sessions.idle_minutes"),
        ("[http", "line 1"),
    ] {
        for command in [
            &["serve"][..],
            &["migrate"],
            &["export"],
            &["token", "create", "--name", "n", "--role", "admin"],
        ] {
            let sandbox = Sandbox::new();
            sandbox.file("gatehouse.toml", text);
            let line = sandbox.run(&[command, &["--config", "gatehouse.toml"]].concat()).failed(2);
            assert!(line.contains(words) && line.contains("gatehouse.toml"), "{text}: {line}");
            assert_eq!(sandbox.files(), [sandbox.path("gatehouse.toml")], "nothing is made: {text}");
        }
    }
}

#[test]
fn unknown_environment_names_are_named() {
    let sandbox = Sandbox::new().with("GATEHOUSE_HTTP_LISEN", "127.0.0.1:1");
    let line = sandbox.run(&["migrate"]).failed(2);
    assert!(line.contains("GATEHOUSE_HTTP_LISEN") && line.contains("http.listen"), "{line}");
    assert!(sandbox.files().is_empty());
}

#[test]
fn a_missing_file_and_bad_arguments_are_one_line() {
    let sandbox = Sandbox::new();
    let line = sandbox.run(&["migrate", "--config", "no.toml"]).failed(2);
    assert!(line.contains("no.toml"), "{line}");
    for arguments in [
        &["serve", "--nope"][..],
        &["frobnicate"],
        &["apply"],
        &["token", "create", "--name", "n"],
        &["token", "create", "--name", "n", "--role", "king"],
        &["token", "create", "--name", "n", "--role", "admin", "--expires", "soon"],
        &["export", "--format", "xml"],
        &["demo", "--listen", "here"],
    ] {
        let line = sandbox.run(arguments).failed(2);
        assert!(line.contains("--help"), "{arguments:?}: {line}");
    }
    assert!(sandbox.files().is_empty());
}

#[test]
fn help_tells_every_command() {
    let help = Sandbox::new().run(&["--help"]).succeeded();
    for command in ["serve", "demo", "migrate", "apply", "export", "admin", "token", "--config", "--format"] {
        assert!(help.contains(command), "{command}");
    }
    assert!(Sandbox::new().run(&["--version"]).succeeded().starts_with("gatehouse "));
}

#[test]
fn a_database_without_its_migrations_is_refused_by_all_but_migrate() {
    let sandbox = Sandbox::new();
    sandbox.file("org.yaml", "users: []");
    for command in [&["serve"][..], &["export"], &["apply", "org.yaml"]] {
        let line = sandbox.run(command).failed(1);
        assert!(line.contains("gatehouse migrate"), "{line}");
    }
    assert!(!sandbox.path("data/master.key").exists(), "no key is made before there is a database for it");
    let told = sandbox.run(&["migrate", "--format", "json"]).succeeded();
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert!(!told["applied"].as_array().expect("a list").is_empty());
    assert_eq!(sandbox.run(&["migrate", "--format", "json"]).succeeded(), "{\"applied\":[]}\n");
}

#[test]
fn a_database_that_is_not_there_is_told_without_its_password() {
    let sandbox = Sandbox::on("postgres://gate:s3cret@127.0.0.1:1/gate");
    let line = sandbox.run(&["export"]).failed(1);
    assert!(line.contains("127.0.0.1:1/gate") && line.contains("database.url"), "{line}");
    assert!(!line.contains("s3cret"), "{line}");
}
