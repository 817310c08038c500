//! Owns what an attribute value as it stands in a document means.
//! Does not judge it: the lexical pass has refused references and characters that XML forbids.

use std::borrow::Cow;

/// XML 1.0 §3.3.3: an attribute value with its references resolved and white space made blanks.
pub(crate) fn value_of(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Cow::Borrowed(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        value.push_str(&rest[..at]);
        let reference = rest[at..].strip_prefix('&').and_then(|after| after.split_once(';'));
        let Some((name, after)) = reference else {
            // A line break of two characters is one (XML 1.0 §2.11).
            let width = if rest[at..].starts_with("\r\n") { 2 } else { 1 };
            value.push(' ');
            rest = &rest[at + width..];
            continue;
        };
        value.extend(character(name));
        rest = after;
    }
    value.push_str(rest);
    Cow::Owned(value)
}

/// The character a reference stands for; the lexical pass took no other.
fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
            u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::value_of;

    #[test]
    fn values_are_those_the_parser_finds() {
        for raw in
            ["a", "a&amp;b", "&#65;&#x42;", "a\tb\r\nc\n", "&lt;&gt;&quot;&apos;", "&#10;x", "é&#x1F600;"]
        {
            let xml = format!("<a b=\"{raw}\"/>");
            let tree = roxmltree::Document::parse(&xml).expect("well formed");
            assert_eq!(Some(value_of(raw).as_ref()), tree.root_element().attribute("b"), "{raw}");
        }
    }
}
