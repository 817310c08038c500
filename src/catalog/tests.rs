//! Every file of the catalogue, and files that are wrong.

use super::{file::read, *};
use crate::domain::connection::{ClientAuth, Connection, SamlConnection, ValueSource};

fn values(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn saml(filled: &Filled) -> &SamlConnection {
    filled.connection.saml().expect("a SAML connector")
}

#[test]
fn every_file_is_read_and_its_examples_make_a_complete_app() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/metadata/connectors");
    let mut slugs = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let slug = path.file_stem().expect("a name").to_str().expect("text").to_owned();
        let text = std::fs::read_to_string(&path).expect("readable");
        let connector = read(&slug, &text).unwrap_or_else(|why| panic!("{why}"));
        let filled = connector.fill(&connector.examples(true)).expect("examples are accepted");
        assert!(filled.connection.is_complete(), "{slug}");
        let stored = serde_json::to_string(&filled.connection).expect("JSON");
        assert!(!stored.contains("{{") && !stored.contains("}}"), "{slug} left a placeholder: {stored}");
        slugs.push(slug);
    }
    slugs.sort();
    let mut embedded: Vec<&str> = all().iter().map(|connector| connector.slug.as_str()).collect();
    embedded.sort_unstable();
    assert_eq!(embedded, slugs, "what is in the folder is in the binary");
    assert!(embedded.len() >= 3 && find("amplitude").is_some() && find("custom-saml").is_none());
}

/// The facts of the first three, letter by letter.
#[test]
fn the_first_recipes_say_what_the_vendors_say() {
    let made = |slug: &str, key: &str, value: &str| {
        find(slug).expect("there").fill(&values(&[(key, value)])).expect("accepted")
    };
    let amplitude = made("amplitude", "org_id", " 104733 ");
    assert_eq!(amplitude.parameters, values(&[("org_id", "104733")]), "trimmed");
    let connection = saml(&amplitude);
    assert_eq!(connection.sp_entity_id, "https://amplitude.com/saml/2/metadata/104733");
    assert_eq!(connection.acs_urls[0].url, "https://amplitude.com/saml/2/acs/104733");
    assert!(connection.sign_assertion && connection.sign_response);
    assert!(connection.attributes.iter().any(|row| row.name == "email" && row.required && !row.off));

    let heap = made("heap", "heap_id", "acme-1");
    let connection = saml(&heap);
    assert_eq!(connection.sp_entity_id, "https://heapanalytics.com");
    assert_eq!(connection.acs_urls[0].url, "https://heapanalytics.com/saml/finalize/acme-1/");
    assert!(connection.sign_assertion && !connection.sign_response);

    let mixpanel = made("mixpanel", "org_id", "2718");
    let connection = saml(&mixpanel);
    let start = "https://mixpanel.com/security/sso/v2/authorize/?org_id=2718";
    assert_eq!(connection.sp_entity_id, "https://mixpanel.com/security/sso/v2/authorize/");
    let addresses: Vec<_> = connection.acs_urls.iter().map(|acs| (acs.url.as_str(), acs.default)).collect();
    assert_eq!(addresses, [("https://sso.mixpanel.com/sso/saml2", true), (start, false)]);
    assert_eq!(connection.start_url, start);
    let needed: Vec<_> = connection.attributes.iter().map(|row| (row.name.as_str(), row.required)).collect();
    assert_eq!(needed, [("email", true), ("firstName", true), ("lastName", true)]);
    assert_eq!(find("mixpanel").expect("there").need("firstName"), Some(Need::NewAccounts));
}

#[test]
fn wrong_parameters_are_refused_with_a_sentence_beside_their_field() {
    let amplitude = find("amplitude").expect("there");
    for (given, field) in [
        (values(&[]), "parameters.org_id"),
        (values(&[("org_id", " ")]), "parameters.org_id"),
        (values(&[("org_id", "https://app.amplitude.com/104733")]), "parameters.org_id"),
        (values(&[("org_id", "1/../2")]), "parameters.org_id"),
        (values(&[("org_id", &"1".repeat(200))]), "parameters.org_id"),
        (values(&[("org_id", "1"), ("region", "eu")]), "parameters.region"),
    ] {
        let refused = amplitude.fill(&given).expect_err("refused");
        assert!(refused.of(field).is_some_and(|message| message.len() > 10), "{given:?}: {refused}");
    }
}

#[test]
fn other_parameters_refill_and_what_an_admin_wrote_stays() {
    let mixpanel = find("mixpanel").expect("there");
    let (before, after) = (values(&[("org_id", "1")]), values(&[("org_id", "2")]));
    let mut current = saml(&mixpanel.fill(&before).expect("good")).clone();
    current.idp_entity_id = "https://id.example/saml2/mixpanel/metadata".into();
    current.acs_urls[1].index = 7;
    current.attributes[0].value = ValueSource::Source("username".into());
    current.attributes[1].off = true;
    let stored = |saml: &SamlConnection| Connection::Saml(Box::new(saml.clone()));
    let refilled = mixpanel.refill(&stored(&current), &before, &after).expect("good");
    let now = saml(&refilled);
    assert_eq!(now.start_url, "https://mixpanel.com/security/sso/v2/authorize/?org_id=2");
    assert_eq!((now.acs_urls[1].url.as_str(), now.acs_urls[1].index), (now.start_url.as_str(), 7));
    assert_eq!(now.idp_entity_id, current.idp_entity_id);
    assert_eq!(now.attributes, current.attributes);
    assert_eq!(refilled.parameters, after);

    current.start_url = "https://mixpanel.com/elsewhere".into();
    let kept = mixpanel.refill(&stored(&current), &before, &after).expect("good");
    assert_eq!(saml(&kept).start_url, "https://mixpanel.com/elsewhere", "an admin's own value");
    assert!(mixpanel.refill(&stored(&current), &before, &values(&[("org_id", "?")])).is_err());
}

const GOOD: &str = r#"
name = "Acme"
description = "Rockets"
category = "Tools"
glyph = "rocket"
color = "iris"
protocol = "saml"
settings = "Settings"
steps = ["Open Settings of {{org_id}}."]

[[parameters]]
key = "org_id"
label = "Acme ID"
hint = "Under General."
accepts = "digits"
example = "12"

[saml]
sp_entity_id = "https://acme.example/{{org_id}}"
acs_urls = ["https://acme.example/acs/{{org_id}}"]
name_id = { source = "email", format = "emailAddress" }
sign = ["assertion"]

[[saml.attributes]]
name = "plan"
constant = "of {{org_id}}"

[[give]]
what = "certificate"
label = "Certificate"
"#;

/// The file that `docs/connectors.md` shows is one.
#[test]
fn the_documented_file_is_read() {
    let page = include_str!("../../docs/connectors.md");
    let file = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a file");
    let acme = read("acme", file).unwrap_or_else(|why| panic!("{why}"));
    let filled = acme.fill(&values(&[("org_id", "7")])).expect("good");
    assert_eq!(saml(&filled).start_url, "https://acme.example/login?org=7");
}

#[test]
fn a_wrong_file_is_refused_with_its_path() {
    let acme = read("acme", GOOD).expect("good");
    let filled = acme.fill(&acme.examples(true)).expect("good");
    let Connection::Saml(connection) = &filled.connection else { panic!("a SAML connector") };
    assert_eq!(connection.attributes[0].value, ValueSource::Constant("of 12".into()));
    assert_eq!(acme.steps(&filled.parameters), ["Open Settings of 12."]);
    assert!(acme.matches("ROCK tools") && !acme.matches("rock salt"));
    for (from, to, path) in [
        ("sign = [\"assertion\"]", "sign = [\"assertion\"]\nsing = 1", "saml.sing"),
        ("sign = [\"assertion\"]", "sign = [\"asertion\"]", "saml.sign[0]"),
        ("sign = [\"assertion\"]", "sign = []", "saml"),
        ("hint = \"Under General.\"", "hint = \"x\"\nhelp = \"x\"", "parameters[0].help"),
        ("example = \"12\"", "example = \"twelve\"", "parameters[0].example"),
        ("key = \"org_id\"", "key = \"org id\"", "parameters[0].key"),
        ("acs/{{org_id}}", "acs/{{other}}", "saml.acs_urls[0]"),
        ("acs/{{org_id}}", "acs/{{org_id", "saml.acs_urls[0]"),
        ("https://acme.example/acs", "ftp://acme.example/acs", "saml"),
        ("constant = \"of {{org_id}}\"", "source = \"shoe_size\"", "saml"),
        ("constant = \"of {{org_id}}\"", "", "saml.attributes[0]"),
        ("color = \"iris\"", "color = \"neon\"", "color"),
        ("protocol = \"saml\"", "protocol = \"smtp\"", "protocol"),
        ("what = \"certificate\"", "what = \"key\"", "give[0].what"),
        ("example = \"12\"", "example = \"12\"\nrequired = false", "saml"),
        ("protocol = \"saml\"", "protocol = \"oidc\"", "oidc"),
        ("what = \"certificate\"", "what = \"client_secret\"", "give[0].what"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let refused = read("acme", &GOOD.replace(from, to)).expect_err(to);
        assert!(refused.starts_with(&format!("acme.toml: {path}: ")), "{to}: {refused}");
    }
    let unused = "[[parameters]]\nkey = \"more\"\nlabel = \"x\"\nhint = \"x\"\naccepts = \"word\"\nexample = \"x\"\n[saml]";
    let refused = read("acme", &GOOD.replace("[saml]", unused)).expect_err("unused");
    assert!(refused.starts_with("acme.toml: parameters[1].key: "), "{refused}");
    assert!(read("bookmark", GOOD).is_err() && read("acme", "name = ").is_err());
}

#[test]
fn an_oidc_connector_makes_a_client_and_is_refused_with_its_path() {
    let statsig = find("statsig").expect("there");
    let filled = statsig.fill(&Parameters::new()).expect("it asks for nothing");
    let client = filled.connection.oidc().expect("a client");
    assert_eq!(client.redirect_uris.len(), 2);
    assert_eq!(client.client_auth, ClientAuth::ClientSecretPost);
    assert!(!client.require_pkce && client.may_use(::oidc::GrantType::RefreshToken));
    assert_eq!(client.scopes, ["openid", "email", "profile", "offline_access"]);
    assert!(client.rotates_refresh_tokens(), "unless the file says otherwise");
    let mut own = client.clone();
    own.redirect_uris.push("https://own.example/cb".into());
    let again =
        statsig.refill(&Connection::Oidc(Box::new(own.clone())), &Parameters::new(), &Parameters::new());
    assert_eq!(again.expect("good").connection.oidc(), Some(&own), "an admin's own value");

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/metadata/connectors/statsig.toml");
    let good = std::fs::read_to_string(file).expect("readable");
    for (from, to, path) in [
        ("protocol = \"oidc\"", "protocol = \"saml\"", "saml"),
        ("pkce = \"optional\"", "pkce = \"off\"", "oidc.pkce"),
        ("\"client_secret_post\"", "\"secret\"", "oidc.token_endpoint_auth_method"),
        ("\"refresh_token\"]", "\"password\"]", "oidc.grant_types[1]"),
        ("https://latest.", "http://latest.", "oidc"),
        ("what = \"client_id\"", "what = \"certificate\"", "give[1].what"),
        ("scopes = [\"openid\", ", "scopes = [", "oidc"),
        (
            "pkce = \"optional\"",
            "pkce = \"optional\"\nrefresh_token_rotation = \"off\"",
            "oidc.refresh_token_rotation",
        ),
        (
            "\"client_secret_post\"",
            "\"none\"\nrefresh_token_rotation = \"never\"",
            "oidc: refresh_token_rotation",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let refused = read("statsig", &good.replace(from, to)).expect_err(to);
        assert!(refused.starts_with(&format!("statsig.toml: {path}: ")), "{to}: {refused}");
    }
    let file = good.replace("pkce = \"optional\"", "pkce = \"optional\"\nrefresh_token_rotation = \"never\"");
    let kept = read("statsig", &file).expect("it has a secret").fill(&Parameters::new()).expect("filled");
    assert!(!kept.connection.oidc().expect("a client").rotates_refresh_tokens());
}
