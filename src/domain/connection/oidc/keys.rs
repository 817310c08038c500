//! A client's public keys as text: what may be stored. Does not own verifying with them.

use crate::domain::text::FieldErrors;
use serde_json::Value;

/// The longest JWK Set, in bytes.
pub const JWKS_MAX: usize = 64 * 1024;
/// Most keys of a set.
const KEYS_MAX: usize = 32;
/// Members of RFC 7518 §6 that are of private or symmetric keys.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// RFC 7517 §5: an object with `keys`, an array of keys; here of public ones only.
pub(super) fn check(errors: &mut FieldErrors, text: &str) {
    if let Err(why) = checked(text) {
        errors.add("jwks", why);
    }
}

fn checked(text: &str) -> Result<(), String> {
    if text.len() > JWKS_MAX {
        return Err("Use at most 64 KiB".into());
    }
    let set: Value = serde_json::from_str(text)
        .map_err(|error| format!("This isn’t JSON: {error}. Paste the whole JWK Set, from {{ to }}"))?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or("Paste a JWK Set: {\"keys\": [ … ]}")?;
    if keys.is_empty() || keys.len() > KEYS_MAX {
        return Err(format!("Give 1 to {KEYS_MAX} keys"));
    }
    for (position, key) in keys.iter().enumerate() {
        let at = position + 1;
        let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
        if let Some(member) = PRIVATE_MEMBERS.iter().find(|name| key.get(**name).is_some()) {
            return Err(format!(
                "Key {at} is a private key (it has “{member}”). Keep it, make a new one, and give the public half"
            ));
        }
        let missing = match text("kty") {
            "RSA" => ["n", "e"].as_slice(),
            "EC" => ["crv", "x", "y"].as_slice(),
            "OKP" => ["crv", "x"].as_slice(),
            _ => return Err(format!("Key {at} has no kty of RSA, EC or OKP")),
        }
        .iter()
        .find(|name| text(name).is_empty());
        if let Some(member) = missing {
            return Err(format!("Key {at} lacks “{member}”"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_keys_are_taken() {
        assert_eq!(checked(r#"{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}"#), Ok(()));
        assert_eq!(checked(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"a","kid":"1"}]}"#), Ok(()));
        for (text, said) in [
            ("", "isn’t JSON"),
            ("[]", "JWK Set"),
            (r#"{"keys":[]}"#, "1 to 32"),
            (r#"{"keys":["a"]}"#, "no kty"),
            (r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#, "private key"),
            (r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"a","d":"b"}]}"#, "private key"),
            (r#"{"keys":[{"kty":"RSA","n":"a"}]}"#, "lacks “e”"),
        ] {
            let refused = checked(text).expect_err(text);
            assert!(refused.contains(said), "{text}: {refused}");
        }
        assert!(checked(&" ".repeat(JWKS_MAX + 1)).expect_err("long").contains("64 KiB"));
    }
}
