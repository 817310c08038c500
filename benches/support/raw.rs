//! The yardsticks: what signatures cost by themselves on this machine, and how often its disk makes something durable.
//! Measured in this process, with the same libraries. Does not own Argon2id (`password`).

use super::{
    process::thread_cpu_seconds,
    table::{Row, Table, median},
};
use openssl::{
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    sign::Signer,
};
use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How long one measurement takes.
const TIME: Duration = Duration::from_millis(80);
/// While the server is loaded: how long between bursts of raw signatures, and how many there are in a burst. They take less than
/// a tenth of one processor.
const PAUSE: Duration = Duration::from_millis(30);
const RSA_BURST: u32 = 4;
const P256_BURST: u32 = 40;
/// About the size of a SAML SignedInfo or the signed part of an ID token.
const MESSAGE: [u8; 600] = [b'x'; 600];

/// One raw measurement: processor seconds of one signature each.
#[derive(Clone, Copy)]
pub struct Signatures {
    pub rsa: f64,
    pub p256: f64,
}

/// Keys, and every measurement so far.
pub struct Raw {
    rsa: PKey<Private>,
    p256: PKey<Private>,
    taken: Mutex<Vec<Signatures>>,
}

impl Raw {
    pub fn new() -> Self {
        let rsa = Rsa::generate(2048).and_then(PKey::from_rsa).expect("a key");
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a known curve");
        let p256 = EcKey::generate(&group).and_then(PKey::from_ec_key).expect("a key");
        Self { rsa, p256, taken: Mutex::default() }
    }

    /// What a signature costs right now, one after another, the machine otherwise left alone by this benchmark.
    pub fn measure(&self) -> Signatures {
        let measured = Signatures { rsa: cpu_of_one(&self.rsa), p256: cpu_of_one(&self.p256) };
        self.taken().push(measured);
        measured
    }

    /// What a signature costs while others keep the processors busy, until `done`: the same caches, the same clock and the same
    /// neighbour on the core as the server has in that moment.
    pub fn measure_beside(&self, done: &AtomicBool) -> Signatures {
        let (mut rsa, mut p256, mut bursts) = (0.0, 0.0, 0u32);
        while bursts == 0 || !done.load(Ordering::Acquire) {
            std::thread::sleep(PAUSE);
            let begun = thread_cpu_seconds();
            (0..RSA_BURST).for_each(|_| sign(&self.rsa));
            let between = thread_cpu_seconds();
            (0..P256_BURST).for_each(|_| sign(&self.p256));
            p256 += thread_cpu_seconds() - between;
            rsa += between - begun;
            bursts += 1;
        }
        Signatures { rsa: rsa / f64::from(bursts * RSA_BURST), p256: p256 / f64::from(bursts * P256_BURST) }
    }

    /// The median of what an RSA-2048 signature cost so far.
    pub fn rsa(&self) -> f64 {
        median(self.taken().iter().map(|taken| taken.rsa).collect())
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Signatures>> {
        self.taken.lock().expect("nobody panics while it is locked")
    }

    /// The yardsticks as rows of their own.
    pub fn describe(&self, table: &mut Table) {
        let taken = self.taken();
        if taken.is_empty() {
            return;
        }
        let rsa: Vec<f64> = taken.iter().map(|taken| taken.rsa).collect();
        let p256: Vec<f64> = taken.iter().map(|taken| taken.p256).collect();
        for (what, key, times) in [
            ("raw RSA-2048 SHA-256 signature", &self.rsa, rsa),
            ("raw P-256 SHA-256 signature", &self.p256, p256),
        ] {
            let alone = median(times);
            let all = all_cores(key);
            table.row(Row {
                ratio: None,
                goal: "",
                what: what.into(),
                cpu_ms: Some(alone * 1e3),
                rate: Some(1.0 / alone),
                beside: format!(
                    "one thread, median of {}; {:.3} ms with all cores signing",
                    taken.len(),
                    all * 1e3
                ),
            });
        }
    }
}

/// Processor seconds of one signature when every core signs: what two hyper-threads of one core take from each other.
fn all_cores(key: &PKey<Private>) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| cpu_of_one(key))).collect();
        median(running.into_iter().map(|thread| thread.join().expect("signed")).collect())
    })
}

fn cpu_of_one(key: &PKey<Private>) -> f64 {
    let (begun, cpu_before) = (Instant::now(), thread_cpu_seconds());
    let mut count = 0u32;
    while begun.elapsed() < TIME {
        sign(key);
        count += 1;
    }
    (thread_cpu_seconds() - cpu_before) / f64::from(count)
}

fn sign(key: &PKey<Private>) {
    let mut signer = Signer::new(MessageDigest::sha256(), key).expect("a signer");
    signer.sign_oneshot_to_vec(&MESSAGE).expect("signed");
}

/// How often a second the disk makes an append of 4 KiB durable, one after another.
pub fn sync_rate(folder: &Path, time: Duration) -> f64 {
    let path = folder.join("raw-sync");
    let mut file = File::create(&path).expect("a file");
    let begun = Instant::now();
    let mut count = 0u32;
    while begun.elapsed() < time {
        file.write_all(&[7; 4096]).expect("space");
        file.sync_data().expect("the disk syncs");
        count += 1;
    }
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    std::fs::remove_file(&path).expect("its own file");
    rate
}
