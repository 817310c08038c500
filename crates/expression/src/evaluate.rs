//! Owns running an expression over a context.
//! Does not own what operators (`operators`) and functions (`functions`) do.

use crate::{
    ast::{Callee, Lambda, Node, NodeKind, Operator, Step},
    error::EvaluateError,
    limits::{Meter, SEQUENCE, too_long},
    operators,
    value::{Value, extend},
};
use std::sync::Arc;

pub(crate) type Evaluated = Result<Value, EvaluateError>;

/// One run: what it may still use, its variables, and what `$$` is.
pub(crate) struct Run<'a> {
    pub(crate) meter: Meter,
    pub(crate) functions: &'a [Lambda],
    pub(crate) slots: Vec<Value>,
    pub(crate) root: &'a Value,
}

impl Run<'_> {
    /// The value of a node where `context` is `$`.
    pub(crate) fn evaluate(&mut self, node: &Node, context: &Value) -> Evaluated {
        self.meter.work(1).and_then(|()| self.evaluate_kind(node, context)).map_err(|error| error.at(node.at))
    }

    fn evaluate_kind(&mut self, node: &Node, context: &Value) -> Evaluated {
        match &node.kind {
            NodeKind::Literal(value) => Ok(value.clone()),
            NodeKind::Context => Ok(context.clone()),
            NodeKind::Root => Ok(self.root.clone()),
            NodeKind::Variable(slot) => Ok(self.slots[*slot].clone()),
            NodeKind::Field(name) => context.field(name, &mut self.meter),
            NodeKind::Wildcard => self.wildcard(context),
            NodeKind::Path { steps, keep } => self.path(steps, *keep, context),
            NodeKind::Negate(operand) => {
                let operand = self.evaluate(operand, context)?;
                operators::negate(&operand)
            }
            NodeKind::Binary { operator, left, right } => self.binary(*operator, left, right, context),
            NodeKind::Condition { test, yes, no } => {
                let test = self.evaluate(test, context)?;
                match (operators::truth(&test, &mut self.meter)?, no) {
                    (true, _) => self.evaluate(yes, context),
                    (false, Some(no)) => self.evaluate(no, context),
                    (false, None) => Ok(Value::Undefined),
                }
            }
            NodeKind::Array(items) => self.array(items, context),
            NodeKind::Range(..) => Ok(Value::Undefined),
            NodeKind::Object(members) => self.object(members, context),
            NodeKind::Block { nodes, slots } => {
                for slot in slots {
                    self.slots[*slot] = Value::Undefined;
                }
                let mut last = Value::Undefined;
                for node in nodes {
                    last = self.evaluate(node, context)?;
                }
                Ok(last)
            }
            NodeKind::Assign { slot, value } => {
                let value = self.evaluate(value, context)?;
                self.slots[*slot] = value.clone();
                Ok(value)
            }
            NodeKind::Define { function } => {
                self.slots[self.functions[*function].context] = context.clone();
                Ok(Value::Undefined)
            }
            NodeKind::Call { builtin, arguments } => {
                let arguments = self.all(arguments, context)?;
                (builtin.run)(&arguments, &mut self.meter)
            }
            NodeKind::CallDefined { function, arguments } => {
                let arguments = self.all(arguments, context)?;
                self.apply(Callee::Defined(*function), &arguments)
            }
            NodeKind::Higher { higher, subject, callee, initial } => {
                let subject = self.evaluate(subject, context)?;
                let initial = match initial {
                    Some(initial) => self.evaluate(initial, context)?,
                    None => Value::Undefined,
                };
                if let Some(Callee::Inline(function)) = callee {
                    self.slots[self.functions[*function].context] = context.clone();
                }
                self.higher(*higher, &subject, *callee, initial)
            }
        }
    }

    fn all(&mut self, nodes: &[Node], context: &Value) -> Result<Vec<Value>, EvaluateError> {
        nodes.iter().map(|node| self.evaluate(node, context)).collect()
    }

    fn binary(&mut self, operator: Operator, left: &Node, right: &Node, context: &Value) -> Evaluated {
        let value = self.evaluate(left, context)?;
        match operator {
            Operator::Otherwise if !value.is_undefined() => return Ok(value),
            Operator::OrElse if operators::truth(&value, &mut self.meter)? => return Ok(value),
            Operator::Otherwise | Operator::OrElse => return self.evaluate(right, context),
            Operator::And | Operator::Or => {
                let first = operators::truth(&value, &mut self.meter)?;
                if first == (operator == Operator::Or) {
                    return Ok(Value::Boolean(first));
                }
                let second = self.evaluate(right, context)?;
                return Ok(Value::Boolean(operators::truth(&second, &mut self.meter)?));
            }
            _ => {}
        }
        let other = self.evaluate(right, context)?;
        operators::apply(operator, &value, &other, &mut self.meter)
    }

    fn wildcard(&mut self, context: &Value) -> Evaluated {
        let mut found = Vec::new();
        match context {
            Value::Object(object) => {
                for (_, value) in &object.members {
                    self.flatten(value, &mut found)?;
                }
            }
            Value::Array(_) => self.flatten(context, &mut found)?,
            _ => {}
        }
        Value::sequence(found, &mut self.meter)
    }

    /// Depth is bounded by [`crate::limits::VALUE_DEPTH`].
    fn flatten(&mut self, value: &Value, into: &mut Vec<Value>) -> Result<(), EvaluateError> {
        match value {
            Value::Array(array) => array.items.iter().try_for_each(|item| self.flatten(item, into)),
            other => extend(into, std::slice::from_ref(other), &mut self.meter),
        }
    }

    /// Each step is worked out for each result of the one before, and lists among the results are joined; the last step
    /// keeps a list that is its only result as it is, and lists that it makes itself.
    fn path(&mut self, steps: &[Step], keep: bool, context: &Value) -> Evaluated {
        let mut items = vec![context.clone()];
        if spreads(steps)
            && let Value::Array(array) = context
        {
            items.clear();
            extend(&mut items, &array.items, &mut self.meter)?;
        }
        for (index, step) in steps.iter().enumerate() {
            let last = index + 1 == steps.len();
            let makes_lists = last && matches!(step.node.kind, NodeKind::Array(_));
            let mut results = Vec::new();
            for item in &items {
                let mut value = self.evaluate(&step.node, item)?;
                for filter in &step.filters {
                    value = self.filter(&value, filter)?;
                }
                if !value.is_undefined() {
                    extend(&mut results, &[value], &mut self.meter)?;
                }
            }
            if last && results.len() == 1 && matches!(results[0], Value::Array(_)) && !(keep && makes_lists) {
                return Ok(results.swap_remove(0));
            }
            items = if makes_lists { results } else { self.joined(&results)? };
        }
        match items.len() {
            0 => Ok(Value::Undefined),
            _ if keep => Value::array(items, &mut self.meter),
            _ => Value::sequence(items, &mut self.meter),
        }
    }

    fn joined(&mut self, results: &[Value]) -> Result<Vec<Value>, EvaluateError> {
        let mut items = Vec::new();
        for result in results {
            extend(&mut items, result.items(), &mut self.meter)?;
        }
        Ok(items)
    }

    /// A number picks an item, counted from the end when negative; anything else is true or false for each.
    fn filter(&mut self, value: &Value, filter: &Node) -> Evaluated {
        let items = value.items();
        let mut kept = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let verdict = if let NodeKind::Literal(literal) = &filter.kind {
                self.meter.work(1)?;
                literal.clone()
            } else {
                self.evaluate(filter, item)?
            };
            let keep = match &verdict {
                Value::Number(number) => picks(*number, index, items.len()),
                Value::Array(numbers) if numbers.items.iter().all(|n| matches!(n, Value::Number(_))) => {
                    self.meter.work(numbers.items.len())?;
                    let mut numbers = numbers.items.iter();
                    numbers.any(|n| matches!(n, Value::Number(n) if picks(*n, index, items.len())))
                }
                other => operators::truth(other, &mut self.meter)?,
            };
            if keep {
                extend(&mut kept, std::slice::from_ref(item), &mut self.meter)?;
            }
        }
        Value::sequence(kept, &mut self.meter)
    }

    fn array(&mut self, nodes: &[Node], context: &Value) -> Evaluated {
        let mut items = Vec::new();
        for node in nodes {
            if let NodeKind::Range(from, to) = &node.kind {
                let (from, to) = (self.evaluate(from, context)?, self.evaluate(to, context)?);
                self.range(&from, &to, &mut items).map_err(|error| error.at(node.at))?;
                continue;
            }
            let value = self.evaluate(node, context)?;
            if matches!(node.kind, NodeKind::Array(_)) {
                extend(&mut items, std::slice::from_ref(&value), &mut self.meter)?;
            } else {
                extend(&mut items, value.items(), &mut self.meter)?;
            }
        }
        Value::array(items, &mut self.meter)
    }

    fn range(&mut self, from: &Value, to: &Value, items: &mut Vec<Value>) -> Result<(), EvaluateError> {
        let (Value::Number(from), Value::Number(to)) = (from, to) else {
            if from.is_undefined() || to.is_undefined() {
                return Ok(());
            }
            return Err(EvaluateError::value("A range goes from a whole number to a whole number"));
        };
        // Beyond 2^53 adding one would change nothing.
        if from.fract() != 0.0 || to.fract() != 0.0 || from.abs().max(to.abs()) > 9_007_199_254_740_991.0 {
            return Err(EvaluateError::value("A range goes from a whole number to a whole number"));
        }
        #[expect(clippy::cast_precision_loss, reason = "the limit is small")]
        if to - from >= SEQUENCE as f64 {
            return Err(too_long());
        }
        let mut number = *from;
        while number <= *to {
            extend(items, &[Value::Number(number)], &mut self.meter)?;
            number += 1.0;
        }
        Ok(())
    }

    fn object(&mut self, nodes: &[(Node, Node)], context: &Value) -> Evaluated {
        let mut members: Vec<(Arc<str>, Value)> = Vec::new();
        for (name, value) in nodes {
            let at = name.at;
            let name = self.evaluate(name, context)?;
            let value = self.evaluate(value, context)?;
            self.meter.work(1 + members.len() / 8)?;
            match name {
                Value::Text(name) if members.iter().any(|(known, _)| *known == name) => {
                    return Err(EvaluateError::value("Two members of an object have the same name").at(at));
                }
                Value::Text(name) if !value.is_undefined() => members.push((name, value)),
                Value::Undefined | Value::Text(_) => {}
                other => {
                    let message = format!("The name of a member is a text, not {}", other.kind());
                    return Err(EvaluateError::value(message).at(at));
                }
            }
        }
        Value::object(members, &mut self.meter)
    }
}

/// Whether a path starts from each item of a list that is its context, rather than from the list.
fn spreads(steps: &[Step]) -> bool {
    match steps[0].node.kind {
        NodeKind::Variable(_) | NodeKind::Context | NodeKind::Root => false,
        NodeKind::Field(_) | NodeKind::Wildcard => true,
        _ => steps.len() > 1,
    }
}

/// Whether `number` picks the item at `index` of `length`.
#[expect(clippy::cast_precision_loss, reason = "lists are short")]
#[expect(clippy::float_cmp, reason = "both are whole")]
fn picks(number: f64, index: usize, length: usize) -> bool {
    let number = number.floor();
    let number = if number < 0.0 { number + length as f64 } else { number };
    number == index as f64
}
