//! Properties: parsers never panic and round-trip; one changed bit spoils every token.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oidc::SigningAlgorithm;
use oidc::authorization::request::{ProviderPolicy, UnverifiedAuthorizationRequest};
use oidc::claims::request::ClaimsRequest;
use oidc::end_session::EndSessionRequest;
use oidc::id_token::hint::{HintExpiry, verify_hint};
use oidc::id_token::{self, IdTokenClaims};
use oidc::jwks::JwkSet;
use oidc::params::Params;
use oidc::redirect_uri::{check_registration, matches};
use oidc::token::client_auth;
use oidc::token::client_secret::ClientSecret;
use oidc::token::request;
use oidc::token_value::{AccessToken, AuthorizationCode, RefreshToken};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::support::{CALLBACK, CountingRng, ISSUER, client, key_set, signer, uri};

fn form_encode(pairs: impl IntoIterator<Item = (String, String)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// One token an algorithm, signed once.
fn tokens() -> &'static (Vec<String>, JwkSet) {
    static TOKENS: OnceLock<(Vec<String>, JwkSet)> = OnceLock::new();
    TOKENS.get_or_init(|| {
        let claims = IdTokenClaims {
            iss: ISSUER.to_owned(),
            sub: "maya".to_owned(),
            aud: "metrics".to_owned(),
            ..IdTokenClaims::default()
        };
        let issue = |algorithm| id_token::issue(&claims, signer(algorithm)).expect("signs");
        (SigningAlgorithm::ALL.map(issue).to_vec(), key_set())
    })
}

fn hint_holds(token: &str) -> bool {
    verify_hint(token, ISSUER, None, &tokens().1, HintExpiry::Tolerated).is_ok()
}

/// `text` with one bit flipped, if that is still text.
fn flipped(text: &str, bit: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    String::from_utf8(bytes).ok()
}

proptest! {
    #[test]
    fn params_round_trip(pairs in btree_map("[^\u{0}]{1,12}", "[^\u{0}]{1,24}", 0..20)) {
        let params = Params::parse(&form_encode(pairs.clone())).expect("well-formed");
        prop_assert_eq!(params.len(), pairs.len());
        for (name, value) in &pairs {
            prop_assert_eq!(params.get(name), Some(value.as_str()));
        }
    }

    #[test]
    fn params_refuse_every_repetition(name in "[a-z_]{1,8}", values in vec("[a-z]{0,4}", 2..5)) {
        let raw = form_encode(values.into_iter().map(|value| (name.clone(), value)));
        prop_assert!(Params::parse(&raw).is_err());
    }

    #[test]
    fn no_parser_panics(raw in "\\PC{0,200}|[a-z_=&%+0-9.:/?#@\\[\\]-]{0,200}") {
        let _ = Params::parse(&raw).map(|params| client_auth::parse(Some(&raw), &params).is_ok());
        let _ = request::parse(&raw);
        let _ = EndSessionRequest::parse(&raw);
        let _ = ClaimsRequest::parse(&raw);
        let _ = check_registration(&raw, true);
        let _ = oidc::userinfo::access_token(Some(&raw), Some(&raw), Some(&raw));
        prop_assert!(!hint_holds(&raw));
        let request = UnverifiedAuthorizationRequest::parse(&raw);
        prop_assert!(request.map_or(true, |request| request.verify(&client(), &ProviderPolicy::default()).is_err()));
    }

    #[test]
    fn a_redirect_uri_matches_itself_only(presented in "(https?://)?[a-z.:@/\\\\%0-9?#-]{0,40}", bit in any::<usize>()) {
        let registered = [uri(CALLBACK)];
        prop_assert_eq!(matches(&registered, &presented, true).is_some(), presented == CALLBACK);
        if let Some(near) = flipped(CALLBACK, bit) {
            prop_assert!(matches(&registered, &near, true).is_none());
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_is_free(port in 1_u16.., other in "[a-z0-9:@./-]{1,10}") {
        let registered = [uri("http://127.0.0.1/cb")];
        let presented = format!("http://127.0.0.1:{port}/cb");
        prop_assert!(matches(&registered, &presented, true).is_some());
        prop_assert!(matches(&registered, &presented, false).is_none());
        prop_assert!(matches(&registered, &[presented.as_str(), &other].concat(), true).is_none());
    }

    #[test]
    fn what_can_be_registered_is_what_a_browser_goes_to(text in "https://[a-z0-9.%@:\\[\\]-]{1,20}(/[a-z.%2e/]{0,12})?") {
        if check_registration(&text, false).is_ok() {
            let url = url::Url::parse(&text).expect("parses");
            let slash = if text.matches('/').count() == 2 { "/" } else { "" };
            let spelled = format!("{text}{slash}").replace(":443/", "/");
            prop_assert_eq!(url.as_str(), spelled.as_str());
        }
    }

    #[test]
    fn basic_credentials_round_trip(id in "[^\u{0}]{1,20}", secret in "[^\u{0}]{1,20}") {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let header = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(&id), encode(&secret))));
        let presented = client_auth::parse(Some(&header), &Params::default()).expect("well-formed");
        prop_assert_eq!(presented.client_id(), id.as_str());
        prop_assert_eq!(presented.secret().map(ClientSecret::expose), Some(secret.as_str()));
    }

    #[test]
    fn a_changed_opaque_token_has_no_hash_in_common(seed in any::<u8>(), bit in any::<usize>(), end in "[A-Za-z0-9_.=-]{1,5}") {
        let token = RefreshToken::generate(&mut CountingRng(seed));
        let text = token.expose();
        prop_assert!(AuthorizationCode::parse(text).is_err() && AccessToken::parse(text).is_err());
        prop_assert!(RefreshToken::parse(&[text, &end].concat()).is_err());
        prop_assert!(RefreshToken::parse(&[&end, text].concat()).is_err());
        if let Some(changed) = flipped(text, bit) {
            let parsed = RefreshToken::parse(&changed);
            prop_assert!(parsed.map_or(true, |parsed| parsed.hash() != token.hash()));
        }
    }

    #[test]
    fn a_changed_jwt_is_refused(which in 0_usize..3, bit in any::<usize>(), cut in any::<usize>(), end in "[A-Za-z0-9_.=-]{1,5}") {
        let token = &tokens().0[which];
        prop_assert!(hint_holds(token), "the valid twin");
        if let Some(changed) = flipped(token, bit) {
            prop_assert!(!hint_holds(&changed), "{}", changed);
        }
        prop_assert!(!hint_holds(&token[..cut % token.len()]));
        prop_assert!(!hint_holds(&[token.as_str(), &end].concat()) && !hint_holds(&[&end, token.as_str()].concat()));
    }
}
