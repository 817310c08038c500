use super::*;

const ONE: &str = "https://one.example/";
const TWO: &str = "https://two.example/";

fn client(trusted: bool, resources: &[&str]) -> Client {
    let mut client = Client::new("metrics".to_owned(), Vec::new());
    client.trusted = trusted;
    client.resources = owned(resources);
    client
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// The code of the refusal, or the resources.
fn ask(client: &Client, requested: &[&str], granted: &[&str]) -> Result<Vec<String>, ErrorCode> {
    audience(client, &owned(requested), &owned(granted)).map_err(|error| error.code())
}

#[test]
fn o36_a_third_party_client_gets_no_resource_that_nobody_was_asked_about() {
    let (ours, theirs) = (client(true, &[ONE, TWO]), client(false, &[ONE, TWO]));
    assert_eq!(ask(&ours, &[ONE], &[]), Ok(owned(&[ONE])), "the company chose it for everybody");
    assert_eq!(ask(&theirs, &[ONE], &[]), Err(ErrorCode::InvalidTarget));
    for client in [&ours, &theirs] {
        assert_eq!(ask(client, &[], &[]), Ok(Vec::new()));
        assert_eq!(ask(client, &[ONE], &[ONE, TWO]), Ok(owned(&[ONE])));
        assert_eq!(ask(client, &[TWO], &[ONE]), Err(ErrorCode::InvalidTarget), "granted without it");
    }
}
