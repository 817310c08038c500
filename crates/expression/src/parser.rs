//! Owns reading a text as an expression: the grammar.
//! Does not own words (`lexer`), what `$names` mean (`names`) or calls (`calls`).
//!
//! Everything that can be known before a person is looked at is an error here, at its character: names of functions
//! and variables, the number of arguments, patterns.

use crate::{
    ast::{Lambda, Node, NodeKind, Operator, Step},
    error::ParseError,
    lexer::{Kind, Lexer, Token, error_at},
    limits::{BRACKETS, EXPRESSION, NESTING},
    value::Value,
};
use std::sync::Arc;

/// What was read: the tree, the functions in it and how many variables they have.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) root: Node,
    pub(crate) functions: Vec<Lambda>,
    pub(crate) slots: usize,
}

pub(crate) struct Parser<'a> {
    text: &'a [char],
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    pub(crate) functions: Vec<Lambda>,
    pub(crate) slots: usize,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) patterns: usize,
}

/// The names known from here to the end of a block or function.
#[derive(Default)]
pub(crate) struct Scope {
    pub(crate) names: Vec<(String, Binding)>,
    /// Those of them that are variables.
    pub(crate) slots: Vec<usize>,
}

/// What a `$name` stands for.
#[derive(Clone, Copy)]
pub(crate) enum Binding {
    Variable(usize),
    Function(usize),
}

pub(crate) type Parse<T> = Result<T, ParseError>;

/// Reads a whole text.
pub(crate) fn parse(text: &str) -> Parse<Parsed> {
    let chars: Vec<char> = text.chars().take(EXPRESSION + 1).collect();
    if text.len() > EXPRESSION {
        return Err(error_at(&chars, chars.len(), "An expression has at most 4,096 bytes"));
    }
    let tokens = Lexer::new(&chars).tokens()?;
    let mut parser = Parser {
        text: &chars,
        tokens,
        next: 0,
        depth: 0,
        functions: Vec::new(),
        slots: 0,
        scopes: vec![Scope::default()],
        patterns: 0,
    };
    if *parser.kind() == Kind::End {
        return Err(parser.error_here("The expression is empty"));
    }
    let root = parser.expression(0)?;
    if *parser.kind() != Kind::End {
        return Err(parser.unexpected("the end of the expression"));
    }
    Ok(Parsed { root, functions: parser.functions, slots: parser.slots })
}

impl Parser<'_> {
    pub(crate) fn kind(&self) -> &Kind {
        &self.tokens[self.next].kind
    }

    pub(crate) fn at(&self) -> usize {
        self.tokens[self.next].at
    }

    pub(crate) fn advance(&mut self) -> Token {
        let token = self.tokens[self.next].clone();
        if token.kind != Kind::End {
            self.next += 1;
        }
        token
    }

    pub(crate) fn is(&self, symbol: &str) -> bool {
        matches!(self.kind(), Kind::Symbol(found) if *found == symbol)
    }

    pub(crate) fn next_is(&self, symbol: &str) -> bool {
        matches!(self.tokens.get(self.next + 1), Some(Token { kind: Kind::Symbol(found), .. }) if *found == symbol)
    }

    pub(crate) fn take(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        if found {
            self.advance();
        }
        found
    }

    pub(crate) fn expect(&mut self, symbol: &str) -> Parse<()> {
        if self.take(symbol) { Ok(()) } else { Err(self.unexpected(&format!("“{symbol}”"))) }
    }

    pub(crate) fn error(&self, at: usize, message: impl Into<String>) -> ParseError {
        error_at(self.text, at, message)
    }

    pub(crate) fn error_here(&self, message: impl Into<String>) -> ParseError {
        self.error(self.at(), message)
    }

    pub(crate) fn unexpected(&self, wanted: &str) -> ParseError {
        let found = match self.kind() {
            Kind::End => return self.error_here(format!("The expression ends where {wanted} should follow")),
            Kind::Name(name) | Kind::Quoted(name) => format!("the name {name}"),
            Kind::Variable(name) => format!("${name}"),
            Kind::Text(_) => "a text".to_owned(),
            Kind::Number(_) => "a number".to_owned(),
            Kind::Pattern { .. } => "a pattern".to_owned(),
            Kind::Symbol(symbol) => format!("“{symbol}”"),
        };
        self.error_here(format!("Here stands {found} where {wanted} should follow"))
    }

    /// A node over parts of which the deepest has `height` nodes below it.
    pub(crate) fn node(&self, at: usize, height: usize, kind: NodeKind) -> Parse<Node> {
        if height >= NESTING {
            return Err(self.error(at, "The expression is nested too deeply"));
        }
        Ok(Node { at, height: height + 1, kind })
    }

    pub(crate) fn leaf(at: usize, kind: NodeKind) -> Node {
        Node { at, height: 1, kind }
    }

    /// An expression whose operators bind stronger than `power`.
    pub(crate) fn expression(&mut self, power: u8) -> Parse<Node> {
        if self.depth >= BRACKETS {
            return Err(self.error_here("The expression is nested too deeply"));
        }
        self.depth += 1;
        let mut left = self.operand()?;
        while let Some(binding) = self.binding_power().filter(|binding| *binding > power) {
            left = self.infix(left, binding)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn binding_power(&self) -> Option<u8> {
        Some(match self.kind() {
            Kind::Name(name) => match name.as_str() {
                "and" => 30,
                "or" => 25,
                "in" => 40,
                _ => return None,
            },
            Kind::Symbol(symbol) => match *symbol {
                "[" | "(" | "{" | "@" | "#" | "^" => 80,
                "." | "**" => 75,
                "*" | "/" | "%" => 60,
                "+" | "-" | "&" => 50,
                "=" | "!=" | "<" | "<=" | ">" | ">=" | "~>" | "??" | "?:" => 40,
                "?" => 20,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn infix(&mut self, left: Node, power: u8) -> Parse<Node> {
        let token = self.advance();
        let symbol = match &token.kind {
            Kind::Symbol(symbol) => symbol,
            Kind::Name(name) => name.as_str(),
            _ => "",
        };
        match symbol {
            "[" => return self.filter(left, token.at),
            "." => return self.dot(left, token.at),
            "~>" => return self.chain(left, token.at),
            "?" => return self.condition(left, token.at),
            "(" => return Err(self.error(token.at, "Only a function such as $uppercase can be called")),
            "{" => {
                return Err(self.error(
                    token.at,
                    "Grouping is not part of this language; after a dot, {…} makes objects",
                ));
            }
            "@" | "#" | "^" | "**" => {
                return Err(self.error(token.at, format!("“{symbol}” is not part of this language")));
            }
            _ => {}
        }
        let right = self.expression(power)?;
        let height = left.height.max(right.height);
        let Some(operator) = operator(symbol) else {
            return Err(self.error(token.at, format!("“{symbol}” is not part of this language")));
        };
        let kind = NodeKind::Binary { operator, left: Box::new(left), right: Box::new(right) };
        self.node(token.at, height, kind)
    }

    fn condition(&mut self, test: Node, at: usize) -> Parse<Node> {
        let yes = self.expression(0)?;
        let no = if self.take(":") { Some(Box::new(self.expression(0)?)) } else { None };
        let height = test.height.max(yes.height).max(no.as_ref().map_or(0, |no| no.height));
        self.node(at, height, NodeKind::Condition { test: Box::new(test), yes: Box::new(yes), no })
    }

    /// `a[b]` filters the last step of a path, `a[]` keeps a list a list.
    fn filter(&mut self, left: Node, at: usize) -> Parse<Node> {
        let left_at = left.at;
        let (mut steps, mut keep) = into_steps(left);
        if self.take("]") {
            keep = true;
        } else {
            let filter = self.expression(0)?;
            self.expect("]")?;
            if let Some(step) = steps.last_mut() {
                step.filters.push(filter);
            }
        }
        self.path(left_at, at, steps, keep)
    }

    fn dot(&mut self, left: Node, at: usize) -> Parse<Node> {
        let right = self.expression(75)?;
        if matches!(right.kind, NodeKind::Literal(Value::Number(_) | Value::Boolean(_) | Value::Null)) {
            return Err(self.error(right.at, "A path has names between its dots, not fixed values"));
        }
        let left_at = left.at;
        let (mut steps, keep) = into_steps(left);
        let (more, keep_more) = into_steps(right);
        steps.extend(more);
        for step in &mut steps {
            if let NodeKind::Literal(Value::Text(name)) = &step.node.kind {
                step.node.kind = NodeKind::Field(name.clone());
            }
        }
        self.path(left_at, at, steps, keep || keep_more)
    }

    /// A path is as high as its highest part: steps stand beside each other.
    fn path(&self, at: usize, latest: usize, steps: Vec<Step>, keep: bool) -> Parse<Node> {
        let parts = || steps.iter().flat_map(|step| std::iter::once(&step.node).chain(&step.filters));
        if parts().count() > NESTING {
            return Err(self.error(latest, "The path is too long"));
        }
        let height = parts().map(|node| node.height).max().unwrap_or(0);
        self.node(at, height, NodeKind::Path { steps, keep })
    }

    fn operand(&mut self) -> Parse<Node> {
        let token = self.advance();
        let at = token.at;
        match token.kind {
            Kind::Text(text) => Ok(Self::leaf(at, NodeKind::Literal(Value::Text(Arc::from(text))))),
            Kind::Number(number) => Ok(Self::leaf(at, NodeKind::Literal(Value::Number(number)))),
            Kind::Quoted(name) => Ok(Self::leaf(at, NodeKind::Field(Arc::from(name)))),
            Kind::Name(name) => match name.as_str() {
                "true" => Ok(Self::leaf(at, NodeKind::Literal(Value::Boolean(true)))),
                "false" => Ok(Self::leaf(at, NodeKind::Literal(Value::Boolean(false)))),
                "null" => Ok(Self::leaf(at, NodeKind::Literal(Value::Null))),
                "function" | "λ" if self.is("(") => Err(self.error(
                    at,
                    "A function stands only after $name :=, or as argument of $map, $filter, $reduce and $sort",
                )),
                _ if self.is("(") => Err(self.error(at, format!("A function is called with a dollar sign: ${name}"))),
                _ => Ok(Self::leaf(at, NodeKind::Field(Arc::from(name)))),
            },
            Kind::Variable(name) => self.variable(&name, at),
            Kind::Pattern { .. } => {
                Err(self.error(at, "A pattern is the second argument of $contains, $match, $replace or $split"))
            }
            Kind::Symbol("-") => {
                let operand = self.expression(70)?;
                if let NodeKind::Literal(Value::Number(number)) = operand.kind {
                    return Ok(Self::leaf(at, NodeKind::Literal(Value::Number(-number))));
                }
                self.node(at, operand.height, NodeKind::Negate(Box::new(operand)))
            }
            Kind::Symbol("*") => Ok(Self::leaf(at, NodeKind::Wildcard)),
            Kind::Symbol("(") => self.block(at),
            Kind::Symbol("[") => self.array(at),
            Kind::Symbol("{") => self.object(at),
            _ => {
                if token.kind != Kind::End {
                    self.next -= 1;
                }
                Err(self.unexpected("a value"))
            }
        }
    }

    fn block(&mut self, at: usize) -> Parse<Node> {
        self.scopes.push(Scope::default());
        let mut nodes = Vec::new();
        while !self.is(")") {
            nodes.push(self.expression(0)?);
            if !self.take(";") {
                break;
            }
        }
        self.expect(")")?;
        let slots = self.scopes.pop().map(|scope| scope.slots).unwrap_or_default();
        let height = nodes.iter().map(|node| node.height).max().unwrap_or(0);
        self.node(at, height, NodeKind::Block { nodes, slots })
    }

    fn array(&mut self, at: usize) -> Parse<Node> {
        let mut items = Vec::new();
        while !self.is("]") {
            let item = self.expression(0)?;
            if self.is("..") {
                let range = self.advance();
                let end = self.expression(0)?;
                let height = item.height.max(end.height);
                items.push(self.node(range.at, height, NodeKind::Range(Box::new(item), Box::new(end)))?);
            } else {
                items.push(item);
            }
            if !self.take(",") {
                break;
            }
        }
        self.expect("]")?;
        let height = items.iter().map(|node| node.height).max().unwrap_or(0);
        self.node(at, height, NodeKind::Array(items))
    }

    fn object(&mut self, at: usize) -> Parse<Node> {
        let mut members = Vec::new();
        while !self.is("}") {
            let name = self.expression(0)?;
            self.expect(":")?;
            members.push((name, self.expression(0)?));
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        let height = members.iter().map(|(name, value)| name.height.max(value.height)).max().unwrap_or(0);
        self.node(at, height, NodeKind::Object(members))
    }
}

/// The steps of a path, or the node as the one step.
fn into_steps(node: Node) -> (Vec<Step>, bool) {
    match node.kind {
        NodeKind::Path { steps, keep } => (steps, keep),
        kind => (vec![Step { node: Node { kind, ..node }, filters: Vec::new() }], false),
    }
}

fn operator(symbol: &str) -> Option<Operator> {
    Some(match symbol {
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Remainder,
        "&" => Operator::Concatenate,
        "=" => Operator::Equal,
        "!=" => Operator::Unequal,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        "in" => Operator::In,
        "and" => Operator::And,
        "or" => Operator::Or,
        "??" => Operator::Otherwise,
        "?:" => Operator::OrElse,
        _ => return None,
    })
}
