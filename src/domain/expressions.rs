//! Expressions over a person, for one application: what they see, and what becomes of their results. Does not own the
//! language (`crates/expression`).

use super::{attributes::Subject, user::User};
use expression::{Context, Expression, Person};
use serde_json::Value;

/// The texts an expression makes; none when it finds nothing. The error is a sentence for an admin, without any value of the
/// person.
pub fn texts(text: &str, subject: Subject<'_>) -> Result<Vec<String>, String> {
    expression::to_strings(&evaluate(text, subject)?).map_err(|error| error.to_string())
}

/// The claim an expression makes; nothing when it finds nothing. The error as for [`texts`].
pub fn claim(text: &str, subject: Subject<'_>) -> Result<Option<Value>, String> {
    Ok(expression::to_claim(evaluate(text, subject)?))
}

/// Whether what the expression makes is a list, however many values it holds. One that can't be read makes nothing.
pub fn is_list(text: &str) -> bool {
    Expression::parse(text).is_ok_and(|parsed| parsed.is_list())
}

/// The custom attributes that an expression reads and the person hasn't.
pub fn missing(text: &str, user: &User) -> Vec<String> {
    let mut names = Expression::parse(text).map(|parsed| parsed.custom_names()).unwrap_or_default();
    names.retain(|name| !user.custom.contains_key(name));
    names
}

fn evaluate(text: &str, subject: Subject<'_>) -> Result<Value, String> {
    let expression = Expression::parse(text).map_err(|error| error.to_string())?;
    expression.evaluate(&context(subject)?).map_err(|error| error.to_string())
}

/// `user`, `groups`, `app` and `session`, as `docs/expressions.md` describes them.
fn context(subject: Subject<'_>) -> Result<Context, String> {
    let Subject { user, app, groups, sign_in } = subject;
    let (user_id, app_id) = (user.id.to_string(), app.id.to_string());
    let custom = user.custom.iter().map(|(name, value)| Ok((name.as_str(), serde_json::to_value(value)?)));
    let person = Person {
        id: &user_id,
        username: &user.username,
        email: &user.email,
        display_name: &user.display_name,
        state: user.state.as_str(),
        standard: user.profile.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        custom: custom.collect::<Result<_, serde_json::Error>>().map_err(|error| error.to_string())?,
    };
    let app = expression::App { id: &app_id, slug: &app.slug, label: &app.label };
    let session = expression::Session { acr: sign_in.acr, amr: sign_in.amr };
    Context::new(&person, groups, app, session).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use crate::domain::user::STANDARD_ATTRIBUTES;

    #[test]
    fn expressions_know_every_standard_attribute() {
        let ours: Vec<&str> = STANDARD_ATTRIBUTES.iter().map(|(key, _)| *key).collect();
        for key in &ours {
            assert!(expression::STANDARD_ATTRIBUTES.iter().any(|(known, _)| known == key), "{key}");
        }
        for (key, _) in expression::STANDARD_ATTRIBUTES {
            assert!(ours.contains(key), "{key}");
        }
    }
}
