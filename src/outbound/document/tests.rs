//! The guard on each hop, and what is read.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LIMITS: Limits = Limits { bytes: 64 * 1024, time: Duration::from_secs(5) };
const WISH: Wish<'static> = Wish { accept: "*/*", etag: None, last_modified: None };

fn fetcher(networks: PrivateNetworks) -> Fetcher {
    Fetcher::new(&OutboundConfig { allow_private_networks: networks }).expect("a client")
}

/// A server that answers every connection with these octets, and then goes on for ever if it is `endless`.
async fn server(answer: &'static [u8], endless: bool) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer).await;
            while endless && stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        }
    });
    port
}

#[tokio::test]
async fn s_36_inner_addresses_are_refused_in_every_form_unless_allowed() {
    let port = server(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", false).await;
    let strict = fetcher(PrivateNetworks::Refused);
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::1]", "[::ffff:127.0.0.1]"] {
        for scheme in ["http", "https"] {
            let refused = strict.get(&format!("{scheme}://{host}:{port}/"), WISH, LIMITS).await;
            assert!(matches!(refused, Err(FetchError::Private(_))), "{scheme} {host}: {refused:?}");
        }
    }
    let refused = strict.get(&format!("https://localhost:{port}/"), WISH, LIMITS).await;
    assert!(matches!(refused, Err(FetchError::Private(_))), "{refused:?}");
    for address in ["ftp://example.com/", "nonsense", "https://user:pass@example.com/", "file:///etc/passwd"]
    {
        let refused = strict.get(address, WISH, LIMITS).await;
        assert!(matches!(refused, Err(FetchError::Address(_))), "{address}: {refused:?}");
    }
    let open = fetcher(PrivateNetworks::Allowed);
    for host in ["127.0.0.1", "localhost"] {
        let answer = open.get(&format!("http://{host}:{port}/"), WISH, LIMITS).await.expect("the valid twin");
        assert_eq!(answer, Fetched::Document { body: b"hi".to_vec(), etag: None, last_modified: None });
    }
}

#[tokio::test]
async fn plain_http_stays_inside() {
    let open = fetcher(PrivateNetworks::Allowed);
    let refused = open.get("http://1.1.1.1/", WISH, LIMITS).await;
    assert!(matches!(refused, Err(FetchError::Plain(_))), "{refused:?}");
}

#[tokio::test]
async fn c_25_endless_answers_and_c_27_silent_ones_end() {
    let open = fetcher(PrivateNetworks::Allowed);
    let port = server(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", true).await;
    let endless = open.get(&format!("http://127.0.0.1:{port}/"), WISH, LIMITS).await;
    assert!(matches!(endless, Err(FetchError::TooLarge(_))), "{endless:?}");
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let short = Limits { time: Duration::from_millis(300), ..LIMITS };
    let slow = open.get(&format!("http://127.0.0.1:{port}/"), WISH, short).await;
    assert!(matches!(slow, Err(FetchError::Failed(_))), "{slow:?}");
}

#[tokio::test]
async fn nothing_changed_is_believed_only_when_it_was_asked() {
    let open = fetcher(PrivateNetworks::Allowed);
    let port = server(b"HTTP/1.1 304 Not Modified\r\n\r\n", false).await;
    let address = format!("http://127.0.0.1:{port}/");
    let asked = open.get(&address, Wish { etag: Some("\"a\""), ..WISH }, LIMITS).await;
    assert!(matches!(asked, Ok(Fetched::NotModified)), "{asked:?}");
    let unasked = open.get(&address, WISH, LIMITS).await;
    assert!(matches!(unasked, Err(FetchError::Status { status: 304, .. })), "{unasked:?}");
}
