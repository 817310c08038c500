//! Owns our own metadata: what an SP needs to know about us.
//! Does not own what may be said beyond that (see `details`), nor keys and addresses.

mod details;
mod publication;

pub use details::{AlgorithmSupport, ContactKind, FurtherContact, IdpDetails, Logo, SigningMethod};
pub use publication::{Publication, PublishError};

use crate::encryption::{ContentEncryption, KeyTransport};
use crate::name_id::NameIdFormat;
use crate::response::insert_signature;
use crate::signature::CertificateDer;
use crate::uri;
use crate::xml::ForbiddenCharacter;
use crate::xml::writer::{DS, MD, XmlWriter};

/// The identity provider as one SP sees it.
#[derive(Debug, Clone)]
pub struct IdpMetadata<'a> {
    /// Our entity id towards this SP.
    pub entity_id: &'a str,
    /// The address for both bindings.
    pub sso_url: &'a str,
    /// Whether requests must be signed. samlify refuses to start when it disagrees (interop XS-50).
    pub want_authn_requests_signed: bool,
    /// The certificates of our signing keys: the active one first, the next one after it during a
    /// rollover (interop XS-09).
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

/// SAML Metadata §2.3.2.2: somebody to write to.
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
    /// Writes the `EntityDescriptor` with what every SP needs, unsigned.
    ///
    /// # Errors
    /// The first character among the values that XML forbids.
    pub fn write(&self) -> Result<String, ForbiddenCharacter> {
        let (xml, _) = self.document(&IdpDetails::default(), &[])?;
        Ok(xml)
    }

    /// Writes the `EntityDescriptor` with `details`, and identified, dated and signed as `publication`
    /// says.
    ///
    /// # Errors
    /// [`PublishError`]; nothing was published then.
    pub fn publish(
        &self,
        details: &IdpDetails<'_>,
        publication: &Publication<'_>,
    ) -> Result<String, PublishError> {
        let attributes = publication.attributes()?;
        let (mut xml, after_start) = self.document(details, &attributes)?;
        if let Some(signer) = publication.signer {
            let id = publication.id.ok_or(PublishError::Id)?;
            insert_signature(&mut xml, after_start, id, signer)?;
        }
        Ok(xml)
    }

    /// SAML Metadata §2.3.2, §2.4.3: the parts in the order of the schema. Also says where the start tag
    /// of the root ends: there a signature belongs.
    fn document(
        &self,
        details: &IdpDetails<'_>,
        publication: &[(&'static str, String)],
    ) -> Result<(String, usize), ForbiddenCharacter> {
        let mut writer = XmlWriter::with_capacity(8192);
        let mut attributes = vec![("entityID", self.entity_id)];
        attributes.extend(publication.iter().map(|(name, value)| (*name, value.as_str())));
        writer.start(MD, "EntityDescriptor", &mut attributes);
        let after_start = writer.position();
        self.write_role(&mut writer, details);
        self.write_organization(&mut writer);
        if let Some(contact) = self.technical_contact {
            details::write_contact(&mut writer, ContactKind::Technical, contact);
        }
        for further in details.contacts {
            details::write_contact(&mut writer, further.kind, further.contact);
        }
        Ok((writer.finish()?, after_start))
    }

    fn write_role(&self, writer: &mut XmlWriter, details: &IdpDetails<'_>) {
        let wants = if self.want_authn_requests_signed { "true" } else { "false" };
        let mut attributes =
            vec![("WantAuthnRequestsSigned", wants), ("protocolSupportEnumeration", uri::SAMLP)];
        attributes.extend(details.error_url.map(|url| ("errorURL", url)));
        writer.start(MD, "IDPSSODescriptor", &mut attributes);
        details.write_extensions(writer, self.display_name);
        for certificate in self.signing_certificates {
            write_key(writer, "signing", certificate, &[]);
        }
        for certificate in details.encryption_certificates {
            write_key(writer, "encryption", certificate, TAKEN);
        }
        details.write_logout_endpoints(writer);
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
        details.write_attributes(writer);
        writer.end();
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
}

/// SAML Metadata §2.4.1.1: how what is for us may be encrypted, best first.
const TAKEN: &[&str] = &[
    ContentEncryption::Aes256Gcm.uri(),
    ContentEncryption::Aes128Gcm.uri(),
    KeyTransport::RsaOaepSha256.uri(),
    KeyTransport::RsaOaepMgf1p.uri(),
];

/// SDP-MD05: keys are given as X.509 certificates, each with its use.
fn write_key(writer: &mut XmlWriter, of_use: &str, certificate: &CertificateDer, methods: &[&str]) {
    writer.start(MD, "KeyDescriptor", &mut [("use", of_use)]);
    writer.start(DS, "KeyInfo", &mut []);
    writer.start(DS, "X509Data", &mut []);
    writer.leaf(DS, "X509Certificate", &mut [], &certificate.to_base64());
    writer.end();
    writer.end();
    for method in methods {
        writer.leaf(MD, "EncryptionMethod", &mut [("Algorithm", method)], "");
    }
    writer.end();
}
