//! The body of a token request: parameters, grant, and the client that presents itself.

use oidc::ClientAuthMethod;
use oidc::params::Params;
use oidc::token::client_auth;
use oidc::token::request::TokenRequest;

/// Takes the input as a raw body.
pub fn run(data: &[u8]) {
    let Ok(raw) = std::str::from_utf8(data) else { return };
    let Ok(params) = Params::parse(raw) else { return };
    super::oidc_authorization_query::check_params(raw, &params);
    if let Ok(client) = client_auth::parse(None, &params) {
        match client.assertion() {
            None => assert_eq!(Some(client.client_id()), params.get("client_id")),
            Some(_) => assert!(params.get("client_id").is_none_or(|named| named == client.client_id())),
        }
        assert_eq!(client.secret().map(|secret| secret.expose()), params.get("client_secret"));
        let proves_by_nothing = client.secret().is_none() && client.assertion().is_none();
        assert_eq!(client.method() == ClientAuthMethod::None, proves_by_nothing);
        assert_eq!(client.assertion().is_some(), params.contains("client_assertion"));
        let printed = format!("{client:?}");
        let is_secret = |secret: &str| secret.len() > 20 && !client.client_id().contains(secret);
        let secret = client.secret().map(|secret| secret.expose()).filter(|secret| is_secret(secret));
        assert!(!secret.is_some_and(|secret| printed.contains(secret)), "a secret is printed");
    }
    // A header together with credentials in the body is one method too many.
    let both = client_auth::parse(Some("Basic bWV0cmljczpz"), &params);
    assert!(both.is_err() || !(params.contains("client_secret") || params.contains("client_assertion")));
    match TokenRequest::from_params(&params) {
        Ok(TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier, resources }) => {
            assert_eq!(resources, params.all("resource"));
            assert_eq!(params.get("grant_type"), Some("authorization_code"));
            assert_eq!(Some(code.expose()), params.get("code"));
            assert_eq!(redirect_uri.as_deref(), params.get("redirect_uri"));
            assert_eq!(code_verifier.is_some(), params.get("code_verifier").is_some());
        }
        Ok(TokenRequest::RefreshToken { refresh_token, scope, resources }) => {
            assert_eq!(resources, params.all("resource"));
            assert_eq!(params.get("grant_type"), Some("refresh_token"));
            assert_eq!(Some(refresh_token.expose()), params.get("refresh_token"));
            assert_eq!(scope.is_some(), params.get("scope").is_some());
        }
        Ok(TokenRequest::ClientCredentials { scope, resources }) => {
            assert_eq!(params.get("grant_type"), Some("client_credentials"));
            assert_eq!(scope.is_some(), params.get("scope").is_some());
            assert_eq!(resources, params.all("resource"));
        }
        Ok(TokenRequest::DeviceCode { device_code, resources }) => {
            assert_eq!(Some(device_code.expose()), params.get("device_code"));
            assert_eq!(resources, params.all("resource"));
        }
        Ok(other) => panic!("a grant without a check here: {other:?}"),
        Err(_) => {}
    }
}
