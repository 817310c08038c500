//! LogoutRequests of an SP against the checks, on every binding.

use chrono::TimeDelta;
use saml::logout::*;
use saml::{Binding, NameId, NameIdFormat, RelayState, ServiceProvider, StatusCode};

use crate::fixtures::*;
use crate::support::*;

#[test]
fn a_signed_request_is_read_whole_on_every_binding() {
    for binding in ALL {
        let verified = take(binding, &request().sent(binding)).expect("the request is good");
        assert_eq!((verified.id(), verified.issuer(), verified.binding()), ("_r1", SP, binding));
        assert_eq!(verified.session_indexes(), ["_s1", "_s2"]);
        assert_eq!(verified.not_on_or_after(), "2026-03-04T05:11:00Z".parse().ok());
        assert_eq!(verified.reason(), Some("urn:oasis:names:tc:SAML:2.0:logout:user"));
        assert!(!verified.is_asynchronous() && !verified.signature().sha1);
        assert_eq!(
            *verified.name_id(),
            NameId {
                format: NameIdFormat::Persistent,
                value: "p-1".to_owned(),
                name_qualifier: Some(IDP.to_owned()),
                sp_name_qualifier: Some(SP.to_owned()),
            }
        );
        let state = (binding != Binding::Soap).then_some("state 1");
        assert_eq!(verified.relay_state().map(RelayState::as_str), state);
        let kept = serde_json::to_string(&verified).expect("it can be kept");
        assert_eq!(serde_json::from_str::<VerifiedLogoutRequest>(&kept).ok(), Some(verified));
    }
}

#[test]
fn s_37_an_unsigned_request_is_refused_on_every_binding() {
    for binding in ALL {
        let refusal = take(binding, &request().bare(binding)).expect_err("unsigned");
        assert_eq!((refusal.error.check(), refusal.reply_to), ("signature", None), "{binding:?}");
        // Whatever is agreed about AuthnRequests.
        for require_signed_requests in [false, true] {
            let sp = ServiceProvider { require_signed_requests, ..slo_sp() };
            assert_eq!(
                verdict(&take_to(binding, &request().bare(binding), &sp, &slo_context())),
                "signature"
            );
            assert_eq!(verdict(&take_to(binding, &request().sent(binding), &sp, &slo_context())), "accepted");
        }
        let no_keys = ServiceProvider { signing_certificates: Vec::new(), ..slo_sp() };
        assert_eq!(
            verdict(&take_to(binding, &request().sent(binding), &no_keys, &slo_context())),
            "signature"
        );
    }
}

#[test]
fn s_14_and_s_18_a_strangers_signature_is_refused_even_with_its_certificate() {
    for binding in ALL {
        let refusal = take(binding, &request().sent_by(binding, other_rsa())).expect_err("a stranger");
        assert_eq!((refusal.error.check(), refusal.reply_to), ("signature", None));
        let both =
            ServiceProvider { signing_certificates: vec![other_rsa().der(), sp_rsa().der()], ..slo_sp() };
        for pair in [sp_rsa(), other_rsa()] {
            let sent = request().sent_by(binding, pair);
            assert_eq!(verdict(&take_to(binding, &sent, &both, &slo_context())), "accepted");
        }
    }
}

#[test]
fn s_37_a_changed_principal_or_session_breaks_the_signature() {
    for binding in [Binding::HttpPost, Binding::Soap] {
        let pack = |xml: &str| match binding {
            Binding::HttpPost => form("SAMLRequest", xml),
            _ => envelope(xml),
        };
        let good = request().signed_by(sp_rsa());
        assert_eq!(verdict(&take(binding, &pack(&good))), "accepted");
        for (from, to) in [
            (">p-1<", ">p-2<"),
            (">_s1<", ">_s9<"),
            ("SPNameQualifier", "Spnamequalifier"),
            ("<samlp:SessionIndex>_s2</samlp:SessionIndex>", ""),
            ("logout:user", "logout:admin"),
            ("05:11:00Z", "06:11:00Z"),
        ] {
            let changed = good.replace(from, to);
            assert_ne!(changed, good);
            assert_eq!(verdict(&take(binding, &pack(&changed))), "signature", "{to}");
        }
    }
    let good = request().sent(Binding::HttpRedirect);
    let other = request().after(NAME_ID).query();
    let (message, _) = other.split_once('&').expect("a RelayState");
    let (original, rest) = good.split_once('&').expect("a RelayState");
    assert_eq!(verdict(&take(Binding::HttpRedirect, &format!("{original}&{rest}"))), "accepted");
    assert_eq!(verdict(&take(Binding::HttpRedirect, &format!("{message}&{rest}"))), "signature");
}

#[test]
fn s_26_a_replayed_request_has_the_same_key_and_a_late_one_is_refused() {
    for binding in ALL {
        let raw = request().sent(binding);
        let (first, again) = (take(binding, &raw).expect("good"), take(binding, &raw).expect("good"));
        assert_eq!(first.replay_key(), again.replay_key());
        let key = first.replay_key();
        assert_eq!((key.issuer, key.id), (SP, "_r1"));
        let at =
            |now| verdict(&take_to(binding, &raw, &slo_sp(), &LogoutVerifyContext { now, ..slo_context() }));
        assert_eq!(at(first.issue_instant() - TimeDelta::minutes(5)), "accepted");
        assert_eq!(at(first.issue_instant() - TimeDelta::seconds(301)), "issue_instant");
        // As long as the request could be taken again, its key is to be remembered.
        let unlimited = request().with(" NotOnOrAfter=\"2026-03-04T05:11:00Z\"", "").sent(binding);
        let at = |now| {
            verdict(&take_to(binding, &unlimited, &slo_sp(), &LogoutVerifyContext { now, ..slo_context() }))
        };
        assert_eq!(at(key.remember_until), "accepted");
        assert_eq!(at(key.remember_until + TimeDelta::seconds(1)), "issue_instant");
    }
}

#[test]
fn a_request_is_obeyed_until_it_expires() {
    let at = |end: &str| {
        let raw = request().with("05:11:00Z", end).sent(Binding::HttpPost);
        take(Binding::HttpPost, &raw)
    };
    // It is 05:06:07, and clocks may be five minutes apart.
    assert_eq!(verdict(&at("05:01:08Z")), "accepted");
    let refusal = at("05:01:07Z").expect_err("expired");
    assert_eq!(refusal.error.kind(), LogoutErrorKind::NotOnOrAfter);
    assert_eq!(refusal.error.status().code, StatusCode::Requester);
    assert!(refusal.reply_to.is_some(), "the SP may be told");
    assert_eq!(verdict(&at("late")), "message");
}

#[test]
fn s_27_the_destination_is_ours_and_only_soap_may_leave_it_out() {
    for binding in ALL {
        let with = |destination: &str| {
            verdict(&take(
                binding,
                &request().with(&format!("Destination=\"{SLO}\""), destination).sent(binding),
            ))
        };
        assert_eq!(with(&format!("Destination=\"{SLO}\"")), "accepted");
        assert_eq!(with(""), if binding == Binding::Soap { "accepted" } else { "destination" });
        for other in
            ["https://evil.example/slo".to_owned(), SLO.to_uppercase(), format!("{SLO}/"), SSO.to_owned()]
        {
            assert_eq!(with(&format!("Destination=\"{other}\"")), "destination", "{other}");
        }
        assert_eq!(with("Destination=\"\""), "destination");
    }
}

#[test]
fn s_10_the_issuer_is_the_registered_one_whatever_stands_in_it() {
    for binding in ALL {
        let with = |issuer: &str| verdict(&take(binding, &request().issuer(issuer).sent(binding)));
        let entity = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
        assert_eq!(with(&format!("<saml:Issuer Format=\"{entity}\">{SP}</saml:Issuer>")), "accepted");
        assert_eq!(with("<saml:Issuer>https://sp.example<!-- x -->/metadata</saml:Issuer>"), "accepted");
        assert_eq!(with(&format!("<saml:Issuer>{SP}<!-- x -->.evil.example</saml:Issuer>")), "issuer");
        assert_eq!(with("<saml:Issuer>https://other.example</saml:Issuer>"), "issuer");
        assert_eq!(with(&format!("<saml:Issuer Format=\"urn:x\">{SP}</saml:Issuer>")), "issuer");
        assert_eq!(with(""), "message");
    }
    let commented = request().after("<saml:NameID>admin<!-- x -->@sp.example</saml:NameID>");
    let verified = take(Binding::Soap, &commented.sent(Binding::Soap)).expect("good");
    assert_eq!(verified.name_id().value, "admin@sp.example");
}

#[test]
fn identifiers_we_cannot_compare_are_refused_in_words() {
    let key = "<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/>";
    for (subject, named) in [
        (format!("<saml:EncryptedID>{key}</saml:EncryptedID>"), "EncryptedID"),
        ("<saml:BaseID/>".to_owned(), "BaseID"),
    ] {
        for binding in ALL {
            let refusal = take(binding, &request().after(subject.as_str()).sent(binding)).expect_err(named);
            assert_eq!(refusal.error.check(), "subject");
            assert!(refusal.error.detail().contains(named), "{refusal}");
            assert!(refusal.reply_to.is_some(), "the SP may be told");
        }
    }
    for (bad, why) in [
        ("", "message"),
        ("<saml:NameID></saml:NameID>", "message"),
        ("<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>", "message"),
        ("<samlp:SessionIndex>_s1</samlp:SessionIndex>", "message"),
        ("<saml:NameID>a<b/></saml:NameID>", "message"),
        ("<saml:NameID>a</saml:NameID><samlp:Extensions/>", "message"),
        ("<NameID>a</NameID>", "message"),
        ("<saml:NameID>a</saml:NameID>", "accepted"),
    ] {
        assert_eq!(
            verdict(&take(Binding::HttpPost, &request().after(bad).sent(Binding::HttpPost))),
            why,
            "{bad}"
        );
    }
}

#[test]
fn iip_idp19_a_principal_that_is_encrypted_for_us_is_read_on_every_binding() {
    let plain = "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
        Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">k3</saml:NameID>";
    let (ours, next) = (idp_rsa(), other_rsa());
    let keys: Vec<_> = [next, ours]
        .map(|pair| std::sync::Arc::new(saml::DecryptionKey::new(pair.key.clone()).expect("an RSA key")))
        .into();
    let context = LogoutVerifyContext {
        decryption: saml::Decryption { keys: &keys, allow_cbc: false },
        ..slo_context()
    };
    for binding in ALL {
        for pair in [ours, next] {
            let sent = request().after(encrypted_for(pair, plain)).sent(binding);
            let verified =
                take_to(binding, &sent, &slo_sp(), &context).expect("both keys of a rollover read");
            assert_eq!(verified.name_id().value, "k3");
            assert_eq!(verdict(&take(binding, &sent)), "subject", "without a key it is refused in words");
        }
        let foreign = request().after(encrypted_for(sp_rsa(), plain)).sent(binding);
        let refusal = take_to(binding, &foreign, &slo_sp(), &context).expect_err("for somebody else");
        assert_eq!(refusal.error.check(), "subject");
        assert!(refusal.error.detail().contains("cannot be read"), "{refusal}");
        let unsigned = request().after(encrypted_for(ours, plain)).bare(binding);
        assert_eq!(
            verdict(&take_to(binding, &unsigned, &slo_sp(), &context)),
            "signature",
            "before anything is read"
        );
    }
}

#[test]
fn sessions_are_limited_in_number() {
    let with = |count: usize| {
        let sessions = "<samlp:SessionIndex>_s</samlp:SessionIndex>".repeat(count);
        take(Binding::Soap, &request().after(format!("{NAME_ID}{sessions}")).sent(Binding::Soap))
    };
    assert_eq!(with(256).map(|verified| verified.session_indexes().len()), Ok(256));
    assert_eq!(verdict(&with(257)), "message");
    let none = with(0).expect("good");
    assert!(none.ends_session("_s1") && none.ends_session("_s9"), "no index means all sessions");
    let two = take(Binding::Soap, &request().sent(Binding::Soap)).expect("good");
    assert!(two.ends_session("_s1") && two.ends_session("_s2") && !two.ends_session("_s9"));
}

#[test]
fn s_37_a_request_is_about_the_principal_it_names_and_nobody_else() {
    let persistent = |value: &str| NameId {
        name_qualifier: Some(IDP.to_owned()),
        sp_name_qualifier: Some(SP.to_owned()),
        ..NameId::new(NameIdFormat::Persistent, value)
    };
    let asked = |name_id: &str| {
        take(Binding::Soap, &request().after(name_id).sent(Binding::Soap)).expect("the request is good")
    };
    let full = asked(NAME_ID);
    assert!(full.names(&persistent("p-1"), IDP));
    // What we leave out stands for ourselves and the SP.
    assert!(full.names(&NameId::new(NameIdFormat::Persistent, "p-1"), IDP));
    assert!(!full.names(&NameId::new(NameIdFormat::Persistent, "p-1"), "https://other.example"));
    assert!(!full.names(&persistent("p-2"), IDP));
    assert!(!full.names(&persistent("P-1"), IDP));
    assert!(!full.names(&NameId { format: NameIdFormat::EmailAddress, ..persistent("p-1") }, IDP));
    let foreign = asked(&NAME_ID.replace(SP, "https://other.example"));
    assert!(!foreign.names(&persistent("p-1"), IDP));
    let plain = asked("<saml:NameID NameQualifier=\"\">p-1</saml:NameID>");
    assert!(plain.names(&persistent("p-1"), IDP) && !plain.names(&persistent("p-2"), IDP));
}

#[test]
fn iip_ext01_extensions_never_hurt_and_the_asynchronous_one_is_understood() {
    let aslo = "<aslo:Asynchronous xmlns:aslo=\"urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo\"/>";
    let other = "<x:y xmlns:x=\"urn:x\" x:z=\"1\">text<x:y/></x:y>";
    for binding in ALL {
        let with = |inside: &str| {
            let after = format!("<samlp:Extensions>{inside}</samlp:Extensions>{}", request().after);
            take(binding, &request().after(after).sent(binding)).expect("extensions do no harm")
        };
        let plain = with(other);
        assert!(!plain.is_asynchronous());
        assert!(plain.response_target(&slo_sp()).is_some());
        let asynchronous = with(&format!("{other}{aslo}"));
        assert!(asynchronous.is_asynchronous());
        // An exchange by SOAP ends with an answer in any case.
        let answered = asynchronous.response_target(&slo_sp()).is_some();
        assert_eq!(answered, binding == Binding::Soap);
        assert!(!with(&aslo.replace("async-slo", "other")).is_asynchronous());
        assert!(!with(&format!("<x>{aslo}</x>")).is_asynchronous());
    }
}

#[test]
fn the_sp_is_told_only_after_signature_issuer_and_destination_hold() {
    let refused =
        |text: Text| take(Binding::HttpRedirect, &text.sent(Binding::HttpRedirect)).expect_err("refused");
    for (text, check) in [
        (request().issuer("<saml:Issuer>https://other.example</saml:Issuer>"), "issuer"),
        (request().with(SLO, SSO), "destination"),
        (request().with("_r1", "1r"), "id"),
    ] {
        let refusal = refused(text);
        assert_eq!((refusal.error.check(), refusal.reply_to), (check, None));
    }
    for (text, check, code) in [
        (request().with("Version=\"2.0\"", "Version=\"1.1\""), "version", StatusCode::VersionMismatch),
        (request().with("Version=\"2.0\"", "Version=\"3.0\""), "version", StatusCode::VersionMismatch),
        (request().with("T05:06:00Z", "T04:50:00Z"), "issue_instant", StatusCode::Requester),
        (request().after("<saml:BaseID/>"), "subject", StatusCode::Requester),
    ] {
        let refusal = refused(text);
        assert_eq!((refusal.error.check(), refusal.error.status().code), (check, code));
        let target = refusal.reply_to.expect("the SP may be told");
        assert_eq!((target.in_response_to(), target.location()), ("_r1", Some(SP_SLO_RETURN)));
        assert_eq!(target.relay_state().map(RelayState::as_str), Some("state 1"));
    }
    let deaf = ServiceProvider { single_logout_services: Vec::new(), ..slo_sp() };
    let raw = request().after("<saml:BaseID/>").sent(Binding::HttpPost);
    let refusal = take_to(Binding::HttpPost, &raw, &deaf, &slo_context()).expect_err("refused");
    assert_eq!(refusal.reply_to, None);
}

#[test]
fn s_25_a_strict_sp_is_held_to_80_bytes_of_relay_state() {
    let strict = ServiceProvider { strict_relay_state: true, ..slo_sp() };
    for (length, check) in [(80, "accepted"), (81, "relay_state")] {
        let form = request().sent(Binding::HttpPost).replace("state+1", &"x".repeat(length));
        let result = take_to(Binding::HttpPost, &form, &strict, &slo_context());
        assert_eq!(verdict(&result), check);
        if let Err(refusal) = result {
            let target = refusal.reply_to.expect("the SP may be told");
            assert_eq!(target.relay_state(), None, "what was refused is not echoed");
        }
        assert_eq!(verdict(&take(Binding::HttpPost, &form)), "accepted");
    }
}

#[test]
fn an_answer_takes_the_way_the_request_came_and_the_registered_address() {
    let verified = |binding| take(binding, &request().sent(binding)).expect("good");
    let way = |binding, sp: &ServiceProvider| {
        let target = verified(binding).response_target(sp)?;
        Some((target.binding(), target.location().map(str::to_owned)))
    };
    let sp = slo_sp();
    assert_eq!(
        way(Binding::HttpRedirect, &sp),
        Some((Binding::HttpRedirect, Some(SP_SLO_RETURN.to_owned())))
    );
    assert_eq!(way(Binding::HttpPost, &sp), Some((Binding::HttpPost, Some(SP_SLO.to_owned()))));
    assert_eq!(way(Binding::Soap, &sp), Some((Binding::Soap, None)));
    let only = |binding: Binding| {
        let mut sp = slo_sp();
        sp.single_logout_services.retain(|service| service.binding == binding);
        sp
    };
    assert_eq!(
        way(Binding::HttpPost, &only(Binding::HttpRedirect)),
        Some((Binding::HttpRedirect, Some(SP_SLO_RETURN.to_owned())))
    );
    assert_eq!(way(Binding::HttpRedirect, &only(Binding::Soap)), None);
    let renamed = ServiceProvider { entity_id: "https://other.example".to_owned(), ..slo_sp() };
    assert_eq!(way(Binding::HttpPost, &renamed), None, "the registration changed meanwhile");
}
