//! `gatehouse admin create`: an account for the console. Does not own accounts (`service::users`).

use super::{Invocation, failure::Failure, open, random_words};
use crate::{
    domain::{
        credential::PASSWORD_MAX,
        user::{Role, UserDraft},
    },
    keyring::SecretText,
    service::setup,
};
use anyhow::Context;
use serde_json::json;
use std::io::Read;

/// Accounts that may enter the console.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Admin {
    /// Make an account; without --password-stdin a password is made and printed once
    Create(Create),
}

/// Make an account.
#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// Sign-in name
    #[arg(long)]
    username: String,
    /// Work email
    #[arg(long)]
    email: String,
    /// Read the password from standard input; one line break at its end is left out
    #[arg(long)]
    password_stdin: bool,
    /// What they may do
    #[arg(long, value_parser = role, default_value = "owner", value_name = "owner|admin|helpdesk|auditor")]
    role: Role,
}

/// A role that may enter the console.
pub(super) fn role(text: &str) -> Result<Role, String> {
    Role::parse(text)
        .filter(|role| *role != Role::None)
        .ok_or_else(|| "write owner, admin, helpdesk or auditor".into())
}

impl Admin {
    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let Self::Create(create) = self;
        let config = invocation.config()?;
        let given = if create.password_stdin { Some(read_password()?) } else { None };
        let ctx = open::context(config, open::Migrations::Refuse).await?;
        let made = match &given {
            Some(_) => None,
            None => Some(random_words::password(&mut ctx.rng())),
        };
        let password = given.as_ref().or(made.as_ref()).map(|password| password.expose().to_owned());
        let draft = UserDraft {
            username: create.username,
            email: create.email,
            role: create.role,
            ..UserDraft::default()
        };
        let user = setup::create_admin(&ctx, draft, password).await;
        ctx.db.clone().close().await;
        let user = user?;
        let made = made.as_ref().map(SecretText::expose);
        let mut text = format!("Made {} {}.", user.role.as_str(), user.username);
        if let Some(password) = made {
            text = format!("{text} Password, shown this once: {password}");
        }
        let value = json!({
            "id": user.id, "username": user.username, "role": user.role, "password": made,
        });
        invocation.output.say(&text, &value);
        Ok(())
    }
}

fn read_password() -> Result<SecretText, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(PASSWORD_MAX).unwrap_or(u64::MAX) + 3;
    std::io::stdin().lock().take(limit).read_to_end(&mut bytes).context("cannot read the password")?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::Input("the password is not UTF-8".into()))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |rest| rest.strip_suffix('\r').unwrap_or(rest));
    if line.is_empty() {
        return Err(Failure::Input("the password on standard input is empty".into()));
    }
    Ok(SecretText::new(line))
}
