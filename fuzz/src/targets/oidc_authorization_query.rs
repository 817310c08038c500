//! Authorization requests, from the raw query to where the answer goes; and logout requests.

use std::sync::OnceLock;

use oidc::authorization::request::{
    AuthorizationRefusal, ProviderPolicy, ResponseMode, UnverifiedAuthorizationRequest,
    VerifiedAuthorizationRequest,
};
use oidc::authorization::response::{self, AuthorizationResponse};
use oidc::end_session::EndSessionRequest;
use oidc::params::Params;
use oidc::token_value::AuthorizationCode;
use oidc::{Client, RedirectUri};
use url::form_urlencoded;

use crate::fixture::{CountingRng, ISSUER};

const WEB: &str = "https://metrics.example/callback?tenant=1";
const LOOPBACK: &str = "http://127.0.0.1/cb";

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let uris = [WEB, LOOPBACK].map(|uri| RedirectUri::register(uri, true).expect("a good address"));
        let mut client = Client::new("metrics", uris.to_vec());
        (client.native, client.require_pkce) = (true, false);
        client
    })
}

/// Takes the input as a raw query.
pub fn run(data: &[u8]) {
    let Ok(raw) = std::str::from_utf8(data) else { return };
    if let Ok(params) = Params::parse(raw) {
        check_params(raw, &params);
    }
    // Only that it ends: all of it is optional, and none of it is acted upon before it is compared.
    let _ = EndSessionRequest::parse(raw);
    let Ok(request) = UnverifiedAuthorizationRequest::parse(raw) else { return };
    match request.verify(client(), &ProviderPolicy::default()) {
        Ok(verified) => check_verified(&verified),
        Err(AuthorizationRefusal::Page { .. }) => {}
        Err(refusal) => {
            let AuthorizationRefusal::Redirect { redirect_uri, response_mode, state, .. } = &refusal else {
                return;
            };
            check_redirect_uri(redirect_uri.as_str());
            let response = response::refusal(&refusal, ISSUER).expect("it is redirected");
            check_response(&response, redirect_uri.as_str(), *response_mode, state.as_deref());
        }
    }
}

/// Another parser has found the same.
pub(super) fn check_params(raw: &str, params: &Params) {
    let pairs: Vec<_> = form_urlencoded::parse(raw.as_bytes()).collect();
    assert_eq!(params.len(), pairs.len());
    for (name, value) in &pairs {
        assert!(params.contains(name), "{name:?} is lost");
        // RFC 8707 §2: a resource may be named again and again, in order.
        let all: Vec<_> = pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value).collect();
        if all.len() == 1 {
            assert_eq!(params.get(name).unwrap_or_default(), value);
        } else {
            assert_eq!(name, "resource");
            let given: Vec<_> = all.into_iter().filter(|value| !value.is_empty()).collect();
            assert_eq!(params.all(name), given);
        }
    }
}

fn check_redirect_uri(uri: &str) {
    let port = uri.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.strip_suffix("/cb"));
    let free =
        port.is_some_and(|port| port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit()));
    assert!(uri == WEB || uri == LOOPBACK || free, "not registered: {uri}");
}

fn check_verified(verified: &VerifiedAuthorizationRequest) {
    assert_eq!(verified.client_id(), "metrics");
    check_redirect_uri(verified.redirect_uri().as_str());
    assert!(verified.scope().contains("openid") && verified.scope().is_subset_of(&client().scopes));
    let echoed = [verified.state(), verified.nonce()];
    assert!(echoed.into_iter().flatten().all(|text| text.len() <= 2048 && !text.contains(char::is_control)));
    let kept = serde_json::to_string(verified).expect("a request is kept");
    let back: VerifiedAuthorizationRequest = serde_json::from_str(&kept).expect("what was kept is read");
    assert!(&back == verified, "it changed while it was kept");
    let code = AuthorizationCode::generate(&mut CountingRng(7));
    let response = response::success(verified, &code, ISSUER);
    check_response(&response, verified.redirect_uri().as_str(), verified.response_mode(), verified.state());
}

/// The answer goes where it was registered, and the client reads out of it what it put into the request.
fn check_response(response: &AuthorizationResponse, uri: &str, mode: ResponseMode, state: Option<&str>) {
    let fields: Vec<(String, String)> = match response {
        AuthorizationResponse::Redirect { location } => {
            assert_eq!(mode, ResponseMode::Query);
            let added = location.strip_prefix(uri).expect("the address comes first, unchanged");
            assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "not a header value: {location}");
            form_urlencoded::parse(&added.as_bytes()[1..]).into_owned().collect()
        }
        AuthorizationResponse::FormPost { action, fields } => {
            assert_eq!((mode, action.as_str()), (ResponseMode::FormPost, uri));
            fields.clone()
        }
    };
    let one = |wanted: &str| {
        let mut found = fields.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let value = found.next();
        assert_eq!(found.next(), None, "{wanted} twice");
        value
    };
    assert_eq!(one("state"), state);
    assert_eq!(one("iss"), Some(ISSUER));
    assert_ne!(one("code").is_some(), one("error").is_some());
}
