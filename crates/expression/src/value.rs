//! Owns the values of a running expression: cheap to copy, bounded in depth.
//! Does not own how they are written as JSON (`json`) or compared (`operators`).

use crate::{
    context,
    error::EvaluateError,
    limits::{Meter, SEQUENCE, VALUE_DEPTH, too_deep, too_long},
    pattern::Pattern,
};
use std::sync::Arc;

/// A value. Copies share what they hold; nothing is ever changed in place.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// There is nothing here: an attribute without a value, a filter that lets nothing through.
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    Text(Arc<str>),
    Array(Arc<Array>),
    Object(Arc<Object>),
    /// Only ever an argument of a function that takes one; the parser sees to that.
    Pattern(Arc<Pattern>),
}

/// A list; none of its items is [`Value::Undefined`].
#[derive(Debug)]
pub(crate) struct Array {
    pub(crate) items: Vec<Value>,
    depth: usize,
}

/// Named values in the order they were made.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) members: Vec<(Arc<str>, Value)>,
    depth: usize,
    /// The person: its members have the names of the organisation file too.
    aliased: bool,
}

impl Object {
    fn member(&self, name: &str) -> Option<&Value> {
        let named = |name: &str| self.members.iter().find(|(key, _)| **key == *name).map(|(_, value)| value);
        named(name).or_else(|| context::alias(name).filter(|_| self.aliased).and_then(named))
    }
}

impl Value {
    /// A text, counted.
    pub(crate) fn text(text: &str, meter: &mut Meter) -> Result<Self, EvaluateError> {
        meter.allocate(text.len())?;
        Ok(Self::Text(Arc::from(text)))
    }

    /// A list, counted. Items without a value must have been left out.
    pub(crate) fn array(items: Vec<Self>, meter: &mut Meter) -> Result<Self, EvaluateError> {
        check_length(items.len())?;
        meter.allocate(items.len() * size_of::<Self>())?;
        let depth = depth_over(items.iter())?;
        Ok(Self::Array(Arc::new(Array { items, depth })))
    }

    /// An object, counted. Names must differ.
    pub(crate) fn object(members: Vec<(Arc<str>, Self)>, meter: &mut Meter) -> Result<Self, EvaluateError> {
        check_length(members.len())?;
        meter.allocate(members.len() * size_of::<(Arc<str>, Self)>())?;
        let depth = depth_over(members.iter().map(|(_, value)| value))?;
        Ok(Self::Object(Arc::new(Object { members, depth, aliased: false })))
    }

    /// Lets a member of an object that nobody shares yet be read by its other names too.
    pub(crate) fn take_aliases(&mut self, name: &str) {
        if let Self::Object(object) = self
            && let Some(object) = Arc::get_mut(object)
            && let Some((_, Self::Object(member))) = object.members.iter_mut().find(|(key, _)| **key == *name)
            && let Some(member) = Arc::get_mut(member)
        {
            member.aliased = true;
        }
    }

    /// What is left of the results of a path or a filter: nothing, the one result, or a list.
    pub(crate) fn sequence(mut items: Vec<Self>, meter: &mut Meter) -> Result<Self, EvaluateError> {
        match items.len() {
            0 => Ok(Self::Undefined),
            1 => Ok(items.swap_remove(0)),
            _ => Self::array(items, meter),
        }
    }

    pub(crate) fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }

    /// The items of a list, the value itself, or nothing.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::Undefined => &[],
            Self::Array(array) => &array.items,
            other => std::slice::from_ref(other),
        }
    }

    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Array(array) => array.depth,
            Self::Object(object) => object.depth,
            _ => 0,
        }
    }

    /// With its article, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Undefined => "nothing",
            Self::Null => "null",
            Self::Boolean(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
            Self::Pattern(_) => "a pattern",
        }
    }

    /// A member of an object by name, or those of all objects in a list.
    pub(crate) fn field(&self, name: &str, meter: &mut Meter) -> Result<Self, EvaluateError> {
        match self {
            Self::Object(object) => {
                meter.work(1 + object.members.len() / 8)?;
                Ok(object.member(name).map_or(Self::Undefined, Self::clone))
            }
            Self::Array(array) => {
                let mut found = Vec::new();
                for item in &array.items {
                    meter.work(1)?;
                    let value = item.field(name, meter)?;
                    extend(&mut found, value.items(), meter)?;
                }
                Self::sequence(found, meter)
            }
            _ => Ok(Self::Undefined),
        }
    }
}

/// Appends to a list that is being made. Growth is counted as it happens: a list never gets long before it is refused.
pub(crate) fn extend(list: &mut Vec<Value>, more: &[Value], meter: &mut Meter) -> Result<(), EvaluateError> {
    check_length(list.len() + more.len())?;
    meter.allocate(size_of_val(more))?;
    list.extend_from_slice(more);
    Ok(())
}

pub(crate) fn check_length(length: usize) -> Result<(), EvaluateError> {
    if length > SEQUENCE { Err(too_long()) } else { Ok(()) }
}

fn depth_over<'a>(values: impl Iterator<Item = &'a Value>) -> Result<usize, EvaluateError> {
    let depth = 1 + values.map(Value::depth).max().unwrap_or(0);
    if depth > VALUE_DEPTH { Err(too_deep()) } else { Ok(depth) }
}
