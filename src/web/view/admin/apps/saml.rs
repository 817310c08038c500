//! Single sign-on by SAML: what to give the app, what it gave us, and what is sent.
//!
//! Does not parse metadata; the handler passes the review table.

use askama::Template;

use super::super::super::form::{
    ATTRIBUTE_KINDS, ATTRIBUTE_SENDS, AttributeRow, CLAIM_PLACES, Choice, Errors, Hidden, NAME_FORMATS,
};
use super::super::super::{Page, ui};
use super::super::Console;
use super::AppFrame;
use super::preview::Preview;
use super::recipe::{GiveKind, Recipe};
use super::saml_advanced::{
    AdvancedFields, CONTENT_ENCRYPTIONS, CertificateLine, DENIED, ENCRYPT, KEY_TRANSPORTS, LOGOUT_BINDINGS,
    LogoutRow, SIGNATURE_ALGORITHMS,
};
use super::source::{APPLY, ENDED, EntityChoice, SourcePanel, Waiting};

/// Empty rows after the attributes, so that some can be added without script.
pub(super) const SPARE_ROWS: usize = 3;

/// Empty rows after the logout addresses.
pub(super) const SPARE_LOGOUT_ROWS: usize = 2;

/// Values of `name_id_format`.
pub const NAME_ID_FORMATS: &[(&str, &str)] = &[
    ("emailAddress", "emailAddress format"),
    ("persistent", "persistent format"),
    ("transient", "transient format"),
    ("unspecified", "unspecified format"),
    ("X509SubjectName", "X509SubjectName format"),
];

/// Values of `sign`.
pub const SIGN: &[(&str, &str)] =
    &[("both", "Assertion and response"), ("assertion", "Assertion only"), ("response", "Response only")];

/// Values of `require_signed_requests`.
pub const REQUIRE_SIGNED: &[(&str, &str)] =
    &[("auto", "As its metadata says"), ("yes", "Always"), ("no", "Never")];

/// What an admin copies into the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlGive {
    /// Address of our metadata.
    pub metadata_url: String,
    /// SSO URL.
    pub sign_in_url: String,
    /// Entity ID of the identity provider.
    pub issuer: String,
    /// Fingerprint of the signing certificate, for reading.
    pub fingerprint: String,
    /// The signing certificate in PEM, for copying.
    pub certificate_pem: String,
    /// Where the certificate is downloaded.
    pub certificate_href: String,
    /// Its end in words, such as "14 March 2029".
    pub certificate_ends: String,
    /// The portal, to land on after signing out elsewhere.
    pub portal_url: String,
    /// Where it sends logout messages.
    pub logout_url: String,
}

/// A value under the name that the app's form has for it.
struct GiveRow<'a> {
    label: &'a str,
    term: &'a str,
    kind: GiveKind,
}

/// Our values under our own names, for apps that aren't in the catalogue.
const OWN_NAMES: &[(GiveKind, &str, &str)] = &[
    (GiveKind::MetadataUrl, "Metadata address", ""),
    (GiveKind::SignInUrl, "Sign-in address", "SSO URL"),
    (GiveKind::Issuer, "Issuer", "IdP entity ID"),
    (GiveKind::LogoutUrl, "Sign-out address", "SLO URL"),
    (GiveKind::Certificate, "Signing certificate", ""),
];

/// The fields of the form; each name is the field's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SamlFields {
    /// AssertionConsumerService addresses, one per line, the default first.
    pub acs_urls: String,
    /// Entity ID of the service provider.
    pub sp_entity_id: String,
    /// The user attribute that becomes the NameID.
    pub name_id_source: String,
    /// One of [`NAME_ID_FORMATS`].
    pub name_id_format: String,
    /// One of [`SIGN`].
    pub sign: String,
    /// One of [`REQUIRE_SIGNED`].
    pub require_signed_requests: String,
    /// Where the tile leads, when sign-on begins at the app; may be empty.
    pub start_url: String,
    /// RelayState of a sign-on that starts here; may be empty.
    pub default_relay_state: String,
    /// Certificates of the service provider in PEM, one after the other.
    pub sp_certificates: String,
    /// Attributes, without spare rows.
    pub attributes: Vec<AttributeRow>,
    /// Name of the attribute that carries the groups; empty sends none.
    pub groups_attribute: String,
    /// What few admins touch.
    pub advanced: AdvancedFields,
}

/// `GET /admin/apps/{slug}/sso` of a SAML app. Posts [`SamlFields`] to the same path, and
/// `metadata_file` and `metadata_xml` as `multipart/form-data` to `/metadata` under it.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/saml.html")]
pub struct SamlSso {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// The preview of a sign-on beside the form.
    pub preview: Preview,
    /// What to copy into the app.
    pub give: SamlGive,
    /// Under "What it gave you", such as "Filled in from metadata on 3 November."
    pub gave_note: String,
    /// Whether addresses and entity ID are there.
    pub complete: bool,
    /// What was typed or is stored.
    pub fields: SamlFields,
    /// User attributes that may become the NameID.
    pub name_id_sources: Vec<Choice>,
    /// Names of user attributes, suggested in attribute rows.
    pub sources: Vec<String>,
    /// Metadata as pasted, when it could not be used.
    pub metadata_xml: String,
    /// Which of the apps in it, when it holds several: `metadata_entity_id`.
    pub choice: EntityChoice,
    /// What the catalogue says about the app; `None` for one made by hand.
    pub recipe: Option<Recipe>,
    /// What messages are signed with now.
    pub signs_with: &'static str,
    /// Why that is not what is chosen, in words; empty when it is.
    pub key_misfit: String,
    /// Metadata by address.
    pub source: SourcePanel,
    /// What the metadata changed and nobody approved yet.
    pub waiting: Option<Waiting>,
    /// The stored certificates that check its requests.
    pub sp_certificates: Vec<CertificateLine>,
    /// The stored certificates that assertions are encrypted to.
    pub encryption_certificates: Vec<CertificateLine>,
    /// Whether assertions are encrypted by the saved settings, and why, as a sentence.
    pub encryption_now: String,
    /// Other apps with the same entity ID, the first few: path, and label with slug.
    pub same_entity: Vec<(String, String)>,
    /// What its metadata says about it, in words.
    pub entity_attributes: Vec<String>,
    /// Suggestions for what a row is released for; empty when rows don't ask.
    pub conditions: Vec<String>,
    /// Algorithms that this server blocks for every app, in words; empty when there are none.
    pub blocked: String,
    /// Sets of attributes that requests name by number: where each is edited, its number and name, how many rows.
    pub sets: Vec<SetLine>,
    /// Whether sign-ons are kept, so that these settings can be tried on them.
    pub recorded: bool,
}

/// A set of attributes, in the list of sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetLine {
    /// Where it is edited.
    pub href: String,
    /// Its number.
    pub index: u16,
    /// What admins call it.
    pub name: String,
    /// Its rows, such as "3 attributes".
    pub rows: String,
}

impl SamlSso {
    /// What the app takes, under its own names where they are known.
    fn gives(&self) -> Vec<GiveRow<'_>> {
        match &self.recipe {
            Some(recipe) => recipe
                .gives
                .iter()
                .map(|give| GiveRow {
                    label: &give.label,
                    term: if give.optional { "optional" } else { "" },
                    kind: give.kind,
                })
                .collect(),
            None => {
                OWN_NAMES.iter().map(|(kind, label, term)| GiveRow { label, term, kind: *kind }).collect()
            }
        }
    }

    /// Our other values, which the app didn't ask for when the catalogue file was written.
    fn others(&self) -> Vec<GiveRow<'_>> {
        let asked: Vec<GiveKind> = self.gives().iter().map(|row| row.kind).collect();
        OWN_NAMES
            .iter()
            .filter(|(kind, ..)| !asked.contains(kind))
            .map(|(kind, label, term)| GiveRow { label, term, kind: *kind })
            .collect()
    }

    /// Whether the file stands above the list; where the app takes it, it is a line of the list.
    fn offers_file(&self) -> bool {
        self.recipe.as_ref().is_none_or(|recipe| !recipe.takes(GiveKind::MetadataFile))
    }

    /// Whether something in the folded part wants to be seen.
    fn advanced_errors(&self) -> bool {
        [
            "signature_algorithm",
            "encrypt",
            "denied",
            "idp_entity_id",
            "encryption_certificates",
            "content_encryption",
            "key_transport",
            "name_id_expression",
            "groups_matching",
            "assertion_seconds",
            "skew_seconds",
            "metadata_valid_days",
            "audiences",
            "start_links",
            "logout_services",
        ]
        .iter()
        .any(|field| self.errors.of(field).is_some())
    }

    /// Whether the same holds for the address of metadata.
    fn source_errors(&self) -> bool {
        [
            "sp_metadata_url",
            "sp_metadata_certificate",
            "sp_metadata_max_valid_days",
            "sp_metadata_ended",
            "sp_metadata_apply",
        ]
        .iter()
        .any(|field| self.errors.of(field).is_some())
    }

    /// The logout addresses, and an empty row for one more.
    fn logout_rows(&self) -> Vec<LogoutRow> {
        let empty = LogoutRow { binding: "redirect".to_owned(), ..LogoutRow::default() };
        let spare = if self.console.may_manage { SPARE_LOGOUT_ROWS } else { 0 };
        self.fields.advanced.logout.iter().cloned().chain(std::iter::repeat_n(empty, spare)).collect()
    }

    /// Whether rows show for whom they are released: the app's metadata says something, or a row asks.
    fn conditional(&self) -> bool {
        !self.conditions.is_empty()
    }

    fn rows(&self) -> Vec<AttributeRow> {
        if self.console.may_manage {
            with_spare(&self.fields.attributes)
        } else {
            self.fields.attributes.clone()
        }
    }
}

/// The rows and some empty ones.
pub(super) fn with_spare(rows: &[AttributeRow]) -> Vec<AttributeRow> {
    let empty = AttributeRow { kind: "source".to_owned(), ..AttributeRow::default() };
    rows.iter().cloned().chain(std::iter::repeat_n(empty, SPARE_ROWS)).collect()
}

/// One line of the review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRow {
    /// Name of the setting.
    pub field: String,
    /// What is stored; may be empty.
    pub now: String,
    /// What the metadata says; may be empty.
    pub from_metadata: String,
    /// Whether the two differ.
    pub changed: bool,
}

/// The answer to `POST …/sso/metadata`: what would change. "Use these" posts the payload, with `confirm=yes`, to
/// the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/saml_review.html")]
pub struct MetadataReview {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// Field by field.
    pub rows: Vec<ReviewRow>,
    /// What deserves a second look.
    pub warnings: Vec<String>,
    /// What "Use these" sends back, such as `metadata_xml`.
    pub payload: Vec<Hidden>,
}

impl MetadataReview {
    fn changes(&self) -> usize {
        self.rows.iter().filter(|row| row.changed).count()
    }

    fn changes_line(&self) -> String {
        match self.changes() {
            0 => "Nothing would change.".to_owned(),
            1 => "One value would change.".to_owned(),
            count => format!("{count} values would change."),
        }
    }
}
