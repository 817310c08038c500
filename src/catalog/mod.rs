//! The catalogue: connector files, embedded, and the apps that are made from them. Does not own storing an app
//! (`service::apps`), pages, or what was agreed with an app once it is there (`domain::connection`).
//!
//! The files are `metadata/connectors/<slug>.toml`; `docs/connectors.md` describes them.

mod file;
mod fill;
mod parameter;
mod recipes;
mod template;

#[cfg(test)]
mod tests;

pub use file::{Connector, Give, GiveKind, Link, Protocol};
pub use fill::Filled;
pub use parameter::{Parameter, Parameters};
pub use recipes::Need;
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "metadata/connectors/"]
struct Files;

/// Every connector of this build, by name. The files are part of the binary, and a test reads them all.
static ALL: LazyLock<Vec<Connector>> = LazyLock::new(|| {
    let mut all: Vec<Connector> = Files::iter()
        .filter_map(|name| Some((name.strip_suffix(".toml")?.to_owned(), Files::get(&name)?)))
        .map(|(slug, file)| {
            let text = String::from_utf8_lossy(&file.data);
            file::read(&slug, &text).unwrap_or_else(|error| panic_on(&error))
        })
        .collect();
    all.sort_by_cached_key(|connector| connector.name.to_lowercase());
    all
});

#[expect(clippy::panic, reason = "a connector file of the binary itself is broken; the tests read every one")]
fn panic_on(error: &str) -> Connector {
    panic!("metadata/connectors/{error}")
}

/// Every connector, by name.
pub fn all() -> &'static [Connector] {
    &ALL
}

/// The connector of this slug.
pub fn find(slug: &str) -> Option<&'static Connector> {
    ALL.iter().find(|connector| connector.slug == slug)
}
