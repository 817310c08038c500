//! Another server's admin API, for `apply` and `export`. Follows no redirect, and sends the token over https or to this
//! machine only. Does not own what the API does (`crate::web::api`).

use super::{Invocation, failure::Failure, organisation_files::OrganisationFiles};
use crate::{
    config::PublicUrl,
    domain::text::{FieldError, FieldErrors},
    keyring::SecretText,
    service::{
        issuer_keys::IssuerKey,
        keys::AppKey,
        organisation::{self, Applied, ApplyOptions, Document, Secrets},
    },
};
use anyhow::{Context, anyhow};
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Largest answer that is read, in bytes.
const ANSWER_MAX: usize = 64 << 20;
/// Time for one request; a large file takes a while.
const TIMEOUT: Duration = Duration::from_mins(2);
/// Time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A server and the token for it.
pub(super) struct Remote {
    client: Client,
    url: PublicUrl,
    token: SecretText,
}

/// What RFC 9457 and we put into a refusal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    errors: Vec<Refused>,
    reference: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    field: String,
    message: String,
}

impl Remote {
    /// A server by its public URL.
    pub(super) fn new(url: &str, invocation: &Invocation) -> Result<Self, Failure> {
        let url = url
            .trim_end_matches('/')
            .parse()
            .map_err(|error| Failure::Input(format!("--server {url}: {error}")))?;
        let token = invocation.env("GATEHOUSE_TOKEN").filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| {
            Failure::Input(
                "--server needs an API token in GATEHOUSE_TOKEN: make one with gatehouse token create".into(),
            )
        })?;
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("gatehouse/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { client, url, token: SecretText::new(token) })
    }

    /// Applies files there.
    pub(super) async fn apply(
        &self,
        files: &OrganisationFiles,
        options: ApplyOptions,
    ) -> Result<Applied, Failure> {
        let address = format!(
            "{}/api/v1/organisation/apply?plan={}&prune={}",
            self.url.as_str(),
            options.plan_only,
            options.prune
        );
        let answer = self.send(self.client.post(address).json(&files.value)).await?;
        match answer {
            Ok(body) => Ok(serde_json::from_slice(&body).context("the server's answer makes no sense")?),
            Err((status, problem))
                if status == StatusCode::UNPROCESSABLE_ENTITY && !problem.errors.is_empty() =>
            {
                let errors = problem.errors.into_iter();
                let errors = errors.map(|error| FieldError { field: error.field, message: error.message });
                Err(files.locate(FieldErrors(errors.collect())))
            }
            Err((status, problem)) => Err(refusal(status, &problem)),
        }
    }

    /// Exports from there.
    pub(super) async fn export(&self, secrets: Secrets) -> Result<Document, Failure> {
        let secrets = if secrets == Secrets::Sealed { "sealed" } else { "none" };
        let address = format!("{}/api/v1/organisation/export?secrets={secrets}", self.url.as_str());
        match self.send(self.client.get(address)).await? {
            Ok(body) => {
                let value = serde_json::from_slice(&body).context("the server's answer makes no sense")?;
                organisation::document(value).map_err(|errors| {
                    Failure::Failed(anyhow!("the server's answer makes no sense: {errors}"))
                })
            }
            Err((status, problem)) => Err(refusal(status, &problem)),
        }
    }

    /// The issuer's keys there.
    pub(super) async fn keys(&self) -> Result<Vec<IssuerKey>, Failure> {
        #[derive(Deserialize)]
        struct Answer {
            keys: Vec<IssuerKey>,
        }
        let body = self.ask(self.client.get(self.address("keys"))).await?;
        let answer: Answer = serde_json::from_slice(&body).context("the server's answer makes no sense")?;
        Ok(answer.keys)
    }

    /// Publishes a next key there, or lets it sign at once.
    pub(super) async fn rotate_key(&self, alg: &str, at_once: bool) -> Result<(), Failure> {
        let body = json!({ "alg": alg, "at_once": at_once });
        self.ask(self.client.post(self.address("keys/rotate")).json(&body)).await.map(|_| ())
    }

    /// Withdraws a key there at once.
    pub(super) async fn retire_key(&self, kid: &str) -> Result<(), Failure> {
        self.ask(self.client.post(self.address(&format!("keys/{}/retire", segment(kid))))).await.map(|_| ())
    }

    /// The keys of an app there; with a body, after making or bringing the next one.
    pub(super) async fn app_keys(
        &self,
        slug: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Vec<AppKey>, Failure> {
        #[derive(Deserialize)]
        struct Answer {
            keys: Vec<AppKey>,
        }
        let address = self.address(&format!("apps/{}/keys{path}", segment(slug)));
        let request = match body {
            Some(body) => self.client.post(address).json(body),
            None => self.client.get(address),
        };
        let body = self.ask(request).await?;
        let answer: Answer = serde_json::from_slice(&body).context("the server's answer makes no sense")?;
        Ok(answer.keys)
    }

    /// The keys of an app there after a step with one of them.
    pub(super) async fn app_key(
        &self,
        slug: &str,
        key: &str,
        step: &str,
        body: &serde_json::Value,
    ) -> Result<Vec<AppKey>, Failure> {
        self.app_keys(slug, &format!("/{}/{step}", segment(key)), Some(body)).await
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.url.as_str())
    }

    /// Sends a request; a refusal fails.
    async fn ask(&self, request: RequestBuilder) -> Result<Vec<u8>, Failure> {
        self.send(request).await?.map_err(|(status, problem)| refusal(status, &problem))
    }

    /// Sends a request with the token; answers the body, or the refusal.
    async fn send(&self, request: RequestBuilder) -> Result<Result<Vec<u8>, (StatusCode, Problem)>, Failure> {
        let unreachable = || format!("cannot reach {}", self.url);
        let mut response = request
            .bearer_auth(self.token.expose())
            .send()
            .await
            .map_err(reqwest::Error::without_url)
            .with_context(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(reqwest::Error::without_url).with_context(unreachable)?
        {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_MAX {
                return Err(Failure::Failed(anyhow!("{} sent more than {ANSWER_MAX} bytes", self.url)));
            }
        }
        if status.is_success() {
            return Ok(Ok(body));
        }
        Ok(Err((status, serde_json::from_slice(&body).unwrap_or_default())))
    }
}

/// A text as one part of a path.
fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn refusal(status: StatusCode, problem: &Problem) -> Failure {
    let what = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
    let reference =
        problem.reference.as_ref().map(|reference| format!(", reference {reference}")).unwrap_or_default();
    let line = format!("the server refused with {}: {what}{reference}", status.as_u16());
    if status == StatusCode::BAD_REQUEST || status == StatusCode::PAYLOAD_TOO_LARGE {
        Failure::Input(line)
    } else {
        Failure::Failed(anyhow!(line))
    }
}
