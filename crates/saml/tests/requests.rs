//! AuthnRequests over both bindings against the named checks, each attack beside its valid twin.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use openssl::nid::Nid;
use saml::binding::RelayState;
use saml::{
    AssertionConsumerService, Binding, NameIdFormat, RequestErrorKind, ServiceProvider, SignatureAlgorithm,
    StatusCode, UnverifiedAuthnRequest, VerifiedAuthnRequest,
};
use support::*;

fn told(result: &Result<VerifiedAuthnRequest, saml::Refusal>) -> Option<&'static str> {
    let refusal = result.as_ref().err()?;
    refusal.reply_to.as_ref()?;
    refusal.error.status().second.map(|second| second.uri().rsplit(':').next().unwrap_or_default())
}

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
fn s_05_inflation_stops_at_the_limit() {
    let bomb = deflate(&vec![b' '; 64 * 1024 * 1024]);
    let good = deflate(Request::default().xml().as_bytes());
    let check =
        |deflated: &[u8]| outcome(&redirect(&format!("SAMLRequest={}", escape(&STANDARD.encode(deflated)))));
    assert_eq!(check(&good), "accepted");
    assert_eq!(check(&bomb), "size");
    assert_eq!(check(&deflate(&vec![b' '; 256 * 1024 + 1])), "size");
    assert_eq!(check(&deflate(&vec![b' '; 256 * 1024])), "xml");
    assert_eq!(check(&[good.as_slice(), b"x"].concat()), "encoding", "trailing octet");
    assert_eq!(check(&[good.as_slice(), good.as_slice()].concat()), "encoding", "two streams");
    assert_eq!(check(&good[..good.len() - 4]), "encoding", "no end");
    assert_eq!(check(&[0x00, 0x05, 0x00, 0xfa, 0xff, b'<', b'a']), "encoding", "a stored block without end");
    assert_eq!(check(&[]), "encoding");
    let zlib = [&[0x78, 0x9c][..], &good].concat();
    assert_eq!(check(&zlib), "encoding", "zlib header");
    assert_eq!(outcome(&redirect(&format!("SAMLRequest={}", "A".repeat(1 << 20)))), "size");
}

#[test]
fn s_13_a_stripped_signature_is_refused_where_one_is_required() {
    let strict = ServiceProvider { require_signed_requests: true, ..sp() };
    let plain = Request::default().xml();
    assert_eq!(outcome(&post_to(signed_request(), &strict)), "accepted");
    assert_eq!(outcome(&post_to(&plain, &strict)), "signature");
    assert_eq!(
        outcome(&redirect_to(&sign_query(&query(&plain), SignatureAlgorithm::RsaSha256, sp_rsa()), &strict)),
        "accepted"
    );
    assert_eq!(outcome(&redirect_to(&query(&plain), &strict)), "signature");
}

#[test]
fn s_15_the_query_is_verified_over_its_own_octets() {
    let plain = query(&Request::default().xml());
    let rsa = SignatureAlgorithm::RsaSha256;
    let with_state = format!("{plain}&RelayState=a%20b%2f");
    let good = sign_query(&with_state, rsa, sp_rsa());
    assert_eq!(redirect(&good).expect("good").relay_state().map(RelayState::as_str), Some("a b/"));
    // Lower-case escapes, as .NET writes them, and parameters in another order.
    let lower: String =
        sign_query(&plain.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"), rsa, sp_rsa());
    assert_eq!(outcome(&redirect(&lower)), "accepted");
    let mut reordered: Vec<&str> = good.split('&').collect();
    reordered.reverse();
    assert_eq!(outcome(&redirect(&reordered.join("&"))), "accepted");
    assert_eq!(outcome(&redirect(&format!("{good}&unrelated=1"))), "accepted");
    let ec = new_ec(Nid::X9_62_PRIME256V1);
    let by_ec = sign_query(&plain, SignatureAlgorithm::EcdsaSha256, &ec);
    assert_eq!(
        outcome(&redirect_to(&by_ec, &ServiceProvider { signing_certificates: vec![ec.der()], ..sp() })),
        "accepted"
    );
    assert_eq!(outcome(&redirect(&by_ec)), "signature", "an EC algorithm with an RSA key");

    let signed_without_state = sign_query(&plain, rsa, sp_rsa());
    let half =
        |drop: &str| good.split('&').filter(|pair| !pair.starts_with(drop)).collect::<Vec<_>>().join("&");
    for (attack, query, check) in [
        ("RelayState added", format!("{signed_without_state}&RelayState=x"), "signature"),
        ("RelayState removed", half("RelayState="), "signature"),
        ("RelayState changed", good.replace("RelayState=a", "RelayState=b"), "signature"),
        ("escapes rewritten", good.replace("b%2f&", "b%2F&"), "signature"),
        ("no SigAlg", half("SigAlg="), "signature"),
        ("no Signature", half("Signature="), "signature"),
        ("by a stranger", sign_query(&plain, rsa, other_rsa()), "signature"),
        ("SigAlg twice", format!("{good}&SigAlg=x"), "parameters"),
        ("SAMLRequest twice", format!("{good}&{plain}"), "parameters"),
        ("SAMLRequest twice, escaped", format!("{good}&%53AMLRequest=x"), "parameters"),
        ("a response beside it", format!("{good}&SAMLResponse=x"), "parameters"),
        ("RelayState twice", format!("{good}&RelayState=x"), "parameters"),
        ("another encoding", format!("{good}&SAMLEncoding=urn%3Ax"), "encoding"),
        ("HMAC", good.replace("rsa%2Dsha256", "hmac%2Dsha256"), "signature_algorithm"),
        (
            "SHA-1",
            good.replace("2001%2F04%2Fxmldsig%2Dmore%23rsa%2Dsha256", "2000%2F09%2Fxmldsig%23rsa%2Dsha1"),
            "signature_algorithm",
        ),
        ("an empty signature", format!("{}&Signature=", half("Signature=")), "signature"),
        ("no request", "RelayState=x".to_owned(), "parameters"),
        ("a broken escape", "SAMLRequest=%4".to_owned(), "encoding"),
    ] {
        assert_eq!(outcome(&redirect(&query)), check, "{attack}");
    }
    assert_eq!(
        outcome(&redirect(&format!(
            "{plain}&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE"
        ))),
        "accepted"
    );
}

#[test]
fn s_16_a_signature_inside_a_redirected_message_does_not_count() {
    let plain = sign_query(&query(&Request::default().xml()), SignatureAlgorithm::RsaSha256, sp_rsa());
    assert_eq!(outcome(&redirect(&plain)), "accepted");
    assert_eq!(outcome(&redirect(&query(signed_request()))), "signature");
}

#[test]
fn s_19_the_address_is_compared_byte_for_byte() {
    assert_eq!(outcome(&post(&Request::default().xml())), "accepted");
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
        let result = post(&Request::default().with(ACS, hostile).xml());
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
    let ask = |attribute: &str| post_to(&Request::default().with(&url, attribute).xml(), &several);
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
    let default = post_to(&Request::default().with(&url, "").xml(), &marked).expect("default");
    assert_eq!(default.acs_url(), "https://sp.example/7");
    let none = ServiceProvider { assertion_consumer_services: Vec::new(), ..sp() };
    assert_eq!(
        outcome(&post_to(&Request::default().with(&url, "").xml(), &none)),
        "assertion_consumer_service"
    );
}

#[test]
fn s_21_only_http_post_for_the_response() {
    let ask = |binding: &str| {
        post(&Request::default().with("Version=", &format!("ProtocolBinding=\"{binding}\" Version=")).xml())
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
        post(&Request::default().with("2026-03-04T05:06:00Z", &instant).xml())
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
            outcome(&post(&Request::default().with("2026-03-04T05:06:00Z", nonsense).xml())),
            "message"
        );
    }
}

#[test]
fn s_27_destination() {
    let destination = format!("Destination=\"{SSO}\"");
    let ask = |attribute: &str| Request::default().with(&destination, attribute).xml();
    let signed = |xml: &str| redirect(&sign_query(&query(xml), SignatureAlgorithm::RsaSha256, sp_rsa()));
    assert_eq!(outcome(&post(&ask(&destination))), "accepted");
    assert_eq!(outcome(&signed(&ask(&destination))), "accepted");
    assert_eq!(outcome(&post(&ask(""))), "accepted", "unsigned, it may be missing");
    assert_eq!(outcome(&signed(&ask(""))), "destination");
    let template = Request { signature: plain_template(), ..Request::default() };
    assert_eq!(outcome(&post(&xmlsec_sign(&template.with(&destination, "").xml(), sp_rsa()))), "destination");
    for other in [
        "https://sso.example/saml2/other",
        "https://sso.example/saml2/app/",
        "https://SSO.example/saml2/app",
        "",
    ] {
        let result = post(&ask(&format!("Destination=\"{other}\"")));
        assert_eq!((outcome(&result), told(&result)), ("destination", None), "{other}");
    }
}

#[test]
fn issuer_is_the_registered_sp() {
    let ask = |issuer: &str| post(&Request { issuer: issuer.to_owned(), ..Request::default() }.xml());
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
            post(&Request::default().with("Version=\"2.0\"", &format!("Version=\"{version}\"")).xml());
        assert_eq!((outcome(&result), told(&result)), ("version", second));
        assert_eq!(result.expect_err("refused").error.status().code, StatusCode::VersionMismatch);
    }
    for id in ["", "1abc", "a b", "a:b", &"x".repeat(257)] {
        assert_eq!(outcome(&post(&Request::default().with("_r1", id).xml())), "id", "{id}");
    }
}

#[test]
fn s_38_requested_authn_context() {
    let ask = |comparison: &str, class: &str| {
        post(
            &Request::default()
                .after(&format!(
                    "<samlp:RequestedAuthnContext{comparison}>{class}</samlp:RequestedAuthnContext>"
                ))
                .xml(),
        )
    };
    let class = |class: &str| format!("<saml:AuthnContextClassRef>{class}</saml:AuthnContextClassRef>");
    let ppt = class("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport");
    let mfa = class("https://refeds.org/profile/mfa");
    let unknown = class("urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI");
    let declaration = "<saml:AuthnContextDeclRef>urn:x</saml:AuthnContextDeclRef>";
    for (comparison, classes) in [
        ("", &ppt),
        (" Comparison=\"exact\"", &mfa),
        (" Comparison=\"minimum\"", &ppt),
        (" Comparison=\"maximum\"", &mfa),
        (" Comparison=\"better\"", &ppt),
    ] {
        let verified = ask(comparison, classes).expect("can be met");
        assert!(verified.requested_authn_context().is_some());
    }
    for (comparison, classes) in [
        ("", unknown.as_str()),
        (" Comparison=\"better\"", &mfa),
        (" Comparison=\"minimum\"", &unknown),
        ("", declaration),
    ] {
        let result = ask(comparison, classes);
        assert_eq!(
            (outcome(&result), told(&result)),
            ("requested_authn_context", Some("NoAuthnContext")),
            "{comparison} {classes}"
        );
    }
    assert_eq!(outcome(&ask(" Comparison=\"worse\"", &ppt)), "message");
    assert_eq!(outcome(&ask("", "")), "message");
}

#[test]
fn s_39_name_id_policy() {
    let ask = |attributes: &str, sp: &ServiceProvider| {
        post_to(&Request::default().after(&format!("<samlp:NameIDPolicy {attributes}/>")).xml(), sp)
    };
    let format = |name: &str| format!("Format=\"urn:oasis:names:tc:SAML:{name}\"");
    let email = format("1.1:nameid-format:emailAddress");
    let transient = format("2.0:nameid-format:transient");
    for fine in [
        "",
        "AllowCreate=\"0\"",
        &email,
        &format("1.1:nameid-format:unspecified"),
        "SPNameQualifier=\"https://sp.example/metadata\"",
    ] {
        let verified = ask(fine, &sp()).expect(fine);
        assert_eq!(verified.name_id_format(), &NameIdFormat::EmailAddress);
    }
    for bad in [
        transient.as_str(),
        &format("2.0:nameid-format:encrypted"),
        "SPNameQualifier=\"https://other.example\"",
    ] {
        let result = ask(bad, &sp());
        assert_eq!(
            (outcome(&result), told(&result)),
            ("name_id_policy", Some("InvalidNameIDPolicy")),
            "{bad}"
        );
    }
    let both = ServiceProvider { other_name_id_formats: vec![NameIdFormat::Transient], ..sp() };
    assert_eq!(ask(&transient, &both).expect("offered").name_id_format(), &NameIdFormat::Transient);
    let lenient = ServiceProvider { ignore_name_id_policy_format: true, ..sp() };
    assert_eq!(ask(&transient, &lenient).expect("passed over").name_id_format(), &NameIdFormat::EmailAddress);
    assert_eq!(outcome(&ask("SPNameQualifier=\"https://other.example\"", &lenient)), "name_id_policy");
}

#[test]
fn a_subject_in_the_request_is_carried_or_refused() {
    let ask = |subject: &str| {
        post(&Request::default().after(&format!("<saml:Subject>{subject}</saml:Subject>")).xml())
    };
    let verified = ask("<saml:NameID>maya</saml:NameID>").expect("a NameID can be compared");
    assert_eq!(verified.subject().map(|name_id| name_id.value.as_str()), Some("maya"));
    for unsupported in [
        "<saml:EncryptedID/>",
        "<saml:NameID>maya</saml:NameID><saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"/>",
        "",
    ] {
        let result = ask(unsupported);
        assert_eq!(
            (outcome(&result), told(&result)),
            ("subject", Some("RequestUnsupported")),
            "{unsupported}"
        );
    }
}

#[test]
fn extensions_conditions_and_scoping_are_tolerated() {
    let after = "<samlp:Extensions><x:y xmlns:x=\"urn:x\" z=\"1\">t</x:y></samlp:Extensions><saml:Conditions/>\
                 <samlp:Scoping ProxyCount=\"0\"><samlp:RequesterID>urn:x</samlp:RequesterID></samlp:Scoping>";
    assert_eq!(outcome(&post(&Request::default().after(after).xml())), "accepted");
    assert_eq!(
        outcome(&post(&Request::default().after("<samlp:Scoping/><samlp:Extensions/>").xml())),
        "message"
    );
    assert_eq!(outcome(&post(&Request::default().after("<evil/>").xml())), "message");
}

#[test]
fn s_40_other_messages_are_refused() {
    for (name, xml, check) in [
        ("empty", "", "xml"),
        ("a NUL", "\0", "xml"),
        ("no XML", "SAMLRequest", "xml"),
        (
            "another message",
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>",
            "message",
        ),
        ("another namespace", "<AuthnRequest/>", "message"),
        ("SOAP", "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"/>", "message"),
        (
            "nothing in it",
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>",
            "message",
        ),
    ] {
        assert_eq!(outcome(&post(xml)), check, "{name}");
        assert_eq!(outcome(&redirect(&query(xml))), check, "{name}");
    }
    let error = UnverifiedAuthnRequest::from_post("%%%", None).expect_err("not base64");
    assert_eq!(error.kind(), RequestErrorKind::Encoding);
    for boolean in ["yes", "TRUE", "2"] {
        let xml = Request::default().with("Version=", &format!("ForceAuthn=\"{boolean}\" Version=")).xml();
        assert_eq!(outcome(&post(&xml)), "message");
    }
}
