//! What a password must be. Does not own hashing (`service::authentication::password`).

use super::{text::FieldErrors, user::UserDraft};

/// Shortest password, in characters (ASVS 6.2.1 advises 15, asks 8).
pub const PASSWORD_MIN: usize = 12;
/// Longest password, in bytes; nothing is cut off (ASVS 6.2.9, D-01).
pub const PASSWORD_MAX: usize = 1024;

/// Passwords everybody tries first, beside the person's own names.
const COMMON: &[&str] = &[
    "password", "passw0rd", "123456", "qwerty", "letmein", "welcome", "iloveyou", "admin", "abc123",
    "111111", "monkey", "dragon", "football", "baseball", "sunshine", "princess", "trustno1", "superman",
    "changeme", "secret",
];

/// Checks a new password: length, and not made of common words, repetitions or the person's own names. No rules of
/// composition (ASVS 6.2.5).
pub fn check_password(field: &str, password: &str, owner: &UserDraft) -> Result<(), FieldErrors> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(FieldErrors::one(field, format!("Use at least {PASSWORD_MIN} characters")));
    }
    if password.len() > PASSWORD_MAX {
        return Err(FieldErrors::one(field, format!("Use at most {PASSWORD_MAX} bytes")));
    }
    let folded = password.to_lowercase();
    // The longest first, so that no part of it is left over.
    let own =
        [owner.email.as_str(), owner.username.as_str(), owner.email.split('@').next().unwrap_or_default()];
    let left = own
        .iter()
        .filter(|word| word.chars().count() >= 4)
        .map(|word| word.to_lowercase())
        .chain(COMMON.iter().map(|&word| word.to_owned()))
        .fold(folded.clone(), |text, word| text.replace(&word, ""));
    let distinct: std::collections::HashSet<char> = folded.chars().collect();
    if left.chars().count() < PASSWORD_MIN / 2 || distinct.len() < 4 {
        return Err(FieldErrors::one(field, "That is easy to guess. Use a longer phrase of your own"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_passwords_are_refused_and_phrases_pass() {
        let owner = UserDraft {
            username: "maya.okafor".into(),
            email: "maya.okafor@fernhill.example".into(),
            ..UserDraft::default()
        };
        for bad in
            ["short", "passwordpassword1", "maya.okafor1", "aaaaaaaaaaaaaaaa", "maya.okafor@fernhill.example"]
        {
            assert!(check_password("password", bad, &owner).is_err(), "{bad}");
        }
        for good in ["correct horse battery", "ünïcödé-pässphräse", &"ab1 ".repeat(200)] {
            assert_eq!(check_password("password", good, &owner), Ok(()), "{good}");
        }
        assert!(check_password("password", &"ab1 ".repeat(300), &owner).is_err());
    }
}
