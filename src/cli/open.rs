//! From a configuration to a context: database, master key, hasher, in an order in which nothing is made by mistake.
//! Does not own what a context is for.

use super::failure::Failure;
use crate::{
    clock::Clock,
    config::Config,
    context::{AppContext, Parts},
    keyring::Keyring,
    service::{ServiceError, authentication::hasher::Hasher, settings::OrganizationCache},
    store::{self, Database, StoreError, Written},
};
use anyhow::Context;

/// The setting that holds the check value of the master key.
const CHECK: &str = "master_key_check";

/// What to do about migrations that are not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Migrations {
    /// Refuse to go on.
    Refuse,
    /// Apply them.
    Apply,
}

/// Opens the database.
pub(super) async fn database(config: &Config) -> Result<Database, Failure> {
    let place = config.database.shown();
    Database::open(&config.database.url)
        .await
        .with_context(|| format!("cannot open the database {place} (database.url)"))
        .map_err(Failure::Failed)
}

/// Opens everything.
pub(super) async fn context(config: Config, migrations: Migrations) -> Result<AppContext, Failure> {
    let db = database(&config).await?;
    let pending = db.pending_migrations().await.context("cannot read which migrations are applied")?;
    if !pending.is_empty() {
        if migrations == Migrations::Refuse {
            let names = pending.join(", ");
            return Err(Failure::Failed(anyhow::anyhow!(
                "the database {} lacks {} migrations ({names}): run gatehouse migrate",
                config.database.shown(),
                pending.len()
            )));
        }
        db.migrate().await.context("cannot migrate the database")?;
    }
    let keyring = keyring(&config, &db).await?;
    let hasher =
        Hasher::new(&config.passwords).map_err(|error| Failure::Input(format!("[passwords]: {error}")))?;
    if config.passwords.is_weak() {
        tracing::warn!(
            "passwords.memory_kib or passwords.iterations is below 19456 and 2: for load tests only"
        );
    }
    Ok(AppContext::new(Parts {
        db,
        clock: Clock::System,
        keyring,
        config,
        organization: OrganizationCache::default(),
        hasher,
    }))
}

/// The master key this database was made with. A new one is made only for a database that has none yet.
async fn keyring(config: &Config, db: &Database) -> Result<Keyring, Failure> {
    let path = &config.secrets.master_key_file;
    let stored = check_value(db).await?;
    if let Some(stored) = stored {
        let keyring = Keyring::load(path)?;
        keyring.verify_check_value(&stored)?;
        return Ok(keyring);
    }
    let keyring = Keyring::load_or_create(path)?;
    let value = keyring.check_value()?;
    let now = Clock::System.now();
    db.write(move |tx| {
        Box::pin(async move {
            store::settings::insert_once(tx, CHECK, &value, now).await?;
            Ok::<_, ServiceError>(Written::unaudited(()))
        })
    })
    .await?;
    // Another process may have been quicker, with another file.
    let stored = check_value(db).await?.context("the check value of the master key was not kept")?;
    keyring.verify_check_value(&stored)?;
    Ok(keyring)
}

async fn check_value(db: &Database) -> Result<Option<String>, Failure> {
    let read = async {
        let mut conn = db.read().await?;
        store::settings::get(&mut conn, CHECK).await
    };
    Ok(read
        .await
        .map_err(|error: StoreError| anyhow::Error::from(error).context("cannot read the settings"))?)
}
