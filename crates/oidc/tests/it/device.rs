//! The device authorization grant: codes as people type them, and what a device is told.

use chrono::TimeDelta;
use oidc::device::poll::{PollDecision, StoredDeviceGrant, Verdict, decide};
use oidc::device::{UserCode, response::DeviceAuthorizationResponse};
use oidc::token_value::DeviceCode;

use crate::support::{CountingRng, now};

fn grant(verdict: Verdict) -> StoredDeviceGrant {
    StoredDeviceGrant {
        client_id: "tv".to_owned(),
        expires_at: now() + TimeDelta::seconds(600),
        interval: TimeDelta::seconds(5),
        polled_at: None,
        verdict,
    }
}

fn told(grant: &StoredDeviceGrant, client_id: &str, seconds: i64) -> String {
    match decide(grant, client_id, now() + TimeDelta::seconds(seconds)) {
        PollDecision::Issue => "issue".to_owned(),
        PollDecision::Reuse => "reuse".to_owned(),
        PollDecision::Wait(error) => format!("wait {}", error.code()),
        PollDecision::SlowDown(error) => format!("slower {}", error.code()),
        PollDecision::Refused(error) => format!("refused {}", error.code()),
    }
}

#[test]
fn a_device_is_told_what_became_of_its_code() {
    for (verdict, expected) in [
        (Verdict::Pending, "wait authorization_pending"),
        (Verdict::Approved, "issue"),
        (Verdict::Denied, "refused access_denied"),
        (Verdict::Redeemed, "reuse"),
    ] {
        assert_eq!(told(&grant(verdict), "tv", 0), expected);
        assert_eq!(
            told(&grant(verdict), "other", 0),
            "refused invalid_grant",
            "O-36: code of another client"
        );
    }
    assert_eq!(told(&grant(Verdict::Pending), "tv", 599), "wait authorization_pending");
    assert_eq!(told(&grant(Verdict::Pending), "tv", 600), "refused expired_token");
    assert_eq!(told(&grant(Verdict::Approved), "tv", 600), "refused expired_token");
    let asked = StoredDeviceGrant { polled_at: Some(now()), ..grant(Verdict::Pending) };
    assert_eq!(told(&asked, "tv", 1), "slower slow_down");
    assert_eq!(told(&asked, "tv", 5), "wait authorization_pending");
    let slower = StoredDeviceGrant { interval: TimeDelta::seconds(10), ..asked };
    assert_eq!(told(&slower, "tv", 5), "slower slow_down");
    let approved = StoredDeviceGrant { verdict: Verdict::Approved, ..slower };
    assert_eq!(told(&approved, "tv", 1), "issue", "nobody waits for what is there");
}

#[test]
fn user_codes_are_read_as_people_type_them() {
    let code = UserCode::generate(&mut CountingRng(0));
    assert_eq!(code.shown(), "BCDF-GHJK");
    for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "b c d f - g h j k", "BCDF–GHJK"] {
        assert_eq!(UserCode::parse(typed).expect("the same").hash(), code.hash(), "{typed}");
    }
    for bad in ["", "BCDF", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ1", "ВCDF-GHJK", &"B".repeat(65)]
    {
        assert!(UserCode::parse(bad).is_none(), "{bad}");
    }
    let mut rng = CountingRng(17);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let shown = UserCode::generate(&mut rng).shown();
        assert_eq!(shown.len(), 9);
        seen.extend(shown.chars().filter(char::is_ascii_alphabetic));
    }
    assert_eq!(seen.len(), 20, "every letter of the alphabet, and no other");
    assert!(!format!("{code:?}").contains("BCDF"));
}

#[test]
fn a_device_is_told_where_to_send_its_person() {
    let code = DeviceCode::generate(&mut CountingRng(0));
    let answer = DeviceAuthorizationResponse::new(
        &code,
        &UserCode::generate(&mut CountingRng(0)),
        "https://id.fernhill.example/device",
    )
    .to_json();
    insta::assert_json_snapshot!(answer, @r#"
    {
      "device_code": "ghd_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
      "expires_in": 600,
      "interval": 5,
      "user_code": "BCDF-GHJK",
      "verification_uri": "https://id.fernhill.example/device",
      "verification_uri_complete": "https://id.fernhill.example/device?user_code=BCDF-GHJK"
    }
    "#);
}
