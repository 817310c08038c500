//! The folded part of a SAML app's form: stored settings to fields, and fields to settings. Does not own checking them.

use super::{certificates, start_links};
use crate::{
    domain::{
        connection::{
            ContentEncryption, Denied, Encrypt, KeyTransport, LogoutBinding, LogoutService, SamlConnection,
            SamlSignatureAlgorithm,
        },
        text::FieldErrors,
    },
    web::{
        admin::saving::Compared,
        extract::Fields,
        view::admin::apps::saml_advanced::{AdvancedFields, LogoutRow},
    },
};

/// Stored settings as fields.
pub fn fields_of(saml: &SamlConnection) -> AdvancedFields {
    let row = |service: &LogoutService| LogoutRow {
        binding: service.binding.as_str().to_owned(),
        url: service.url.clone(),
        response_url: service.response_url.clone(),
    };
    AdvancedFields {
        signature_algorithm: saml.signature_algorithm.as_str().to_owned(),
        encrypt: saml.encrypt.as_str().to_owned(),
        encryption_certificates: certificates::to_pem_list(&saml.encryption_certificates),
        content_encryption: saml.content_encryption.as_str().to_owned(),
        key_transport: saml.key_transport.as_str().to_owned(),
        name_id_expression: saml.name_id_expression.clone(),
        groups_matching: saml.groups_matching.clone(),
        assertion_seconds: saml.assertion_seconds.to_string(),
        skew_seconds: saml.skew_seconds.to_string(),
        audiences: saml.audiences.join("\n"),
        logout: saml.logout_services.iter().map(row).collect(),
        strict_relay_state: saml.strict_relay_state,
        start_links: start_links::text(&saml.start_links),
        allow_idp_initiated: saml.allow_idp_initiated,
        allow_sha1: saml.allow_sha1,
        accept_cbc: saml.accept_cbc,
        omit_name_id: saml.omit_name_id,
        denied: saml.denied.as_str().to_owned(),
        idp_entity_id: saml.idp_entity_id.clone(),
        sign_metadata: saml.sign_metadata,
        metadata_valid_days: saml.metadata_valid_days.to_string(),
        strict_allow_create: saml.strict_allow_create,
    }
}

/// The fields as typed; `None` for a form without this part.
pub fn typed(fields: &Fields) -> Option<AdvancedFields> {
    if !fields.has("advanced") {
        return None;
    }
    let text = |name: &str| fields.get(name).trim().to_owned();
    let (bindings, answers) = (fields.all("logout_binding"), fields.all("logout_response_url"));
    let at =
        |list: &[&str], position: usize| list.get(position).copied().unwrap_or_default().trim().to_owned();
    let logout = fields.all("logout_url").into_iter().enumerate();
    Some(AdvancedFields {
        signature_algorithm: text("signature_algorithm"),
        encrypt: text("encrypt"),
        encryption_certificates: text("encryption_certificates"),
        content_encryption: text("content_encryption"),
        key_transport: text("key_transport"),
        name_id_expression: text("name_id_expression"),
        groups_matching: text("groups_matching"),
        assertion_seconds: text("assertion_seconds"),
        skew_seconds: text("skew_seconds"),
        audiences: text("audiences"),
        logout: logout
            .filter(|(_, url)| !url.trim().is_empty())
            .map(|(position, url)| LogoutRow {
                binding: at(&bindings, position),
                url: url.trim().to_owned(),
                response_url: at(&answers, position),
            })
            .collect(),
        strict_relay_state: fields.has("strict_relay_state"),
        start_links: text("start_links"),
        allow_idp_initiated: fields.has("allow_idp_initiated"),
        allow_sha1: fields.has("allow_sha1"),
        accept_cbc: fields.has("accept_cbc"),
        omit_name_id: fields.has("omit_name_id"),
        denied: text("denied"),
        idp_entity_id: text("idp_entity_id"),
        sign_metadata: fields.has("sign_metadata"),
        metadata_valid_days: text("metadata_valid_days"),
        strict_allow_create: fields.has("strict_allow_create"),
    })
}

/// The fields beside each other, for a form that was overtaken.
pub fn compared(old: &AdvancedFields, new: &AdvancedFields) -> Vec<Compared> {
    let (pair, ticked) = (Compared::new, Compared::ticked);
    vec![
        pair("Sign with", &["signature_algorithm"], &old.signature_algorithm, &new.signature_algorithm),
        pair("Encrypt assertions", &["encrypt"], &old.encrypt, &new.encrypt),
        pair(
            "Encrypt to",
            &["encryption_certificates"],
            &old.encryption_certificates,
            &new.encryption_certificates,
        ),
        pair("Content", &["content_encryption"], &old.content_encryption, &new.content_encryption),
        pair("Key", &["key_transport"], &old.key_transport, &new.key_transport),
        ticked("Accept SHA-1 in its signatures", &["allow_sha1"], old.allow_sha1, new.allow_sha1),
        ticked("Read identifiers in CBC", &["accept_cbc"], old.accept_cbc, new.accept_cbc),
        ticked("Leave the NameID out", &["omit_name_id"], old.omit_name_id, new.omit_name_id),
        pair("Somebody without access sees", &["denied"], &old.denied, &new.denied),
        ticked(
            "New pseudonyms only when asked for",
            &["strict_allow_create"],
            old.strict_allow_create,
            new.strict_allow_create,
        ),
        pair("Our entity ID", &["idp_entity_id"], &old.idp_entity_id, &new.idp_entity_id),
        ticked("Sign our metadata", &["sign_metadata"], old.sign_metadata, new.sign_metadata),
        pair(
            "Our metadata lasts",
            &["metadata_valid_days"],
            &old.metadata_valid_days,
            &new.metadata_valid_days,
        ),
        pair("Make the NameID", &["name_id_expression"], &old.name_id_expression, &new.name_id_expression),
        pair("Groups by name", &["groups_matching"], &old.groups_matching, &new.groups_matching),
        pair("More audiences", &["audiences"], &old.audiences, &new.audiences),
        pair("Assertions last", &["assertion_seconds"], &old.assertion_seconds, &new.assertion_seconds),
        pair("Clocks may differ by", &["skew_seconds"], &old.skew_seconds, &new.skew_seconds),
        ticked(
            "Start from the portal",
            &["allow_idp_initiated"],
            old.allow_idp_initiated,
            new.allow_idp_initiated,
        ),
        pair("Start links", &["start_links"], &old.start_links, &new.start_links),
        ticked(
            "At most 80 bytes of RelayState",
            &["strict_relay_state"],
            old.strict_relay_state,
            new.strict_relay_state,
        ),
        pair(
            "Sign-out addresses",
            &["logout_services"],
            &logout_text(&old.logout),
            &logout_text(&new.logout),
        ),
    ]
}

fn logout_text(rows: &[LogoutRow]) -> String {
    let line =
        |row: &LogoutRow| format!("{} {} {}", row.binding, row.url, row.response_url).trim().to_owned();
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The settings with what the fields stand for.
///
/// # Errors
/// Fields that can't be read at all. The rest is checked when the app is saved.
pub fn to_connection(
    fields: &AdvancedFields,
    current: SamlConnection,
) -> Result<SamlConnection, FieldErrors> {
    let mut errors = FieldErrors::default();
    let encryption_certificates =
        certificates::parse(&fields.encryption_certificates).unwrap_or_else(|message| {
            errors.add("encryption_certificates", message);
            Vec::new()
        });
    let signature_algorithm = one_of(
        SamlSignatureAlgorithm::parse,
        "signature_algorithm",
        &fields.signature_algorithm,
        &mut errors,
    );
    let encrypt = one_of(Encrypt::parse, "encrypt", &fields.encrypt, &mut errors);
    let denied = one_of(Denied::parse, "denied", &fields.denied, &mut errors);
    let content_encryption =
        one_of(ContentEncryption::parse, "content_encryption", &fields.content_encryption, &mut errors);
    let key_transport = one_of(KeyTransport::parse, "key_transport", &fields.key_transport, &mut errors);
    let assertion_seconds = seconds("assertion_seconds", &fields.assertion_seconds, &mut errors);
    let skew_seconds = seconds("skew_seconds", &fields.skew_seconds, &mut errors);
    let metadata_valid_days = fields.metadata_valid_days.parse().ok();
    if metadata_valid_days.is_none() {
        errors.add("metadata_valid_days", "Write a whole number of days");
    }
    let mut logout_services = Vec::with_capacity(fields.logout.len());
    for row in &fields.logout {
        let binding = one_of(LogoutBinding::parse, "logout_services", &row.binding, &mut errors);
        let (url, response_url) = (row.url.clone(), row.response_url.clone());
        logout_services.extend(binding.map(|binding| LogoutService { binding, url, response_url }));
    }
    let links = start_links::parse(&fields.start_links).unwrap_or_else(|refused| {
        errors.0.extend(refused.0);
        Vec::new()
    });
    errors.finish()?;
    let mut current = current;
    current.entered_by_hand(encryption_certificates);
    Ok(SamlConnection {
        signature_algorithm: signature_algorithm.unwrap_or_default(),
        encrypt: encrypt.unwrap_or_default(),
        denied: denied.unwrap_or_default(),
        accept_cbc: fields.accept_cbc,
        omit_name_id: fields.omit_name_id,
        idp_entity_id: fields.idp_entity_id.clone(),
        sign_metadata: fields.sign_metadata,
        metadata_valid_days: metadata_valid_days.unwrap_or(current.metadata_valid_days),
        strict_allow_create: fields.strict_allow_create,
        content_encryption: content_encryption.unwrap_or_default(),
        key_transport: key_transport.unwrap_or_default(),
        name_id_expression: fields.name_id_expression.clone(),
        groups_matching: fields.groups_matching.clone(),
        assertion_seconds: assertion_seconds.unwrap_or(current.assertion_seconds),
        skew_seconds: skew_seconds.unwrap_or(current.skew_seconds),
        audiences: lines(&fields.audiences),
        logout_services,
        strict_relay_state: fields.strict_relay_state,
        start_links: links,
        allow_idp_initiated: fields.allow_idp_initiated,
        allow_sha1: fields.allow_sha1,
        ..current
    })
}

fn one_of<T>(parse: fn(&str) -> Option<T>, field: &str, text: &str, errors: &mut FieldErrors) -> Option<T> {
    let read = parse(text);
    if read.is_none() {
        errors.add(field, "Choose one of the list");
    }
    read
}

fn seconds(field: &str, text: &str, errors: &mut FieldErrors) -> Option<u32> {
    let read = text.parse().ok();
    if read.is_none() {
        errors.add(field, "Write a whole number of seconds");
    }
    read
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> SamlConnection {
        SamlConnection {
            signature_algorithm: SamlSignatureAlgorithm::RsaSha512,
            encrypt: Encrypt::On,
            sp_decrypts: true,
            accept_cbc: true,
            omit_name_id: true,
            denied: Denied::Status,
            encryption_certificates: vec![certificates::tests::certificate()],
            content_encryption: ContentEncryption::Aes128Cbc,
            key_transport: KeyTransport::RsaOaepSha256,
            name_id_expression: "user.email".into(),
            groups_matching: "eng-*".into(),
            assertion_seconds: 120,
            skew_seconds: 0,
            audiences: vec!["https://a.example".into(), "https://b.example".into()],
            logout_services: vec![LogoutService {
                binding: LogoutBinding::Soap,
                url: "https://sp.example/slo".into(),
                response_url: String::new(),
            }],
            strict_relay_state: true,
            start_links: vec![crate::domain::connection::StartLink {
                name: "reports".into(),
                label: "Weekly reports".into(),
                target: "/reports".into(),
            }],
            allow_idp_initiated: false,
            allow_sha1: true,
            idp_entity_id: "urn:example:ours".into(),
            sign_metadata: true,
            metadata_valid_days: 30,
            strict_allow_create: true,
            ..SamlConnection::default()
        }
    }

    #[test]
    fn a_form_sent_back_unchanged_changes_nothing() {
        let stored = stored();
        assert_eq!(to_connection(&fields_of(&stored), stored.clone()), Ok(stored.clone()));
        assert_eq!(
            to_connection(&fields_of(&stored), SamlConnection::default()),
            Ok(stored),
            "it shows all of them"
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_beside_its_field() {
        let broken = AdvancedFields {
            signature_algorithm: "md5".into(),
            encryption_certificates: "hello".into(),
            encrypt: "perhaps".into(),
            denied: String::new(),
            content_encryption: "des".into(),
            key_transport: "rsa-1_5".into(),
            assertion_seconds: "soon".into(),
            skew_seconds: "-1".into(),
            metadata_valid_days: "a week".into(),
            ..fields_of(&stored())
        };
        let refused = to_connection(&broken, stored()).expect_err("refused");
        for field in [
            "signature_algorithm",
            "encryption_certificates",
            "encrypt",
            "denied",
            "content_encryption",
            "key_transport",
            "assertion_seconds",
            "skew_seconds",
            "metadata_valid_days",
        ] {
            assert!(refused.of(field).is_some(), "{field}");
        }
    }

    #[test]
    fn rows_without_address_and_forms_without_this_part_are_left_out() {
        let read = |text: &str| typed(&Fields::parse(text).expect("short"));
        assert_eq!(read("signature_algorithm=rsa-sha1"), None);
        let rows = read(
            "advanced=on&logout_url=&logout_binding=post&logout_response_url=x&logout_url=+https://a.example+\
             &logout_binding=soap&logout_response_url=",
        );
        let row = LogoutRow {
            binding: "soap".into(),
            url: "https://a.example".into(),
            response_url: String::new(),
        };
        assert_eq!(rows.map(|fields| fields.logout), Some(vec![row]));
    }
}
