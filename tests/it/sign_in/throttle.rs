//! Guessing is slowed down, and nobody can lock another person out.

use crate::support::app::TestApp;
use chrono::TimeDelta;
use gatehouse::{
    domain::{audit::Origin, user::Role},
    service::authentication::password::{Attempt, SignIn, sign_in},
};

fn attempt(login: &str, password: &str, known_device: bool) -> Attempt {
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
        async move { sign_in(&ctx, &from("192.0.2.1"), attempt(login, "wrong", false)).await.expect("answers") }
    });
    let answers = futures_util::future::join_all(guesses).await;
    let verified = answers.iter().filter(|answer| matches!(answer, SignIn::Refused)).count();
    assert_eq!(verified, 5);
    let right = crate::support::app::PASSWORD;
    let blocked = sign_in(&app.ctx, &from("192.0.2.1"), attempt("maya", right, false)).await.expect("answers");
    assert!(matches!(blocked, SignIn::Throttled(_)), "even the right password waits");
    app.ctx.clock.advance(TimeDelta::minutes(6));
    let later = sign_in(&app.ctx, &from("192.0.2.1"), attempt("maya", right, false)).await.expect("answers");
    assert!(matches!(later, SignIn::Done { .. }), "never for good");
}

#[tokio::test]
async fn w10_an_attacker_elsewhere_cannot_lock_out_a_known_device() {
    let app = TestApp::new().await;
    app.person("maya", Role::None).await;
    for number in 0..40 {
        let origin = from(&format!("198.51.100.{number}"));
        sign_in(&app.ctx, &origin, attempt("maya", "wrong", false)).await.expect("answers");
    }
    let right = crate::support::app::PASSWORD;
    let stranger = sign_in(&app.ctx, &from("203.0.113.9"), attempt("maya", right, false)).await.expect("answers");
    assert!(matches!(stranger, SignIn::Throttled(_)), "a new browser waits");
    let known = sign_in(&app.ctx, &from("203.0.113.9"), attempt("maya", right, true)).await.expect("answers");
    assert!(matches!(known, SignIn::Done { .. }), "her own browser doesn't");
}
