//! The master key file: its form, its mode, and the keys in it. Does not own what is sealed under them (`envelope`).

use super::{KeyringError, SecretBytes};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

/// What a line of the file begins with.
const VERSION: &str = "gatehouse-master-key-v1";
/// Largest file, in bytes: some hundred keys.
const FILE_MAX: u64 = 64 << 10;
/// Length of a key, in bytes.
const KEY_BYTES: usize = 32;

/// One master key.
pub(super) struct MasterKey {
    id: String,
    secret: SecretBytes,
}

/// The keys of a file, newest first; never empty.
pub(super) struct MasterKeys {
    newest: MasterKey,
    older: Vec<MasterKey>,
}

impl MasterKey {
    /// Its public name.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// A key for one purpose. RFC 5869 §2.3, one block; §3.3: a uniformly random key needs no extraction.
    pub(super) fn derive(&self, label: &str) -> [u8; 32] {
        hmac(self.secret.expose(), &[b"gatehouse:", label.as_bytes(), &[1]])
    }

    fn generate() -> Result<Self, KeyringError> {
        let mut id = [0; 6];
        let mut secret = vec![0; KEY_BYTES];
        openssl::rand::rand_bytes(&mut id)?;
        openssl::rand::rand_priv_bytes(&mut secret)?;
        let id = format!("{:012x}", id.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)));
        Ok(Self { id, secret: SecretBytes::new(secret) })
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(' ');
        let (version, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let well_named = !id.is_empty() && id.len() <= 32 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        let secret = SecretBytes::new(STANDARD.decode(secret).ok()?);
        let sound =
            version == VERSION && well_named && parts.next().is_none() && secret.expose().len() == KEY_BYTES;
        sound.then(|| Self { id: id.to_owned(), secret })
    }

    fn line(&self) -> SecretBytes {
        SecretBytes::new(format!("{VERSION} {} {}\n", self.id, STANDARD.encode(self.secret.expose())))
    }
}

impl MasterKeys {
    /// The key that new values are sealed under.
    pub(super) fn newest(&self) -> &MasterKey {
        &self.newest
    }

    /// All keys, newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// One new key.
    pub(super) fn generate() -> Result<Self, KeyringError> {
        Ok(Self { newest: MasterKey::generate()?, older: Vec::new() })
    }

    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Self, KeyringError> {
        let failed = |problem: String| KeyringError::File { path: path.to_owned(), problem };
        let mut file = File::open(path).map_err(|error| failed(error.to_string()))?;
        let metadata = file.metadata().map_err(|error| failed(error.to_string()))?;
        // D-05: a key that others can read is no secret any more; say so rather than mend it silently.
        if metadata.mode() & 0o077 != 0 {
            let mode = metadata.mode() & 0o777;
            return Err(failed(format!("others may use it (mode {mode:04o}): run chmod 600 on it")));
        }
        if !metadata.is_file() || metadata.len() > FILE_MAX {
            return Err(failed("it is no master key file".into()));
        }
        let mut bytes = Vec::new();
        let read = file.read_to_end(&mut bytes);
        let bytes = SecretBytes::new(bytes);
        read.map_err(|error| failed(error.to_string()))?;
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| failed("it is not text".into()))?;
        Self::parse(text).map_err(failed)
    }

    /// Reads the file, or makes it.
    pub(super) fn read_or_create(path: &Path) -> Result<Self, KeyringError> {
        let failed =
            |error: std::io::Error| KeyringError::File { path: path.to_owned(), problem: error.to_string() };
        if path.try_exists().map_err(failed)? {
            return Self::read(path);
        }
        if let Some(folder) = path.parent()
            && !folder.as_os_str().is_empty()
        {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let keys = Self::generate()?;
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                file.write_all(keys.newest.line().expose()).map_err(failed)?;
                // Lost after the first value is sealed, it would take everything with it.
                file.sync_all().map_err(failed)?;
                Ok(keys)
            }
            // Another process was quicker: its key counts.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(failed(error)),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = MasterKey::parse(line)
                .ok_or_else(|| format!("line {} is not “{VERSION} <id> <32 bytes in base64>”", number + 1))?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(format!("line {}: the id {} stands twice", number + 1, key.id));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let newest = keys.next().ok_or("it holds no key")?;
        Ok(Self { newest, older: keys.collect() })
    }
}

/// HMAC-SHA-256 over the parts one after another. Every page makes a few; OpenSSL looks its algorithms up anew for each, which
/// takes twenty times as long as the hashing.
pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_one_is_refused_with_the_line() {
        let good = MasterKey::generate().expect("a key").line();
        let good = std::str::from_utf8(good.expose()).expect("text").trim().to_owned();
        assert!(MasterKeys::parse(&format!("# ours\n\n{good}\n")).is_ok());
        for bad in
            ["", "# nothing", "hello", "gatehouse-master-key-v1 a AAAA", "gatehouse-master-key-v2 a AAAA"]
        {
            assert!(MasterKeys::parse(bad).is_err(), "{bad}");
        }
        let twice = MasterKeys::parse(&format!("{good}\n{good}")).err().expect("refused");
        assert!(twice.contains("line 2"), "{twice}");
        assert!(!twice.contains(good.split(' ').next_back().expect("the key")), "the key is not told");
    }
}
