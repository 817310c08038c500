//! One guarded HTTP client: no redirects, no proxies, short time, small answers, public addresses only unless the settings
//! name others. Does not own what is sent.

use super::address::may_call;
use crate::config::{OutboundConfig, PrivateNetworks};
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, CONTENT_TYPE},
    redirect::Policy,
};
use std::{net::SocketAddr, time::Duration};

/// For a whole exchange, connecting and reading included.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The address is no absolute http or https address.
    #[error("the address can’t be called")]
    Address,
    /// C-20: the address is one of an inner network.
    #[error("the address is in a private network, which outbound.allow_private_networks doesn’t name")]
    Private,
    /// Nobody there, no agreement on TLS, or too slow.
    #[error("{0}")]
    Failed(String),
    /// The answer is too large.
    #[error("the answer is too large")]
    TooLarge,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most 1 MiB.
    pub body: Vec<u8>,
}

/// The client.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    networks: PrivateNetworks,
}

/// C-21: resolves a name once and hands on only the addresses that may be called; the connection is made to one of exactly
/// these, so an answer that changes afterwards changes nothing.
struct GuardedResolver(PrivateNetworks);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| may_call(address.ip(), &networks))
                .collect();
            if found.is_empty() {
                return Err(OutboundError::Private.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Client {
    /// A client for these settings.
    pub fn new(config: &OutboundConfig) -> Result<Self, OutboundError> {
        let networks = config.allow_private_networks.clone();
        let inner = reqwest::Client::builder()
            .redirect(Policy::none())
            // A proxy would resolve the name itself, behind the guard.
            .no_proxy()
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(0)
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .user_agent("Gatehouse")
            .dns_resolver(GuardedResolver(networks.clone()))
            .build()
            .map_err(|error| OutboundError::Failed(in_words(&error)))?;
        Ok(Self { inner, networks })
    }

    /// Posts a body, and answers what came back, whatever its status.
    pub async fn post(
        &self,
        address: &str,
        headers: &[(&'static str, &'static str)],
        content_type: &'static str,
        body: String,
    ) -> Result<Answer, OutboundError> {
        let url = self.check(address)?;
        let mut request = self.inner.post(url).header(CONTENT_TYPE, content_type).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request, ANSWER_MAX).await
    }

    /// Gets a document of at most `max` bytes, and answers what came back, whatever its status.
    pub async fn get(
        &self,
        address: &str,
        accept: &'static str,
        max: usize,
    ) -> Result<Answer, OutboundError> {
        let url = self.check(address)?;
        read(self.inner.get(url).header(ACCEPT, accept), max.min(ANSWER_MAX)).await
    }

    /// A host that is an address is never resolved, so it is judged here. The parser has made decimal, octal and hexadecimal
    /// forms one by now.
    fn check(&self, address: &str) -> Result<url::Url, OutboundError> {
        let url = url::Url::parse(address).map_err(|_| OutboundError::Address)?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some()
        {
            return Err(OutboundError::Address);
        }
        let literal = match url.host() {
            Some(url::Host::Ipv4(v4)) => Some(v4.into()),
            Some(url::Host::Ipv6(v6)) => Some(v6.into()),
            Some(url::Host::Domain(_)) => None,
            None => return Err(OutboundError::Address),
        };
        match literal {
            Some(address) if !may_call(address, &self.networks) => Err(OutboundError::Private),
            _ => Ok(url),
        }
    }
}

/// Sends a request and reads the answer until it is larger than `max`.
async fn read(request: reqwest::RequestBuilder, max: usize) -> Result<Answer, OutboundError> {
    let mut response = request.send().await.map_err(|error| refusal(&error))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| refusal(&error))? {
        if body.len() + chunk.len() > max {
            return Err(OutboundError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body })
}

/// Finds our own refusal among the causes.
fn refusal(error: &reqwest::Error) -> OutboundError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.downcast_ref::<OutboundError>().is_some_and(|own| matches!(own, OutboundError::Private)) {
            return OutboundError::Private;
        }
        cause = one.source();
    }
    OutboundError::Failed(in_words(error))
}

/// The innermost cause; the address is not repeated.
fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", TIMEOUT.as_secs());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn client(networks: PrivateNetworks) -> Client {
        Client::new(&OutboundConfig { allow_private_networks: networks }).expect("a client")
    }

    async fn call(client: &Client, address: &str) -> Result<Answer, OutboundError> {
        client.post(address, &[("soapaction", "x")], "text/xml", "<a/>".into()).await
    }

    /// A server that answers every connection with these octets; and how to reach it.
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
    async fn c20_inner_addresses_are_refused_in_every_form_unless_allowed() {
        let port = server(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", false).await;
        let strict = client(PrivateNetworks::Refused);
        for host in
            ["127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
        {
            let refused = call(&strict, &format!("http://{host}:{port}/")).await;
            assert!(matches!(refused, Err(OutboundError::Private)), "{host}: {refused:?}");
        }
        // Not every resolver knows the name with its final dot.
        assert!(call(&strict, &format!("http://localhost.:{port}/")).await.is_err());
        for address in ["ftp://example.com/", "nonsense", "http://user:pass@example.com/"] {
            assert!(matches!(call(&strict, address).await, Err(OutboundError::Address)), "{address}");
        }
        let open = client(PrivateNetworks::Allowed);
        let answer = call(&open, &format!("http://localhost:{port}/")).await.expect("the valid twin");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"hi".as_slice()));
    }

    #[tokio::test]
    async fn c22_redirects_are_answers_and_c25_large_answers_are_cut_off() {
        let open = client(PrivateNetworks::Allowed);
        let port = server(
            b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            false,
        )
        .await;
        assert_eq!(call(&open, &format!("http://127.0.0.1:{port}/")).await.expect("an answer").status, 307);
        let port = server(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", true).await;
        let endless = call(&open, &format!("http://127.0.0.1:{port}/")).await;
        assert!(matches!(endless, Err(OutboundError::TooLarge)), "{endless:?}");
    }
}
