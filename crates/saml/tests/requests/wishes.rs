//! What an SP may wish for: identifiers, authentication contexts, a subject.

use saml::{NameIdFormat, ServiceProvider};

use crate::support::*;
use crate::{both, both_to, told, told_both};

#[test]
fn s_38_requested_authn_context() {
    let ask = |comparison: &str, class: &str| {
        both(
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
        both_to(&Request::default().after(&format!("<samlp:NameIDPolicy {attributes}/>")).xml(), sp)
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
            (outcome(&result), told_both(&result)),
            ("name_id_policy", Some(("Responder", "InvalidNameIDPolicy"))),
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
fn allow_create_is_carried_for_identifiers_that_last() {
    let persistent = ServiceProvider { other_name_id_formats: vec![NameIdFormat::Persistent], ..sp() };
    let ask = |policy: &str| both_to(&Request::default().after(policy).xml(), &persistent).expect("good");
    let policy = |format: &str, create: &str| {
        format!("<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:{format}\"{create}/>")
    };
    let lasting = "2.0:nameid-format:persistent";
    for (policy, allowed) in [
        (String::new(), true),
        (policy(lasting, " AllowCreate=\"true\""), true),
        (policy(lasting, " AllowCreate=\"1\""), true),
        (policy(lasting, " AllowCreate=\"false\""), false),
        (policy(lasting, ""), false),
        (policy("1.1:nameid-format:emailAddress", " AllowCreate=\"false\""), true),
    ] {
        assert_eq!(ask(&policy).allows_new_name_id(), allowed, "{policy}");
    }
}

#[test]
fn iip_idp04_the_set_of_attributes_asked_for_is_carried() {
    let ask = |attribute: &str| {
        both(&Request::default().with("Version=\"2.0\"", &format!("Version=\"2.0\" {attribute}")).xml())
    };
    let index = |attribute: &str| ask(attribute).expect("good").attribute_consuming_service_index();
    assert_eq!(index(""), None);
    for (value, number) in [("0", 0), ("7", 7), (" +07 ", 7), ("65535", 65535)] {
        assert_eq!(index(&format!("AttributeConsumingServiceIndex=\"{value}\"")), Some(number), "{value}");
    }
    for bad in ["", "-1", "65536", "one", "1.0", "0x1"] {
        let result = ask(&format!("AttributeConsumingServiceIndex=\"{bad}\""));
        assert_eq!(outcome(&result), "message", "{bad}");
    }
    let kept =
        serde_json::to_value(ask("AttributeConsumingServiceIndex=\"7\"").expect("good")).expect("JSON");
    let back: saml::VerifiedAuthnRequest = serde_json::from_value(kept.clone()).expect("kept whole");
    assert_eq!(back.attribute_consuming_service_index(), Some(7));
    let mut older = kept;
    older.as_object_mut().expect("an object").remove("attribute_consuming_service_index");
    let back: saml::VerifiedAuthnRequest = serde_json::from_value(older).expect("an older one is read");
    assert_eq!(back.attribute_consuming_service_index(), None);
}

#[test]
fn a_subject_in_the_request_is_carried_or_refused() {
    let ask = |subject: &str| {
        both(&Request::default().after(&format!("<saml:Subject>{subject}</saml:Subject>")).xml())
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
