//! Fetching a document: a guarded GET that follows a few redirects, asks whether anything changed, and reads no more than it may.
//! Does not own what the document is (`service`).

mod body;

use super::address::{may_call, may_call_plainly};
use crate::config::{OutboundConfig, PrivateNetworks};
use body::Sink;
use reqwest::{
    Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        LAST_MODIFIED, LOCATION,
    },
    redirect::Policy,
};
use std::{io, net::SocketAddr, time::Duration};
use url::Url;

/// Redirects that are followed.
const HOPS: usize = 3;
/// Until a connection stands (C-27).
const CONNECT: Duration = Duration::from_secs(5);
/// Between two octets, the first one too (C-27).
const SILENCE: Duration = Duration::from_secs(15);
/// The longest validator that is kept, in bytes: it is sent back each time.
const VALIDATOR_MAX: usize = 1024;

/// What one fetch may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The document, in bytes, also before it is unpacked.
    pub bytes: usize,
    /// Everything together: redirects, connecting, reading.
    pub time: Duration,
}

/// What to ask for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// `Accept`.
    pub accept: &'static str,
    /// `If-None-Match`.
    pub etag: Option<&'a str>,
    /// `If-Modified-Since`.
    pub last_modified: Option<&'a str>,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Fetched {
    /// RFC 9110 §15.4.5: what the validators name is still the answer.
    NotModified,
    /// A document.
    Document {
        /// Unpacked.
        body: Vec<u8>,
        /// `ETag`.
        etag: Option<String>,
        /// `Last-Modified`.
        last_modified: Option<String>,
    },
}

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No absolute http or https address, or one with a user name.
    #[error("{0} can’t be called")]
    Address(String),
    /// C-20: the address is one of an inner network.
    #[error("{0} is in a private network, which outbound.allow_private_networks doesn’t name")]
    Private(String),
    /// No TLS, outside of the inner networks that may be called.
    #[error("{0} is plain http: anybody on the way could change what comes. Use https")]
    Plain(String),
    /// Redirected in circles, to nowhere, or away from TLS.
    #[error("{0}")]
    Redirect(String),
    /// Another answer than a document.
    #[error("{address} answered with status {status}")]
    Status {
        /// Who answered.
        address: String,
        /// With what.
        status: u16,
    },
    /// More than the limit.
    #[error("the document has more than {} MiB", .0 / (1024 * 1024))]
    TooLarge(usize),
    /// Packed in a way that was not asked for, or damaged.
    #[error("the answer can’t be unpacked: {0}")]
    Packing(String),
    /// Nobody there, no agreement on TLS, or too slow.
    #[error("{0}")]
    Failed(String),
}

/// The client. Addresses that need TLS and those that need none are resolved by different rules, so there are two.
#[derive(Debug, Clone)]
pub struct Fetcher {
    secure: reqwest::Client,
    plain: reqwest::Client,
    networks: PrivateNetworks,
}

/// C-21: resolves a name once and hands on only addresses that may be called; the connection is made to one of these.
struct Guard {
    networks: PrivateNetworks,
    plain: bool,
}

/// None of a name's addresses may be called.
#[derive(Debug, thiserror::Error)]
#[error("no address of this name may be called")]
struct Guarded;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (networks, plain) = (self.networks.clone(), self.plain);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| allowed(address.ip(), plain, &networks))
                .collect();
            if found.is_empty() {
                return Err(Guarded.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn allowed(address: std::net::IpAddr, plain: bool, networks: &PrivateNetworks) -> bool {
    if plain { may_call_plainly(address, networks) } else { may_call(address, networks) }
}

impl Fetcher {
    /// A client for these settings.
    pub fn new(config: &OutboundConfig) -> Result<Self, FetchError> {
        let networks = config.allow_private_networks.clone();
        let client = |plain| {
            reqwest::Client::builder()
                // Each hop goes through the guard again.
                .redirect(Policy::none())
                // A proxy would resolve the name itself, behind the guard.
                .no_proxy()
                .connect_timeout(CONNECT)
                .read_timeout(SILENCE)
                .pool_max_idle_per_host(0)
                .tls_version_min(reqwest::tls::Version::TLS_1_2)
                .user_agent("Gatehouse")
                .dns_resolver(Guard { networks: networks.clone(), plain })
                .build()
                .map_err(|error| FetchError::Failed(innermost(&error)))
        };
        Ok(Self { secure: client(false)?, plain: client(true)?, networks })
    }

    /// Fetches a document. IIP-MD02: redirects with 301, 302 and 307 are followed, and 308 with them; each hop is judged
    /// like the first address (S-36), and none leads away from TLS.
    pub async fn get(&self, address: &str, wish: Wish<'_>, limits: Limits) -> Result<Fetched, FetchError> {
        match tokio::time::timeout(limits.time, self.follow(address, wish, limits)).await {
            Ok(answer) => answer,
            Err(_) => {
                Err(FetchError::Failed(format!("no whole answer within {} seconds", limits.time.as_secs())))
            }
        }
    }

    async fn follow(&self, address: &str, wish: Wish<'_>, limits: Limits) -> Result<Fetched, FetchError> {
        let mut url = parsed(address)?;
        for _ in 0..=HOPS {
            let response = self.hop(&url, wish).await?;
            match response.status().as_u16() {
                200 => return read(response, limits).await,
                304 if wish.etag.is_some() || wish.last_modified.is_some() => {
                    return Ok(Fetched::NotModified);
                }
                301 | 302 | 307 | 308 => url = next(&url, &response)?,
                status => return Err(FetchError::Status { address: shown(&url), status }),
            }
        }
        Err(FetchError::Redirect(format!("{} redirects more than {HOPS} times", clip(address))))
    }

    async fn hop(&self, url: &Url, wish: Wish<'_>) -> Result<Response, FetchError> {
        let plain = url.scheme() == "http";
        // A host that is an address is never resolved, so it is judged here. The parser has made decimal, octal and
        // hexadecimal forms one by now.
        let literal = match url.host() {
            Some(url::Host::Ipv4(v4)) => Some(v4.into()),
            Some(url::Host::Ipv6(v6)) => Some(v6.into()),
            Some(url::Host::Domain(_)) => None,
            None => return Err(FetchError::Address(shown(url))),
        };
        let refused = || if plain { FetchError::Plain(shown(url)) } else { FetchError::Private(shown(url)) };
        if literal.is_some_and(|address| !may_call(address, &self.networks)) {
            return Err(FetchError::Private(shown(url)));
        }
        if literal.is_some_and(|address| !allowed(address, plain, &self.networks)) {
            return Err(refused());
        }
        let client = if plain { &self.plain } else { &self.secure };
        let mut request = client.get(url.clone()).header(ACCEPT, wish.accept).header(ACCEPT_ENCODING, "gzip");
        for (name, value) in [(IF_NONE_MATCH, wish.etag), (IF_MODIFIED_SINCE, wish.last_modified)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.send().await.map_err(|error| if is_guarded(&error) { refused() } else { failed(&error) })
    }
}

fn parsed(address: &str) -> Result<Url, FetchError> {
    let url = Url::parse(address).map_err(|_| FetchError::Address(clip(address)))?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::Address(clip(address)));
    }
    Ok(url)
}

/// RFC 9110 §10.2.2: where a redirect leads, seen from where it stands.
fn next(from: &Url, response: &Response) -> Result<Url, FetchError> {
    let nowhere = || FetchError::Redirect(format!("{} redirects to nowhere", shown(from)));
    let location =
        response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).ok_or_else(nowhere)?;
    let to = from.join(location).map_err(|_| nowhere())?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(FetchError::Redirect(format!("{} redirects from https to http", shown(from))));
    }
    parsed(to.as_str())
}

/// Reads the body as it comes, packed or not, up to the limit on either side (C-25).
async fn read(mut response: Response, limits: Limits) -> Result<Fetched, FetchError> {
    let header = |name: HeaderName| {
        let text = response.headers().get(name)?.to_str().ok()?;
        Some(text.to_owned()).filter(|text| text.len() <= VALIDATOR_MAX)
    };
    let (etag, last_modified) = (header(ETAG), header(LAST_MODIFIED));
    let encoding = header(CONTENT_ENCODING);
    let Some(mut sink) = Sink::of(encoding.as_deref(), limits.bytes) else {
        let other = clip(encoding.as_deref().unwrap_or_default());
        return Err(FetchError::Packing(format!("it is packed as “{other}”")));
    };
    let mut received = 0_usize;
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        received = received.saturating_add(chunk.len());
        if received > limits.bytes {
            return Err(FetchError::TooLarge(limits.bytes));
        }
        sink.write(&chunk).map_err(|error| unpacked(&error, limits))?;
    }
    let body = sink.finish().map_err(|error| unpacked(&error, limits))?;
    Ok(Fetched::Document { body, etag, last_modified })
}

fn unpacked(error: &io::Error, limits: Limits) -> FetchError {
    if error.kind() == io::ErrorKind::FileTooLarge {
        FetchError::TooLarge(limits.bytes)
    } else {
        FetchError::Packing(error.to_string())
    }
}

/// Whether our own guard is among the causes.
fn is_guarded(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.is::<Guarded>() {
            return true;
        }
        cause = one.source();
    }
    false
}

fn failed(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::Failed("it is too slow to answer".to_owned());
    }
    FetchError::Failed(innermost(error))
}

/// The innermost cause; the address is not repeated.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// An address for words: without its query, which may hold a key.
fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    clip(bare.as_str())
}

fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests;
