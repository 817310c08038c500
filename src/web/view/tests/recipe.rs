//! The sign-on tab of an app of the catalogue.

use super::super::admin::apps::recipe::{Give, GiveKind, ParameterField, Recipe};
use super::super::admin::apps::saml::SamlSso;
use super::common::HOSTILE;
use super::page;

impl ParameterField {
    pub(crate) fn sample() -> Self {
        Self {
            name: "parameters.org_id".into(),
            label: "Amplitude organisation ID".into(),
            hint: "The number under General.".into(),
            value: "104733".into(),
            required: true,
        }
    }
}

impl Recipe {
    fn sample() -> Self {
        let give = |kind, label: &str| Give { kind, label: label.into(), optional: false };
        Self {
            name: "Amplitude".into(),
            settings: "Settings › Access & SSO".into(),
            steps: vec!["Choose Other as the identity provider.".into()],
            notes: vec!["Keep a way back until a sign-in has worked.".into()],
            links: vec![("Amplitude on single sign-on".into(), "https://amplitude.com/docs".into())],
            gives: vec![
                give(GiveKind::MetadataFile, "Metadata file"),
                give(GiveKind::PortalUrl, "Landing URL"),
            ],
            parameters: vec![ParameterField::sample()],
        }
    }
}

/// A page of an app of the catalogue, its first attribute locked.
fn recipe_page(recipe: Recipe) -> SamlSso {
    let mut page = SamlSso { recipe: Some(recipe), ..SamlSso::sample() };
    page.fields.attributes[0].locked = Some("needed for new accounts");
    page.fields.attributes[1].off = true;
    page
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    vec![
        page("app-sso-recipe", &recipe_page(Recipe::sample())),
        page(
            "app-sso-recipe-hostile",
            &recipe_page(Recipe {
                name: HOSTILE.into(),
                settings: HOSTILE.into(),
                steps: vec![HOSTILE.into()],
                notes: vec![HOSTILE.into()],
                links: vec![(HOSTILE.into(), HOSTILE.into())],
                gives: vec![Give { kind: GiveKind::Certificate, label: HOSTILE.into(), optional: true }],
                parameters: vec![ParameterField {
                    label: HOSTILE.into(),
                    hint: HOSTILE.into(),
                    value: HOSTILE.into(),
                    ..ParameterField::sample()
                }],
            }),
        ),
    ]
}

#[test]
fn a_locked_row_keeps_its_name_and_its_switch() {
    let (_, html) = page("app-sso", &recipe_page(Recipe::sample()));
    assert!(html.contains("<input type=\"hidden\" name=\"attribute_name\" value=\"email\">"), "{html}");
    assert_eq!(html.matches("name=\"attribute_send\"").count(), 6);
    assert!(html.contains("<option value=\"off\" selected>") && html.contains("needed for new accounts"));
}
