//! Addresses, instants and RelayState: what binds a request to its sender and to us.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use saml::binding::RelayState;
use saml::{
    AssertionConsumerService, Binding, ServiceProvider, SignatureAlgorithm, StatusCode,
    UnverifiedAuthnRequest, VerifiedAuthnRequest,
};

use crate::support::*;
use crate::{both, both_to, told};

#[test]
fn both_bindings_carry_the_same_request() {
    let xml = Request::default().with("Version=", "ForceAuthn=\"1\" IsPassive=\"false\" Version=").xml();
    let posted = post(&xml).expect("good");
    let redirected = redirect(&format!("{}&RelayState=state", query(&xml))).expect("good");
    assert_eq!((posted.binding(), redirected.binding()), (Binding::HttpPost, Binding::HttpRedirect));
    for verified in [posted, redirected] {
        assert_eq!((verified.id(), verified.acs_url()), ("_r1", ACS));
        assert_eq!(verified.relay_state().map(RelayState::as_str), Some("state"));
        assert!(verified.force_authn() && !verified.is_passive() && !verified.is_signed());
        let kept = serde_json::to_string(&verified).expect("it can be kept");
        assert_eq!(serde_json::from_str::<VerifiedAuthnRequest>(&kept).ok(), Some(verified));
    }
}

#[test]
fn s_19_the_address_is_compared_byte_for_byte() {
    assert_eq!(outcome(&both(&Request::default().xml())), "accepted");
    for hostile in [
        "https://evil.example/acs",
        "https://sp.example.evil/acs",
        "https://sp.example@evil.example/acs",
        "https://sp.example/acs/..;/x",
        "https://sp.example/%2e%2e/acs",
        "https://SP.example/acs",
        "HTTPS://sp.example/acs",
        "https://sp.example./acs",
        "https://sp.example:443/acs",
        "https://sp.example/acs/",
        "https://sp.example/acs?x=1",
        "https://sp.example\\acs",
        "https://sp.example/acs&#9;",
        "https://sp.example/acs&#10;",
        "https://sp.exämple/acs",
        "javascript:alert(1)",
        "",
    ] {
        let result = both(&Request::default().with(ACS, hostile).xml());
        assert_eq!(outcome(&result), "assertion_consumer_service", "{hostile}");
        let refusal = result.expect_err("refused");
        assert!(refusal.reply_to.is_none());
        assert!(refusal.error.detail().contains(ACS), "the administrator sees what is on the list");
    }
}

#[test]
fn s_20_endpoints_by_index_and_default() {
    let service =
        |url: &str, index, is_default| AssertionConsumerService { url: url.to_owned(), index, is_default };
    let several = ServiceProvider {
        assertion_consumer_services: vec![
            service("https://sp.example/7", 7, false),
            service("https://sp.example/3", 3, false),
        ],
        ..sp()
    };
    let url = format!("AssertionConsumerServiceURL=\"{ACS}\"");
    let ask = |attribute: &str| both_to(&Request::default().with(&url, attribute).xml(), &several);
    assert_eq!(ask("").expect("default").acs_url(), "https://sp.example/3", "the lowest index");
    assert_eq!(
        ask("AssertionConsumerServiceIndex=\"7\"").expect("by index").acs_url(),
        "https://sp.example/7"
    );
    for index in ["0", "-1", "65536", "99999999999999999999", "x", "", "7.0"] {
        assert_eq!(
            outcome(&ask(&format!("AssertionConsumerServiceIndex=\"{index}\""))),
            "assertion_consumer_service",
            "{index}"
        );
    }
    let both = "AssertionConsumerServiceURL=\"https://sp.example/7\" AssertionConsumerServiceIndex=\"7\"";
    assert_eq!(outcome(&ask(both)), "assertion_consumer_service");
    let mut marked = several.clone();
    marked.assertion_consumer_services[0].is_default = true;
    let default = both_to(&Request::default().with(&url, "").xml(), &marked).expect("default");
    assert_eq!(default.acs_url(), "https://sp.example/7");
    let none = ServiceProvider { assertion_consumer_services: Vec::new(), ..sp() };
    assert_eq!(
        outcome(&both_to(&Request::default().with(&url, "").xml(), &none)),
        "assertion_consumer_service"
    );
}

#[test]
fn s_21_only_http_post_for_the_response() {
    let ask = |binding: &str| {
        both(&Request::default().with("Version=", &format!("ProtocolBinding=\"{binding}\" Version=")).xml())
    };
    assert_eq!(outcome(&ask("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")), "accepted");
    for other in ["HTTP-Redirect", "PAOS", "HTTP-Artifact", "SOAP"] {
        let result = ask(&format!("urn:oasis:names:tc:SAML:2.0:bindings:{other}"));
        assert_eq!((outcome(&result), told(&result)), ("protocol_binding", Some("UnsupportedBinding")));
    }
}

#[test]
fn s_25_relay_state_limits() {
    let strict = ServiceProvider { strict_relay_state: true, ..sp() };
    let ask = |length: usize, sp: &ServiceProvider| {
        redirect_to(&format!("{}&RelayState={}", query(&Request::default().xml()), "x".repeat(length)), sp)
    };
    assert_eq!(outcome(&ask(80, &strict)), "accepted");
    let refused = ask(81, &strict);
    assert_eq!((outcome(&refused), told(&refused)), ("relay_state", Some("RequestDenied")));
    let target = refused.expect_err("refused").reply_to.expect("the SP is told");
    assert_eq!(target.relay_state(), None, "what was refused is not echoed");
    assert_eq!(outcome(&ask(81, &sp())), "accepted");
    assert_eq!(outcome(&ask(2048, &sp())), "accepted");
    assert_eq!((outcome(&ask(2049, &sp())), told(&ask(2049, &sp()))), ("relay_state", None));
    let state = |raw: &str| redirect(&format!("{}&RelayState={raw}", query(&Request::default().xml())));
    assert_eq!(outcome(&state("%0d%0aSet-Cookie:x")), "relay_state");
    assert_eq!(outcome(&state("%00")), "relay_state");
    assert_eq!(outcome(&state("%ff%fe")), "encoding");
    assert_eq!(
        state("%3Cb%3E%22+%26").expect("markup is only text").relay_state().map(RelayState::as_str),
        Some("<b>\" &")
    );
}

#[test]
fn s_26_issue_instant_within_age_and_skew() {
    let at = |offset: TimeDelta| {
        let instant = (now() + offset).format("%FT%TZ").to_string();
        both(&Request::default().with("2026-03-04T05:06:00Z", &instant).xml())
    };
    for good in [TimeDelta::minutes(5), TimeDelta::zero(), -TimeDelta::minutes(10)] {
        assert_eq!(outcome(&at(good)), "accepted", "{good}");
    }
    for bad in
        [TimeDelta::seconds(301), -TimeDelta::seconds(601), TimeDelta::days(3650), -TimeDelta::days(3650)]
    {
        assert_eq!((outcome(&at(bad)), told(&at(bad))), ("issue_instant", Some("RequestDenied")), "{bad}");
    }
    for nonsense in ["yesterday", "", "2026-02-30T00:00:00Z", "99999999-01-01T00:00:00Z"] {
        assert_eq!(
            outcome(&both(&Request::default().with("2026-03-04T05:06:00Z", nonsense).xml())),
            "message"
        );
    }
}

#[test]
fn s_27_destination() {
    let destination = format!("Destination=\"{SSO}\"");
    let ask = |attribute: &str| Request::default().with(&destination, attribute).xml();
    let signed = |xml: &str| redirect(&sign_query(&query(xml), SignatureAlgorithm::RsaSha256, sp_rsa()));
    assert_eq!(outcome(&both(&ask(&destination))), "accepted");
    assert_eq!(outcome(&signed(&ask(&destination))), "accepted");
    assert_eq!(outcome(&both(&ask(""))), "accepted", "unsigned, it may be missing");
    assert_eq!(outcome(&signed(&ask(""))), "destination");
    let template = Request { signature: plain_template(), ..Request::default() };
    assert_eq!(outcome(&post(&xmlsec_sign(&template.with(&destination, "").xml(), sp_rsa()))), "destination");
    for other in [
        "https://sso.example/saml2/other",
        "https://sso.example/saml2/app/",
        "https://SSO.example/saml2/app",
        "",
    ] {
        let result = both(&ask(&format!("Destination=\"{other}\"")));
        assert_eq!((outcome(&result), told(&result)), ("destination", None), "{other}");
    }
}

#[test]
fn issuer_is_the_registered_sp() {
    let ask = |issuer: &str| both(&Request { issuer: issuer.to_owned(), ..Request::default() }.xml());
    assert_eq!(
        outcome(&ask(&format!(
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">{SP}</saml:Issuer>"
        ))),
        "accepted"
    );
    for other in [
        format!(
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{SP}</saml:Issuer>"
        ),
        "<saml:Issuer>https://other.example</saml:Issuer>".to_owned(),
        "<saml:Issuer></saml:Issuer>".to_owned(),
    ] {
        assert_eq!(outcome(&ask(&other)), "issuer", "{other}");
    }
    for malformed in [
        String::new(),
        format!("<saml:Issuer><b/>{SP}</saml:Issuer>"),
        format!("<Issuer>{SP}</Issuer>"),
        format!("<saml:Issuer>{SP}</saml:Issuer>").repeat(2),
    ] {
        assert_eq!(outcome(&ask(&malformed)), "message", "{malformed}");
    }
}

#[test]
fn version_and_id() {
    for (version, second) in [
        ("1.1", Some("RequestVersionTooLow")),
        ("2.1", Some("RequestVersionTooHigh")),
        ("3.0", Some("RequestVersionTooHigh")),
        ("", None),
    ] {
        let result =
            both(&Request::default().with("Version=\"2.0\"", &format!("Version=\"{version}\"")).xml());
        assert_eq!((outcome(&result), told(&result)), ("version", second));
        assert_eq!(result.expect_err("refused").error.status().code, StatusCode::VersionMismatch);
    }
    for id in ["", "1abc", "a b", "a:b", &"x".repeat(257)] {
        assert_eq!(outcome(&both(&Request::default().with("_r1", id).xml())), "id", "{id}");
    }
}

#[test]
fn skew_and_age_are_as_the_caller_says() {
    let at = |offset: i64, skew: i64, age: i64| {
        let instant = (now() + TimeDelta::seconds(offset)).format("%FT%TZ").to_string();
        let xml = Request::default().with("2026-03-04T05:06:00Z", &instant).xml();
        let request = UnverifiedAuthnRequest::from_post(&STANDARD.encode(xml), None).expect("read");
        let context = saml::VerifyContext {
            skew: TimeDelta::seconds(skew),
            max_age: TimeDelta::seconds(age),
            ..context()
        };
        outcome(&request.verify(&sp(), &context))
    };
    for (offset, skew, age, expected) in [
        (0, 0, 0, "accepted"),
        (1, 0, 0, "issue_instant"),
        (-1, 0, 0, "issue_instant"),
        (30, 30, 60, "accepted"),
        (31, 30, 60, "issue_instant"),
        (-90, 30, 60, "accepted"),
        (-91, 30, 60, "issue_instant"),
    ] {
        assert_eq!(at(offset, skew, age), expected, "{offset} {skew} {age}");
    }
}
