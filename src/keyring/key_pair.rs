//! Making key pairs and reading them back. Does not own sealing (`envelope`).

use super::KeyringError;
use crate::domain::key::KeyAlgorithm;
use openssl::{
    ec::{EcGroup, EcKey},
    nid::Nid,
    pkey::{Id, PKey, Private},
    rsa::Rsa,
};

/// A new key pair.
pub(super) fn generate(algorithm: KeyAlgorithm) -> Result<PKey<Private>, KeyringError> {
    Ok(match algorithm {
        KeyAlgorithm::Rsa2048 => PKey::from_rsa(Rsa::generate(2048)?)?,
        KeyAlgorithm::P256 => {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            PKey::from_ec_key(EcKey::generate(&group)?)?
        }
        KeyAlgorithm::Ed25519 => PKey::generate_ed25519()?,
    })
}

/// Reads PKCS #8 and refuses a key of another kind than its row says.
pub(super) fn parse(pkcs8: &[u8], algorithm: KeyAlgorithm) -> Result<PKey<Private>, KeyringError> {
    let key = PKey::private_key_from_pkcs8(pkcs8)?;
    let fits = match algorithm {
        KeyAlgorithm::Rsa2048 => key.id() == Id::RSA && key.bits() >= 2048,
        KeyAlgorithm::P256 => {
            key.id() == Id::EC && key.ec_key()?.group().curve_name() == Some(Nid::X9_62_PRIME256V1)
        }
        KeyAlgorithm::Ed25519 => key.id() == Id::ED25519,
    };
    if fits { Ok(key) } else { Err(KeyringError::WrongPair) }
}
