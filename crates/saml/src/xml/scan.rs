//! Owns the lexical pass ahead of the parser: it counts, and refuses what a parser should never see.
//! Does not build anything and does not judge well-formedness: the parser does that afterwards.

use super::chars::is_xml_char;
use super::namespace_name::is_absolute_uri;
use super::reader::{Limits, XmlError};

/// Walks the markup once, in constant memory and without recursion.
///
/// It refuses document types, processing instructions (unless allowed), characters and references
/// that XML forbids, and any document beyond the limits. Where the text is not well formed the count
/// may be off, but only for documents that the parser refuses anyway.
pub(super) fn scan(text: &str, limits: &Limits) -> Result<(), XmlError> {
    if let Some(character) = text.chars().find(|character| !is_xml_char(*character)) {
        return Err(XmlError::ForbiddenCharacter(character));
    }
    let mut counter = Counter { limits, elements: 0, namespaces: 0, open: Vec::new() };
    let mut rest = after_declaration(text)?;
    loop {
        let Some(at) = rest.find('<') else {
            return check_references(rest);
        };
        check_references(&rest[..at])?;
        rest = counter.markup(&rest[at..])?;
    }
}

/// XML 1.0 §2.8 and §4.3.3: a declaration may name the encoding. Only UTF-8 is taken (S-03).
fn after_declaration(text: &str) -> Result<&str, XmlError> {
    let Some(inside) = text.strip_prefix("<?xml") else {
        return Ok(text);
    };
    let Some((declaration, rest)) = inside.split_once("?>") else {
        return Err(XmlError::NotWellFormed("the XML declaration has no end".to_owned()));
    };
    let values: Vec<&str> = declaration.split(['"', '\'']).collect();
    for pair in values.chunks_exact(2) {
        let refused = match pair[0].trim().trim_end_matches('=').trim_end() {
            "version" => pair[1] != "1.0",
            "encoding" => !pair[1].eq_ignore_ascii_case("utf-8"),
            "standalone" => !matches!(pair[1], "yes" | "no"),
            _ => true,
        };
        if refused {
            return Err(XmlError::Encoding);
        }
    }
    Ok(rest)
}

/// XML 1.0 §4.1: without a document type only the five predefined entities and character references
/// to allowed characters exist.
fn check_references(text: &str) -> Result<(), XmlError> {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        rest = &rest[at + 1..];
        // The longest reference to a character is `#x10FFFF`; leading zeros may make it longer.
        let end = rest.bytes().take(32).position(|byte| byte == b';').ok_or(XmlError::Reference)?;
        let name = &rest[..end];
        let known = match name.strip_prefix('#') {
            None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
            Some(number) => {
                let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
                digits.bytes().all(|byte| byte.is_ascii_alphanumeric())
                    && u32::from_str_radix(digits, radix)
                        .ok()
                        .and_then(char::from_u32)
                        .is_some_and(is_xml_char)
            }
        };
        if !known {
            return Err(XmlError::Reference);
        }
        rest = &rest[end + 1..];
    }
    Ok(())
}

/// Namespaces in XML 1.0 §2.2, §3 and §5: a prefix is never undeclared, nothing is declared twice on one
/// element, and a namespace name is an absolute URI. The parser behind is lenient in these points.
fn check_declaration<'t>(name: &'t str, value: &str, declared: &mut Vec<&'t str>) -> Result<(), XmlError> {
    let undeclares_default = name == "xmlns" && value.is_empty();
    if declared.contains(&name) || !(undeclares_default || is_absolute_uri(value)) {
        return Err(XmlError::Namespace(value.chars().take(80).collect()));
    }
    declared.push(name);
    Ok(())
}

/// Namespaces in XML 1.0 §4: what stands on either side of the colon is a name, and so not empty. A parser that
/// takes `:ID` for `ID` would see another document than one that does not.
fn check_name(name: &str) -> Result<(), XmlError> {
    let is_qualified = name
        .split_once(':')
        .is_none_or(|(prefix, local)| !prefix.is_empty() && !local.is_empty() && !local.contains(':'));
    if !is_qualified {
        let name: String = name.chars().take(80).collect();
        return Err(XmlError::NotWellFormed(format!("'{name}' is not a qualified name")));
    }
    Ok(())
}

struct Counter<'l> {
    limits: &'l Limits,
    elements: usize,
    namespaces: usize,
    /// For every open element, how many declarations are in scope inside it.
    open: Vec<usize>,
}

impl Counter<'_> {
    /// Consumes one piece of markup and returns what follows. `text` begins with `<`.
    fn markup<'t>(&mut self, text: &'t str) -> Result<&'t str, XmlError> {
        let after = |opening: &str, closing: &str| {
            let found = text[opening.len()..].split_once(closing);
            found.map(|(_, rest)| rest).ok_or_else(|| XmlError::NotWellFormed("markup has no end".to_owned()))
        };
        if text.starts_with("<!--") {
            after("<!--", "-->")
        } else if text.starts_with("<![CDATA[") {
            after("<![CDATA[", "]]>")
        } else if text.starts_with("<!") {
            Err(XmlError::DocumentType)
        } else if text.starts_with("<?") {
            if self.limits.processing_instructions {
                after("<?", "?>")
            } else {
                Err(XmlError::ProcessingInstruction)
            }
        } else if text.starts_with("</") {
            self.open.pop();
            let rest = after("</", ">")?;
            check_name(text[2..text.len() - rest.len() - 1].trim_end())?;
            Ok(rest)
        } else {
            self.start_tag(text)
        }
    }

    fn start_tag<'t>(&mut self, text: &'t str) -> Result<&'t str, XmlError> {
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(XmlError::TooManyElements(self.limits.elements));
        }
        let mut attributes = 0;
        let mut declared = Vec::new();
        let mut rest = &text[1..];
        check_name(
            rest.split(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').next().unwrap_or_default(),
        )?;
        loop {
            let at = rest
                .find(['"', '\'', '>'])
                .ok_or_else(|| XmlError::NotWellFormed("a start tag has no end".to_owned()))?;
            let before = &rest[..at];
            if before.contains('<') {
                return Err(XmlError::NotWellFormed("a start tag holds '<'".to_owned()));
            }
            let mark = rest.as_bytes()[at];
            rest = &rest[at + 1..];
            if mark == b'>' {
                self.enter(declared.len(), before.ends_with('/'))?;
                return Ok(rest);
            }
            attributes += 1;
            if attributes > self.limits.attributes {
                return Err(XmlError::TooManyAttributes(self.limits.attributes));
            }
            let (value, after) = rest
                .split_once(char::from(mark))
                .ok_or_else(|| XmlError::NotWellFormed("an attribute value has no end".to_owned()))?;
            check_references(value)?;
            let name = before.trim_end().trim_end_matches('=').trim_end();
            let name = name.rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
            check_name(name)?;
            // Not forbidden, but the parser behind would take it for a declaration.
            if name.ends_with(":xmlns") {
                return Err(XmlError::Namespace(name.chars().take(80).collect()));
            }
            if name == "xmlns" || name.starts_with("xmlns:") {
                check_declaration(name, value, &mut declared)?;
            }
            rest = after;
        }
    }

    fn enter(&mut self, declared: usize, empty: bool) -> Result<(), XmlError> {
        self.namespaces += declared;
        let in_scope = self.open.last().copied().unwrap_or_default() + declared;
        if self.namespaces > self.limits.namespaces || in_scope > Limits::NAMESPACES_IN_SCOPE {
            return Err(XmlError::TooManyNamespaces(self.limits.namespaces));
        }
        if empty {
            return Ok(());
        }
        self.open.push(in_scope);
        if self.open.len() > self.limits.depth {
            return Err(XmlError::TooDeep(self.limits.depth));
        }
        Ok(())
    }
}
