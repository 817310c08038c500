//! O-13: whether the time of comparing a client secret tells where it is wrong. Secrets that differ in their first byte are
//! timed against secrets that differ in their last, in random turns, and Welch's t is printed: beyond 4.5 in either direction
//! the two can be told apart. Beside it stands a comparison that stops at the first difference, which must be found out, so
//! that a blind measurement doesn't pass for a good one.
//!
//! `cargo bench --bench secrets`, optionally with `-- SAMPLES`.
#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]

use gatehouse::keyring::{secret_hash, secret_matches};
use std::{hint::black_box, time::Instant};

const SAMPLES: usize = 10_000;
/// Comparisons timed as one sample: a single one is shorter than the clock's own noise.
const EACH: u32 = 20;
const SECRET: &str = "ghs_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
/// Beyond it, samples differ by more than chance.
const LIMIT: f64 = 4.5;

fn main() {
    let samples = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(SAMPLES);
    let stored = secret_hash(SECRET);
    let (first, last) = (format!("x{}", &SECRET[1..]), format!("{}x", &SECRET[..SECRET.len() - 1]));
    assert!(
        secret_matches(SECRET, &stored)
            && !secret_matches(&first, &stored)
            && !secret_matches(&last, &stored)
    );
    let ours = welch(&time(samples, &first, &last, |secret| secret_matches(secret, &stored)));
    // Long, so that stopping early shows: the difference is at the first or the last of 4 KiB.
    let long = "a".repeat(4096);
    let (early, late) = (format!("x{}", &long[1..]), format!("{}x", &long[1..]));
    let naive =
        welch(&time(samples, &early, &late, |secret| stops_early(secret.as_bytes(), long.as_bytes())));
    println!(
        "client secret, wrong first against wrong last byte, {samples} samples each of {EACH}: Welch t = {ours:.2} (goal: |t| < {LIMIT})"
    );
    println!(
        "comparison that stops at the first difference, for scale: Welch t = {naive:.2} (must be found: |t| > {LIMIT})"
    );
    if naive.abs() <= LIMIT {
        println!("The measurement is blind on this machine: the figure above says nothing.");
    }
}

fn stops_early(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| black_box(left) == black_box(right))
}

/// Nanoseconds of both kinds, measured in turns whose order changes, so that what else the machine does falls on both.
fn time(samples: usize, first: &str, last: &str, matches: impl Fn(&str) -> bool) -> [Vec<f64>; 2] {
    let measure = |secret: &str| {
        let begun = Instant::now();
        for _ in 0..EACH {
            assert!(!black_box(matches(black_box(secret))));
        }
        begun.elapsed().as_secs_f64() * 1e9
    };
    let mut times = [Vec::with_capacity(samples), Vec::with_capacity(samples)];
    // A fixed sequence that neither kind can be in step with.
    let mut state: u32 = 0x9e37_79b9;
    for warm in (0..samples + 500).map(|n| n < 500) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let order = if state & 1 == 0 { [0, 1] } else { [1, 0] };
        for kind in order {
            let taken = measure(if kind == 0 { first } else { last });
            if !warm {
                times[kind].push(taken);
            }
        }
    }
    times
}

/// Welch's t of two samples, after the slowest twentieth of each is left out: those are interruptions.
fn welch(times: &[Vec<f64>; 2]) -> f64 {
    let [(mean, of_mean), (other_mean, of_other)] = times.each_ref().map(|times| {
        let mut kept = times.clone();
        kept.sort_by(f64::total_cmp);
        kept.truncate(times.len() - times.len() / 20);
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (mean - other_mean) / (of_mean + of_other).sqrt()
}
