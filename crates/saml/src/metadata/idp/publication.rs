//! Owns how a metadata document is identified, dated and signed.
//! Does not own what it says.

use chrono::{DateTime, TimeDelta, Utc};

use crate::id::xml_instant;
use crate::metadata::duration::write_duration;
use crate::signature::{SignError, Signer};
use crate::xml::{ForbiddenCharacter, is_ncname};

/// The dress of one document. The default is bare: no identifier, no dates, no signature.
#[derive(Clone, Copy, Default)]
pub struct Publication<'a> {
    /// The `ID` of the document, an ASCII name without colon. A signature needs one.
    pub id: Option<&'a str>,
    /// Until when the document may be relied upon.
    pub valid_until: Option<DateTime<Utc>>,
    /// How long a reader may go without asking again: whole seconds, at least one.
    pub cache_duration: Option<TimeDelta>,
    /// Who signs it, `None` for nobody.
    pub signer: Option<&'a dyn Signer>,
}

/// Why a document was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The identifier is no ASCII name, or it is missing and there is something to sign.
    #[error("signed metadata needs an identifier that is an XML name in ASCII")]
    Id,
    /// The cache duration is shorter than one second.
    #[error("the cache duration must be one second at least")]
    CacheDuration,
    /// A value holds a character that XML forbids.
    #[error(transparent)]
    Forbidden(#[from] ForbiddenCharacter),
    /// The signature failed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Publication<'_> {
    /// The attributes of the root: SAML Metadata §2.3.2.
    pub(super) fn attributes(&self) -> Result<Vec<(&'static str, String)>, PublishError> {
        let mut attributes = Vec::with_capacity(3);
        match self.id {
            Some(id) if id.is_ascii() && is_ncname(id) => attributes.push(("ID", id.to_owned())),
            None if self.signer.is_none() => {}
            _ => return Err(PublishError::Id),
        }
        if let Some(instant) = self.valid_until {
            attributes.push(("validUntil", xml_instant(instant)));
        }
        if let Some(duration) = self.cache_duration {
            let text = write_duration(duration).ok_or(PublishError::CacheDuration)?;
            attributes.push(("cacheDuration", text));
        }
        Ok(attributes)
    }
}
