//! Samples of the preview beside an app's settings.

use super::super::admin::apps::preview::{Answer, Part, Preview, Row, Tokens};
use super::super::*;
use super::common::HOSTILE;

impl Preview {
    pub(crate) fn sample() -> Self {
        let row = |name: &str, value: &str| Row {
            name: name.into(),
            values: vec![value.into()],
            note: String::new(),
        };
        let part = |title: &str, rows| Part { title: title.into(), hint: String::new(), rows };
        Self {
            q: "maya".into(),
            people: Vec::new(),
            note: None,
            answer: Some(Answer {
                arrives: true,
                title: "Maya would get in".into(),
                text: "Maya Okafor has Amplitude through Product analytics.".into(),
                why: Link {
                    href: "/admin/apps/amplitude/access?check=maya".into(),
                    text: "Step by step".into(),
                },
                warnings: vec!["“role” is empty for Maya, so it is left out.".into()],
                checks: vec![(Tone::Ok, "The redirect address is on the list.".into())],
                tokens: Some(Tokens {
                    tabs: vec![(
                        Link {
                            href: "/admin/apps/amplitude/sso?show=id_token".into(),
                            text: "ID token".into(),
                        },
                        true,
                    )],
                    title: "ID token".into(),
                    hint: "With times added at the sign-on.".into(),
                    json: "{\n  \"sub\": \"maya\"\n}".into(),
                }),
                parts: vec![
                    part("Subject", vec![row("NameID", "maya.okafor@fernhill.example")]),
                    part("Attributes", vec![row("firstName", "Maya"), row("lastName", "Okafor")]),
                ],
            }),
        }
    }

    /// Values and names that would break a page.
    pub(super) fn hostile() -> Self {
        let mut panel = Self {
            q: HOSTILE.into(),
            note: Some(HOSTILE.into()),
            people: vec![(
                Link { href: "/admin/apps/amplitude/sso?preview=a".into(), text: HOSTILE.into() },
                HOSTILE.into(),
            )],
            ..Self::sample()
        };
        if let Some(answer) = &mut panel.answer {
            answer.arrives = false;
            answer.warnings = vec![HOSTILE.into()];
            answer.checks = vec![(Tone::Bad, HOSTILE.into())];
            if let Some(tokens) = &mut answer.tokens {
                (tokens.title, tokens.hint, tokens.json) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
            }
            let row = Row { name: HOSTILE.into(), values: vec![HOSTILE.into()], note: HOSTILE.into() };
            answer.parts = vec![Part { title: HOSTILE.into(), hint: HOSTILE.into(), rows: vec![row] }];
        }
        panel
    }
}
