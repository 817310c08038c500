//! Hashing passwords: Argon2id on threads of its own, bounded in number and in memory.
//! Does not own which passwords are good (`domain::credential`) or what becomes of a wrong one (`password`).

use crate::{config::PasswordsConfig, domain::credential::PASSWORD_MAX};
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Memory that all hashes of a moment may take together, in KiB.
const MEMORY_BUDGET_KIB: u32 = 512 * 1024;
/// How many may wait for each that is being hashed; beyond that the answer is "busy" at once, not a long queue.
const WAITING_PER_PERMIT: usize = 128;
/// Dearest parameters of a stored hash that are followed: an imported hash must not stop the house.
const MEMORY_KIB_MAX: u32 = 1 << 20;
/// See [`MEMORY_KIB_MAX`].
const ITERATIONS_MAX: u32 = 64;
/// See [`MEMORY_KIB_MAX`].
const PARALLELISM_MAX: u32 = 16;
/// Length of new salts, in bytes.
const SALT_BYTES: usize = 16;

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone)]
pub struct Hasher(Arc<Parts>);

struct Parts {
    params: Params,
    permits: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
    /// One work area a permit, kept: clearing 19 MiB anew for each hash costs as much as a tenth of the hash.
    areas: Mutex<Vec<Vec<Block>>>,
    decoy: PasswordHash,
}

/// The answer to a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Whether it is the one.
    pub matches: bool,
    /// Whether it should be hashed again with today's parameters (D-01); only ever with `matches`.
    pub needs_rehash: bool,
}

/// A hash that can't be made or checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// Longer than [`PASSWORD_MAX`] bytes; nothing is cut off.
    #[error("a password has at most {PASSWORD_MAX} bytes")]
    TooLong,
    /// Too many are waiting already.
    #[error("too many sign-ins at once; try again in a moment")]
    Busy,
    /// A stored hash that is not Argon2id version 19 in PHC form, or dearer than we follow.
    #[error("not an Argon2id hash: {0}")]
    NotAHash(String),
    /// Parameters Argon2 does not take, or no memory.
    #[error("Argon2: {0}")]
    Argon2(String),
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").field("params", &self.0.params).finish_non_exhaustive()
    }
}

impl Hasher {
    /// Hashes with these parameters, as many at a time as there are cores and memory for.
    ///
    /// # Errors
    /// Parameters Argon2 does not take.
    pub fn new(config: &PasswordsConfig) -> Result<Self, HasherError> {
        let params = Params::new(
            config.memory_kib,
            config.iterations,
            config.parallelism,
            Some(Params::DEFAULT_OUTPUT_LEN),
        )
        .map_err(argon2_error)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let fitting = usize::try_from(MEMORY_BUDGET_KIB / config.memory_kib.max(1)).unwrap_or(1);
        let permits = match config.concurrency {
            Some(chosen) => usize::try_from(chosen).unwrap_or(1),
            None => cores.min(fitting),
        }
        .max(1);
        // W-09: nobody's password; random salt and output, so nothing matches it.
        let decoy =
            assemble(&params, &random::<SALT_BYTES>()?, &random::<{ Params::DEFAULT_OUTPUT_LEN }>()?)?;
        Ok(Self(Arc::new(Parts {
            params,
            permits: Semaphore::new(permits),
            waiting: AtomicUsize::new(0),
            waiting_max: permits.saturating_mul(WAITING_PER_PERMIT),
            areas: Mutex::new(Vec::new()),
            decoy,
        })))
    }

    /// Hashes a new password, exactly as typed, into PHC form.
    ///
    /// # Errors
    /// [`HasherError::TooLong`], [`HasherError::Busy`], or no memory.
    pub async fn hash(&self, password: String) -> Result<String, HasherError> {
        let password = Zeroizing::new(password);
        if password.len() > PASSWORD_MAX {
            return Err(HasherError::TooLong);
        }
        self.bounded(move |parts| {
            let salt = random::<SALT_BYTES>()?;
            let output =
                parts.compute(&parts.params, password.as_bytes(), &salt, Params::DEFAULT_OUTPUT_LEN)?;
            Ok(assemble(&parts.params, &salt, &output)?.to_string())
        })
        .await
    }

    /// Whether a password is the one behind a stored hash. Without a hash the same work is done against a decoy, so
    /// that time doesn't tell who has an account (W-09).
    ///
    /// # Errors
    /// [`HasherError::Busy`], [`HasherError::NotAHash`] for what can't be a stored hash, or no memory.
    pub async fn verify(&self, password: String, phc: Option<&str>) -> Result<Verified, HasherError> {
        let password = Zeroizing::new(password);
        if password.len() > PASSWORD_MAX {
            // Longer than any password that was ever accepted, whoever asks.
            return Ok(Verified { matches: false, needs_rehash: false });
        }
        let stored = phc.map(parse).transpose()?;
        self.bounded(move |parts| {
            let (hash, params) = match &stored {
                Some((hash, params)) => (hash, params),
                None => (&parts.decoy, &parts.params),
            };
            let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
                return Err(HasherError::NotAHash("salt or output is missing".into()));
            };
            let computed = parts.compute(params, password.as_bytes(), salt, expected.len())?;
            let equal: bool = computed.ct_eq(expected.as_bytes()).into();
            let matches = equal && stored.is_some();
            let today = &parts.params;
            let same_cost = params.m_cost() == today.m_cost()
                && params.t_cost() == today.t_cost()
                && params.p_cost() == today.p_cost()
                && expected.len() == Params::DEFAULT_OUTPUT_LEN;
            Ok(Verified { matches, needs_rehash: matches && !same_cost })
        })
        .await
    }

    /// Whether a text is a hash that [`Self::verify`] can check: for imports.
    ///
    /// # Errors
    /// [`HasherError::NotAHash`] with what is wrong.
    pub fn check_phc(phc: &str) -> Result<(), HasherError> {
        parse(phc).map(drop)
    }

    /// Runs the work on a thread of its own once there is a permit.
    async fn bounded<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Parts) -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let parts = self.0.clone();
        let place = Place::take(&parts)?;
        let permit = parts.permits.acquire().await.map_err(|_| HasherError::Busy)?;
        drop(place);
        // The permit goes with the work: if the caller leaves, the hash still runs and still counts.
        permit.forget();
        let running = Running(parts.clone());
        tokio::task::spawn_blocking(move || work(&running.0))
            .await
            .map_err(|error| HasherError::Argon2(error.to_string()))?
    }
}

/// A place in the queue, given up when the caller leaves.
struct Place<'p>(&'p AtomicUsize);

impl<'p> Place<'p> {
    fn take(parts: &'p Parts) -> Result<Self, HasherError> {
        let place = Self(&parts.waiting);
        if parts.waiting.fetch_add(1, Ordering::Relaxed) >= parts.waiting_max {
            return Err(HasherError::Busy);
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A hash under way; gives its permit back when it ends, by a panic too.
struct Running(Arc<Parts>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.permits.add_permits(1);
    }
}

impl Parts {
    /// Argon2id, version 19, in a kept work area when it fits.
    fn compute(
        &self,
        params: &Params,
        password: &[u8],
        salt: &[u8],
        length: usize,
    ) -> Result<Vec<u8>, HasherError> {
        let usual = params.block_count() == self.params.block_count();
        let kept = if usual { self.areas.lock().unwrap_or_else(PoisonError::into_inner).pop() } else { None };
        let mut area = kept.unwrap_or_else(|| vec![Block::new(); params.block_count()]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut output = vec![0; length];
        let result = argon2.hash_password_into_with_memory(password, salt, &mut output, &mut area);
        if usual {
            self.areas.lock().unwrap_or_else(PoisonError::into_inner).push(area);
        }
        result.map(|()| output).map_err(argon2_error)
    }
}

/// Reads a stored hash, and refuses what is not Argon2id version 19 or would cost too much.
fn parse(phc: &str) -> Result<(PasswordHash, Params), HasherError> {
    let refused = |problem: &str| HasherError::NotAHash(problem.to_owned());
    if phc.len() > 512 {
        return Err(refused("it is too long"));
    }
    let hash = PasswordHash::new(phc).map_err(|error| refused(&error.to_string()))?;
    if hash.algorithm.as_str() != "argon2id" {
        return Err(refused("the algorithm is not argon2id"));
    }
    if hash.version != Some(Version::V0x13.into()) {
        return Err(refused("the version is not 19"));
    }
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(refused("salt or output is missing"));
    }
    let params = Params::try_from(&hash).map_err(|error| refused(&error.to_string()))?;
    if params.m_cost() > MEMORY_KIB_MAX
        || params.t_cost() > ITERATIONS_MAX
        || params.p_cost() > PARALLELISM_MAX
    {
        return Err(refused("its parameters cost too much"));
    }
    Ok((hash, params))
}

fn assemble(params: &Params, salt: &[u8], output: &[u8]) -> Result<PasswordHash, HasherError> {
    let failed = |error: &dyn std::fmt::Display| HasherError::Argon2(error.to_string());
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(|error| failed(&error))?,
        salt: Some(Salt::new(salt).map_err(|error| failed(&error))?),
        hash: Some(Output::new(output).map_err(|error| failed(&error))?),
    })
}

fn random<const N: usize>() -> Result<[u8; N], HasherError> {
    let mut bytes = [0; N];
    openssl::rand::rand_bytes(&mut bytes).map_err(|error| HasherError::Argon2(error.to_string()))?;
    Ok(bytes)
}

fn argon2_error(error: argon2::Error) -> HasherError {
    HasherError::Argon2(error.to_string())
}

#[cfg(test)]
mod tests;
