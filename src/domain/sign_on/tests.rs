//! The next step, case by case.

use super::*;
use crate::domain::access::Route;
use crate::id::SessionId;
use rand::{SeedableRng, rngs::StdRng};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).expect("in range")
}

fn user(seed: u64) -> UserId {
    UserId::new(at(0), &mut StdRng::seed_from_u64(seed))
}

/// A session of person 1, signed in at that second; every sign-on here begins at second 100.
fn session(seconds: i64) -> Session {
    Session {
        id: SessionId::new(at(0), &mut StdRng::seed_from_u64(9)),
        user_id: user(1),
        authenticated_at: at(seconds),
        last_seen_at: at(seconds),
        expires_at: at(100_000),
        amr: vec!["pwd".into()],
        client_ip: String::new(),
        user_agent: String::new(),
        created_at: at(seconds),
    }
}

struct Case {
    demand: Demand,
    signed_in: Option<i64>,
    access: Access,
    answers: Answers,
    consent: ConsentNeed,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            demand: Demand::default(),
            signed_in: Some(0),
            access: Access::Allowed(vec![Route::Direct]),
            answers: Answers::default(),
            consent: ConsentNeed::Settled,
        }
    }
}

fn step(case: &Case) -> Step {
    let session = case.signed_in.map(session);
    let standing = Standing {
        demand: case.demand,
        began_at: at(100),
        session: session.as_ref(),
        access: session.as_ref().map(|_| &case.access),
        answers: &case.answers,
        consent: case.consent,
        asked: "email",
    };
    next_step(&standing, at(110))
}

#[test]
fn who_is_signed_in_and_may_is_answered() {
    assert_eq!(step(&Case::default()), Step::Issue);
    assert_eq!(step(&Case { signed_in: None, ..Case::default() }), Step::Authenticate);
    let denied = Access::Denied(Denial::NotAssigned);
    assert_eq!(step(&Case { access: denied, ..Case::default() }), Step::Deny(Denial::NotAssigned));
}

#[test]
fn o18_no_page_is_shown_where_none_may_be() {
    let demand = Demand { passive: true, ..Demand::default() };
    let alone = Case { demand, signed_in: None, ..Case::default() };
    assert_eq!(step(&alone), Step::InteractionNeeded(Interaction::SignIn));
    let ask = Case { demand, consent: ConsentNeed::Ask, ..Case::default() };
    assert_eq!(step(&ask), Step::InteractionNeeded(Interaction::Consent));
    assert_eq!(step(&Case { demand, ..Case::default() }), Step::Issue);
}

#[test]
fn o19_age_and_freshness_count_from_the_beginning_of_the_sign_on() {
    let fresh = Demand { fresh: true, ..Demand::default() };
    assert_eq!(step(&Case { demand: fresh, ..Case::default() }), Step::Authenticate);
    assert_eq!(step(&Case { demand: fresh, signed_in: Some(105), ..Case::default() }), Step::Issue);
    let young = Demand { max_age: Some(TimeDelta::seconds(20)), ..Demand::default() };
    assert_eq!(step(&Case { demand: young, ..Case::default() }), Step::Authenticate);
    assert_eq!(step(&Case { demand: young, signed_in: Some(95), ..Case::default() }), Step::Issue);
}

#[test]
fn an_account_is_chosen_by_who_is_signed_in() {
    let demand = Demand { choose_account: true, ..Demand::default() };
    assert_eq!(step(&Case { demand, ..Case::default() }), Step::ChooseAccount);
    assert_eq!(
        step(&Case { demand, signed_in: Some(105), ..Case::default() }),
        Step::Issue,
        "just signed in"
    );
    let chose = |seed| Answers { account: Some(user(seed)), consent: None };
    assert_eq!(step(&Case { demand, answers: chose(1), ..Case::default() }), Step::Issue);
    assert_eq!(step(&Case { demand, answers: chose(2), ..Case::default() }), Step::ChooseAccount);
    let no_app = Case { demand, access: Access::Denied(Denial::NotAssigned), ..Case::default() };
    assert_eq!(step(&no_app), Step::ChooseAccount, "another account may have it");
}

#[test]
fn o39_consent_is_asked_of_who_is_signed_in_and_both_answers_count() {
    let asked = |consent| Case {
        consent: ConsentNeed::Ask,
        answers: Answers { account: None, consent },
        ..Case::default()
    };
    let said = |seed, yes, shown: &str| Some(Said { user: user(seed), yes, shown: shown.to_owned() });
    assert_eq!(step(&asked(None)), Step::AskConsent);
    assert_eq!(step(&asked(said(2, true, "email"))), Step::AskConsent, "somebody else’s answer");
    assert_eq!(step(&asked(said(1, true, "email"))), Step::Issue);
    assert_eq!(step(&asked(said(1, false, "email"))), Step::Refused);
    for yes in [true, false] {
        assert_eq!(step(&asked(said(1, yes, "name"))), Step::AskConsent, "to another question");
    }
    let gone = Case { access: Access::Denied(Denial::NotAssigned), ..asked(said(1, true, "email")) };
    assert_eq!(step(&gone), Step::Deny(Denial::NotAssigned), "access is decided first");
}
