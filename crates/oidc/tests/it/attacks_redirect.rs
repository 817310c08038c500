//! O-01 and O-02: which redirect URIs match and which can be registered.

use oidc::authorization::request::AuthorizationRefusal;
use oidc::redirect_uri::{RegistrationError, check_registration, check_web_uri, matches};

use crate::support::{CALLBACK, client, uri, verify, verify_for};

/// Addresses that look like `https://metrics.example/callback` to somebody.
const HOSTILE: [&str; 66] = [
    "https://metrics.example.evil.example/callback",
    "https://evil-metrics.example/callback",
    "https://evil.example/metrics.example/callback",
    "https://metrics.example/callback/",
    "https://metrics.example/callback/..",
    "https://metrics.example/callback/../evil",
    "https://metrics.example/callback/..;/evil",
    "https://metrics.example/callback%2f..%2fevil",
    "https://metrics.example/callback%2F",
    "https://metrics.example/%63allback",
    "https://metrics.example//callback",
    "https://metrics.example/./callback",
    "https://metrics.example/x/../callback",
    "https://metrics.example/callback?x=1",
    "https://metrics.example/callback?",
    "https://metrics.example/callback#",
    "https://metrics.example/callback#x",
    "https://metrics.example/callback&x=1",
    "https://metrics.example/callback;x",
    "https://user@metrics.example/callback",
    "https://metrics.example@evil.example/callback",
    "https://a@b@metrics.example/callback",
    "https://user:pw@metrics.example/callback",
    "https://metrics.example:443@evil.example/callback",
    "https://metrics.example\\@evil.example/callback",
    "https://evil.example\\@metrics.example/callback",
    "https:\\\\metrics.example\\callback",
    "https://metrics.example\\callback",
    "https:/metrics.example/callback",
    "https:metrics.example/callback",
    "https:///metrics.example/callback",
    "//metrics.example/callback",
    "/callback",
    "callback",
    "HTTPS://metrics.example/callback",
    "Https://metrics.example/callback",
    "https://METRICS.example/callback",
    "https://metrics.EXAMPLE/callback",
    "https://metrics.example/Callback",
    "https://metrics.example/CALLBACK",
    "http://metrics.example/callback",
    "https://metrics.example:443/callback",
    "https://metrics.example:8443/callback",
    "https://metrics.example:/callback",
    "https://metrics.example:0443/callback",
    "https://metrics.example./callback",
    "https://metrics.example/callback ",
    " https://metrics.example/callback",
    "https://metrics.example /callback",
    "https://metrics.example/callback\t",
    "https://metrics.example/callback\n",
    "https://metrics.example/callback\r\nX: y",
    "https://metrics.example/callback\u{b}",
    "https://metrics.example/callback%00",
    "https://metrics.example/callback%20",
    "https://metrics.example/callback%0d%0a",
    "https://metr\u{131}cs.example/callback",
    "https://m\u{435}trics.example/callback",
    "https://metrics\u{3002}example/callback",
    "https://xn--metrcs-q4a.example/callback",
    "https://metrics.example%2eevil.example/callback",
    "https://metrics.example%00.evil.example/callback",
    "https://*.example/callback",
    "https://metrics.example/*",
    "javascript:alert(1)//metrics.example/callback",
    "https://metrics.example/callbac",
];

#[test]
fn o_01_hostile_redirect_uris_end_on_a_page() {
    for hostile in HOSTILE {
        let refusal = verify(&[("redirect_uri", hostile)]).expect_err(hostile);
        assert!(matches!(refusal, AuthorizationRefusal::Page { .. }), "redirected for {hostile:?}");
    }
}

#[test]
fn o_01_twin_the_registered_bytes_match() {
    let request = verify(&[]).expect("the valid twin");
    assert_eq!(request.redirect_uri().as_str(), CALLBACK);
    let second = "https://metrics.example/callback?tenant=a";
    let mut client = client();
    client.redirect_uris.push(uri(second));
    let request = verify_for(&client, &[("redirect_uri", second)]).expect("one of two");
    assert_eq!(request.redirect_uri().as_str(), second);
}

#[test]
fn o_01_missing_redirect_uri_ends_on_a_page() {
    assert!(matches!(verify(&[("redirect_uri", "")]), Err(AuthorizationRefusal::Page { .. })));
}

#[test]
fn o_01_loopback_port_of_a_native_client_is_free() {
    let registered =
        [uri("http://127.0.0.1/cb?a=1"), uri("http://[::1]:7000/cb"), uri("http://localhost:80/cb")];
    for good in
        ["http://127.0.0.1:51004/cb?a=1", "http://127.0.0.1/cb?a=1", "http://[::1]:1/cb", "http://[::1]/cb"]
    {
        let matched = matches(&registered, good, true).expect(good);
        assert_eq!(matched.as_str(), good, "the presented port is the one to use");
    }
    assert!(matches(&registered, "http://127.0.0.1:51004/cb?a=1", false).is_none(), "not for web clients");
    for bad in [
        "http://127.0.0.1:51004/cb",
        "http://127.0.0.1:51004/cb?a=1&b=2",
        "http://127.0.0.1:0/cb?a=1",
        "http://127.0.0.1:65536/cb?a=1",
        "http://127.0.0.1:080/cb?a=1",
        "http://127.0.0.1:/cb?a=1",
        "http://127.0.0.1:80@evil.example/cb?a=1",
        "http://127.0.0.1:80.evil.example/cb?a=1",
        "http://127.0.0.1.evil.example/cb?a=1",
        "http://127.0.0.2:80/cb?a=1",
        "http://127.1:80/cb?a=1",
        "https://127.0.0.1:80/cb?a=1",
        "http://localhost:8080/cb",
        "http://[::1]:7000/cb/",
        "http://[::1]7000/cb",
        "http://[0:0:0:0:0:0:0:1]:7000/cb",
        "http://127.0.0.1:+80/cb?a=1",
    ] {
        assert!(matches(&registered, bad, true).is_none(), "{bad} matched");
    }
}

#[test]
fn o_02_script_and_local_schemes_cannot_be_registered() {
    for hostile in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
        "javascript://metrics.example/%0aalert(1)",
        "data:text/html,x",
        "DATA:text/html,x",
        "vbscript:x",
        "VbScript:x",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "blob:https://metrics.example/1",
        "about:blank",
        "view-source:https://metrics.example",
        "ws://metrics.example/",
        "ftp://metrics.example/",
        "\u{1}javascript:alert(1)",
        "java\nscript:alert(1)",
        "myapp:/callback",
        "intent://x#Intent;end",
    ] {
        for public in [true, false] {
            assert!(check_registration(hostile, public).is_err(), "{hostile:?} as redirect");
        }
        assert!(check_web_uri(hostile).is_err(), "{hostile:?} as page");
    }
}

#[test]
fn o_02_registration_rules_one_by_one() {
    use RegistrationError as E;
    let long = format!("https://metrics.example/{}", "a".repeat(2048));
    for (uri, reason) in [
        ("", E::Length),
        (long.as_str(), E::Length),
        ("https://metrics.example/a b", E::Character),
        ("https://metrics.example/\u{e9}", E::Character),
        ("https://metrics.example\\x", E::Character),
        ("https://*.example/", E::Wildcard),
        ("https://metrics.example/#", E::Fragment),
        ("/callback", E::NotAbsolute),
        ("https:/metrics.example/", E::NotAbsolute),
        ("https:///metrics.example/", E::NotAbsolute),
        ("https://metrics.example./", E::NotAbsolute),
        ("https://metrics.example:/", E::NotAbsolute),
        ("https://metrics.example:99999/", E::NotAbsolute),
        ("https://0x7f.1/", E::NotAbsolute),
        ("https://metrics%2eexample/", E::NotAbsolute),
        ("HTTPS://metrics.example/", E::NotAbsolute),
        ("https://a@metrics.example/", E::UserInfo),
        ("https://metrics.example/a/../b", E::DotSegment),
        ("https://metrics.example/%2E%2e/b", E::DotSegment),
        ("http://metrics.example/", E::Insecure),
        ("http://localhost.evil.example/", E::Insecure),
        ("http://10.0.0.1/", E::Insecure),
        ("mailto:x", E::Scheme),
        ("com.example.app:", E::NotAbsolute),
    ] {
        assert_eq!(check_registration(uri, true), Err(reason), "{uri:?}");
    }
    assert_eq!(check_registration("com.example.app:/cb", false), Err(E::PrivateUseScheme));
}

#[test]
fn o_02_twin_usual_addresses_can_be_registered() {
    for good in [
        "https://metrics.example/callback",
        "https://metrics.example",
        "https://metrics.example:8443/cb?x=1&y=%20",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:8080/cb",
        "https://[2001:db8::1]/cb",
        "https://xn--bcher-kva.example/cb",
        "https://10.0.0.1/cb",
        "https://Metrics.example/cb",
    ] {
        assert_eq!(check_registration(good, false), Ok(()), "{good}");
        assert_eq!(check_web_uri(good), Ok(()), "{good}");
    }
    for good in ["com.example.app:/callback", "com.example.app://callback"] {
        assert_eq!(check_registration(good, true), Ok(()), "{good}");
        assert!(check_web_uri(good).is_err(), "{good} is no page");
    }
}

#[test]
fn o_02_a_whole_client_is_checked() {
    assert_eq!(client().check(), Ok(()));
    let mut bad = client();
    bad.initiate_login_uri = Some("javascript:alert(1)".to_owned());
    assert!(bad.check().is_err());
    let stored = serde_json::to_string(&client()).expect("serialises");
    let tampered = stored.replace(CALLBACK, "javascript:alert(1)");
    assert!(serde_json::from_str::<oidc::Client>(&tampered).is_err(), "read back from a store unchecked");
    assert_eq!(serde_json::from_str::<oidc::Client>(&stored).expect("the twin"), client());
}
