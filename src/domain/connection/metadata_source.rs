//! Where a service provider's metadata is fetched from, and what it is held to. Does not own fetching it or what is known of
//! it (`service::sp_metadata`, `domain::sp_metadata`).

use super::check_web_address;
use crate::domain::{text::FieldErrors, user::text_enum};
use serde::{Deserialize, Serialize};

/// Most addresses of one source.
const URLS_MAX: usize = 4;
/// Most certificates of one source: one in use, and those of a rollover.
const CERTIFICATES_MAX: usize = 4;
/// The farthest end that a policy can name, in days.
const DAYS_MAX: u32 = 3_650;

/// What happens to changes of keys and addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum MetadataApply {
    /// They wait until an administrator approves them.
    #[default]
    Review,
    /// They apply by themselves, because the signature of the source was verified (IIP-MD02).
    Signed,
}
text_enum!(MetadataApply { Review = "review", Signed = "signed" });

/// What happens once metadata has ended and no newer one could be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum EndedMetadata {
    /// The app goes on by the last good one; administrators are warned.
    #[default]
    Keep,
    /// Sign-on is refused.
    Refuse,
}
text_enum!(EndedMetadata { Keep = "keep", Refuse = "refuse" });

/// Where an app's metadata is fetched from, and what it is held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct MetadataSource {
    /// Addresses, tried in order: the document, or the base of a metadata service.
    pub urls: Vec<String>,
    /// Whether the addresses are bases of the Metadata Query Protocol, asked for the app's entity id.
    pub mdq: bool,
    /// Certificates of whoever signs what comes from there: base64 DER, key containers only. None: no signature is asked for.
    /// They count for this source alone (IIP-MD03).
    pub certificates: Vec<String>,
    /// IIP-MD04, SDP-MD03: refuse metadata that does not say until when it is valid.
    pub require_valid_until: bool,
    /// IIP-MD04: refuse metadata whose end is more days away.
    pub max_valid_days: Option<u32>,
    /// What happens once it has ended.
    pub ended: EndedMetadata,
    /// What happens to changes of keys and addresses.
    pub apply: MetadataApply,
}

impl MetadataSource {
    /// The certificates, ready to verify with.
    ///
    /// # Errors
    /// The first that can't be read.
    pub fn trusted(&self) -> Result<Vec<::saml::CertificateDer>, ::saml::signature::CertificateError> {
        self.certificates.iter().map(|text| ::saml::CertificateDer::from_pem_or_base64(text)).collect()
    }

    /// Whether the same documents would be taken from the same places: what is known of one source then counts for the other.
    pub fn is_same_place(&self, other: &Self) -> bool {
        (&self.urls, self.mdq, &self.certificates) == (&other.urls, other.mdq, &other.certificates)
    }

    pub(super) fn check(&mut self, errors: &mut FieldErrors, sp_entity_id: &str) {
        const URL: &str = "sp_metadata_url";
        self.urls = self.urls.iter().map(|url| url.trim().to_owned()).collect();
        if self.urls.is_empty() || self.urls.len() > URLS_MAX {
            errors.add(URL, format!("Write one to {URLS_MAX} addresses"));
        }
        for url in &self.urls {
            check_web_address(errors, URL, url);
            if url.contains('#') {
                errors.add(URL, "Leave out the # and what follows it");
            }
            if self.mdq && url.contains('?') {
                errors.add(URL, "A metadata service has no ? in its address");
            }
        }
        if self.mdq && sp_entity_id.is_empty() {
            errors.add(URL, "Enter the app’s entity ID first: a metadata service is asked by it");
        }
        if self.certificates.len() > CERTIFICATES_MAX {
            errors.add("sp_metadata_certificate", format!("Use at most {CERTIFICATES_MAX} certificates"));
        }
        if let Err(error) = self.trusted() {
            errors.add("sp_metadata_certificate", error.to_string());
        }
        if self.max_valid_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            errors.add("sp_metadata_max_valid_days", "Use 1 to 3,650 days");
        }
        if self.apply == MetadataApply::Signed && self.certificates.is_empty() {
            errors.add(
                "sp_metadata_apply",
                "Add the certificate of the source first: only what it signed can apply by itself",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &MetadataSource, entity_id: &str) -> Vec<String> {
        let mut errors = FieldErrors::default();
        source.clone().check(&mut errors, entity_id);
        errors.0.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_source_has_addresses_and_keeps_to_its_own_rules() {
        let good =
            MetadataSource { urls: vec!["https://sp.example/metadata".into()], ..MetadataSource::default() };
        assert_eq!(refused(&good, ""), Vec::<String>::new());
        for url in [
            "",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://u:p@sp.example/",
            "https://sp.example/#x",
        ] {
            let bad = MetadataSource { urls: vec![url.into()], ..good.clone() };
            assert_eq!(refused(&bad, ""), ["sp_metadata_url"], "{url}");
        }
        let many = MetadataSource { urls: vec!["https://sp.example/".into(); 5], ..good.clone() };
        assert_eq!(refused(&many, ""), ["sp_metadata_url"]);
        assert_eq!(refused(&MetadataSource::default(), ""), ["sp_metadata_url"]);
        let service = MetadataSource { mdq: true, ..good.clone() };
        assert_eq!(refused(&service, ""), ["sp_metadata_url"], "asked for nobody");
        assert_eq!(refused(&service, "https://sp.example"), Vec::<String>::new());
        for days in [0, 3_651] {
            let bad = MetadataSource { max_valid_days: Some(days), ..good.clone() };
            assert_eq!(refused(&bad, ""), ["sp_metadata_max_valid_days"], "{days}");
        }
        let bad = MetadataSource { certificates: vec!["hello".into()], ..good.clone() };
        assert_eq!(refused(&bad, ""), ["sp_metadata_certificate"]);
    }

    #[test]
    fn iip_md02_only_what_is_signed_applies_by_itself() {
        let source = MetadataSource {
            urls: vec!["https://sp.example/metadata".into()],
            apply: MetadataApply::Signed,
            ..MetadataSource::default()
        };
        assert_eq!(refused(&source, ""), ["sp_metadata_apply"]);
    }
}
