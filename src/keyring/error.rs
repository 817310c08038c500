//! What can go wrong with keys. Does not tell anything about what they are.

use std::path::PathBuf;

/// A key or a sealed value that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The master key file.
    #[error("master key file {}: {problem}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it and how to mend it.
        problem: String,
    },
    /// The master key is not the one this database was made with.
    #[error(
        "the master key is not the one this database was made with: \
         put back the right file and point secrets.master_key_file at it"
    )]
    WrongMasterKey,
    /// Sealed under a master key that is not in the file.
    #[error("sealed under master key {0}, which is not in the master key file")]
    UnknownKey(String),
    /// Not a sealed value.
    #[error("not a sealed value")]
    Malformed,
    /// Changed since it was sealed, or sealed for another place.
    #[error("a sealed value was changed, or belongs to another row")]
    Tampered,
    /// The private half does not belong to the public half of its row.
    #[error("the private key does not belong to its row")]
    WrongPair,
    /// The key can't sign what was asked of it.
    #[error("the key can't sign this: {0}")]
    Signer(String),
    /// OpenSSL refused.
    #[error("OpenSSL: {0}")]
    Openssl(#[from] openssl::error::ErrorStack),
}
