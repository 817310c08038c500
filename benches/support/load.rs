//! Clients on threads that ask again and again, and what that cost the server. Does not own what they ask.

use super::{
    gateway::Gateway,
    process,
    raw::{Raw, Signatures},
    table::{Row, Table, median},
};
use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Before the first round.
const WARM_UP: Duration = Duration::from_millis(700);
/// How long one round takes: short, since the speed of a shared machine changes from second to second.
const ROUND: Duration = Duration::from_millis(400);
/// Rounds; the middle one counts.
const ROUNDS: usize = 15;

/// What one round showed.
#[derive(Clone, Copy)]
pub struct Figure {
    /// Operations a second.
    pub rate: f64,
    /// Processor seconds of the server for each.
    pub cpu: f64,
    /// Cores that the clients kept busy: what the server did not have.
    pub client_cores: f64,
}

/// Lets every client repeat an operation, each on a thread of its own.
pub fn drive<C: Send>(
    gateway: &Gateway,
    clients: &mut [C],
    time: Duration,
    operate: impl Fn(&mut C) + Sync,
) -> Figure {
    let ready = Barrier::new(clients.len() + 1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                scope.spawn(|| {
                    ready.wait();
                    let begun = Instant::now();
                    let mut count = 0u32;
                    while begun.elapsed() < time {
                        operate(client);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let own = std::process::id();
        let (server_before, own_before) = (gateway.cpu_seconds(), process::cpu_seconds(own));
        ready.wait();
        let begun = Instant::now();
        let count: u32 =
            threads.into_iter().map(|thread| thread.join().expect("every answer is right")).sum();
        let seconds = begun.elapsed().as_secs_f64();
        Figure {
            rate: f64::from(count) / seconds,
            cpu: (gateway.cpu_seconds() - server_before) / f64::from(count),
            client_cores: (process::cpu_seconds(own) - own_before) / seconds,
        }
    })
}

/// One round, and what a signature cost meanwhile and with the machine left alone.
pub struct Round {
    pub server: Figure,
    pub beside: Signatures,
    pub alone: Signatures,
}

/// Rounds of load. Raw signatures are made before, during and after each: so that what else the machine does falls on both.
pub fn rounds<C: Send>(
    gateway: &Gateway,
    raw: &Raw,
    clients: &mut [C],
    operate: impl Fn(&mut C) + Sync,
) -> Vec<Round> {
    drive(gateway, clients, WARM_UP, &operate);
    let mut before = raw.measure();
    let round = |_| {
        let done = AtomicBool::new(false);
        let (server, beside) = std::thread::scope(|scope| {
            let beside = scope.spawn(|| raw.measure_beside(&done));
            let server = drive(gateway, clients, ROUND, &operate);
            done.store(true, Ordering::Release);
            (server, beside.join().expect("signed"))
        });
        let after = raw.measure();
        let alone = Signatures {
            rsa: f64::midpoint(before.rsa, after.rsa),
            p256: f64::midpoint(before.p256, after.p256),
        };
        before = after;
        Round { server, beside, alone }
    };
    (0..ROUNDS).map(round).collect()
}

/// What is measured, and against how many RSA signatures.
pub struct Work<'a> {
    pub what: &'a str,
    pub goal: &'static str,
    pub rsa_signatures: f64,
}

/// Measures and adds a row whose ratio is the server's time against raw RSA signatures. Answers the medians.
pub fn compare<C: Send>(
    (gateway, raw, table): (&Gateway, &Raw, &mut Table),
    work: &Work<'_>,
    clients: &mut [C],
    operate: impl Fn(&mut C) + Sync,
) -> Figure {
    eprintln!("{} …", work.what);
    let taken = rounds(gateway, raw, clients, operate);
    let middle = |of: &dyn Fn(&Round) -> f64| median(taken.iter().map(of).collect());
    let figure = Figure {
        rate: middle(&|round| round.server.rate),
        cpu: middle(&|round| round.server.cpu),
        client_cores: middle(&|round| round.server.client_cores),
    };
    let ratio = |round: &Round, raw: &Signatures| round.server.cpu / (work.rsa_signatures * raw.rsa);
    let alone = middle(&|round| ratio(round, &round.alone));
    let p256 = middle(&|round| round.server.cpu / round.beside.p256);
    let yardstick = format!("× {} raw RSA-2048", work.rsa_signatures);
    table.row(Row {
        ratio: Some(middle(&|round| ratio(round, &round.beside))),
        goal: work.goal,
        what: format!("{}, {}", work.what, crowd(clients.len())),
        cpu_ms: Some(figure.cpu * 1e3),
        rate: Some(figure.rate),
        beside: format!(
            "{yardstick} meanwhile ({alone:.2} × alone, {p256:.0} × P-256); clients took {:.2} cores",
            figure.client_cores
        ),
    });
    figure
}

/// `1 client`, `16 clients`.
pub fn crowd(clients: usize) -> String {
    if clients == 1 { "1 client".into() } else { format!("{clients} clients") }
}
