//! Guessing is slowed down, and nobody can lock another person out.

use crate::support::app::TestApp;
use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::{
    domain::{audit::Origin, user::Role},
    id::UserId,
    service::authentication::password::{Attempt, SignIn, sign_in},
};

fn attempt(login: &str, password: &str, known_device: Option<(UserId, DateTime<Utc>)>) -> Attempt {
    Attempt { login: login.into(), password: password.into(), known_device, replaces: None }
}

fn from(address: &str) -> Origin {
    Origin { client_ip: address.into(), user_agent: "test".into() }
}

#[tokio::test]
async fn w07_a_hundred_parallel_guesses_give_no_more_verifications_than_allowed() {
    let app = TestApp::new().await;
    app.person("maya", Role::None).await;
    let guesses = (0..100).map(|number| {
        let ctx = app.ctx.clone();
        // User name and e-mail, in every case, count as one account.
        let login = ["maya", "MAYA", "maya@fernhill.example", "Maya@Fernhill.Example"][number % 4];
        async move { sign_in(&ctx, &from("192.0.2.1"), attempt(login, "wrong", None)).await.expect("answers") }
    });
    let answers = futures_util::future::join_all(guesses).await;
    let verified = answers.iter().filter(|answer| matches!(answer, SignIn::Refused)).count();
    assert_eq!(verified, 5);
    let right = crate::support::app::PASSWORD;
    let blocked = sign_in(&app.ctx, &from("192.0.2.1"), attempt("maya", right, None)).await.expect("answers");
    assert!(matches!(blocked, SignIn::Throttled(_)), "even the right password waits");
    app.ctx.clock.advance(TimeDelta::minutes(6));
    let later = sign_in(&app.ctx, &from("192.0.2.1"), attempt("maya", right, None)).await.expect("answers");
    assert!(matches!(later, SignIn::Done { .. }), "never for good");
}

#[tokio::test]
async fn w10_an_attacker_elsewhere_cannot_lock_out_a_known_device() {
    let app = TestApp::new().await;
    let maya = app.person("maya", Role::None).await;
    let tomas = app.person("tomas", Role::Owner).await;
    for number in 0..40 {
        let origin = from(&format!("198.51.100.{number}"));
        sign_in(&app.ctx, &origin, attempt("maya", "wrong", None)).await.expect("answers");
    }
    let right = crate::support::app::PASSWORD;
    let stranger =
        sign_in(&app.ctx, &from("203.0.113.9"), attempt("maya", right, None)).await.expect("answers");
    assert!(matches!(stranger, SignIn::Throttled(_)), "a new browser waits");
    let of_another = Some((tomas.id, app.ctx.now()));
    let foreign =
        sign_in(&app.ctx, &from("203.0.113.9"), attempt("maya", right, of_another)).await.expect("answers");
    assert!(matches!(foreign, SignIn::Throttled(_)), "a mark of another account is worth nothing");
    let known =
        sign_in(&app.ctx, &from("203.0.113.9"), attempt("maya", right, Some((maya.id, app.ctx.now()))))
            .await
            .expect("answers");
    assert!(matches!(known, SignIn::Done { .. }), "her own browser doesn't");
}

#[tokio::test]
async fn good_sign_ins_do_not_use_up_the_counter_of_their_address() {
    let app = TestApp::new().await;
    app.person("maya", Role::None).await;
    let right = crate::support::app::PASSWORD;
    for number in 0..120 {
        let done =
            sign_in(&app.ctx, &from("192.0.2.7"), attempt("maya", right, None)).await.expect("answers");
        assert!(matches!(done, SignIn::Done { .. }), "sign-in {number} of a whole office behind one address");
    }
}

#[tokio::test]
async fn a_password_reset_while_the_old_one_is_verified_wins() {
    let app = TestApp::new().await;
    let maya = app.person("maya", Role::None).await;
    let right = crate::support::app::PASSWORD;
    let caller = crate::support::app::system();
    let reset = gatehouse::service::users::set_password(
        &app.ctx,
        &caller,
        maya.id,
        "quite another long phrase".into(),
    );
    let origin = from("192.0.2.8");
    let (answer, reset) = tokio::join!(sign_in(&app.ctx, &origin, attempt("maya", right, None)), reset);
    reset.expect("reset");
    if let SignIn::Done { cookie, .. } = answer.expect("answers") {
        let left = gatehouse::service::sessions::find(&app.ctx, &cookie).await.expect("answers");
        assert!(left.is_none(), "a session of the old password does not outlive the reset");
    }
    let old = sign_in(&app.ctx, &origin, attempt("maya", right, None)).await.expect("answers");
    assert!(matches!(old, SignIn::Refused));
}
