//! Passwords verified a second: through the bounded [`Hasher`], against bare Argon2id at the same parameters and the
//! same number of threads. The two are measured in turns, so that what else the machine does falls on both.
//!
//! `cargo bench --bench password`, optionally with `-- SECONDS` for one measurement.
#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]

use argon2::{Algorithm, Argon2, Params, Version};
use gatehouse::{config::PasswordsConfig, service::authentication::hasher::Hasher};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

const ROUNDS: usize = 5;
const PASSWORD: &str = "correct horse battery staple";

fn main() {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(2);
    let time = Duration::from_secs(seconds);
    let config = PasswordsConfig::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let hasher = Hasher::new(&config).expect("the default parameters are valid");
    let phc = runtime.block_on(hasher.hash(PASSWORD.to_owned())).expect("hashed");

    println!(
        "Argon2id m={} t={} p={}, {threads} threads",
        config.memory_kib, config.iterations, config.parallelism
    );
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let bare = bare(&config, threads, time);
        let bounded = runtime.block_on(through_hasher(&hasher, &phc, threads * 4, time));
        ratios.push(bounded / bare);
        println!("round {round}: bare {bare:.1}/s, Hasher {bounded:.1}/s, ratio {:.3}", bounded / bare);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.3} (goal: at least 0.9)", ratios[ROUNDS / 2]);
}

/// Argon2id as the crate gives it, on as many threads as there are cores.
fn bare(config: &PasswordsConfig, threads: usize, time: Duration) -> f64 {
    let params =
        Params::new(config.memory_kib, config.iterations, config.parallelism, Some(32)).expect("valid");
    let done = AtomicU64::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                let mut output = [0; 32];
                while begun.elapsed() < time {
                    argon2
                        .hash_password_into(PASSWORD.as_bytes(), b"sixteen bytes ok", &mut output)
                        .expect("hashed");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    rate(done.load(Ordering::Relaxed), begun.elapsed())
}

/// More callers than threads, as at a busy sign-in.
async fn through_hasher(hasher: &Hasher, phc: &str, callers: usize, time: Duration) -> f64 {
    let begun = Instant::now();
    let callers = (0..callers).map(|_| async {
        let mut done = 0;
        while begun.elapsed() < time {
            let verified = hasher.verify(PASSWORD.to_owned(), Some(phc)).await.expect("checked");
            assert!(verified.matches, "it is the right password");
            done += 1;
        }
        done
    });
    let done: Vec<u64> = futures_util::future::join_all(callers).await;
    rate(done.iter().sum(), begun.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "counts of hashes are small")]
fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
