//! O-09, O-10 and O-11: the decision table of refresh tokens.

use chrono::TimeDelta;
use oidc::Scope;
use oidc::token::refresh_token::{Presenter, RefreshDecision, Rotation, StoredRefreshToken, decide};

use crate::support::now;

fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("good")
}

fn fresh() -> StoredRefreshToken {
    StoredRefreshToken {
        client_id: "metrics".to_owned(),
        issued_at: now(),
        idle_expires_at: now() + TimeDelta::days(14),
        absolute_expires_at: now() + TimeDelta::days(90),
        consumed_at: None,
        successor_used: false,
        family_revoked: false,
        key_thumbprint: None,
        successor_key: None,
        scope: scope("openid profile email"),
    }
}

/// A client that proved no key.
fn by(client_id: &str) -> Presenter<'_> {
    Presenter { client_id, proven_key: None, has_signed: false, is_public: false }
}

/// A new token at each use, with a grace in seconds.
fn rotated(seconds: i64) -> Rotation {
    Rotation { every_use: true, grace: TimeDelta::seconds(seconds) }
}

/// The same token until it ends.
fn kept(seconds: i64) -> Rotation {
    Rotation { every_use: false, ..rotated(seconds) }
}

/// One word for a decision at `seconds` after issue with a grace of ten.
fn word(token: &StoredRefreshToken, seconds: i64) -> &'static str {
    let at = now() + TimeDelta::seconds(seconds);
    word_of(&decide(token, &by("metrics"), None, at, rotated(10)))
}

fn word_of(decision: &RefreshDecision) -> &'static str {
    match decision {
        RefreshDecision::Rotate { .. } => "rotate",
        RefreshDecision::Keep { .. } => "keep",
        RefreshDecision::ReplaceSuccessor { .. } => "replace",
        RefreshDecision::Reuse => "reuse",
        RefreshDecision::Refused(error) => error.code().as_str(),
    }
}

#[test]
fn o_09_decision_table() {
    const DAY: i64 = 86_400;
    // consumed at, successor used, family revoked, presented at, decision
    let table = [
        (None, false, false, 0, "rotate"),
        (None, false, false, 14 * DAY - 1, "rotate"),
        (None, false, true, 0, "invalid_grant"),
        (Some(100), false, false, 100, "replace"),
        (Some(100), false, false, 110, "replace"),
        (Some(100), false, false, 111, "reuse"),
        (Some(100), true, false, 101, "reuse"),
        (Some(100), true, false, 14 * DAY, "reuse"),
        (Some(100), false, false, 91 * DAY, "reuse"),
        (Some(100), false, true, 101, "invalid_grant"),
        (Some(100), true, true, 101, "invalid_grant"),
        (Some(100), false, false, 99, "replace"),
    ];
    for (consumed, successor_used, family_revoked, at, expected) in table {
        let consumed_at = consumed.map(|seconds| now() + TimeDelta::seconds(seconds));
        let token = StoredRefreshToken { consumed_at, successor_used, family_revoked, ..fresh() };
        assert_eq!(word(&token, at), expected, "{consumed:?} {successor_used} {family_revoked} {at}");
    }
}

#[test]
fn o_09_without_grace_every_return_is_reuse() {
    let token = StoredRefreshToken { consumed_at: Some(now()), ..fresh() };
    assert_eq!(decide(&token, &by("metrics"), None, now(), rotated(0)), RefreshDecision::Reuse);
    assert_eq!(decide(&token, &by("metrics"), None, now(), rotated(-5)), RefreshDecision::Reuse);
    let replaced = decide(&token, &by("metrics"), None, now(), rotated(1));
    assert_eq!(word_of(&replaced), "replace", "twin");
}

#[test]
fn o_10_bound_to_client_and_scope() {
    let token = fresh();
    let ask = |client: &str, wish: &str| decide(&token, &by(client), Some(&scope(wish)), now(), rotated(0));
    assert_eq!(word_of(&ask("other", "openid")), "invalid_grant");
    assert_eq!(word_of(&ask("metrics", "openid groups")), "invalid_scope");
    assert_eq!(ask("metrics", "email openid"), RefreshDecision::Rotate { scope: scope("email openid") });
    assert_eq!(ask("metrics", ""), RefreshDecision::Rotate { scope: token.scope.clone() });
    let used = StoredRefreshToken { consumed_at: Some(now()), successor_used: true, ..fresh() };
    let foreign = decide(&used, &by("other"), None, now(), rotated(0));
    assert_eq!(word_of(&foreign), "invalid_grant", "another client cannot have a family revoked");
}

#[test]
fn o_11_idle_and_absolute_expiry() {
    let day = |days: i64| days * 86_400;
    let token = fresh();
    assert_eq!(word(&token, day(14) - 1), "rotate");
    assert_eq!(word(&token, day(14)), "invalid_grant");
    let late = StoredRefreshToken { idle_expires_at: now() + TimeDelta::days(100), ..fresh() };
    assert_eq!(word(&late, day(90) - 1), "rotate");
    assert_eq!(word(&late, day(90)), "invalid_grant");
}

#[test]
fn o_10_bound_to_its_key() {
    let token = StoredRefreshToken { key_thumbprint: Some("key".to_owned()), ..fresh() };
    let ask = |token: &StoredRefreshToken, proven_key, has_signed| {
        let presenter = Presenter { client_id: "metrics", proven_key, has_signed, is_public: false };
        decide(token, &presenter, None, now(), rotated(0))
    };
    for has_signed in [false, true] {
        assert_eq!(word_of(&ask(&token, Some("key"), has_signed)), "rotate", "twin");
        assert_eq!(word_of(&ask(&token, None, has_signed)), "invalid_grant", "never a bearer token again");
        for other in ["other", ""] {
            // RFC 9449 §5: a client that signed may prove another key; a public one, or one with a secret, may not.
            let expected = if has_signed { "rotate" } else { "invalid_grant" };
            assert_eq!(word_of(&ask(&token, Some(other), has_signed)), expected, "{other:?}");
        }
    }
    // A thief without the key cannot end the family either.
    let used = StoredRefreshToken { consumed_at: Some(now()), successor_used: true, ..token };
    assert_eq!(word_of(&ask(&used, None, false)), "invalid_grant");
    assert_eq!(word_of(&ask(&fresh(), Some("any"), false)), "rotate", "not bound: it asks for no key");
}

#[test]
fn o_09_the_key_of_the_successor_hides_no_reuse() {
    let exchanged =
        StoredRefreshToken { consumed_at: Some(now()), successor_key: Some("key".to_owned()), ..fresh() };
    let used = StoredRefreshToken { successor_used: true, ..exchanged.clone() };
    let ask = |token: &StoredRefreshToken, proven_key, has_signed, seconds| {
        let presenter = Presenter { client_id: "metrics", proven_key, has_signed, is_public: false };
        let at = now() + TimeDelta::seconds(seconds);
        word_of(&decide(token, &presenter, None, at, rotated(10)))
    };
    for proven_key in [None, Some("other"), Some("key")] {
        for has_signed in [false, true] {
            assert_eq!(ask(&used, proven_key, has_signed, 1), "reuse", "{proven_key:?}");
            assert_eq!(ask(&exchanged, proven_key, has_signed, 11), "reuse", "{proven_key:?}");
        }
        let expected = if proven_key == Some("key") { "replace" } else { "reuse" };
        assert_eq!(ask(&exchanged, proven_key, false, 10), expected, "{proven_key:?}: the lost answer");
    }
    assert_eq!(
        ask(&exchanged, Some("other"), true, 10),
        "replace",
        "a client that signed may change its key"
    );
    let pending = StoredRefreshToken { consumed_at: None, ..exchanged };
    assert_eq!(ask(&pending, None, false, 1), "rotate", "no exchange, no successor");
}

/// FAPI 2.0 §5.3.2.1: tokens that aren't rotated. Everything that is refused is refused as before; what was exchanged before
/// the client changed over still shows a theft.
#[test]
fn o_09_a_client_keeps_its_token() {
    let same = |change: &dyn Fn(&mut StoredRefreshToken), seconds: i64, grace: i64, expected: [&str; 2]| {
        let mut token = fresh();
        change(&mut token);
        let at = now() + TimeDelta::seconds(seconds);
        let ask = |rotation| word_of(&decide(&token, &by("metrics"), None, at, rotation));
        assert_eq!([ask(rotated(grace)), ask(kept(grace))], expected, "{token:?} {seconds} {grace}");
    };
    let day = 86_400;
    same(&|_| (), 0, 0, ["rotate", "keep"]);
    same(&|_| (), 14 * day - 1, 0, ["rotate", "keep"]);
    same(&|_| (), 14 * day, 0, ["invalid_grant"; 2]);
    same(&|t| t.idle_expires_at = t.absolute_expires_at, 90 * day, 0, ["invalid_grant"; 2]);
    same(&|t| t.family_revoked = true, 0, 0, ["invalid_grant"; 2]);
    same(&|t| t.client_id = "other".into(), 0, 0, ["invalid_grant"; 2]);
    same(&|t| t.key_thumbprint = Some("key".into()), 0, 0, ["invalid_grant"; 2]);
    same(&|t| t.consumed_at = Some(now()), 0, 0, ["reuse"; 2]);
    same(&|t| t.consumed_at = Some(now()), 11, 10, ["reuse"; 2]);
    same(&|t| t.consumed_at = Some(now()), 10, 10, ["replace"; 2]);
    same(&|t| (t.consumed_at, t.successor_used) = (Some(now()), true), 1, 10, ["reuse"; 2]);

    let wish = |text: &str| decide(&fresh(), &by("metrics"), Some(&scope(text)), now(), kept(0));
    assert_eq!(wish("email openid"), RefreshDecision::Keep { scope: scope("email openid") });
    assert_eq!(word_of(&wish("openid groups")), "invalid_scope");
}

/// RFC 9700 §4.14.2: a public client's token is kept only while it is bound to a key.
#[test]
fn o_09_a_bearer_token_of_a_public_client_is_never_kept() {
    let bound = StoredRefreshToken { key_thumbprint: Some("key".to_owned()), ..fresh() };
    for (token, is_public, expected) in [
        (&fresh(), true, "rotate"),
        (&bound, true, "keep"),
        (&fresh(), false, "keep"),
        (&bound, false, "keep"),
    ] {
        let presenter =
            Presenter { client_id: "metrics", proven_key: Some("key"), has_signed: false, is_public };
        assert_eq!(
            word_of(&decide(token, &presenter, None, now(), kept(0))),
            expected,
            "{is_public} {token:?}"
        );
    }
}
