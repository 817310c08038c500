//! Accepting connections: limits against slow and greedy peers, and draining on shutdown. Does not own routes.

use super::router::router;
use crate::context::AppContext;
use axum::{Extension, extract::ConnectInfo};
use futures_util::StreamExt;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Layer, ServiceExt};

/// What slow and greedy peers are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most connections at once; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Most connections of one address at once, unless it is a trusted proxy (W-22).
    pub per_address: usize,
    /// Time to send the first bytes, and the headers of a request (W-22).
    pub headers: Duration,
    /// Time to send the body of a request.
    pub body: Duration,
    /// Time for requests under way when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            per_address: 512,
            headers: Duration::from_secs(10),
            body: Duration::from_secs(30),
            drain: Duration::from_secs(20),
        }
    }
}

/// Serves until `shutdown`, then lets requests under way finish.
pub async fn serve(
    ctx: AppContext,
    listener: TcpListener,
    limits: Limits,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let router = router(ctx.clone());
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_buf_size(64 * 1024)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(64)
        .max_header_list_size(16 * 1024)
        .keep_alive_interval(Duration::from_secs(30));
    let places = Arc::new(Semaphore::new(limits.connections));
    let addresses = Addresses::default();
    let graceful = GracefulShutdown::new();
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let (place, stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let exempt = ctx.config.http.trusts(peer.ip());
        let most = if exempt { limits.connections } else { limits.per_address };
        let Some(seat) = addresses.enter(peer.ip(), most) else {
            tracing::debug!(%peer, "too many connections of one address");
            continue;
        };
        let service = Extension(ConnectInfo(peer))
            .layer(router.clone())
            .map_request(move |request| with_body_timeout(request, limits.body));
        let builder = builder.clone();
        let watcher = graceful.watcher();
        connections.spawn(async move {
            let held = (place, seat);
            if first_bytes(&stream, limits.headers).await {
                let service = TowerToHyperService::new(service);
                let connection =
                    builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
                if let Err(error) = watcher.watch(connection).await {
                    tracing::debug!(%error, "a connection ended early");
                }
            }
            drop(held);
        });
    }
    connections.close();
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.drain) => {
            tracing::warn!("requests were still under way after {:?}", limits.drain);
        }
    }
    Ok(())
}

/// Waits for a place and a connection.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are small and written at once: waiting to fill a packet only costs time.
    stream.set_nodelay(true)?;
    Ok((place, stream, peer))
}

/// Whether a peer says enough in time to tell which version of HTTP it speaks: three bytes tell an HTTP/2 preface from a method,
/// and from then on the protocols have timeouts of their own.
async fn first_bytes(stream: &TcpStream, within: Duration) -> bool {
    let enough = async {
        let mut start = [0; 24];
        loop {
            match stream.peek(&mut start).await {
                Ok(0) | Err(_) => return false,
                Ok(seen)
                    if seen == start.len()
                        || !b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".starts_with(&start[..seen]) =>
                {
                    return true;
                }
                // The rest of the preface is still on its way; peeking again at once would spin.
                Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(within, enough).await.unwrap_or(false)
}

/// Ends a body that doesn't arrive in time: handlers then see an error and answer.
fn with_body_timeout(
    request: hyper::Request<Incoming>,
    within: Duration,
) -> hyper::Request<axum::body::Body> {
    request.map(|body| {
        let deadline = tokio::time::Instant::now() + within;
        let chunks = axum::body::Body::new(body).into_data_stream();
        axum::body::Body::from_stream(futures_util::stream::unfold(chunks, move |mut chunks| async move {
            match tokio::time::timeout_at(deadline, chunks.next()).await {
                Ok(next) => next.map(|chunk| (chunk, chunks)),
                Err(elapsed) => Some((Err(axum::Error::new(elapsed)), chunks)),
            }
        }))
    })
}

/// How many connections each address has now.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of an address; leaving gives it back.
struct Seat {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// Counts one more connection, unless there are `most` already.
    fn enter(&self, address: IpAddr, most: usize) -> Option<Seat> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { addresses: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}
