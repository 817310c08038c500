//! W-22: nobody holds the server by holding connections, or by being slow.

use super::{LONG, Peer};
use crate::support::app::TestApp;
use gatehouse::web::Limits;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(400);

#[tokio::test]
async fn w22_connections_over_the_limit_wait_until_one_ends() {
    let app = TestApp::behind(&[], Limits { connections: 2, ..Limits::default() }).await;
    let (first, mut second) = (Peer::connect(&app).await, Peer::connect(&app).await);
    assert!(second.is_answered(LONG).await, "the limit itself is allowed");
    let mut third = Peer::connect(&app).await;
    assert!(!third.is_answered(SHORT).await, "no place is free");
    drop(first);
    let mut start = [0; 15];
    let read = tokio::io::AsyncReadExt::read_exact(&mut third.stream, &mut start);
    tokio::time::timeout(LONG, read).await.expect("its turn comes").expect("answered");
    assert_eq!(&start, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn w22_one_address_gets_its_share_and_a_trusted_proxy_more() {
    let limits = Limits { per_address: 2, ..Limits::default() };
    let app = TestApp::behind(&[], limits).await;
    let (first, mut second) = (Peer::connect(&app).await, Peer::connect(&app).await);
    assert!(second.is_answered(LONG).await, "the limit itself is allowed");
    let mut third = Peer::connect(&app).await;
    assert!(!third.is_answered(LONG).await, "one too many");
    let (heard, after) = third.hear().await.expect("closed at once, not kept waiting");
    assert!(heard.is_empty() && after < SHORT);
    drop(first);
    let mut places = 0;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(25)).await;
        places += usize::from(Peer::connect(&app).await.is_answered(LONG).await);
    }
    assert!(places > 0, "a place that is left can be taken");

    let proxy = TestApp::behind(&["127.0.0.1/32"], limits).await;
    let mut many = Vec::new();
    for number in 0..6 {
        let mut peer = Peer::connect(&proxy).await;
        assert!(peer.is_answered(LONG).await, "connection {number} of a trusted proxy");
        many.push(peer);
    }
}

#[tokio::test]
async fn w22_who_does_not_finish_the_headers_in_time_is_cut_off() {
    let app = TestApp::behind(&[], Limits { headers: SHORT, ..Limits::default() }).await;
    for beginning in ["", "PRI", "PRI * HTTP/2.0\r\n", "G", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-Slow: "]
    {
        let mut peer = Peer::connect(&app).await;
        peer.say(beginning).await;
        let (heard, _) = peer.hear().await.unwrap_or_else(|| panic!("{beginning:?} is kept open"));
        assert!(!heard.contains("200 OK"), "{beginning:?}: {heard}");
    }
    let mut dripping = Peer::connect(&app).await;
    dripping.say("GET /healthz HTTP/1.1\r\nHost: HOST\r\nX-Slow: ").await;
    let mut said = 0;
    while said < 40 && dripping.say("x").await {
        tokio::time::sleep(Duration::from_millis(50)).await;
        said += 1;
    }
    assert!(said < 40, "an octet now and then doesn't keep a connection");

    let mut slow = Peer::connect(&app).await;
    for part in ["GET /hea", "lthz HTTP/1.1\r\n", "Host: HOST\r\nConnection: close\r\n\r\n"] {
        assert!(slow.say(part).await);
        tokio::time::sleep(SHORT / 8).await;
    }
    let (heard, _) = slow.hear().await.expect("answered");
    assert!(heard.starts_with("HTTP/1.1 200 OK"), "slow, but in time: {heard}");
}

#[tokio::test]
async fn w22_who_does_not_finish_the_body_in_time_is_answered_and_let_go() {
    let app = TestApp::behind(&[], Limits { body: SHORT, ..Limits::default() }).await;
    let post = "POST /oauth2/token HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\
        Content-Type: application/x-www-form-urlencoded\r\n";
    for framing in
        ["Content-Length: 1000\r\n\r\ngrant_type=", "Transfer-Encoding: chunked\r\n\r\n5\r\ngrant\r\n"]
    {
        let mut peer = Peer::connect(&app).await;
        peer.say(&format!("{post}{framing}")).await;
        let (heard, after) = peer.hear().await.expect("not kept open");
        assert!(heard.starts_with("HTTP/1.1 4"), "{framing:?}: {heard}");
        assert!(after >= SHORT / 2, "not before the time is over: {after:?}");
    }
    let mut slow = Peer::connect(&app).await;
    slow.say(&format!("{post}Content-Length: 29\r\n\r\n")).await;
    for part in ["grant_type=", "authorization_code"] {
        tokio::time::sleep(SHORT / 8).await;
        assert!(slow.say(part).await);
    }
    let (heard, after) = slow.hear().await.expect("answered");
    assert!(heard.contains("invalid_client") && after < SHORT, "read to its end: {heard}");
}
