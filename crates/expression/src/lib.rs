//! Owns the expression language of SAML attributes, OIDC claims and SCIM mappings: a subset of JSONata.
//! Does not own where expressions are kept, or who may write them; it has no I/O, no clock and no randomness.
//!
//! [`Expression::parse`] finds every mistake that can be found without a person, at its character.
//! [`Expression::evaluate`] runs it over a [`Context`] within [`limits`]: work and memory are counted, and nothing can
//! call itself. Neither panics on any input, and both fit a stack of 1 MiB, so they may run on any thread of
//! the server.

mod ast;
mod calls;
mod context;
pub mod error;
mod evaluate;
mod functions;
mod higher;
mod json;
mod lexer;
pub mod limits;
mod listed;
mod members;
mod names;
mod operators;
mod outcome;
mod parser;
mod pattern;
mod value;

pub use context::{App, Context, Person, STANDARD_ATTRIBUTES, Session};
pub use error::{ContextError, EvaluateError, EvaluateErrorKind, ParseError};
pub use outcome::{OutcomeError, to_claim, to_list, to_strings};

use std::fmt;

/// An expression that was read. Can be kept and shared between threads.
pub struct Expression {
    text: String,
    parsed: parser::Parsed,
}

impl Expression {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Ok(Self { parsed: parser::parse(text)?, text: text.to_owned() })
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Refuses, at its character, the first name that nothing has which an expression sees: `user.firstName`, `usr.email`.
    /// For where expressions are written down: evaluating such a name is no error, it finds nothing. Custom attributes
    /// may have any name.
    pub fn check_names(&self) -> Result<(), ParseError> {
        self.look().refused(&self.text)
    }

    /// The names of the custom attributes that it reads, as far as they are written out.
    pub fn custom_names(&self) -> Vec<String> {
        self.look().custom
    }

    /// Whether its result is a list by kind, however many values it holds: it maps a list (`groups.(…)`), picks from one by a
    /// test (`groups[…]`), or puts one together. [`to_list`] makes such a result a list.
    pub fn is_list(&self) -> bool {
        listed::is_list(&self.parsed.root, &self.parsed.functions, self.parsed.slots)
    }

    fn look(&self) -> members::Found {
        members::look(&self.parsed.root, &self.parsed.functions, self.parsed.slots)
    }

    /// Its value for one person; `null` when there is none. The same context has the same value, or the same error,
    /// each time and on every machine.
    pub fn evaluate(&self, context: &Context) -> Result<serde_json::Value, EvaluateError> {
        let mut run = evaluate::Run {
            meter: limits::Meter::new(),
            functions: &self.parsed.functions,
            slots: vec![value::Value::Undefined; self.parsed.slots],
            root: &context.root,
        };
        let value = run.evaluate(&self.parsed.root, &context.root)?;
        json::write(&value)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}
