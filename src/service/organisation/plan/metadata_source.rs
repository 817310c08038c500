//! Where an app's metadata is fetched from, by the file; and what came from there, which an apply does not take away again.
//! Does not own the rules of a source (`domain::connection`).

use crate::{
    domain::{
        connection::{Connection, MetadataSource, SamlConnection},
        text::FieldErrors,
    },
    service::organisation::{document::SamlEntry, one_or_many::OneOrMany},
};

/// The source that the block names; without an address there is none.
pub(super) fn of(block: &SamlEntry, errors: &mut FieldErrors) -> Option<MetadataSource> {
    let Some(urls) = block.sp_metadata_url.clone() else {
        for (field, is_there) in [
            ("sp_metadata_mdq", block.sp_metadata_mdq.is_some()),
            ("sp_metadata_certificate", block.sp_metadata_certificate.is_some()),
            ("sp_metadata_require_valid_until", block.sp_metadata_require_valid_until.is_some()),
            ("sp_metadata_max_valid_days", block.sp_metadata_max_valid_days.is_some()),
            ("sp_metadata_ended", block.sp_metadata_ended.is_some()),
            ("sp_metadata_apply", block.sp_metadata_apply.is_some()),
        ] {
            if is_there {
                errors.add(
                    &format!("saml.{field}"),
                    "Write sp_metadata_url too: this is about what comes from there",
                );
            }
        }
        return None;
    };
    let mut certificates = Vec::new();
    let texts = block.sp_metadata_certificate.clone().map(OneOrMany::into_vec).unwrap_or_default();
    for (position, text) in texts.iter().enumerate() {
        match ::saml::CertificateDer::from_pem_or_base64(text) {
            Ok(certificate) => certificates.push(certificate.to_base64()),
            Err(error) => errors.add(&format!("saml.sp_metadata_certificate[{position}]"), error.to_string()),
        }
    }
    Some(MetadataSource {
        urls: urls.into_vec(),
        mdq: block.sp_metadata_mdq.unwrap_or_default(),
        certificates,
        require_valid_until: block.sp_metadata_require_valid_until.unwrap_or_default(),
        max_valid_days: block.sp_metadata_max_valid_days,
        ended: block.sp_metadata_ended.unwrap_or_default(),
        apply: block.sp_metadata_apply.unwrap_or_default(),
    })
}

/// What metadata filled in stays, where the file doesn't say it: also when it is fetched from another address from now on, until what
/// comes from there was read (S-35: good data are never replaced by none).
pub(super) fn kept(current: Option<&Connection>, block: &SamlEntry, base: SamlConnection) -> SamlConnection {
    let Some(existing) = current.and_then(Connection::saml) else { return base };
    if block.sp_metadata_url.is_none() {
        return base;
    }
    let by_hand = base.attributes.is_empty();
    let mut kept = SamlConnection {
        sp_entity_id: block.sp_entity_id.clone().unwrap_or_else(|| existing.sp_entity_id.clone()),
        acs_urls: existing.acs_urls.clone(),
        sp_signs_requests: existing.sp_signs_requests,
        sp_certificates: existing.sp_certificates.clone(),
        encryption_certificates: existing.encryption_certificates.clone(),
        sp_decrypts: existing.sp_decrypts,
        entity_attributes: existing.entity_attributes.clone(),
        logout_services: existing.logout_services.clone(),
        signature_algorithm: existing.signature_algorithm,
        content_encryption: existing.content_encryption,
        key_transport: existing.key_transport,
        name_id_format: if by_hand { existing.name_id_format } else { base.name_id_format },
        attributes: if by_hand { existing.attributes.clone() } else { base.attributes.clone() },
        attribute_sets: existing.attribute_sets.clone(),
        ..base
    };
    kept.forget_another_entity(existing);
    kept
}
