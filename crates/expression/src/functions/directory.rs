//! Owns the shapes SCIM asks for, made from a person (RFC 7643 §4.1 to §4.3).
//! Does not own the person: what is missing there is left out here.

use super::{text_of, wrong};
use crate::{error::EvaluateError, evaluate::Evaluated, limits::Meter, value::Value};
use std::sync::Arc;

/// The members of a shape, in order; those without a value are left out.
struct Shape<'a> {
    members: Vec<(Arc<str>, Value)>,
    meter: &'a mut Meter,
}

impl<'a> Shape<'a> {
    fn new(meter: &'a mut Meter) -> Self {
        Self { members: Vec::new(), meter }
    }

    fn with(mut self, name: &str, value: Value) -> Result<Self, EvaluateError> {
        if !value.is_undefined() {
            self.meter.allocate(name.len())?;
            self.members.push((Arc::from(name), value));
        }
        Ok(self)
    }

    fn with_text(self, name: &str, text: &str) -> Result<Self, EvaluateError> {
        let text = Value::text(text, self.meter)?;
        self.with(name, text)
    }

    /// Nothing when it has no member.
    fn finish(self) -> Evaluated {
        if self.members.is_empty() { Ok(Value::Undefined) } else { Value::object(self.members, self.meter) }
    }
}

/// A member of the person; an empty text is nothing.
fn of(arguments: &[Value], function: &str, name: &str, meter: &mut Meter) -> Evaluated {
    match &arguments[0] {
        Value::Undefined => Ok(Value::Undefined),
        Value::Object(_) => match arguments[0].field(name, meter)? {
            Value::Text(text) if text.is_empty() => Ok(Value::Undefined),
            Value::Null => Ok(Value::Undefined),
            value => Ok(value),
        },
        other => Err(wrong(function, 0, "user", other)),
    }
}

pub(super) fn primary_email(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    of(arguments, "primaryEmail", "email", meter)
}

/// RFC 7643 §4.1.2: the work address, which is the primary one, then the alternate one.
pub(super) fn emails(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let mut list = Vec::new();
    for (field, kind) in [("email", "work"), ("alternateEmail", "other")] {
        let value = of(arguments, "emails", field, meter)?;
        if !value.is_undefined() {
            let primary = Value::Boolean(list.is_empty());
            let shape = Shape::new(meter).with("value", value)?.with_text("type", kind)?;
            list.push(shape.with("primary", primary)?.finish()?);
        }
    }
    if list.is_empty() { Ok(Value::Undefined) } else { Value::array(list, meter) }
}

/// RFC 7643 §4.1.1: `formatted` is the display name, or made of the parts.
pub(super) fn name(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let mut part = |field| of(arguments, "name", field, meter);
    let (given, middle, family) = (part("firstname")?, part("middlename")?, part("lastname")?);
    let mut formatted = part("displayName")?;
    if formatted.is_undefined() {
        let parts: Vec<&str> = [&given, &middle, &family]
            .into_iter()
            .filter_map(|part| if let Value::Text(text) = part { Some(&**text) } else { None })
            .collect();
        if !parts.is_empty() {
            formatted = Value::text(&parts.join(" "), meter)?;
        }
    }
    let shape = Shape::new(meter).with("formatted", formatted)?.with("familyName", family)?;
    shape.with("givenName", given)?.with("middleName", middle)?.finish()
}

/// RFC 7643 §4.1.2: the one number, of type `work` unless another is asked for.
pub(super) fn phone(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let kind = text_of(arguments, 1, "phone")?.map_or("work", |kind| &**kind);
    let value = of(arguments, "phone", "phone", meter)?;
    if value.is_undefined() {
        return Ok(value);
    }
    let shape = Shape::new(meter).with("value", value)?.with_text("type", kind)?;
    shape.with("primary", Value::Boolean(true))?.finish()
}

pub(super) fn phones(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    listed(phone(&arguments[..1], meter)?, meter)
}

/// RFC 7643 §4.1.2: the directory keeps an address as one text, which is its `formatted` form.
pub(super) fn address(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let kind = text_of(arguments, 1, "address")?.map_or("work", |kind| &**kind);
    let value = of(arguments, "address", "address", meter)?;
    if value.is_undefined() {
        return Ok(value);
    }
    let shape = Shape::new(meter).with("formatted", value)?.with_text("type", kind)?;
    shape.with("primary", Value::Boolean(true))?.finish()
}

pub(super) fn addresses(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    listed(address(&arguments[..1], meter)?, meter)
}

fn listed(value: Value, meter: &mut Meter) -> Evaluated {
    if value.is_undefined() { Ok(value) } else { Value::array(vec![value], meter) }
}

/// RFC 7643 §4.3, the enterprise extension. The directory knows the manager's name, not their id in the app, which
/// `manager.value` would be.
pub(super) fn enterprise(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let manager = of(arguments, "enterprise", "manager", meter)?;
    let mut part = |field| of(arguments, "enterprise", field, meter);
    let (number, centre) = (part("employeeIdentifier")?, part("costCenter")?);
    let (organization, department) = (part("company")?, part("department")?);
    let manager = Shape::new(meter).with("displayName", manager)?.finish()?;
    let shape = Shape::new(meter).with("employeeNumber", number)?.with("costCenter", centre)?;
    shape
        .with("organization", organization)?
        .with("department", department)?
        .with("manager", manager)?
        .finish()
}
