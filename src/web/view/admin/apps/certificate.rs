//! The certificate of an app: the one in use, the way to the next one, the earlier ones, and who fetched the metadata.
//!
//! Does not know keys; the handler passes words.

use askama::Template;

use super::super::super::form::{Choice, Errors};
use super::super::super::{Flash, Page, Pill, ui};
use super::super::Console;
use super::AppFrame;

/// Values of `years`.
pub const YEARS: &[(&str, &str)] =
    &[("1", "1 year"), ("2", "2 years"), ("3", "3 years"), ("5", "5 years"), ("10", "10 years")];

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The value of `key` in forms about it.
    pub id: String,
    /// Size and kind of its key, such as "RSA 2048".
    pub kind: String,
    /// SHA-256 fingerprint.
    pub sha256: String,
    /// SHA-1 fingerprint.
    pub sha1: String,
    /// The certificate in PEM, for copying.
    pub pem: String,
    /// Where it is downloaded; empty for earlier ones.
    pub href: String,
    /// Its end, such as "14 March 2029".
    pub ends: String,
    /// How far that is, such as "in 12 days".
    pub left: Pill,
    /// What is said about it beside: when it was made, when it ceased to be used, or when it begins.
    pub note: String,
    /// Whether an earlier one was withdrawn in an emergency: then there is no way back to it.
    pub withdrawn: bool,
}

impl Certificate {
    fn short(&self) -> String {
        short(&self.sha256)
    }
}

/// A key for what the app encrypts for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecryptionKeyRow {
    /// The value of `key` in forms about it.
    pub id: String,
    /// SHA-256 fingerprint of its certificate.
    pub sha256: String,
    /// The certificate in PEM, for copying.
    pub pem: String,
    /// When it was made, and whether it is the one to use.
    pub note: String,
    /// Its end, such as "14 March 2029".
    pub ends: String,
}

impl DecryptionKeyRow {
    fn short(&self) -> String {
        short(&self.sha256)
    }
}

/// Somebody who fetched the metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRow {
    /// The network address.
    pub address: String,
    /// The program, as it names itself; may be empty.
    pub agent: String,
    /// The last time, such as "12 min ago".
    pub when: String,
    /// How often, at least.
    pub times: String,
    /// Whether they have the newest certificate.
    pub newest: bool,
    /// The same in words.
    pub state: Pill,
}

/// What was typed into the forms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFields {
    /// Kind and size of a new key.
    pub algorithm: String,
    /// One of [`YEARS`].
    pub years: String,
    /// When to switch, as `datetime-local` writes it, UTC.
    pub switch_at: String,
    /// A certificate in PEM that was brought. A key or passphrase is never shown again.
    pub certificate: String,
}

/// `GET /admin/apps/{slug}/certificate`. Posts `action` to the same path: `make` with `algorithm` and `years`; `switch`,
/// `unschedule`, `roll_back` and `remove` with `key`; `schedule` with `key` and `switch_at`; `make_decryption`, and
/// `remove_decryption` with `key`. Posts `certificate` and
/// `private_key`, each as text or as `…_file`, and `passphrase`, as `multipart/form-data` to `/upload` under it.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/certificate.html")]
pub struct AppCertificate {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// Something about the certificate in use that needs doing; `None` when all is well.
    pub notice: Option<Flash>,
    /// The certificate in use.
    pub current: Certificate,
    /// The one that comes after.
    pub next: Option<Certificate>,
    /// When the switch happens by itself, such as "3 December 2026, 02:00 UTC".
    pub switches: Option<String>,
    /// Those that were used before.
    pub earlier: Vec<Certificate>,
    /// Who fetched the metadata, the last first.
    pub fetches: Vec<FetchRow>,
    /// Address of our metadata.
    pub metadata_url: String,
    /// What was typed.
    pub fields: CertificateFields,
    /// Kinds and sizes of keys.
    pub algorithms: Vec<Choice>,
    /// What must be looked at before the switch, such as another kind of key.
    pub caution: Option<String>,
    /// The keys for what the app encrypts for us, the one to use first.
    pub decryption: Vec<DecryptionKeyRow>,
    /// Whether one more may be made.
    pub more_decryption: bool,
}

impl AppCertificate {
    fn base(&self) -> String {
        format!("{}/certificate", self.frame.base())
    }

    /// How many have the newest certificate, in words, under step 2.
    fn arrived(&self) -> String {
        let newest = self.fetches.iter().filter(|fetch| fetch.newest).count();
        match (newest, self.fetches.first()) {
            (0, None) => "Nobody has fetched the metadata yet.".to_owned(),
            (0, Some(_)) => "Nobody has fetched the metadata with the next certificate in it yet.".to_owned(),
            (1, _) => "One reader of the metadata has the next certificate.".to_owned(),
            (count, _) => format!("{count} readers of the metadata have the next certificate."),
        }
    }
}

/// `GET /admin/apps/{slug}/certificate/replace`: the emergency. Posts `algorithm` and `years` to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/certificate_replace.html")]
pub struct AppCertificateReplace {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// What happens, one sentence each.
    pub consequences: Vec<String>,
    /// What was typed.
    pub fields: CertificateFields,
    /// Kinds and sizes of keys.
    pub algorithms: Vec<Choice>,
}

/// A fingerprint by its beginning and end, as people compare it at a glance.
pub fn short(fingerprint: &str) -> String {
    match (fingerprint.get(..11), fingerprint.len().checked_sub(5).and_then(|at| fingerprint.get(at..))) {
        (Some(head), Some(tail)) if fingerprint.len() > 20 => format!("{head} … {tail}"),
        _ => fingerprint.to_owned(),
    }
}
