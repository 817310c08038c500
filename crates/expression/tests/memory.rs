//! Owns the proof that hostile expressions take little memory, as the system counts it.
//! Does not own their time and stack (`hostile`). Alone in its process, so that nothing else is counted.
#![cfg(target_os = "linux")]

mod common;

use common::hostile_expressions;
use expression::{Context, Expression};
use serde_json::json;

/// The most memory this process ever had, in KiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number of kB")
}

#[test]
fn w14_hostile_expressions_take_little_memory() {
    let context = Context::from_json(&json!({
        "s": "a".repeat(30_000),
        "list": (0..2_000).collect::<Vec<_>>(),
        "names": (0..1_000).map(|n| format!("app-{n}")).collect::<Vec<_>>(),
        "user": { "email": "maya@fernhill.example" },
    }))
    .unwrap();
    let all = hostile_expressions();
    let mut before = peak();
    let first = before;
    for text in all {
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.evaluate(&context);
        }
        let after = peak();
        // 1 MiB of values, the result as JSON, tables of patterns, and what the allocator keeps.
        assert!(
            after - before <= 4 * 1024,
            "{} KiB more for {}",
            after - before,
            &text.chars().take(90).collect::<String>()
        );
        before = after;
    }
    let grown = peak() - first;
    assert!(grown <= 12 * 1024, "{grown} KiB for all");
}
