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

const ORGANISATION: &str = "apps: [{slug: crm, connector: custom-saml, saml: {sp_entity_id: 'https://sp.example/m', \
    acs_urls: [{url: 'https://sp.example/acs'}]}}, {slug: wiki, connector: bookmark, url: 'https://wiki.example'}]";

fn ids(keys: &[Value], state: &str) -> Vec<String> {
    let of_state = keys.iter().filter(|key| key["state"] == state);
    of_state.filter_map(|key| key["id"].as_str()).map(str::to_owned).collect()
}

#[test]
fn keys_of_an_app_are_rolled_over() {
    let sandbox = Sandbox::migrated();
    sandbox.file("org.yaml", ORGANISATION).run(&["apply", "org.yaml"]).succeeded();
    let old = ids(&keys(&sandbox, &["list", "--app", "crm"]), "active").remove(0);
    let made = keys(&sandbox, &["rotate", "--app", "crm", "--alg", "p256", "--years", "2"]);
    let next = ids(&made, "next").remove(0);
    assert_eq!(ids(&made, "active"), std::slice::from_ref(&old), "it signs nothing yet");
    let again = sandbox.run(&["keys", "rotate", "--app", "crm"]).failed(2);
    assert!(again.contains("next certificate already"), "{again}");

    let made_at =
        made[0]["created_at"].as_str().and_then(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok());
    let soon = made_at.expect("an instant") + chrono::TimeDelta::days(3);
    let soon = soon.format("%Y-%m-%dT06:00:00Z").to_string();
    let planned = keys(&sandbox, &["rotate", "--app", "crm", "--on", &soon]);
    assert_eq!(ids(&planned, "next"), std::slice::from_ref(&next), "the one that is there");
    assert_eq!(planned.iter().find(|key| key["id"] == *next).expect("there")["switch_at"], soon);
    let unplanned = keys(&sandbox, &["rotate", "--app", "crm", "--unschedule"]);
    assert!(unplanned.iter().all(|key| key.get("switch_at").is_none()), "{unplanned:?}");

    let switched = keys(&sandbox, &["rotate", "--app", "crm", "--now"]);
    assert_eq!(
        (ids(&switched, "active"), ids(&switched, "retired")),
        (vec![next.clone()], vec![old.clone()])
    );
    let back = keys(&sandbox, &["rollback", &old, "--app", "crm"]);
    assert_eq!((ids(&back, "active"), ids(&back, "next")), (vec![old.clone()], vec![next.clone()]));
    keys(&sandbox, &["retire", &next, "--app", "crm"]);
    let at_once = keys(&sandbox, &["rotate", "--app", "crm", "--now"]);
    assert_eq!(ids(&at_once, "retired"), std::slice::from_ref(&old), "made and switched to");
    let active = ids(&at_once, "active").remove(0);
    let replaced = keys(&sandbox, &["retire", &active, "--app", "crm"]);
    assert_eq!(ids(&replaced, "retired").len(), 2, "withdrawn: {replaced:?}");
    let no_way_back = sandbox.run(&["keys", "rollback", &active, "--app", "crm"]).failed(2);
    assert!(no_way_back.contains("withdrawn in an emergency"), "{no_way_back}");

    let (certificate, private_key) = crate::saml::app_keys::pair();
    sandbox.file("own.pem", &certificate).file("own.key", &private_key);
    let files = ["upload", "--app", "crm", "--certificate", "own.pem", "--private-key", "own.key"];
    let brought = keys(&sandbox, &files);
    assert_eq!(brought.iter().find(|key| key["state"] == "next").expect("there")["algorithm"], "p256");
    let table = sandbox.run(&["keys", "list", "--app", "crm"]).succeeded();
    assert!(table.contains("next") && table.contains("SHA-256") && !table.contains("PRIVATE"), "{table}");

    for (arguments, code, said) in [
        (&["keys", "rotate", "--app", "crm", "--alg", "RS256"][..], 2, "rsa2048, rsa3072, rsa4096 or p256"),
        (&["keys", "rotate", "--alg", "p256"], 2, "RS256, ES256 and EdDSA"),
        (&["keys", "rotate", "--years", "3"], 2, "--app"),
        (
            &["keys", "rotate", "--app", "crm", "--now", "--on", "2036-01-01T06:00:00Z"],
            2,
            "cannot be used with",
        ),
        (&["keys", "rollback", &old], 2, "--app SLUG"),
        (&["keys", "list", "--app", "none"], 1, "no such application"),
        (&["keys", "list", "--app", "wiki"], 1, "no such certificate"),
        (&["keys", "retire", "nonsense", "--app", "crm"], 1, "no such key"),
        (
            &["keys", "upload", "--app", "crm", "--certificate", "own.pem", "--private-key", "gone.key"],
            2,
            "gone.key",
        ),
    ] {
        let refused = sandbox.run(arguments).failed(code);
        assert!(refused.contains(said), "{arguments:?}: {refused}");
    }
}
