//! Whether assertions are encrypted for an app, and to which of its keys. Does not own encrypting (`crates/saml`) or reading
//! what its metadata announces (`service::sp_metadata`).

use super::saml::SamlConnection;
use crate::domain::{text::FieldErrors, user::text_enum};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Whether assertions are encrypted. Stored and written as `true`, `false` or `"auto"`: the first two are what this setting was
/// before there was a third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encrypt {
    /// For an app that announces a key for it (SDP-IDP11), see [`SamlConnection::sp_decrypts`].
    Auto,
    /// Always; without a key that can be used nobody signs on.
    On,
    /// Never: also every app that was stored without this setting.
    #[default]
    Off,
}
text_enum!(Encrypt { Auto = "auto", On = "true", Off = "false" });

impl Serialize for Encrypt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::On => serializer.serialize_bool(true),
            Self::Off => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Encrypt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Bool(bool),
            Word(String),
        }
        match Written::deserialize(deserializer).map_err(|_| D::Error::custom("write auto, true or false"))? {
            Written::Bool(true) => Ok(Self::On),
            Written::Bool(false) => Ok(Self::Off),
            Written::Word(word) => {
                Self::parse(&word).ok_or_else(|| D::Error::custom("write auto, true or false"))
            }
        }
    }
}

impl SamlConnection {
    /// Whether the next assertion is encrypted.
    pub fn encrypts(&self) -> bool {
        match self.encrypt {
            Encrypt::Auto => self.sp_decrypts,
            Encrypt::On => true,
            Encrypt::Off => false,
        }
    }

    /// Whether the next assertion has a signature of its own.
    ///
    /// One that is encrypted always has: SPs look inside for it, and most refuse an encrypted assertion under a signed Response alone
    /// (interop XS-05).
    pub fn signs_assertion(&self) -> bool {
        self.sign_assertion || self.encrypts()
    }

    /// What an administrator chose by putting these certificates in the place of those on file: a key that somebody enters for
    /// encryption is one that the app decrypts with.
    pub fn entered_by_hand(&mut self, certificates: Vec<String>) {
        if certificates != self.encryption_certificates {
            self.sp_decrypts = !certificates.is_empty();
            self.encryption_certificates = certificates;
        }
    }

    pub(super) fn check_encryption(&self, errors: &mut FieldErrors) {
        if self.encryption_certificates.len() > 16 {
            errors.add("encryption_certificates", "Use at most 16 certificates");
        }
        for certificate in &self.encryption_certificates {
            if let Err(error) = ::saml::CertificateDer::from_pem_or_base64(certificate) {
                errors.add("encryption_certificates", error.to_string());
            }
        }
        if self.encrypts()
            && let Err(error) = self.encrypt_to()
        {
            errors.add("encrypt", error.to_string());
        }
    }

    /// With which certificate and how assertions are encrypted.
    ///
    /// # Errors
    /// None of the certificates is usable, or one can't be read.
    pub fn encrypt_to(&self) -> Result<::saml::EncryptTo, ::saml::EncryptError> {
        // One that can't be read is never left out: another one would be taken in its place, unnoticed.
        let certificates = self
            .encryption_certificates
            .iter()
            .map(|text| ::saml::CertificateDer::from_pem_or_base64(text))
            .collect::<Result<Vec<_>, _>>()?;
        ::saml::EncryptTo::first_usable(
            &certificates,
            self.content_encryption.protocol(),
            self.key_transport.protocol(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_before_stays_what_it_was() {
        let read = |text: &str| serde_json::from_str::<Encrypt>(text).ok();
        assert_eq!(read("true"), Some(Encrypt::On));
        assert_eq!(read("false"), Some(Encrypt::Off));
        assert_eq!(read("\"auto\""), Some(Encrypt::Auto));
        for wrong in ["\"on\"", "1", "null", "[]"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        for one in Encrypt::ALL {
            let text = serde_json::to_string(one).expect("written");
            assert_eq!(read(&text), Some(*one), "{text}");
        }
        let old = r#"{"name_id_source":"email","sign_assertion":true,"sign_response":true,"allow_idp_initiated":true}"#;
        let old: SamlConnection = serde_json::from_str(old).expect("an app from before this setting");
        assert_eq!((old.encrypt, old.encrypts()), (Encrypt::Off, false));
        assert_eq!(SamlConnection::default().encrypt, Encrypt::Auto, "a new app");
    }

    #[test]
    fn auto_follows_what_the_app_announces_and_the_others_do_not() {
        for (encrypt, announced, encrypts) in [
            (Encrypt::Auto, false, false),
            (Encrypt::Auto, true, true),
            (Encrypt::On, false, true),
            (Encrypt::Off, true, false),
        ] {
            let saml = SamlConnection { encrypt, sp_decrypts: announced, ..SamlConnection::default() };
            assert_eq!(saml.encrypts(), encrypts, "{encrypt:?} {announced}");
        }
    }

    #[test]
    fn xs_05_what_is_encrypted_is_signed_before() {
        for (sign_assertion, encrypt, signed) in [
            (false, Encrypt::Off, false),
            (false, Encrypt::On, true),
            (true, Encrypt::Off, true),
            (true, Encrypt::On, true),
        ] {
            let saml = SamlConnection { sign_assertion, encrypt, ..SamlConnection::default() };
            assert_eq!(saml.signs_assertion(), signed, "{sign_assertion} {encrypt:?}");
        }
    }

    #[test]
    fn a_key_entered_by_hand_is_one_to_encrypt_to() {
        let mut saml = SamlConnection::default();
        saml.entered_by_hand(Vec::new());
        assert!(!saml.encrypts(), "nothing was entered");
        saml.entered_by_hand(vec!["one".into()]);
        assert!(saml.encrypts());
        saml.sp_decrypts = false;
        saml.entered_by_hand(vec!["one".into()]);
        assert!(!saml.encrypts(), "the same again says nothing");
        saml.entered_by_hand(Vec::new());
        assert_eq!((saml.sp_decrypts, saml.encryption_certificates.len()), (false, 0));
    }
}
