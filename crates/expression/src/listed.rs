//! Owns what can be told of a result's form before it is made: whether an expression maps, picks from or puts together a list,
//! so that its result is one by kind even where it holds one value or none. Does not own running an expression, which keeps to
//! JSONata's rule that a list of one is that one.

use crate::{
    ast::{Higher, Lambda, Node, NodeKind, Operator, Step},
    value::Value,
};

/// Whether the result of an expression is a list by kind.
pub(crate) fn is_list(root: &Node, functions: &[Lambda], slots: usize) -> bool {
    let places = vec![At::Elsewhere; functions.len()];
    let results = vec![None; functions.len()];
    Look { functions, places, results, slots: vec![false; slots] }.node(root, At::Root).0
}

/// Where a name is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Root,
    Session,
    Elsewhere,
}

struct Look<'a> {
    functions: &'a [Lambda],
    /// What `$` is in each function: what it was where the function was written.
    places: Vec<At>,
    /// Whether each function makes a list, where that was looked into. Each is looked into once: functions that call one another
    /// would take twice as long with each of them.
    results: Vec<Option<bool>>,
    /// Whether each variable holds a list by kind.
    slots: Vec<bool>,
}

impl Look<'_> {
    /// Whether the node makes a list where `$` is `at`, and what a name after it is looked up in.
    fn node(&mut self, node: &Node, at: At) -> (bool, At) {
        let listed = match &node.kind {
            NodeKind::Context => return (false, at),
            NodeKind::Root => return (false, At::Root),
            NodeKind::Field(name) => {
                return match (at, &**name) {
                    (At::Root, "groups") | (At::Session, "amr") => (true, At::Elsewhere),
                    (At::Root, "session") => (false, At::Session),
                    _ => (false, At::Elsewhere),
                };
            }
            NodeKind::Path { steps, keep } => {
                let (listed, at) = self.path(steps, at);
                return (listed || *keep, at);
            }
            NodeKind::Variable(slot) => self.slots.get(*slot).copied().unwrap_or_default(),
            NodeKind::Array(_) => true,
            NodeKind::Condition { test, yes, no } => {
                self.node(test, at);
                let yes = self.node(yes, at).0;
                no.as_ref().map_or(yes, |no| self.node(no, at).0 && yes)
            }
            NodeKind::Binary { operator: Operator::Otherwise | Operator::OrElse, left, right } => {
                let left = self.node(left, at).0;
                self.node(right, at).0 && left
            }
            NodeKind::Block { nodes, .. } => {
                let mut last = false;
                for node in nodes {
                    last = self.node(node, at).0;
                }
                last
            }
            NodeKind::Assign { slot, value } => {
                let listed = self.node(value, at).0;
                if let Some(known) = self.slots.get_mut(*slot) {
                    *known = listed;
                }
                listed
            }
            NodeKind::Call { builtin, arguments } => {
                let mut listed = arguments.iter().map(|argument| self.node(argument, at).0);
                match builtin.name {
                    "distinct" | "reverse" => listed.next().unwrap_or_default(),
                    "append" => listed.fold(false, |any, one| any | one),
                    _ => false,
                }
            }
            NodeKind::CallDefined { function, .. } => self.result(*function),
            NodeKind::Define { function } => {
                if let Some(place) = self.places.get_mut(*function) {
                    *place = at;
                }
                false
            }
            NodeKind::Higher { higher, subject, .. } => {
                let listed = self.node(subject, at).0;
                listed && *higher != Higher::Reduce
            }
            NodeKind::Literal(_)
            | NodeKind::Wildcard
            | NodeKind::Negate(_)
            | NodeKind::Binary { .. }
            | NodeKind::Range(..)
            | NodeKind::Object(_) => false,
        };
        (listed, At::Elsewhere)
    }

    /// Whether a function makes a list. It can't call itself; if it could, it would make none there.
    fn result(&mut self, function: usize) -> bool {
        let (Some(lambda), Some(result)) = (self.functions.get(function), self.results.get_mut(function))
        else {
            return false;
        };
        if let Some(known) = *result {
            return known;
        }
        *result = Some(false);
        let at = self.places.get(function).copied().unwrap_or(At::Elsewhere);
        let listed = self.node(&lambda.body, at).0;
        if let Some(result) = self.results.get_mut(function) {
            *result = Some(listed);
        }
        listed
    }

    /// Every step over a list makes a list; a position picks one of what its own step made.
    fn path(&mut self, steps: &[Step], mut at: At) -> (bool, At) {
        let mut listed = false;
        for step in steps {
            let (mut of_step, next) = self.node(&step.node, at);
            of_step &= step.filters.iter().all(is_test);
            listed |= of_step;
            at = next;
        }
        (listed, at)
    }
}

/// Whether a filter is true or false of each value: anything else may be a number, which picks by position.
fn is_test(filter: &Node) -> bool {
    match &filter.kind {
        NodeKind::Literal(Value::Boolean(_)) => true,
        NodeKind::Binary { operator, .. } => matches!(
            operator,
            Operator::Equal
                | Operator::Unequal
                | Operator::Less
                | Operator::LessOrEqual
                | Operator::Greater
                | Operator::GreaterOrEqual
                | Operator::In
                | Operator::And
                | Operator::Or
        ),
        NodeKind::Call { builtin, .. } => matches!(builtin.name, "contains" | "exists" | "not" | "boolean"),
        NodeKind::Block { nodes, .. } => nodes.last().is_some_and(is_test),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::Expression;

    fn is_list(text: &str) -> bool {
        Expression::parse(text).expect(text).is_list()
    }

    #[test]
    fn what_maps_or_picks_from_a_list_is_one_by_kind() {
        for text in [
            "groups",
            "$$.groups",
            "groups.('x-' & $)",
            "groups[$ = \"Team\"]",
            "groups[$contains($, /^app-/)].$substringAfter(\"app-\")",
            "groups[($ = \"a\")]",
            "groups.{\"value\": $}",
            "groups.$split(\"-\")[0]",
            "session.amr",
            "$map(groups, function($g){$uppercase($g)})",
            "$filter(groups, function($g){$g != \"a\"})",
            "$sort(groups)",
            "$distinct(groups)",
            "$append(groups, user.email)",
            "[user.email]",
            "user.custom.teams[]",
            "groups[0][]",
            "\"Staff\" in groups ? groups : []",
            "\"Staff\" in groups ? groups",
            "groups ?? []",
            "($all := groups; $all[$ != \"a\"])",
            "($up := function($l){groups}; $up(1))",
            "groups ~> $map(function($g){$g})",
        ] {
            assert!(is_list(text), "{text}");
        }
    }

    #[test]
    fn what_is_one_value_is_none() {
        for text in [
            "user.email",
            "user.groups",
            "user.custom.teams",
            "groups[0]",
            "groups[-1]",
            "groups[$count(groups) - 1]",
            "groups[user.custom.level]",
            "$join(groups, \";\")",
            "$count(groups)",
            "\"Staff\" in groups",
            "\"Staff\" in groups ? groups : \"none\"",
            "\"Staff\" in groups ? \"a\" : \"b\"",
            "groups[0] ?? []",
            "{\"groups\": groups}",
            "$reduce(groups, function($a, $b){$a & $b})",
            "session.acr",
            "app.label",
        ] {
            assert!(!is_list(text), "{text}");
        }
    }

    #[test]
    fn functions_that_call_each_other_are_looked_at_once() {
        let twice = |number: i32| {
            let before = number - 1;
            format!("$f{number} := function($x){{($f{before}(1); $f{before}(1))}}; ")
        };
        let chain = (1..40).map(twice).collect::<Vec<_>>().concat();
        let text = format!("($f0 := function($x){{groups}}; {chain}$f39(1))");
        assert!(is_list(&text));
        let itself = "($f := function($x){$f($x)}; $f(1))";
        assert!(Expression::parse(itself).is_err(), "a function is not there in itself");
    }
}
