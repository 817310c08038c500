//! Owns the canonical writer: what it writes is already in exclusive canonical form.
//! Does not sign and does not choose names: callers pass qualified names and their namespaces.
//!
//! Rules: a namespace is declared where it is first visibly used, attributes come sorted, no tag is
//! self-closing, escapes are those of Canonical XML, and a character that XML forbids is an error.

use super::{ForbiddenCharacter, check_xml_text, push_attribute_escaped, push_text_escaped};

/// A prefix and the namespace it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespace {
    /// The prefix.
    pub prefix: &'static str,
    /// The namespace name.
    pub uri: &'static str,
}

/// `samlp`, the protocol namespace.
pub const SAMLP: Namespace = Namespace { prefix: "samlp", uri: crate::uri::SAMLP };
/// `saml`, the assertion namespace.
pub const SAML: Namespace = Namespace { prefix: "saml", uri: crate::uri::SAML };
/// `ds`, XML Signature.
pub const DS: Namespace = Namespace { prefix: "ds", uri: crate::uri::DS };
/// `md`, metadata.
pub const MD: Namespace = Namespace { prefix: "md", uri: crate::uri::MD };
/// `mdui`, the metadata extension for user interfaces.
pub const MDUI: Namespace = Namespace { prefix: "mdui", uri: crate::uri::MDUI };

/// An attribute: qualified name and value. Only names in no namespace and `xml:lang` occur in what we
/// write; the latter sorts after the former.
pub type XmlAttribute<'v> = (&'static str, &'v str);

/// Writes one element tree into a string.
#[derive(Debug)]
pub struct XmlWriter {
    out: String,
    /// Open elements: namespace and local name, and whether the namespace was declared there.
    open: Vec<(Namespace, &'static str, bool)>,
    forbidden: Option<ForbiddenCharacter>,
}

impl XmlWriter {
    /// An empty writer with room for `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { out: String::with_capacity(capacity), open: Vec::with_capacity(8), forbidden: None }
    }

    /// Opens an element. `attributes` may come in any order.
    pub fn start(&mut self, namespace: Namespace, local: &'static str, attributes: &mut [XmlAttribute<'_>]) {
        let declared = self.open.iter().any(|(open, _, declares)| *declares && *open == namespace);
        self.out.push('<');
        self.name(namespace, local);
        if !declared {
            self.out.push_str(" xmlns:");
            self.out.push_str(namespace.prefix);
            self.out.push_str("=\"");
            self.out.push_str(namespace.uri);
            self.out.push('"');
        }
        // Unprefixed names are in no namespace and sort before `xml:lang`.
        attributes.sort_unstable_by_key(|(name, _)| (name.contains(':'), *name));
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.check(value);
            push_attribute_escaped(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
        self.open.push((namespace, local, !declared));
    }

    /// Writes text into the open element.
    pub fn text(&mut self, text: &str) {
        self.check(text);
        push_text_escaped(&mut self.out, text);
    }

    /// Closes the element opened last.
    pub fn end(&mut self) {
        if let Some((namespace, local, _)) = self.open.pop() {
            self.out.push_str("</");
            self.name(namespace, local);
            self.out.push('>');
        }
    }

    /// An element that holds only text.
    pub fn leaf(
        &mut self,
        namespace: Namespace,
        local: &'static str,
        attributes: &mut [XmlAttribute<'_>],
        text: &str,
    ) {
        self.start(namespace, local, attributes);
        self.text(text);
        self.end();
    }

    /// Inserts what another writer finished. It declares every namespace it uses, so it must not use
    /// one that is declared around this place: then it would not be canonical.
    pub fn canonical(&mut self, xml: &str) {
        self.out.push_str(xml);
    }

    /// How many bytes were written so far: the place where a signature can be put in later.
    #[must_use]
    pub fn position(&self) -> usize {
        self.out.len()
    }

    /// The finished text. Elements still open are closed.
    ///
    /// # Errors
    /// The first character among the values that XML forbids.
    pub fn finish(mut self) -> Result<String, ForbiddenCharacter> {
        while !self.open.is_empty() {
            self.end();
        }
        self.forbidden.map_or(Ok(self.out), Err)
    }

    fn name(&mut self, namespace: Namespace, local: &str) {
        self.out.push_str(namespace.prefix);
        self.out.push(':');
        self.out.push_str(local);
    }

    fn check(&mut self, text: &str) {
        if self.forbidden.is_none() {
            self.forbidden = check_xml_text(text).err();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_appear_where_first_used_and_attributes_are_sorted() {
        let mut writer = XmlWriter::with_capacity(64);
        writer.start(SAMLP, "Response", &mut [("Version", "2.0"), ("ID", "_1")]);
        writer.leaf(SAML, "Issuer", &mut [], "a&b");
        writer.leaf(SAML, "Issuer", &mut [("Format", "\"<\n")], "");
        let xml = writer.finish().expect("no forbidden character");
        assert_eq!(
            xml,
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">a&amp;b</saml:Issuer>\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Format=\"&quot;&lt;&#xA;\"></saml:Issuer>\
             </samlp:Response>"
        );
    }

    #[test]
    fn s_32_a_forbidden_character_is_an_error() {
        for (text, refused) in [("fine", false), ("nul\u{0}", true), ("\u{fffe}", true)] {
            let mut writer = XmlWriter::with_capacity(0);
            writer.leaf(SAML, "NameID", &mut [], text);
            assert_eq!(writer.finish().is_err(), refused, "{text:?}");
        }
    }
}
