//! The identifier by which a service provider knows a person. Does not own the message it stands in (`saml`).

use super::saml;
use crate::{
    context::AppContext,
    domain::{
        app::App,
        attributes::{self, Subject},
        connection::SamlConnection,
        expressions,
        user::User,
    },
    service::ServiceError,
    store::{self, Written},
};
use ::saml::{NameId, NameIdFormat, VerifiedAuthnRequest};
use rand::Rng;

/// In place of a pseudonym that is made at the first sign-on, where nothing may be stored.
pub const NOT_YET: &str = "made-at-first-sign-on";

/// What is known of an identifier before it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// This value.
    Value(String),
    /// A lasting pseudonym that is made, and kept, when the person first signs on.
    MadeAtFirstSignOn,
    /// A pseudonym that is another one at each sign-on.
    MadeAtEachSignOn,
    /// There is none that can be sent, so they can't sign on.
    Missing(NoValue),
}

/// Why nobody can be named at an app; in words for an admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoValue {
    /// There is no value.
    Empty(String),
    /// It is longer than every app is sure to take.
    TooLong(String),
}

impl NoValue {
    /// The stable code of its event.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty(_) => "name_id_empty",
            Self::TooLong(_) => "name_id_too_long",
        }
    }

    /// The words.
    pub fn words(&self) -> &str {
        match self {
            Self::Empty(words) | Self::TooLong(words) => words,
        }
    }
}

/// What is known of the identifier in a format. Only reads.
pub async fn known(
    ctx: &AppContext,
    connection: &SamlConnection,
    subject: Subject<'_>,
    format: &NameIdFormat,
) -> Result<Known, ServiceError> {
    Ok(match format {
        // SAML Core §8.3.8: opaque, different at each sign-on.
        NameIdFormat::Transient => Known::MadeAtEachSignOn,
        // §8.3.7: opaque, pairwise, at most 256 characters, never given to anybody else.
        NameIdFormat::Persistent => {
            let kept =
                store::name_ids::get(&mut ctx.db.read().await?, subject.app.id, subject.user.id).await?;
            kept.map_or(Known::MadeAtFirstSignOn, Known::Value)
        }
        _ => value(connection, subject).map_or_else(Known::Missing, Known::Value),
    })
}

/// SAML Core §8.3: the identifier in the format that was agreed or asked for; what isn't there yet is made. The inner error
/// says, for an admin, why there is none.
pub(super) async fn of(
    ctx: &AppContext,
    connection: &SamlConnection,
    subject: Subject<'_>,
    format: NameIdFormat,
) -> Result<Result<NameId, NoValue>, ServiceError> {
    let value = match known(ctx, connection, subject, &format).await? {
        Known::Value(value) => value,
        Known::MadeAtFirstSignOn => make_persistent(ctx, subject.app, subject.user).await?,
        Known::MadeAtEachSignOn => opaque(ctx, "_"),
        Known::Missing(why) => return Ok(Err(why)),
    };
    Ok(Ok(qualified(ctx, connection, subject.app, format, value)))
}

/// IIP-IDP11: whether a request asks for an identifier in so many words: for a format, or for one person.
pub fn is_wanted(request: &VerifiedAuthnRequest) -> bool {
    let format = request.name_id_policy().and_then(|policy| policy.format.as_ref());
    request.subject().is_some() || format.is_some_and(|format| *format != NameIdFormat::Unspecified)
}

/// SAML Core §8.3.7: a lasting pseudonym says in whose names it was made, ours and the app's.
pub fn qualified(
    ctx: &AppContext,
    connection: &SamlConnection,
    app: &App,
    format: NameIdFormat,
    value: String,
) -> NameId {
    let mut id = NameId::new(format, value);
    if id.format == NameIdFormat::Persistent {
        id.name_qualifier = Some(saml::idp_entity_id(ctx, app, connection));
        id.sp_name_qualifier = Some(connection.sp_entity_id.clone());
    }
    id
}

/// The value that identifies the person, from an attribute or an expression.
///
/// SDP-G02: no string we produce is longer than 256 characters.
pub fn value(connection: &SamlConnection, subject: Subject<'_>) -> Result<String, NoValue> {
    let (what, values) = if connection.name_id_expression.is_empty() {
        let source = &connection.name_id_source;
        (format!("“{source}”"), attributes::value_of(source, subject))
    } else {
        let values = expressions::texts(&connection.name_id_expression, subject)
            .map_err(|why| NoValue::Empty(format!("The expression that identifies people failed: {why}.")))?;
        ("An expression".to_owned(), values)
    };
    let (app, person) = (&subject.app.label, &subject.user.display_name);
    let value = values.into_iter().find(|value| !value.trim().is_empty()).ok_or_else(|| {
        NoValue::Empty(format!("{what} identifies people at {app}, and {person} has none."))
    })?;
    match value.chars().count() {
        length if length > NameId::MAX => Err(NoValue::TooLong(format!(
            "{what} identifies people at {app}; that of {person} has {length} characters, and at most {} are sent.",
            NameId::MAX
        ))),
        _ => Ok(value),
    }
}

/// SAML Core §3.4.1: a Subject without a format that names the person by their pseudonym at this app is answered with the pseudonym.
pub(super) async fn as_asked(
    ctx: &AppContext,
    app: &App,
    user: &User,
    request: &VerifiedAuthnRequest,
    format: NameIdFormat,
) -> Result<NameIdFormat, ServiceError> {
    let is_open = |format: &NameIdFormat| *format == NameIdFormat::Unspecified;
    let policy = request.name_id_policy().and_then(|policy| policy.format.as_ref());
    let Some(asked) = request.subject().filter(|asked| is_open(&asked.format)) else { return Ok(format) };
    if policy.is_some_and(|policy| !is_open(policy)) {
        return Ok(format);
    }
    let kept = store::name_ids::get(&mut ctx.db.read().await?, app.id, user.id).await?;
    Ok(if kept.as_ref() == Some(&asked.value) { NameIdFormat::Persistent } else { format })
}

/// 160 random bits in base32: two ids never differ only by case (IIP-IDP21).
fn opaque(ctx: &AppContext, prefix: &str) -> String {
    const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0; 32];
    ctx.rng().fill_bytes(&mut bytes);
    let letters = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)]));
    prefix.chars().chain(letters).collect()
}

/// The pairwise id; of two that are made at once, one is kept and both get it.
pub(super) async fn make_persistent(
    ctx: &AppContext,
    app: &App,
    user: &User,
) -> Result<String, ServiceError> {
    let (candidate, app_id, user_id, now) = (opaque(ctx, ""), app.id, user.id, ctx.now());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let value = store::name_ids::get_or_insert(tx, app_id, user_id, &candidate, now).await?;
                Ok::<_, ServiceError>(Written::unaudited(value))
            })
        })
        .await
}
