//! Rules of a SAML app's settings that came when there were apps already: what is kept from before stands. Does not own the rest
//! (`saml_check`).

use super::{mapping::ValueMapping, saml::SamlConnection, start_links::STRICT_RELAY_STATE};
use crate::domain::text::FieldErrors;
use ::saml::{CertificateDer, signature::VerificationKey};

/// One of the lists of certificates in the settings.
type Certificates = fn(&SamlConnection) -> &[String];

impl SamlConnection {
    pub(super) fn check_later(&self, errors: &mut FieldErrors, before: Option<&Self>) {
        self.check_entity_ids(errors, before);
        self.check_keys(errors, before);
        self.check_name_formats(errors, before);
        self.check_own_relay_state(errors, before);
    }

    /// SAML Metadata §2.2.1: an entity ID is a URI of at most 1,024 characters; names without white space are taken too, as they are
    /// from metadata. Either may be left out.
    fn check_entity_ids(&self, errors: &mut FieldErrors, before: Option<&Self>) {
        for (field, entity_id, was) in [
            ("sp_entity_id", &self.sp_entity_id, before.map(|before| &before.sp_entity_id)),
            ("idp_entity_id", &self.idp_entity_id, before.map(|before| &before.idp_entity_id)),
        ] {
            let is_new = !entity_id.is_empty() && was != Some(entity_id);
            if is_new && ::saml::metadata::check_entity_id(entity_id).is_err() {
                errors.add(
                    field,
                    "Write an entity ID without blanks and control characters, of at most 1,024 characters",
                );
            }
        }
    }

    /// S-35: a key given by hand is held to what one in metadata is held to.
    fn check_keys(&self, errors: &mut FieldErrors, before: Option<&Self>) {
        let lists: [(&str, Certificates); 3] = [
            ("sp_certificates", |saml| &saml.sp_certificates),
            ("encryption_certificates", |saml| &saml.encryption_certificates),
            ("sp_metadata_certificate", |saml| {
                saml.metadata_source.as_ref().map(|source| source.certificates.as_slice()).unwrap_or_default()
            }),
        ];
        for (field, list) in lists {
            let known = before.map(list).unwrap_or_default();
            for text in list(self).iter().filter(|text| !known.contains(text)) {
                // One that can't be read has its own error.
                if let Ok(certificate) = CertificateDer::from_pem_or_base64(text)
                    && let Err(error) = VerificationKey::from_certificate(&certificate)
                {
                    errors.add(field, error.to_string());
                }
            }
        }
    }

    /// SAML Core §2.7.3.1: `NameFormat` is a URI, and one that is not absolute means nothing to the app (XS-44).
    fn check_name_formats(&self, errors: &mut FieldErrors, before: Option<&Self>) {
        let is_kept = |row: &ValueMapping| {
            before.is_some_and(|before| before.every_row().any(|old| old.name_format == row.name_format))
        };
        let sets = self.attribute_sets.iter().flat_map(|set| &set.attributes);
        let rows = self.attributes.iter().map(|row| ("attributes", row));
        for (field, row) in rows.chain(sets.map(|row| ("attribute_sets", row))) {
            let format = row.name_format.as_str();
            let absolute = url::Url::parse(format).is_ok() && !format.contains(char::is_whitespace);
            if !format.is_empty() && !absolute && !is_kept(row) {
                errors.add(
                    field,
                    format!("{}: write basic, uri, unspecified, or a whole URI as the name format", row.name),
                );
            }
        }
    }

    /// SAML Bindings §3.4.3, S-25: what the app takes from others it takes from us.
    fn check_own_relay_state(&self, errors: &mut FieldErrors, before: Option<&Self>) {
        let as_before = before.is_some_and(|before| {
            before.strict_relay_state && before.default_relay_state == self.default_relay_state
        });
        if self.strict_relay_state && !as_before && self.default_relay_state.len() > STRICT_RELAY_STATE {
            errors.add("default_relay_state", "The app takes at most 80 bytes of RelayState");
        }
    }

    /// Puts the formats of attribute names in the place of their short names.
    pub(super) fn name_the_formats(&mut self) {
        let sets = self.attribute_sets.iter_mut().flat_map(|set| &mut set.attributes);
        self.attributes.iter_mut().chain(sets).for_each(ValueMapping::name_the_format);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::connection::{AttributeSet, Connection, MetadataSource, ValueSource};

    fn refused(saml: &SamlConnection, before: Option<&SamlConnection>) -> Vec<String> {
        let before = before.map(|before| Connection::Saml(Box::new(before.clone())));
        let errors = Connection::Saml(Box::new(saml.clone())).checked_over(before.as_ref());
        errors.err().map(|errors| errors.0.into_iter().map(|e| e.field).collect()).unwrap_or_default()
    }

    /// Refused when new, let stand when kept; the twin is taken.
    fn holds(field: &str, wrong: &SamlConnection, right: &SamlConnection) {
        assert_eq!(refused(wrong, None), [field]);
        assert_eq!(refused(wrong, Some(&SamlConnection::default())), [field]);
        assert_eq!(refused(wrong, Some(wrong)), Vec::<String>::new(), "kept");
        assert_eq!(refused(right, None), Vec::<String>::new(), "the valid twin");
    }

    #[test]
    fn sdp_g04_entity_ids_are_entity_ids() {
        let ours = |id: &str| SamlConnection { idp_entity_id: id.into(), ..SamlConnection::default() };
        let theirs = |id: &str| SamlConnection { sp_entity_id: id.into(), ..SamlConnection::default() };
        // The other limit is that of every line (`check`), kept or not.
        for wrong in ["a b", "a\u{a0}b"] {
            holds("idp_entity_id", &ours(wrong), &ours("https://id.example/heap"));
            holds("sp_entity_id", &theirs(wrong), &theirs("heapanalytics"));
        }
        let mut padded = Connection::Saml(Box::new(ours(" urn:x ")));
        padded.checked().expect("blanks around it are slips");
        assert_eq!(padded.saml().map(|saml| saml.idp_entity_id.as_str()), Some("urn:x"));
    }

    #[test]
    fn s_35_keys_given_by_hand_are_held_to_what_metadata_is_held_to() {
        type With = fn(String) -> SamlConnection;
        let weak = certificate(1024);
        let good = certificate(2048);
        let lists: [(&str, With); 3] = [
            ("sp_certificates", |text| SamlConnection {
                sp_certificates: vec![text],
                ..SamlConnection::default()
            }),
            ("encryption_certificates", |text| SamlConnection {
                encryption_certificates: vec![text],
                ..SamlConnection::default()
            }),
            ("sp_metadata_certificate", |text| SamlConnection {
                metadata_source: Some(MetadataSource {
                    urls: vec!["https://sp.example/metadata".into()],
                    certificates: vec![text],
                    ..MetadataSource::default()
                }),
                ..SamlConnection::default()
            }),
        ];
        for (field, with) in lists {
            holds(field, &with(weak.clone()), &with(good.clone()));
        }
        let mut errors = FieldErrors::default();
        SamlConnection { sp_certificates: vec![weak], ..SamlConnection::default() }
            .check_later(&mut errors, None);
        assert_eq!(
            errors.of("sp_certificates"),
            Some("the RSA key has 1024 bits; 2048 to 8192 are taken"),
            "the words of metadata"
        );
    }

    #[test]
    fn xs_44_name_formats_have_short_names_or_are_absolute() {
        let with = |format: &str| SamlConnection {
            attributes: vec![ValueMapping {
                name_format: format.into(),
                ..ValueMapping::new("mail", ValueSource::Source("email".into()))
            }],
            ..SamlConnection::default()
        };
        for (short, uri) in super::super::NAME_FORMATS {
            let mut connection = Connection::Saml(Box::new(with(short)));
            connection.checked().expect(short);
            assert_eq!(connection.saml().map(|saml| saml.attributes[0].name_format.as_str()), Some(*uri));
        }
        for wrong in ["simple", "Basic", "a b", "/relative"] {
            holds("attributes", &with(wrong), &with("urn:example:format"));
        }
        let set = |format: &str| SamlConnection {
            attribute_sets: vec![AttributeSet {
                index: 1,
                name: String::new(),
                attributes: with(format).attributes,
            }],
            ..SamlConnection::default()
        };
        holds("attribute_sets", &set("simple"), &set("uri"));
    }

    #[test]
    fn s_25_an_app_that_takes_80_bytes_takes_no_more_from_us() {
        let with = |strict: bool, bytes: usize| SamlConnection {
            strict_relay_state: strict,
            default_relay_state: "r".repeat(bytes),
            ..SamlConnection::default()
        };
        holds("default_relay_state", &with(true, 81), &with(true, 80));
        assert_eq!(refused(&with(false, 2048), None), Vec::<String>::new());
        assert_eq!(
            refused(&with(true, 81), Some(&with(false, 81))),
            ["default_relay_state"],
            "strict from now on"
        );
    }

    /// A certificate of an RSA key of that many bits, base64 DER.
    fn certificate(bits: u32) -> String {
        use openssl::{asn1::Asn1Time, hash::MessageDigest, pkey::PKey, rsa::Rsa, x509::X509};
        let key = PKey::from_rsa(Rsa::generate(bits).expect("a key")).expect("a key");
        let mut builder = X509::builder().expect("a builder");
        builder.set_pubkey(&key).expect("set");
        builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("set");
        builder.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("set");
        builder.sign(&key, MessageDigest::sha256()).expect("signed");
        CertificateDer::new(builder.build().to_der().expect("DER")).expect("readable").to_base64()
    }
}
