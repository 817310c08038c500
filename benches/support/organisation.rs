//! The organisation under load: people, one group, one app for each way to sign on. Does not own the load.

use serde_json::{Value, json};

/// How many people there are, beside the owner.
pub const PEOPLE: usize = 256;
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";
/// The service provider of the SAML app.
pub const SP_ENTITY_ID: &str = "https://sp.example/metadata";
/// The SAML app.
pub const SAML_SLUG: &str = "crm";
/// The SAML app whose assertions are encrypted; its service provider is named after it.
pub const SEALED_SLUG: &str = "payroll";
/// Where codes go.
pub const REDIRECT_URI: &str = "https://rp.example/callback";
/// The secret of the OIDC clients.
pub const CLIENT_SECRET: &str = "a-secret-of-more-than-sixteen-letters";
/// The OIDC client whose ID tokens are signed by RSA, and its slug.
pub const RS256: &str = "metrics-rs256";
/// The OIDC client whose ID tokens are signed on P-256, and its slug.
pub const ES256: &str = "metrics-es256";
/// The OIDC client that acts for itself, and its slug.
pub const SERVICE: &str = "nightly-job";

/// The user name of the n-th person.
pub fn username(n: usize) -> String {
    format!("person-{n:04}")
}

/// The organisation file; `phc` is the hash of [`PASSWORD`], `certificate` the service provider's.
pub fn document(phc: &str, certificate: &str) -> Value {
    let person = |username: &str, role: &str| {
        json!({
            "username": username,
            "email": format!("{username}@fernhill.example"),
            "first_name": "Maya",
            "last_name": "Okafor",
            "department": "Growth",
            "role": role,
            "password_hash": phc,
        })
    };
    let names: Vec<String> = (0..PEOPLE).map(username).collect();
    let mut users: Vec<Value> = names.iter().map(|name| person(name, "none")).collect();
    users.push(person("owner", "owner"));
    json!({
        "organisation": "Fernhill",
        "users": users,
        "groups": [{ "name": "Everyone", "members": names }],
        "apps": [saml(certificate), sealed(certificate), oidc(RS256, "RS256"), oidc(ES256, "ES256"), service()],
    })
}

/// Signs assertion and response, which is the default.
fn saml(certificate: &str) -> Value {
    json!({
        "slug": SAML_SLUG,
        "label": "CRM",
        "connector": "custom-saml",
        "groups": ["Everyone"],
        "saml": {
            "sp_entity_id": SP_ENTITY_ID,
            "acs_urls": [{ "url": "https://sp.example/acs", "index": 0, "default": true }],
            "sp_certificates": [certificate],
            "attributes": [
                { "name": "email", "source": "email" },
                { "name": "firstName", "source": "first_name" },
                { "name": "lastName", "source": "last_name" },
                { "name": "plan", "constant": "enterprise" },
            ],
            "groups_attribute": "memberOf",
        },
    })
}

/// The same, encrypted to the service provider.
fn sealed(certificate: &str) -> Value {
    let mut app = saml(certificate);
    app["slug"] = json!(SEALED_SLUG);
    app["label"] = json!("Payroll");
    app["saml"]["sp_entity_id"] = json!(format!("{SP_ENTITY_ID}/{SEALED_SLUG}"));
    app["saml"]["encrypt"] = json!(true);
    app["saml"]["encryption_certificates"] = json!([certificate]);
    app
}

fn oidc(slug: &str, algorithm: &str) -> Value {
    json!({
        "slug": slug,
        "label": algorithm,
        "connector": "custom-oidc",
        "groups": ["Everyone"],
        "oidc": {
            "client_id": slug,
            "client_secret": CLIENT_SECRET,
            "client_auth": "client_secret_post",
            "redirect_uris": [REDIRECT_URI],
            "id_token_algorithm": algorithm,
        },
    })
}

/// A client without people.
fn service() -> Value {
    json!({
        "slug": SERVICE,
        "label": "Nightly job",
        "connector": "custom-oidc",
        "groups": ["Everyone"],
        "oidc": {
            "client_id": SERVICE,
            "client_secret": CLIENT_SECRET,
            "client_auth": "client_secret_post",
            "grant_types": ["client_credentials"],
            "scopes": ["read", "write"],
        },
    })
}
