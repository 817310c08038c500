//! The canonical writer against xmllint: hostile trees by the hundred, one process for all of them.

mod judges;
mod support;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use saml::xml::writer::{DS, MD, MDUI, Namespace, SAML, SAMLP, XmlAttribute, XmlWriter};

/// How many documents are compared.
const DOCUMENTS: usize = 3_000;

const NAMESPACES: [Namespace; 6] =
    [SAMLP, SAML, DS, MD, MDUI, Namespace { prefix: "xenc", uri: "http://www.w3.org/2001/04/xmlenc#" }];
const LOCAL_NAMES: [&str; 4] = ["Response", "a", "Z-1._", "ünï"];
const ATTRIBUTES: [&str; 7] = ["ID", "a", "B", "b", "Zz", "_", "xml:lang"];

/// An element: namespace, local name, attributes, then text and elements in turn.
#[derive(Debug, Clone)]
struct Tree {
    namespace: Namespace,
    local: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: String,
    children: Vec<(Tree, String)>,
}

/// Text of every kind XML allows, heavy on what needs escaping.
fn hostile() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::sample::select("&<>\"'\t\n\r ]-!;#=/\u{85}\u{2028}\u{7f}\u{feff}\u{fffd}\u{10ffff}".chars().collect::<Vec<_>>()),
        3 => prop::char::range('a', 'z'),
        2 => any::<char>().prop_filter("XML allows it", |character| saml::xml::is_xml_char(*character)),
    ];
    let text = prop::collection::vec(character, 0..12).prop_map(String::from_iter);
    prop_oneof![6 => text, 1 => prop::sample::select(vec!["]]>", "<!-- x -->", "&amp;", "&#13;", "\r\n", "<![CDATA[x]]>"]).prop_map(str::to_owned)]
}

fn element() -> impl Strategy<Value = Tree> {
    let attributes = prop::collection::btree_map(prop::sample::select(&ATTRIBUTES[..]), hostile(), 0..5);
    (prop::sample::select(&NAMESPACES[..]), prop::sample::select(&LOCAL_NAMES[..]), attributes, hostile())
        .prop_map(|(namespace, local, attributes, text)| Tree {
            namespace,
            local,
            attributes: attributes.into_iter().collect(),
            text,
            children: Vec::new(),
        })
}

fn tree() -> impl Strategy<Value = Tree> {
    element().prop_recursive(5, 24, 4, |inner| {
        (element(), prop::collection::vec((inner, hostile()), 0..4))
            .prop_map(|(element, children)| Tree { children, ..element })
    })
}

fn write(tree: &Tree, writer: &mut XmlWriter) {
    // The order in which a caller names the attributes must not matter.
    let mut attributes: Vec<XmlAttribute<'_>> =
        tree.attributes.iter().rev().map(|(name, value)| (*name, value.as_str())).collect();
    writer.start(tree.namespace, tree.local, &mut attributes);
    writer.text(&tree.text);
    for (child, text) in &tree.children {
        write(child, writer);
        writer.text(text);
    }
    writer.end();
}

#[test]
fn the_writer_agrees_with_xmllint_octet_for_octet() {
    let (mut runner, strategy) = (TestRunner::default(), tree());
    let documents: Vec<String> = (0..DOCUMENTS)
        .map(|_| {
            let tree = strategy.new_tree(&mut runner).expect("a tree").current();
            let mut writer = XmlWriter::with_capacity(1024);
            write(&tree, &mut writer);
            writer.finish().expect("only allowed characters")
        })
        .collect();
    assert!(documents.iter().any(|xml| xml.contains("&#xD;") && xml.contains("&quot;")), "hostile enough");
    for (ours, theirs) in documents.iter().zip(judges::xmllint_exc_c14n(&documents)) {
        assert_eq!(theirs.as_deref(), Some(ours.as_str()));
    }
    let [changed] = &judges::xmllint_exc_c14n(&["<a b='1' a='2'/>".to_owned()])[..] else {
        unreachable!("one document, one answer")
    };
    assert_eq!(changed.as_deref(), Some("<a a=\"2\" b=\"1\"></a>"), "xmllint does canonicalise");
}
