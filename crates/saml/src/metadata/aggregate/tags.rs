//! Owns telling one piece of markup from the next, after the lexical pass of the reader.
//! Does not know what elements mean and builds nothing.

use crate::xml::reader::XmlError;

/// A piece of markup.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'t> {
    Start(StartTag<'t>),
    /// An end tag, by its qualified name.
    End(&'t str),
    /// A comment or processing instruction.
    Aside,
    /// A CDATA section, which is text.
    Cdata,
}

/// A start tag as it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartTag<'t> {
    /// The qualified name.
    pub(super) name: &'t str,
    /// Everything between the name and the closing bracket: attributes and white space.
    pub(super) attributes: &'t str,
    /// Whether it closes itself.
    pub(super) empty: bool,
}

/// An attribute or declaration as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RawAttribute<'t> {
    /// The qualified name.
    pub(super) name: &'t str,
    /// The value between its quotes, with references.
    pub(super) value: &'t str,
    /// The quote.
    pub(super) quote: char,
}

/// Where a walk over markup stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    /// The place after the last piece, in bytes.
    pub(super) at: usize,
}

pub(super) fn broken(why: &str) -> XmlError {
    XmlError::NotWellFormed(why.to_owned())
}

impl<'t> Cursor<'t> {
    /// The next piece, where it begins, and the text before it. `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<(usize, &'t str, Piece<'t>)>, XmlError> {
        let rest = &self.text[self.at..];
        let Some(offset) = rest.find('<') else { return Ok(None) };
        let (before, markup) = rest.split_at(offset);
        let start = self.at + offset;
        let (length, piece) = if markup.starts_with("<!--") {
            (closed(markup, 4, "-->")?, Piece::Aside)
        } else if markup.starts_with("<![CDATA[") {
            (closed(markup, 9, "]]>")?, Piece::Cdata)
        } else if markup.starts_with("<?") {
            (closed(markup, 2, "?>")?, Piece::Aside)
        } else if markup.starts_with("</") {
            let length = closed(markup, 2, ">")?;
            (length, Piece::End(markup[2..length - 1].trim_end_matches(is_space)))
        } else {
            let (length, tag) = start_tag(markup)?;
            (length, Piece::Start(tag))
        };
        self.at = start + length;
        Ok(Some((start, before, piece)))
    }

    /// The text after the last piece.
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }
}

/// The length of what begins with `opening` bytes and ends with `closing`.
fn closed(markup: &str, opening: usize, closing: &str) -> Result<usize, XmlError> {
    let end = markup[opening..].find(closing).ok_or_else(|| broken("markup has no end"))?;
    Ok(opening + end + closing.len())
}

fn start_tag(markup: &str) -> Result<(usize, StartTag<'_>), XmlError> {
    let mut at = 1;
    loop {
        let rest = &markup[at..];
        let mark = rest.find(['"', '\'', '>']).ok_or_else(|| broken("a start tag has no end"))?;
        if rest.as_bytes()[mark] == b'>' {
            at += mark;
            break;
        }
        let quote = char::from(rest.as_bytes()[mark]);
        let end = rest[mark + 1..].find(quote).ok_or_else(|| broken("an attribute value has no end"))?;
        at += mark + 1 + end + 1;
    }
    let inside = &markup[1..at];
    let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
    let name_end = inside.find(is_space).unwrap_or(inside.len());
    let (name, attributes) = inside.split_at(name_end);
    if name.is_empty() {
        return Err(broken("a start tag has no name"));
    }
    Ok((at + 1, StartTag { name, attributes, empty }))
}

const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// XML 1.0 §3.1: name, equals sign, quoted value, white space between; no name twice.
pub(super) fn attributes(mut rest: &str) -> Result<Vec<RawAttribute<'_>>, XmlError> {
    let mut found: Vec<RawAttribute<'_>> = Vec::new();
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Ok(found);
        }
        let Some((name, after)) = trimmed.split_once('=') else {
            return Err(broken("an attribute has no value"));
        };
        let name = name.trim_end_matches(is_space);
        let after = after.trim_start_matches(is_space);
        let quote = after.chars().next().filter(|first| matches!(first, '"' | '\''));
        let Some((quote, (value, after))) =
            quote.and_then(|quote| Some((quote, after[1..].split_once(quote)?)))
        else {
            return Err(broken("an attribute value has no quotes"));
        };
        let is_apart = trimmed.len() < rest.len();
        if !is_apart || name.is_empty() || name.contains(is_space) || found.iter().any(|one| one.name == name)
        {
            return Err(broken("the attributes of an element are malformed"));
        }
        found.push(RawAttribute { name, value, quote });
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_apart_where_quotes_and_sections_end() {
        let text = "<?xml version='1.0'?><a b='>' c=\"/>\"><!-- <x> --><![CDATA[</a>]]><b/></a >";
        let mut cursor = Cursor { text, at: 0 };
        let mut seen = Vec::new();
        while let Some((_, _, piece)) = cursor.next().expect("well formed") {
            seen.push(match piece {
                Piece::Start(tag) => format!("{}[{}]{}", tag.name, tag.attributes, tag.empty),
                Piece::End(name) => format!("/{name}"),
                Piece::Aside => "aside".to_owned(),
                Piece::Cdata => "cdata".to_owned(),
            });
        }
        assert_eq!(seen, ["aside", "a[ b='>' c=\"/>\"]false", "aside", "cdata", "b[]true", "/a"]);
        for bad in ["<a", "<a b='>", "<!-- ", "<![CDATA[ ]]", "<?x", "</a", "< >", "<>", "</"] {
            let mut cursor = Cursor { text: bad, at: 0 };
            assert!(cursor.next().is_err(), "{bad}");
        }
    }

    #[test]
    fn attributes_are_taken_as_they_stand() {
        let found = attributes(" a = '1&quot;'\n b:c=\"x=' y\"").expect("well formed");
        let texts: Vec<_> = found.iter().map(|one| (one.name, one.value, one.quote)).collect();
        assert_eq!(texts, [("a", "1&quot;", '\''), ("b:c", "x=' y", '"')]);
        for bad in [" a", " a=1", " a='1' a='2'", " a='1'b='2'", " a b='1'", " ='1'", "a='1'"] {
            assert!(attributes(bad).is_err(), "{bad}");
        }
    }
}
