//! Owns what `$names` mean: variables, functions of the expression's own, and where each is known.
//! Does not own the functions of the language (`functions`) or their calls (`calls`).

use crate::{
    ast::{Lambda, Node, NodeKind},
    error::ParseError,
    functions,
    lexer::Kind,
    parser::{Binding, Parse, Parser, Scope},
};

impl Parser<'_> {
    pub(crate) fn variable(&mut self, name: &str, at: usize) -> Parse<Node> {
        match name {
            "" => return Ok(Self::leaf(at, NodeKind::Context)),
            "$" => return Ok(Self::leaf(at, NodeKind::Root)),
            _ => {}
        }
        if self.is("(") {
            return self.call(name, at, None);
        }
        if self.take(":=") {
            return self.assign(name, at);
        }
        match self.lookup(name) {
            Some(Binding::Variable(slot)) => Ok(Self::leaf(at, NodeKind::Variable(slot))),
            _ => Err(self.unknown(name, at)),
        }
    }

    fn assign(&mut self, name: &str, at: usize) -> Parse<Node> {
        let taken =
            self.scopes.last().is_some_and(|scope| scope.names.iter().any(|(known, _)| known == name));
        if taken || functions::find(name).is_some() || functions::higher(name).is_some() {
            return Err(self.error(at, format!("${name} already has a meaning here")));
        }
        if self.starts_function() {
            let function = self.lambda()?;
            let height = self.functions[function].body.height;
            self.define(name, Binding::Function(function));
            return self.node(at, height, NodeKind::Define { function });
        }
        let value = self.expression(9)?;
        let slot = self.slot();
        self.define(name, Binding::Variable(slot));
        self.node(at, value.height, NodeKind::Assign { slot, value: Box::new(value) })
    }

    pub(crate) fn starts_function(&self) -> bool {
        matches!(self.kind(), Kind::Name(name) if name == "function" || name == "λ") && self.next_is("(")
    }

    /// `function($a, $b){ body }`
    pub(crate) fn lambda(&mut self) -> Parse<usize> {
        self.advance();
        self.expect("(")?;
        self.scopes.push(Scope::default());
        let mut parameters = Vec::new();
        while !self.take(")") {
            if !parameters.is_empty() {
                self.expect(",")?;
            }
            let token = self.advance();
            let Kind::Variable(name) = token.kind else {
                return Err(self.error(token.at, "A parameter starts with a dollar sign"));
            };
            let known = &self.scopes[self.scopes.len() - 1].names;
            if name.is_empty() || name == "$" || known.iter().any(|(known, _)| *known == name) {
                return Err(self.error(token.at, "A parameter needs a name of its own"));
            }
            if parameters.len() == 8 {
                return Err(self.error(token.at, "A function has at most eight parameters"));
            }
            let slot = self.slot();
            parameters.push(slot);
            self.define(&name, Binding::Variable(slot));
        }
        self.expect("{")?;
        let body = self.expression(0)?;
        self.expect("}")?;
        self.scopes.pop();
        let context = self.slot();
        self.functions.push(Lambda { parameters, context, body });
        Ok(self.functions.len() - 1)
    }

    pub(crate) fn lookup(&self, name: &str) -> Option<Binding> {
        let names = self.scopes.iter().rev().flat_map(|scope| scope.names.iter().rev());
        names.into_iter().find(|(known, _)| known == name).map(|(_, binding)| *binding)
    }

    pub(crate) fn unknown(&self, name: &str, at: usize) -> ParseError {
        if let Some(Binding::Function(_)) = self.lookup(name) {
            return self.error(at, format!("${name} is a function: write ${name}(…)"));
        }
        self.error(at, functions::why_unknown(name))
    }

    fn define(&mut self, name: &str, binding: Binding) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.push((name.to_owned(), binding));
            if let Binding::Variable(slot) = binding {
                scope.slots.push(slot);
            }
        }
    }

    fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }
}
