//! Which claims a client gets, and in which JSON types.

use oidc::Scope;
use oidc::claims::request::ClaimsRequest;
use oidc::claims::{ClaimRelease, ClaimSource, CustomClaim};
use oidc::userinfo;
use serde_json::{Value, json};

fn source() -> ClaimSource {
    let Value::Object(members) = json!({
        "name": "Maya Okafor", "given_name": "Maya", "middle_name": "", "nickname": null,
        "email": "maya@fernhill.example", "email_verified": "true", "phone_number": "+1",
        "updated_at": "2026-11-22T00:00:00Z", "address": "1 High Street", "groups": "Growth",
        "department": "Growth", "sub": "forged",
    }) else {
        unreachable!("an object")
    };
    members.into_iter().collect()
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("good")
}

fn custom(name: &str, value: Value) -> CustomClaim {
    CustomClaim { name: name.to_owned(), value, in_id_token: true, in_userinfo: true }
}

fn userinfo_json(granted: &str, allowed: &str, claims: Option<&str>, custom: &[CustomClaim]) -> Value {
    let requested = claims.map(|text| ClaimsRequest::parse(text).expect("good"));
    let release = ClaimRelease {
        source: &source(),
        scope: &scope(granted),
        allowed: &scope(allowed),
        requested: requested.as_ref(),
        custom,
    };
    Value::Object(userinfo::response("maya", &release))
}

#[test]
fn scopes_give_their_claims_in_their_types() {
    assert_eq!(userinfo_json("openid", "openid profile", None, &[]), json!({ "sub": "maya" }));
    let all = "openid profile email address phone groups";
    assert_eq!(
        userinfo_json(all, all, None, &[]),
        json!({
            "sub": "maya", "name": "Maya Okafor", "given_name": "Maya",
            "email": "maya@fernhill.example", "email_verified": true, "phone_number": "+1",
            "updated_at": 1_795_305_600, "address": { "formatted": "1 High Street" }, "groups": ["Growth"],
        })
    );
}

#[test]
fn o_38_the_claims_parameter_reaches_no_further_than_the_registered_scopes() {
    let wish =
        r#"{"userinfo":{"name":{"essential":true},"email":null,"department":null,"sub":{"value":"x"}}}"#;
    let got = userinfo_json("openid", "openid profile", Some(wish), &[]);
    assert_eq!(got, json!({ "sub": "maya", "name": "Maya Okafor" }));
}

#[test]
fn custom_claims_cannot_take_the_place_of_protocol_claims() {
    let own =
        [custom("department", json!("Growth")), custom("sub", json!("root")), custom("groups", json!("a"))];
    let got = userinfo_json("openid", "openid", None, &own);
    assert_eq!(got, json!({ "sub": "maya", "department": "Growth", "groups": ["a"] }));
}

#[test]
fn the_id_token_holds_only_what_was_asked_for_by_name_or_mapped() {
    let wish = ClaimsRequest::parse(
        r#"{"id_token":{"email":null,"sub":{"value":"maya"},"auth_time":{"essential":true}}}"#,
    );
    let wish = wish.expect("good");
    let own = [custom("groups", json!([])), CustomClaim { in_id_token: false, ..custom("x", json!(1)) }];
    let all = scope("openid profile email");
    let release =
        ClaimRelease { source: &source(), scope: &all, allowed: &all, requested: Some(&wish), custom: &own };
    assert_eq!(
        Value::Object(release.for_id_token()),
        json!({ "email": "maya@fernhill.example", "groups": [] })
    );
    assert!(wish.may_be_about("maya") && !wish.may_be_about("noor"));
    let one_of = ClaimsRequest::parse(r#"{"id_token":{"sub":{"values":["maya","ines"]}}}"#).expect("good");
    assert!(one_of.may_be_about("ines") && !one_of.may_be_about("noor"), "§5.5.1: one of several");
    assert!(ClaimsRequest::parse(r#"{"id_token":{"sub":null}}"#).expect("good").may_be_about("noor"));
    assert!(
        ClaimsRequest::parse(r#"{"id_token":{},"id_token":{"sub":null}}"#).is_err(),
        "two readers, two meanings"
    );
    assert!(wish.wants_auth_time());
    let plain = ClaimRelease { requested: None, custom: &[], ..release };
    assert!(plain.for_id_token().is_empty(), "nothing that was not asked for");
}

#[test]
fn malformed_claims_parameters_are_refused() {
    let many: Vec<String> = (0..65).map(|n| format!(r#""c{n}":null"#)).collect();
    let many = format!(r#"{{"userinfo":{{{}}}}}"#, many.join(","));
    let deep = format!(r#"{{"userinfo":{{"a":{{"value":{}{}}}}}}}"#, "[".repeat(90), "]".repeat(90));
    let deeper = "[".repeat(4000);
    let long = format!(r#"{{"userinfo":{{"a":{{"value":"{}"}}}}}}"#, "x".repeat(9000));
    for bad in [
        "",
        "x",
        "[]",
        "1",
        r#"{"userinfo":[]}"#,
        r#"{"userinfo":{"name":1}}"#,
        r#"{"userinfo":{"name":[true]}}"#,
        "[null,{}]",
        r#"{"id_token":{"acr":{"essential":"yes"}}}"#,
        &many,
        &deep,
        &deeper,
        &long,
    ] {
        assert!(ClaimsRequest::parse(bad).is_err(), "{bad:.60}");
    }
    for good in ["{}", r#"{"userinfo":null}"#, r#"{"x":1,"userinfo":{"a":{"value":"1","purpose":"x"}}}"#] {
        assert!(ClaimsRequest::parse(good).is_ok(), "{good}");
    }
    let acr = ClaimsRequest::parse(r#"{"id_token":{"acr":{"essential":true,"values":["2","3"]}}}"#);
    assert_eq!(acr.expect("good").essential_acr_values(), ["2", "3"]);
    let wish = ClaimsRequest::parse(r#"{"id_token":{"acr":{"values":["2"]}}}"#);
    assert!(wish.expect("good").essential_acr_values().is_empty(), "a wish is no demand");
}
