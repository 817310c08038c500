//! The `claims` parameter: what is asked for, and what of it is given.

use std::collections::BTreeMap;

use oidc::Scope;
use oidc::claims::request::ClaimsRequest;
use oidc::claims::{ClaimRelease, ClaimSource, is_protocol_claim};

/// Takes the input as the parameter.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(request) = ClaimsRequest::parse(text) else { return };
    // What was read is there, in the place where it was asked for.
    let seen: serde_json::Value = serde_json::from_str(text).expect("what was read is JSON");
    for (section, wishes) in [("userinfo", request.userinfo()), ("id_token", request.id_token())] {
        assert!(wishes.len() <= 64);
        for name in wishes.keys() {
            assert!(seen[section].get(name).is_some(), "{section} {name}");
        }
    }
    // It is kept with the code and comes back the same.
    let kept = serde_json::to_string(&request).expect("JSON");
    assert_eq!(serde_json::from_str::<ClaimsRequest>(&kept).expect("as it was kept"), request);
    let _ = (request.may_be_about("maya"), request.wants_auth_time(), request.essential_acr_values());
    // O-38: a wish reaches no further than the registered scopes, and never names who somebody is.
    let source: ClaimSource = ["sub", "email", "name", "groups", "secret"]
        .map(|name| (name.to_owned(), serde_json::Value::from(format!("{name} of maya"))))
        .into_iter()
        .collect::<BTreeMap<_, _>>();
    let (scope, allowed) =
        (Scope::parse("openid").expect("good"), Scope::parse("openid email").expect("good"));
    let release = ClaimRelease {
        source: &source,
        scope: &scope,
        allowed: &allowed,
        requested: Some(&request),
        custom: &[],
    };
    for (name, value) in release.for_id_token().into_iter().chain(release.for_userinfo()) {
        assert_eq!((name.as_str(), value.as_str()), ("email", Some("email of maya")));
        assert!(!is_protocol_claim(&name));
    }
}
