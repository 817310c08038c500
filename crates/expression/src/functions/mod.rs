//! Owns the table of functions: their names and how many arguments they take.
//! Does not own what each does (the modules below) nor those that take a function (`evaluate`).

mod dates;
mod directory;
mod lists;
mod numbers;
mod patterns;
mod text;

use crate::{ast::Higher, error::EvaluateError, evaluate::Evaluated, limits::Meter, value::Value};
use std::sync::Arc;

/// A function of the language.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    /// How many arguments it takes at least.
    pub(crate) least: usize,
    /// And at most.
    pub(crate) most: usize,
    /// Whether `$` is its first argument when one is missing: `groups.$uppercase()`.
    pub(crate) takes_context: bool,
    /// Whether its second argument may be a pattern.
    pub(crate) takes_pattern: bool,
    pub(crate) run: fn(&[Value], &mut Meter) -> Evaluated,
}

const fn plain(
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&[Value], &mut Meter) -> Evaluated,
) -> Builtin {
    Builtin { name, least, most, takes_context: false, takes_pattern: false, run }
}

const fn of_context(
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&[Value], &mut Meter) -> Evaluated,
) -> Builtin {
    Builtin { name, least, most, takes_context: true, takes_pattern: false, run }
}

const fn of_pattern(
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&[Value], &mut Meter) -> Evaluated,
) -> Builtin {
    Builtin { name, least, most, takes_context: true, takes_pattern: true, run }
}

/// Every function but those that take one, by name.
static BUILTINS: &[Builtin] = &[
    of_context("abs", 1, 1, numbers::abs),
    plain("address", 1, 2, directory::address),
    plain("addresses", 1, 1, directory::addresses),
    plain("append", 2, 2, lists::append),
    plain("average", 1, 1, numbers::average),
    of_context("boolean", 1, 1, lists::boolean),
    of_context("ceil", 1, 1, numbers::ceil),
    of_pattern("contains", 2, 2, patterns::contains),
    plain("count", 1, 1, lists::count),
    plain("distinct", 1, 1, lists::distinct),
    plain("emails", 1, 1, directory::emails),
    plain("enterprise", 1, 1, directory::enterprise),
    plain("exists", 1, 1, lists::exists),
    of_context("floor", 1, 1, numbers::floor),
    of_context("formatDate", 2, 2, dates::format_date),
    plain("join", 1, 2, text::join),
    of_context("keys", 1, 1, lists::keys),
    of_context("length", 1, 1, text::length),
    of_context("lookup", 2, 2, lists::lookup),
    of_context("lowercase", 1, 1, text::lowercase),
    of_pattern("match", 2, 3, patterns::matches),
    plain("max", 1, 1, numbers::max),
    plain("merge", 1, 1, lists::merge),
    plain("min", 1, 1, numbers::min),
    plain("name", 1, 1, directory::name),
    of_context("not", 1, 1, lists::not),
    of_context("number", 1, 1, numbers::number),
    of_context("pad", 2, 3, text::pad),
    plain("phone", 1, 2, directory::phone),
    plain("phones", 1, 1, directory::phones),
    plain("primaryEmail", 1, 1, directory::primary_email),
    of_pattern("replace", 3, 4, patterns::replace),
    plain("reverse", 1, 1, lists::reverse),
    of_context("round", 1, 2, numbers::round),
    of_pattern("split", 2, 3, patterns::split),
    of_context("string", 1, 1, text::string),
    of_context("substring", 2, 3, text::substring),
    of_context("substringAfter", 2, 2, text::substring_after),
    of_context("substringBefore", 2, 2, text::substring_before),
    plain("sum", 1, 1, numbers::sum),
    of_context("trim", 1, 1, text::trim),
    plain("type", 1, 1, lists::type_of),
    of_context("uppercase", 1, 1, text::uppercase),
];

/// Functions that JSONata has and this language has not, with the reason.
static REFUSED: &[(&str, &str)] = &[
    ("eval", "an expression can't make another one"),
    ("now", "an expression knows no time: the same person has the same value at any moment"),
    ("millis", "an expression knows no time: the same person has the same value at any moment"),
    ("random", "an expression knows no chance: the same person has the same value each time"),
    ("shuffle", "an expression knows no chance: the same person has the same value each time"),
    ("fromMillis", "$formatDate writes dates"),
    ("toMillis", "$formatDate writes dates"),
];

pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.binary_search_by(|builtin| builtin.name.cmp(name)).ok().map(|index| &BUILTINS[index])
}

/// The functions that take one.
pub(crate) fn higher(name: &str) -> Option<Higher> {
    match name {
        "map" => Some(Higher::Map),
        "filter" => Some(Higher::Filter),
        "reduce" => Some(Higher::Reduce),
        "sort" => Some(Higher::Sort),
        _ => None,
    }
}

/// Says why a name can't be used, with the likeliest that can.
pub(crate) fn why_unknown(name: &str) -> String {
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return format!("${name} is not part of this language: {why}");
    }
    if find(name).is_some() || higher(name).is_some() {
        return format!("${name} is a function: write ${name}(…)");
    }
    let known = BUILTINS.iter().map(|builtin| builtin.name).chain(["map", "filter", "reduce", "sort"]);
    let same = |known: &&str| known.eq_ignore_ascii_case(name) || one_apart(known, name);
    match { known }.find(same) {
        Some(similar) => format!("There is no ${name} here; did you mean ${similar}?"),
        None => format!("There is no ${name} here"),
    }
}

/// Whether one letter more, less or other, or two exchanged, makes one name the other.
pub(crate) fn one_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if b.len() < 3 || b.len() - a.len() > 1 {
        return false;
    }
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (&a[same..], &b[same..]);
    if a.len() < b.len() {
        return rest_a == &rest_b[1..];
    }
    rest_a.get(1..) == rest_b.get(1..)
        || (rest_a.len() > 1
            && rest_a[0] == rest_b[1]
            && rest_a[1] == rest_b[0]
            && rest_a[2..] == rest_b[2..])
}

/// A text argument, or nothing.
fn text_of<'a>(
    arguments: &'a [Value],
    index: usize,
    name: &str,
) -> Result<Option<&'a Arc<str>>, EvaluateError> {
    match arguments.get(index) {
        None | Some(Value::Undefined) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(name, index, "a text", other)),
    }
}

/// A number argument, or nothing.
fn number_of(arguments: &[Value], index: usize, name: &str) -> Result<Option<f64>, EvaluateError> {
    match arguments.get(index) {
        None | Some(Value::Undefined) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(*number)),
        Some(other) => Err(wrong(name, index, "a number", other)),
    }
}

fn wrong(name: &str, index: usize, wanted: &str, found: &Value) -> EvaluateError {
    let which = ["first", "second", "third", "fourth"].get(index).unwrap_or(&"last");
    EvaluateError::value(format!("The {which} argument of ${name} is {wanted}, not {}", found.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_name() {
        assert!(BUILTINS.is_sorted_by(|a, b| a.name < b.name), "the search needs them in order");
        assert_eq!(find("uppercase").map(|b| b.name), Some("uppercase"));
    }

    #[test]
    fn likely_names_are_offered() {
        assert!(why_unknown("uppercse").contains("$uppercase"));
        assert!(why_unknown("upperCase").contains("$uppercase"));
        assert!(why_unknown("jion").contains("$join"));
        assert!(!why_unknown("x").contains("mean"));
    }
}
