//! One module a target, named as the target is.

pub mod certificate;
pub mod expression;
pub mod oidc_authorization_query;
pub mod oidc_basic_header;
pub mod oidc_claims_parameter;
pub mod oidc_client_assertion;
pub mod oidc_dpop_proof;
pub mod oidc_jwt;
pub mod oidc_token_form;
pub mod saml_authn_request;
pub mod saml_logout;
pub mod saml_redirect;
pub mod saml_signature_gate;
pub mod saml_sp_metadata;

/// What a target does with an input.
pub type Run = fn(&[u8]);

/// Every target with its name.
pub const ALL: [(&str, Run); 14] = [
    ("certificate", certificate::run),
    ("expression", expression::run),
    ("oidc_authorization_query", oidc_authorization_query::run),
    ("oidc_basic_header", oidc_basic_header::run),
    ("oidc_claims_parameter", oidc_claims_parameter::run),
    ("oidc_client_assertion", oidc_client_assertion::run),
    ("oidc_dpop_proof", oidc_dpop_proof::run),
    ("oidc_jwt", oidc_jwt::run),
    ("oidc_token_form", oidc_token_form::run),
    ("saml_authn_request", saml_authn_request::run),
    ("saml_logout", saml_logout::run),
    ("saml_redirect", saml_redirect::run),
    ("saml_signature_gate", saml_signature_gate::run),
    ("saml_sp_metadata", saml_sp_metadata::run),
];
