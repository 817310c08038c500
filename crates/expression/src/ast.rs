//! Owns the tree of an expression that was read.
//! Does not own reading or running it.
//!
//! Functions are no values: which function a call means is known when the expression is read, and a function's own
//! name is not known inside it. So nothing calls itself, every expression ends, and each variable has one slot.

use crate::{functions::Builtin, value::Value};
use std::sync::Arc;

/// A part of an expression.
#[derive(Debug)]
pub(crate) struct Node {
    /// Characters before it.
    pub(crate) at: usize,
    /// Nodes from here to the deepest leaf.
    pub(crate) height: usize,
    pub(crate) kind: NodeKind,
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    Literal(Value),
    /// `$`
    Context,
    /// `$$`
    Root,
    Variable(usize),
    Field(Arc<str>),
    /// `*`
    Wildcard,
    /// `a.b[c]`; `keep` for a path with `[]`: its result is a list even of one.
    Path {
        steps: Vec<Step>,
        keep: bool,
    },
    Negate(Box<Node>),
    Binary {
        operator: Operator,
        left: Box<Node>,
        right: Box<Node>,
    },
    Condition {
        test: Box<Node>,
        yes: Box<Node>,
        no: Option<Box<Node>>,
    },
    Array(Vec<Node>),
    /// Only in an array.
    Range(Box<Node>, Box<Node>),
    Object(Vec<(Node, Node)>),
    /// `(a; b)` with the slots of the variables it defines.
    Block {
        nodes: Vec<Node>,
        slots: Vec<usize>,
    },
    Assign {
        slot: usize,
        value: Box<Node>,
    },
    /// `$f := function…`
    Define {
        function: usize,
    },
    Call {
        builtin: &'static Builtin,
        arguments: Vec<Node>,
    },
    CallDefined {
        function: usize,
        arguments: Vec<Node>,
    },
    /// `$map` and the others that take a function.
    Higher {
        higher: Higher,
        subject: Box<Node>,
        callee: Option<Callee>,
        initial: Option<Box<Node>>,
    },
}

/// One step of a path.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) node: Node,
    pub(crate) filters: Vec<Node>,
}

/// A function of the expression's own.
#[derive(Debug)]
pub(crate) struct Lambda {
    pub(crate) parameters: Vec<usize>,
    /// Where `$` of the place of definition is kept.
    pub(crate) context: usize,
    pub(crate) body: Node,
}

/// What `$map` and the others call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Callee {
    /// Written in place.
    Inline(usize),
    /// Defined before.
    Defined(usize),
    Builtin(&'static Builtin),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Higher {
    Map,
    Filter,
    Reduce,
    Sort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Concatenate,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    And,
    Or,
    /// `??`: the right side when the left is nothing.
    Otherwise,
    /// `?:`: the right side when the left is nothing, empty, zero or false.
    OrElse,
}
