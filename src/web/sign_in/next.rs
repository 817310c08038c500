//! Where a person goes after signing in: on with a flow, or to a path of ours. Does not own flows.

use crate::{
    context::AppContext,
    domain::sign_on::PendingSignOn,
    id::SignOnId,
    service::sign_on::{
        self,
        answers::{self, Question},
    },
    web::{
        error::Failure,
        extract::{Fields, Visit},
        view::{Tile, form::Hidden},
        words,
    },
};

/// Carried through the sign-in pages in hidden fields.
#[derive(Debug, Clone, Default)]
pub struct Next {
    /// The flow to go on with.
    pub flow: Option<SignOnId>,
    /// A path of ours; empty for the portal.
    pub path: String,
}

impl Next {
    /// From a query or a form. A path that could leave this site is dropped.
    pub fn read(fields: &Fields) -> Self {
        Self { flow: fields.get("flow").parse().ok(), path: local_path(fields.get("next")) }
    }

    /// The fields that must come back.
    pub fn hidden(&self) -> Vec<Hidden> {
        let flow = self.flow.map(|flow| Hidden::new("flow", flow.to_string()));
        let path = (!self.path.is_empty()).then(|| Hidden::new("next", self.path.clone()));
        flow.into_iter().chain(path).collect()
    }

    /// `path` with these as its query.
    pub fn on(&self, path: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for hidden in self.hidden() {
            query.append_pair(&hidden.name, &hidden.value);
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The flow, if it is this browser's and hasn't ended.
    pub async fn pending(&self, ctx: &AppContext, visit: &Visit) -> Result<Option<PendingSignOn>, Failure> {
        match self.flow {
            Some(flow) => Ok(sign_on::find(ctx, &visit.visitor, flow).await?),
            None => Ok(None),
        }
    }

    /// What the flow waits for an answer to, if it is this browser's and waits for one.
    pub async fn question(&self, ctx: &AppContext, visit: &Visit) -> Result<Option<Question>, Failure> {
        match self.flow {
            Some(flow) => Ok(answers::question(ctx, &visit.visitor, flow).await?),
            None => Ok(None),
        }
    }

    /// The tile of the app the person is on the way to.
    pub async fn destination(
        &self,
        ctx: &AppContext,
        pending: Option<&PendingSignOn>,
    ) -> Result<Option<Tile>, Failure> {
        match pending {
            Some(pending) => Ok(sign_on::destination(ctx, pending).await?.as_ref().map(words::tile)),
            None => Ok(None),
        }
    }
}

/// A path of this site: begins with one slash, holds nothing that a browser reads as another host.
fn local_path(text: &str) -> String {
    let plain = text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= 1024
        && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>'));
    if plain { text.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_ours_are_kept() {
        for path in ["/", "/admin/apps?q=x", "/account#top"] {
            assert_eq!(local_path(path), path);
        }
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\tb",
            "/a\r\nb",
            "",
        ] {
            assert_eq!(local_path(bad), "", "{bad:?}");
        }
    }
}
