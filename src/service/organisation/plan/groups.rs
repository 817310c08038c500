//! Planning groups and their members. Does not own their rules (`domain::group`).

use super::{Action, Change, Operation, Planner};
use crate::domain::{group::GroupDraft, text::canonical};
use serde_json::json;
use std::collections::HashSet;

impl Planner<'_> {
    /// Adds and changes the groups of the file.
    pub(super) fn groups(&mut self) {
        let (current, document) = (self.current, self.document);
        let mut seen = HashSet::new();
        for (position, entry) in document.groups.iter().flatten().enumerate() {
            let at = format!("groups[{position}]");
            let key = canonical(&entry.name);
            if !seen.insert(key.clone()) {
                self.errors.add(&format!("{at}.name"), format!("“{}” stands twice", entry.name));
                continue;
            }
            let before = current.groups.get(&key);
            let description = entry
                .description
                .clone()
                .or_else(|| before.map(|b| b.group.description.clone()))
                .unwrap_or_default();
            let checked = match (GroupDraft { name: entry.name.clone(), description }).check() {
                Ok(checked) => checked,
                Err(errors) => {
                    self.refuse(errors, |field| format!("{at}.{field}"));
                    continue;
                }
            };
            let name = checked.get().name.clone();
            match before {
                None => {
                    self.step(&at, Change::new(Action::Add, "group", &name), Operation::CreateGroup(checked));
                }
                Some(before) => {
                    let was = json!({"name": before.group.name, "description": before.group.description});
                    let is = json!({"name": checked.get().name, "description": checked.get().description});
                    if was != is {
                        let change =
                            Change::new(Action::Change, "group", &before.group.name).between(&was, &is);
                        self.step(
                            &at,
                            change,
                            Operation::UpdateGroup { before: before.group.clone(), checked },
                        );
                    }
                }
            }
            if let Some(members) = &entry.members {
                let had = before.map(|before| before.members.clone()).unwrap_or_default();
                self.members(&at, &key, &name, members, &had);
            }
        }
    }

    fn members(&mut self, at: &str, group: &str, name: &str, wanted: &[String], had: &HashSet<String>) {
        let mut wanted_keys = HashSet::new();
        for (position, member) in wanted.iter().enumerate() {
            let key = canonical(member);
            if !self.knows_user(&key) {
                self.errors.add(&format!("{at}.members[{position}]"), format!("There is no user “{member}”"));
            } else if wanted_keys.insert(key.clone()) && !had.contains(&key) {
                let change = Change::new(Action::Add, "member", &format!("{member} in {name}"));
                let operation = Operation::SetMember { group: group.to_owned(), user: key, member: true };
                self.step(at, change, operation);
            }
        }
        let mut leaving: Vec<&String> =
            had.difference(&wanted_keys).filter(|key| self.knows_user(key)).collect();
        leaving.sort_unstable();
        for key in leaving {
            let person = self.current.users.get(key).map_or(key, |user| &user.username);
            let change = Change::new(Action::Remove, "member", &format!("{person} in {name}"));
            let operation =
                Operation::SetMember { group: group.to_owned(), user: key.clone(), member: false };
            self.step(at, change, operation);
        }
    }
}
