//! Planning people. Does not own their rules (`domain::user`).

use super::{Action, Change, Operation, Password, Planner};
use crate::{
    domain::{
        credential,
        text::{FieldErrors, canonical},
        user::{User, UserDraft},
    },
    service::{authentication::hasher::Hasher, organisation::document::UserEntry, users::shown},
};
use std::collections::{HashMap, HashSet};

impl Planner<'_> {
    /// Adds and changes the people of the file.
    pub(super) fn users(&mut self) {
        let (current, document) = (self.current, self.document);
        let mut seen = HashSet::new();
        let mut emails = self.emails_of_others();
        for (position, entry) in document.users.iter().flatten().enumerate() {
            let at = format!("users[{position}]");
            let key = canonical(&entry.username);
            if !seen.insert(key.clone()) {
                self.errors.add(&format!("{at}.username"), format!("“{}” stands twice", entry.username));
                continue;
            }
            let before = current.users.get(&key);
            let checked = match draft(entry, before).check() {
                Ok(checked) => checked,
                Err(errors) => {
                    self.refuse(errors, |field| format!("{at}.{field}"));
                    continue;
                }
            };
            if let Some(other) = emails.insert(canonical(&checked.get().email), entry.username.clone()) {
                self.errors.add(&format!("{at}.email"), format!("“{other}” has this email too"));
            }
            let password = match password(entry, checked.get()) {
                Ok(password) => password,
                Err(errors) => {
                    self.refuse(errors, |field| format!("{at}.{field}"));
                    continue;
                }
            };
            match before {
                None => {
                    let change = Change::new(Action::Add, "user", &checked.get().username);
                    self.step(&at, change, Operation::CreateUser { checked, password });
                }
                Some(before) => {
                    if let Some(password) = password.filter(|_| !current.with_password.contains(&before.id)) {
                        let change = Change::new(Action::Add, "password", &before.username);
                        let user = Box::new(before.clone());
                        self.step(&at, change, Operation::SetPassword { user, password });
                    }
                    let was = UserDraft::of(before);
                    if was != *checked.get() {
                        let change = Change::new(Action::Change, "user", &before.username)
                            .between(&shown(&was), &shown(checked.get()));
                        let before = Box::new(before.clone());
                        self.step(&at, change, Operation::UpdateUser { before, checked });
                    }
                }
            }
        }
    }
}

impl Planner<'_> {
    /// The emails of people the file doesn't name and leaves alone, with their user names.
    fn emails_of_others(&self) -> HashMap<String, String> {
        let listed: Vec<String> =
            self.document.users.iter().flatten().map(|entry| canonical(&entry.username)).collect();
        let listed: HashSet<&str> = listed.iter().map(String::as_str).collect();
        let others = self.current.users.iter();
        let others = others.filter(|(key, _)| !self.setting.prune && !listed.contains(key.as_str()));
        others.map(|(_, user)| (canonical(&user.email), user.username.clone())).collect()
    }
}

/// The person as the file wants them: what it doesn't say stays.
fn draft(entry: &UserEntry, before: Option<&User>) -> UserDraft {
    let mut draft = before.map(UserDraft::of).unwrap_or_default();
    draft.username.clone_from(&entry.username);
    if let Some(email) = &entry.email {
        draft.email.clone_from(email);
    }
    if let Some(name) = &entry.display_name {
        draft.display_name.clone_from(name);
    }
    draft.state = entry.state.unwrap_or(draft.state);
    draft.role = entry.role.unwrap_or(draft.role);
    for (key, value) in &entry.profile {
        draft.profile.insert(key.clone(), value.clone());
    }
    if let Some(attributes) = &entry.attributes {
        draft.custom.clone_from(attributes);
    }
    draft
}

fn password(entry: &UserEntry, owner: &UserDraft) -> Result<Option<Password>, FieldErrors> {
    match (&entry.password, &entry.password_hash) {
        (Some(_), Some(_)) => Err(FieldErrors::one("password", "Write password or password_hash, not both")),
        (Some(plain), None) => {
            credential::check_password("password", plain.expose(), owner)?;
            Ok(Some(Password::Plain(plain.clone())))
        }
        (None, Some(hash)) => match Hasher::check_phc(hash.expose()) {
            Ok(()) => Ok(Some(Password::Hash(hash.clone()))),
            Err(error) => Err(FieldErrors::one("password_hash", error.to_string())),
        },
        (None, None) => Ok(None),
    }
}
