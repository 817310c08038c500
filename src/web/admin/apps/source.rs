//! Metadata by address on an app's sign-on tab: saving where it comes from, fetching it, approving what it changed. Does not
//! own fetching it (`service::sp_metadata`).

use super::{certificates, saml_form, sso};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{Connection, EndedMetadata, MetadataApply, MetadataSource, SamlConnection},
        sp_metadata::SpMetadata,
        text::FieldErrors,
    },
    service::sp_metadata::{self, Refreshed},
    web::{
        admin::{
            apps::certificate::words::day,
            forms,
            opened::Changing,
            saving::{self, Compared, Unsaved},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page_with},
        view::{
            Pill, Tone,
            admin::{
                apps::{
                    saml::ReviewRow,
                    source::{SourceFields, SourcePanel, Waiting},
                },
                home::EndingRow,
            },
        },
        words::{self, ago},
    },
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};

/// Stored settings as fields.
fn fields_of(source: &MetadataSource) -> SourceFields {
    SourceFields {
        sp_metadata_url: source.urls.join("\n"),
        sp_metadata_mdq: source.mdq,
        sp_metadata_certificate: certificates::to_pem_list(&source.certificates),
        sp_metadata_require_valid_until: source.require_valid_until,
        sp_metadata_max_valid_days: source.max_valid_days.map(|days| days.to_string()).unwrap_or_default(),
        sp_metadata_ended: source.ended.as_str().to_owned(),
        sp_metadata_apply: source.apply.as_str().to_owned(),
    }
}

/// The fields as typed.
pub fn typed(fields: &Fields) -> SourceFields {
    let text = |name: &str| fields.get(name).trim().to_owned();
    SourceFields {
        sp_metadata_url: text("sp_metadata_url"),
        sp_metadata_mdq: fields.has("sp_metadata_mdq"),
        sp_metadata_certificate: text("sp_metadata_certificate"),
        sp_metadata_require_valid_until: fields.has("sp_metadata_require_valid_until"),
        sp_metadata_max_valid_days: text("sp_metadata_max_valid_days"),
        sp_metadata_ended: text("sp_metadata_ended"),
        sp_metadata_apply: text("sp_metadata_apply"),
    }
}

/// The source that fields stand for; without an address there is none.
///
/// # Errors
/// Fields that can't be read at all.
pub fn to_source(fields: &SourceFields) -> Result<Option<MetadataSource>, FieldErrors> {
    let urls: Vec<String> = fields
        .sp_metadata_url
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    if urls.is_empty() {
        return Ok(None);
    }
    let mut errors = FieldErrors::default();
    let certificates = certificates::parse(&fields.sp_metadata_certificate).unwrap_or_else(|message| {
        errors.add("sp_metadata_certificate", message);
        Vec::new()
    });
    let max_valid_days = match fields.sp_metadata_max_valid_days.as_str() {
        "" => None,
        text => {
            let days = text.parse().ok();
            if days.is_none() {
                errors.add("sp_metadata_max_valid_days", "Write a whole number of days");
            }
            days
        }
    };
    // Forms that don't ask send nothing.
    let word = |text: &str, default: &'static str| {
        if text.is_empty() { default.to_owned() } else { text.to_owned() }
    };
    let ended = EndedMetadata::parse(&word(&fields.sp_metadata_ended, "keep"));
    let apply = MetadataApply::parse(&word(&fields.sp_metadata_apply, "review"));
    for (field, is_read) in [("sp_metadata_ended", ended.is_some()), ("sp_metadata_apply", apply.is_some())] {
        if !is_read {
            errors.add(field, "Choose one of the list");
        }
    }
    errors.finish()?;
    Ok(Some(MetadataSource {
        urls,
        mdq: fields.sp_metadata_mdq,
        certificates,
        require_valid_until: fields.sp_metadata_require_valid_until,
        max_valid_days,
        ended: ended.unwrap_or_default(),
        apply: apply.unwrap_or_default(),
    }))
}

/// The panel and what waits, as they are stored.
pub async fn panel(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    saml: &SamlConnection,
) -> Result<(SourcePanel, Option<Waiting>), Failure> {
    let Some(source) = &saml.metadata_source else {
        return Ok((
            SourcePanel { fields: fields_of(&MetadataSource::default()), ..SourcePanel::default() },
            None,
        ));
    };
    let known = sp_metadata::look(ctx, &admin.caller, app).await?;
    let now = ctx.now();
    let panel = SourcePanel {
        fields: fields_of(source),
        is_set: true,
        state: known.as_ref().map(|known| state(known, now)),
        trouble: known
            .as_ref()
            .and_then(|known| known.progress.trouble.as_ref())
            .map(|trouble| format!("{}.", trouble.words.trim_end_matches('.')))
            .unwrap_or_default(),
        facts: known.as_ref().map(|known| facts(known, now)).unwrap_or_default(),
    };
    let Some(known) = known else { return Ok((panel, None)) };
    let waiting = sp_metadata::pending(ctx, app, &known).await?.map(|pending| Waiting {
        rows: pending
            .rows
            .into_iter()
            .map(|row| ReviewRow {
                field: row.field.to_owned(),
                changed: row.changes,
                now: row.now,
                from_metadata: row.from_metadata,
            })
            .collect(),
        digest: pending.digest,
        since: known.progress.waiting.as_ref().map(|waiting| ago(waiting.since, now)).unwrap_or_default(),
        verified: known.progress.verified,
    });
    Ok((panel, waiting))
}

fn state(known: &SpMetadata, now: DateTime<Utc>) -> Pill {
    let progress = &known.progress;
    match (&progress.trouble, progress.fetched_at) {
        (Some(trouble), Some(_)) => {
            Pill::new(Tone::Warn, format!("Failing since {}", ago(trouble.since, now)))
        }
        (Some(_), None) => Pill::new(Tone::Bad, "Never fetched"),
        (None, None) => Pill::new(Tone::Draft, "Not fetched yet"),
        (None, Some(_)) if progress.waiting.is_some() => Pill::new(Tone::Warn, "Changes wait"),
        (None, Some(_)) if known.ended(now, chrono::TimeDelta::zero()).is_some() => {
            Pill::new(Tone::Bad, "Ended")
        }
        (None, Some(_)) => Pill::new(Tone::Ok, "Up to date"),
    }
}

fn facts(known: &SpMetadata, now: DateTime<Utc>) -> Vec<(&'static str, String)> {
    let progress = &known.progress;
    let mut facts = Vec::new();
    facts.extend(progress.tried_at.map(|at| ("Last tried", ago(at, now))));
    facts.extend(progress.fetched_at.map(|at| ("Last good", ago(at, now))));
    if progress.fetched_at.is_some() {
        let signature = if progress.verified { "verified" } else { "not asked for" };
        facts.push(("Signature", signature.to_owned()));
    }
    facts.extend(progress.valid_until.map(|end| ("Valid until", day(end))));
    facts.push(("Next", known.due_at.format("%-d %B, %H:%M UTC").to_string()));
    facts
}

/// Apps whose metadata needs somebody, for the console's first page.
pub fn attention(found: &[(App, SpMetadata)], now: DateTime<Utc>) -> Vec<EndingRow> {
    let row = |(app, known): &(App, SpMetadata)| {
        let (text, hint, state) = match (&known.progress.waiting, &known.progress.trouble) {
            (_, Some(trouble)) => (
                format!("{}’s metadata can’t be used", app.label),
                format!("Since {}. {}.", ago(trouble.since, now), trouble.words.trim_end_matches('.')),
                Pill::new(Tone::Warn, "Failing"),
            ),
            (Some(waiting), None) => (
                format!("{}’s metadata changed", app.label),
                format!("Keys or addresses, {}. Approve or dismiss it.", ago(waiting.since, now)),
                Pill::new(Tone::Warn, "Waits"),
            ),
            (None, None) => return None,
        };
        let href = format!("/admin/apps/{}/sso", app.slug);
        Some(EndingRow { tile: words::tile(app), text, hint, href, state })
    };
    found.iter().filter_map(row).collect()
}

/// `POST /admin/apps/{slug}/sso/source`
pub async fn submit(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    if app.connection.saml().is_none() {
        return Err(Failure::NotFound);
    }
    let digest = fields.get("digest").to_owned();
    let work = async {
        match fields.get("action") {
            "approve" => {
                let version = app.version;
                sp_metadata::approve(&ctx, &admin.caller, &app, version, &digest).await?;
                Ok((Tone::Ok, "Approved. It counts from the next sign-in."))
            }
            "dismiss" => {
                sp_metadata::dismiss(&ctx, &admin.caller, &app, &digest).await?;
                Ok((Tone::Ok, "Dismissed. The settings stay as they are."))
            }
            "fetch" => Ok(said(&sp_metadata::refresh_now(&ctx, &admin.caller, app.id).await?)),
            _ => store(&ctx, &admin, &app, &fields).await,
        }
    };
    match Box::pin(saving::save(&fields, &app, work)).await? {
        Ok((Tone::Ok, line)) => Ok(done(&ctx, &format!("/admin/apps/{}/sso", app.slug), line)),
        Ok((_, line)) => Ok(forms::warned(&ctx, &format!("/admin/apps/{}/sso", app.slug), line)),
        Err(unsaved) => again(&ctx, &admin, app, &fields, unsaved).await,
    }
}

/// Saves where the metadata comes from, and fetches it at once.
async fn store(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: &Fields,
) -> Result<(Tone, &'static str), crate::service::ServiceError> {
    let Some(saml) = app.connection.saml() else {
        return Err(crate::service::ServiceError::NotFound("application"));
    };
    let metadata_source = to_source(&typed(fields))?;
    let fetches = metadata_source.is_some();
    let connection = Connection::Saml(Box::new(SamlConnection { metadata_source, ..saml.clone() }));
    let saved = sso::save(ctx, admin, app, connection).await?;
    if !fetches {
        return Ok((Tone::Ok, "Saved. The metadata is no longer fetched."));
    }
    Ok(said(&sp_metadata::refresh_now(ctx, &admin.caller, saved.id).await?))
}

fn said(outcome: &Refreshed) -> (Tone, &'static str) {
    match outcome {
        Refreshed::Same => (Tone::Ok, "Fetched. Nothing changes."),
        Refreshed::Applied => (Tone::Ok, "Fetched. The settings follow the metadata."),
        Refreshed::Waits => {
            (Tone::Warn, "Fetched. Keys or addresses changed: look at them and approve or dismiss.")
        }
        Refreshed::Failed(_) => (Tone::Warn, "The metadata could not be fetched. The page says why."),
        Refreshed::Busy => (Tone::Warn, "It is being fetched just now. Look again in a minute."),
    }
}

/// The tab with what was typed, and why it was not saved.
async fn again(
    ctx: &AppContext,
    admin: &Admin,
    app: App,
    fields: &Fields,
    unsaved: Unsaved,
) -> Result<Response, Failure> {
    let status = unsaved.status();
    let app = unsaved.current(ctx, admin, app).await?;
    let Some(saml) = app.connection.saml() else { return Err(Failure::NotFound) };
    let stored = fields_of(&saml.metadata_source.clone().unwrap_or_default());
    let typed = typed(fields);
    let is_form = !matches!(fields.get("action"), "approve" | "dismiss" | "fetch");
    let compared = if is_form {
        vec![Compared::new("Address", &["metadata_source"], &stored.sp_metadata_url, &typed.sp_metadata_url)]
    } else {
        Vec::new()
    };
    let errors = unsaved.errors(ctx, admin, &app, fields, saml_form::RENAMES, compared).await?;
    let beside = saml_form::Beside { source: is_form.then_some(typed), ..saml_form::Beside::default() };
    let mut drawn = saml_form::draw(ctx, admin, &app, saml_form::fields_of(saml), errors, beside).await?;
    drawn.page.path = format!("/admin/apps/{}/sso", app.slug);
    page_with(status, &drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_a_source_and_come_back() {
        let source = MetadataSource {
            urls: vec!["https://a.example".into(), "https://b.example".into()],
            mdq: true,
            certificates: vec![certificates::tests::certificate()],
            require_valid_until: true,
            max_valid_days: Some(28),
            ended: EndedMetadata::Refuse,
            apply: MetadataApply::Signed,
        };
        assert_eq!(to_source(&fields_of(&source)), Ok(Some(source)));
        assert_eq!(to_source(&SourceFields::default()), Ok(None), "no address, no source");
        let bare = SourceFields { sp_metadata_url: "https://a.example".into(), ..SourceFields::default() };
        let made = to_source(&bare).expect("readable").expect("an address");
        assert_eq!(made.apply, MetadataApply::Review);
        let broken = SourceFields {
            sp_metadata_certificate: "hello".into(),
            sp_metadata_max_valid_days: "soon".into(),
            sp_metadata_ended: "x".into(),
            sp_metadata_apply: "y".into(),
            ..bare
        };
        let refused = to_source(&broken).expect_err("refused");
        assert_eq!(refused.0.len(), 4, "{refused}");
    }
}
