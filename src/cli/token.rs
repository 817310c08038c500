//! `gatehouse token create`: an API token, printed once. Does not own tokens (`service::organisation::api_tokens`).

use super::{Invocation, admin::role, failure::Failure, open};
use crate::{
    domain::user::Role,
    service::{Caller, organisation::api_tokens},
};
use chrono::TimeDelta;
use serde_json::json;

/// Longest lifetime, in days.
const DAYS_MAX: i64 = 3_660;

/// API tokens.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Token {
    /// Make a token and print it once
    Create(Create),
}

/// Make a token.
#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// What it is for
    #[arg(long)]
    name: String,
    /// What it may do
    #[arg(long, value_parser = role, value_name = "owner|admin|helpdesk|auditor")]
    role: Role,
    /// How long it lasts: 90d, 12h, 2w, or never
    #[arg(long, value_parser = lifetime, default_value = "90d", value_name = "TIME")]
    expires: Lifetime,
}

/// A lifetime, if it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lifetime(Option<TimeDelta>);

fn lifetime(text: &str) -> Result<Lifetime, String> {
    if text == "never" {
        return Ok(Lifetime(None));
    }
    let refused = || "write a number and h, d or w, like 90d, or never".to_owned();
    let unit = text.chars().next_back().ok_or_else(refused)?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| refused())?;
    let lifetime = match unit {
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        'w' => TimeDelta::try_weeks(number),
        _ => None,
    };
    let fits = |lifetime: &TimeDelta| *lifetime > TimeDelta::zero() && lifetime.num_days() <= DAYS_MAX;
    lifetime.filter(fits).map(|lifetime| Lifetime(Some(lifetime))).ok_or_else(refused)
}

impl Token {
    pub(super) async fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let Self::Create(create) = self;
        let ctx = open::context(invocation.config()?, open::Migrations::Refuse).await?;
        let caller = Caller::system("gatehouse token create");
        let made = api_tokens::create(&ctx, &caller, &create.name, create.role, create.expires.0).await;
        ctx.db.clone().close().await;
        let (token, secret) = made?;
        // The token alone, so that it can be caught by a script.
        let value = json!({
            "id": token.id, "name": token.name, "role": token.role,
            "expires_at": token.expires_at, "token": secret.expose(),
        });
        invocation.output.say(secret.expose(), &value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_numbers_with_a_unit() {
        assert_eq!(lifetime("90d"), Ok(Lifetime(Some(TimeDelta::days(90)))));
        assert_eq!(lifetime("12h"), Ok(Lifetime(Some(TimeDelta::hours(12)))));
        assert_eq!(lifetime("never"), Ok(Lifetime(None)));
        for bad in ["", "d", "90", "-1d", "0d", "1y", "99999999999999999999d", "999999d", "9ü", "1 d"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }
}
