//! Sign-ins by password a second, the whole journey through the forms, against raw Argon2id on as many threads as the
//! server hashes on.

use super::{
    browser::sign_in,
    gateway::Gateway,
    http::Client,
    load::{Figure, drive},
    organisation::{PASSWORD, PEOPLE, username},
    process::thread_cpu_seconds,
    table::{Row, Table, median},
};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use gatehouse::{config::PasswordsConfig, service::authentication::hasher::Hasher};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

const CLIENTS: usize = 16;
const ROUNDS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(1);
const ROUND: Duration = Duration::from_secs(4);

/// The password's hash at the parameters of the server, which are the default ones.
pub fn hash() -> String {
    let hasher = Hasher::new(&PasswordsConfig::default()).expect("the default parameters are valid");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(hasher.hash(PASSWORD.to_owned())).expect("hashed")
}

/// A client, and whose turn it is: everybody belongs to one client only, so that nobody signs in twice at once.
struct Visitor {
    client: Client,
    people: Vec<String>,
    turn: usize,
}

pub fn run(gateway: &Gateway, table: &mut Table) {
    let config = PasswordsConfig::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    eprintln!("password sign-in …");
    let mut visitors: Vec<Visitor> = (0..CLIENTS)
        .map(|n| Visitor {
            client: gateway.client(),
            people: (n..PEOPLE).step_by(CLIENTS).map(username).collect(),
            turn: 0,
        })
        .collect();
    // Tries are counted by address too, the right ones as well: each comes from an address of its own.
    let addresses = AtomicU32::new(u32::from_be_bytes([10, 0, 0, 1]));
    let visit = |visitor: &mut Visitor| {
        let address = std::net::Ipv4Addr::from_bits(addresses.fetch_add(1, Ordering::Relaxed));
        visitor.client.forget(address.to_string());
        visitor.turn = (visitor.turn + 1) % visitor.people.len();
        sign_in(&mut visitor.client, &visitor.people[visitor.turn]);
    };
    drive(gateway, &mut visitors, WARM_UP, visit);
    let rounds: Vec<(Figure, Figure)> = (0..ROUNDS)
        .map(|_| (bare(&config, threads, ROUND / 2), drive(gateway, &mut visitors, ROUND, visit)))
        .collect();
    let middle = |of: &dyn Fn(&(Figure, Figure)) -> f64| median(rounds.iter().map(of).collect());
    let parameters = format!("m={} t={} p={}", config.memory_kib, config.iterations, config.parallelism);
    table.row(Row {
        ratio: Some(middle(&|(bare, served)| served.rate / bare.rate)),
        goal: "≥ 0.9",
        what: format!("password sign-in, 4 requests, {CLIENTS} clients"),
        cpu_ms: Some(middle(&|(_, served)| served.cpu * 1e3)),
        rate: Some(middle(&|(_, served)| served.rate)),
        beside: format!(
            "of the raw rate; clients took {:.2} of {threads} cores",
            middle(&|(_, served)| served.client_cores)
        ),
    });
    table.row(Row {
        ratio: Some(middle(&|(bare, served)| served.cpu / bare.cpu)),
        goal: "≤ 1.1",
        what: "password sign-in, server CPU".into(),
        cpu_ms: Some(middle(&|(_, served)| served.cpu * 1e3)),
        rate: None,
        beside: "× one raw hash".into(),
    });
    table.row(Row {
        ratio: None,
        goal: "",
        what: format!("raw Argon2id {parameters}, {threads} threads"),
        cpu_ms: Some(middle(&|(bare, _)| bare.cpu * 1e3)),
        rate: Some(middle(&|(bare, _)| bare.rate)),
        beside: "work areas kept".into(),
    });
}

/// Argon2id as the crate gives it, every thread with a work area that it keeps: the fastest it can be.
fn bare(config: &PasswordsConfig, threads: usize, time: Duration) -> Figure {
    let params =
        Params::new(config.memory_kib, config.iterations, config.parallelism, Some(32)).expect("valid");
    let begun = Instant::now();
    let hashing = || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut area = vec![Block::new(); params.block_count()];
        let mut output = [0; 32];
        let (cpu_before, mut count) = (thread_cpu_seconds(), 0u32);
        while begun.elapsed() < time {
            let hashed = argon2.hash_password_into_with_memory(
                PASSWORD.as_bytes(),
                b"sixteen bytes ok",
                &mut output,
                &mut area,
            );
            hashed.expect("hashed");
            count += 1;
        }
        (count, thread_cpu_seconds() - cpu_before)
    };
    let (count, cpu) = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(hashing)).collect();
        let ended = running.into_iter().map(|thread| thread.join().expect("hashed"));
        ended.fold((0, 0.0), |(counts, cpus), (count, cpu)| (counts + count, cpus + cpu))
    });
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    Figure { rate, cpu: cpu / f64::from(count), client_cores: 0.0 }
}
