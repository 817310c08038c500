//! Owns which characters XML 1.0 allows and how canonical XML escapes them.
//! Does not own elements or attributes.

/// A character that no XML 1.0 document can carry, not even escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the character U+{:04X} at byte {offset} cannot be written in XML", u32::from(*.character))]
pub struct ForbiddenCharacter {
    /// The offending character.
    pub character: char,
    /// Where it stands, in bytes from the start of the text.
    pub offset: usize,
}

/// Whether XML 1.0 §2.2 allows `character` in a document.
///
/// Allowed are tab, line feed, carriage return, and everything from U+0020 up except the surrogates,
/// U+FFFE and U+FFFF.
#[must_use]
pub const fn is_xml_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// Checks that every character of `text` can be written in XML 1.0.
///
/// The directory calls this when a user is saved, so that no later message fails because of a name.
///
/// # Errors
/// The first character that XML forbids, and where it stands.
pub fn check_xml_text(text: &str) -> Result<(), ForbiddenCharacter> {
    text.char_indices()
        .find(|(_, character)| !is_xml_char(*character))
        .map_or(Ok(()), |(offset, character)| Err(ForbiddenCharacter { character, offset }))
}

const fn is_name_start(character: char) -> bool {
    matches!(character,
        'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

const fn is_name_char(character: char) -> bool {
    is_name_start(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether `text` is an NCName (Namespaces in XML §3): a name without a colon, the type of `xs:ID`.
#[must_use]
pub fn is_ncname(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(is_name_start) && characters.all(is_name_char)
}

/// Appends `text` as canonical XML writes a text node: `& < >` and carriage return are escaped.
pub(crate) fn push_text_escaped(out: &mut String, text: &str) {
    push_escaped(out, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Appends `value` as canonical XML writes an attribute value: `& < "`, tab, line feed and carriage
/// return are escaped.
pub(crate) fn push_attribute_escaped(out: &mut String, value: &str) {
    push_escaped(out, value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Copies `text` in runs. Only ASCII bytes are ever replaced, so every cut is a character boundary.
fn push_escaped(out: &mut String, text: &str, escape: impl Fn(u8) -> Option<&'static str>) {
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = escape(byte) {
            out.push_str(&text[copied..at]);
            out.push_str(replacement);
            copied = at + 1;
        }
    }
    out.push_str(&text[copied..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_text_names_the_first_forbidden_character() {
        assert_eq!(check_xml_text("tab\tline\nreturn\r é 😀"), Ok(()));
        assert_eq!(check_xml_text("é\u{0}"), Err(ForbiddenCharacter { character: '\u{0}', offset: 2 }));
        for forbidden in ['\u{1}', '\u{8}', '\u{b}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            assert!(!is_xml_char(forbidden), "{forbidden:?}");
        }
        assert!(is_xml_char('\u{7f}') && is_xml_char('\u{fffd}') && is_xml_char('\u{10ffff}'));
    }

    #[test]
    fn ncname_has_no_colon_and_no_leading_digit() {
        for good in ["_1", "a", "id-1.2", "é"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "1a", "-a", "a:b", "a b", "a\n", "a#"] {
            assert!(!is_ncname(bad), "{bad}");
        }
    }

    #[test]
    fn escapes_follow_canonical_xml() {
        let hostile = "a&b<c>d\"e'f\tg\nh\ri";
        let (mut text, mut attribute) = (String::new(), String::new());
        push_text_escaped(&mut text, hostile);
        push_attribute_escaped(&mut attribute, hostile);
        assert_eq!(text, "a&amp;b&lt;c&gt;d\"e'f\tg\nh&#xD;i");
        assert_eq!(attribute, "a&amp;b&lt;c>d&quot;e'f&#x9;g&#xA;h&#xD;i");
    }
}
