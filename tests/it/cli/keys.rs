//! `gatehouse keys`: the issuer's keys by hand.

use super::Sandbox;
use serde_json::Value;

fn keys(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["--format", "json", "keys"];
    all.extend_from_slice(arguments);
    let said = sandbox.run(&all).succeeded();
    let value: Value = serde_json::from_str(&said).expect("JSON");
    value["keys"].as_array().expect("a list").clone()
}

fn kid(keys: &[Value], alg: &str, state: &str) -> String {
    let found = keys.iter().find(|key| key["alg"] == alg && key["state"] == state);
    found.and_then(|key| key["kid"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn keys_are_listed_rotated_and_withdrawn() {
    let sandbox = Sandbox::migrated();
    let first = keys(&sandbox, &["list"]);
    assert_eq!(first.len(), 3, "{first:?}");
    let rotated = keys(&sandbox, &["rotate", "--alg", "ES256"]);
    let next = kid(&rotated, "ES256", "next");
    assert!(!next.is_empty() && kid(&rotated, "ES256", "active") == kid(&first, "ES256", "active"));
    let refused = sandbox.run(&["keys", "rotate", "--alg", "ES256"]).failed(2);
    assert!(refused.contains("published already"), "{refused}");
    let switched = keys(&sandbox, &["rotate", "--alg", "ES256", "--now"]);
    assert_eq!(kid(&switched, "ES256", "active"), next);
    let old = kid(&switched, "ES256", "retired");
    let withdrawn = keys(&sandbox, &["retire", &old]);
    let published: Vec<_> = withdrawn.iter().filter(|key| key["published"] == true).collect();
    assert_eq!(published.len(), 3, "{withdrawn:?}");
    let replaced = keys(&sandbox, &["retire", &next]);
    assert_ne!(kid(&replaced, "ES256", "active"), next);
    assert!(sandbox.run(&["keys", "list"]).succeeded().contains("signs since"));
    let gone = sandbox.run(&["keys", "retire", "nonsense"]).failed(1);
    assert!(gone.contains("no such key"), "{gone}");
    sandbox.run(&["keys", "rotate", "--alg", "HS256"]).failed(2);
}
