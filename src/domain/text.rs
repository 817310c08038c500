//! What may stand in a directory field, and the canonical keys that names are compared by.
//! Does not own escaping: templates and the SAML writer escape what they print.

use unicode_normalization::UnicodeNormalization;

/// One field that was refused: which, and what to put instead.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The form field or path in the organisation file.
    pub field: String,
    /// A sentence that says what to put.
    pub message: String,
}

/// All the fields of one form that were refused; never empty when returned as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{}", .0.iter().map(|e| format!("{}: {}", e.field, e.message)).collect::<Vec<_>>().join("; "))]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    /// One refused field.
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Adds a refused field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// The message for `field`, if it was refused.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|e| e.field == field).map(|e| e.message.as_str())
    }

    /// `Ok` when nothing was refused.
    pub fn finish(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// Longest single-line field, in characters: names, titles, labels.
pub const LINE_MAX: usize = 256;
/// Longest attribute value, in characters.
pub const VALUE_MAX: usize = 1024;

/// A character that no directory field may hold: controls, what XML 1.0 §2.2 forbids, non-characters, and the
/// bidirectional overrides that make a name read as another (`U+202A`–`U+202E`, `U+2066`–`U+2069`).
pub fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        || (u32::from(c) & 0xFFFE) == 0xFFFE
}

/// Checks a single-line text: trimmed, without forbidden characters, at most `max` characters.
pub fn check_line(errors: &mut FieldErrors, field: &str, value: &str, max: usize) {
    if value.chars().any(is_forbidden) {
        errors.add(field, "Leave out control characters and line breaks");
    } else if value.chars().count() > max {
        errors.add(field, format!("Use at most {max} characters"));
    }
}

/// The key two names are compared by: NFKC, lower case, trimmed. `Ｍaya`, `MAYA` and `maya ` are one name.
pub fn canonical(value: &str) -> String {
    if value.is_ascii() {
        // NFKC leaves it as it is.
        return value.trim().to_ascii_lowercase();
    }
    let folded: String = value.trim().nfkc().collect::<String>().to_lowercase();
    folded.nfkc().collect::<String>().trim().to_owned()
}

/// Turns a label into a slug: `Product Analytics (EU)` → `product-analytics-eu`. May be empty.
pub fn slugify(label: &str) -> String {
    let mut slug = String::new();
    for c in label.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if (c.is_ascii_punctuation() || c.is_whitespace()) && !slug.is_empty() && !slug.ends_with('-')
        {
            slug.push('-');
        }
    }
    slug.truncate(48);
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_under_case_width_and_space() {
        assert_eq!(canonical(" ＭAYA "), canonical("maya"));
        assert_ne!(canonical("maya"), canonical("máya"));
        assert_eq!(canonical("\t Maya Rivera\u{b}\n"), canonical("\u{3000}ｍaya Rivera"));
    }

    #[test]
    fn forbidden_characters_are_refused_and_others_kept() {
        for bad in ["a\0b", "a\u{1}", "a\nb", "\u{FFFE}", "\u{202E}x", "\u{1FFFF}", "\u{85}"] {
            let mut errors = FieldErrors::default();
            check_line(&mut errors, "name", bad, LINE_MAX);
            assert!(errors.of("name").is_some(), "{bad:?}");
        }
        let mut errors = FieldErrors::default();
        check_line(&mut errors, "name", "Zoë <b>&\"' 李 👩‍🚀", LINE_MAX);
        assert_eq!(errors.finish(), Ok(()));
    }

    #[test]
    fn slugs_are_plain() {
        assert_eq!(slugify("Product Analytics (EU)"), "product-analytics-eu");
        assert_eq!(slugify("Größe & Co."), "groe-co");
        assert_eq!(slugify("李"), "");
    }
}
