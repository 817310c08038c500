//! Owns judging a request parameter by parameter: every check for itself, where the real thing stops at the first.
//!
//! Does not own the checks, which are the same ones, nor words for people.

use super::checks;
use super::request::{ProviderPolicy, UnverifiedAuthorizationRequest};
use crate::client::Client;
use crate::error::ProtocolError;

/// What became of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its name.
    pub name: &'static str,
    /// Whether it was sent with a value.
    pub is_sent: bool,
    /// Why it is refused, if it is.
    pub refusal: Option<ProtocolError>,
}

/// Every parameter that this endpoint knows, in the order in which they are checked.
pub fn judge(
    request: &UnverifiedAuthorizationRequest,
    client: &Client,
    policy: &ProviderPolicy,
) -> Vec<Judged> {
    let params = request.params();
    let of = |name: &'static str, result: Result<(), ProtocolError>| Judged {
        name,
        is_sent: params.get(name).is_some(),
        refusal: result.err(),
    };
    let only = |name: &'static str| match checks::request_object(params) {
        Err(error) if params.contains(name) => Err(error),
        _ => Ok(()),
    };
    vec![
        of("client_id", checks::client(params, client)),
        of("redirect_uri", checks::redirect_uri(params, client).map(drop)),
        of("state", checks::state(params).map(drop)),
        of("response_mode", checks::response_mode(params, client).map(drop)),
        of("request", only("request")),
        of("request_uri", only("request_uri").and_then(|()| checks::pushed(client, request.is_pushed()))),
        of("registration", only("registration")),
        of("response_type", checks::response_type(params).and_then(|()| checks::grant(client))),
        of("scope", checks::scope(params, client, policy).map(drop)),
        of("prompt", checks::prompt(params).map(drop)),
        of("max_age", checks::max_age(params).map(drop)),
        of("code_challenge", checks::pkce(params, client, policy).map(drop)),
        of("nonce", checks::nonce(params).map(drop)),
        of("claims", checks::claims(params).map(drop)),
        of("display", Ok(())),
        of("ui_locales", checks::list(params, "ui_locales").map(drop)),
        of("claims_locales", checks::list(params, "claims_locales").map(drop)),
        of("acr_values", checks::list(params, "acr_values").map(drop)),
        of("login_hint", checks::hint(params, "login_hint").map(drop)),
        of("id_token_hint", checks::hint(params, "id_token_hint").map(drop)),
        of("resource", checks::resources(params, client).map(drop)),
        of("dpop_jkt", checks::dpop_jkt(params).map(drop)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redirect_uri::RedirectUri;

    #[test]
    fn every_fault_is_told_not_only_the_first() {
        let uri = RedirectUri::register("https://rp.example/cb", false).expect("registrable");
        let client = Client::new("metrics", vec![uri]);
        let raw = "client_id=metrics&redirect_uri=https://evil.example&response_type=token&scope=openid&max_age=soon\
                   &request=x.y.z&response_mode=fragment";
        let request = UnverifiedAuthorizationRequest::parse(raw).expect("a query");
        let judged = judge(&request, &client, &ProviderPolicy::default());
        let refused: Vec<&str> =
            judged.iter().filter(|line| line.refusal.is_some()).map(|line| line.name).collect();
        let expected =
            ["redirect_uri", "response_mode", "request", "response_type", "max_age", "code_challenge"];
        assert_eq!(refused, expected);
        assert!(request.verify(&client, &ProviderPolicy::default()).is_err(), "as the real thing says");
    }
}
