//! A kept sign-on against other settings: what would be asked and answered now, and how it differs. Nothing is stored, claimed or
//! sent. Does not own the decisions, which are those of the simulator and so of a real sign-on.

use super::{
    Summary,
    body::{Body, redacted},
    facts::{self, Fact, Line, Moment},
    opened,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{NameIdFormat, SamlConnection},
        recording::{Recording, RecordingOutcome},
        user::User,
    },
    service::{
        Caller, ServiceError, decryption_keys,
        sign_on::name_id,
        simulator::{Check, Occasion, Verdict, judge_kept, on_occasion, with_draft},
    },
    store,
};
use ::saml::ResponseTarget;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// How a sign-on ended, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// How far it came.
    pub outcome: RecordingOutcome,
    /// Why it was refused: the code that an audit event would have, or the name of a check.
    pub code: Option<String>,
    /// The same in words.
    pub words: Option<String>,
    /// The response, without the values of signatures, certificates and ciphertexts.
    pub response_xml: Option<String>,
    /// Of an encrypted one, the assertion as it was before. A replay's response is always shown before encryption.
    pub assertion_xml: Option<String>,
}

/// A kept sign-on against other settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// The kept sign-on.
    pub recording: Summary,
    /// Every check of the request and of the person, with those settings.
    pub checks: Vec<Check>,
    /// As it was.
    pub before: Side,
    /// As it would be.
    pub after: Side,
    /// What the response says, line by line.
    pub lines: Vec<Line>,
}

/// Replays a recording against `draft`, or without one against the settings of now. The person, their groups and their access
/// are those of now; time and sign-in are those of then.
///
/// # Errors
/// The caller manages no apps, there is no such recording, or the draft breaks a rule of its own.
pub async fn replay(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    id: &str,
    draft: Option<SamlConnection>,
) -> Result<Replay, ServiceError> {
    let app = with_draft(app, draft)?;
    let (recording, body) = opened(ctx, caller, &app, id, true).await?;
    let Some(connection) = app.connection.saml() else { return Err(ServiceError::NotFound("SAML app")) };
    let kept = body
        .answer
        .as_ref()
        .and_then(|answer| facts::of(&answer.response_xml, answer.assertion_xml.as_deref()));
    let (said, moment) = kept.map_or((Vec::new(), None), |(said, moment)| (said, Some(moment)));
    let tried = try_again(ctx, caller, (&app, connection), (&recording, &body), moment).await?;
    let mut would_say = tried
        .after
        .response_xml
        .as_deref()
        .and_then(|xml| facts::of(xml, None))
        .map(|(facts, _)| facts)
        .unwrap_or_default();
    if tried.after.outcome == RecordingOutcome::Issued && connection.encrypts() {
        let (content, key) = (connection.content_encryption.protocol(), connection.key_transport.protocol());
        would_say.extend(facts::encryption(Some(content.uri()), Some(key.uri())));
    }
    keep_what_is_new_each_time(&said, &mut would_say);
    Ok(Replay {
        recording: Summary::from(&recording),
        before: before(&recording, &body),
        lines: facts::compare(&said, &would_say),
        checks: tried.checks,
        after: Side { response_xml: tried.after.response_xml.as_deref().map(redacted), ..tried.after },
    })
}

fn before(recording: &Recording, body: &Body) -> Side {
    Side {
        outcome: recording.outcome,
        code: recording.code.clone(),
        words: body.refusal.as_ref().map(|refusal| refusal.words.clone()),
        response_xml: body.answer.as_ref().map(|answer| answer.response_xml.clone()),
        assertion_xml: body.answer.as_ref().and_then(|answer| answer.assertion_xml.clone()),
    }
}

/// SAML Core §8.3.8: a transient identifier is another one each time. That is no difference of settings.
fn keep_what_is_new_each_time(said: &[Fact], would_say: &mut [Fact]) {
    let transient = NameIdFormat::Transient.uri();
    let is_transient = |facts: &[Fact]| {
        facts.iter().any(|fact| {
            (fact.part, fact.name.as_str()) == ("name_id", "Format") && fact.values == [transient]
        })
    };
    if !is_transient(said) || !is_transient(would_say) {
        return;
    }
    let is_value = |fact: &&Fact| (fact.part, fact.name.as_str()) == ("name_id", "value");
    let Some(then) = said.iter().find(is_value) else { return };
    for fact in would_say.iter_mut().filter(|fact| is_value(&&**fact)) {
        fact.values.clone_from(&then.values);
    }
}

struct Tried {
    checks: Vec<Check>,
    after: Side,
}

fn refused(checks: Vec<Check>, code: &str, words: &str) -> Tried {
    let after = Side {
        outcome: RecordingOutcome::Refused,
        code: Some(code.to_owned()),
        words: Some(words.to_owned()),
        response_xml: None,
        assertion_xml: None,
    };
    Tried { checks, after }
}

async fn try_again(
    ctx: &AppContext,
    caller: &Caller,
    (app, connection): (&App, &SamlConnection),
    (recording, body): (&Recording, &Body),
    moment: Option<Moment>,
) -> Result<Tried, ServiceError> {
    let at = moment.as_ref().map_or(recording.recorded_at, |moment| moment.issued_at);
    let mut occasion = Occasion::of_tile(connection, at);
    if let Some(moment) = moment {
        occasion.authn_instant = moment.authn_instant;
        occasion.class_ref = moment.class_ref;
        occasion.session_index = moment.session_index;
        occasion.session_end = moment.session_end;
    }
    let mut checks = Vec::new();
    if let Some(request) = &body.request {
        if request.xml.is_empty() || !request.decoded {
            let words =
                "The request itself isn’t there: it could not be decoded, or was too large to be kept.";
            checks.push(Check::new("request", Verdict::Failed, words));
            return Ok(refused(checks, "request", words));
        }
        let (aliases, keys) = (aliases(ctx, app).await?, decryption_keys::open(ctx, app).await?);
        let by_signed_query = request.signed && request.binding == "redirect";
        let (context, app, xml, came_at) =
            (ctx.clone(), app.clone(), request.xml.clone(), recording.recorded_at);
        let judged = ctx
            .decryptions()
            .aside(move || judge_kept(&context, &app, (&xml, by_signed_query), &keys, &aliases, came_at))
            .await??;
        checks.extend(judged.0);
        match judged.1 {
            Ok(verified) => {
                occasion.is_asked = true;
                occasion.attribute_set = verified.attribute_consuming_service_index();
                occasion.wants_name_id = name_id::is_wanted(&verified);
                occasion.format = Some(verified.name_id_format().clone());
                occasion.target = Some(ResponseTarget::from(&verified));
            }
            Err(refusal) => {
                let code = format!("saml_{}", refusal.error.check());
                return Ok(refused(checks, &code, refusal.error.detail()));
            }
        }
    }
    let Some(user) = person(ctx, recording).await? else {
        let words = "Nobody was signed in, so that only the request can be judged.";
        checks.push(Check::new("person", Verdict::Skipped, words));
        let after = Side {
            outcome: RecordingOutcome::Began,
            code: None,
            words: None,
            response_xml: None,
            assertion_xml: None,
        };
        return Ok(Tried { checks, after });
    };
    let simulated = on_occasion(ctx, caller, app, &user, &occasion).await?;
    checks.extend(simulated.checks);
    if let Some(failed) = checks.iter().find(|check| check.verdict == Verdict::Failed) {
        let (code, words) = (failed.name, failed.words.clone());
        return Ok(refused(checks, code, &words));
    }
    let after = Side {
        outcome: RecordingOutcome::Issued,
        code: None,
        words: None,
        response_xml: simulated.response_xml,
        assertion_xml: None,
    };
    Ok(Tried { checks, after })
}

async fn aliases(ctx: &AppContext, app: &App) -> Result<Vec<String>, ServiceError> {
    let aliases: Vec<(String, Option<DateTime<Utc>>)> =
        store::apps::aliases(&mut ctx.db.read().await?, app.id).await?;
    Ok(aliases.into_iter().map(|(slug, _)| slug).collect())
}

async fn person(ctx: &AppContext, recording: &Recording) -> Result<Option<User>, ServiceError> {
    match recording.user_id {
        Some(id) => Ok(store::users::get(&mut ctx.db.read().await?, id).await?),
        None => Ok(None),
    }
}
