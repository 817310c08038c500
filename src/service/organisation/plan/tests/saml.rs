//! Plans of SAML apps: our entity IDs, rows of a recipe, metadata in the file and by address.

use super::*;

/// The planned app of a slug, as it would be stored.
fn stored(yaml: &str, slug: &str) -> CurrentApp {
    let steps = plan(&current(), &read(yaml), setting()).expect(yaml).steps;
    let draft = steps.into_iter().find_map(|step| match step.operation {
        Operation::CreateApp { draft, .. } if draft.slug == slug => Some(draft),
        _ => None,
    });
    let app = app_of(draft.expect("an app").check().expect("valid").get().clone());
    CurrentApp { app, groups: HashMap::new(), users: HashSet::new(), secrets: Vec::new() }
}

/// That state with these apps.
fn with(yaml: &str, slugs: &[&str]) -> Current {
    let mut current = current();
    for slug in slugs {
        current.apps.insert((*slug).to_owned(), stored(yaml, slug));
    }
    current
}

#[test]
fn sdp_g04_no_two_apps_know_us_by_one_entity_id() {
    let yaml = "apps: [{slug: heap, saml: {idp_entity_id: 'urn:heap'}}, {slug: wiki, saml: {}}]";
    let mut current = with(yaml, &["heap", "wiki"]);
    current.aliases.insert("handbook".into(), "wiki".into());
    let new = |id: &str| format!("apps: [{{slug: fresh, saml: {{idp_entity_id: '{id}'}}}}]");
    for (id, other) in [
        ("urn:heap", "heap"),
        ("https://id.example/saml2/wiki/metadata", "wiki"),
        ("https://id.example/saml2/heap/metadata", "heap"),
        ("https://id.example/saml2/handbook/metadata", "wiki"),
    ] {
        let told = refused(&current, &new(id));
        assert_eq!(told[0].0, "apps[0].saml.idp_entity_id", "{id}");
        assert!(told[0].1.contains(&format!("“{other}”")), "{told:?}");
    }
    for free in
        ["urn:other", "https://id.example/saml2/fresh/metadata", "https://other.example/saml2/wiki/metadata"]
    {
        assert_eq!(lines(&current, &new(free), false), ["+ app fresh"], "{free}");
    }
    // Without the app that has it, it is free; and what an app has itself is no hindrance.
    assert_eq!(lines(&current, &new("urn:heap"), true), ["- app heap", "- app wiki", "+ app fresh"]);
    assert_eq!(lines(&current, yaml, false), Vec::<String>::new());
    // An app whose own address another one is known by.
    let held = with(
        "apps: [{slug: heap, saml: {idp_entity_id: 'https://id.example/saml2/fresh/metadata'}}]",
        &["heap"],
    );
    assert_eq!(
        refused(&held, "apps: [{slug: fresh, saml: {idp_entity_id: 'urn:own'}}]")[0].0,
        "apps[0].slug"
    );
    assert_eq!(refused(&held, "apps: [{slug: fresh, saml: {}}]")[0].0, "apps[0].saml.idp_entity_id");
    // Emptied, it is the address of the metadata, and stays so.
    let emptied = "apps: [{slug: heap, saml: {idp_entity_id: ''}}]";
    let printed = lines(&current, emptied, false);
    assert!(printed[0].contains("\"urn:heap\" → \"https://id.example/saml2/heap/metadata\""), "{printed:?}");
}

#[test]
fn a_former_name_is_no_new_app() {
    let mut current = with("apps: [{slug: wiki, saml: {}}]", &["wiki"]);
    current.aliases.insert("handbook".into(), "wiki".into());
    let yaml = "apps: [{slug: handbook, saml: {}}]";
    let told = refused(&current, yaml);
    assert!(told[0].0 == "apps[0].slug" && told[0].1.contains("“wiki”"), "{told:?}");
    // With its app the name goes, too.
    assert_eq!(lines(&current, yaml, true), ["- app wiki", "+ app handbook"]);
}

#[test]
fn rows_that_a_recipe_needs_stay() {
    let yaml = |rows: &str| {
        format!(
            "apps: [{{slug: a, connector: amplitude, parameters: {{org_id: '1'}}, saml: {{attributes: [{rows}]}}}}]"
        )
    };
    let kept = stored(&yaml("{name: email, constant: x, off: true}"), "a");
    let row = kept.app.connection.saml().map(|saml| saml.attributes[0].clone()).expect("a row");
    assert!(
        row.required && row.off && row.value == crate::domain::connection::ValueSource::Constant("x".into())
    );
    assert_eq!(refused(&current(), &yaml(""))[0].0, "apps[0].saml.attributes");
    // One that does without already goes on, and the plan says so.
    let mut current = with(&yaml("{name: email, source: email}"), &["a"]);
    let app = &mut current.apps.get_mut("a").expect("there").app;
    let mut without = app.connection.saml().expect("SAML").clone();
    without.attributes.clear();
    app.connection = Connection::Saml(Box::new(without)).into();
    let planned = plan(&current, &read(&yaml("")), setting()).expect("let stand");
    assert!(planned.steps.is_empty(), "{:?}", planned.steps);
    assert!(planned.warnings[0].message.contains("“email”"), "{:?}", planned.warnings);
}

#[test]
fn s_35_another_address_of_metadata_takes_nothing_away() {
    let before = "apps: [{slug: crm, saml: {sp_metadata_url: 'https://one.example/m', sp_entity_id: 'urn:crm', \
                  acs_urls: [{url: 'https://crm.example/acs'}], logout_services: [{binding: post, url: 'https://crm.example/slo'}]}}]";
    let current = with(before, &["crm"]);
    let connection = |yaml: &str| {
        let steps = plan(&current, &read(yaml), setting()).expect(yaml).steps;
        let Some(Operation::UpdateApp { checked, .. }) = steps.into_iter().map(|step| step.operation).next()
        else {
            panic!("a change")
        };
        checked.get().connection.saml().cloned().expect("SAML")
    };
    for urls in ["'https://two.example/m'", "['https://one.example/m', 'https://two.example/m']"] {
        let saml = connection(&format!("apps: [{{slug: crm, saml: {{sp_metadata_url: {urls}}}}}]"));
        assert_eq!(saml.sp_entity_id, "urn:crm", "{urls}");
        assert_eq!(saml.acs_urls[0].url, "https://crm.example/acs", "{urls}");
        assert_eq!(saml.logout_services.len(), 1, "{urls}");
        let wanted = saml.metadata_source.map(|source| source.urls).unwrap_or_default();
        assert!(wanted.contains(&"https://two.example/m".to_owned()));
    }
    // Without an address, a block says all there is.
    let saml = connection("apps: [{slug: crm, saml: {sp_entity_id: 'urn:crm'}}]");
    assert_eq!((saml.acs_urls.len(), saml.metadata_source), (0, None));
}

#[test]
fn s_35_what_metadata_gives_to_think_about_is_said() {
    let xml = "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' entityID='urn:crm' validUntil='2020-01-01T00:00:00Z'>\
               <SPSSODescriptor AuthnRequestsSigned='true' protocolSupportEnumeration='urn:oasis:names:tc:SAML:2.0:protocol'>\
               <AssertionConsumerService Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST' Location='https://crm.example/acs' \
               index='0'/><AttributeConsumingService index='0'><ServiceName xmlns:xml='http://www.w3.org/XML/1998/namespace' \
               xml:lang='en'>x</ServiceName><RequestedAttribute Name='plan' isRequired='true'/></AttributeConsumingService>\
               </SPSSODescriptor></EntityDescriptor>";
    let said = |current: &Current, more: &str| -> Vec<String> {
        let yaml = format!("apps: [{{slug: crm, saml: {{sp_metadata: \"{xml}\"{more}}}}}]");
        let planned = plan(current, &read(&yaml), setting()).expect(&yaml);
        planned.warnings.iter().map(ToString::to_string).collect()
    };
    let warnings = said(&current(), "");
    for part in ["This metadata ended on 1 January 2020", "publishes no certificate", "“plan”"] {
        assert!(
            warnings.iter().any(|line| line.starts_with("! app crm: ") && line.contains(part)),
            "{part}: {warnings:?}"
        );
    }
    let answered = said(&current(), ", attributes: [{name: plan, constant: gold}]");
    assert!(answered.iter().all(|line| !line.contains("“plan”")), "the block says it: {answered:?}");
    let other = said(&current(), ", sp_entity_id: 'urn:else'");
    assert!(other.iter().any(|line| line.contains("“urn:crm”") && line.contains("“urn:else”")), "{other:?}");
    // Nothing changes, and it is said again.
    let yaml = format!("apps: [{{slug: crm, saml: {{sp_metadata: \"{xml}\"}}}}]");
    let again = said(&with(&yaml, &["crm"]), "");
    assert_eq!(again, warnings);
}
