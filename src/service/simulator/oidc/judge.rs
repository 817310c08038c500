//! A pasted authorization request, judged parameter by parameter. Does not own the checks (`crates/oidc`) or what the
//! specifications say (`spec`).

use super::{
    spec::{COMPANIONS, PARAMETERS},
    with_draft,
};
use crate::{
    domain::{app::App, connection::OidcConnection, permission::Permission},
    service::{Caller, ServiceError, oidc::client, simulator::Verdict},
};
use ::oidc::{
    Client, ProtocolError, Scope,
    authorization::{
        judge::{Judged, judge as judged},
        request::{AuthorizationRefusal, ProviderPolicy, UnverifiedAuthorizationRequest},
    },
    params::Params,
};
use serde::Serialize;

/// Longest text that is judged, in bytes.
const PASTED_MAX: usize = 64 * 1024;
/// Longest value that is shown, in characters.
const SHOWN_MAX: usize = 256;

/// One parameter of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterVerdict {
    /// Its name.
    pub name: String,
    /// Its value, cut; none when it wasn't sent.
    pub value: Option<String>,
    /// How it went; `skipped`: it wasn't sent and isn't needed.
    pub verdict: Verdict,
    /// What was found.
    pub words: String,
    /// Where it is laid down; empty for a parameter that nobody knows.
    pub spec: &'static str,
    /// What to do; empty when there is nothing to do.
    pub fix: &'static str,
}

/// What became of a pasted authorization request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OidcJudgement {
    /// Whether it would be taken.
    pub accepted: bool,
    /// Who would be told of a refusal: `app` by redirect, `person` on a page of ours; none when it is taken.
    pub told: Option<&'static str>,
    /// The code the app would be told.
    pub error: Option<String>,
    /// And its description.
    pub error_description: Option<String>,
    /// Every parameter: those that are checked in the order of the checks, then those that are ignored.
    pub parameters: Vec<ParameterVerdict>,
}

/// Judges an address with an authorization request in it, its query, or a posted form.
///
/// # Errors
/// The caller may not read, the app is no OIDC app, or the draft breaks a rule of its own.
pub fn judge(
    caller: &Caller,
    app: &App,
    pasted: &str,
    draft: Option<OidcConnection>,
) -> Result<OidcJudgement, ServiceError> {
    caller.require(Permission::Read)?;
    let app = with_draft(app, draft)?;
    if app.connection.oidc().is_none() {
        return Err(ServiceError::NotFound("OIDC app"));
    }
    let registered = client::of_app(&app)?;
    let request = match UnverifiedAuthorizationRequest::parse(query_of(pasted)) {
        Ok(request) => request,
        Err(error) => return Ok(unreadable(&error)),
    };
    let policy = ProviderPolicy::default();
    let lines = judged(&request, &registered, &policy);
    let mut parameters: Vec<ParameterVerdict> =
        lines.iter().map(|line| verdict(line, request.params(), &registered)).collect();
    parameters.extend(request.params().pairs().filter_map(|(name, value)| unknown(name, value)));
    let refusal = request.verify(&registered, &policy).err();
    let error = refusal.as_ref().map(AuthorizationRefusal::error);
    Ok(OidcJudgement {
        accepted: refusal.is_none(),
        told: refusal.as_ref().map(|refusal| match refusal {
            AuthorizationRefusal::Page { .. } => "person",
            AuthorizationRefusal::Redirect { .. } => "app",
        }),
        error: error.map(|error| error.code().as_str().to_owned()),
        error_description: error.map(|error| error.description().to_owned()),
        parameters,
    })
}

/// The query of an address, or the text itself.
fn query_of(pasted: &str) -> &str {
    let text = pasted.trim();
    if text.len() > PASTED_MAX {
        return "";
    }
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    query.split('#').next().unwrap_or_default()
}

/// A request that can't be taken apart: one line says why.
fn unreadable(error: &ProtocolError) -> OidcJudgement {
    let words = error.detail().unwrap_or_else(|| error.description()).to_owned();
    OidcJudgement {
        accepted: false,
        told: Some("person"),
        error: Some(error.code().as_str().to_owned()),
        error_description: Some(error.description().to_owned()),
        parameters: vec![ParameterVerdict {
            name: "(all)".to_owned(),
            value: None,
            verdict: Verdict::Failed,
            words,
            spec: "OAuth 2.0 (RFC 6749) §3.1",
            fix: "Send every parameter once, properly encoded; only resource may come several times.",
        }],
    }
}

fn verdict(line: &Judged, params: &Params, client: &Client) -> ParameterVerdict {
    let known = PARAMETERS.iter().find(|(name, ..)| *name == line.name);
    let (spec, says, fix) = known.map_or(("", "", ""), |(_, spec, says, fix)| (*spec, *says, *fix));
    let (verdict, words, fix) = match &line.refusal {
        Some(error) => {
            let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            (Verdict::Failed, format!("{}{detail}. {says}", capital(error.description())), fix)
        }
        None if !line.is_sent => (Verdict::Skipped, format!("Not sent. {says}"), ""),
        None => match dropped(line, params, client) {
            Some(names) => (Verdict::Warning, format!("Left out of the answer: {names}. {says}"), fix),
            None => (Verdict::Passed, says.to_owned(), ""),
        },
    };
    ParameterVerdict {
        name: line.name.to_owned(),
        value: line.is_sent.then(|| shown(&params.all(line.name).join(" "))),
        verdict,
        words,
        spec,
        fix,
    }
}

/// The scopes that the app asks for and may not have.
fn dropped(line: &Judged, params: &Params, client: &Client) -> Option<String> {
    let asked = Scope::parse(params.get("scope").filter(|_| line.name == "scope")?).ok()?;
    let names: Vec<&str> = asked.iter().filter(|name| !client.scopes.contains(name)).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// A parameter that the endpoint doesn't look at.
fn unknown(name: &str, value: &str) -> Option<ParameterVerdict> {
    let is_known = PARAMETERS.iter().any(|(known, ..)| *known == name) || COMPANIONS.contains(&name);
    (!is_known).then(|| ParameterVerdict {
        name: shown(name),
        value: Some(shown(value)),
        verdict: Verdict::Skipped,
        words: "Not known here, so it is ignored, as OpenID Connect Core §3.1.2.1 says.".to_owned(),
        spec: "",
        fix: "",
    })
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_whatever_was_pasted_is_found() {
        for text in ["https://id.example/oauth2/authorize?a=1#x", " ?a=1 ", "a=1"] {
            assert_eq!(query_of(text), "a=1", "{text}");
        }
        assert_eq!(query_of(&"a".repeat(PASTED_MAX + 1)), "");
    }

    #[test]
    fn every_parameter_that_is_judged_is_explained_once() {
        let request = UnverifiedAuthorizationRequest::parse("").expect("nothing");
        let client = Client::new("metrics", Vec::new());
        let names: Vec<&str> =
            judged(&request, &client, &ProviderPolicy::default()).iter().map(|line| line.name).collect();
        let explained: Vec<&str> = PARAMETERS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names, explained);
    }
}
