//! Audit events in words for an admin: titles, sentences, outcomes. Does not own why something failed
//! (`super::cause`), nor how to fix it (`super::fix`).

use super::{cause, issuer_key, values::shown};
use crate::{
    domain::audit::{AuditEvent, EventType},
    web::view::admin::audit::Outcome,
};
use serde_json::Value;

/// Failures that a rule meant: nothing is broken.
const DENIALS: &[&str] = &[
    "not_assigned",
    "user_suspended",
    "user_staged",
    "app_paused",
    "access_denied",
    "consent_refused",
    "consent_missing",
    "grant_type_removed",
    "scope_removed",
    "offline_removed",
    "device_denied",
    "account_not_active",
    "throttled",
];

/// How an event ended.
pub fn outcome(event: &AuditEvent) -> Outcome {
    match event.error_code.as_deref() {
        _ if event.success => Outcome::Ok,
        Some(code) if DENIALS.contains(&code) => Outcome::Denied,
        _ => Outcome::Failed,
    }
}

/// What a kind of event is called in the filter.
pub fn type_words(kind: EventType) -> &'static str {
    match kind {
        EventType::SsoAuth => "Sign-in to an app",
        EventType::SsoLogout => "Sign-out of an app",
        EventType::UserLoginAttempt => "Sign-in of a person",
        EventType::AdminLoginAttempt => "Sign-in of an admin",
        EventType::UserLogout => "Sign-out",
        EventType::UserCreate => "Person added",
        EventType::UserUpdate => "Person changed",
        EventType::UserDelete => "Person removed",
        EventType::UserSuspended => "Person suspended",
        EventType::UserActivated => "Person activated",
        EventType::UserPasswordChange => "Password changed",
        EventType::UserPasswordSet => "Password set by an admin",
        EventType::UserSessionsEnd => "Sessions ended by an admin",
        EventType::AdminCreate => "Admin added",
        EventType::AdminUpdate => "Admin changed",
        EventType::GroupCreate => "Group added",
        EventType::GroupUpdate => "Group changed",
        EventType::GroupDelete => "Group removed",
        EventType::ApplicationCreate => "Application added",
        EventType::ApplicationUpdate => "Application changed",
        EventType::ApplicationDelete => "Application removed",
        EventType::AssociationChange => "Access or membership changed",
        EventType::OrganizationCreate => "Organisation set up",
        EventType::OrganizationUpdate => "Organisation changed",
        EventType::OrganizationExport => "Organisation exported",
        EventType::ClientSecretCreate => "Client secret made",
        EventType::ClientSecretExpire => "Client secret set to end",
        EventType::ClientSecretDelete => "Client secret withdrawn",
        EventType::SigningKeyCreate => "Next certificate made",
        EventType::SigningKeySchedule => "Certificate switch scheduled",
        EventType::SigningKeySwitch => "Certificate switched",
        EventType::SigningKeyRollback => "Certificate rolled back",
        EventType::SigningKeyReplace => "Certificate replaced at once",
        EventType::SigningKeyDelete => "Certificate removed",
        EventType::CertificateExpiry => "Certificate ends soon",
        EventType::SpMetadataRefresh => "Metadata fetched",
        EventType::SpMetadataWaiting => "Metadata waits for approval",
        EventType::SpMetadataApprove => "Metadata approved",
        EventType::SpMetadataDismiss => "Metadata dismissed",
        EventType::RecordingRead => "Recorded sign-on read",
        EventType::DecryptionKeyCreate => "Decryption key made",
        EventType::DecryptionKeyDelete => "Decryption key removed",
        EventType::ApiTokenCreate => "API token made",
        EventType::ApiTokenDelete => "API token withdrawn",
        EventType::OauthTokenIssue => "Token given",
        EventType::OauthTokenRefuse => "Token refused",
        EventType::OauthTokenRevoke => "Token withdrawn",
        EventType::OauthConsentGrant => "App allowed by a person",
        EventType::OauthConsentRevoke => "Consent taken back",
        EventType::OauthGrantEnd => "Connection ended",
        EventType::RequestRefused => "Request refused",
    }
}

/// What happened, in a few words.
pub fn title(event: &AuditEvent) -> &'static str {
    let code = event.error_code.as_deref().unwrap_or_default();
    match (event.event_type, event.success) {
        (EventType::SsoAuth, true) => "Signed in to app",
        (EventType::SsoAuth, false) if code.starts_with("saml_") => "SAML request refused",
        (EventType::SsoAuth, false) if DENIALS.contains(&code) => "App access denied",
        (EventType::SsoAuth, false) => "Sign-in to app stopped",
        (EventType::SsoLogout, false) if code.starts_with("saml_") => "SAML logout message refused",
        (EventType::SsoLogout, true) => "Signed out of app",
        (EventType::SsoLogout, false) => "App not signed out",
        (EventType::UserLoginAttempt | EventType::AdminLoginAttempt, true) => "Signed in",
        (EventType::UserLoginAttempt | EventType::AdminLoginAttempt, false) => match code {
            "throttled" => "Sign-in slowed down",
            "account_not_active" => "Sign-in of a switched-off account",
            _ => "Wrong user name or password",
        },
        (EventType::UserLogout, _) => "Signed out",
        (EventType::SpMetadataRefresh, false) => "Metadata not fetched",
        (EventType::AssociationChange, _) if field(event) == Some("members") => {
            if is_addition(event) {
                "Group joined"
            } else {
                "Group left"
            }
        }
        (EventType::AssociationChange, _) if field(event) == Some("sent_as") => {
            "Name of a group at an app changed"
        }
        (EventType::AssociationChange, _) => {
            if is_addition(event) {
                "Access given"
            } else {
                "Access taken back"
            }
        }
        _ if issuer_key::is_meant(event) => issuer_key::title(event),
        (kind, _) => type_words(kind),
    }
}

fn field(event: &AuditEvent) -> Option<&str> {
    event.changes.first().map(|change| change.field.as_str())
}

fn is_addition(event: &AuditEvent) -> bool {
    event.changes.first().is_some_and(|change| change.from.is_null())
}

/// What happened, as a sentence. `who` is the display name of who did it, when they are known.
pub fn sentence(event: &AuditEvent, who: Option<&str>) -> String {
    let who =
        who.or(event.initiated_by.username.as_deref()).unwrap_or(match event.initiated_by.kind.as_str() {
            "anonymous" => "Somebody who wasn’t signed in",
            _ => "Gatehouse",
        });
    let app = event.application.as_ref().map_or("an app", |app| app.display_label.as_str());
    let what = event.resource.as_ref().map_or("something", |resource| resource.name.as_str());
    let changed = event
        .changes
        .first()
        .map(|change| shown(if change.from.is_null() { &change.to } else { &change.from }))
        .unwrap_or_default();
    let detail = |name: &str| event.details.get(name).and_then(Value::as_str).unwrap_or_default();
    if !event.success {
        return cause::of(event, who, app);
    }
    match event.event_type {
        EventType::SsoAuth if event.idp_initiated == Some(true) => {
            format!("{who} opened {app} from the portal.")
        }
        EventType::SsoAuth => format!("{who} signed in to {app}."),
        EventType::SsoLogout => format!("{who} was signed out of {app}."),
        EventType::UserLoginAttempt | EventType::AdminLoginAttempt => format!("{who} signed in."),
        EventType::UserLogout => format!("{who} signed out."),
        EventType::UserCreate | EventType::GroupCreate | EventType::AdminCreate => {
            format!("{who} added {what}.")
        }
        EventType::UserUpdate | EventType::GroupUpdate | EventType::AdminUpdate => {
            format!("{who} changed {what}.")
        }
        EventType::UserDelete | EventType::GroupDelete => format!("{who} removed {what}."),
        EventType::UserSuspended => format!("{who} suspended {what}."),
        EventType::UserActivated => format!("{who} activated {what}."),
        EventType::UserPasswordChange => format!("{who} changed the password of {what}."),
        EventType::UserPasswordSet => format!("{who} set a password for {what}."),
        EventType::UserSessionsEnd => format!("{who} ended the sessions of {what}."),
        EventType::ApplicationCreate => format!("{who} added {app}."),
        EventType::ApplicationUpdate => application_change(event, who, app),
        EventType::ApplicationDelete => format!("{who} removed {app}."),
        EventType::AssociationChange => match (field(event), is_addition(event)) {
            (Some("members"), true) => format!("{who} put {changed} into {what}."),
            (Some("members"), false) => format!("{who} took {changed} out of {what}."),
            (Some("sent_as"), _) => {
                let told = event.changes.first().map(|change| shown(&change.to)).unwrap_or_default();
                format!("{who} changed what {app} is told of {}: {told}.", detail("group"))
            }
            (_, true) => format!("{who} gave {changed} access to {app}."),
            (_, false) => format!("{who} took {app} from {changed}."),
        },
        EventType::OrganizationCreate => format!("{what} was set up."),
        EventType::OrganizationUpdate => format!("{who} changed the organisation."),
        EventType::OrganizationExport => format!("{who} exported the organisation."),
        EventType::ClientSecretCreate => format!("{who} made a client secret for {app}."),
        EventType::ClientSecretExpire => format!("{who} set an end for a client secret of {app}."),
        EventType::ClientSecretDelete => format!("{who} withdrew a client secret of {app}."),
        _ if issuer_key::is_meant(event) => issuer_key::sentence(event, who),
        EventType::SigningKeyCreate => match detail("source") {
            "upload" => format!("{who} brought the next certificate of {app}."),
            _ => format!("{who} made the next certificate of {app}."),
        },
        EventType::SigningKeySchedule if detail("switch_at").is_empty() => {
            format!("{who} took back the scheduled switch of {app}’s certificate.")
        }
        EventType::SigningKeySchedule => format!("{who} scheduled the switch to {app}’s next certificate."),
        EventType::SigningKeySwitch => format!("{who} switched {app} to its next certificate."),
        EventType::SigningKeyRollback => format!("{who} put {app} back to an earlier certificate."),
        EventType::SigningKeyReplace => {
            format!("{who} replaced the certificate of {app} at once and withdrew the others.")
        }
        EventType::SigningKeyDelete => format!("{who} removed a certificate of {app}."),
        EventType::CertificateExpiry => match detail("days") {
            "1" => format!("The certificate of {app} ends within a day."),
            "" => format!("The certificate of {app} ends soon."),
            days => format!("The certificate of {app} ends within {days} days."),
        },
        EventType::SpMetadataRefresh => format!("The metadata of {app} is fetched and usable."),
        EventType::SpMetadataWaiting => match detail("fields") {
            "" => format!("The metadata of {app} changed. Somebody has to approve it."),
            fields => format!("The metadata of {app} changed in {fields}. Somebody has to approve it."),
        },
        EventType::SpMetadataApprove => format!("{who} approved what the metadata of {app} changed."),
        EventType::SpMetadataDismiss => format!("{who} dismissed what the metadata of {app} changed."),
        EventType::RecordingRead if detail("replayed") == "true" => {
            format!("{who} replayed a recorded sign-on of {app} against other settings.")
        }
        EventType::RecordingRead => format!("{who} read a recorded sign-on of {app}."),
        EventType::DecryptionKeyCreate => format!("{who} made a key for what {app} encrypts for us."),
        EventType::DecryptionKeyDelete => format!("{who} removed a key for what {app} encrypts for us."),
        EventType::ApiTokenCreate => format!("{who} made the API token {what}."),
        EventType::ApiTokenDelete => format!("{who} withdrew the API token {what}."),
        EventType::OauthTokenIssue => format!("{app} got a token for {who}."),
        EventType::OauthTokenRefuse | EventType::RequestRefused => format!("{app} was refused."),
        EventType::OauthTokenRevoke => format!("A token of {app} was withdrawn."),
        EventType::OauthConsentGrant => format!("{who} allowed {app} to know what it asked for."),
        EventType::OauthGrantEnd => format!("{who} disconnected {app} from {what}."),
        EventType::OauthConsentRevoke => {
            format!("{who} took back what {what} had allowed {app}; its tokens ended.")
        }
    }
}

fn application_change(event: &AuditEvent, who: &str, app: &str) -> String {
    match event.changes.as_slice() {
        [one] if one.field == "active" && one.to == Value::Bool(true) => format!("{who} made {app} live."),
        [one] if one.field == "active" => format!("{who} paused {app}."),
        _ => format!("{who} changed {app}."),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{domain::audit::Change, id::EventId, web::admin::apps::stage::tests::app as apps_test_app};
    use rand::{SeedableRng, rngs::StdRng};

    /// Every kind of event.
    pub fn kinds() -> Vec<EventType> {
        use EventType as E;
        vec![
            E::SsoAuth,
            E::SsoLogout,
            E::UserLoginAttempt,
            E::AdminLoginAttempt,
            E::UserLogout,
            E::UserCreate,
            E::UserUpdate,
            E::UserDelete,
            E::UserSuspended,
            E::UserActivated,
            E::UserPasswordChange,
            E::UserPasswordSet,
            E::UserSessionsEnd,
            E::AdminCreate,
            E::AdminUpdate,
            E::GroupCreate,
            E::GroupUpdate,
            E::GroupDelete,
            E::ApplicationCreate,
            E::ApplicationUpdate,
            E::ApplicationDelete,
            E::AssociationChange,
            E::OrganizationCreate,
            E::OrganizationUpdate,
            E::OrganizationExport,
            E::ClientSecretCreate,
            E::ClientSecretExpire,
            E::ClientSecretDelete,
            E::SigningKeyCreate,
            E::SigningKeySchedule,
            E::SigningKeySwitch,
            E::SigningKeyRollback,
            E::SigningKeyReplace,
            E::SigningKeyDelete,
            E::CertificateExpiry,
            E::SpMetadataRefresh,
            E::SpMetadataWaiting,
            E::SpMetadataApprove,
            E::SpMetadataDismiss,
            E::RecordingRead,
            E::DecryptionKeyCreate,
            E::DecryptionKeyDelete,
            E::ApiTokenCreate,
            E::ApiTokenDelete,
            E::OauthTokenIssue,
            E::OauthTokenRefuse,
            E::OauthTokenRevoke,
            E::OauthConsentGrant,
            E::OauthConsentRevoke,
            E::OauthGrantEnd,
            E::RequestRefused,
        ]
    }

    /// An event of Amplitude.
    pub fn event(kind: EventType) -> AuditEvent {
        let app = apps_test_app();
        AuditEvent::new(EventId::new(app.created_at, &mut StdRng::seed_from_u64(1)), kind, app.created_at)
            .at(&app)
    }

    #[test]
    fn every_kind_has_words_and_whole_sentences() {
        for kind in kinds() {
            assert!(!type_words(kind).is_empty() && !title(&event(kind)).is_empty(), "{kind:?}");
            for text in [sentence(&event(kind), Some("Maya")), sentence(&event(kind).failed("odd", ""), None)]
            {
                assert!(text.ends_with('.') && !text.contains("  "), "{kind:?}: {text}");
            }
        }
    }

    #[test]
    fn associations_say_who_got_what() {
        let change = |field: &str, from: Value, to: Value| Change { field: field.into(), from, to };
        let mut given = event(EventType::AssociationChange);
        given.changes = vec![change("groups", Value::Null, "Growth".into())];
        assert_eq!(sentence(&given, Some("Tomás")), "Tomás gave Growth access to Amplitude.");
        assert_eq!(title(&given), "Access given");
        let mut sent = event(EventType::AssociationChange).detail("group", "Growth");
        sent.changes = vec![change("sent_as", "growth".into(), "growth-eu".into())];
        assert_eq!(
            sentence(&sent, Some("Tomás")),
            "Tomás changed what Amplitude is told of Growth: growth-eu."
        );
        let mut left = event(EventType::AssociationChange).on("group", "1", "Growth");
        left.changes = vec![change("members", "maya".into(), Value::Null)];
        assert_eq!(sentence(&left, Some("Tomás")), "Tomás took maya out of Growth.");
    }

    #[test]
    fn pausing_and_going_live_have_their_own_words() {
        let mut live = event(EventType::ApplicationUpdate);
        live.changes = vec![Change { field: "active".into(), from: false.into(), to: true.into() }];
        assert_eq!(sentence(&live, Some("Tomás")), "Tomás made Amplitude live.");
    }

    #[test]
    fn rules_deny_and_faults_fail() {
        assert_eq!(outcome(&event(EventType::SsoAuth)), Outcome::Ok);
        assert_eq!(outcome(&event(EventType::SsoAuth).failed("not_assigned", "")), Outcome::Denied);
        assert_eq!(outcome(&event(EventType::SsoAuth).failed("saml_signature", "")), Outcome::Failed);
        assert_eq!(title(&event(EventType::SsoAuth).failed("saml_signature", "")), "SAML request refused");
    }
}
