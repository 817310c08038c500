//! A pasted authorization request, judged parameter by parameter. Does not own the checks (`crates/oidc`) or what the
//! specifications say (`spec`).

use super::{
    address::{self, Pasted, shown},
    spec::{COMPANIONS, PARAMETERS, SECRETS},
    with_draft,
};
use crate::{
    context::AppContext,
    domain::{app::App, connection::OidcConnection, permission::Permission, session::ACR_PASSWORD},
    service::{
        Caller, ServiceError,
        oidc::{client, hint},
        sign_on::oidc,
        simulator::Verdict,
    },
};
use ::oidc::{
    Client, ErrorCode, ProtocolError, Scope,
    authorization::{
        judge::{Judged, judge as judged},
        request::{AuthorizationRefusal, ProviderPolicy, UnverifiedAuthorizationRequest},
    },
    claims::{is_protocol_claim, of_scope, request::ClaimsRequest},
    params::Params,
    prompt::Prompt,
};
use serde::Serialize;

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
    /// Who would be told of a refusal: `app` by redirect, `person` on a page of ours; none when it is taken, or never comes here.
    pub told: Option<&'static str>,
    /// The code the app would be told.
    pub error: Option<String>,
    /// And its description.
    pub error_description: Option<String>,
    /// The address, if one was pasted, then every parameter: those that are checked in the order of the checks, then those that
    /// are ignored.
    pub parameters: Vec<ParameterVerdict>,
}

/// Judges an address with an authorization request in it, its query, or a posted form. A pushed request is read by its reference,
/// which stays good.
///
/// # Errors
/// The caller may not read, the app is no OIDC app, or the draft breaks a rule of its own.
pub async fn judge(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    pasted: &str,
    draft: Option<OidcConnection>,
) -> Result<OidcJudgement, ServiceError> {
    caller.require(Permission::Read)?;
    let Some(saved) = app.connection.oidc() else { return Err(ServiceError::NotFound("OIDC app")) };
    let registered = client::of_app(&with_draft(app, draft)?)?;
    let pasted = Pasted::of(pasted);
    let direct = match UnverifiedAuthorizationRequest::parse(pasted.query) {
        Ok(request) => request,
        Err(error) => return Ok(unreadable(&error)),
    };
    // What another client pushed is looked up for nobody.
    let is_own = direct.client_id().is_some_and(|id| id == registered.client_id && id == saved.client_id);
    let read = if is_own { oidc::read(ctx, pasted.query).await? } else { Ok(direct.clone()) };
    let mut judgement = match read {
        Ok(request) => of_request(ctx, &direct, &request, &registered).await?,
        Err((_, error)) => of_reference(&direct, &registered, &error),
    };
    let address = pasted.address.map(|address| address::verdict(ctx, address));
    if address.as_ref().is_some_and(|line| line.verdict == Verdict::Failed) {
        // It never comes here, so nobody is told anything.
        judgement =
            OidcJudgement { accepted: false, told: None, error: None, error_description: None, ..judgement };
    }
    judgement.parameters.splice(0..0, address);
    Ok(judgement)
}

/// The request as it counts: `direct` itself, or the pushed one that it refers to.
async fn of_request(
    ctx: &AppContext,
    direct: &UnverifiedAuthorizationRequest,
    request: &UnverifiedAuthorizationRequest,
    client: &Client,
) -> Result<OidcJudgement, ServiceError> {
    let policy = ProviderPolicy::default();
    let lines = judged(request, client, &policy);
    let mut parameters: Vec<ParameterVerdict> =
        lines.iter().map(|line| verdict(line, request.params(), client)).collect();
    if let Some(line) = parameters.iter_mut().find(|line| line.name == "id_token_hint") {
        hint(ctx, request, client, line).await?;
    }
    let is_unmet = parameters.iter_mut().any(|line| line.name == "claims" && demands(request, client, line));
    if request.is_pushed() {
        parameters.iter_mut().filter(|line| line.name == "request_uri").for_each(|line| {
            line.value = direct.params().get("request_uri").map(shown);
            line.verdict = Verdict::Passed;
            line.words =
                String::from("The request that was pushed is judged here; its reference stays good.");
        });
        parameters.extend(direct.params().pairs().filter_map(|(name, value)| beside(name, value)));
    }
    parameters.extend(request.params().pairs().filter_map(|(name, value)| unknown(name, value)));
    let refusal = request.verify(client, &policy).err();
    let unmet = ProtocolError::new(
        ErrorCode::UnmetAuthenticationRequirements,
        "the authentication context asked for cannot be reached",
    );
    let unhinted = ProtocolError::new(ErrorCode::LoginRequired, "the person must sign in first");
    let is_unhinted =
        parameters.iter().any(|line| line.name == "id_token_hint" && line.verdict == Verdict::Failed);
    let (told, error) = match &refusal {
        Some(AuthorizationRefusal::Page { error }) => (Some("person"), Some(error)),
        Some(AuthorizationRefusal::Redirect { error, .. }) => (Some("app"), Some(error)),
        None if is_unhinted => (Some("app"), Some(&unhinted)),
        None if is_unmet => (Some("app"), Some(&unmet)),
        None => (None, None),
    };
    Ok(OidcJudgement {
        accepted: error.is_none(),
        told,
        error: error.map(|error| error.code().as_str().to_owned()),
        error_description: error.map(|error| error.description().to_owned()),
        parameters,
    })
}

/// A request whose reference can't be followed: of the rest nothing is known.
fn of_reference(
    direct: &UnverifiedAuthorizationRequest,
    client: &Client,
    error: &ProtocolError,
) -> OidcJudgement {
    let culprit = if direct.params().contains("request") { "request" } else { "request_uri" };
    let lines = judged(direct, client, &ProviderPolicy::default());
    let parameters = lines.into_iter().map(|line| {
        let refusal = match line.name {
            "client_id" => line.refusal.clone(),
            name if name == culprit => Some(error.clone()),
            _ => None,
        };
        let is_known = matches!(line.name, "client_id" | "request" | "request_uri");
        let line = Judged { is_sent: line.is_sent && is_known, refusal, ..line };
        let mut shown = verdict(&line, direct.params(), client);
        if !is_known {
            shown.words = String::from("Not judged: it would be read from the pushed request.");
        }
        shown
    });
    OidcJudgement {
        accepted: false,
        told: Some("person"),
        error: Some(error.code().as_str().to_owned()),
        error_description: Some(error.description().to_owned()),
        parameters: parameters.collect(),
    }
}

/// Verifies a hint as a sign-on would. One that isn't good counts as none, but a request that forbids pages then says nothing
/// about whom it means.
async fn hint(
    ctx: &AppContext,
    request: &UnverifiedAuthorizationRequest,
    client: &Client,
    line: &mut ParameterVerdict,
) -> Result<(), ServiceError> {
    let Some(text) = request.params().get("id_token_hint").filter(|_| line.verdict == Verdict::Passed) else {
        return Ok(());
    };
    let Err(why) = hint::at_sign_on(ctx, text, &client.client_id, ctx.now()).await? else { return Ok(()) };
    let prompt = request.params().get("prompt").and_then(|text| Prompt::parse(text).ok());
    let (verdict, follows) = if prompt.is_some_and(Prompt::none) {
        (Verdict::Failed, "With prompt=none nobody can be asked, so the app is told login_required.")
    } else {
        (Verdict::Warning, "It counts as none: whoever signs in is answered about.")
    };
    line.verdict = verdict;
    line.words = format!("{}. {follows}", capital(&why.to_string()));
    line.fix = PARAMETERS.iter().find(|(name, ..)| *name == line.name).map_or("", |(.., fix)| *fix);
    Ok(())
}

/// Looks into the `claims` parameter as a sign-on and its answers do: whether it demands what can't be had, in which case the
/// sign-on fails (OpenID Connect Core §5.5.1.1), and what of it the app may not have.
fn demands(request: &UnverifiedAuthorizationRequest, client: &Client, line: &mut ParameterVerdict) -> bool {
    let text = request.params().get("claims").filter(|_| line.verdict == Verdict::Passed);
    let Some(wishes) = text.and_then(|text| ClaimsRequest::parse(text).ok()) else { return false };
    let essential = wishes.essential_acr_values();
    if !essential.is_empty() && !essential.contains(&ACR_PASSWORD) {
        line.verdict = Verdict::Failed;
        line.words = format!(
            "It insists on a way of signing in that people don’t have here ({}); the app is told unmet_authentication_requirements.",
            shown(&essential.join(", "))
        );
        line.fix =
            "Let the app wish for the acr, not insist on it (essential), or name one that is reached here.";
        return true;
    }
    let reached = |name: &str| {
        is_protocol_claim(name) || client.scopes.iter().any(|scope| of_scope(scope).contains(&name))
    };
    let mut left_out: Vec<&str> =
        wishes.userinfo().keys().chain(wishes.id_token().keys()).map(String::as_str).collect();
    left_out.retain(|name| !reached(name));
    left_out.sort_unstable();
    left_out.dedup();
    if !left_out.is_empty() {
        line.verdict = Verdict::Warning;
        let names = shown(&left_out.join(" "));
        line.words = format!(
            "Left out, because no scope of the app reaches it, unless it is a custom claim: {names}."
        );
        line.fix = "Let the app have the scope that holds it, or add a custom claim of that name.";
    }
    false
}

/// RFC 9126 §4, RFC 9101 §5: what stands beside a reference counts for nothing.
fn beside(name: &str, value: &str) -> Option<ParameterVerdict> {
    (!matches!(name, "client_id" | "request_uri")).then(|| ParameterVerdict {
        name: shown(name),
        value: Some(shown(value)),
        verdict: Verdict::Skipped,
        words: "It stands beside request_uri, so it is ignored: only what was pushed counts.".to_owned(),
        spec: "Pushed Authorization Requests (RFC 9126) §4",
        fix: "",
    })
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
    if !is_known && SECRETS.contains(&name) && !value.is_empty() {
        return Some(ParameterVerdict {
            name: shown(name),
            value: None,
            verdict: Verdict::Warning,
            words: "A secret has no business here: addresses stand in histories, in logs and in what others are sent. It is ignored, \
                and counts as known to strangers from now on."
                .to_owned(),
            spec: "OAuth 2.0 (RFC 6749) §2.3.1",
            fix: "Take it out of the address, make a new secret here, and withdraw this one.",
        });
    }
    (!is_known).then(|| ParameterVerdict {
        name: shown(name),
        value: Some(shown(value)),
        verdict: Verdict::Skipped,
        words: "Not known here, so it is ignored, as OpenID Connect Core §3.1.2.1 says.".to_owned(),
        spec: "",
        fix: "",
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

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
