//! `serve` as a process: ready, driven from outside, stopped by a signal.

use super::Sandbox;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStderr, Command},
    sync::mpsc,
    time::{Duration, Instant},
};

/// Longest wait for anything a server says or does.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that is killed when the test is over.
pub struct Server {
    child: Child,
    lines: mpsc::Receiver<String>,
    /// Its public URL.
    pub url: String,
}

impl Server {
    /// Starts one on a free port; its log is JSON.
    pub fn start(sandbox: &Sandbox, port: u16) -> Self {
        let url = format!("http://localhost:{port}");
        let mut command = sandbox.command(&["serve"]);
        command
            .env("GATEHOUSE_HTTP_LISTEN", format!("127.0.0.1:{port}"))
            .env("GATEHOUSE_HTTP_PUBLIC_URL", &url);
        let mut child = command.spawn().expect("it starts");
        let lines = read_lines(child.stderr.take().expect("a pipe"));
        Self { child, lines, url }
    }

    /// The next log line that holds the words.
    pub fn line_with(&self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("the log never said {words}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Sends a signal and answers the exit code and the rest of the log.
    pub fn stop(&mut self, signal: &str) -> (Option<i32>, Vec<String>) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                return (status.code(), self.lines.iter().collect());
            }
            assert!(Instant::now() < until, "it did not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone when it was stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_lines(stderr: ChildStderr) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

#[tokio::test]
async fn the_first_start_prints_a_code_and_a_signal_stops_it() {
    for signal in ["-TERM", "-INT"] {
        let sandbox = Sandbox::migrated();
        let mut server = Server::start(&sandbox, free_port());
        let code = server.line_with("Setup code");
        let code: Value = serde_json::from_str(&code).expect("the log is JSON when it is not a terminal");
        assert!(code["message"].as_str().is_some_and(|text| text.contains(&server.url)), "{code}");
        server.line_with("ready");
        let http = client();
        for path in ["/healthz", "/readyz"] {
            let answer = http.get(format!("{}{path}", server.url)).send().await.expect("answers");
            assert_eq!(answer.status(), 200, "{path}");
        }
        let secret = format!("{}/login?token=canary-in-query", server.url);
        let answer =
            http.get(secret).header("x-request-id", "chosen-by-client").send().await.expect("answers");
        let id = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
        assert_eq!(id.len(), 26, "our own id, not the client's: {id}");
        let (exit, log) = server.stop(signal);
        assert_eq!(exit, Some(0), "{signal}: {log:?}");
        assert!(log.iter().any(|line| line.contains("stopped")), "{log:?}");
        let log = log.join("\n");
        assert!(log.contains(&id) && log.contains("/login"), "the request is in the log: {log}");
        assert!(!log.contains("canary-in-query") && !log.contains("chosen-by-client"), "{log}");
    }
}

#[tokio::test]
async fn files_are_applied_to_a_running_server_and_act_at_once() {
    let sandbox = Sandbox::migrated();
    sandbox.file("org.yaml", "users: [{username: maya, email: maya@fernhill.example}, {username: t, email: t@x.example, role: owner}]");
    let owner = sandbox.run(&["token", "create", "--name", "o", "--role", "owner"]).succeeded();
    let admin = sandbox.run(&["token", "create", "--name", "a", "--role", "admin"]).succeeded();
    let auditor = sandbox.run(&["token", "create", "--name", "r", "--role", "auditor"]).succeeded();
    let server = Server::start(&sandbox, free_port());
    server.line_with("ready");
    let with = |token: &str, arguments: &[&str]| {
        let all = [arguments, &["--server", &server.url]].concat();
        let output =
            sandbox.command(&all).env("GATEHOUSE_TOKEN", token.trim_end()).output().expect("it starts");
        super::Ran::of(output)
    };
    // W-17: a role is given by owners only, and nothing at all by auditors.
    assert!(with(&admin, &["apply", "org.yaml"]).failed(1).contains("403"));
    assert!(with(&auditor, &["apply", "org.yaml"]).failed(1).contains("403"));
    assert!(with(&auditor, &["export", "--secrets", "sealed"]).failed(1).contains("403"));
    assert!(with("ghp_unknown", &["export"]).failed(1).contains("401"));
    assert!(with("", &["export"]).failed(2).contains("GATEHOUSE_TOKEN"));
    assert!(with(&auditor, &["export"]).succeeded().contains("users: []"), "nothing was written so far");

    let plan = with(&owner, &["apply", "org.yaml", "--plan"]).succeeded();
    assert!(plan.contains("2 changes planned"), "{plan}");
    assert!(with(&owner, &["apply", "org.yaml"]).succeeded().contains("2 changes made"));
    assert_eq!(with(&owner, &["apply", "org.yaml"]).succeeded(), "No change.\n");
    assert!(with(&auditor, &["export"]).succeeded().contains("username: maya"));
    sandbox.file("bad.yaml", "users: [{username: maya, email: nope}]");
    assert!(with(&owner, &["apply", "bad.yaml"]).failed(2).contains("bad.yaml: users[0].email"));
    // The keys of an app, over the API.
    let crm = "apps: [{slug: crm, saml: {sp_entity_id: 'https://sp.example/m', acs_urls: [{url: 'https://sp.example/acs'}]}}]";
    sandbox.file("crm.yaml", crm);
    with(&owner, &["apply", "crm.yaml"]).succeeded();
    assert_eq!(with(&auditor, &["keys", "list", "--app", "crm"]).succeeded().matches("active").count(), 1);
    assert!(with(&auditor, &["keys", "rotate", "--app", "crm"]).failed(1).contains("403"));
    assert!(
        with(&admin, &["keys", "rotate", "--app", "crm", "--alg", "p256"])
            .succeeded()
            .contains("p256     next")
    );
    let switched = with(&admin, &["keys", "rotate", "--app", "crm", "--now"]).succeeded();
    assert!(switched.contains("p256     active") && switched.contains("published until"), "{switched}");
    let old = switched.lines().find(|line| line.contains("retired")).expect("the one before");
    let old = old.split_whitespace().nth(2).expect("an id");
    let back = with(&admin, &["keys", "rollback", old, "--app", "crm"]).succeeded();
    assert!(back.contains("p256     next"), "{back}");
    let planned = with(&admin, &["keys", "rotate", "--app", "crm", "--on", "2001-01-01T00:00:00Z"]).failed(1);
    assert!(planned.contains("422"), "{planned}");
    assert!(with(&admin, &["keys", "retire", old, "--app", "none"]).failed(1).contains("404"));
    // A change made beside the server is seen by it.
    sandbox.file("more.yaml", "groups: [{name: Growth, members: [maya]}]");
    sandbox.run(&["apply", "more.yaml"]).succeeded();
    assert!(with(&auditor, &["export"]).succeeded().contains("name: Growth"));
}

#[tokio::test]
async fn the_api_answers_problems_and_wants_a_token() {
    let sandbox = Sandbox::migrated();
    let token = sandbox.run(&["token", "create", "--name", "a", "--role", "admin"]).succeeded();
    let server = Server::start(&sandbox, free_port());
    server.line_with("ready");
    let http = client();
    let apply = format!("{}/api/v1/organisation/apply", server.url);
    let export = format!("{}/api/v1/organisation/export", server.url);
    let ask = |request: reqwest::RequestBuilder| async {
        let answer = request.send().await.expect("answers");
        let status = answer.status().as_u16();
        let kind =
            answer.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let challenge = answer.headers().contains_key("www-authenticate");
        assert!(
            !answer.headers().contains_key("set-cookie")
                && !answer.headers().contains_key("access-control-allow-origin")
        );
        let body: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
        assert_eq!(body["status"], json!(status), "{body}");
        assert_eq!(kind, "application/problem+json");
        (status, challenge)
    };
    let bearer = token.trim_end();
    assert_eq!(ask(http.get(&export)).await, (401, true));
    assert_eq!(ask(http.get(&export).bearer_auth("ghp_wrong")).await, (401, true));
    assert_eq!(ask(http.get(&export).header("authorization", format!("Basic {bearer}"))).await, (401, true));
    assert_eq!(ask(http.get(&export).header("cookie", format!("token={bearer}"))).await, (401, true));
    assert_eq!(ask(http.get(format!("{export}?secrets=all")).bearer_auth(bearer)).await, (400, false));
    assert_eq!(ask(http.get(format!("{}/api/v1/nothing", server.url))).await, (404, false));
    assert_eq!(ask(http.get(&apply).bearer_auth(bearer)).await, (405, false));
    // W-01: a form or text/plain, which a browser sends across sites unasked, is no document.
    let text = http.post(&apply).bearer_auth(bearer).header("content-type", "text/plain").body("{}");
    assert_eq!(ask(text).await, (415, false));
    let json = |body: String| {
        http.post(&apply).bearer_auth(bearer).header("content-type", "application/json").body(body)
    };
    assert_eq!(ask(json("{".into())).await, (422, false));
    assert_eq!(ask(json(r#"{"users": [{"username": "a", "id": "1"}]}"#.into())).await, (422, false));
    assert_eq!(ask(json("[".repeat(200_000))).await, (422, false));
    // One byte too many: the refusal comes when all of it has been read, so the client sees it.
    assert_eq!(ask(json("x".repeat((8 << 20) + 1))).await, (413, false));
    let answer = json("{}".into()).send().await.expect("answers");
    assert_eq!(answer.status(), 200);
}

#[test]
fn a_port_in_use_is_one_line() {
    let sandbox = Sandbox::migrated();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let mut command = sandbox.command(&["serve"]);
    command.env("GATEHOUSE_HTTP_LISTEN", format!("127.0.0.1:{port}"));
    let mut child = command.spawn().expect("it starts");
    let status = child.wait().expect("it ends");
    let mut text = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut text).expect("text");
    assert_eq!(status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{text}");
}

#[tokio::test]
async fn noted_sign_ons_are_kept_when_it_stops_and_a_kill_breaks_nothing() {
    for signal in ["-TERM", "-KILL"] {
        let sandbox = Sandbox::migrated();
        sandbox.file("org.yaml", "apps: [{slug: crm, saml: {sp_entity_id: 'https://sp.example', acs_urls: [{url: 'https://sp.example/acs'}]}}]");
        sandbox.run(&["apply", "org.yaml"]).succeeded();
        let mut server = Server::start(&sandbox, free_port());
        server.line_with("ready");
        let refused = format!("{}/saml2/crm?SAMLRequest=junk", server.url);
        let answer = client().get(refused).send().await.expect("answers");
        assert!(answer.status().is_client_error(), "{}", answer.status());
        server.stop(signal);
        let count = || {
            let file = rusqlite::Connection::open(sandbox.path("data/gatehouse.db")).expect("opens");
            file.query_row("SELECT count(*) FROM recordings", [], |row| row.get::<_, i64>(0))
                .expect("counted")
        };
        if signal == "-TERM" {
            assert_eq!(count(), 1, "written on the way out");
        } else {
            assert!(count() <= 1, "at most the last seconds are lost");
        }
        let again = Server::start(&sandbox, free_port());
        again.line_with("ready");
    }
}
