//! Shared by the tests of both apps: a running app on a free port and a browser that follows nothing by itself.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run their apps as tasks and make messages of this moment"
)]

pub(crate) mod idp;
pub(crate) mod op;

use std::future::Future;
use tokio::net::TcpListener;
use url::Url;

/// A listener on a free loopback port and its address as browsers write it.
pub(crate) async fn listener() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    (listener, Url::parse(&url).unwrap())
}

/// Runs a server until the test ends.
pub(crate) fn run(server: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
    tokio::spawn(async move { server.await.unwrap() });
}

/// A browser with cookies that stops at every redirect.
pub(crate) fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .cookie_store(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Where a redirect leads.
pub(crate) fn location(response: &reqwest::Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// This moment, shifted by seconds.
pub(crate) fn now(shift: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now() + chrono::TimeDelta::seconds(shift)
}
