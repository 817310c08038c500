//! The settings as stored, and their rules.

use super::*;
use crate::domain::{
    connection::{ClaimDestination, Connection},
    text::FieldErrors,
};

fn client() -> OidcConnection {
    OidcConnection {
        client_id: "metrics".into(),
        redirect_uris: vec!["https://rp.example/cb".into()],
        ..OidcConnection::default()
    }
}

fn refused(change: impl FnOnce(&mut OidcConnection)) -> FieldErrors {
    let mut settings = client();
    change(&mut settings);
    Connection::Oidc(Box::new(settings)).checked().expect_err("refused")
}

fn taken(change: impl FnOnce(&mut OidcConnection)) {
    let mut settings = client();
    change(&mut settings);
    Connection::Oidc(Box::new(settings)).checked().expect("taken");
}

#[test]
fn settings_stored_before_there_were_so_many_still_read() {
    let old = r#"{"protocol":"oidc","client_id":"metrics","redirect_uris":["https://rp.example/cb"],
        "post_logout_redirect_uris":[],"refresh_tokens":true,"client_auth":"client_secret_basic",
        "require_pkce":true,"initiate_login_uri":"","id_token_algorithm":"RS256",
        "claims":[{"name":"plan","constant":"gold"}]}"#;
    let Connection::Oidc(read) = serde_json::from_str(old).expect("reads") else { panic!("OIDC") };
    let expected = OidcConnection { claims: read.claims.clone(), ..client() };
    assert_eq!(*read, expected);
    assert_eq!(read.claims[0].destination, ClaimDestination::Both);

    let without = old.replace("\"refresh_tokens\":true", "\"refresh_tokens\":false");
    let Connection::Oidc(read) = serde_json::from_str(&without).expect("reads") else { panic!("OIDC") };
    assert_eq!(read.grant_types, [GrantType::AuthorizationCode]);

    let written = serde_json::to_string(&expected).expect("writes");
    assert_eq!(serde_json::from_str::<OidcConnection>(&written).expect("reads"), expected);
    assert!(!written.contains("refresh_tokens"), "{written}");
}

#[test]
fn grants_fit_each_other_and_the_client() {
    assert!(refused(|c| c.grant_types.clear()).of("grant_types").is_some());
    assert!(refused(|c| c.grant_types = vec![GrantType::RefreshToken]).of("grant_types").is_some());
    taken(|c| c.grant_types = vec![GrantType::ClientCredentials]);
    let error = refused(|c| {
        c.client_auth = ClientAuth::None;
        c.set_grant(GrantType::ClientCredentials, true);
    });
    assert!(error.of("grant_types").is_some());
    taken(|c| c.grant_types = vec![GrantType::DeviceCode, GrantType::RefreshToken]);
    assert!(refused(|c| c.response_modes.clear()).of("response_modes").is_some());
}

#[test]
fn a_client_with_a_key_says_where_it_is_once() {
    const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}"#;
    let keyed = |c: &mut OidcConnection| c.client_auth = ClientAuth::PrivateKeyJwt;
    assert!(refused(keyed).of("jwks").is_some());
    taken(|c| (c.client_auth, c.jwks) = (ClientAuth::PrivateKeyJwt, KEYS.into()));
    taken(|c| {
        (c.client_auth, c.jwks_uri) = (ClientAuth::PrivateKeyJwt, "https://rp.example/jwks".into());
    });
    let both = refused(|c| (c.jwks, c.jwks_uri) = (KEYS.into(), "https://rp.example/jwks".into()));
    assert!(both.of("jwks_uri").is_some());
    assert!(refused(|c| c.jwks_uri = "http://rp.example/jwks".into()).of("jwks_uri").is_some());
    assert!(refused(|c| c.jwks_uri = "file:///etc/passwd".into()).of("jwks_uri").is_some());
}

#[test]
fn addresses_are_held_to_what_they_are_used_for() {
    for bad in [
        "https://app.example/",
        "https://app.example/x",
        "*",
        "null",
        "https://APP.example",
        "http://a.example",
    ] {
        assert!(refused(|c| c.cors_origins = vec![bad.into()]).of("cors_origins").is_some(), "{bad}");
    }
    taken(|c| c.cors_origins = vec!["https://app.example".into(), "http://localhost:5173".into()]);
    for bad in ["not-absolute", "https://api.example/#part", ""] {
        assert!(refused(|c| c.resources = vec![bad.into()]).of("resources").is_some(), "{bad}");
    }
    taken(|c| c.resources = vec!["https://api.example/v1".into(), "urn:example:api".into()]);
    for uri in ["http://rp.example/out", "javascript:alert(1)", "/out"] {
        let set = |c: &mut OidcConnection| c.initiate_login_uri = uri.into();
        assert!(refused(set).of("initiate_login_uri").is_some(), "{uri}");
        let set = |c: &mut OidcConnection| c.frontchannel_logout_uri = uri.into();
        assert!(refused(set).of("frontchannel_logout_uri").is_some(), "{uri}");
        let set = |c: &mut OidcConnection| c.backchannel_logout_uri = uri.into();
        assert!(refused(set).of("backchannel_logout_uri").is_some(), "{uri}");
    }
}

#[test]
fn a_tile_starts_by_https_or_on_this_machine() {
    for uri in ["", "https://rp.example/start?iss=x", "http://localhost:3000/start", "http://127.0.0.1/start"]
    {
        taken(|c| c.initiate_login_uri = uri.into());
    }
}

#[test]
fn o38_no_claim_row_has_a_name_of_the_protocol() {
    use crate::domain::connection::ValueSource;
    let row = |name: &str| vec![ValueMapping::new(name, ValueSource::Constant("x".into()))];
    for name in ["sub", "iss", "aud", "acr", "amr", "nbf", "sid", "azp", "at_hash", "nonce", "cnf", "events"]
    {
        let refused = refused(|c| c.claims = row(name));
        assert!(refused.of("claims").is_some_and(|words| words.contains(name)), "{name}");
    }
    for name in ["plan", "email", "groups", "Sub", "https://app.example/sub"] {
        taken(|c| c.claims = row(name));
    }
}

#[test]
fn scopes_and_lifetimes_have_bounds() {
    assert!(refused(|c| c.scopes = vec!["profile".into()]).of("scopes").is_some());
    assert!(refused(|c| c.scopes.push("two words".into())).of("scopes").is_some());
    taken(|c| c.scopes = vec!["openid".into(), "api:read".into()]);
    for seconds in [0, 9, 86_401] {
        assert!(refused(|c| c.access_token_seconds = seconds).of("access_token_seconds").is_some());
        assert!(refused(|c| c.id_token_seconds = seconds).of("id_token_seconds").is_some());
    }
    assert!(refused(|c| c.refresh_absolute_seconds = 3600).of("refresh_idle_seconds").is_some());
    taken(|c| (c.refresh_idle_seconds, c.refresh_absolute_seconds) = (3600, 3600));
}

/// RFC 9700 §4.14.2: a token that stays is for clients that authenticate, or prove a key.
#[test]
fn o09_a_refresh_token_stays_only_with_a_client_that_proves_something() {
    use ClientAuth::{ClientSecretBasic, ClientSecretPost, PrivateKeyJwt};
    let settings = |client_auth, dpop_bound_access_tokens| {
        move |c: &mut OidcConnection| {
            c.refresh_token_rotation = RefreshTokenRotation::Never;
            (c.client_auth, c.dpop_bound_access_tokens) = (client_auth, dpop_bound_access_tokens);
            c.jwks_uri = "https://rp.example/jwks".into();
        }
    };
    for client_auth in [ClientSecretBasic, ClientSecretPost, PrivateKeyJwt] {
        taken(settings(client_auth, false));
        taken(settings(client_auth, true));
    }
    taken(settings(ClientAuth::None, true));
    let error = refused(settings(ClientAuth::None, false));
    assert!(error.of("refresh_token_rotation").is_some_and(|said| said.contains("secret or key")), "{error}");
    taken(|c| c.client_auth = ClientAuth::None);

    let mut kept = client();
    assert!(kept.rotates_refresh_tokens(), "the default");
    settings(ClientSecretBasic, false)(&mut kept);
    assert!(!kept.rotates_refresh_tokens());
    kept.client_auth = ClientAuth::None;
    assert!(kept.rotates_refresh_tokens(), "whatever is stored");
}

#[test]
fn a_pairwise_client_has_one_sector() {
    taken(|c| c.subject_type = SubjectType::Pairwise);
    let several = |c: &mut OidcConnection| {
        c.subject_type = SubjectType::Pairwise;
        c.redirect_uris.push("https://other.example/cb".into());
    };
    assert!(refused(several).of("sector_identifier_uri").is_some());
    taken(|c| {
        several(c);
        c.sector_identifier_uri = "https://rp.example/sector.json".into();
        assert_eq!(c.sector().as_deref(), Some("rp.example"));
    });
}

#[test]
fn o35_a_client_id_is_never_a_persons_id() {
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert!(refused(|c| c.client_id = id.into()).of("client_id").is_some());
    assert!(refused(|c| c.client_id = id.to_lowercase()).of("client_id").is_some(), "in small letters");
    taken(|c| c.client_id = format!("app-{id}"));
    taken(|c| c.client_id = "ABCDEFGHJKMNPQRSTVWX".into());
}

#[test]
fn o32_an_origin_is_whole() {
    for text in ["https://spa.example", "http://localhost:5173"] {
        assert!(is_origin(text), "{text}");
    }
    for text in [
        "http",
        "https://",
        "https://spa.example/",
        "https://spa.example:443",
        "HTTPS://spa.example",
        "null",
        "",
    ] {
        assert!(!is_origin(text), "{text}");
    }
}

/// Front-Channel Logout 1.0 §2: scheme, host and port of the frame are those of a redirect address. A client that was taken before
/// stands until it is changed.
#[test]
fn a_frame_is_of_the_app_s_own_origin() {
    let client = |frame: &str| {
        Connection::Oidc(Box::new(OidcConnection {
            client_id: "metrics".into(),
            redirect_uris: vec!["https://a.example:8443/cb".into(), "https://b.example/cb".into()],
            frontchannel_logout_uri: frame.into(),
            ..OidcConnection::default()
        }))
    };
    let refused = |frame: &str, before: Option<&Connection>| {
        let found = client(frame).checked_over(before);
        found.is_err_and(|errors| errors.of("frontchannel_logout_uri").is_some())
    };
    for own in ["", "https://a.example:8443/out?x=1", "https://b.example:443/"] {
        assert!(!refused(own, None), "{own}");
    }
    for other in ["https://a.example/out", "https://c.example/out", "http://localhost:8443/out"] {
        assert!(refused(other, None), "{other}");
        assert!(!refused(other, Some(&client(other))), "{other}, taken before");
        assert!(refused(other, Some(&client("https://a.example:8443/out"))), "{other}, a change");
    }
}
