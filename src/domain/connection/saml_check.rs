//! The rules of a SAML app's settings, each with the field it is about. Does not own those of its encryption, its entity
//! attributes and its metadata's source, which stand beside them.

use super::{
    check_web_address,
    mapping::{check_expression, check_saml_mappings, check_source},
    saml::{RequireSigned, SamlConnection},
    saml_choices::ATTRIBUTE_SETS_MAX,
    start_links,
};
use crate::domain::{
    attributes::is_of_sign_in,
    text::{FieldErrors, LINE_MAX, VALUE_MAX, check_line},
};

impl SamlConnection {
    pub(super) fn check(&mut self, errors: &mut FieldErrors) {
        for entity_id in [&mut self.sp_entity_id, &mut self.idp_entity_id] {
            *entity_id = entity_id.trim().to_owned();
        }
        check_line(errors, "sp_entity_id", &self.sp_entity_id, VALUE_MAX);
        check_line(errors, "idp_entity_id", &self.idp_entity_id, VALUE_MAX);
        for acs in &self.acs_urls {
            if let Err(error) = ::saml::metadata::check_acs_url(&acs.url) {
                errors.add("acs_urls", format!("{}: {error}", acs.url));
            }
        }
        if self.acs_urls.iter().filter(|acs| acs.default).count() > 1 {
            errors.add("acs_urls", "Mark one address as default, not several");
        }
        let mut indexes: Vec<u16> = self.acs_urls.iter().map(|acs| acs.index).collect();
        indexes.sort_unstable();
        indexes.dedup();
        if indexes.len() != self.acs_urls.len() {
            errors.add("acs_urls", "Give each reply address an index of its own");
        }
        if !self.sign_assertion && !self.sign_response {
            errors.add("sign", "Sign the assertion, the response, or both");
        }
        if self.require_signed_requests == RequireSigned::Always && self.sp_certificates.is_empty() {
            errors.add(
                "require_signed_requests",
                "Add the app's certificate first: signatures are checked with it",
            );
        }
        if self.sp_certificates.len() > 16 {
            errors.add("sp_certificates", "Use at most 16 certificates");
        }
        for certificate in &self.sp_certificates {
            if let Err(error) = ::saml::CertificateDer::from_pem_or_base64(certificate) {
                errors.add("sp_certificates", error.to_string());
            }
        }
        if self.default_relay_state.len() > 2048 {
            errors.add("default_relay_state", "Use at most 2,048 bytes");
        }
        check_line(errors, "default_relay_state", &self.default_relay_state, 2048);
        start_links::check_relay_states(
            errors,
            &self.start_links,
            self.strict_relay_state,
            self.allow_idp_initiated,
        );
        check_line(errors, "groups_attribute", &self.groups_attribute, LINE_MAX);
        check_source(errors, "name_id_source", &self.name_id_source);
        if is_of_sign_in(&self.name_id_source) {
            errors.add(
                "name_id_source",
                "This is how somebody signed in, not who it is; choose something of the person",
            );
        }
        check_line(errors, "groups_matching", &self.groups_matching, LINE_MAX);
        if !self.name_id_expression.is_empty() {
            check_expression(errors, "name_id_expression", &self.name_id_expression);
        }
        self.name_the_formats();
        check_saml_mappings(errors, "attributes", &self.attributes, &self.groups_attribute);
        self.check_attribute_sets(errors);
        self.check_encryption(errors);
        self.check_entity_attributes(errors);
        if let Some(recorder) = self.recorder {
            recorder.check(errors);
        }
        self.check_limits(errors);
        self.check_logout(errors);
        if let Some(source) = &mut self.metadata_source {
            source.check(errors, &self.sp_entity_id);
        }
    }

    fn check_attribute_sets(&self, errors: &mut FieldErrors) {
        const FIELD: &str = "attribute_sets";
        if self.attribute_sets.len() > ATTRIBUTE_SETS_MAX {
            errors.add(FIELD, format!("Use at most {ATTRIBUTE_SETS_MAX} sets"));
        }
        let mut indexes = std::collections::HashSet::new();
        for set in &self.attribute_sets {
            if !indexes.insert(set.index) {
                errors.add(FIELD, format!("Two sets have the number {}", set.index));
            }
            check_line(errors, FIELD, &set.name, LINE_MAX);
            check_saml_mappings(errors, FIELD, &set.attributes, &self.groups_attribute);
        }
    }

    fn check_limits(&self, errors: &mut FieldErrors) {
        if !(30..=86_400).contains(&self.assertion_seconds) {
            errors.add("assertion_seconds", "Use 30 seconds to 24 hours");
        }
        if self.skew_seconds > 600 {
            errors.add("skew_seconds", "Use at most 600 seconds");
        }
        if !(1..=365).contains(&self.metadata_valid_days) {
            errors.add("metadata_valid_days", "Use 1 to 365 days");
        }
        if self.audiences.len() > 16 {
            errors.add("audiences", "Use at most 16 audiences");
        }
        for audience in &self.audiences {
            check_line(errors, "audiences", audience, VALUE_MAX);
            if audience.trim().is_empty() || audience.trim() != audience {
                errors.add("audiences", "Leave no blanks around an audience");
            }
        }
        if !self.start_url.is_empty() {
            check_web_address(errors, "start_url", &self.start_url);
        }
    }

    fn check_logout(&self, errors: &mut FieldErrors) {
        if self.logout_services.len() > 16 {
            errors.add("logout_services", "Use at most 16 addresses");
        }
        for service in &self.logout_services {
            check_web_address(errors, "logout_services", &service.url);
            if !service.response_url.is_empty() {
                check_web_address(errors, "logout_services", &service.response_url);
            }
        }
    }
}
