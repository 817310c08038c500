//! `id_token_hint`: tokens of ours that come back.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc::id_token::hint::{HintExpiry, IdTokenHint, verify_hint};
use oidc::jwks::{Jwk, JwkSet};
use oidc::{OpensslSigner, Signer as _, SigningAlgorithm};
use openssl::pkey::PKey;

use crate::fixture::{ID_TOKENS, ISSUER, now};

struct Keys {
    kept: JwkSet,
    known: Vec<(&'static str, IdTokenHint)>,
    signer: OpensslSigner,
    live: JwkSet,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let kept =
            JwkSet::new(SigningAlgorithm::ALL.into_iter().zip(ID_TOKENS).map(|(algorithm, (_, pem))| {
                let key = PKey::public_key_from_pem(pem.as_bytes()).expect("a kept key");
                Jwk::new(Some(&format!("kept-{algorithm}")), &key, algorithm).expect("the key fits")
            }));
        let known = ID_TOKENS.map(|(token, _)| {
            let token = token.trim();
            (token, verify_hint(token, ISSUER, None, &kept, HintExpiry::Tolerated).expect("a kept token"))
        });
        let key = PKey::generate_ed25519().expect("a key");
        let signer = OpensslSigner::new("live", key, SigningAlgorithm::EdDsa).expect("the key fits");
        let live = Jwk::new(Some("live"), signer.key(), SigningAlgorithm::EdDsa).expect("the key fits");
        Keys { kept, known: known.to_vec(), live: JwkSet::new([live]), signer }
    })
}

/// Takes the input as a token; or, if it begins with `{` or `!`, as header and payload on two lines, which are signed.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let keys = keys();
    if !text.starts_with(['{', '!']) {
        if let Ok(hint) = verify_hint(text, ISSUER, None, &keys.kept, HintExpiry::Tolerated) {
            // ECDSA signatures have two forms each, so that the last part may differ.
            let signed = |token: &str| token.rsplit_once('.').map(|(message, _)| message.to_owned());
            let same = keys.known.iter().find(|(token, _)| signed(token) == signed(text));
            let (_, known) = same.expect("a token that was never issued");
            assert_eq!(&hint, known);
        }
        return;
    }
    let Some((header, payload)) = text.trim_start_matches('!').split_once('\n') else { return };
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(keys.signer.sign(message.as_bytes()).expect("the key signs"));
    let token = format!("{message}.{signature}");
    for (client, expiry) in [(None, HintExpiry::Tolerated), (Some("metrics"), HintExpiry::EnforcedAt(now()))]
    {
        if let Ok(hint) = verify_hint(&token, ISSUER, client, &keys.live, expiry) {
            check(&hint, header, payload);
            assert!(client.is_none_or(|client| client == hint.client_id()), "the token of another client");
        }
    }
}

/// What is acted upon is what any reader of JSON sees.
fn check(hint: &IdTokenHint, header: &str, payload: &str) {
    let header: serde_json::Value = serde_json::from_str(header).expect("JSON");
    assert_eq!([&header["alg"], &header["typ"], &header["kid"]], ["EdDSA", "JWT", "live"]);
    assert!(header.get("crit").is_none_or(serde_json::Value::is_null), "an extension that is not understood");
    let payload: serde_json::Value = match serde_json::from_str(payload) {
        Ok(payload) => payload,
        // Of members that nobody reads, the derived reader doesn't make numbers.
        Err(error) => return assert!(error.to_string().starts_with("number out of range"), "{error}"),
    };
    // The derived reader also takes an array of the values. Only we sign, and we never sign one.
    if payload.is_array() {
        return;
    }
    assert_eq!(payload["iss"], ISSUER);
    assert_eq!(payload["sub"], hint.sub());
    assert_eq!(payload["aud"], hint.client_id());
    assert_eq!(payload["sid"].as_str(), hint.sid());
}
