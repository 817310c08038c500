//! The recorded sign-ons of a SAML app: how much is kept, the list, one of them, and one replayed with the settings of now or with
//! those of a form that nobody saved. Does not own what is kept or compared (`service::recordings`).

mod draw;

use super::{frame, sso};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::Connection,
        recording::{RecorderSettings, RecordingOutcome},
        text::FieldErrors,
    },
    service::{
        ServiceError, apps,
        recordings::{self, List, Replay},
    },
    web::{
        admin::{
            frame::console,
            opened::{Changing, Manager},
            paging::{Query, ROWS, pager},
            saving::{self, Compared, Unsaved},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                apps::{
                    AppTab,
                    recordings::{AppRecording, AppRecordings, AppReplay, RecorderFields},
                },
            },
            form::{Choice, Errors, Hidden},
        },
    },
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};

/// Recordings that a draft can be tried on.
const OFFERED: usize = 20;
/// Most bytes of a form that is carried along.
const PAYLOAD_MAX: usize = 512;

/// `GET /admin/apps/{slug}/recordings`
pub async fn show(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::read(query.as_deref())?;
    page(&list(&ctx, &admin, &app, &query, stored(&ctx, &app), Errors::none()).await?)
}

fn path(app: &App) -> String {
    format!("/admin/apps/{}/recordings", app.slug)
}

/// The form as it is stored; what the server keeps stands in it where the app has no numbers of its own.
fn stored(ctx: &AppContext, app: &App) -> RecorderFields {
    let own = app.connection.saml().and_then(|saml| saml.recorder);
    let server = &ctx.config.flight_recorder;
    let (word, shown) = match own {
        None => ("server", RecorderSettings { per_app: server.per_app, days: server.retention_days }),
        Some(own) if own.per_app == 0 => ("off", RecorderSettings { per_app: server.per_app, ..own }),
        Some(own) => ("own", own),
    };
    RecorderFields {
        recorder: word.to_owned(),
        per_app: shown.per_app.to_string(),
        days: shown.days.to_string(),
    }
}

fn typed(fields: &Fields) -> RecorderFields {
    let text = |name: &str| fields.get(name).trim().chars().take(16).collect();
    RecorderFields {
        recorder: text("recorder"),
        per_app: text("recorder_per_app"),
        days: text("recorder_days"),
    }
}

fn wanted(fields: &RecorderFields) -> Result<Option<RecorderSettings>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut number = |name: &str, text: &str| {
        let read = text.parse().ok();
        if read.is_none() {
            errors.add(name, "Write a whole number");
        }
        read.unwrap_or(1)
    };
    let settings = match fields.recorder.as_str() {
        "server" => return Ok(None),
        "off" => RecorderSettings { per_app: 0, days: 1 },
        "own" => {
            let per_app = number("recorder_per_app", &fields.per_app);
            let days = number("recorder_days", &fields.days);
            if per_app == 0 {
                errors.add("recorder_per_app", "Keep 1 to 500, or choose None");
            }
            RecorderSettings { per_app, days }
        }
        _ => return Err(FieldErrors::one("recorder", "Choose one of the three")),
    };
    errors.finish()?;
    Ok(Some(settings))
}

async fn list(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    query: &Query,
    fields: RecorderFields,
    errors: Errors,
) -> Result<AppRecordings, Failure> {
    saml(app)?;
    let List { dropped, recordings, .. } = recordings::list(ctx, &admin.caller, app).await?;
    let total = i64::try_from(recordings.len()).unwrap_or(i64::MAX);
    let rows = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let skipped = usize::try_from(query.page() - 1).unwrap_or_default().saturating_mul(rows);
    let shown: Vec<_> = recordings.into_iter().skip(skipped).take(rows).collect();
    let server = &ctx.config.flight_recorder;
    Ok(AppRecordings {
        page: admin.visit.page(ctx).editing(app.version),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::Recordings).await?,
        errors,
        pager: pager(query, &path(app), &[], shown.len(), total),
        rows: draw::rows(ctx, admin, app, &shown).await?,
        kept: draw::kept(recordings::kept(ctx, app)),
        server: draw::server(server.per_app, server.retention_days),
        is_on: server.per_app > 0,
        dropped: draw::dropped(dropped),
        fields,
    })
}

fn saml(app: &App) -> Result<&crate::domain::connection::SamlConnection, Failure> {
    app.connection.saml().ok_or(Failure::NotFound)
}

/// `POST /admin/apps/{slug}/recordings`: how much is kept.
pub async fn configure(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    saml(&app)?;
    let typed = typed(&fields);
    let work = async {
        let wanted = wanted(&typed)?;
        recordings::configure(&ctx, &admin.caller, &app, wanted).await
    };
    match saving::save(&fields, &app, work).await? {
        Ok(saved) => Ok(done(&ctx, &path(&saved), "Saved.")),
        Err(unsaved) => {
            let status = unsaved.status();
            let app = unsaved.current(&ctx, &admin, app).await?;
            let now = stored(&ctx, &app);
            let text =
                |fields: &RecorderFields| format!("{}, {}, {}", fields.recorder, fields.per_app, fields.days);
            let compared = vec![Compared::new("Record sign-ins", &["recorder"], &text(&now), &text(&typed))];
            let errors = unsaved.errors(&ctx, &admin, &app, &fields, &[], compared).await?;
            let query = Query::read(None)?;
            page_with(status, &list(&ctx, &admin, &app, &query, typed, errors).await?)
        }
    }
}

/// `GET /admin/apps/{slug}/recordings/{id}`: one, opened; an audit event says so.
pub async fn one(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    saml(&app)?;
    let detail = recordings::read(&ctx, &admin.caller, &app, &id).await?;
    let row = draw::row(&ctx, &admin, &app, &detail.summary).await?;
    page(&AppRecording {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Apps).await?,
        frame: frame::of(&ctx, &admin, &app, AppTab::Recordings).await?,
        facts: draw::facts(&app, &row, &detail),
        checks: draw::checks(&detail.checks),
        messages: draw::messages(&detail),
        too_large: detail.too_large,
        row,
    })
}

/// `POST /admin/apps/{slug}/recordings/{id}`: one with the settings of now.
pub async fn again(
    State(ctx): State<AppContext>,
    Manager(admin): Manager,
    Path((slug, id)): Path<(String, String)>,
    _: Fields,
) -> Result<Response, Failure> {
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    saml(&app)?;
    let replay = recordings::replay(&ctx, &admin.caller, &app, &id, None).await?;
    page(&drawn(&ctx, &admin, &app, replay, None).await?)
}

/// `POST /admin/apps/{slug}/recordings/try`: the settings of the sign-on form, saved or not, on a recording; without one chosen, on
/// the youngest that was answered.
pub async fn attempt(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    saml(&app)?;
    let offered = recordings::list(&ctx, &admin.caller, &app).await?.recordings;
    let chosen = match fields.get("recording") {
        "" => offered
            .iter()
            .find(|one| one.outcome == RecordingOutcome::Issued)
            .or(offered.first())
            .map(|one| one.id.clone()),
        id => Some(id.to_owned()),
    };
    let tried = match (sso::wanted(&app, &fields), chosen) {
        (Err(refused), _) => Err(ServiceError::Invalid(refused)),
        (_, None) => {
            Err(ServiceError::field("", "No sign-in is recorded yet. Try again after the first one."))
        }
        (Ok(Connection::Saml(draft)), Some(id)) => {
            recordings::replay(&ctx, &admin.caller, &app, &id, Some(*draft)).await
        }
        (Ok(_), _) => return Err(Failure::NotFound),
    };
    match tried {
        Ok(replay) => {
            let rows = draw::rows(&ctx, &admin, &app, &offered[..offered.len().min(OFFERED)]).await?;
            let choices = offered.iter().zip(&rows).map(|(one, row)| {
                let who = row.person.as_ref().map_or("nobody", |person| person.name.as_str());
                Choice::new(one.id.clone(), format!("{}, {who}: {}", row.when, row.outcome.text))
            });
            let draft =
                Draft { payload: payload(&fields), choices: choices.collect(), version: fields.version()? };
            page(&drawn(&ctx, &admin, &app, replay, Some(draft)).await?)
        }
        Err(ServiceError::Invalid(refused)) => {
            sso::again(&ctx, &admin, app, &fields, Unsaved::Refused(refused)).await
        }
        Err(other) => Err(other.into()),
    }
}

/// What a draft needs to be sent again.
struct Draft {
    payload: Vec<Hidden>,
    choices: Vec<Choice>,
    version: i64,
}

/// The form as it came, but for what every form has.
fn payload(fields: &Fields) -> Vec<Hidden> {
    let own = |name: &str| matches!(name, "csrf" | "version" | "recording") || name.len() > PAYLOAD_MAX;
    fields.pairs().filter(|(name, _)| !own(name)).map(|(name, value)| Hidden::new(name, value)).collect()
}

async fn drawn(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    replay: Replay,
    draft: Option<Draft>,
) -> Result<AppReplay, Failure> {
    let visited = admin.visit.page(ctx);
    let chosen = replay.recording.id.clone();
    let (is_draft, payload, choices, version) = match draft {
        Some(draft) => (true, draft.payload, draft.choices, Some(draft.version)),
        None => (false, Vec::new(), Vec::new(), None),
    };
    Ok(AppReplay {
        page: match version {
            Some(version) => visited.editing(version),
            None => visited,
        },
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::Recordings).await?,
        row: draw::row(ctx, admin, app, &replay.recording).await?,
        before: draw::side(&replay.before),
        after: draw::side(&replay.after),
        lines: draw::lines(&replay.lines),
        checks: draw::checks(&replay.checks),
        messages: draw::assertions(&replay),
        is_draft,
        payload,
        choices,
        chosen,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(recorder: &str, per_app: &str, days: &str) -> RecorderFields {
        RecorderFields { recorder: recorder.into(), per_app: per_app.into(), days: days.into() }
    }

    #[test]
    fn the_form_says_as_the_server_own_numbers_or_none() {
        assert_eq!(wanted(&fields("server", "x", "")), Ok(None));
        assert_eq!(wanted(&fields("off", "", "")), Ok(Some(RecorderSettings { per_app: 0, days: 1 })));
        assert_eq!(wanted(&fields("own", "7", "3")), Ok(Some(RecorderSettings { per_app: 7, days: 3 })));
        for (bad, field) in [
            (fields("", "7", "3"), "recorder"),
            (fields("own", "many", "3"), "recorder_per_app"),
            (fields("own", "0", "3"), "recorder_per_app"),
            (fields("own", "7", "-1"), "recorder_days"),
        ] {
            assert!(wanted(&bad).expect_err(field).of(field).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_draft_is_carried_without_what_every_form_has() {
        let fields =
            Fields::parse("csrf=x&version=3&recording=r&acs_urls=a&attribute_name=b&attribute_name=c")
                .expect("short");
        let kept: Vec<_> = payload(&fields).into_iter().map(|one| (one.name, one.value)).collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(kept, [pair("acs_urls", "a"), pair("attribute_name", "b"), pair("attribute_name", "c")]);
    }
}
