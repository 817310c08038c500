//! Attribute sets from the attribute consuming services of a document, beside the default one, whose attributes are the app's own
//! rows (IIP-IDP04, IIP-SSO06). Does not own the rows (`fill`) or choosing a set at sign-on (`domain::connection`).

use super::{super::sign_on::saml::subject_ids, fill};
use crate::domain::connection::{ATTRIBUTE_SETS_MAX, AttributeSet, SamlConnection, ValueMapping};
use ::saml::metadata::sp::{AttributeConsumingService, RequestedAttribute, ServiceProviderMetadata};

/// The services that a request names by number to get something else than the default, with their numbers.
///
/// SAML Metadata §2.4.4: the default is the one that is marked, else the first.
pub(super) fn others(
    metadata: &ServiceProviderMetadata,
) -> impl Iterator<Item = (u16, &AttributeConsumingService)> {
    let services = &metadata.attribute_consuming_services;
    let default = services.iter().position(|service| service.is_default).unwrap_or_default();
    let index = services.get(default).and_then(|service| service.index);
    let others = services.iter().enumerate().filter(move |(place, _)| *place != default);
    others
        .filter_map(|(_, service)| Some((service.index?, service)))
        .filter(move |(number, _)| Some(*number) != index)
}

/// The sets with what the document asks for in them. `own` are the app's rows, which say where a value of the same name comes from.
pub(super) fn filled(
    current: &SamlConnection,
    own: &[ValueMapping],
    metadata: &ServiceProviderMetadata,
) -> Vec<AttributeSet> {
    let mut sets = current.attribute_sets.clone();
    for (index, service) in others(metadata) {
        let place = sets.iter().position(|set| set.index == index).or_else(|| {
            let name = service.name.as_deref().unwrap_or_default().trim().to_owned();
            let is_room = sets.len() < ATTRIBUTE_SETS_MAX;
            is_room.then(|| {
                sets.push(AttributeSet { index, name, attributes: Vec::new() });
                sets.len() - 1
            })
        });
        let Some(set) = place.and_then(|place| sets.get_mut(place)) else { continue };
        for asked in &service.requested_attributes {
            if !fill::names(&set.attributes, current, &asked.name) {
                let known = own.iter().find(|row| row.name == asked.name).cloned();
                set.attributes.extend(known.or_else(|| fill::row(asked)));
            }
        }
        set.attributes.extend(subject_ids::row_asked_for(&metadata.entity_attributes, &set.attributes));
    }
    sets
}

/// Rows for what a set's service did not ask for in the document `before`; an administrator switches them on. A service that is new
/// gets no set by itself: requests that name it get the app's own rows, as they did.
pub(super) fn add_switched_off(
    saml: &mut SamlConnection,
    metadata: &ServiceProviderMetadata,
    before: &ServiceProviderMetadata,
) {
    for (index, service) in others(metadata) {
        let was = others(before).find(|(number, _)| *number == index).map(|(_, service)| service);
        let was_asked = |asked: &&RequestedAttribute| {
            was.is_some_and(|was| was.requested_attributes.iter().any(|old| old.name == asked.name))
        };
        let groups = saml.groups_attribute.clone();
        let Some(set) = saml.attribute_sets.iter_mut().find(|set| set.index == index) else { continue };
        for asked in service.requested_attributes.iter().filter(|asked| !was_asked(asked)) {
            if asked.name != groups && set.attributes.iter().all(|row| row.name != asked.name) {
                let row = fill::row(asked);
                set.attributes.extend(row.map(|row| ValueMapping { off: true, ..row }));
            }
        }
    }
}

/// What is needed and not sent, or can't be kept, as sentences.
pub(super) fn warnings(then: &SamlConnection, metadata: &ServiceProviderMetadata) -> Vec<String> {
    let mut warnings = Vec::new();
    for (index, service) in others(metadata) {
        let Some(set) = then.attribute_sets.iter().find(|set| set.index == index) else {
            warnings.push(format!(
                "It asks for attributes by the number {index}, and there is no set of that number: such requests get the app’s own \
                 attributes."
            ));
            continue;
        };
        let needed = service.requested_attributes.iter().filter(|asked| asked.is_required);
        for asked in needed.filter(|asked| !fill::names(&set.attributes, then, &asked.name)) {
            warnings.push(format!(
                "It needs the attribute “{}” in set {index}. Add a row that says what to send.",
                asked.name
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::connection::ValueSource;

    fn metadata(services: &str) -> ServiceProviderMetadata {
        let xml = format!(
            "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://sp.example\"><SPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><AssertionConsumerService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp.example/acs\" index=\"0\"/>{services}\
             </SPSSODescriptor></EntityDescriptor>"
        );
        ::saml::metadata::sp::parse(xml.as_bytes(), None).expect("metadata")
    }

    fn service(index: &str, more: &str, names: &[&str]) -> String {
        let asked =
            names.iter().fold(String::new(), |all, name| all + "<RequestedAttribute Name=\"" + name + "\"/>");
        format!(
            "<AttributeConsumingService index=\"{index}\"{more}><ServiceName xmlns:xml=\"http://www.w3.org/XML/1998/namespace\" \
             xml:lang=\"en\">S{index}</ServiceName>{asked}</AttributeConsumingService>"
        )
    }

    fn names(sets: &[AttributeSet]) -> Vec<(u16, String, Vec<&str>)> {
        sets.iter()
            .map(|set| {
                let rows = set.attributes.iter().map(|row| row.name.as_str()).collect();
                (set.index, set.name.clone(), rows)
            })
            .collect()
    }

    #[test]
    fn iip_idp04_a_set_for_each_service_but_the_default() {
        let three = metadata(
            &(service("1", "", &["mail"])
                + &service("2", " isDefault=\"true\"", &["givenName"])
                + &service("7", "", &["mail", "plan", "shoeSize"])),
        );
        let plan = ValueMapping::new("plan", ValueSource::Constant("gold".into()));
        let sets = filled(&SamlConnection::default(), std::slice::from_ref(&plan), &three);
        assert_eq!(names(&sets), [(1, "S1".into(), vec!["mail"]), (7, "S7".into(), vec!["mail", "plan"])]);
        assert_eq!(sets[1].attributes[1], plan, "as the app’s own row says");
        // What is there stays, and nothing stands twice.
        let kept = SamlConnection { attribute_sets: sets.clone(), ..SamlConnection::default() };
        assert_eq!(filled(&kept, &[], &three), sets);
        // One service is the default, and its attributes are the app's own rows.
        assert_eq!(filled(&SamlConnection::default(), &[], &metadata(&service("3", "", &["mail"]))), []);
        // The first is the default when none is marked; a number that stands twice is the default's.
        let same = metadata(&(service("1", "", &["mail"]) + &service("1", "", &["sn"])));
        assert_eq!(filled(&SamlConnection::default(), &[], &same), []);
    }

    #[test]
    fn what_is_needed_in_a_set_is_said() {
        let needs = |name: &str| {
            let one = format!("<RequestedAttribute Name=\"{name}\"");
            metadata(
                &(service("0", "", &["sn"]) + &service("1", "", &[name]))
                    .replace(&one, &format!("{one} isRequired=\"true\"")),
            )
        };
        for (name, told) in [("shoeSize", true), ("mail", false)] {
            let metadata = needs(name);
            let sets = filled(&SamlConnection::default(), &[], &metadata);
            let then = SamlConnection { attribute_sets: sets, ..SamlConnection::default() };
            let said = warnings(&then, &metadata);
            assert_eq!(
                said.iter().any(|line| line.contains(name) && line.contains("set 1")),
                told,
                "{said:?}"
            );
        }
    }

    #[test]
    fn iip_idp03_a_later_document_releases_nothing_by_itself() {
        let first = metadata(&(service("0", "", &["sn"]) + &service("1", "", &["mail"])));
        let later = metadata(
            &(service("0", "", &["sn"])
                + &service("1", "", &["mail", "givenName"])
                + &service("2", "", &["uid"])),
        );
        let mut saml = SamlConnection::default();
        saml.attribute_sets = filled(&saml, &[], &first);
        add_switched_off(&mut saml, &later, &first);
        assert_eq!(names(&saml.attribute_sets), [(1, "S1".into(), vec!["mail", "givenName"])]);
        assert!(!saml.attribute_sets[0].attributes[0].off && saml.attribute_sets[0].attributes[1].off);
    }

    #[test]
    fn there_are_at_most_as_many_sets_as_an_app_may_have() {
        let many: String = (0..30).map(|index: u16| service(&index.to_string(), "", &["mail"])).collect();
        let metadata = metadata(&many);
        let saml = SamlConnection::default();
        let sets = filled(&saml, &[], &metadata);
        assert_eq!(sets.len(), ATTRIBUTE_SETS_MAX);
        let said = warnings(&SamlConnection { attribute_sets: sets, ..saml }, &metadata);
        assert_eq!(said.len(), 30 - 1 - ATTRIBUTE_SETS_MAX, "{said:?}");
    }
}
