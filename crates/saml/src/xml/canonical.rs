//! Owns exclusive canonicalisation of a parsed tree: the octets a received signature covers.
//! Does not verify anything and does not canonicalise what we write (see `writer`).
//!
//! Exclusive XML Canonicalization 1.0 without comments, over the tree of `reader`, which already
//! refused document types, entities and relative namespace names. A mistake here can refuse a good
//! message but cannot admit a bad one: the octets that were digested are the octets that are parsed.

use roxmltree::{Node, NodeId};

use super::reader::Element;
use super::{push_attribute_escaped, push_text_escaped};

/// Canonicalises the subtree of `apex`, leaving out the element `omitted` with all it holds.
///
/// `inclusive_prefixes` is the `PrefixList` of `InclusiveNamespaces`: those prefixes (`#default` for the
/// default namespace) are treated as inclusive canonicalisation does.
pub(crate) fn canonicalise(
    apex: Element<'_, '_>,
    omitted: Option<NodeId>,
    inclusive_prefixes: &[&str],
) -> String {
    let mut canonical = Canonical { out: String::new(), omitted, inclusive_prefixes, rendered: Vec::new() };
    canonical.element(apex);
    canonical.out
}

struct Canonical<'p, 'a> {
    out: String,
    omitted: Option<NodeId>,
    inclusive_prefixes: &'p [&'p str],
    /// Declarations written by the output ancestors, innermost last.
    rendered: Vec<(&'a str, &'a str)>,
}

impl<'a> Canonical<'_, 'a> {
    /// Recursion is bounded by the depth limit of the reader.
    fn element<'i: 'a>(&mut self, element: Element<'a, 'i>) {
        let node = element.node();
        let prefix = element.prefix();
        let outer = self.rendered.len();

        // Exclusive C14N §3, rule 3: a namespace is written where it is visibly utilised by the element
        // or an attribute and no output ancestor wrote the same value for the prefix.
        let mut used: Vec<(&'a str, &'a str)> = vec![(prefix, element.namespace().unwrap_or_default())];
        let source = node.document().input_text();
        let mut attributes: Vec<(&'a str, &'a str, &'a str, &'a str)> = Vec::new();
        for attribute in node.attributes() {
            let qname: &'a str = &source[attribute.range_qname()];
            let uri = attribute.namespace().unwrap_or_default();
            if let Some((attribute_prefix, _)) = qname.split_once(':')
                && attribute_prefix != "xml"
            {
                used.push((attribute_prefix, uri));
            }
            attributes.push((uri, attribute.name(), qname, attribute.value()));
        }
        for listed in self.inclusive_prefixes {
            let listed = if *listed == "#default" { None } else { Some(*listed) };
            if let Some(namespace) = node.namespaces().find(|namespace| namespace.name() == listed) {
                used.push((namespace.name().unwrap_or_default(), namespace.uri()));
            }
        }
        used.sort_unstable();
        used.dedup();
        used.retain(|(prefix, uri)| {
            let inherited = self.rendered.iter().rev().find(|(rendered, _)| rendered == prefix);
            inherited.map_or(!(prefix.is_empty() && uri.is_empty()), |(_, rendered)| rendered != uri)
                && *prefix != "xml"
        });

        self.out.push('<');
        let name_start = self.out.len();
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(element.name());
        let name = name_start..self.out.len();
        for (prefix, uri) in &used {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.value(uri);
        }
        self.rendered.extend(used);
        // Canonical XML §2.2: attributes are sorted by namespace name, then local name.
        attributes.sort_unstable();
        for (_, _, qname, value) in attributes {
            self.out.push(' ');
            self.out.push_str(qname);
            self.value(value);
        }
        self.out.push('>');
        for child in node.children() {
            self.child(child);
        }
        self.out.push_str("</");
        self.out.extend_from_within(name);
        self.out.push('>');
        self.rendered.truncate(outer);
    }

    fn value(&mut self, value: &str) {
        self.out.push_str("=\"");
        push_attribute_escaped(&mut self.out, value);
        self.out.push('"');
    }

    fn child<'i: 'a>(&mut self, child: Node<'a, 'i>) {
        if child.is_element() {
            if self.omitted != Some(child.id()) {
                self.element(Element::from_node(child));
            }
        } else if child.is_text() {
            push_text_escaped(&mut self.out, child.text().unwrap_or_default());
        }
        // Comments are left out by this form; processing instructions never pass the reader.
    }
}
