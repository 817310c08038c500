//! The layer rule as a test: who may import whom, and what to do instead.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A layer, the paths it must not name, and what to do instead.
const RULES: &[(&str, &[&str], &str)] = &[
    (
        "src/domain",
        &[
            "crate::store",
            "crate::service",
            "crate::web",
            "crate::keyring",
            "crate::catalog",
            "async fn",
            "tokio::",
            "axum::",
            "sqlx::",
            "rusqlite::",
        ],
        "the domain is pure: take values, return values",
    ),
    (
        "src/store",
        &["crate::service", "crate::web", "crate::jobs", "crate::keyring", "axum::", "askama"],
        "the store answers questions; decide in a service",
    ),
    (
        "src/keyring",
        &["crate::service", "crate::web", "crate::jobs", "crate::store", "axum::"],
        "the keyring seals and signs; load and store keys in a service",
    ),
    (
        "src/catalog",
        &[
            "crate::service",
            "crate::web",
            "crate::jobs",
            "crate::store",
            "crate::keyring",
            "async fn",
            "axum::",
            "sqlx::",
            "rusqlite::",
        ],
        "the catalogue turns files and parameters into values; store and show them elsewhere",
    ),
    (
        "src/service",
        &["crate::web", "crate::jobs", "crate::cli", "axum::", "askama", "sqlx::", "rusqlite::"],
        "a service knows no HTTP and no SQL: add a statement to src/store, a page to src/web",
    ),
    (
        "src/outbound",
        &[
            "crate::service",
            "crate::web",
            "crate::jobs",
            "crate::store",
            "crate::keyring",
            "axum::",
            "sqlx::",
            "rusqlite::",
        ],
        "the outbound client carries octets; decide and read them in a service",
    ),
    (
        "src/web",
        &["crate::store::", "sqlx::", "rusqlite::", "crate::cli", "crate::jobs", "reqwest::"],
        "call a service",
    ),
    ("src/jobs", &["crate::web", "axum::", "sqlx::", "rusqlite::"], "jobs call services"),
    (
        "crates/saml/src",
        &[
            "tokio::",
            "axum::",
            "sqlx::",
            "rusqlite::",
            "reqwest::",
            "Utc::now",
            "SystemTime::now",
            "rand::rng",
            "oidc::",
            "scim::",
        ],
        "protocol crates do no I/O, read no clock and know each other not: pass it in",
    ),
    (
        "crates/oidc/src",
        &[
            "tokio::",
            "axum::",
            "sqlx::",
            "rusqlite::",
            "reqwest::",
            "Utc::now",
            "SystemTime::now",
            "rand::rng",
            "saml::",
            "scim::",
        ],
        "protocol crates do no I/O, read no clock and know each other not: pass it in",
    ),
];

/// Named exceptions: file, path, why.
const EXCEPTIONS: &[(&str, &str, &str)] =
    &[("src/web/error.rs", "crate::store::", "turns an unavailable database into status 503")];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file: no comments, nothing from the first test module on.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).expect("readable");
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.contains("#[cfg(test)]"))
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

#[test]
fn every_layer_imports_only_what_it_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for (layer, forbidden, instead) in RULES {
        let mut files = Vec::new();
        rust_files(&root.join(layer), &mut files);
        assert!(!files.is_empty(), "{layer} has moved: change this table");
        for file in files {
            let name = file.strip_prefix(root).expect("inside").display().to_string();
            for (number, line) in code(&file) {
                for path in *forbidden {
                    let excepted = EXCEPTIONS.iter().any(|(file, known, _)| *file == name && known == path);
                    if line.contains(path) && !excepted {
                        broken.push(format!("{name}:{number} names {path}: {instead}"));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn protocol_crates_depend_on_nothing_that_does_io() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for krate in ["saml", "oidc", "scim"] {
        let manifest =
            fs::read_to_string(root.join("crates").join(krate).join("Cargo.toml")).expect("a manifest");
        let own = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for forbidden in ["tokio", "axum", "sqlx", "reqwest", "gatehouse-"] {
            let depends = own.lines().any(|line| line.starts_with(forbidden) && !line.contains("name"));
            assert!(!depends, "crates/{krate} depends on {forbidden}");
        }
    }
}

#[test]
fn no_file_outgrows_one_idea() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "crates", "examples"] {
        rust_files(&root.join(folder), &mut files);
    }
    let long: Vec<_> = files
        .iter()
        .filter_map(|file| {
            let lines = fs::read_to_string(file).expect("readable").lines().count();
            (lines > 500).then(|| format!("{} has {lines} lines", file.display()))
        })
        .collect();
    assert!(long.is_empty(), "split by idea:\n{}", long.join("\n"));
}
