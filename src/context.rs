//! What every use case is given: database, clock, keys, settings. Does not own any of their rules.

use crate::{
    clock::Clock,
    config::Config,
    keyring::Keyring,
    service::{
        authentication::hasher::Hasher,
        decryption_keys::Decryptions,
        oidc::{
            client_keys::ClientKeys, documents::Documents, guesses::Guesses, secret_uses::SecretUses,
            sid::SharedSids, subject::Salt,
        },
        recordings::Recorder,
        sign_on::service_provider::PeerKeys,
    },
    store::Database,
};
use chrono::{DateTime, Utc};
use std::{ops::Deref, sync::Arc};

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct AppContext(Arc<Whole>);

/// The parts, and what comes of them.
struct Whole {
    parts: Parts,
    recorder: Recorder,
    peer_keys: PeerKeys,
    client_keys: ClientKeys,
    client_guesses: Guesses,
    secret_uses: SecretUses,
    decryptions: Decryptions,
    documents: Documents,
    salt: Salt,
    shared_sids: SharedSids,
}

/// The parts of a context.
pub struct Parts {
    /// The database.
    pub db: Database,
    /// Where `now` comes from.
    pub clock: Clock,
    /// Sealing and signing.
    pub keyring: Keyring,
    /// The settings of this process.
    pub config: Config,
    /// The organisation as last read.
    pub organization: crate::service::settings::OrganizationCache,
    /// Password hashing, bounded.
    pub hasher: Hasher,
}

impl AppContext {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        let recorder = Recorder::new(&parts.config.flight_recorder);
        Self(Arc::new(Whole {
            parts,
            recorder,
            peer_keys: PeerKeys::default(),
            client_keys: ClientKeys::default(),
            client_guesses: Guesses::default(),
            secret_uses: SecretUses::default(),
            decryptions: Decryptions::default(),
            documents: Documents::default(),
            salt: Salt::default(),
            shared_sids: SharedSids::default(),
        }))
    }

    /// The certificates of apps, read once.
    pub fn peer_keys(&self) -> &PeerKeys {
        &self.0.peer_keys
    }

    /// The keys that clients publish, kept for a while.
    pub fn client_keys(&self) -> &ClientKeys {
        &self.0.client_keys
    }

    /// The wrong secrets of clients that came to this node lately.
    pub fn client_guesses(&self) -> &Guesses {
        &self.0.client_guesses
    }

    /// The uses of client secrets that this node noted lately.
    pub fn secret_uses(&self) -> &SecretUses {
        &self.0.secret_uses
    }

    /// The bound on decrypting what apps encrypted for us.
    pub fn decryptions(&self) -> &Decryptions {
        &self.0.decryptions
    }

    /// What the issuer says about itself, as it is sent.
    pub fn documents(&self) -> &Documents {
        &self.0.documents
    }

    /// The key that names at clients are made with, read once.
    pub fn salt(&self) -> &Salt {
        &self.0.salt
    }

    /// Which sessions have one name at all clients, read once.
    pub fn shared_sids(&self) -> &SharedSids {
        &self.0.shared_sids
    }

    /// Where sign-ons are noted that are kept to be looked at again.
    pub fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// The present instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The operating system seeded generator of this thread; don't hold it across an `.await`.
    #[expect(clippy::disallowed_methods, reason = "this is where randomness enters")]
    pub fn rng(&self) -> rand::rngs::ThreadRng {
        rand::rng()
    }

    /// An absolute address below the public URL, which alone absolute addresses are made from (W-05).
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.http.public_url.as_str())
    }
}

impl Deref for AppContext {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
