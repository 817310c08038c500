//! LogoutResponses of an SP against the checks, on every binding.

use saml::logout::*;
use saml::{Binding, RelayState, ServiceProvider};

use crate::fixtures::*;
use crate::support::*;

#[test]
fn a_status_is_told_truthfully_on_every_binding() {
    let failed = |top: &str, second: Option<&str>| LogoutOutcome::Failed {
        top: top.to_owned(),
        second: second.map(str::to_owned),
    };
    let denied = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";
    for binding in ALL {
        for (top, second, outcome) in [
            (SUCCESS, None, LogoutOutcome::Success),
            (SUCCESS, Some(PARTIAL), LogoutOutcome::Partial),
            (SUCCESS, Some("urn:x"), LogoutOutcome::Success),
            (RESPONDER, None, failed(RESPONDER, None)),
            (RESPONDER, Some(denied), failed(RESPONDER, Some(denied))),
            // The top-level code is about the SP itself: its session goes on.
            (RESPONDER, Some(PARTIAL), failed(RESPONDER, Some(PARTIAL))),
            (PARTIAL, None, failed(PARTIAL, None)),
            ("", None, failed("", None)),
        ] {
            let verified = hear(binding, &response(top, second).sent(binding)).expect("the response is good");
            assert_eq!(*verified.outcome(), outcome, "{top} {second:?}");
            assert_eq!((verified.in_response_to(), verified.issuer()), ("_sent", SP));
            assert_eq!((verified.binding(), verified.id()), (binding, "_r1"));
            let state = (binding != Binding::Soap).then_some("state 1");
            assert_eq!(verified.relay_state().map(RelayState::as_str), state);
        }
    }
}

#[test]
fn a_status_has_the_shape_of_the_schema() {
    let status = |inside: &str| {
        let after = format!("<samlp:Status>{inside}</samlp:Status>");
        hear(Binding::Soap, &response(SUCCESS, None).after(after).sent(Binding::Soap))
    };
    let code = |inside: &str| format!("<samlp:StatusCode Value=\"{SUCCESS}\">{inside}</samlp:StatusCode>");
    let full = status(&format!(
        "{}<samlp:StatusMessage>gone &amp; forgotten</samlp:StatusMessage><samlp:StatusDetail><x/></samlp:StatusDetail>",
        code(&code(&code("")))
    ));
    assert_eq!(full.expect("good").status_message(), Some("gone & forgotten"));
    let deep = |levels: usize| (0..levels).fold(String::new(), |inside, _| code(&inside));
    assert_eq!(heard(&status(&deep(8))), "accepted");
    for bad in [
        String::new(),
        deep(9),
        code("<x/>"),
        code(&format!("{}{}", code(""), code(""))),
        format!("{}{}", code(""), code("")),
        "<samlp:StatusCode/>".to_owned(),
        format!("<samlp:StatusMessage>m</samlp:StatusMessage>{}", code("")),
        format!("{}<samlp:StatusMessage>a<b/></samlp:StatusMessage>", code("")),
    ] {
        assert_eq!(heard(&status(&bad)), "message", "{bad}");
    }
    for bad in ["", "<samlp:Status/><samlp:Status/>", "<x/>"] {
        let raw = response(SUCCESS, None).after(bad).sent(Binding::Soap);
        assert_eq!(heard(&hear(Binding::Soap, &raw)), "message", "{bad}");
    }
}

#[test]
fn s_37_a_response_is_signed_and_answers_what_was_asked_of_that_sp() {
    let good = response(SUCCESS, None);
    for binding in ALL {
        let check = |text: &Text| heard(&hear(binding, &text.sent(binding)));
        assert_eq!(check(&good), "accepted");
        assert_eq!(heard(&hear(binding, &good.bare(binding))), "signature");
        assert_eq!(heard(&hear(binding, &good.sent_by(binding, other_rsa()))), "signature");
        assert_eq!(check(&good.clone().with("_sent", "_stranger")), "in_response_to");
        assert_eq!(check(&good.clone().with(" InResponseTo=\"_sent\"", "")), "in_response_to");
        assert_eq!(heard(&hear_from(binding, &good.sent(binding), &slo_sp(), &[])), "in_response_to");
        assert_eq!(check(&good.clone().with(SLO, "https://evil.example/slo")), "destination");
        let nowhere = good.clone().with(&format!(" Destination=\"{SLO}\""), "");
        assert_eq!(check(&nowhere), if binding == Binding::Soap { "accepted" } else { "destination" });
        assert_eq!(check(&good.clone().issuer("<saml:Issuer>https://other.example</saml:Issuer>")), "issuer");
        assert_eq!(check(&good.clone().with("Version=\"2.0\"", "Version=\"1.1\"")), "version");
        assert_eq!(check(&good.clone().with("T05:06:00Z", "T04:56:06Z")), "issue_instant");
        assert_eq!(check(&good.clone().with("T05:06:00Z", "T04:56:07Z")), "accepted");
        assert_eq!(check(&good.clone().with("T05:06:00Z", "T05:11:08Z")), "issue_instant");
        // The key of another SP does not count.
        let other = ServiceProvider { signing_certificates: vec![other_rsa().der()], ..slo_sp() };
        assert_eq!(heard(&hear_from(binding, &good.sent(binding), &other, &["_sent"])), "signature");
    }
}

#[test]
fn s_06_a_status_that_was_changed_or_wrapped_is_refused() {
    let failed = response(RESPONDER, None).signed_by(sp_rsa());
    for binding in [Binding::HttpPost, Binding::Soap] {
        let pack = |xml: &str| match binding {
            Binding::HttpPost => form("SAMLResponse", xml),
            _ => envelope(xml),
        };
        assert_eq!(heard(&hear(binding, &pack(&failed))), "accepted");
        assert_eq!(heard(&hear(binding, &pack(&failed.replace(RESPONDER, SUCCESS)))), "signature");
        let extensions = format!("<samlp:Extensions>{failed}</samlp:Extensions>");
        let forged = response(SUCCESS, None).with("_r1", "_evil");
        let wrapped = forged.clone().after(format!("{extensions}{}", forged.after)).xml();
        assert_eq!(heard(&hear(binding, &pack(&wrapped))), "signature");
        // A request never passes for a response.
        assert_eq!(heard(&hear(binding, &pack(&request().signed_by(sp_rsa())))), "message");
    }
}

#[test]
fn a_soap_fault_is_no_answer() {
    let fault = saml::binding::soap::fault(saml::binding::soap::FaultCode::Server, "later");
    let error = UnverifiedLogoutResponse::from_soap(fault.as_bytes()).expect_err("a fault");
    assert_eq!(error.check(), "message");
    assert!(error.detail().contains("fault"), "{error}");
}
