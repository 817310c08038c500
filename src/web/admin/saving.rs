//! Saving a form of the console: it is saved, refused by field, or overtaken by somebody who saved meanwhile; and what
//! the form then says. Does not own any form.

use super::{audit::rows::Named, forms, opened::Subject};
use crate::{
    context::AppContext,
    domain::{audit::AuditEvent, text::FieldErrors},
    service::{
        ServiceError, audit,
        overview::{PAGE_MAX, PageRequest},
    },
    web::{
        error::Failure,
        extract::{Admin, Fields},
        view::form::{Difference, Errors, Meanwhile},
        words::ago,
    },
};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};

/// Most saves that are told one by one.
const TOLD: usize = 5;

/// Why a form was not saved, in a way that its page can show.
#[derive(Debug)]
pub enum Unsaved {
    /// These fields must be put right.
    Refused(FieldErrors),
    /// Somebody saved since the form was filled in.
    Stale,
}

/// The answer of a use case; what is neither done nor shown in the form is a failure.
pub fn attempt<T>(answer: Result<T, ServiceError>) -> Result<Result<T, Unsaved>, Failure> {
    match answer {
        Ok(done) => Ok(Ok(done)),
        Err(ServiceError::Invalid(refused)) => Ok(Err(Unsaved::Refused(refused))),
        Err(ServiceError::Stale) => Ok(Err(Unsaved::Stale)),
        Err(other) => Err(other.into()),
    }
}

/// Saves a form that edits `it`, unless somebody else saved since it was filled in. That comes before the fields are
/// looked at: a form that is shown again carries the version of now.
pub async fn save<T>(
    fields: &Fields,
    it: &impl Subject,
    work: impl Future<Output = Result<T, ServiceError>>,
) -> Result<Result<T, Unsaved>, Failure> {
    if fields.version()? == it.version() { attempt(work.await) } else { Ok(Err(Unsaved::Stale)) }
}

impl Unsaved {
    /// The status of the page that shows the form again.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Stale => StatusCode::CONFLICT,
        }
    }

    /// Status and errors of a form that adds something: nobody can have overtaken it but by taking its place.
    pub fn of_new(self, renames: &[(&str, &str)]) -> (StatusCode, Errors) {
        let status = self.status();
        match self {
            Self::Refused(refused) => (status, forms::errors(refused, renames)),
            Self::Stale => {
                (status, Errors::general("Somebody changed this at the same moment. Send it once more"))
            }
        }
    }

    /// The thing as the form is to be drawn against it: as it is stored now, where somebody saved meanwhile.
    pub async fn current<T: Subject>(&self, ctx: &AppContext, admin: &Admin, it: T) -> Result<T, Failure> {
        match self {
            Self::Refused(_) => Ok(it),
            Self::Stale => T::load(ctx, admin, &it.key()).await,
        }
    }

    /// What the form says. `renames` as in [`forms::errors`]; `compared` are the form's fields, with [`Self::current`].
    pub async fn errors(
        self,
        ctx: &AppContext,
        admin: &Admin,
        it: &impl Subject,
        fields: &Fields,
        renames: &[(&str, &str)],
        compared: Vec<Compared>,
    ) -> Result<Errors, Failure> {
        match self {
            Self::Refused(refused) => Ok(forms::errors(refused, renames)),
            Self::Stale => meanwhile(ctx, admin, it, fields.version()?, compared).await.map(Errors::stale),
        }
    }
}

/// One field of a form, as it is stored and as it was typed.
pub struct Compared {
    label: &'static str,
    /// How events call it.
    names: &'static [&'static str],
    stored: String,
    typed: String,
}

impl Compared {
    /// A field by its label, the names that events have for it, and its two values.
    pub fn new(label: &'static str, names: &'static [&'static str], stored: &str, typed: &str) -> Self {
        let lines = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned();
        Self { label, names, stored: lines(stored), typed: lines(typed) }
    }

    /// A box that is ticked or not.
    pub fn ticked(label: &'static str, names: &'static [&'static str], stored: bool, typed: bool) -> Self {
        let word = |ticked| if ticked { "yes" } else { "no" };
        Self::new(label, names, word(stored), word(typed))
    }
}

/// Who saved since the form was filled in and what they changed, and which fields differ now.
async fn meanwhile(
    ctx: &AppContext,
    admin: &Admin,
    it: &impl Subject,
    filled_from: i64,
    compared: Vec<Compared>,
) -> Result<Meanwhile, Failure> {
    let page = audit::list(ctx, &admin.caller, &it.saves(), PageRequest::first(PAGE_MAX)).await?;
    let id = it.id();
    let about_it = |event: &AuditEvent| event.resource.as_ref().is_some_and(|resource| resource.id == id);
    // Every save adds one to the version and writes one event.
    let saves = usize::try_from(it.version().saturating_sub(filled_from)).unwrap_or(1).max(1);
    let events: Vec<AuditEvent> = page.items.into_iter().filter(about_it).take(saves).collect();
    let named = Named::load(ctx, admin, &events).await?;
    let now = ctx.now();
    let name = |event: &AuditEvent| {
        let stored = named.actor(event).map(|user| user.display_name.clone());
        stored.or_else(|| event.initiated_by.username.clone()).unwrap_or_else(|| "Gatehouse".to_owned())
    };
    let who = events.iter().take(TOLD).map(|event| told(&name(event), event, &compared, now)).collect();
    let changed = |field: &Compared| {
        let mut names = events.iter().flat_map(|event| &event.changes).map(|change| change.field.as_str());
        names.any(|name| field.names.contains(&name))
    };
    let rows = compared.iter().filter(|field| field.stored != field.typed).map(|field| Difference {
        label: field.label.to_owned(),
        theirs: changed(field),
        stored: field.stored.clone(),
        typed: field.typed.clone(),
    });
    Ok(Meanwhile { who, rows: rows.collect() })
}

/// One save as a sentence, with the words of the form for what changed.
fn told(who: &str, event: &AuditEvent, compared: &[Compared], now: DateTime<Utc>) -> String {
    let mut labels: Vec<String> = Vec::new();
    for change in &event.changes {
        let known = compared.iter().find(|field| field.names.contains(&change.field.as_str()));
        let label =
            known.map_or_else(|| change.field.replace(['_', '.'], " "), |field| field.label.to_owned());
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let when = ago(event.timestamp, now);
    match labels.as_slice() {
        [] => format!("{who} saved it without a change, {when}."),
        [one] => format!("{who} changed {one}, {when}."),
        [most @ .., last] => format!("{who} changed {} and {last}, {when}.", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::audit::{Change, EventType},
        id::EventId,
    };
    use rand::{SeedableRng, rngs::StdRng};
    use serde_json::Value;

    #[test]
    fn a_save_is_told_in_the_words_of_the_form() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
        let mut event = AuditEvent::new(
            EventId::new(now, &mut StdRng::seed_from_u64(1)),
            EventType::ApplicationUpdate,
            now,
        );
        let change = |field: &str| Change { field: field.into(), from: Value::Null, to: Value::Null };
        event.changes = ["sign_assertion", "sign_response", "client_id"].into_iter().map(change).collect();
        let compared = [Compared::new("Sign", &["sign_assertion", "sign_response"], "both", "assertion")];
        assert_eq!(told("Ada", &event, &compared, now), "Ada changed Sign and client id, just now.");
    }

    #[test]
    fn line_ends_of_browsers_are_no_difference() {
        let field = Compared::new(
            "Addresses",
            &[],
            "https://a.example\nhttps://b.example",
            "https://a.example\r\n https://b.example\r\n",
        );
        assert_eq!(field.stored, field.typed);
        let ticked = Compared::ticked("PKCE", &[], true, false);
        assert_eq!((ticked.stored.as_str(), ticked.typed.as_str()), ("yes", "no"));
    }
}
