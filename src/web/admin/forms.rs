//! What the console's forms have in common: refused fields beside their controls, and lines said after a form.
//! Does not own any form.

use crate::{
    context::AppContext,
    domain::text::FieldErrors,
    web::{
        extract::{cookies::CookieName, visit::flash_value},
        respond::{put_cookie, redirect},
        view::{Flash, Tone, form::Errors},
    },
};
use axum::response::Response;

/// The errors of a view. `renames` are pairs of a service's field (or its prefix, ending in a dot) and the form's field;
/// everything else keeps its name.
pub fn errors(refused: FieldErrors, renames: &[(&str, &str)]) -> Errors {
    let mut errors = Errors::none();
    for error in refused.0 {
        let renamed = renames.iter().find(|(from, _)| {
            *from == error.field || (from.ends_with('.') && error.field.starts_with(*from))
        });
        match renamed {
            Some((from, to)) if from.ends_with('.') => {
                let rest = &error.field[from.len()..];
                errors.add(*to, format!("{rest}: {}", error.message));
            }
            Some((_, to)) => errors.add(*to, error.message),
            None => errors.add(error.field, error.message),
        }
    }
    errors
}

/// A redirect with a line that asks for attention.
pub fn warned(ctx: &AppContext, path: &str, text: &str) -> Response {
    let flash = Flash { tone: Tone::Warn, text: text.to_owned() };
    let mut response = redirect(path);
    put_cookie(ctx, &mut response, CookieName::Flash, &flash_value(&flash), Some(60));
    response
}

/// What was typed, cut to what a page shows again.
pub fn typed(text: &str) -> String {
    text.chars().take(512).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_fields_reach_their_control() {
        let mut refused = FieldErrors::one("attributes.team", "Enter a number");
        refused.add("password", "Use at least 12 characters");
        refused.add("email", "Enter an email address");
        let errors = errors(refused, &[("attributes.", "custom_key"), ("password", "new_password")]);
        assert_eq!(errors.of("custom_key"), Some("team: Enter a number"));
        assert_eq!(errors.of("new_password"), Some("Use at least 12 characters"));
        assert_eq!(errors.of("email"), Some("Enter an email address"));
    }
}
