//! Every way a configuration is refused, and the defaults of the contract.

use super::*;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn with_file(text: &str, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("gatehouse.toml");
    std::fs::write(&path, text).expect("written");
    Config::load(Some(&path), env(pairs))
}

#[test]
fn nothing_given_is_the_contracts_defaults() {
    let config = Config::load(None, env(&[("PATH", "/bin"), ("GATEHOUSE_TOKEN", "t")])).expect("valid");
    assert_eq!(config, Config::default());
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.public_url.as_str(), "http://localhost:8080");
    assert_eq!(config.database.url, "sqlite://./data/gatehouse.db");
    assert_eq!(config.secrets.master_key_file, Path::new("./data/master.key"));
    assert_eq!(config.audit.retention_days, 365);
    assert_eq!(config.oidc.key_rotation_days, 90);
    assert_eq!(config.outbound.allow_private_networks, PrivateNetworks::Refused);
    assert_eq!(
        config.passwords,
        PasswordsConfig { memory_kib: 19_456, iterations: 2, parallelism: 1, concurrency: None }
    );
}

#[test]
fn the_environment_wins_over_the_file() {
    let text =
        "[http]\nlisten = '127.0.0.1:1'\npublic_url = 'https://id.example'\n[sessions]\nidle_minutes = 5\n";
    let config = with_file(
        text,
        &[
            ("GATEHOUSE_HTTP_LISTEN", "[::1]:9"),
            ("GATEHOUSE_HTTP_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("GATEHOUSE_OUTBOUND_ALLOW_PRIVATE_NETWORKS", "127.0.0.0/8,10.1.0.0/16"),
            ("GATEHOUSE_LOG_FORMAT", "json"),
            ("GATEHOUSE_PASSWORDS_CONCURRENCY", "3"),
            ("GATEHOUSE_AUDIT_RETENTION_DAYS", "0"),
        ],
    )
    .expect("valid");
    assert_eq!(config.http.listen.to_string(), "[::1]:9");
    assert_eq!(config.http.public_url.as_str(), "https://id.example");
    assert_eq!(config.sessions.idle_minutes, 5);
    assert_eq!(config.log.format, Some(LogFormat::Json));
    assert_eq!(config.passwords.concurrency, Some(3));
    assert_eq!(config.audit.retention_days, 0);
    assert!(config.http.trusts("10.9.9.9".parse().expect("an address")));
    assert!(config.http.trusts("::ffff:10.9.9.9".parse().expect("an address")));
    assert!(!config.http.trusts("11.0.0.1".parse().expect("an address")));
    assert!(config.outbound.allow_private_networks.allows("127.0.0.1".parse().expect("an address")));
    assert!(!config.outbound.allow_private_networks.allows("10.2.0.1".parse().expect("an address")));
}

#[test]
fn every_bad_file_names_its_key_in_one_line() {
    let table: &[(&str, &[&str])] = &[
        ("[http]\nlisten = '8080'", &["http.listen", "ADDRESS:PORT"]),
        ("[http]\nlisten = 8080", &["http.listen", "in quotes"]),
        ("[http]\nlisen = 'x'", &["unknown key http.lisen", "http.listen"]),
        ("[htp]\nlisten = 'x'", &["unknown key htp.listen", "sections are http"]),
        ("listen = 'x'", &["unknown key listen"]),
        ("[http]\npublic_url = 'http://id.example'", &["http.public_url", "https"]),
        ("[http]\npublic_url = 'https://id.example/'", &["http.public_url", "trailing slash"]),
        ("[http]\npublic_url = 'https://id.example/sso'", &["http.public_url", "path"]),
        ("[http]\npublic_url = 'https://u:p@id.example'", &["http.public_url", "user name"]),
        ("[http]\npublic_url = 'https://id.example?x'", &["http.public_url", "query"]),
        ("[http]\npublic_url = 'ftp://id.example'", &["http.public_url"]),
        ("[http]\npublic_url = 'https:id.example'", &["http.public_url"]),
        ("[http]\ntrusted_proxies = ['10.0.0.0/33']", &["http.trusted_proxies", "10.0.0.0/33"]),
        ("[http]\ntrusted_proxies = '10.0.0.0/8'", &["http.trusted_proxies", "a list"]),
        ("[http]\ntrusted_proxies = [1]", &["http.trusted_proxies"]),
        ("[database]\nurl = 'mysql://x'", &["database.url", "sqlite://"]),
        ("[database]\nurl = 'sqlite://'", &["database.url"]),
        ("[outbound]\nallow_private_networks = 'yes'", &["outbound.allow_private_networks"]),
        ("[outbound]\nallow_private_networks = ['true', '::1']", &["outbound.allow_private_networks"]),
        ("[metrics]\nlisten = 'x'", &["metrics.listen"]),
        ("[log]\nformat = 'xml'", &["log.format", "text or json"]),
        ("[log]\nlevel = 'loud'", &["log.level", "error, warn"]),
        ("[passwords]\nmemory_kib = 1", &["passwords.memory_kib", "64"]),
        ("[passwords]\niterations = 'two'", &["passwords.iterations"]),
        ("[sessions]\nidle_minutes = -1", &["sessions.idle_minutes"]),
        ("[http\nlisten = 1", &["line 1"]),
        ("[http]\nlisten = 'a'\nlisten = 'b'", &["line 3"]),
    ];
    for (text, words) in table {
        let message = with_file(text, &[]).expect_err(text).to_string();
        assert!(!message.contains('\n'), "{message}");
        for word in *words {
            assert!(message.contains(word), "{text}: {message:?} should say {word:?}");
        }
    }
}

#[test]
fn every_bad_environment_name_and_value_is_named() {
    for (name, value, word) in [
        ("GATEHOUSE_HTTP_LISEN", "x", "GATEHOUSE_HTTP_LISEN"),
        ("GATEHOUSE_HTP_LISTEN", "x", "GATEHOUSE_HTP_LISTEN"),
        ("GATEHOUSE_WHAT", "x", "GATEHOUSE_WHAT"),
        ("GATEHOUSE_HTTP_LISTEN", "", "http.listen"),
        ("GATEHOUSE_SESSIONS_ABSOLUTE_HOURS", "0", "sessions.absolute_hours"),
    ] {
        let message = Config::load(None, env(&[(name, value)])).expect_err(name).to_string();
        assert!(message.contains(word) && message.contains(name), "{message}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let message = Config::load(Some(Path::new("no/such.toml")), env(&[])).expect_err("missing").to_string();
    assert!(message.contains("no/such.toml"), "{message}");
}

#[test]
fn public_urls_are_origins() {
    let url: PublicUrl = "https://ID.Example:8443".parse().expect("valid");
    assert_eq!((url.as_str(), url.origin()), ("https://id.example:8443", "https://id.example:8443"));
    assert_eq!((url.host(), url.authority(), url.is_https()), ("id.example", "id.example:8443", true));
    for local in ["http://localhost:1", "http://127.0.0.1", "http://[::1]:8080", "http://demo.localhost"] {
        assert!(!local.parse::<PublicUrl>().expect(local).is_https());
    }
    for bad in
        ["http://127.0.0.1.example", "http://10.0.0.1", "", "//x", "https://", "https://a\\b", "https://a b"]
    {
        assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
    }
}

#[test]
fn d09_the_database_password_is_not_shown() {
    let config = with_file("[database]\nurl = 'postgres://gate:s3cret@db:5432/gate?sslmode=require'", &[]);
    let shown = format!("{:?}", config.expect("valid"));
    assert!(!shown.contains("s3cret") && shown.contains("db:5432/gate"), "{shown}");
}
