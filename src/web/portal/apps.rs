//! The portal: favourites, recent and all apps, search and categories; places stay put (alphabetical, never by use).

use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::TileStart,
        permission::{Permission, allows},
        user::User,
    },
    service::portal::{self, Tiles},
    web::{
        error::Failure,
        extract::{Fields, SignedIn, Visit},
        respond::{page, redirect},
        view::{
            list::Filter,
            portal::{Portal, PortalTile, PortalView, Viewer},
        },
        words,
    },
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use chrono::{DateTime, Utc};

/// Who looks, for the pages of the portal.
pub fn viewer(user: &User) -> Viewer {
    Viewer { person: words::person(user), may_administer: allows(user.role, Permission::Read) }
}

/// `GET /`
pub async fn show(
    State(ctx): State<AppContext>,
    signed_in: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let SignedIn { visit, user, .. } = signed_in;
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let tiles = portal::tiles(&ctx, &user).await?;
    page(&draw(&ctx, &visit, &user, &tiles, &view_of(&fields)))
}

fn view_of(fields: &Fields) -> PortalView {
    let text = |name: &str| fields.get(name).trim().chars().take(200).collect::<String>();
    match (text("q"), text("category"), fields.get("view")) {
        (q, _, _) if !q.is_empty() => PortalView::Search(q),
        (_, category, _) if !category.is_empty() => PortalView::Category(category),
        (_, _, "recent") => PortalView::Recent,
        _ => PortalView::All,
    }
}

fn draw(ctx: &AppContext, visit: &Visit, user: &User, tiles: &Tiles, view: &PortalView) -> Portal {
    let now = ctx.now();
    let shown = |app: &&App| one(app, tiles, &visit.organization.name, now);
    let favourites: Vec<PortalTile> =
        tiles.apps.iter().filter(|app| tiles.favourites.contains(&app.id)).map(|app| shown(&app)).collect();
    let mut apps: Vec<&App> = tiles
        .apps
        .iter()
        .filter(|app| match view {
            PortalView::All => !tiles.favourites.contains(&app.id),
            PortalView::Search(q) => portal::matches(app, q),
            PortalView::Category(name) => app.category == *name,
            PortalView::Recent => tiles.last_used.contains_key(&app.id),
        })
        .collect();
    if *view == PortalView::Recent {
        apps.sort_by_key(|app| std::cmp::Reverse(tiles.last_used.get(&app.id).copied()));
    }
    Portal {
        page: visit.page(ctx),
        viewer: viewer(user),
        greeting: words::greeting(user.greeting_name(), now),
        total: u64::try_from(tiles.apps.len()).unwrap_or_default(),
        favourites: if *view == PortalView::All { favourites } else { Vec::new() },
        apps: apps.iter().map(shown).collect(),
        categories: categories(tiles, view),
        view: view.clone(),
        flash: visit.flash.clone(),
    }
}

/// Where the tile leads, and what the person should know beforehand (JC-7).
fn start(app: &App, organisation: &str) -> (Option<String>, String) {
    let launch = Some(format!("/launch/{}", app.slug));
    match app.connection.tile_start() {
        TileStart::Signed => (launch, String::new()),
        TileStart::SignInPage => {
            (launch, format!("You may be asked to choose “Sign in with {organisation}”."))
        }
        TileStart::DeviceCode => (launch, "Enter the code that your device shows.".to_owned()),
        TileStart::AtTheApp | TileStart::Nobody => {
            (None, format!("Open it at its own address and choose “Sign in with {organisation}”."))
        }
    }
}

fn one(app: &App, tiles: &Tiles, organisation: &str, now: DateTime<Utc>) -> PortalTile {
    let (href, note) = start(app, organisation);
    PortalTile {
        tile: words::tile(app),
        slug: app.slug.clone(),
        href,
        note,
        description: app.description.clone(),
        used: tiles
            .last_used
            .get(&app.id)
            .map(|then| format!("Used {}", words::ago(*then, now)))
            .unwrap_or_default(),
        aliases: aliases(app),
        links: app
            .connection
            .start_links()
            .iter()
            .map(|link| (link.name.clone(), link.label.clone()))
            .collect(),
        favourite: tiles.favourites.contains(&app.id),
    }
}

/// What the live filter finds a tile by, beside its name and description.
fn aliases(app: &App) -> String {
    let links = app.connection.start_links().iter().map(|link| link.label.as_str());
    std::iter::once(app.category.as_str()).chain(links).collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn categories(tiles: &Tiles, view: &PortalView) -> Vec<Filter> {
    let mut names: Vec<&str> =
        tiles.apps.iter().map(|app| app.category.as_str()).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Vec::new();
    }
    let count = |wanted: &str| {
        u64::try_from(tiles.apps.iter().filter(|app| wanted.is_empty() || app.category == wanted).count())
            .ok()
    };
    let all =
        Filter { label: "All".into(), count: count(""), href: "/".into(), current: *view == PortalView::All };
    let each = names.into_iter().map(|name| Filter {
        label: name.to_owned(),
        count: count(name),
        href: format!(
            "/?{}",
            form_urlencoded::Serializer::new(String::new()).append_pair("category", name).finish()
        ),
        current: matches!(view, PortalView::Category(current) if current == name),
    });
    std::iter::once(all).chain(each).collect()
}

/// `POST /favourites/{slug}`
pub async fn favourite(
    State(ctx): State<AppContext>,
    SignedIn { user, .. }: SignedIn,
    Path(slug): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    portal::set_favourite(&ctx, &user, &slug, fields.get("favourite") == "add").await?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["q", "category", "view"] {
        if fields.has(name) {
            query.append_pair(name, fields.get(name));
        }
    }
    let query = query.finish();
    Ok(redirect(&if query.is_empty() { "/".to_owned() } else { format!("/?{query}") }))
}
