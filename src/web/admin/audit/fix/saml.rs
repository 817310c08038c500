//! Fixes of what goes wrong between us and a SAML app: requests, answers, logout, metadata. Does not own where they lead (`super`).

use super::{Fix, Place};

pub(super) const FIXES: &[Fix] = &[
    (
        "saml_assertion_consumer_service",
        "If {app} moved you, add the new reply address. If you don’t recognise it, leave it blocked and tell {app}.",
        Place::SignOn,
    ),
    (
        "saml_issuer",
        "Compare the entity ID that was sent with the one on file. If {app} changed it, upload its new metadata.",
        Place::SignOn,
    ),
    (
        "saml_signature",
        "If {app} changed its certificate, upload its new metadata or paste the certificate. If it doesn’t sign, stop \
         requiring it.",
        Place::SignOn,
    ),
    (
        "certificate_unreadable",
        "Upload the metadata of {app} again, or paste its certificate: the one on file is damaged.",
        Place::SignOn,
    ),
    ("saml_signature_algorithm", "Set {app} to sign with RSA-SHA256 or better.", Place::SignOn),
    (
        "saml_destination",
        "Put the sign-in address into {app} again, letter for letter. It may still have an old one.",
        Place::SignOn,
    ),
    (
        "saml_issue_instant",
        "Set the clock of {app}. If people came by an old link or tab, nothing needs fixing.",
        Place::None,
    ),
    ("saml_name_id_policy", "Choose the NameID format that {app} asks for.", Place::SignOn),
    (
        "saml_requested_authn_context",
        "Set {app} to ask for PasswordProtectedTransport, or for nothing in particular.",
        Place::None,
    ),
    ("saml_protocol_binding", "Set {app} to take its answer by HTTP-POST.", Place::None),
    (
        "saml_relay_state",
        "Shorten the RelayState in {app}: at most 80 bytes if it is held to the standard.",
        Place::SignOn,
    ),
    (
        "request_replayed",
        "People reach this by going back in their browser. Many of them at once deserve a look.",
        Place::None,
    ),
    (
        "name_id_not_allowed",
        "Let {app} send AllowCreate=\"true\", or turn off “New pseudonyms only when asked for” under Advanced.",
        Place::SignOn,
    ),
    (
        "name_id_empty",
        "Fill in the missing value, or choose another one that identifies people at {app}.",
        Place::Person,
    ),
    (
        "name_id_too_long",
        "Choose a shorter value that identifies people at {app}, or shorten it in the expression.",
        Place::SignOn,
    ),
    (
        "value_not_sendable",
        "Take the character out of the value, or out of what the expression makes of it, with $replace for example.",
        Place::SignOn,
    ),
    ("attribute_twice", "Give each attribute of {app} a name of its own.", Place::SignOn),
    (
        "cannot_encrypt",
        "Add an encryption certificate of {app} that can be used, or stop encrypting for it.",
        Place::SignOn,
    ),
    (
        "response_not_made",
        "Look at the settings of {app} with “What would be sent”; if it stays, send the stored event to whoever runs this server.",
        Place::SignOn,
    ),
    ("internal", "Search the log of the server for the reference: the cause stands there.", Place::None),
    (
        "unknown_principal",
        "{app} must name people in logout requests as our assertions do: the NameID with its Format and qualifiers, letter for letter.",
        Place::SignOn,
    ),
    ("no_entity_id", "Add the entity ID of {app}, or upload its metadata.", Place::SignOn),
    (
        "algorithm_blocked",
        "Choose another algorithm for {app}, or take this one out of saml.blocked_algorithms.",
        Place::SignOn,
    ),
    ("no_acs", "Add the reply address of {app}, or upload its metadata.", Place::SignOn),
    (
        "no_start",
        "Add a start address, if {app} has one. Until then people start at {app} itself.",
        Place::SignOn,
    ),
    (
        "no_answer",
        "{app} didn’t confirm in time. Check its logout address and that it answers. Until then people may stay signed in there.",
        Place::SignOn,
    ),
    (
        "logout_refused",
        "{app} could not sign the person out. If it happens to everybody, compare its settings with ours.",
        Place::SignOn,
    ),
    ("no_logout_service", "If {app} has a logout address now, add it or upload its metadata.", Place::SignOn),
    ("skipped", "{app} kept people waiting. If it happens often, check its logout address.", Place::SignOn),
    ("logout_not_issued", "Put the logout address of {app} right.", Place::SignOn),
    (
        "metadata_address",
        "Use an https address that this server may call. Inner ones are named in outbound.allow_private_networks.",
        Place::SignOn,
    ),
    (
        "metadata_unreachable",
        "Check the metadata address of {app}, and that this server can reach it. The last good metadata counts meanwhile.",
        Place::SignOn,
    ),
    (
        "metadata_status",
        "Open the metadata address of {app} in a browser. If it moved, enter the new one.",
        Place::SignOn,
    ),
    ("metadata_redirect", "Enter the address that the metadata of {app} is at now.", Place::SignOn),
    (
        "metadata_too_large",
        "Ask for the metadata of {app} alone, or use a metadata service (MDQ) instead of a whole federation.",
        Place::SignOn,
    ),
    (
        "metadata_unreadable",
        "Open the metadata address of {app}: it should show XML. If it does, send the stored event to its maker.",
        Place::SignOn,
    ),
    (
        "metadata_signature",
        "If whoever signs the metadata of {app} changed their key, make sure of it by another way and add the new \
         certificate. If not, leave it: nothing was changed.",
        Place::SignOn,
    ),
    ("metadata_entity", "Compare the entity ID of {app} with the one in its metadata.", Place::SignOn),
    (
        "metadata_validity",
        "Ask {app} for metadata that is valid now, or change how long it has to be.",
        Place::SignOn,
    ),
    (
        "metadata_refused",
        "Look at what the metadata of {app} says: a value in it can’t be stored here.",
        Place::SignOn,
    ),
    (
        "metadata_ended",
        "Fetch the metadata of {app} again. If there is no newer one, ask {app} for it, or let people in meanwhile.",
        Place::SignOn,
    ),
];
