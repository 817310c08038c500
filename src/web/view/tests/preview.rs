//! Samples of the preview beside an app's settings.

use super::super::admin::apps::preview::{Answer, Part, Preview, Row};
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
            let row = Row { name: HOSTILE.into(), values: vec![HOSTILE.into()], note: HOSTILE.into() };
            answer.parts = vec![Part { title: HOSTILE.into(), hint: HOSTILE.into(), rows: vec![row] }];
        }
        panel
    }
}
