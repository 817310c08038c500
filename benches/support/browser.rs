//! What a browser does with our pages: fields found, forms sent back, a person signed in. Does not own requests (`http`).

use super::{
    gateway::Gateway,
    http::{Answer, Client},
    organisation::{PASSWORD, username},
};

/// The value of the first input of this name. Values with escapes in them are not met here.
pub fn field<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let marker = format!("name=\"{name}\"");
    let tag = page.split('<').find(|tag| tag.starts_with("input") && tag.contains(&marker))?;
    tag.split("value=\"").nth(1)?.split('"').next()
}

/// The whole journey of a sign-in: name page, name, password page, password.
pub fn sign_in(client: &mut Client, username: &str) {
    let page = get_form(client, "/login");
    let csrf = field(&page, "csrf").expect("the page has a form");
    let named = client.post("/login", &[("csrf", csrf), ("username", username)]);
    assert_eq!(named.status, 303, "the name is taken: {}", named.body);
    let page = get_form(client, &named.location);
    let csrf = field(&page, "csrf").expect("the page has a form");
    let fields = [("csrf", csrf), ("username", username), ("password", PASSWORD)];
    let done = client.post("/login/password", &fields);
    assert_eq!((done.status, done.location.as_str()), (303, "/"), "signed in: {}", done.body);
}

fn get_form(client: &mut Client, target: &str) -> String {
    let Answer { status, location, body } = client.get(target, &[("sec-fetch-site", "same-origin")]);
    assert_eq!(status, 200, "{target} goes to {location}: {body}");
    body
}

/// As many clients, each with an address, a person and a session of its own.
pub fn signed_in(gateway: &Gateway, count: usize) -> Vec<Client> {
    let clients = (0..count).map(|n| {
        let mut client = gateway.client();
        client.forget(format!("192.0.2.{}", n % 250));
        sign_in(&mut client, &username(n));
        client
    });
    clients.collect()
}
