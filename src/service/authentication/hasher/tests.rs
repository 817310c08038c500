//! Passwords match as typed, old hashes go on, nobody's password costs the same, and queues end.

use super::*;
use std::time::Instant;

fn cheap(concurrency: u32) -> Hasher {
    let config =
        PasswordsConfig { memory_kib: 256, iterations: 1, parallelism: 1, concurrency: Some(concurrency) };
    Hasher::new(&config).expect("valid")
}

#[tokio::test]
async fn a_password_matches_its_own_hash_exactly_as_typed() {
    let hasher = cheap(2);
    let long = "ä".repeat(512);
    for password in ["correct horse battery", " leading and trailing ", "nul\0inside", "ünïcödé", "", &long]
    {
        let phc = hasher.hash(password.to_owned()).await.expect("hashed");
        assert!(phc.starts_with("$argon2id$v=19$m=256,t=1,p=1$"), "{phc}");
        let right = hasher.verify(password.to_owned(), Some(&phc)).await.expect("checked");
        assert_eq!(right, Verified { matches: true, needs_rehash: false });
        for wrong in [format!("{password} "), password.to_uppercase() + "!", "nul".to_owned()] {
            assert!(!hasher.verify(wrong, Some(&phc)).await.expect("checked").matches);
        }
    }
}

#[tokio::test]
async fn hashes_are_those_of_argon2_itself() {
    use argon2::PasswordVerifier;
    let phc = cheap(1).hash("correct horse".into()).await.expect("hashed");
    let parsed = PasswordHash::new(&phc).expect("PHC");
    assert!(Argon2::default().verify_password(b"correct horse", &parsed).is_ok());
    assert!(Argon2::default().verify_password(b"correct hors", &parsed).is_err());
}

#[tokio::test]
async fn d01_1024_bytes_are_taken_whole_and_more_is_refused() {
    let hasher = cheap(1);
    let longest = "a".repeat(PASSWORD_MAX);
    let phc = hasher.hash(longest.clone()).await.expect("hashed");
    assert!(hasher.verify(longest.clone(), Some(&phc)).await.expect("checked").matches);
    assert!(!hasher.verify(format!("{}b", &longest[1..]), Some(&phc)).await.expect("checked").matches);
    assert_eq!(hasher.hash(format!("{longest}a")).await, Err(HasherError::TooLong));
    assert!(!hasher.verify(format!("{longest}a"), Some(&phc)).await.expect("checked").matches);
}

#[tokio::test]
async fn d01_old_parameters_still_match_and_ask_for_a_new_hash() {
    let old =
        Hasher::new(&PasswordsConfig { memory_kib: 128, iterations: 1, parallelism: 1, concurrency: None });
    let phc = old.expect("valid").hash("correct horse".into()).await.expect("hashed");
    let today = cheap(1);
    let right = today.verify("correct horse".into(), Some(&phc)).await.expect("checked");
    assert_eq!(right, Verified { matches: true, needs_rehash: true });
    let wrong = today.verify("wrong".into(), Some(&phc)).await.expect("checked");
    assert_eq!(wrong, Verified { matches: false, needs_rehash: false });
}

#[tokio::test]
async fn w09_nobodys_password_is_work_and_never_matches() {
    let config = PasswordsConfig { memory_kib: 8192, iterations: 2, parallelism: 1, concurrency: Some(1) };
    let hasher = Hasher::new(&config).expect("valid");
    let phc = hasher.hash("correct horse".into()).await.expect("hashed");
    let mut shortest = [std::time::Duration::MAX; 2];
    for _ in 0..7 {
        for (kind, stored) in [Some(phc.as_str()), None].into_iter().enumerate() {
            let begun = Instant::now();
            let verified = hasher.verify("wrong".into(), stored).await.expect("checked");
            shortest[kind] = shortest[kind].min(begun.elapsed());
            assert!(!verified.matches);
        }
    }
    let (known, unknown) = (shortest[0].as_secs_f64(), shortest[1].as_secs_f64());
    assert!(unknown > known * 0.5, "a decoy must cost what a hash costs: {unknown} against {known}");
}

#[tokio::test]
async fn what_is_no_hash_or_too_dear_is_refused() {
    let hasher = cheap(1);
    let salt_and_output = "c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for bad in [
        String::new(),
        "plain".into(),
        "$2b$12$abcdefghijklmnopqrstuv".into(),
        format!("$argon2i$v=19$m=256,t=1,p=1${salt_and_output}"),
        format!("$argon2id$v=16$m=256,t=1,p=1${salt_and_output}"),
        format!("$argon2id$m=256,t=1,p=1${salt_and_output}"),
        "$argon2id$v=19$m=256,t=1,p=1$c2FsdHNhbHQ".into(),
        format!("$argon2id$v=19$m=4194304,t=1,p=1${salt_and_output}"),
        format!("$argon2id$v=19$m=256,t=1000000,p=1${salt_and_output}"),
        "$".repeat(1000),
    ] {
        assert!(Hasher::check_phc(&bad).is_err(), "{bad}");
        assert!(hasher.verify("x".into(), Some(&bad)).await.is_err(), "{bad}");
    }
    let good = format!("$argon2id$v=19$m=256,t=1,p=1${salt_and_output}");
    assert_eq!(Hasher::check_phc(&good), Ok(()));
}

#[tokio::test]
async fn a_full_queue_answers_busy_at_once_and_recovers() {
    let hasher = cheap(1);
    let jobs: Vec<_> = (0..400).map(|_| hasher.verify("x".into(), None)).collect();
    let answers = futures_util::future::join_all(jobs).await;
    let busy = answers.iter().filter(|answer| **answer == Err(HasherError::Busy)).count();
    assert!(busy > 0 && busy < 400, "{busy}");
    assert!(hasher.verify("x".into(), None).await.is_ok());
}
