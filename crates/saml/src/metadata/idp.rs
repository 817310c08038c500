//! Owns our own metadata: what an SP needs to know about us.
//! Does not sign it yet.

use crate::name_id::NameIdFormat;
use crate::signature::CertificateDer;
use crate::uri;
use crate::xml::ForbiddenCharacter;
use crate::xml::writer::{DS, MD, MDUI, XmlWriter};

/// The identity provider as one SP sees it.
#[derive(Debug, Clone)]
pub struct IdpMetadata<'a> {
    /// Our entity id towards this SP.
    pub entity_id: &'a str,
    /// The address for both bindings.
    pub sso_url: &'a str,
    /// Whether requests must be signed. samlify refuses to start when it disagrees (interop XS-50).
    pub want_authn_requests_signed: bool,
    /// The certificates of our signing keys, the current one first (interop XS-09).
    pub signing_certificates: &'a [CertificateDer],
    /// The formats of NameID this SP can get.
    pub name_id_formats: &'a [NameIdFormat],
    /// A name for people, shown by discovery services.
    pub display_name: Option<&'a str>,
    /// Who runs this.
    pub organization: Option<Organization<'a>>,
    /// Whom to call.
    pub technical_contact: Option<Contact<'a>>,
}

/// SAML Metadata §2.3.2.1: all three belong together.
#[derive(Debug, Clone, Copy)]
pub struct Organization<'a> {
    /// The name.
    pub name: &'a str,
    /// The name for people.
    pub display_name: &'a str,
    /// Its website.
    pub url: &'a str,
}

/// SAML Metadata §2.3.2.2: a technical contact.
#[derive(Debug, Clone, Copy)]
pub struct Contact<'a> {
    /// A person or a desk.
    pub name: Option<&'a str>,
    /// The e-mail address, without `mailto:`.
    pub email: &'a str,
}

/// The language of the names we write.
const LANGUAGE: &str = "en";

impl IdpMetadata<'_> {
    /// Writes the `EntityDescriptor`, its parts in the order of the schema.
    ///
    /// # Errors
    /// The first character among the values that XML forbids.
    pub fn write(&self) -> Result<String, ForbiddenCharacter> {
        let mut writer = XmlWriter::with_capacity(4096);
        writer.start(MD, "EntityDescriptor", &mut [("entityID", self.entity_id)]);
        let wants = if self.want_authn_requests_signed { "true" } else { "false" };
        writer.start(
            MD,
            "IDPSSODescriptor",
            &mut [("WantAuthnRequestsSigned", wants), ("protocolSupportEnumeration", uri::SAMLP)],
        );
        self.write_ui(&mut writer);
        for certificate in self.signing_certificates {
            write_key(&mut writer, certificate);
        }
        for format in self.name_id_formats {
            writer.leaf(MD, "NameIDFormat", &mut [], format.uri());
        }
        for binding in [uri::BINDING_HTTP_REDIRECT, uri::BINDING_HTTP_POST] {
            writer.leaf(
                MD,
                "SingleSignOnService",
                &mut [("Binding", binding), ("Location", self.sso_url)],
                "",
            );
        }
        writer.end();
        self.write_organization(&mut writer);
        self.write_contact(&mut writer);
        writer.finish()
    }

    fn write_ui(&self, writer: &mut XmlWriter) {
        if let Some(name) = self.display_name {
            writer.start(MD, "Extensions", &mut []);
            writer.start(MDUI, "UIInfo", &mut []);
            writer.leaf(MDUI, "DisplayName", &mut [("xml:lang", LANGUAGE)], name);
            writer.end();
            writer.end();
        }
    }

    fn write_organization(&self, writer: &mut XmlWriter) {
        if let Some(organization) = self.organization {
            writer.start(MD, "Organization", &mut []);
            for (element, value) in [
                ("OrganizationName", organization.name),
                ("OrganizationDisplayName", organization.display_name),
                ("OrganizationURL", organization.url),
            ] {
                writer.leaf(MD, element, &mut [("xml:lang", LANGUAGE)], value);
            }
            writer.end();
        }
    }

    fn write_contact(&self, writer: &mut XmlWriter) {
        if let Some(contact) = self.technical_contact {
            writer.start(MD, "ContactPerson", &mut [("contactType", "technical")]);
            if let Some(name) = contact.name {
                writer.leaf(MD, "GivenName", &mut [], name);
            }
            writer.leaf(MD, "EmailAddress", &mut [], &format!("mailto:{}", contact.email));
            writer.end();
        }
    }
}

/// SDP-MD05: keys are given as X.509 certificates, each with its use.
fn write_key(writer: &mut XmlWriter, certificate: &CertificateDer) {
    writer.start(MD, "KeyDescriptor", &mut [("use", "signing")]);
    writer.start(DS, "KeyInfo", &mut []);
    writer.start(DS, "X509Data", &mut []);
    writer.leaf(DS, "X509Certificate", &mut [], &certificate.to_base64());
    writer.end();
    writer.end();
    writer.end();
}
