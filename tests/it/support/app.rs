//! The whole gateway on loopback. Does not own what a test asks of it.

pub use super::browser::{Browser, Page, unescape};
use super::database::Kind;
use chrono::{DateTime, Utc};
use gatehouse::{
    clock::Clock,
    config::{Config, PrivateNetworks},
    context::{AppContext, Parts},
    domain::{
        app::AppDraft,
        connection::{
            AcsUrl, BookmarkConnection, Connection, OidcConnection, SamlConnection, ValueMapping, ValueSource,
        },
        group::GroupDraft,
        user::{Role, UserDraft},
    },
    keyring::Keyring,
    service::{
        self, Caller,
        assignments::Assignee,
        authentication::hasher::Hasher,
        settings::{Organization, OrganizationCache},
    },
    store::Database,
    web::Limits,
};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A password for every person a test makes.
pub const PASSWORD: &str = "correct horse battery staple";
/// The instant at which every test begins.
pub fn start() -> DateTime<Utc> {
    super::at(0)
}

/// A running gateway.
pub struct TestApp {
    /// The context, for services and the clock.
    pub ctx: AppContext,
    /// Its public URL.
    pub url: String,
    shutdown: CancellationToken,
    folder: tempfile::TempDir,
    database: String,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl TestApp {
    /// A gateway on SQLite whose clock stands still.
    pub async fn new() -> Self {
        Self::on(Kind::Sqlite).await
    }

    /// A gateway on one of the two databases.
    pub async fn on(kind: Kind) -> Self {
        Self::with_clock(kind, Clock::manual(start())).await
    }

    /// A gateway with the given clock.
    pub async fn with_clock(kind: Kind, clock: Clock) -> Self {
        Self::with(kind, clock, Limits::default(), |_| ()).await
    }

    /// A gateway on SQLite behind these proxies, whose server is held to these limits.
    pub async fn behind(trusted_proxies: &[&str], limits: Limits) -> Self {
        let trusted = trusted_proxies.iter().map(|range| range.parse().expect("a range")).collect();
        let configure = move |config: &mut Config| config.http.trusted_proxies = trusted;
        Self::with(Kind::Sqlite, Clock::manual(start()), limits, configure).await
    }

    /// A gateway in every detail.
    pub async fn with(kind: Kind, clock: Clock, limits: Limits, configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address: SocketAddr = listener.local_addr().expect("bound");
        let mut config = Config::default();
        config.http.listen = address;
        config.http.public_url = format!("http://{address}").parse().expect("a loopback address");
        // Cheap hashing: what is tested here isn't its cost.
        config.passwords.memory_kib = 64;
        config.passwords.iterations = 1;
        // The apps of the tests are on loopback.
        config.outbound.allow_private_networks = PrivateNetworks::Allowed;
        configure(&mut config);
        let copied =
            if clock.now() == start() { super::template::copy(kind, folder.path()).await } else { None };
        let (url, keyring) = match copied {
            Some(copied) => (copied.url, copied.keyring),
            None => (super::database::url(kind, folder.path()).await, Keyring::ephemeral().expect("a key")),
        };
        let db = Database::open(&url).await.expect("opens");
        db.migrate().await.expect("migrates");
        let hasher = Hasher::new(&config.passwords).expect("parameters are valid");
        let ctx = AppContext::new(Parts {
            db,
            clock,
            keyring,
            config,
            organization: OrganizationCache::default(),
            hasher,
        });
        service::issuer_keys::ensure(&ctx).await.expect("keys");
        let fernhill = Organization { name: "Fernhill".into(), support_email: "it@fernhill.example".into() };
        service::settings::update(&ctx, &system(), fernhill).await.expect("settings");
        let shutdown = CancellationToken::new();
        let (served, stop) = (ctx.clone(), shutdown.clone());
        #[expect(clippy::disallowed_methods, reason = "ends with the test")]
        tokio::spawn(
            async move { gatehouse::web::serve(served, listener, limits, stop).await.expect("serves") },
        );
        Self { url: ctx.config.http.public_url.as_str().to_owned(), ctx, shutdown, folder, database: url }
    }

    /// The address it listens on, whatever its public URL.
    pub fn listening(&self) -> SocketAddr {
        self.ctx.config.http.listen
    }

    /// Another node on the same database, with the same master key and clock.
    pub async fn another_node(&self) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address: SocketAddr = listener.local_addr().expect("bound");
        let mut config = self.ctx.config.clone();
        config.http.listen = address;
        config.http.public_url = format!("http://{address}").parse().expect("a loopback address");
        let ctx = AppContext::new(Parts {
            db: Database::open(&self.database).await.expect("opens"),
            clock: self.ctx.clock.clone(),
            keyring: self.ctx.keyring.clone(),
            hasher: Hasher::new(&config.passwords).expect("parameters are valid"),
            config,
            organization: OrganizationCache::default(),
        });
        let (served, shutdown) = (ctx.clone(), CancellationToken::new());
        let stop = shutdown.clone();
        super::spawn(async move {
            gatehouse::web::serve(served, listener, Limits::default(), stop).await.expect("serves");
        });
        let (folder, database) = (tempfile::tempdir().expect("a folder"), self.database.clone());
        Self { url: ctx.config.http.public_url.as_str().to_owned(), ctx, shutdown, folder, database }
    }

    /// Changes the SQLite file behind the gateway's back, as damage would; answers how many rows.
    pub fn tamper(&self, sql: &str) -> usize {
        let file = rusqlite::Connection::open(self.folder.path().join("gatehouse.db")).expect("opens");
        file.busy_timeout(std::time::Duration::from_secs(5)).expect("set");
        file.execute(sql, []).expect("valid SQL")
    }

    /// Everything that the SQLite database has on disk, as somebody who takes the file finds it.
    pub fn on_disk(&self) -> Vec<u8> {
        ["gatehouse.db", "gatehouse.db-wal"]
            .iter()
            .flat_map(|name| std::fs::read(self.folder.path().join(name)).unwrap_or_default())
            .collect()
    }

    /// A new browser.
    pub fn browser(&self) -> Browser {
        Browser::at(&self.url)
    }

    /// A person with [`PASSWORD`].
    pub async fn person(&self, username: &str, role: Role) -> gatehouse::domain::user::User {
        let mut draft = UserDraft {
            username: username.to_owned(),
            email: format!("{username}@fernhill.example"),
            role,
            ..UserDraft::default()
        };
        draft.profile.insert("first_name".into(), "Maya".into());
        draft.profile.insert("last_name".into(), "Okafor".into());
        service::users::create(&self.ctx, &system(), draft, Some(PASSWORD.into())).await.expect("a person")
    }

    /// A group with these members.
    pub async fn group(
        &self,
        name: &str,
        members: &[gatehouse::id::UserId],
    ) -> gatehouse::domain::group::Group {
        let draft = GroupDraft { name: name.to_owned(), description: String::new() };
        let group = service::groups::create(&self.ctx, &system(), draft).await.expect("a group");
        for member in members {
            service::groups::set_member(&self.ctx, &system(), group.id, *member, true)
                .await
                .expect("a member");
        }
        group
    }

    /// An app with this connection, open to `group`.
    pub async fn app(
        &self,
        slug: &str,
        connection: Connection,
        group: &gatehouse::domain::group::Group,
    ) -> (gatehouse::domain::app::App, Option<String>) {
        let draft = AppDraft {
            slug: slug.to_owned(),
            label: slug.to_uppercase(),
            description: String::new(),
            connector: format!("custom-{}", connection.protocol()),
            parameters: std::collections::BTreeMap::new(),
            glyph: String::new(),
            colour: String::new(),
            category: String::new(),
            show_in_portal: true,
            active: true,
            connection,
        };
        let (app, secret) = service::apps::create(&self.ctx, &system(), draft).await.expect("an app");
        service::assignments::set(&self.ctx, &system(), &app, Assignee::Group(group.id), true)
            .await
            .expect("bound");
        (app, secret)
    }
}

/// Whoever may do everything.
pub fn system() -> Caller {
    Caller::system("test")
}

/// A SAML app's settings.
pub fn saml_settings() -> SamlConnection {
    let source = |name: &str, from: &str| ValueMapping::new(name, ValueSource::Source(from.into()));
    SamlConnection {
        sp_entity_id: "https://sp.example/metadata".into(),
        acs_urls: vec![AcsUrl { url: "https://sp.example/acs".into(), index: 0, default: true }],
        attributes: vec![source("email", "email"), source("name", "display_name")],
        groups_attribute: "memberOf".into(),
        ..SamlConnection::default()
    }
}

/// An OIDC app's settings.
pub fn oidc_settings() -> OidcConnection {
    OidcConnection {
        client_id: "metrics".into(),
        redirect_uris: vec!["https://rp.example/callback".into()],
        post_logout_redirect_uris: vec!["https://rp.example/bye".into()],
        initiate_login_uri: "https://rp.example/login".into(),
        ..OidcConnection::default()
    }
}

/// A bookmark.
pub fn bookmark(url: &str) -> Connection {
    Connection::Bookmark(BookmarkConnection { url: url.into() })
}
