//! What a grant is worth at this moment: whether person, client and consent still carry it, and how much of it is left. The one
//! gate of every use of a grant of a person (O-10, O-42). Reads only. Does not own what a client is told.

use super::grant::GrantDetails;
use crate::{
    domain::{
        access::{self, Access, Denial},
        app::App,
        attributes::{SignIn, Subject},
        consent::Released,
        user::User,
    },
    service::ServiceError,
    store::{self, dialect::Conn, token_families::Family},
};
use ::oidc::{
    Client, ErrorCode, GrantType, ProtocolError, Scope,
    claims::CustomClaim,
    resource,
    scope::{OFFLINE_ACCESS, OPENID},
};

/// A grant that holds: of whom, and what is left of it.
pub struct Standing {
    /// The person, who has the app at this moment.
    pub user: User,
    /// What it may know of their groups.
    pub groups: Vec<String>,
    /// What was granted, cut down to what the client's registration and the person's consent allow now.
    pub details: GrantDetails,
    /// How the person signed in.
    amr: Vec<String>,
    /// What the person allowed; `None` for a first-party client, which isn't held to it.
    allowed: Option<Released>,
    /// Whether resource servers were granted, and none of them is left.
    no_resource_left: bool,
}

/// Why a grant carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lapse {
    /// It was ended.
    Revoked,
    /// It is another client's.
    Foreign,
    /// The account was removed.
    AccountGone,
    /// The person may not open the app.
    Access(Denial),
    /// The client must be allowed by the person, and isn't, or not any more.
    Consent,
    /// The client may not use the grant it began with any more.
    Grant,
    /// What it was for, the sign-in or all of the scope, is not the client's any more.
    Scope,
    /// The client may not have access any more while the person is away.
    Offline,
}

impl Lapse {
    /// The cause in one stable word.
    pub fn code(self) -> &'static str {
        match self {
            Self::Revoked => "grant_revoked",
            Self::Foreign => "grant_of_another",
            Self::AccountGone => "account_gone",
            Self::Access(denial) => denial.code(),
            Self::Consent => "consent_missing",
            Self::Grant => "grant_type_removed",
            Self::Scope => "scope_removed",
            Self::Offline => "offline_removed",
        }
    }

    /// For an admin, in words.
    fn sentence(self, person: &str, app: &str) -> String {
        match self {
            Self::Revoked => "the grant was revoked".to_owned(),
            Self::Foreign => "the grant is of another client".to_owned(),
            Self::AccountGone => "the account is gone".to_owned(),
            Self::Access(denial) => denial.sentence(person, app),
            Self::Consent => format!("{person} has not allowed {app} anything, or took it back."),
            Self::Grant => format!("{app} may no longer use the grant that {person}’s tokens came from."),
            Self::Scope => {
                format!(
                    "{app} may no longer have any of the scopes, or the sign-in, that {person}’s tokens are for."
                )
            }
            Self::Offline => format!("{app} may no longer stay connected while {person} is away."),
        }
    }
}

/// A grant that lapsed, with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapsed {
    /// Why.
    pub why: Lapse,
    words: String,
}

impl Lapsed {
    fn new(why: Lapse, person: &str, app: &App) -> Self {
        Self { why, words: why.sentence(person, &app.label) }
    }

    /// RFC 6749 §5.2: what the token endpoint says; the client learns nothing of the cause.
    pub fn as_grant(&self) -> ProtocolError {
        ProtocolError::invalid_grant(&self.words).because(self.why.code())
    }

    /// RFC 6750 §3.1: what a protected resource says.
    pub fn as_token(&self) -> ProtocolError {
        ProtocolError::new(ErrorCode::InvalidToken, "the access token is not valid")
            .with_detail(self.words.clone())
            .because(self.why.code())
    }
}

/// What a grant of a client is worth now. Nothing of it is cached: revoking a consent, or taking a scope, a resource or a grant
/// from a client, counts at the next use.
pub async fn of(
    conn: &mut Conn,
    app: &App,
    client: &Client,
    family: &Family,
) -> Result<Result<Standing, Lapsed>, ServiceError> {
    let lapsed = |why, person: &str| Ok(Err(Lapsed::new(why, person, app)));
    if family.app_id != app.id {
        return lapsed(Lapse::Foreign, "");
    }
    let Some(user) = store::users::get(conn, family.user_id).await? else {
        return lapsed(Lapse::AccountGone, "");
    };
    if family.revoked_at.is_some() {
        return lapsed(Lapse::Revoked, &user.display_name);
    }
    let routes = store::access::routes(conn, user.id, app.id).await?;
    let groups = match access::decide(&user, app, routes) {
        Access::Allowed(routes) => access::group_names(&routes),
        Access::Denied(denial) => return lapsed(Lapse::Access(denial), &user.display_name),
    };
    let details = GrantDetails::of_family(family)?;
    let allowed = if client.trusted {
        None
    } else {
        match store::consents::get(conn, user.id, app.id).await? {
            Some(consent) => Some(consent.released),
            None => return lapsed(Lapse::Consent, &user.display_name),
        }
    };
    Ok(match narrowed(details, client, allowed.as_ref()) {
        Ok((details, no_resource_left)) => {
            let amr = family.amr.clone();
            Ok(Standing { user, groups, details, amr, allowed, no_resource_left })
        }
        Err(why) => Err(Lapsed::new(why, &user.display_name, app)),
    })
}

/// What is left of a grant, and whether its resource servers all went.
fn narrowed(
    mut details: GrantDetails,
    client: &Client,
    allowed: Option<&Released>,
) -> Result<(GrantDetails, bool), Lapse> {
    let may_begin = match details.began_by {
        Some(grant) => client.may_use(grant),
        None => client.may_use(GrantType::AuthorizationCode) || client.may_use(GrantType::DeviceCode),
    };
    if !may_begin {
        return Err(Lapse::Grant);
    }
    let mut left = details.scope.intersection(&client.scopes);
    if let Some(allowed) = allowed {
        left = left.retaining(|token| allowed.scopes.contains(token));
    }
    let lost = |token: &str| details.scope.contains(token) && !left.contains(token);
    // OpenID Connect Core §3.1.2.1: without `openid` it is no sign-in, and the other scopes of people mean nothing.
    if lost(OPENID) || (left.is_empty() && !details.scope.is_empty()) {
        return Err(if allowed.is_some_and(|allowed| !allowed.scopes.contains(OPENID)) {
            Lapse::Consent
        } else {
            Lapse::Scope
        });
    }
    // OpenID Connect Core §11: a first-party client that didn't ask for offline access follows its own setting.
    details.offline &= !lost(OFFLINE_ACCESS) && (client.trusted || left.contains(OFFLINE_ACCESS));
    details.scope = left;
    let granted = details.resources.len();
    details.resources.retain(|resource| {
        client.resources.contains(resource)
            && allowed.is_none_or(|allowed| allowed.resources.contains(resource))
    });
    if let (Some(allowed), Some(claims)) = (allowed, &mut details.claims) {
        claims.retain(|name| allowed.tells(name));
    }
    let no_resource_left = granted > 0 && details.resources.is_empty();
    Ok((details, no_resource_left))
}

impl Standing {
    /// RFC 8707 §2.2: the resource servers asked for now, among those left of the grant. Where none was granted, a first-party
    /// client has its own; for another one, nobody was asked.
    pub fn audience(&self, client: &Client, requested: &[String]) -> Result<Vec<String>, ProtocolError> {
        audience(client, requested, &self.details.resources, self.no_resource_left)
    }

    /// The resource servers that its tokens may be for.
    pub fn resources<'a>(&'a self, client: &'a Client) -> &'a [String] {
        reach(client, &self.details.resources, self.no_resource_left)
    }

    /// What is left of the scope of a token.
    ///
    /// # Errors
    /// `invalid_scope` when nothing is.
    pub fn scope(&self, of_token: &Scope) -> Result<Scope, ProtocolError> {
        let left = of_token.intersection(&self.details.scope);
        if left.is_empty() && !of_token.is_empty() {
            let why = "nothing of the scope may be asked for any more";
            return Err(ProtocolError::new(ErrorCode::InvalidScope, why));
        }
        Ok(left)
    }

    /// The client's own claims that the person allowed; all of them for a first-party client.
    pub fn custom_claims(&self, app: &App) -> Vec<CustomClaim> {
        let sign_in = SignIn { acr: self.details.acr.as_deref().unwrap_or_default(), amr: &self.amr };
        let subject = Subject { user: &self.user, app, groups: &self.groups, sign_in };
        let mut claims = super::claims::custom(subject);
        if let Some(allowed) = &self.allowed {
            claims.retain(|claim| allowed.tells(&claim.name));
        }
        claims
    }

    /// Whether the client may go on while the person is away.
    pub fn offline(&self, app: &App) -> Result<(), Lapsed> {
        if self.details.offline {
            return Ok(());
        }
        Err(Lapsed::new(Lapse::Offline, &self.user.display_name, app))
    }
}

/// See [`Standing::audience`].
fn audience(
    client: &Client,
    requested: &[String],
    left: &[String],
    no_resource_left: bool,
) -> Result<Vec<String>, ProtocolError> {
    if requested.is_empty() {
        // No resource at all would mean this issuer, and that was not granted.
        if no_resource_left {
            let why = "none of the resources granted may be asked for any more";
            return Err(ProtocolError::new(ErrorCode::InvalidTarget, why));
        }
        return Ok(left.to_vec());
    }
    resource::check_requested(requested, reach(client, left, no_resource_left))?;
    Ok(requested.to_vec())
}

/// See [`Standing::resources`].
fn reach<'a>(client: &'a Client, left: &'a [String], no_resource_left: bool) -> &'a [String] {
    let none_granted = left.is_empty() && !no_resource_left;
    if none_granted && client.trusted { &client.resources } else { left }
}

#[cfg(test)]
mod tests;
