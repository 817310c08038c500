//! Client credentials in the `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oidc::ClientAuthMethod;
use oidc::params::Params;
use oidc::token::client_auth;
use url::form_urlencoded;

/// Takes the input as a header; after a `:` as identifier and secret, separated by a NUL; after a `=` as what stands
/// inside the base64.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(pair) = text.strip_prefix(':') {
        round_trip(pair);
    } else if let Some(inside) = text.strip_prefix('=') {
        header(&format!("Basic {}", STANDARD.encode(inside)));
    } else {
        header(text);
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn header(header: &str) {
    let Ok(client) = client_auth::parse(Some(header), &Params::default()) else { return };
    assert_eq!(client.method(), ClientAuthMethod::ClientSecretBasic);
    let secret = client.secret().expect("Basic has a secret").expose();
    assert!(!client.client_id().is_empty() && !secret.is_empty());
    assert!(header.len() <= 4096 && header[..6].eq_ignore_ascii_case("basic "));
    // Another reader finds the same.
    let base64 = header[6..].trim_matches([' ', '=']);
    let bytes =
        base64::engine::general_purpose::STANDARD_NO_PAD.decode(base64).expect("it was decoded before");
    let (id, rest) = bytes.split_at(bytes.iter().position(|byte| *byte == b':').expect("there is a colon"));
    let decoded = |part: &[u8]| {
        // As one name, whatever stands in it.
        let protected =
            String::from_utf8(part.to_vec()).expect("UTF-8").replace('&', "%26").replace('=', "%3D");
        form_urlencoded::parse(protected.as_bytes())
            .next()
            .map_or(String::new(), |(name, _)| name.into_owned())
    };
    assert_eq!((client.client_id(), secret), (decoded(id).as_str(), decoded(&rest[1..]).as_str()));
}

/// RFC 6749 §2.3.1: what a client writes is what is read, whatever characters are in it.
fn round_trip(pair: &str) {
    let Some((id, secret)) = pair.split_once('\0') else { return };
    let header = format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))));
    let result = client_auth::parse(Some(&header), &Params::default());
    let fits = header.len() <= 4096 && !id.is_empty() && !secret.is_empty() && !secret.contains('\0');
    match result {
        Ok(client) => {
            assert!(fits, "it was to be refused");
            assert_eq!(client.client_id(), id);
            assert_eq!(client.secret().map(|secret| secret.expose()), Some(secret));
        }
        Err(_) => assert!(!fits, "it was to be taken"),
    }
}
