//! Recordings in words: rows, facts, checks, messages and comparisons. Does not own the pages.

use crate::{
    context::AppContext,
    domain::{
        app::App,
        recording::{RecorderSettings, RecordingOutcome},
    },
    id::UserId,
    service::{
        overview,
        recordings::{Detail, Difference, Line, Replay, Side, Summary},
        simulator::{Check, Verdict},
    },
    web::{
        error::Failure,
        extract::Admin,
        view::{
            Pill, Tone,
            admin::apps::recordings::{CheckLine, ComparedLine, Message, RecordingRow},
            list::counted,
        },
        words,
    },
};
use std::collections::BTreeSet;

/// Longest message that a page shows, in bytes.
const SHOWN_MAX: usize = 256 * 1024;

/// What is kept, as a sentence.
pub fn kept(kept: Option<RecorderSettings>) -> String {
    kept.map_or_else(
        || "None are kept.".to_owned(),
        |kept| {
            let days = counted(u64::from(kept.days), "day", "days");
            format!("The last {} of each outcome are kept, sealed, for {days}.", kept.per_app)
        },
    )
}

/// What the server keeps of any app.
pub fn server(per_app: u32, days: u32) -> String {
    if per_app == 0 {
        return "This server keeps none of any app (flight_recorder.per_app).".to_owned();
    }
    let days = counted(u64::from(days), "day", "days");
    format!("The server keeps {per_app} of each app and outcome, for {days}.")
}

/// Sign-ons that were lost.
pub fn dropped(count: u64) -> String {
    match count {
        0 => String::new(),
        _ => format!(
            "{} not kept since this server started: too many came at once.",
            counted(count, "sign-in was", "sign-ins were")
        ),
    }
}

/// How far it came.
fn outcome(outcome: RecordingOutcome) -> Pill {
    match outcome {
        RecordingOutcome::Began => Pill::new(Tone::Draft, "Not finished"),
        RecordingOutcome::Issued => Pill::new(Tone::Ok, "Answered"),
        RecordingOutcome::Refused => Pill::new(Tone::Bad, "Refused"),
    }
}

/// Recordings as rows, with the people as they are called now.
pub async fn rows(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    shown: &[Summary],
) -> Result<Vec<RecordingRow>, Failure> {
    let id = |one: &Summary| one.user_id.as_ref().and_then(|id| id.parse::<UserId>().ok());
    let people: BTreeSet<UserId> = shown.iter().filter_map(id).collect();
    let people = overview::people(ctx, &admin.caller, &people).await?;
    let now = ctx.now();
    let row = |one: &Summary| RecordingRow {
        href: format!("/admin/apps/{}/recordings/{}", app.slug, one.id),
        when: format!("{}, {}", words::ago(one.recorded_at, now), one.recorded_at.format("%H:%M")),
        instant: one.recorded_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        outcome: outcome(one.outcome),
        person: id(one).and_then(|id| people.get(&id)).map(words::person),
        why: one.code.clone().unwrap_or_default(),
    };
    Ok(shown.iter().map(row).collect())
}

/// One of them.
pub async fn row(ctx: &AppContext, admin: &Admin, app: &App, one: &Summary) -> Result<RecordingRow, Failure> {
    let mut rows = rows(ctx, admin, app, std::slice::from_ref(one)).await?;
    rows.pop().ok_or(Failure::NotFound)
}

/// What it is, line by line.
pub fn facts(app: &App, row: &RecordingRow, detail: &Detail) -> Vec<(&'static str, String)> {
    let at = detail.summary.recorded_at.format("%-d %B %Y, %H:%M:%S UTC").to_string();
    let mut facts = vec![("When", at)];
    facts.push((
        "Person",
        row.person.as_ref().map_or_else(|| "Nobody was signed in".to_owned(), |one| one.name.clone()),
    ));
    let began = match &detail.request {
        None => "At the portal".to_owned(),
        Some(request) => {
            let way = if request.binding == "redirect" { "HTTP-Redirect" } else { "HTTP-POST" };
            let signed = if request.signed { "signed" } else { "not signed" };
            let state = request.relay_state_bytes.map_or_else(String::new, |bytes| {
                format!(", with a RelayState of {}", counted(bytes as u64, "byte", "bytes"))
            });
            format!("At {}, by {way}, {signed}{state}", app.label)
        }
    };
    facts.push(("Began", began));
    if let Some(refusal) = &detail.refusal {
        facts.push(("Refused", refusal.words.clone()));
    }
    let version = detail.summary.settings_version;
    let settings = if version == app.version {
        "Those of now".to_owned()
    } else {
        format!("Saved {} since", counted(app.version.abs_diff(version), "time", "times"))
    };
    facts.push(("Settings", settings));
    facts
}

/// What the app asked, and what it was answered.
pub fn messages(detail: &Detail) -> Vec<Message> {
    let mut messages = Vec::new();
    if let Some(request) = detail.request.as_ref().filter(|request| !request.xml.is_empty()) {
        let title = if request.decoded { "Request" } else { "Request, which can’t be decoded" };
        messages.push(message(title, &request.xml));
    }
    if let Some(answer) = &detail.answer {
        messages.push(message("Response", &answer.response_xml));
        messages.extend(answer.assertion_xml.as_ref().map(|xml| message("Assertion before encryption", xml)));
    }
    messages
}

/// The assertion of then, and the one of other settings.
pub fn assertions(replay: &Replay) -> Vec<Message> {
    let of = |side: &Side| side.assertion_xml.clone().or_else(|| side.response_xml.as_deref().map(assertion));
    let then = of(&replay.before).map(|xml| message("Then", &xml));
    then.into_iter().chain(of(&replay.after).map(|xml| message("With these settings", &xml))).collect()
}

/// The assertion of a response of ours, whose markup is written in one way only; without one, the whole.
fn assertion(response: &str) -> String {
    const END: &str = "</saml:Assertion>";
    let inside = response.find("<saml:Assertion").and_then(|from| {
        let end = response[from..].find(END)?;
        response.get(from..from + end + END.len())
    });
    inside.unwrap_or(response).to_owned()
}

/// An element a line, so that a long message can be read.
fn message(title: &str, xml: &str) -> Message {
    let end = xml.floor_char_boundary(SHOWN_MAX);
    let cut = if end < xml.len() { "\n…" } else { "" };
    Message { title: title.to_owned(), xml: format!("{}{cut}", laid_out(&xml[..end])) }
}

/// Markup with an element a line, further in the deeper it stands; an element with nothing in it stays on its line. Messages of others
/// may be odd: then only the lines are.
fn laid_out(xml: &str) -> String {
    const DEEPEST: usize = 24;
    let parts: Vec<&str> = xml.split("><").collect();
    let (mut text, mut depth) = (String::with_capacity(xml.len() * 2), 0_usize);
    for (place, part) in parts.iter().enumerate() {
        let closes = part.starts_with('/') || part.starts_with("</");
        let opens = !closes && !part.ends_with('/') && !part.contains("</") && !part.starts_with(['?', '!']);
        let was_opened = place.checked_sub(1).and_then(|before| parts.get(before)).is_some_and(|before| {
            let name =
                |tag: &str| tag.trim_start_matches(['<', '/']).split([' ', '>']).next().map(str::to_owned);
            closes && !before.starts_with('/') && !before.contains("</") && name(before) == name(part)
        });
        if closes {
            depth = depth.saturating_sub(1);
        }
        if place > 0 {
            text.push('>');
            if !was_opened {
                text.push('\n');
                text.push_str(&"  ".repeat(depth.min(DEEPEST)));
            }
            text.push('<');
        }
        text.push_str(part);
        depth += usize::from(opens);
    }
    text
}

/// Checks as lines.
pub fn checks(checks: &[Check]) -> Vec<CheckLine> {
    let line = |check: &Check| {
        let (tone, word) = match check.verdict {
            Verdict::Passed => (Tone::Ok, "Passed"),
            Verdict::Failed => (Tone::Bad, "Failed"),
            Verdict::Warning => (Tone::Warn, "Look at this"),
            Verdict::Skipped => (Tone::Draft, "Not reached"),
        };
        CheckLine { tone, word, words: check.words.clone() }
    };
    checks.iter().map(line).collect()
}

/// How a side ended, and why.
pub fn side(side: &Side) -> (Pill, String) {
    (outcome(side.outcome), side.words.clone().or_else(|| side.code.clone()).unwrap_or_default())
}

/// What the response says, what changes first.
pub fn lines(lines: &[Line]) -> Vec<ComparedLine> {
    let mut drawn: Vec<ComparedLine> = lines
        .iter()
        .map(|line| ComparedLine {
            name: name(line),
            before: line.before.join("\n"),
            after: line.after.join("\n"),
            changed: line.difference != Difference::Same,
        })
        .collect();
    drawn.sort_by_key(|line| !line.changed);
    drawn
}

fn name(line: &Line) -> String {
    let part = match line.part {
        "attribute" => "Attribute",
        "attribute_format" => "NameFormat of",
        "attribute_friendly_name" => "FriendlyName of",
        "name_id" => "NameID",
        "confirmation" => "Confirmation",
        "conditions" => "Conditions",
        "authentication" => "Authentication",
        "encryption" => "Encryption",
        "assertion" => "Assertion",
        _ => "Response",
    };
    format!("{part} {}", line.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_assertion_is_cut_out_of_its_response() {
        let response = "<samlp:Response><saml:Issuer>x</saml:Issuer><saml:Assertion ID=\"a\"><b></b></saml:Assertion></samlp:Response>";
        assert_eq!(assertion(response), "<saml:Assertion ID=\"a\"><b></b></saml:Assertion>");
        assert_eq!(assertion("<a/>"), "<a/>");
        let laid = message("x", "<a x=\"1\"><b></b><c><d>text</d><e/></c></a>").xml;
        assert_eq!(laid, "<a x=\"1\">\n  <b></b>\n  <c>\n    <d>text</d>\n    <e/>\n  </c>\n</a>");
        for odd in ["", "><", "</a></b></c>", "text", "<a><b><c>"] {
            assert_eq!(message("x", odd).xml.replace(['\n', ' '], ""), odd);
        }
        let long = message("x", &"é".repeat(SHOWN_MAX));
        assert!(long.xml.len() < SHOWN_MAX + 8 && long.xml.ends_with('…'));
    }

    #[test]
    fn what_changes_stands_first() {
        let line = |name: &str, difference| Line {
            part: "attribute",
            name: name.into(),
            before: vec!["x".into()],
            after: vec!["y".into(), "z".into()],
            difference,
        };
        let drawn = lines(&[line("same", Difference::Same), line("other", Difference::Changed)]);
        assert_eq!(drawn[0].name, "Attribute other");
        assert_eq!((drawn[0].after.as_str(), drawn[1].changed), ("y\nz", false));
    }

    #[test]
    fn numbers_are_said_in_words() {
        assert_eq!(kept(None), "None are kept.");
        let own = Some(RecorderSettings { per_app: 20, days: 1 });
        assert_eq!(kept(own), "The last 20 of each outcome are kept, sealed, for 1 day.");
        assert!(server(0, 14).contains("flight_recorder.per_app"));
        assert_eq!((dropped(0).as_str(), dropped(1).starts_with("1 sign-in was")), ("", true));
    }
}
