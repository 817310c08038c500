//! Owns calling functions: the expression's own, and those that `$map`, `$filter`, `$reduce` and `$sort` are given.
//! Does not own what functions of the language do (`functions`).

use crate::{
    ast::{Callee, Higher},
    error::EvaluateError,
    evaluate::{Evaluated, Run},
    operators,
    value::{Value, check_length, extend},
};
use std::cmp::Ordering;

impl Run<'_> {
    /// Calls a function; arguments it does not take are dropped, those it lacks are nothing.
    pub(crate) fn apply(&mut self, callee: Callee, arguments: &[Value]) -> Evaluated {
        self.meter.work(1)?;
        match callee {
            Callee::Builtin(builtin) => {
                (builtin.run)(&arguments[..arguments.len().min(builtin.least.max(1))], &mut self.meter)
            }
            Callee::Inline(function) | Callee::Defined(function) => {
                let lambda = &self.functions[function];
                for (index, slot) in lambda.parameters.iter().enumerate() {
                    self.slots[*slot] = arguments.get(index).cloned().unwrap_or(Value::Undefined);
                }
                let context = self.slots[lambda.context].clone();
                self.evaluate(&lambda.body, &context)
            }
        }
    }

    pub(crate) fn higher(
        &mut self,
        higher: Higher,
        subject: &Value,
        callee: Option<Callee>,
        initial: Value,
    ) -> Evaluated {
        let items = subject.items();
        if higher == Higher::Sort {
            return self.sort(subject, callee);
        }
        let Some(callee) = callee else { return Ok(Value::Undefined) };
        if higher == Higher::Reduce {
            let mut items = items.iter();
            let mut folded = if initial.is_undefined() { items.next().cloned() } else { Some(initial) };
            for item in items {
                folded = Some(self.apply(callee, &[folded.unwrap_or(Value::Undefined), item.clone()])?);
            }
            return Ok(folded.unwrap_or(Value::Undefined));
        }
        let mut kept = Vec::new();
        for (index, item) in items.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "lists are short")]
            let arguments = [item.clone(), Value::Number(index as f64)];
            let value = self.apply(callee, &arguments)?;
            let value = match higher {
                Higher::Filter if operators::truth(&value, &mut self.meter)? => item.clone(),
                Higher::Filter => Value::Undefined,
                _ => value,
            };
            if !value.is_undefined() {
                extend(&mut kept, &[value], &mut self.meter)?;
            }
        }
        Value::sequence(kept, &mut self.meter)
    }

    /// A merge sort: the function says whether its first argument comes after its second, and may contradict itself.
    fn sort(&mut self, subject: &Value, callee: Option<Callee>) -> Evaluated {
        if subject.is_undefined() {
            return Ok(Value::Undefined);
        }
        check_length(subject.items().len())?;
        self.meter.allocate(size_of_val(subject.items()) * 2)?;
        let sorted = self.merge_sorted(subject.items(), callee)?;
        Value::array(sorted, &mut self.meter)
    }

    fn merge_sorted(&mut self, items: &[Value], callee: Option<Callee>) -> Result<Vec<Value>, EvaluateError> {
        if items.len() < 2 {
            return Ok(items.to_vec());
        }
        let (left, right) = items.split_at(items.len() / 2);
        let (left, right) = (self.merge_sorted(left, callee)?, self.merge_sorted(right, callee)?);
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        let mut merged = Vec::with_capacity(items.len());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            self.meter.work(1)?;
            let after = match callee {
                Some(callee) => {
                    let verdict = self.apply(callee, &[a.clone(), b.clone()])?;
                    operators::truth(&verdict, &mut self.meter)?
                }
                None => operators::order(a, b, &mut self.meter)? == Ordering::Greater,
            };
            merged.extend(if after { right.next() } else { left.next() });
        }
        merged.extend(left);
        merged.extend(right);
        Ok(merged)
    }
}
