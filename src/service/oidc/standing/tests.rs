use super::*;
use ::oidc::claims::request::ClaimsRequest;

const ONE: &str = "https://one.example/";
const TWO: &str = "https://two.example/";

fn client(trusted: bool, scopes: &str, resources: &[&str]) -> Client {
    let mut client = Client::new("metrics".to_owned(), Vec::new());
    client.trusted = trusted;
    client.scopes = scope(scopes);
    client.resources = owned(resources);
    client
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("a scope")
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn grant(scopes: &str, resources: &[&str], offline: bool) -> GrantDetails {
    GrantDetails {
        scope: scope(scopes),
        nonce: None,
        claims: None,
        max_age: None,
        resources: owned(resources),
        dpop_jkt: None,
        acr: None,
        offline,
        began_by: Some(GrantType::AuthorizationCode),
        client_ip: String::new(),
        user_agent: String::new(),
    }
}

fn consent(scopes: &str, claims: &[&str], resources: &[&str]) -> Released {
    Released {
        scopes: scopes.split(' ').map(str::to_owned).collect(),
        claims: owned(claims).into_iter().collect(),
        resources: owned(resources).into_iter().collect(),
    }
}

/// What is left: scope, offline.
fn left(
    details: &GrantDetails,
    client: &Client,
    allowed: Option<&Released>,
) -> Result<(String, bool), Lapse> {
    narrowed(details.clone(), client, allowed).map(|(left, _)| (left.scope.to_string(), left.offline))
}

#[test]
fn o10_a_grant_shrinks_with_the_registration() {
    let details = grant("openid email offline_access", &[], true);
    let all = client(true, "openid email offline_access", &[]);
    assert_eq!(left(&details, &all, None), Ok(("openid email offline_access".into(), true)));
    let fewer = |scopes| left(&details, &client(true, scopes, &[]), None);
    assert_eq!(fewer("openid offline_access groups"), Ok(("openid offline_access".into(), true)));
    assert_eq!(fewer("openid email"), Ok(("openid email".into(), false)));
    assert_eq!(fewer("email offline_access"), Err(Lapse::Scope), "without openid it is no sign-in");
    assert_eq!(fewer("read"), Err(Lapse::Scope));
    let unasked = grant("openid", &[], true);
    assert_eq!(left(&unasked, &client(true, "openid", &[]), None), Ok(("openid".into(), true)));
    let mut device_only = client(true, "openid email", &[]);
    device_only.grant_types = vec![GrantType::DeviceCode];
    assert_eq!(left(&details, &device_only, None), Err(Lapse::Grant));
    let mut old = details;
    old.began_by = None;
    assert!(left(&old, &device_only, None).is_ok(), "nobody knows how it began");
}

#[test]
fn o10_a_grant_of_a_third_party_reaches_as_far_as_its_consent() {
    let details = grant("openid email offline_access", &[ONE, TWO], true);
    let theirs = client(false, "openid email offline_access", &[ONE, TWO]);
    let all = consent("openid email offline_access", &[], &[ONE, TWO]);
    assert_eq!(left(&details, &theirs, Some(&all)), Ok(("openid email offline_access".into(), true)));
    let less = consent("openid", &[], &[TWO]);
    let (narrow, gone) = narrowed(details.clone(), &theirs, Some(&less)).expect("holds");
    assert_eq!((narrow.scope.to_string().as_str(), narrow.offline, gone), ("openid", false, false));
    assert_eq!(narrow.resources, [TWO]);
    let other = consent("email", &[], &[]);
    assert_eq!(left(&details, &theirs, Some(&other)), Err(Lapse::Consent));
    // Marked third-party after a sign-on that asked nobody about offline access.
    let unasked = grant("openid", &[], true);
    assert_eq!(left(&unasked, &theirs, Some(&all)), Ok(("openid".into(), false)));
}

#[test]
fn o39_single_claims_that_nobody_allowed_are_left_out() {
    let asked = r#"{"id_token": {"email": null, "phone_number": null}, "userinfo": {"name": null}}"#;
    let mut details = grant("openid profile", &[], false);
    details.claims = Some(ClaimsRequest::parse(asked).expect("claims"));
    let theirs = client(false, "openid profile email phone", &[]);
    let allowed = consent("openid profile", &["email"], &[]);
    let (narrow, _) = narrowed(details, &theirs, Some(&allowed)).expect("holds");
    let claims = narrow.claims.expect("claims");
    assert_eq!(claims.id_token().keys().collect::<Vec<_>>(), ["email"]);
    assert_eq!(claims.userinfo().keys().collect::<Vec<_>>(), ["name"], "in the scope profile");
}

/// The code of the refusal, or the resources.
fn ask(client: &Client, requested: &[&str], granted: &[&str]) -> Result<Vec<String>, ErrorCode> {
    let (details, gone) = narrowed(grant("openid", granted, false), client, None).expect("holds");
    audience(client, &owned(requested), &details.resources, gone).map_err(|error| error.code())
}

#[test]
fn o36_a_third_party_client_gets_no_resource_that_nobody_was_asked_about() {
    let (ours, theirs) = (client(true, "openid", &[ONE, TWO]), client(false, "openid", &[ONE, TWO]));
    assert_eq!(ask(&ours, &[ONE], &[]), Ok(owned(&[ONE])), "the company chose it for everybody");
    assert_eq!(ask(&theirs, &[ONE], &[]), Err(ErrorCode::InvalidTarget));
    for client in [&ours, &theirs] {
        assert_eq!(ask(client, &[], &[]), Ok(Vec::new()));
        assert_eq!(ask(client, &[ONE], &[ONE, TWO]), Ok(owned(&[ONE])));
        assert_eq!(ask(client, &[TWO], &[ONE]), Err(ErrorCode::InvalidTarget), "granted without it");
    }
}

#[test]
fn o36_a_token_for_a_resource_that_went_does_not_become_one_for_the_issuer() {
    let one_left = client(true, "openid", &[TWO]);
    assert_eq!(ask(&one_left, &[], &[ONE, TWO]), Ok(owned(&[TWO])));
    assert_eq!(ask(&one_left, &[ONE], &[ONE, TWO]), Err(ErrorCode::InvalidTarget));
    assert_eq!(ask(&one_left, &[], &[ONE]), Err(ErrorCode::InvalidTarget));
    assert_eq!(ask(&one_left, &[TWO], &[ONE]), Err(ErrorCode::InvalidTarget), "nor one for another resource");
}
