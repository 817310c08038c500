//! Owns the only way XML enters: bytes become a tree within limits, or an error.
//! Does not verify signatures and does not know SAML.
//!
//! Depth, element, attribute and namespace counts are checked by a lexical pass before the parser
//! runs, so a hostile document costs one walk over its bytes. Entities, document types and any
//! encoding but UTF-8 are refused. Only one parser exists, for signatures and for logic alike.

use std::ops::Range;

use roxmltree::{Node, NodeId, ParsingOptions};

/// What one document may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the document, in bytes.
    pub bytes: usize,
    /// Nesting of elements.
    pub depth: usize,
    /// Elements in the document.
    pub elements: usize,
    /// Attributes and namespace declarations of one element.
    pub attributes: usize,
    /// Namespace declarations in the document. At most [`Limits::NAMESPACES_IN_SCOPE`] of them may be in
    /// scope at one place, since the tree keeps a list of them for every element that declares one.
    pub namespaces: usize,
    /// Whether processing instructions are tolerated (metadata only).
    pub processing_instructions: bool,
}

impl Limits {
    /// Namespace declarations in scope at one place.
    pub const NAMESPACES_IN_SCOPE: usize = 128;

    /// For protocol messages.
    pub const MESSAGE: Self = Self {
        bytes: 256 * 1024,
        depth: 64,
        elements: 5_000,
        attributes: 64,
        namespaces: 256,
        processing_instructions: false,
    };

    /// For the metadata of one entity.
    pub const ENTITY: Self = Self {
        bytes: 1024 * 1024,
        depth: 64,
        elements: 20_000,
        attributes: 64,
        namespaces: 4_096,
        processing_instructions: true,
    };

    /// For metadata that has to be one tree, since a signature covers it all: a small aggregate.
    pub const METADATA: Self =
        Self { bytes: 8 * 1024 * 1024, elements: 200_000, namespaces: 100_000, ..Self::ENTITY };

    /// For the lexical pass over an aggregate of up to `bytes`, of which no tree is built: there the size
    /// bounds the counts.
    #[must_use]
    pub const fn aggregate(bytes: usize) -> Self {
        Self { bytes, elements: usize::MAX, namespaces: usize::MAX, ..Self::ENTITY }
    }
}

/// Why a document was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// More bytes than the limit.
    #[error("the document is larger than {0} bytes")]
    TooLarge(usize),
    /// Nesting beyond the limit.
    #[error("elements are nested deeper than {0}")]
    TooDeep(usize),
    /// More elements than the limit.
    #[error("the document has more than {0} elements")]
    TooManyElements(usize),
    /// More attributes on one element than the limit.
    #[error("an element has more than {0} attributes")]
    TooManyAttributes(usize),
    /// More namespace declarations than the limit.
    #[error("the document has more than {0} namespace declarations")]
    TooManyNamespaces(usize),
    /// Not UTF-8, or declared as something else.
    #[error("the document is not XML 1.0 in UTF-8")]
    Encoding,
    /// A document type or another `<!` declaration.
    #[error("document types are not accepted")]
    DocumentType,
    /// A processing instruction.
    #[error("processing instructions are not accepted")]
    ProcessingInstruction,
    /// A character that XML forbids.
    #[error("the character U+{:04X} is not allowed in XML", u32::from(*.0))]
    ForbiddenCharacter(char),
    /// An entity that is not predefined, or a reference to a character that XML forbids.
    #[error("an entity or character reference is not allowed")]
    Reference,
    /// A namespace name that is not an absolute URI, an empty one on a prefix, or one declared twice.
    #[error("the namespace declaration '{0}' is not allowed")]
    Namespace(String),
    /// An element inside an element that holds text only.
    #[error("the element '{0}' holds elements where only text belongs")]
    NotText(String),
    /// Anything else the parser does not take.
    #[error("the document is not well-formed XML: {0}")]
    NotWellFormed(String),
}

/// A parsed document. Borrows the bytes it was read from.
#[derive(Debug)]
pub struct Document<'i>(roxmltree::Document<'i>);

impl<'i> Document<'i> {
    /// Reads `bytes`.
    ///
    /// # Errors
    /// [`XmlError`], when the document breaks a limit, is not UTF-8, has a document type, or is not
    /// well formed.
    pub fn read(bytes: &'i [u8], limits: &Limits) -> Result<Self, XmlError> {
        let text = checked_text(bytes, limits)?;
        // Every element may stand between two texts; comments count as nodes too.
        let nodes_limit = u32::try_from(limits.elements.saturating_mul(4)).unwrap_or(u32::MAX);
        let options = ParsingOptions { allow_dtd: false, nodes_limit, ..ParsingOptions::default() };
        let tree = roxmltree::Document::parse_with_options(text, options).map_err(|error| match error {
            roxmltree::Error::DtdDetected => XmlError::DocumentType,
            roxmltree::Error::NodesLimitReached => XmlError::TooManyElements(limits.elements),
            other => XmlError::NotWellFormed(other.to_string()),
        })?;
        Ok(Self(tree))
    }

    /// The document element.
    pub fn root(&self) -> Element<'_, 'i> {
        Element(self.0.root_element())
    }

    /// Every element, in document order.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_, 'i>> {
        self.0.descendants().filter(Node::is_element).map(Element)
    }
}

/// The text of `bytes`, without byte order mark, after the lexical pass: within the limits, UTF-8, no
/// document type, no reference or character that XML forbids. Whether it is well formed is not known yet.
///
/// # Errors
/// [`XmlError`], naming what was refused.
pub(crate) fn checked_text<'i>(bytes: &'i [u8], limits: &Limits) -> Result<&'i str, XmlError> {
    if bytes.len() > limits.bytes {
        return Err(XmlError::TooLarge(limits.bytes));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| XmlError::Encoding)?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    super::scan::scan(text, limits)?;
    Ok(text)
}

/// An element of a [`Document`].
#[derive(Debug, Clone, Copy)]
pub struct Element<'a, 'i>(Node<'a, 'i>);

impl<'a, 'i> Element<'a, 'i> {
    /// The local name.
    pub fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    /// The namespace name, `None` for none.
    pub fn namespace(self) -> Option<&'a str> {
        self.0.tag_name().namespace().filter(|uri| !uri.is_empty())
    }

    /// Whether this is the element `local` of `namespace`.
    pub fn is(self, namespace: &str, local: &str) -> bool {
        self.name() == local && self.namespace() == Some(namespace)
    }

    /// The value of the attribute `local` that is in no namespace.
    pub fn attribute(self, local: &str) -> Option<&'a str> {
        self.0
            .attributes()
            .find(|attribute| attribute.namespace().is_none() && attribute.name() == local)
            .map(|found| found.value())
    }

    /// All attributes as (namespace, local name, value).
    pub fn attributes(self) -> impl Iterator<Item = (Option<&'a str>, &'a str, &'a str)> {
        self.0.attributes().map(|attribute| (attribute.namespace(), attribute.name(), attribute.value()))
    }

    /// The child elements, in document order.
    pub fn children(self) -> impl Iterator<Item = Element<'a, 'i>> {
        self.0.children().filter(Node::is_element).map(Element)
    }

    /// The child elements `local` of `namespace`.
    pub fn children_named(
        self,
        namespace: &'static str,
        local: &'static str,
    ) -> impl Iterator<Item = Element<'a, 'i>> {
        self.children().filter(move |child| child.is(namespace, local))
    }

    /// The first child element `local` of `namespace`.
    pub fn child(self, namespace: &'static str, local: &'static str) -> Option<Element<'a, 'i>> {
        self.children_named(namespace, local).next()
    }

    /// The whole text: every text node joined, so a comment between two of them truncates nothing.
    ///
    /// # Errors
    /// [`XmlError::NotText`], when there are child elements.
    pub fn text(self) -> Result<String, XmlError> {
        if self.children().next().is_some() {
            return Err(XmlError::NotText(self.name().to_owned()));
        }
        Ok(self.0.children().filter(Node::is_text).filter_map(|node| node.text()).collect())
    }

    /// Whether a comment stands directly inside this element.
    pub fn has_comment(self) -> bool {
        self.0.children().any(|child| child.is_comment())
    }

    /// Whether `other` is this very element.
    pub fn same_as(self, other: Element<'_, '_>) -> bool {
        self.0.range() == other.0.range() && self.id() == other.id()
    }

    pub(crate) fn id(self) -> NodeId {
        self.0.id()
    }

    /// Wraps `node`, which is known to be an element.
    pub(crate) fn from_node(node: Node<'a, 'i>) -> Self {
        Self(node)
    }

    pub(crate) fn node(self) -> Node<'a, 'i> {
        self.0
    }

    /// Where the qualified name stands in the source. The parser keeps the namespace but not the prefix.
    fn qname_range(self) -> Range<usize> {
        let start = self.0.range().start + 1;
        let source = &self.0.document().input_text()[start..];
        let length =
            source.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or(source.len());
        start..start + length
    }

    /// The prefix as written, empty for none.
    pub(crate) fn prefix(self) -> &'a str {
        let name = &self.0.document().input_text()[self.qname_range()];
        name.split_once(':').map_or("", |(prefix, _)| prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Result<(), XmlError> {
        Document::read(xml.as_bytes(), &Limits::MESSAGE).map(|_| ())
    }

    #[test]
    fn s_01_and_s_02_document_types_and_entities_are_refused() {
        assert_eq!(read("<a>&amp;&#65;&#x10FFFF;</a>"), Ok(()));
        for doctype in [
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x\"><a/>",
            "<!-- c --><!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE a PUBLIC \"p\" \"file:///etc/passwd\"><a/>",
            "<a><!DOCTYPE b></a>",
        ] {
            assert_eq!(read(doctype), Err(XmlError::DocumentType), "{doctype}");
        }
        for entity in [
            "<a>&x;</a>",
            "<a b='&x;'/>",
            "<a>&#0;</a>",
            "<a>&#xD800;</a>",
            "<a>&#x;</a>",
            "<a>& </a>",
            "<a>&#+65;</a>",
        ] {
            assert_eq!(read(entity), Err(XmlError::Reference), "{entity}");
        }
    }

    #[test]
    fn s_03_only_utf_8_is_read() {
        for good in [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>",
            "<?xml version='1.0' encoding='utf-8' standalone='yes'?><a/>",
            "\u{FEFF}<a/>",
        ] {
            assert_eq!(read(good), Ok(()), "{good}");
        }
        for bad in [
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
            "<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>",
            "<?xml version=\"1.0\" encoding = 'ISO-8859-1' ?><a/>",
            "<?xml version=\"1.1\"?><a/>",
        ] {
            assert_eq!(read(bad), Err(XmlError::Encoding), "{bad}");
        }
        let utf_16: Vec<u8> = "\u{FEFF}<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(Document::read(&utf_16, &Limits::MESSAGE).err(), Some(XmlError::Encoding));
        assert_eq!(Document::read(b"<a>\xff</a>", &Limits::MESSAGE).err(), Some(XmlError::Encoding));
        assert_eq!(read("<?pi x?><a/>"), Err(XmlError::ProcessingInstruction));
    }

    #[test]
    fn s_04_limits_hold_on_a_small_stack() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let attributes = |count: usize| {
            format!("<a {}/>", (0..count).map(|n| format!("a{n}='v'")).collect::<Vec<_>>().join(" "))
        };
        let elements = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count - 1));
        let four = |n: usize| ["n", "m", "o", "p"].map(|name| format!(" xmlns:{name}{n}='urn:{n}'")).concat();
        let namespaces = (0..300).map(|n| ["<b", &four(n), "/>"].concat()).collect::<Vec<_>>().concat();
        let worker = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
            assert_eq!(read(&nested(64)), Ok(()));
            assert_eq!(read(&nested(65)), Err(XmlError::TooDeep(64)));
            assert_eq!(read(&"<a>".repeat(80_000)), Err(XmlError::TooDeep(64)));
            assert_eq!(read(&attributes(64)), Ok(()));
            assert_eq!(read(&attributes(65)), Err(XmlError::TooManyAttributes(64)));
            assert_eq!(read(&attributes(10_000)), Err(XmlError::TooManyAttributes(64)));
            assert_eq!(read(&elements(5_000)), Ok(()));
            assert_eq!(read(&elements(5_001)), Err(XmlError::TooManyElements(5_000)));
            assert_eq!(read(&format!("<a>{namespaces}</a>")), Err(XmlError::TooManyNamespaces(256)));
            let large = |size: usize| format!("<a b='{}'/>", "x".repeat(size));
            assert_eq!(read(&large(256 * 1024 - 9)), Ok(()));
            assert_eq!(read(&large(256 * 1024 - 8)), Err(XmlError::TooLarge(256 * 1024)));
        });
        worker.expect("a thread starts").join().expect("no assertion fails and the stack holds");
    }

    #[test]
    fn s_10_comments_and_cdata_do_not_truncate_text() {
        let document = Document::read(b"<a>ad<!-- x -->min<![CDATA[@x]]>.org</a>", &Limits::MESSAGE)
            .expect("well formed");
        assert_eq!(document.root().text().as_deref(), Ok("admin@x.org"));
        let nested = Document::read(b"<a>ad<b/>min</a>", &Limits::MESSAGE).expect("well formed");
        assert!(matches!(nested.root().text(), Err(XmlError::NotText(_))));
    }

    #[test]
    fn s_11_and_s_12_names_the_parser_would_tolerate_are_refused() {
        assert_eq!(read("<p:a xmlns:p='urn:x'><b xmlns=''/></p:a>"), Ok(()));
        for bad in [
            "<a xmlns='relative/path'/>",
            "<a xmlns:p='../x' p:b=''/>",
            "<a xmlns:p=''/>",
            "<a xmlns='urn:a b'/>",
            "<a xmlns='urn:a&#32;b'/>",
            "<a xmlns:p='urn:é' p:b=''/>",
            "<a xmlns='urn:a' xmlns='urn:b'/>",
            "<a:b:c xmlns:a='urn:a'/>",
            "<:a/>",
            "<a></:a>",
            "<a: xmlns:a='urn:a'/>",
            "<a :b='1'/>",
            "<a xmlns:p='urn:x' p:xmlns='urn:y'/>",
            "<a xmlns:p='urn:x' p:='1'/>",
            "<a b='1' b='2'/>",
            "<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>",
            "<a>]]></a>",
            "<a b='<'/>",
            "<a><b></a></b>",
            "<a/><b/>",
            "<a/>text",
            "",
            "\u{0}",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
