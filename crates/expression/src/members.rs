//! Owns the check of member names: an expression that reads `user.nosuch` finds nothing for anybody, so it is refused where it
//! is written down. Does not own what the context holds (`context`), nor running an expression: one that was stored before a
//! name went still runs, and finds nothing there.

use crate::{
    ast::{Callee, Lambda, Node, NodeKind, Step},
    context::{self, Place},
    error::ParseError,
    functions::one_apart,
    lexer::error_at,
    value::Value,
};

/// What a look at an expression found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The first name that is none, and where it stands.
    pub(crate) unknown: Option<(usize, String)>,
    /// The custom attributes that are read by name, each once.
    pub(crate) custom: Vec<String>,
}

impl Found {
    pub(crate) fn refused(self, text: &str) -> Result<(), ParseError> {
        let Some((at, why)) = self.unknown else { return Ok(()) };
        let chars: Vec<char> = text.chars().collect();
        Err(error_at(&chars, at, why))
    }
}

/// Looks at every name of an expression of which it is known whose member it is.
pub(crate) fn look(root: &Node, functions: &[Lambda], slots: usize) -> Found {
    let mut look = Look { functions, slots: vec![Place::Elsewhere; slots], found: Found::default() };
    look.node(root, Place::Root);
    look.found
}

struct Look<'a> {
    functions: &'a [Lambda],
    /// What each variable holds.
    slots: Vec<Place>,
    found: Found,
}

impl Look<'_> {
    /// What a node stands for where `$` is `place`.
    fn node(&mut self, node: &Node, place: Place) -> Place {
        match &node.kind {
            NodeKind::Literal(_) | NodeKind::Wildcard => {}
            NodeKind::Context => return place,
            NodeKind::Root => return Place::Root,
            NodeKind::Variable(slot) => return self.slots.get(*slot).copied().unwrap_or_default(),
            NodeKind::Field(name) => return self.member(node.at, name, place),
            NodeKind::Path { steps, .. } => return self.path(steps, place),
            NodeKind::Negate(operand) => {
                self.node(operand, place);
            }
            NodeKind::Binary { left, right, .. } => {
                self.node(left, place);
                self.node(right, place);
            }
            NodeKind::Range(from, to) => {
                self.node(from, place);
                self.node(to, place);
            }
            NodeKind::Condition { test, yes, no } => {
                self.node(test, place);
                self.node(yes, place);
                if let Some(no) = no {
                    self.node(no, place);
                }
            }
            NodeKind::Array(nodes) => self.each(nodes, place),
            NodeKind::Object(members) => {
                for (name, value) in members {
                    self.node(name, place);
                    self.node(value, place);
                }
            }
            NodeKind::Block { nodes, .. } => {
                let mut last = Place::Elsewhere;
                for node in nodes {
                    last = self.node(node, place);
                }
                return last;
            }
            NodeKind::Assign { slot, value } => {
                let value = self.node(value, place);
                if let Some(known) = self.slots.get_mut(*slot) {
                    *known = value;
                }
                return value;
            }
            NodeKind::Define { function } => self.body(*function, place),
            NodeKind::Call { builtin, arguments } => {
                let first = arguments.first().map(|first| self.node(first, place)).unwrap_or_default();
                self.each(arguments.get(1..).unwrap_or_default(), place);
                if let ("lookup", Some(name)) = (builtin.name, arguments.get(1))
                    && let NodeKind::Literal(Value::Text(text)) = &name.kind
                {
                    return self.member(name.at, text, first);
                }
            }
            NodeKind::CallDefined { arguments, .. } => self.each(arguments, place),
            NodeKind::Higher { subject, callee, initial, .. } => {
                self.node(subject, place);
                if let Some(initial) = initial {
                    self.node(initial, place);
                }
                if let Some(Callee::Inline(function)) = callee {
                    self.body(*function, place);
                }
            }
        }
        Place::Elsewhere
    }

    fn each(&mut self, nodes: &[Node], place: Place) {
        for node in nodes {
            self.node(node, place);
        }
    }

    /// In a function `$` is what it was where the function was written.
    fn body(&mut self, function: usize, place: Place) {
        let functions = self.functions;
        if let Some(lambda) = functions.get(function) {
            self.node(&lambda.body, place);
        }
    }

    fn path(&mut self, steps: &[Step], mut place: Place) -> Place {
        for step in steps {
            place = self.node(&step.node, place);
            for filter in &step.filters {
                self.node(filter, place);
            }
        }
        place
    }

    fn member(&mut self, at: usize, name: &str, of: Place) -> Place {
        if of == Place::Custom && !self.found.custom.iter().any(|known| known == name) {
            self.found.custom.push(name.to_owned());
        }
        match context::member(of, name) {
            Ok(place) => place,
            Err(known) => {
                self.found.unknown.get_or_insert_with(|| (at, why_unknown(name, of, &known)));
                Place::Elsewhere
            }
        }
    }
}

/// One sentence without a full stop.
fn why_unknown(name: &str, of: Place, known: &[&'static str]) -> String {
    let similar = known.iter().find(|known| known.eq_ignore_ascii_case(name)).or_else(|| {
        known.iter().find(|known| one_apart(known, name) || known.replace('_', "").eq_ignore_ascii_case(name))
    });
    let place = match of {
        Place::User => "in user",
        Place::App => "in app",
        Place::Session => "in session",
        Place::Root | Place::Custom | Place::Elsewhere => "here",
    };
    match (similar, of) {
        (Some(similar), _) => format!("There is no {name} {place}; did you mean {similar}?"),
        (None, Place::Root) => {
            format!("There is no {name} here; an expression sees user, groups, app and session")
        }
        (None, Place::User) if context::member(Place::Root, name).is_ok() => {
            format!("There is no {name} in user; it stands by itself: write {name}")
        }
        (None, Place::User) => {
            format!("There is no {name} in user; a custom attribute is written user.attributes.{name}")
        }
        (None, _) => format!("There is no {name} {place}"),
    }
}
