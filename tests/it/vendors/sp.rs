//! What the vendors' service providers have in common: asking, and proving an answer with samael. Does not own what one
//! vendor wants beyond that.

use crate::support::app::Page;
use base64::{Engine, engine::general_purpose::STANDARD};
use samael::{
    crypto::ReduceMode,
    metadata::{EntityDescriptor, HTTP_REDIRECT_BINDING},
    service_provider::ServiceProvider,
};
use std::collections::HashSet;

/// A sentence that says why somebody isn't let in.
pub type Refusal = String;

/// One service provider and whom it trusts.
pub struct Sp {
    pub entity_id: String,
    pub acs_url: String,
    pub idp: EntityDescriptor,
    pending: Vec<String>,
    seen: HashSet<String>,
}

/// A proven answer.
#[derive(Debug)]
pub struct Proven {
    pub issuer: String,
    pub name_id: String,
    pub name_id_format: String,
    pub attributes: Vec<(String, Vec<String>)>,
    /// Whether it answers a request.
    pub solicited: bool,
    pub assertion_signed: bool,
    pub has_authn_statement: bool,
    /// Whether an attribute statement is there that says nothing.
    pub empty_statement: bool,
}

impl Proven {
    /// The first value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, values) = self.attributes.iter().find(|(other, _)| other == name)?;
        values.first().map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The provider as somebody knows it who was given three values and no metadata.
pub fn descriptor(issuer: &str, sso_url: &str, pem: &str) -> EntityDescriptor {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    format!(
        r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{issuer}"><IDPSSODescriptor
        protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo
        xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{base64}</X509Certificate></X509Data></KeyInfo>
        </KeyDescriptor><SingleSignOnService Binding="{HTTP_REDIRECT_BINDING}" Location="{sso_url}"/></IDPSSODescriptor>
        </EntityDescriptor>"#
    )
    .parse()
    .expect("a descriptor")
}

/// The text of a response that a page posts.
pub fn response_of(page: &Page) -> String {
    let encoded = page.field("SAMLResponse").unwrap_or_else(|| panic!("no response: {}", page.text));
    String::from_utf8(STANDARD.decode(encoded).expect("base64")).expect("text")
}

impl Sp {
    pub fn new(entity_id: &str, acs_url: &str, idp: EntityDescriptor) -> Self {
        Self {
            entity_id: entity_id.into(),
            acs_url: acs_url.into(),
            idp,
            pending: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn provider(&self, unsolicited: bool) -> ServiceProvider {
        ServiceProvider {
            entity_id: Some(self.entity_id.clone()),
            acs_url: Some(self.acs_url.clone()),
            idp_metadata: self.idp.clone(),
            allow_idp_initiated: unsolicited,
            max_clock_skew: chrono::TimeDelta::seconds(60),
            max_issue_delay: chrono::TimeDelta::minutes(5),
            ..ServiceProvider::default()
        }
    }

    /// An AuthnRequest by HTTP-Redirect: where the browser is sent.
    pub fn ask(&mut self) -> String {
        let provider = self.provider(false);
        let destination = provider.sso_binding_location(HTTP_REDIRECT_BINDING).expect("a sign-in address");
        let request = provider.make_authentication_request(&destination).expect("a request");
        self.pending.push(request.id.clone());
        request.redirect("state").expect("encodes").expect("a destination").into()
    }

    /// Proves the response of a page: posted here, signed by the provider, for this app, in time, asked for, and not seen
    /// before.
    pub fn prove(&mut self, page: &Page) -> Result<Proven, Refusal> {
        if page.action().as_deref() != Some(self.acs_url.as_str()) {
            return Err(format!("it was posted to {:?}, not to {}", page.action(), self.acs_url));
        }
        let xml = response_of(page);
        let document = roxmltree::Document::parse(&xml).map_err(|error| error.to_string())?;
        let root = document.root_element();
        if root.attribute("Destination") != Some(self.acs_url.as_str()) {
            return Err("its Destination is another address".into());
        }
        let in_response_to = root.attribute("InResponseTo").map(str::to_owned);
        if in_response_to.as_ref().is_some_and(|id| !self.pending.contains(id)) {
            return Err("it answers a request that nobody sent".into());
        }
        let ids: Vec<&str> = in_response_to.as_deref().into_iter().collect();
        let assertion = self
            .provider(in_response_to.is_none())
            .parse_xml_response_with_mode(&xml, Some(&ids), ReduceMode::PreDigest)
            .map_err(|error| error.to_string())?;
        let conditions = assertion.conditions.as_ref().ok_or("it has no Conditions")?;
        let audiences = conditions.audience_restrictions.as_deref().unwrap_or_default();
        if audiences.is_empty() || !audiences.iter().all(|one| one.audience.contains(&self.entity_id)) {
            return Err("its audience is another app".into());
        }
        if !self.seen.insert(assertion.id.clone()) {
            return Err("it was used before".into());
        }
        self.pending.retain(|id| Some(id) != in_response_to.as_ref());
        let name_id = assertion.subject.and_then(|subject| subject.name_id).ok_or("it names nobody")?;
        let statements = assertion.attribute_statements.unwrap_or_default();
        let signed = document
            .descendants()
            .filter(|node| node.tag_name().name() == "Assertion")
            .all(|node| node.children().any(|child| child.tag_name().name() == "Signature"));
        let empty_statement = document
            .descendants()
            .filter(|node| node.tag_name().name() == "AttributeStatement")
            .any(|node| {
                !node.descendants().any(|value| value.text().is_some_and(|text| !text.trim().is_empty()))
            });
        Ok(Proven {
            issuer: assertion.issuer.value.unwrap_or_default(),
            name_id: name_id.value,
            name_id_format: name_id.format.unwrap_or_default(),
            attributes: statements
                .into_iter()
                .flat_map(|statement| statement.attributes)
                .map(|attribute| {
                    let values = attribute.values.into_iter().filter_map(|value| value.value).collect();
                    (attribute.name.unwrap_or_default(), values)
                })
                .collect(),
            solicited: in_response_to.is_some(),
            assertion_signed: signed,
            has_authn_statement: !assertion.authn_statements.unwrap_or_default().is_empty(),
            empty_statement,
        })
    }
}

/// Whether a text is an email address, as far as a vendor looks.
pub fn is_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.') && !domain.contains('@'))
}
