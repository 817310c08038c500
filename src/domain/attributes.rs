//! Which values of a person a source name stands for. Does not own how a protocol prints them.

use super::{
    app::App,
    connection::{ValueMapping, ValueSource},
    expressions,
    session::{ACR_PASSWORD, Session},
    user::{CustomValue, STANDARD_ATTRIBUTES, User},
};
use serde_json::Value;
use std::sync::LazyLock;

/// The sources that are not standard attributes of the profile: key, label.
pub const ACCOUNT_SOURCES: &[(&str, &str)] = &[
    ("email", "Work email"),
    ("username", "User name"),
    ("display_name", "Display name"),
    ("id", "Account id"),
    ("groups", "Groups bound to the app"),
];

/// The sources that are about the sign-in rather than about the person: key, label. They identify nobody.
pub const SIGN_IN_SOURCES: &[(&str, &str)] =
    &[("acr", "Class of the sign-in"), ("amr", "Methods of the sign-in")];

/// Whether `source` is one of [`SIGN_IN_SOURCES`].
pub fn is_of_sign_in(source: &str) -> bool {
    SIGN_IN_SOURCES.iter().any(|(key, _)| *key == source)
}

/// The identifiers of SAML Subject Identifier Attributes, which an assertion can carry as attributes: key, label. They hang on
/// more than the person, so that [`value_of`] has none.
pub const SUBJECT_ID_SOURCES: &[(&str, &str)] = &[
    ("subject_id", "Subject ID, the same at every app"),
    ("pairwise_id", "Pairwise ID, another one at every app"),
];

/// Whether `source` is one of [`SUBJECT_ID_SOURCES`].
pub fn is_subject_id(source: &str) -> bool {
    SUBJECT_ID_SOURCES.iter().any(|(key, _)| *key == source)
}

/// Whether `source` names something that can be told: `email`, a standard attribute, `groups`, `attributes.<name>`, `acr`, `amr`.
pub fn is_source(source: &str) -> bool {
    ACCOUNT_SOURCES.iter().chain(STANDARD_ATTRIBUTES).chain(SIGN_IN_SOURCES).any(|(key, _)| *key == source)
        || source.strip_prefix("attributes.").is_some_and(|name| !name.is_empty())
}

/// The values `source` has; empty when there is none. Blank texts are no values.
pub fn value_of(source: &str, subject: Subject<'_>) -> Vec<String> {
    let Subject { user, groups, sign_in, .. } = subject;
    let one = |text: &str| vec![text.to_owned()];
    let mut values = match source {
        "email" => one(&user.email),
        "username" => one(&user.username),
        "display_name" => one(&user.display_name),
        "id" => one(&user.id.to_string()),
        "groups" => groups.to_vec(),
        "acr" => one(sign_in.acr),
        "amr" => sign_in.amr.to_vec(),
        _ => match source.strip_prefix("attributes.") {
            Some(name) => user.custom.get(name).map(CustomValue::texts).unwrap_or_default(),
            None => one(user.attribute(source)),
        },
    };
    values.retain(|value| !is_blank(value));
    values
}

/// Whether a text says nothing: an attribute of it would be there and empty, which apps take for a value.
fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// A claim without blank texts: nothing, if it was one. A list stays a list. What stands in objects is the expression's own.
fn without_blanks(claim: Value) -> Option<Value> {
    match claim {
        Value::String(text) if is_blank(&text) => None,
        Value::Array(mut items) => {
            items.retain(|item| !item.as_str().is_some_and(is_blank));
            Some(Value::Array(items))
        }
        other => Some(other),
    }
}

/// How a person signed in: the same words in both protocols.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// The class of the authentication: `AuthnContextClassRef`, `acr`.
    pub acr: &'a str,
    /// Its methods (RFC 8176).
    pub amr: &'a [String],
}

impl<'a> SignIn<'a> {
    /// That of a session.
    pub fn of(session: &'a Session) -> Self {
        Self { acr: session.acr(), amr: &session.amr }
    }
}

impl SignIn<'static> {
    /// By password, where nobody signs in but something is to be shown.
    pub fn by_password() -> Self {
        static AMR: LazyLock<Vec<String>> = LazyLock::new(|| vec!["pwd".to_owned()]);
        Self { acr: ACR_PASSWORD, amr: &AMR }
    }
}

/// A person towards one application: whom its values are about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The person.
    pub user: &'a User,
    /// The application.
    pub app: &'a App,
    /// The names of the person's groups that this application may know, sorted.
    pub groups: &'a [String],
    /// How the person signed in.
    pub sign_in: SignIn<'a>,
}

/// What the rows of an application came to.
pub struct Mapped<T> {
    /// The rows that have a value, each with it.
    pub rows: Vec<(ValueMapping, T)>,
    /// The rows that failed: name, and why, without any value of the person.
    pub problems: Vec<(String, String)>,
}

/// The attributes of a SAML application: texts. Rows that are off or have no value are left out.
pub fn texts(mappings: &[ValueMapping], subject: Subject<'_>) -> Mapped<Vec<String>> {
    collect(mappings, |mapping| {
        let values = match &mapping.value {
            ValueSource::Source(source) => value_of(source, subject),
            ValueSource::Constant(text) => vec![text.clone()],
            ValueSource::Expression(text) => expressions::texts(text, subject)?,
        };
        // An empty AttributeValue tells an app that the person has one (Amplitude).
        let mut values = values;
        values.retain(|value| !is_blank(value));
        Ok(Some(values).filter(|values| !values.is_empty()))
    })
}

/// The claims of an OIDC client. A value has the same JSON type for everybody: what is a list by kind is one whatever it holds
/// (JC-8, OpenID Connect Core §2), and a number or a truth stays what it is.
pub fn claims(mappings: &[ValueMapping], subject: Subject<'_>) -> Mapped<Value> {
    collect(mappings, |mapping| {
        let (value, listed) = match &mapping.value {
            ValueSource::Source(source) => (claim_of(source, subject), is_list(source)),
            ValueSource::Constant(text) => (Some(Value::from(text.as_str())), false),
            ValueSource::Expression(text) => {
                (expressions::claim(text, subject)?.and_then(without_blanks), expressions::is_list(text))
            }
        };
        // Groups and methods are never one text, whatever the row says.
        let always = matches!(&mapping.value, ValueSource::Source(source) if is_list(source));
        let wanted = always || mapping.list.unwrap_or(listed);
        Ok(if wanted { Some(expression::to_list(value.unwrap_or_default())) } else { value })
    })
}

/// Whether the source is a list by kind.
fn is_list(source: &str) -> bool {
    matches!(source, "groups" | "amr")
}

/// The claim that a source makes: a custom attribute in the JSON type it has, everything else as text.
fn claim_of(source: &str, subject: Subject<'_>) -> Option<Value> {
    let custom = source.strip_prefix("attributes.").map(|name| subject.user.custom.get(name));
    match custom {
        Some(None) => None,
        Some(Some(CustomValue::Boolean(truth))) => Some(Value::Bool(*truth)),
        // Written as people write it: 3, not 3.0.
        Some(Some(CustomValue::Number(number))) => number.to_string().parse().ok().map(Value::Number),
        Some(Some(CustomValue::List(_))) => Some(Value::from(value_of(source, subject))),
        None if is_list(source) => Some(Value::from(value_of(source, subject))),
        Some(Some(CustomValue::Text(_))) | None => value_of(source, subject).pop().map(Value::from),
    }
}

fn collect<T>(
    mappings: &[ValueMapping],
    value: impl Fn(&ValueMapping) -> Result<Option<T>, String>,
) -> Mapped<T> {
    let mut mapped = Mapped { rows: Vec::new(), problems: Vec::new() };
    for mapping in mappings.iter().filter(|mapping| !mapping.off) {
        match value(mapping) {
            Ok(Some(value)) => mapped.rows.push((mapping.clone(), value)),
            Ok(None) if mapping.required => {
                mapped
                    .problems
                    .push((mapping.name.clone(), "the app needs it, and the person has none".into()));
            }
            Ok(None) => {}
            Err(why) => mapped.problems.push((mapping.name.clone(), why)),
        }
    }
    mapped
}
