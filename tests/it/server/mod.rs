//! What the server does before a request reaches its handler: limits on peers and bodies, and who a peer is.

mod bodies;
mod connections;
mod proxies;
mod secure;

use crate::support::app::TestApp;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than any wait that is right; shorter than the limits of a real server.
const LONG: Duration = Duration::from_secs(3);

/// A peer that says what it likes, as slowly as it likes.
struct Peer {
    stream: TcpStream,
    host: String,
}

impl Peer {
    async fn connect(app: &TestApp) -> Self {
        let host = app.ctx.config.http.listen.to_string();
        Self { stream: TcpStream::connect(&host).await.expect("the kernel accepts"), host }
    }

    /// Sends this; whether the server still listens. `HOST` stands for the server's address.
    async fn say(&mut self, text: &str) -> bool {
        self.stream.write_all(text.replace("HOST", &self.host).as_bytes()).await.is_ok()
    }

    /// What comes back until the server closes, and after how long; `None` when it keeps the connection open.
    async fn hear(&mut self) -> Option<(String, Duration)> {
        let began = Instant::now();
        let mut heard = Vec::new();
        // A reset counts as closed: unread octets of ours are thrown away.
        let closed = tokio::time::timeout(LONG, self.stream.read_to_end(&mut heard)).await.is_ok();
        closed.then(|| (String::from_utf8_lossy(&heard).into_owned(), began.elapsed()))
    }

    /// Asks once, and answers whether it was answered well within this time.
    async fn is_answered(&mut self, within: Duration) -> bool {
        if !self.say("GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n").await {
            return false;
        }
        let mut start = [0; 15];
        let read = tokio::time::timeout(within, self.stream.read_exact(&mut start)).await;
        matches!(read, Ok(Ok(_))) && &start == b"HTTP/1.1 200 OK"
    }
}
