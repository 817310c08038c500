//! One event in full: what happened, the difference, how to fix it, the facts, and how it is stored.

use super::{cause, fix, rows::Named, values, words};
use crate::{
    context::AppContext,
    domain::audit::AuditEvent,
    service::{ServiceError, sign_on::stop},
    web::{
        browser,
        error::Failure,
        extract::Admin,
        view::admin::audit::{EventDetail, Fact},
    },
};
use serde_json::Value;

/// Most changes that are listed by name; the rest stand in the stored event.
const CHANGES: usize = 24;

/// Draws an event; `close` is the list without it.
pub async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    event: &AuditEvent,
    close: String,
) -> Result<EventDetail, Failure> {
    let named = Named::load(ctx, admin, std::slice::from_ref(event)).await?;
    let who = named.actor(event).map(|user| user.display_name.as_str());
    let subject = named.subject(event);
    let id = subject.map(|user| user.id.to_string()).unwrap_or_default();
    let (fix, fix_link) = fix::of(event, subject.map(|user| (id.as_str(), user.username.as_str())));
    // A link into an app that is gone leads nowhere.
    let fix_link = fix_link.filter(|link| {
        named.app(event).is_some() || !link.href.starts_with("/admin/apps/") || link.href == "/admin/apps/new"
    });
    Ok(EventDetail {
        title: words::title(event).to_owned(),
        when: values::moment(event.timestamp, ctx.now()),
        outcome: words::outcome(event),
        sentence: words::sentence(event, who),
        more: more(event),
        difference: difference(event),
        fix,
        fix_link,
        facts: facts(event, &named),
        json: serde_json::to_string_pretty(event).map_err(ServiceError::internal)?,
        close,
    })
}

/// The words the event keeps, when the sentence is not those, and the reference the person saw.
fn more(event: &AuditEvent) -> String {
    let mut parts = Vec::new();
    if let Some(kept) = event.error_message.as_deref().map(cause::finished)
        && asked_and_listed(event).is_none()
        && kept != words::sentence(event, None)
        && kept.len() > 1
    {
        parts.push(kept);
    }
    if let Some(reference) = &event.reference {
        parts.push(if is_told_to_app(event) {
            format!(
                "No page of ours was shown. The app was told the reference {reference}, in its StatusMessage."
            )
        } else {
            format!("The person was shown the reference {reference}.")
        });
    }
    parts.join(" ")
}

/// Whether the reference went to the app in the status of an answer.
fn is_told_to_app(event: &AuditEvent) -> bool {
    event.details.get(stop::TOLD).and_then(Value::as_str) == Some(stop::TOLD_APP)
}

/// The two sides of a refused reply address, as the check words them.
fn asked_and_listed(event: &AuditEvent) -> Option<(String, String)> {
    if event.error_code.as_deref() != Some("saml_assertion_consumer_service") {
        return None;
    }
    let rest = event.error_message.as_deref()?.strip_prefix("asked for '")?;
    let (asked, listed) = rest.split_once("', on the list: ")?;
    Some((asked.to_owned(), listed.to_owned()))
}

fn fact(label: &str, value: impl Into<String>, mono: bool) -> Fact {
    Fact { label: label.to_owned(), value: value.into(), mono, href: None }
}

fn difference(event: &AuditEvent) -> Vec<Fact> {
    if let Some((asked, listed)) = asked_and_listed(event) {
        return vec![fact("Asked for", asked, true), fact("On the list", listed, true)];
    }
    let from_nothing = event.changes.iter().all(|change| change.from.is_null());
    event
        .changes
        .iter()
        .take(CHANGES)
        .filter(|change| !from_nothing || !is_empty(&change.to))
        .map(|change| {
            let to = values::shown(&change.to);
            let value = if from_nothing { to } else { format!("{} → {to}", values::shown(&change.from)) };
            fact(&change.field.replace('_', " "), value, true)
        })
        .collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn facts(event: &AuditEvent, named: &Named) -> Vec<Fact> {
    let mut facts = Vec::new();
    let who = &event.initiated_by;
    match (named.actor(event), &who.username) {
        (Some(user), _) => facts.push(Fact {
            href: Some(format!("/admin/users/{}", user.id)),
            ..fact("By", user.display_name.clone(), false)
        }),
        (None, Some(name)) => facts.push(fact("By", name.clone(), false)),
        (None, None) => facts.push(fact(
            "By",
            if who.kind == "anonymous" { "Nobody who is signed in" } else { "Gatehouse" },
            false,
        )),
    }
    if let Some(resource) = &event.resource {
        let href = match resource.kind.as_str() {
            "user" => named.subject(event).map(|user| format!("/admin/users/{}", user.id)),
            "group" => Some(format!("/admin/groups/{}", resource.id)),
            _ => None,
        };
        facts.push(Fact { href, ..fact("About", resource.name.clone(), false) });
    }
    if let Some(app) = &event.application {
        let href = named.app(event).map(|app| format!("/admin/apps/{}/activity", app.slug));
        facts.push(Fact { href, ..fact("App", app.display_label.clone(), false) });
    }
    let browser = event.useragent.as_ref().map(|agent| browser::name(&agent.raw));
    match (browser, &event.client_ip) {
        (Some(browser), Some(address)) => facts.push(fact("Device", format!("{browser}, {address}"), false)),
        (Some(browser), None) => facts.push(fact("Device", browser, false)),
        (None, Some(address)) => facts.push(fact("Address", address.clone(), true)),
        (None, None) => {}
    }
    for (name, value) in event.details.iter().filter(|(name, _)| *name != stop::TOLD) {
        facts.push(fact(&name.replace('_', " "), values::shown(value), true));
    }
    if let Some(code) = &event.error_code {
        facts.push(fact("Cause", code.clone(), true));
    }
    facts.push(fact("Event", event.event_type.as_str(), true));
    facts.push(fact("ID", event.id.to_string(), true));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::audit::{Change, EventType},
        web::admin::audit::words::tests::event,
    };

    #[test]
    fn a_refused_reply_address_shows_both_sides() {
        let refused = event(EventType::SsoAuth)
            .failed(
                "saml_assertion_consumer_service",
                "asked for 'https://sp.example/acs/eu', on the list: https://sp.example/acs",
            )
            .with_reference("7KQ2-M4XA");
        let shown = difference(&refused);
        assert_eq!(
            (shown[0].label.as_str(), shown[0].value.as_str()),
            ("Asked for", "https://sp.example/acs/eu")
        );
        assert_eq!(
            (shown[1].label.as_str(), shown[1].value.as_str()),
            ("On the list", "https://sp.example/acs")
        );
        assert_eq!(more(&refused), "The person was shown the reference 7KQ2-M4XA.");
        let told = refused.detail(stop::TOLD, stop::TOLD_APP);
        assert!(more(&told).contains("The app was told the reference 7KQ2-M4XA"), "{}", more(&told));
    }

    #[test]
    fn changes_show_before_and_after() {
        let mut changed = event(EventType::ApplicationUpdate);
        changed.changes =
            vec![Change { field: "name_id_source".into(), from: "email".into(), to: "username".into() }];
        let shown = difference(&changed);
        assert_eq!(
            (shown[0].label.as_str(), shown[0].value.as_str()),
            ("name id source", "email → username")
        );
        let mut made = event(EventType::ApplicationCreate);
        made.changes = vec![
            Change { field: "slug".into(), from: Value::Null, to: "amplitude".into() },
            Change { field: "category".into(), from: Value::Null, to: "".into() },
        ];
        let shown: Vec<String> = difference(&made).into_iter().map(|fact| fact.value).collect();
        assert_eq!(shown, ["amplitude"]);
    }
}
