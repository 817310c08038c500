//! `gatehouse serve`: start, first-run preparations, signals, stop. Does not own the server (`crate::web`).

use super::{Invocation, failure::Failure, open};
use crate::{
    context::AppContext,
    jobs,
    service::{issuer_keys, setup},
    telemetry::{self, Tasks},
    web,
};
use anyhow::Context;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Time for background tasks after the last request.
const TASKS_STOP: Duration = Duration::from_secs(5);

/// Run the server.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Apply pending migrations first, instead of refusing to start
    #[arg(long)]
    migrate: bool,
}

impl Serve {
    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let config = invocation.config()?;
        telemetry::init(&config.log);
        telemetry::log_panics();
        let address = config.http.listen;
        if config.metrics.listen.is_some() {
            tracing::warn!("metrics.listen is set, but this version serves no metrics");
        }
        let migrations = if self.migrate { open::Migrations::Apply } else { open::Migrations::Refuse };
        let ctx = open::context(config, migrations).await?;
        let listener = listen(address).await?;
        prepare(&ctx).await?;
        let tasks = Tasks::new();
        stop_on_signals(&tasks)?;
        run(ctx, listener, tasks).await
    }
}

/// Binds an address, or says which key to change.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).await;
    Ok(listener.with_context(|| format!("cannot listen on {address} (http.listen)"))?)
}

/// What a first start makes: the issuer's keys, and the code for `/setup` while nobody owns the organisation.
pub(super) async fn prepare(ctx: &AppContext) -> Result<(), Failure> {
    issuer_keys::ensure(ctx).await?;
    setup::announce(ctx).await?;
    Ok(())
}

/// Serves until the tasks are told to stop; then requests under way are finished, then the tasks.
pub(super) async fn run(ctx: AppContext, listener: TcpListener, tasks: Tasks) -> Result<(), Failure> {
    let address = listener.local_addr().context("the listener has no address")?;
    tasks.spawn("housekeeping", jobs::keep_house(ctx.clone(), tasks.shutdown()));
    tasks.spawn("logout", jobs::tell_apps(ctx.clone(), tasks.shutdown()));
    tasks.spawn("keys", jobs::keep_keys(ctx.clone(), tasks.shutdown()));
    tasks.spawn("metadata", jobs::keep_metadata(ctx.clone(), tasks.shutdown()));
    tracing::info!(%address, url = ctx.config.http.public_url.as_str(), database = ctx.db.kind(), "ready");
    let served = web::serve(ctx.clone(), listener, web::Limits::default(), tasks.shutdown()).await;
    if !tasks.stop(TASKS_STOP).await {
        tracing::warn!("background tasks were still running after {TASKS_STOP:?}");
    }
    ctx.db.clone().close().await;
    served.context("the server stopped")?;
    tracing::info!("stopped");
    Ok(())
}

/// SIGTERM and SIGINT stop the server.
pub(super) fn stop_on_signals(tasks: &Tasks) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let shutdown = tasks.shutdown();
    let stop = shutdown.clone();
    tasks.spawn("signals", async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
            () = stop.cancelled() => {}
        }
        shutdown.cancel();
    });
    Ok(())
}
