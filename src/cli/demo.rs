//! `gatehouse demo`: Fernhill, a filled example organisation, with the two sample apps, on this machine alone.
//! Does not own the organisation (`demo/fernhill.yaml`) or the apps (`examples/sample_apps`).

use super::{Invocation, failure::Failure, open, random_words, serve};
use crate::{
    clock::Clock,
    config::{Config, DatabaseConfig, PrivateNetworks},
    context::AppContext,
    domain::user::Role,
    keyring::SecretText,
    service::{
        Caller,
        organisation::{self, ApplyOptions, Notation},
        users,
    },
    telemetry::{self, Tasks},
};
use anyhow::Context;
use sample_apps::{OidcRpConfig, SamlSpConfig, SpKey, oidc_rp, saml_sp};
use serde::Serialize;
use std::{
    fmt::Write,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
};
use tokio::net::TcpListener;
use ulid::Ulid;
use url::Url;

const ORGANISATION: &str = include_str!("../../demo/fernhill.yaml");
/// What the example organisation is called.
const NAME: &str = "Fernhill";
/// Who signs in as an ordinary person.
const PERSON: &str = "maya";
/// Trailhead's client id in the organisation file.
const CLIENT_ID: &str = "trailhead";
/// Settings that the environment may still change; the others are the demo's own.
const FROM_ENVIRONMENT: [&str; 3] = ["GATEHOUSE_LOG_", "GATEHOUSE_PASSWORDS_", "GATEHOUSE_SESSIONS_"];

/// Run a filled example organisation with two sample apps; prints addresses and sign-ins.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Where the gateway listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where to keep the data; a new folder below ./data/demo when not given
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// What is printed once everything is ready.
#[derive(Serialize)]
struct Ready {
    url: String,
    sample_saml_url: String,
    sample_oidc_url: String,
    sign_ins: Vec<SignIn>,
}

#[derive(Serialize)]
struct SignIn {
    username: String,
    password: String,
    role: &'static str,
}

/// A sample app's listener and the address browsers use.
struct Place {
    listener: TcpListener,
    url: String,
}

impl Demo {
    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let gateway = place(self.listen).await?;
        let config = self.config(invocation, &gateway)?;
        telemetry::init(&config.log);
        telemetry::log_panics();
        let saml = sample_place(7001).await?;
        let oidc = sample_place(7002).await?;
        let ctx = open::context(config, open::Migrations::Apply).await?;
        let client_secret = random_words::password(&mut ctx.rng());
        let saml_key = SpKey::generate()?;
        let owner = fill(&ctx, &saml.url, &saml_key.certificate()?, &oidc.url, &client_secret).await?;
        let sign_ins = vec![sign_in(&ctx, PERSON, "user").await?, sign_in(&ctx, &owner, "owner").await?];
        serve::prepare(&ctx).await?;
        let ready = Ready {
            url: gateway.url.clone(),
            sample_saml_url: saml.url.clone(),
            sample_oidc_url: oidc.url.clone(),
            sign_ins,
        };
        let tasks = Tasks::new();
        serve::stop_on_signals(&tasks)?;
        start_sample_apps(&tasks, &gateway.url, (saml, saml_key), oidc, &client_secret)?;
        invocation.output.say(&table(&ready), &ready);
        serve::run(ctx, gateway.listener, tasks).await
    }

    /// A configuration that touches nothing outside the data folder.
    fn config(&self, invocation: &Invocation, gateway: &Place) -> Result<Config, Failure> {
        let env = invocation
            .env
            .iter()
            .filter(|(name, _)| FROM_ENVIRONMENT.iter().any(|own| name.starts_with(own)));
        let mut config = Config::load(None, env.cloned())?;
        if invocation.env("GATEHOUSE_LOG_LEVEL").is_none() {
            "warn".clone_into(&mut config.log.level);
        }
        let folder = match &self.data_dir {
            Some(folder) => folder.clone(),
            None => PathBuf::from("data/demo").join(fresh_name()),
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        config.http.listen = self.listen;
        config.http.public_url =
            gateway.url.parse().map_err(|error| Failure::Input(format!("{}: {error}", gateway.url)))?;
        config.database =
            DatabaseConfig { url: format!("sqlite://{}", folder.join("gatehouse.db").display()) };
        config.secrets.master_key_file = folder.join("master.key");
        config.outbound.allow_private_networks = PrivateNetworks::Allowed;
        Ok(config)
    }
}

fn fresh_name() -> String {
    let millis = u64::try_from(Clock::System.now().timestamp_millis()).unwrap_or_default();
    let random = rand::random();
    Ulid::from_parts(millis, random).to_string().to_lowercase()
}

async fn place(address: SocketAddr) -> Result<Place, Failure> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: choose another address with --listen"))?;
    let port = listener.local_addr().context("the listener has no address")?.port();
    Ok(Place { listener, url: format!("http://localhost:{port}") })
}

/// The usual port of a sample app, or any other that is free.
async fn sample_place(port: u16) -> Result<Place, Failure> {
    match place(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
        Ok(place) => Ok(place),
        Err(_) => place(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await,
    }
}

/// Applies the organisation; answers the owner's user name.
async fn fill(
    ctx: &AppContext,
    saml_url: &str,
    saml_certificate: &str,
    oidc_url: &str,
    client_secret: &SecretText,
) -> Result<String, Failure> {
    let text = ORGANISATION
        .replace("${SAML_SP_URL}", saml_url)
        .replace("${SAML_SP_CERTIFICATE}", saml_certificate)
        .replace("${OIDC_RP_URL}", oidc_url)
        .replace("${OIDC_CLIENT_SECRET}", client_secret.expose());
    let built_in = |error| anyhow::anyhow!("the built-in organisation: {error}");
    let value = organisation::value(text.as_bytes(), Notation::Yaml).map_err(built_in)?;
    let mut document = organisation::document(value).map_err(built_in)?;
    document.organisation.get_or_insert_with(|| NAME.to_owned());
    let caller = Caller::system("gatehouse demo");
    organisation::apply(ctx, &caller, &document, ApplyOptions::default()).await?;
    let people = document.users.iter().flatten();
    let owner = people.clone().find(|person| person.role == Some(Role::Owner));
    Ok(owner.map(|owner| owner.username.clone()).context("the built-in organisation has no owner")?)
}

/// A new password for a person of the demo.
async fn sign_in(ctx: &AppContext, username: &str, role: &'static str) -> Result<SignIn, Failure> {
    let caller = Caller::system("gatehouse demo");
    let user = users::find(ctx, &caller, username).await?;
    let user = user.with_context(|| format!("the built-in organisation has no {username}"))?;
    let password = random_words::short_password(&mut ctx.rng()).expose().to_owned();
    users::set_password(ctx, &caller, user.id, password.clone()).await?;
    Ok(SignIn { username: username.to_owned(), password, role })
}

fn start_sample_apps(
    tasks: &Tasks,
    gateway: &str,
    (saml, saml_key): (Place, SpKey),
    oidc: Place,
    client_secret: &SecretText,
) -> Result<(), Failure> {
    let parse = |text: &str| Url::parse(text).with_context(|| format!("{text} is no address"));
    let idp_name = NAME.to_owned();
    let config = SamlSpConfig {
        base_url: parse(&saml.url)?,
        idp_metadata_url: parse(&format!("{gateway}/saml2/ledgerly/metadata"))?,
        idp_name: idp_name.clone(),
        key: saml_key,
    };
    let shutdown = tasks.shutdown().cancelled_owned();
    tasks.spawn("ledgerly", async move {
        if let Err(error) = saml_sp(saml.listener, config, shutdown).await {
            tracing::error!(error = format!("{error:#}"), "Ledgerly stopped");
        }
    });
    let config = OidcRpConfig {
        base_url: parse(&oidc.url)?,
        issuer: gateway.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: client_secret.expose().to_owned(),
        idp_name,
    };
    let shutdown = tasks.shutdown().cancelled_owned();
    tasks.spawn("trailhead", async move {
        if let Err(error) = oidc_rp(oidc.listener, config, shutdown).await {
            tracing::error!(error = format!("{error:#}"), "Trailhead stopped");
        }
    });
    Ok(())
}

fn table(ready: &Ready) -> String {
    let mut text = String::from("\n  Fernhill is ready.\n\n");
    let rows = [
        ("Portal and console", ready.url.as_str()),
        ("Ledgerly (SAML)", ready.sample_saml_url.as_str()),
        ("Trailhead (OpenID Connect)", ready.sample_oidc_url.as_str()),
    ];
    for (name, url) in rows {
        // Writing to a String can't fail.
        let _ = writeln!(text, "  {name:<28}{url}");
    }
    let _ = writeln!(text, "\n  {:<28}{:<10}Password", "Sign in as", "Role");
    for sign_in in &ready.sign_ins {
        let _ = writeln!(text, "  {:<28}{:<10}{}", sign_in.username, sign_in.role, sign_in.password);
    }
    text.push_str("\n  Ctrl-C stops it.\n");
    text
}
