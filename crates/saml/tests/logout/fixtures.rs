//! Owns what the logout tests share: messages of an SP with pieces to exchange, signed by xmlsec1 or with
//! a detached signature. Does not test anything itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::logout::*;
use saml::{Binding, ServiceProvider, SignatureAlgorithm, SingleLogoutService};

use crate::support::*;

pub const SLO: &str = "https://sso.example/saml2/app/slo";
pub const SP_SLO: &str = "https://sp.example/slo?tenant=1";
pub const SP_SLO_RETURN: &str = "https://sp.example/slo/return";
pub const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub const ALL: [Binding; 3] = [Binding::HttpRedirect, Binding::HttpPost, Binding::Soap];
pub const NAME_ID: &str = "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" NameQualifier=\"https://sso.example/saml2/app\" SPNameQualifier=\"https://sp.example/metadata\">p-1</saml:NameID>";
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
pub const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
pub const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";

/// An SP that takes part in single logout by all bindings.
pub fn slo_sp() -> ServiceProvider {
    let service = |binding, response_location: Option<&str>| SingleLogoutService {
        binding,
        location: SP_SLO.to_owned(),
        response_location: response_location.map(str::to_owned),
    };
    ServiceProvider {
        single_logout_services: vec![
            service(Binding::Soap, None),
            service(Binding::HttpPost, None),
            service(Binding::HttpRedirect, Some(SP_SLO_RETURN)),
        ],
        ..sp()
    }
}

pub fn slo_context() -> LogoutVerifyContext<'static> {
    LogoutVerifyContext::new(&[SLO], now())
}

/// The text of a logout message with pieces to exchange.
#[derive(Clone)]
pub struct Text {
    pub name: &'static str,
    pub attributes: String,
    pub issuer: String,
    pub signature: String,
    pub after: String,
}

pub fn request() -> Text {
    Text {
        name: "LogoutRequest",
        attributes: format!(
            "ID=\"_r1\" Version=\"2.0\" IssueInstant=\"2026-03-04T05:06:00Z\" Destination=\"{SLO}\" NotOnOrAfter=\"2026-03-04T05:11:00Z\" Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\""
        ),
        issuer: format!("<saml:Issuer>{SP}</saml:Issuer>"),
        signature: String::new(),
        after: format!(
            "{NAME_ID}<samlp:SessionIndex>_s1</samlp:SessionIndex><samlp:SessionIndex>_s2</samlp:SessionIndex>"
        ),
    }
}

pub fn response(top: &str, second: Option<&str>) -> Text {
    let second = second.map(|value| format!("<samlp:StatusCode Value=\"{value}\"/>")).unwrap_or_default();
    Text {
        name: "LogoutResponse",
        attributes: format!(
            "ID=\"_r1\" Version=\"2.0\" IssueInstant=\"2026-03-04T05:06:00Z\" Destination=\"{SLO}\" InResponseTo=\"_sent\""
        ),
        after: format!(
            "<samlp:Status><samlp:StatusCode Value=\"{top}\">{second}</samlp:StatusCode></samlp:Status>"
        ),
        ..request()
    }
}

impl Text {
    pub fn xml(&self) -> String {
        let Self { name, attributes, issuer, signature, after } = self;
        format!(
            "<samlp:{name} xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" {attributes}>{issuer}{signature}{after}</samlp:{name}>"
        )
    }

    /// Replaces `from` in the attributes, which must hold it.
    pub fn with(mut self, from: &str, to: &str) -> Self {
        assert!(self.attributes.contains(from), "the attributes hold {from}");
        self.attributes = self.attributes.replace(from, to);
        self
    }

    pub fn after(mut self, after: impl Into<String>) -> Self {
        self.after = after.into();
        self
    }

    pub fn issuer(mut self, issuer: &str) -> Self {
        issuer.clone_into(&mut self.issuer);
        self
    }

    pub fn parameter(&self) -> &'static str {
        if self.name == "LogoutRequest" { "SAMLRequest" } else { "SAMLResponse" }
    }

    /// Signed inside by `pair`.
    pub fn signed_by(&self, pair: &KeyPair) -> String {
        let with_template = Self { signature: plain_template(), ..self.clone() };
        xmlsec_sign_message(&with_template.xml(), pair)
    }

    /// As it travels by `binding`, signed by the SP.
    pub fn sent(&self, binding: Binding) -> String {
        self.sent_by(binding, sp_rsa())
    }

    pub fn sent_by(&self, binding: Binding, pair: &KeyPair) -> String {
        match binding {
            Binding::HttpRedirect => sign_query(&self.query(), SignatureAlgorithm::RsaSha256, pair),
            Binding::HttpPost => form(self.parameter(), &self.signed_by(pair)),
            Binding::Soap => envelope(&self.signed_by(pair)),
        }
    }

    /// As it travels by `binding`, not signed.
    pub fn bare(&self, binding: Binding) -> String {
        match binding {
            Binding::HttpRedirect => self.query(),
            Binding::HttpPost => form(self.parameter(), &self.xml()),
            Binding::Soap => envelope(&self.xml()),
        }
    }

    pub fn query(&self) -> String {
        format!("{}&RelayState=state%201", query(&self.xml()).replace("SAMLRequest", self.parameter()))
    }
}

pub fn form(parameter: &str, xml: &str) -> String {
    format!("{parameter}={}&RelayState=state+1", escape(&STANDARD.encode(xml)))
}

pub fn envelope(xml: &str) -> String {
    format!("<s:Envelope xmlns:s=\"{SOAP}\"><s:Body>{xml}</s:Body></s:Envelope>")
}

/// Signs the message in `xml`, which holds a template, with xmlsec1.
pub fn xmlsec_sign_message(xml: &str, pair: &KeyPair) -> String {
    let key = Scratch::new(&pair.key.private_key_to_pem_pkcs8().expect("a key encodes"));
    let certificate = Scratch::new(&pair.certificate.to_pem().expect("a certificate encodes"));
    let document = Scratch::new(xml.as_bytes());
    let pair = format!("{},{}", key.arg(), certificate.arg());
    let [request, response] = ["LogoutRequest", "LogoutResponse"]
        .map(|name| format!("urn:oasis:names:tc:SAML:2.0:protocol:{name}"));
    let args = [
        "--sign",
        "--privkey-pem",
        &pair,
        "--id-attr:ID",
        &request,
        "--id-attr:ID",
        &response,
        &document.arg(),
    ];
    let signed = String::from_utf8(tool("xmlsec1", &args).expect("xmlsec1 signs")).expect("UTF-8");
    // The declaration is of no interest inside an envelope.
    signed.split_once("?>\n").map_or(signed.clone(), |(_, rest)| rest.trim_end().to_owned())
}

/// Verifies what came by `binding` as a request to the SP registered as `sp`.
pub fn take_to(
    binding: Binding,
    raw: &str,
    sp: &ServiceProvider,
    context: &LogoutVerifyContext<'_>,
) -> Result<VerifiedLogoutRequest, LogoutRefusal> {
    let unverified = match binding {
        Binding::HttpRedirect => UnverifiedLogoutRequest::from_redirect(raw)?,
        Binding::HttpPost => UnverifiedLogoutRequest::from_post_body(raw)?,
        Binding::Soap => UnverifiedLogoutRequest::from_soap(raw.as_bytes())?,
    };
    assert_eq!(unverified.binding(), binding);
    unverified.verify(sp, context)
}

pub fn take(binding: Binding, raw: &str) -> Result<VerifiedLogoutRequest, LogoutRefusal> {
    take_to(binding, raw, &slo_sp(), &slo_context())
}

/// The name of the check that refused, or `accepted`.
pub fn verdict(result: &Result<VerifiedLogoutRequest, LogoutRefusal>) -> &'static str {
    result.as_ref().map_or_else(|refusal| refusal.error.check(), |_| "accepted")
}

/// Verifies what came by `binding` as the response to the request `_sent`.
pub fn hear(binding: Binding, raw: &str) -> Result<VerifiedLogoutResponse, LogoutError> {
    hear_from(binding, raw, &slo_sp(), &["_other", "_sent"])
}

pub fn hear_from(
    binding: Binding,
    raw: &str,
    sp: &ServiceProvider,
    sent: &[&str],
) -> Result<VerifiedLogoutResponse, LogoutError> {
    let unverified = match binding {
        Binding::HttpRedirect => UnverifiedLogoutResponse::from_redirect(raw)?,
        Binding::HttpPost => UnverifiedLogoutResponse::from_post_body(raw)?,
        Binding::Soap => UnverifiedLogoutResponse::from_soap(raw.as_bytes())?,
    };
    unverified.verify(sp, sent, &slo_context())
}

pub fn heard(result: &Result<VerifiedLogoutResponse, LogoutError>) -> &'static str {
    result.as_ref().map_or_else(LogoutError::check, |_| "accepted")
}
