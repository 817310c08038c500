//! Owns RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): the request, whether to ask, where to go.
//!
//! Does not own ending the session.

use std::fmt;

use crate::authorization::response::append_query;
use crate::client::Client;
use crate::error::ProtocolError;
use crate::id_token::hint::IdTokenHint;
use crate::params::{self, Params};

/// A logout request; every part is optional and none is trusted.
#[derive(Clone, PartialEq, Eq)]
pub struct EndSessionRequest {
    id_token_hint: Option<String>,
    logout_hint: Option<String>,
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
    ui_locales: Option<String>,
}

impl EndSessionRequest {
    /// Parses the raw query (GET) or body (POST).
    ///
    /// # Errors
    /// As [`Params::parse`], and `invalid_request` if `state` cannot be echoed exactly.
    pub fn parse(raw: &str) -> Result<Self, ProtocolError> {
        let params = Params::parse(raw)?;
        let own = |name: &str| params.get(name).map(ToOwned::to_owned);
        let state = own("state");
        if state.as_deref().is_some_and(|state| !params::is_echoable(state)) {
            return Err(ProtocolError::invalid_request("state is too long or holds control characters"));
        }
        Ok(Self {
            id_token_hint: own("id_token_hint"),
            logout_hint: own("logout_hint"),
            client_id: own("client_id"),
            post_logout_redirect_uri: own("post_logout_redirect_uri"),
            state,
            ui_locales: own("ui_locales"),
        })
    }

    /// An ID token, unverified; see [`crate::id_token::hint::verify_hint`].
    pub fn id_token_hint(&self) -> Option<&str> {
        self.id_token_hint.as_deref()
    }

    /// Who is meant; untrusted text.
    pub fn logout_hint(&self) -> Option<&str> {
        self.logout_hint.as_deref()
    }

    /// Which client says it asks; to load it if there is no hint, and to verify the hint against.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Where the browser should go; not yet compared with anything.
    pub fn post_logout_redirect_uri(&self) -> Option<&str> {
        self.post_logout_redirect_uri.as_deref()
    }

    /// Languages for pages.
    pub fn ui_locales(&self) -> Option<&str> {
        self.ui_locales.as_deref()
    }
}

/// Prints which client and where, not the hint.
impl fmt::Debug for EndSessionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndSessionRequest")
            .field("client_id", &self.client_id)
            .field("post_logout_redirect_uri", &self.post_logout_redirect_uri)
            .finish_non_exhaustive()
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndSessionDecision {
    /// End the session; then go to `redirect`, or show that it is done.
    LogOut {
        /// The registered URI with `state`.
        redirect: Option<String>,
    },
    /// Ask the person first. Then as above.
    Confirm {
        /// The registered URI with `state`; `None` also where one was asked for and must not be used.
        redirect: Option<String>,
    },
}

/// Who is signed in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentSession<'a> {
    /// The person, as the client of the hint knows them.
    pub sub: &'a str,
    /// The session; `sid` of ID tokens.
    pub sid: &'a str,
}

/// What is wrong with a request, so that it does not do what the client meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndSessionProblem {
    /// The hint is no ID token of ours.
    Hint,
    /// No client has the `client_id`, or the hint's client is gone.
    UnknownClient,
    /// RP-Initiated Logout 1.0 §2: `client_id` names another client than the hint was issued to.
    OtherClient,
    /// Somewhere to go was named, but not who asks.
    NoClient,
    /// RP-Initiated Logout 1.0 §3: the address is none of the client's.
    RedirectUri,
}

/// The problem of a request, if it has one; the arguments are those of [`decide`].
pub fn problem(
    request: &EndSessionRequest,
    hint: Option<&IdTokenHint>,
    client: Option<&Client>,
) -> Option<EndSessionProblem> {
    let is_named = request.id_token_hint().is_some() || request.client_id().is_some();
    let wanted = request.post_logout_redirect_uri();
    if request.id_token_hint().is_some() && hint.is_none() {
        return Some(EndSessionProblem::Hint);
    }
    let Some(client) = client else {
        let nobody = wanted.map(|_| EndSessionProblem::NoClient);
        return if is_named { Some(EndSessionProblem::UnknownClient) } else { nobody };
    };
    if request.client_id().is_some_and(|client_id| client_id != client.client_id) {
        return Some(EndSessionProblem::OtherClient);
    }
    (wanted.is_some() && registered(request, client).is_none()).then_some(EndSessionProblem::RedirectUri)
}

/// Decides.
///
/// `hint` is the *verified* hint (expired tolerated), `session` who is signed in here. `client` is the client it was issued to, or,
/// without a hint, the one that `client_id` names. A hint that failed verification is passed as `None`.
///
/// RP-Initiated Logout 1.0 §2: without a hint that names the current person and, by `sid`, the current session, ask before
/// logging out.
/// §3: redirect only to a URI that exactly matches a registered one of the client. Without a hint, `client_id` says which client
/// that is, and the person's own yes stands for what the hint would prove (O-23).
pub fn decide(
    request: &EndSessionRequest,
    hint: Option<&IdTokenHint>,
    client: Option<&Client>,
    session: Option<CurrentSession<'_>>,
) -> EndSessionDecision {
    let Some(client) = client else { return EndSessionDecision::Confirm { redirect: None } };
    let Some(hint) = hint else {
        let by_name = request.id_token_hint().is_none() && request.client_id() == Some(&client.client_id);
        let redirect = if by_name { registered(request, client) } else { None };
        return EndSessionDecision::Confirm { redirect };
    };
    // §2: if client_id and hint are both there, they must name the same client.
    let same_client = hint.client_id() == client.client_id
        && request.client_id().is_none_or(|client_id| client_id == client.client_id);
    if !same_client {
        return EndSessionDecision::Confirm { redirect: None };
    }
    let wanted = request.post_logout_redirect_uri();
    let redirect = registered(request, client);
    let is_current_person = session
        .is_none_or(|session| session.sub == hint.sub() && hint.sid().is_none_or(|sid| sid == session.sid));
    let is_refused_uri = wanted.is_some() && redirect.is_none();
    if is_current_person && !is_refused_uri {
        EndSessionDecision::LogOut { redirect }
    } else {
        EndSessionDecision::Confirm { redirect }
    }
}

/// Where the request wants to go, with its `state`, if that is an address of the client, letter for letter.
fn registered(request: &EndSessionRequest, client: &Client) -> Option<String> {
    let wanted = request.post_logout_redirect_uri()?;
    let is_own = client.post_logout_redirect_uris.iter().any(|own| own.as_str() == wanted);
    is_own.then(|| with_state(wanted, request.state.as_deref()))
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    state.map_or_else(|| uri.to_owned(), |state| append_query(uri, &[("state", state)]))
}
