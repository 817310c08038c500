//! Checks that the built front-end assets are there before they are embedded.
//!
//! It does not build them: `make assets` does, with Node, which is not needed to compile.

use std::fs;
use std::path::Path;

/// Files that the pages cannot do without; made by `scripts/build-assets.mjs`.
const VENDOR_FILES: [&str; 4] = [
    "assets/vendor/icons.svg",
    "assets/vendor/htmx.min.js",
    "assets/vendor/inter-latin-opsz-normal.woff2",
    "assets/vendor/jetbrains-mono-latin-wght-normal.woff2",
];

fn main() {
    for path in ["assets", "templates", "metadata/connectors", "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    if let Some(missing) = VENDOR_FILES.iter().find(|file| !Path::new(file).exists()) {
        println!("cargo::error={missing} is missing: run `make assets` first (needs Node 20 or newer)");
    } else if let Some(icon) = icon_without_symbol() {
        println!("cargo::error=the icon sprite has no \"{icon}\": run `make assets` again");
    }
}

/// The first name of `assets/icons.txt` that the built sprite does not hold.
fn icon_without_symbol() -> Option<String> {
    let names = fs::read_to_string("assets/icons.txt").ok()?;
    let sprite = fs::read_to_string("assets/vendor/icons.svg").ok()?;
    names
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .find(|name| !sprite.contains(&format!("id=\"{name}\"")))
        .map(str::to_owned)
}
