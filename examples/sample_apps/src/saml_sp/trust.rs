//! The identity provider's metadata: fetched at first use, kept for a while, fetched again when a signature does not
//! fit (its key may have been rotated). Does not verify responses.

use crate::{clock, http};
use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use roxmltree::{Document, ParsingOptions};
use samael::metadata::EntityDescriptor;
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;
use url::Url;

const KEEP: TimeDelta = TimeDelta::minutes(5);
/// A wrong signature makes the app look for new metadata at most this often.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(10);
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

struct Fetched {
    idp: Arc<EntityDescriptor>,
    at: DateTime<Utc>,
}

/// The identity provider as its metadata describes it.
pub(crate) struct Trust {
    client: reqwest::Client,
    address: Url,
    fetched: Mutex<Option<Fetched>>,
}

impl Trust {
    pub(crate) fn new(address: Url) -> anyhow::Result<Self> {
        Ok(Self { client: http::client()?, address, fetched: Mutex::default() })
    }

    /// The metadata, fetched unless it is fresh. Waits up to ten seconds for a provider that is still starting.
    pub(crate) async fn idp(&self) -> anyhow::Result<Arc<EntityDescriptor>> {
        let mut fetched = self.fetched.lock().await;
        if let Some(fetched) = fetched.as_ref().filter(|fetched| clock::now() < fetched.at + KEEP) {
            return Ok(Arc::clone(&fetched.idp));
        }
        let mut attempt = 1;
        let idp = loop {
            match self.fetch().await {
                Ok(idp) => break Arc::new(idp),
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(error) => tracing::debug!(%error, attempt, "identity provider metadata is not there yet"),
            }
            attempt += 1;
            tokio::time::sleep(PAUSE).await;
        };
        *fetched = Some(Fetched { idp: Arc::clone(&idp), at: clock::now() });
        Ok(idp)
    }

    /// Metadata that differs from what was used, or `None`: nothing newer, or asked too recently.
    pub(crate) async fn newer(&self, used: &EntityDescriptor) -> Option<Arc<EntityDescriptor>> {
        let mut fetched = self.fetched.lock().await;
        if fetched.as_ref().is_some_and(|fetched| clock::now() < fetched.at + LOOK_AGAIN) {
            return None;
        }
        let idp = match self.fetch().await {
            Ok(idp) => Arc::new(idp),
            Err(error) => {
                tracing::warn!(%error, "identity provider metadata could not be fetched again");
                return None;
            }
        };
        *fetched = Some(Fetched { idp: Arc::clone(&idp), at: clock::now() });
        (*idp != *used).then_some(idp)
    }

    async fn fetch(&self) -> anyhow::Result<EntityDescriptor> {
        let response = self.client.get(self.address.clone()).send().await.context("no answer")?;
        if response.status() != reqwest::StatusCode::OK {
            bail!("{} answered {}", self.address, response.status());
        }
        let text = String::from_utf8(http::body(response).await?).context("metadata is not UTF-8")?;
        // samael's parser forgives much; a strict look first.
        let options = ParsingOptions { allow_dtd: false, nodes_limit: 5000, ..ParsingOptions::default() };
        let document =
            Document::parse_with_options(&text, options).context("metadata is not well-formed XML")?;
        if !document.root_element().has_tag_name(("urn:oasis:names:tc:SAML:2.0:metadata", "EntityDescriptor"))
        {
            bail!("metadata is not an EntityDescriptor");
        }
        let idp: EntityDescriptor = text.parse().context("metadata could not be read")?;
        if idp.valid_until.is_some_and(|end| end <= clock::now()) {
            bail!("metadata has expired");
        }
        if idp.entity_id.as_deref().unwrap_or_default().is_empty() {
            bail!("metadata has no entityID");
        }
        Ok(idp)
    }
}
