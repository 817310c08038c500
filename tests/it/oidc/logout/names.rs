//! Under which name a client knows a session: another one at each, the same wherever one client meets it.

use super::*;
use gatehouse::domain::connection::SubjectType;
use reqwest::StatusCode;

/// OpenID Connect Core §8: what pairwise subjects hide, `sid` must not tell.
#[tokio::test]
async fn o_41_clients_that_share_a_session_do_not_share_its_name() {
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let pairwise = || OidcConnection { subject_type: SubjectType::Pairwise, ..receiver.settings() };
    let (one, other) = (house.client("one", pairwise()).await, house.client("other", pairwise()).await);
    let plain = house.client("plain", OidcConnection::default()).await;
    let browser = house.signed_in().await;
    let sid = async |rp: &Rp| text(&claims(&rp.sign_on(&browser).await), "sid");
    let names = [sid(&one).await, sid(&other).await, sid(&plain).await];
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
    assert_eq!(sid(&one).await, names[0], "the valid twin: it lasts as long as the session");
    let out = browser.submit("/logout", "/logout", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text);
    let mut told: Vec<String> = receiver.tokens().iter().map(|token| text(&claims(token), "sid")).collect();
    let mut expected = names[..2].to_vec();
    told.sort();
    expected.sort();
    assert_eq!(told, expected, "each is told under the name it knows");
}

/// Sessions from before the names were divided keep theirs: clients hold it, and ID tokens that say it come back as hints.
#[tokio::test]
async fn sessions_from_before_keep_the_name_that_clients_know() {
    for (until, keeps) in [(i64::MAX, true), (0, false)] {
        let house = House::new().await;
        let insert = format!(
            "INSERT INTO settings (name, value, updated_at) VALUES ('sids_shared_until', '{until}', 0)"
        );
        assert_eq!(house.app.tamper(&insert), 1);
        let receiver = Receiver::start().await;
        let rp = house.client("metrics", receiver.settings()).await;
        let browser = house.signed_in().await;
        let id_token = rp.sign_on(&browser).await;
        let sid = text(&claims(&id_token), "sid");
        let named = house
            .app
            .tamper(&format!("UPDATE sessions SET last_seen_at = 0 + last_seen_at WHERE id = '{sid}'"));
        assert_eq!(named == 1, keeps, "{sid}");
        let asked = browser.get(&format!("/oauth2/logout?id_token_hint={id_token}")).await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER, "her own session, so nobody asks: {}", asked.text);
        assert!(!house.is_in(&browser).await);
        assert_eq!(text(&claims(&receiver.tokens()[0]), "sid"), sid, "told under the same name");
    }
}
