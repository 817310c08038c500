//! What the specifications say about each parameter, in our own words, and how a refused one is put right.

/// Name, where it stands, what it says, and the fix.
pub(super) const PARAMETERS: &[(&str, &str, &str, &str)] = &[
    (
        "client_id",
        "OAuth 2.0 (RFC 6749) §4.1.1",
        "Says which app asks.",
        "Put the client ID of this app into it.",
    ),
    (
        "redirect_uri",
        "OpenID Connect Core §3.1.2.1",
        "Where the answer goes; it must be a registered address letter for letter.",
        "Add this address to the app, or make the app send the one on the list. A slash, a port or a capital makes another one.",
    ),
    (
        "state",
        "OAuth 2.0 (RFC 6749) §4.1.1",
        "Comes back unchanged, so that the app knows its own answer.",
        "Make it shorter than 2 KiB, without control characters.",
    ),
    (
        "response_mode",
        "OAuth 2.0 Multiple Response Types §2.1",
        "How the answer travels.",
        "Leave it out, or allow this mode under More settings.",
    ),
    (
        "request",
        "OpenID Connect Core §6.1",
        "A request object; not supported here.",
        "Send the parameters themselves, or push them (PAR).",
    ),
    (
        "request_uri",
        "Pushed Authorization Requests (RFC 9126) §4",
        "The reference of a pushed request; other addresses are never fetched.",
        "Push the request to /oauth2/par and send the reference from its answer.",
    ),
    (
        "registration",
        "OpenID Connect Core §7.2.1",
        "For self-issued providers; not supported here.",
        "Leave it out.",
    ),
    (
        "response_type",
        "OAuth 2.0 Security Best Current Practice (RFC 9700) §2.1.2",
        "Only code: tokens don’t travel through the browser.",
        "Set the app to the authorization code flow. If it is set here to have no sign-in in the browser, change that.",
    ),
    (
        "scope",
        "OpenID Connect Core §3.1.2.1",
        "What the app wants; it must hold openid. What the app may not have is left out.",
        "Add openid, or allow the scope here.",
    ),
    (
        "prompt",
        "OpenID Connect Core §3.1.2.1",
        "Which pages may or must be shown; none stands alone.",
        "Use none alone, or any of login, consent and select_account.",
    ),
    (
        "max_age",
        "OpenID Connect Core §3.1.2.1",
        "How old the sign-in may be, in seconds.",
        "Write a whole number.",
    ),
    (
        "code_challenge",
        "PKCE (RFC 7636) §4.3",
        "Binds the code to who asked for it; the method is S256.",
        "Turn PKCE on in the app, method S256. An app with a secret or key may also be allowed to do without.",
    ),
    (
        "nonce",
        "OpenID Connect Core §3.1.2.1",
        "Comes back in the ID token, so that the app knows its own.",
        "Make it shorter than 2 KiB, without control characters.",
    ),
    (
        "claims",
        "OpenID Connect Core §5.5",
        "Single claims by name, as JSON.",
        "Put the JSON right: two objects, userinfo and id_token.",
    ),
    ("display", "OpenID Connect Core §3.1.2.1", "A wish for how pages look.", ""),
    ("ui_locales", "OpenID Connect Core §3.1.2.1", "A wish for languages.", "Name at most 16 languages."),
    (
        "claims_locales",
        "OpenID Connect Core §5.2",
        "A wish for languages of claims.",
        "Name at most 16 languages.",
    ),
    (
        "acr_values",
        "OpenID Connect Core §3.1.2.1",
        "A wish for how people sign in.",
        "Name at most 16 contexts.",
    ),
    (
        "login_hint",
        "OpenID Connect Core §3.1.2.1",
        "Fills in the name on the sign-in page.",
        "Make it shorter.",
    ),
    (
        "id_token_hint",
        "OpenID Connect Core §3.1.2.1",
        "An earlier ID token: the answer may only be about that person.",
        "Send an ID token that this issuer gave to this app.",
    ),
    (
        "resource",
        "Resource Indicators (RFC 8707) §2",
        "Which API the tokens are for.",
        "Add the address to the app’s resource servers, letter for letter.",
    ),
    (
        "dpop_jkt",
        "DPoP (RFC 9449) §10",
        "Binds the code to the app’s key.",
        "Send the SHA-256 thumbprint of the key, base64url, 43 characters.",
    ),
];

/// Parameters that belong to another one of [`PARAMETERS`], which is judged with them.
pub(super) const COMPANIONS: &[&str] = &["code_challenge_method"];

/// What proves a client or a person, and never stands in an address.
pub(super) const SECRETS: &[&str] =
    &["client_secret", "client_assertion", "code_verifier", "password", "access_token", "refresh_token"];
