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
    if let Some(bits) = algorithm.rsa_bits() {
        return Ok(PKey::from_rsa(Rsa::generate(bits)?)?);
    }
    Ok(match algorithm {
        KeyAlgorithm::P256 => {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            PKey::from_ec_key(EcKey::generate(&group)?)?
        }
        _ => PKey::generate_ed25519()?,
    })
}

/// Reads PKCS #8 and refuses a key of another kind than its row says.
pub(super) fn parse(pkcs8: &[u8], algorithm: KeyAlgorithm) -> Result<PKey<Private>, KeyringError> {
    let key = PKey::private_key_from_pkcs8(pkcs8)?;
    let fits = match algorithm {
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
            key.id() == Id::RSA && algorithm.rsa_bits().is_some_and(|least| key.bits() >= least)
        }
        KeyAlgorithm::P256 => {
            key.id() == Id::EC && key.ec_key()?.group().curve_name() == Some(Nid::X9_62_PRIME256V1)
        }
        KeyAlgorithm::Ed25519 => key.id() == Id::ED25519,
    };
    if fits { Ok(key) } else { Err(KeyringError::WrongPair) }
}
