//! `demo`: one line when ready, everything at the printed addresses, again on the same data.

use super::Sandbox;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command},
};

/// A demo that is stopped when the test is over.
struct Demo {
    child: Child,
    ready: Value,
}

impl Demo {
    fn start(sandbox: &Sandbox) -> Self {
        let arguments = ["demo", "--listen", "127.0.0.1:0", "--data-dir", "demo", "--format", "json"];
        let mut child = sandbox.command(&arguments).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line:?}"));
        Self { child, ready }
    }

    fn text(&self, name: &str) -> String {
        self.ready[name].as_str().expect(name).to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Already gone when it was stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_demo_is_ready_when_it_says_so_and_starts_again() {
    let sandbox = Sandbox::new();
    let mut first = Demo::start(&sandbox);
    let http =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let url = first.text("url");
    for address in [format!("{url}/login"), first.text("sample_saml_url"), first.text("sample_oidc_url")] {
        let status = http.get(&address).send().await.expect("answers").status();
        assert!(status.is_success() || status.is_redirection(), "{address}: {status}");
    }
    let discovery =
        http.get(format!("{url}/.well-known/openid-configuration")).send().await.expect("answers");
    let discovery: Value = discovery.json().await.expect("JSON");
    assert_eq!(discovery["issuer"], Value::from(url));
    let roles: Vec<&Value> =
        first.ready["sign_ins"].as_array().expect("a list").iter().map(|s| &s["role"]).collect();
    assert_eq!(roles, ["user", "owner"]);
    let password = first.ready["sign_ins"][0]["password"].clone();
    let id = first.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    assert_eq!(first.child.wait().expect("it ends").code(), Some(0));

    let second = Demo::start(&sandbox);
    assert_ne!(second.ready["sign_ins"][0]["password"], password, "passwords are new each time");
    assert_eq!(second.ready["sign_ins"][0]["username"], "maya");
}
