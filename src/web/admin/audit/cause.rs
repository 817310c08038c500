//! Why something failed, as a sentence for an admin. Does not own the other words (`super::words`), nor how to fix it
//! (`super::fix`).

use super::words::type_words;
use crate::domain::audit::AuditEvent;

/// The cause of a failure, by its stable code; other causes in the words that the event keeps.
pub fn of(event: &AuditEvent, who: &str, app: &str) -> String {
    let kept = event.error_message.as_deref().unwrap_or_default();
    match event.error_code.as_deref().unwrap_or_default() {
        "saml_assertion_consumer_service" => {
            format!("{app} asked for a reply address that isn’t on its list.")
        }
        "saml_issuer" => {
            format!("A SAML request for {app} came from an entity ID that isn’t the one on file.")
        }
        "saml_signature" => {
            format!("The signature on {app}’s request is missing or isn’t by a certificate on file.")
        }
        "saml_signature_algorithm" => {
            format!("{app} signs its requests with an algorithm that isn’t allowed.")
        }
        "saml_destination" => format!("{app} sent its request to another address than it says."),
        "saml_issue_instant" => format!("{app}’s request is too old, or its clock differs from ours."),
        "saml_name_id_policy" => format!("{app} asks for another kind of NameID than it gets."),
        "saml_requested_authn_context" => {
            format!("{app} asks for a way of signing in that people don’t have here.")
        }
        "saml_protocol_binding" => format!("{app} wants its answer by a binding that isn’t used here."),
        "saml_relay_state" => format!("{app} sent a RelayState that can’t be given back."),
        code if code.starts_with("saml_") => format!("{app} sent a request that isn’t valid SAML."),
        "request_replayed" => format!("{app} sent a request that was used before."),
        "flow_gone" => "A sign-on was continued that had ended, or began in another browser.".to_owned(),
        "name_id_empty" => format!("{who} lacks the value that {app} knows people by."),
        "name_id_not_allowed" => {
            format!("{app} doesn’t know {who} yet, and asked that no new identifier be made for them.")
        }
        "name_id_too_long" => {
            format!("The value that {app} knows {who} by is longer than 256 characters.")
        }
        "value_not_sendable" => {
            format!("A value for {app} holds a character that XML can’t carry.")
        }
        "attribute_twice" => format!("Two attributes for {app} have one name."),
        "no_entity_id" => format!("{app} has no entity ID yet."),
        "unknown_principal" => {
            format!("{app} named a session to end, and somebody else than the session’s person.")
        }
        "no_acs" => format!("{app} has no reply address yet."),
        "no_start" => format!("{app} can’t be started from the portal."),
        "unknown_start_link" => {
            format!("Somebody opened a link into {app} that isn’t among its start links.")
        }
        "no_passive" | "login_required" | "interaction_required" => {
            format!("{app} asked that no page be shown, and somebody had to be asked.")
        }
        "consent_required" => format!("{app} asked that no page be shown, and {who} hasn’t allowed it yet."),
        "consent_refused" => format!("{who} didn’t allow {app} what it asked for."),
        "invalid_request_uri" => format!("{app} used a pushed request that is used, expired or not its own."),
        "invalid_target" => format!("{app} asked for tokens for a resource that isn’t on its list."),
        "unmet_authentication_requirements" => {
            format!("{app} insists on a way of signing in that people don’t have here.")
        }
        "logout_unreadable" => "An app asked to sign somebody out in a way that can’t be read.".to_owned(),
        "logout_hint" => format!("{app} asked to sign somebody out with an ID token that isn’t ours."),
        "logout_client" => "An app asked to sign somebody out without saying clearly who it is.".to_owned(),
        "logout_redirect_uri" => {
            format!("{app} wanted people back, after signing out, at an address that isn’t on its list.")
        }
        "subject_mismatch" => format!("{app} asked for another person than the one signed in."),
        "unknown_app" => "A request came to an address that no app has.".to_owned(),
        "wrong_password" => "User name and password didn’t match.".to_owned(),
        "throttled" => "There were too many tries; further ones have to wait.".to_owned(),
        "invalid_client" => format!("{app} couldn’t prove that it is the client it says."),
        "invalid_grant" => format!("{app} presented a code or token that is used, expired or not its own."),
        "device_denied" => format!("{who} said no to a device that {app} runs on."),
        "expired_token" => format!("Nobody confirmed a device of {app} in time."),
        "invalid_dpop_proof" => format!("{app} couldn’t prove that it holds the key of its token."),
        _ if !kept.is_empty() => finished(kept),
        _ => format!("{} failed.", type_words(event.event_type)),
    }
}

/// A sentence ends with a full stop.
pub fn finished(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
