//! The release binary as a process of its own, driven over loopback HTTP: what one operation costs it, against the
//! cryptography that the operation can't do without, measured in the same run. Prints one table, ratios first.
//! Asserts that the answers are right, never how fast they come.
//!
//! `cargo bench --bench server`, or some of it: `cargo bench --bench server -- saml oidc password start`.
//! `GATEHOUSE_BIN` names another binary; `BENCH_DATABASE_URL` an empty PostgreSQL database (`benches/with-postgres.sh` starts one
//! for the time of a command), whose own processor time is not counted. Run it on a quiet machine, and compare ratios, not times.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark tells its figures and how far it is"
)]

mod support;

use support::{
    gateway::{Gateway, Place},
    oidc, organisation, password,
    raw::Raw,
    saml,
    service_provider::ServiceProvider,
    start,
    table::Table,
};

const SECTIONS: [&str; 4] = ["saml", "oidc", "password", "start"];

fn main() {
    // Cargo passes --bench to every benchmark.
    let asked: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = asked.iter().find(|name| !SECTIONS.contains(&name.as_str())) {
        eprintln!("unknown section {unknown}; there are {}", SECTIONS.join(", "));
        std::process::exit(2);
    }
    let wanted = |section: &str| asked.is_empty() || asked.iter().any(|name| name == section);
    let mut table = Table::default();
    // First, while the machine has not been heated up by the load.
    if wanted("start") {
        start::run(&mut table);
    }
    if ["saml", "oidc", "password"].into_iter().any(wanted) {
        let place = Place::with_chosen_database();
        let phc = password::hash();
        let sp = ServiceProvider::new();
        place.apply(&organisation::document(&phc, sp.certificate()));
        let gateway = Gateway::start(&place);
        let raw = Raw::new();
        if wanted("saml") {
            saml::run(&gateway, &sp, &raw, &mut table);
        }
        if wanted("oidc") {
            oidc::run(&gateway, &place, &raw, &mut table);
        }
        if wanted("password") {
            password::run(&gateway, &mut table);
        }
        raw.describe(&mut table);
        table.note(&gateway.describe_memory());
        gateway.stop();
    }
    let binary = Place::binary();
    if binary.components().any(|part| part.as_os_str() == "debug") || cfg!(debug_assertions) {
        table.note("Built without optimisation: these figures mean nothing.");
    }
    let postgres = std::env::var_os("BENCH_DATABASE_URL").is_some();
    table.note(if postgres { "Database: PostgreSQL" } else { "Database: SQLite" });
    table.note(&format!("Binary: {}", binary.display()));
    let other =
        std::env::var("GATEHOUSE_BIN").map(|binary| format!("GATEHOUSE_BIN={binary} ")).unwrap_or_default();
    let command = format!("{other}cargo bench --bench server -- {}", asked.join(" "));
    table.note(&format!("Again: {}", command.trim_end_matches([' ', '-'])));
    println!("{table}");
}
