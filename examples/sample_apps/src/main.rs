//! Starts one or both sample apps by themselves, beside a gateway that runs elsewhere.

use anyhow::Context;
use clap::Parser;
use sample_apps::{OidcRpConfig, SamlSpConfig, SpKey, oidc_rp, saml_sp};
use std::net::SocketAddr;
use tokio::{net::TcpListener, sync::watch};
use url::Url;

/// Ledgerly (SAML) and Trailhead (OpenID Connect): two apps to sign in to.
#[derive(Parser)]
#[command(name = "gatehouse-sample-apps", version)]
struct Options {
    /// Public URL of the gateway, without a trailing slash; it is the OIDC issuer too.
    #[arg(long, env = "SAMPLE_GATEWAY_URL", default_value = "http://localhost:8080")]
    gateway_url: String,
    /// Name on the sign-in buttons.
    #[arg(long, env = "SAMPLE_IDP_NAME", default_value = "Gatehouse")]
    idp_name: String,
    /// Where Ledgerly listens.
    #[arg(long, env = "SAMPLE_SAML_LISTEN", default_value = "127.0.0.1:7001")]
    saml_listen: SocketAddr,
    /// Where browsers reach Ledgerly, if not at http://localhost:PORT.
    #[arg(long, env = "SAMPLE_SAML_URL")]
    saml_url: Option<Url>,
    /// The IdP metadata address for Ledgerly, if not that of the app with the slug `ledgerly`.
    #[arg(long, env = "SAMPLE_SAML_METADATA_URL")]
    saml_metadata_url: Option<Url>,
    /// Where Trailhead listens.
    #[arg(long, env = "SAMPLE_OIDC_LISTEN", default_value = "127.0.0.1:7002")]
    oidc_listen: SocketAddr,
    /// Where browsers reach Trailhead, if not at http://localhost:PORT.
    #[arg(long, env = "SAMPLE_OIDC_URL")]
    oidc_url: Option<Url>,
    /// Trailhead's client id at the gateway.
    #[arg(long, env = "SAMPLE_OIDC_CLIENT_ID", default_value = "trailhead")]
    client_id: String,
    /// Trailhead's client secret, from the environment only: arguments are visible to other processes. Without it
    /// Trailhead does not start.
    #[arg(skip)]
    client_secret: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut options = Options::parse();
    options.client_secret = std::env::var("SAMPLE_OIDC_CLIENT_SECRET").ok();
    run(options).await
}

async fn run(options: Options) -> anyhow::Result<()> {
    let gateway = options.gateway_url.trim_end_matches('/').to_owned();
    let (stop, stopped) = watch::channel(false);
    let listener = bind(options.saml_listen).await?;
    let config = SamlSpConfig {
        base_url: base_url(options.saml_url, &listener)?,
        idp_metadata_url: match options.saml_metadata_url {
            Some(url) => url,
            None => {
                format!("{gateway}/saml2/ledgerly/metadata").parse().context("--gateway-url is not a URL")?
            }
        },
        idp_name: options.idp_name.clone(),
        key: SpKey::generate()?,
    };
    tracing::info!(url = %config.base_url, "Ledgerly (SAML) is ready");
    let saml = saml_sp(listener, config, wait(stopped.clone()));
    let oidc = async {
        let Some(client_secret) = options.client_secret else {
            tracing::warn!("Trailhead (OIDC) is not started: SAMPLE_OIDC_CLIENT_SECRET is not set");
            return Ok(());
        };
        let listener = bind(options.oidc_listen).await?;
        let config = OidcRpConfig {
            base_url: base_url(options.oidc_url, &listener)?,
            issuer: gateway,
            client_id: options.client_id,
            client_secret,
            idp_name: options.idp_name,
        };
        tracing::info!(url = %config.base_url, "Trailhead (OIDC) is ready");
        oidc_rp(listener, config, wait(stopped)).await
    };
    let signal = async {
        tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
        // Nobody listens any more when both apps have ended by themselves.
        let _ = stop.send(true);
        anyhow::Ok(())
    };
    tokio::try_join!(saml, oidc, signal)?;
    Ok(())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

fn base_url(given: Option<Url>, listener: &TcpListener) -> anyhow::Result<Url> {
    match given {
        Some(url) => Ok(url),
        None => Ok(format!("http://localhost:{}", listener.local_addr()?.port()).parse()?),
    }
}

async fn wait(mut stopped: watch::Receiver<bool>) {
    // The sender lives as long as `run`; if it is gone, stopping is right too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
