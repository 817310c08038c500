//! Owns reading calls: which function is meant, and what its arguments may be.
//! Does not own what the functions do.

use crate::{
    ast::{Callee, Higher, Node, NodeKind},
    functions::{self, Builtin},
    lexer::Kind,
    limits::PATTERNS,
    parser::{Binding, Parse, Parser},
    pattern::Pattern,
    value::Value,
};
use std::sync::Arc;

impl Parser<'_> {
    /// `a ~> $f(b)` is `$f(a, b)`.
    pub(crate) fn chain(&mut self, left: Node, at: usize) -> Parse<Node> {
        let token = self.advance();
        match token.kind {
            Kind::Variable(name) if !name.is_empty() && name != "$" => self.call(&name, token.at, Some(left)),
            _ => Err(self.error(at, "After ~> comes a function such as $uppercase")),
        }
    }

    /// A call, its name read; `first` comes before the arguments in brackets, which may then be missing.
    pub(crate) fn call(&mut self, name: &str, at: usize, first: Option<Node>) -> Parse<Node> {
        match self.lookup(name) {
            Some(Binding::Function(function)) => return self.call_defined(name, function, at, first),
            Some(Binding::Variable(_)) => {
                return Err(self.error(at, format!("${name} is a value, not a function")));
            }
            None => {}
        }
        if let Some(higher) = functions::higher(name) {
            return self.call_higher(name, higher, at, first);
        }
        let Some(builtin) = functions::find(name) else { return Err(self.unknown(name, at)) };
        let mut arguments = self.arguments(first, Some(builtin))?;
        if builtin.takes_context && arguments.len() + 1 == builtin.least {
            arguments.insert(0, Self::leaf(at, NodeKind::Context));
        }
        self.check_count(name, at, arguments.len(), builtin.least, builtin.most)?;
        let height = height_of(&arguments);
        self.node(at, height, NodeKind::Call { builtin, arguments })
    }

    fn call_defined(&mut self, name: &str, function: usize, at: usize, first: Option<Node>) -> Parse<Node> {
        let arguments = self.arguments(first, None)?;
        let lambda = &self.functions[function];
        let height = height_of(&arguments).max(lambda.body.height);
        self.check_count(name, at, arguments.len(), 0, lambda.parameters.len())?;
        self.node(at, height, NodeKind::CallDefined { function, arguments })
    }

    fn check_count(&self, name: &str, at: usize, count: usize, least: usize, most: usize) -> Parse<()> {
        if (least..=most).contains(&count) {
            return Ok(());
        }
        let wanted = match (least, most) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "one argument".to_owned(),
            (least, most) if least == most => format!("{most} arguments"),
            (0, most) => format!("at most {most} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        };
        Err(self.error(at, format!("${name} takes {wanted}, not {count}")))
    }

    fn arguments(&mut self, first: Option<Node>, builtin: Option<&'static Builtin>) -> Parse<Vec<Node>> {
        let chained = first.is_some();
        let mut arguments: Vec<Node> = first.into_iter().collect();
        if chained && !self.is("(") {
            return Ok(arguments);
        }
        self.expect("(")?;
        while !self.is(")") {
            if self.is("?") && (self.next_is(",") || self.next_is(")")) {
                return Err(
                    self.error_here("A call needs all its arguments: there is no partial application")
                );
            }
            if self.starts_function() {
                return Err(self.error_here("This function takes no function as argument"));
            }
            // `x ~> $match(/p/)` and `.$match(/p/)` leave the text out, so a pattern may come first too.
            let may_be_pattern = builtin.is_some_and(|b| b.takes_pattern) && arguments.len() <= 1;
            arguments.push(if may_be_pattern { self.pattern_or_value()? } else { self.expression(0)? });
            if !self.take(",") {
                break;
            }
        }
        self.expect(")")?;
        let shifted = builtin.is_some_and(|b| b.takes_context && arguments.len() + 1 == b.least);
        if let Some(Node { at, kind: NodeKind::Literal(Value::Pattern(_)), .. }) = arguments.first()
            && !shifted
        {
            return Err(self.error(*at, "A pattern is the second argument, after the text"));
        }
        Ok(arguments)
    }

    fn pattern_or_value(&mut self) -> Parse<Node> {
        let at = self.at();
        let Kind::Pattern { source, flags } = self.kind().clone() else { return self.expression(0) };
        self.advance();
        self.patterns += 1;
        if self.patterns > PATTERNS {
            return Err(self.error(at, "An expression has at most eight patterns"));
        }
        let pattern = Pattern::compile(&source, &flags).map_err(|message| self.error(at, message))?;
        Ok(Self::leaf(at, NodeKind::Literal(Value::Pattern(Arc::new(pattern)))))
    }

    /// `$map(list, function)` and the others that take a function.
    fn call_higher(&mut self, name: &str, higher: Higher, at: usize, first: Option<Node>) -> Parse<Node> {
        let chained = first.is_some();
        if chained && !self.is("(") && higher == Higher::Sort {
            let subject = first.unwrap_or_else(|| Self::leaf(at, NodeKind::Context));
            return self.higher_node(at, higher, subject, None, None);
        }
        self.expect("(")?;
        let subject = match first {
            Some(first) => first,
            None => self.expression(0)?,
        };
        let mut callee = None;
        let mut initial = None;
        if (chained && !self.is(")")) || (!chained && self.take(",")) {
            callee = Some(self.callee()?);
            if higher == Higher::Reduce && self.take(",") {
                initial = Some(self.expression(0)?);
            }
        }
        if callee.is_none() && higher != Higher::Sort {
            return Err(self.error(at, format!("${name} takes a list and a function")));
        }
        self.expect(")")?;
        self.higher_node(at, higher, subject, callee, initial)
    }

    fn higher_node(
        &self,
        at: usize,
        higher: Higher,
        subject: Node,
        callee: Option<Callee>,
        initial: Option<Node>,
    ) -> Parse<Node> {
        let body = match callee {
            Some(Callee::Inline(function) | Callee::Defined(function)) => {
                self.functions[function].body.height
            }
            _ => 0,
        };
        let height = subject.height.max(body).max(initial.as_ref().map_or(0, |initial| initial.height));
        let (subject, initial) = (Box::new(subject), initial.map(Box::new));
        self.node(at, height, NodeKind::Higher { higher, subject, callee, initial })
    }

    fn callee(&mut self) -> Parse<Callee> {
        if self.starts_function() {
            return Ok(Callee::Inline(self.lambda()?));
        }
        let token = self.advance();
        let Kind::Variable(name) = token.kind else {
            return Err(
                self.error(token.at, "Here comes a function: function($value){…}, or the name of one")
            );
        };
        match (self.lookup(&name), functions::find(&name)) {
            (Some(Binding::Function(function)), _) => Ok(Callee::Defined(function)),
            (None, Some(builtin)) if builtin.least <= 1 => Ok(Callee::Builtin(builtin)),
            (None, Some(_)) => Err(self.error(
                token.at,
                format!("${name} takes more than one argument: write function($value){{${name}($value, …)}}"),
            )),
            _ => Err(self.unknown(&name, token.at)),
        }
    }
}

fn height_of(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| node.height).max().unwrap_or(0)
}
