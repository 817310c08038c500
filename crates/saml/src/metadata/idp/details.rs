//! Owns what our metadata may say beyond what every SP needs: logout, looks, people, algorithms.
//! Does not decide which of it is said.

use std::num::NonZeroU32;

use super::{Contact, LANGUAGE};
use crate::attribute::Attribute;
use crate::metadata::names::{ALG, SHIBMD};
use crate::service_provider::SingleLogoutService;
use crate::signature::{CertificateDer, SignatureAlgorithm};
use crate::xml::writer::{MD, MDUI, SAML, XmlWriter};

/// What is said beyond the needs of every SP. The default says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdpDetails<'a> {
    /// Where we take logout messages; none means that we offer no single logout.
    pub single_logout_services: &'a [SingleLogoutService],
    /// A sentence about us.
    pub description: Option<&'a str>,
    /// Our logo.
    pub logo: Option<Logo<'a>>,
    /// A page about us.
    pub information_url: Option<&'a str>,
    /// Our privacy statement.
    pub privacy_statement_url: Option<&'a str>,
    /// Whom to write to besides the technical contact, in this order.
    pub contacts: &'a [FurtherContact<'a>],
    /// The algorithms we take.
    pub algorithm_support: Option<AlgorithmSupport<'a>>,
    /// The attributes we can send. Values say which values there can be; none means any.
    pub attributes: &'a [Attribute],
    /// A page for people whose sign-on failed at the SP (SDP-MD12: https).
    pub error_url: Option<&'a str>,
    /// For what SPs encrypt for us (IIP-IDP19): the one to use first, during a rollover the other after it.
    pub encryption_certificates: &'a [CertificateDer],
    /// The domain of our subject identifiers (SDP-IDP15).
    pub scope: Option<&'a str>,
}

/// MDUI §2.1.5: a logo and its size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logo<'a> {
    /// The address of the image, https.
    pub url: &'a str,
    /// Pixels across.
    pub width: NonZeroU32,
    /// Pixels down.
    pub height: NonZeroU32,
}

/// What somebody is to be written to about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactKind {
    /// Trouble with the technology.
    Technical,
    /// Users who need help.
    Support,
    /// Contracts and people.
    Administrative,
    /// Money.
    Billing,
    /// Security incidents (REFEDS). Both name and address should be given.
    Security,
    /// Anything else.
    Other,
}

impl ContactKind {
    const fn contact_type(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Support => "support",
            Self::Administrative => "administrative",
            Self::Billing => "billing",
            Self::Security | Self::Other => "other",
        }
    }
}

/// Somebody to write to besides the technical contact.
#[derive(Debug, Clone, Copy)]
pub struct FurtherContact<'a> {
    /// About what.
    pub kind: ContactKind,
    /// Whom.
    pub contact: Contact<'a>,
}

/// Metadata Profile for Algorithm Support: what we accept in signatures, best first (IIP-MD09).
#[derive(Debug, Clone, Copy)]
pub struct AlgorithmSupport<'a> {
    /// The URIs of digest methods.
    pub digest_methods: &'a [&'a str],
    /// The signature methods.
    pub signing_methods: &'a [SigningMethod<'a>],
}

/// A signature method with the keys it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningMethod<'a> {
    /// The URI.
    pub algorithm: &'a str,
    /// The shortest key, in bits.
    pub min_key_size: Option<NonZeroU32>,
    /// The longest key, in bits.
    pub max_key_size: Option<NonZeroU32>,
}

impl SigningMethod<'static> {
    /// The method with the key sizes this crate accepts (S-35).
    #[must_use]
    pub const fn of(algorithm: SignatureAlgorithm) -> Self {
        let (min, max) = match algorithm {
            SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::RsaSha384 | SignatureAlgorithm::RsaSha512 => {
                (2048, 8192)
            }
            _ => (256, 521),
        };
        Self {
            algorithm: algorithm.uri(),
            min_key_size: NonZeroU32::new(min),
            max_key_size: NonZeroU32::new(max),
        }
    }
}

impl AlgorithmSupport<'static> {
    /// Everything this crate verifies without a legacy switch.
    pub const OURS: Self = Self {
        digest_methods: &[
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2001/04/xmldsig-more#sha384",
            "http://www.w3.org/2001/04/xmlenc#sha512",
        ],
        signing_methods: &[
            SigningMethod::of(SignatureAlgorithm::RsaSha256),
            SigningMethod::of(SignatureAlgorithm::RsaSha384),
            SigningMethod::of(SignatureAlgorithm::RsaSha512),
            SigningMethod::of(SignatureAlgorithm::EcdsaSha256),
            SigningMethod::of(SignatureAlgorithm::EcdsaSha384),
            SigningMethod::of(SignatureAlgorithm::EcdsaSha512),
        ],
    };
}

impl IdpDetails<'_> {
    /// The `Extensions` of the role, unless they would be empty: the schema demands a child.
    pub(super) fn write_extensions(&self, writer: &mut XmlWriter, display_name: Option<&str>) {
        let texts = [
            ("DisplayName", display_name),
            ("Description", self.description),
            ("InformationURL", self.information_url),
            ("PrivacyStatementURL", self.privacy_statement_url),
        ];
        let has_ui = self.logo.is_some() || texts.iter().any(|(_, value)| value.is_some());
        let support =
            self.algorithm_support.unwrap_or(AlgorithmSupport { digest_methods: &[], signing_methods: &[] });
        let has_algorithms = !support.digest_methods.is_empty() || !support.signing_methods.is_empty();
        if !has_ui && !has_algorithms && self.scope.is_none() {
            return;
        }
        writer.start(MD, "Extensions", &mut []);
        // SDP-IDP15: as a plain text, never a regular expression.
        if let Some(scope) = self.scope {
            writer.leaf(SHIBMD, "Scope", &mut [("regexp", "false")], scope);
        }
        write_algorithms(writer, &support);
        if has_ui {
            writer.start(MDUI, "UIInfo", &mut []);
            for (element, value) in texts {
                if let Some(value) = value {
                    writer.leaf(MDUI, element, &mut [("xml:lang", LANGUAGE)], value);
                }
            }
            if let Some(logo) = self.logo {
                let (height, width) = (logo.height.to_string(), logo.width.to_string());
                writer.leaf(MDUI, "Logo", &mut [("height", &height), ("width", &width)], logo.url);
            }
            writer.end();
        }
        writer.end();
    }

    /// SAML Metadata §2.4.2: where logout messages go.
    pub(super) fn write_logout_endpoints(&self, writer: &mut XmlWriter) {
        for endpoint in self.single_logout_services {
            let mut attributes =
                vec![("Binding", endpoint.binding.uri()), ("Location", endpoint.location.as_str())];
            attributes.extend(endpoint.response_location.as_deref().map(|url| ("ResponseLocation", url)));
            writer.leaf(MD, "SingleLogoutService", &mut attributes, "");
        }
    }

    /// SAML Core §2.7.3.1: the attributes, each with the values it can have.
    pub(super) fn write_attributes(&self, writer: &mut XmlWriter) {
        for attribute in self.attributes {
            let mut about =
                vec![("Name", attribute.name.as_str()), ("NameFormat", attribute.name_format.uri())];
            about.extend(attribute.friendly_name.as_deref().map(|name| ("FriendlyName", name)));
            writer.start(SAML, "Attribute", &mut about);
            for value in &attribute.values {
                writer.leaf(SAML, "AttributeValue", &mut [], value);
            }
            writer.end();
        }
    }
}

/// Algorithm Support §2.3, §2.4: digests first, signatures after them.
fn write_algorithms(writer: &mut XmlWriter, support: &AlgorithmSupport<'_>) {
    for algorithm in support.digest_methods {
        writer.leaf(ALG, "DigestMethod", &mut [("Algorithm", algorithm)], "");
    }
    for method in support.signing_methods {
        let size = |size: Option<NonZeroU32>| size.map(|bits| bits.to_string());
        let (min, max) = (size(method.min_key_size), size(method.max_key_size));
        let mut attributes = vec![("Algorithm", method.algorithm)];
        attributes.extend(min.as_deref().map(|bits| ("MinKeySize", bits)));
        attributes.extend(max.as_deref().map(|bits| ("MaxKeySize", bits)));
        writer.leaf(ALG, "SigningMethod", &mut attributes, "");
    }
}

/// The start of a security contact. The writer knows no attributes with a prefix; this constant is
/// canonical where `md` is declared around it and `remd` is not.
const SECURITY_CONTACT: &str = "<md:ContactPerson xmlns:remd=\"http://refeds.org/metadata\" contactType=\"other\" \
     remd:contactType=\"http://refeds.org/metadata/contactType/security\">";

/// SAML Metadata §2.3.2.2: a name, then an address as a URI.
pub(super) fn write_contact(writer: &mut XmlWriter, kind: ContactKind, contact: Contact<'_>) {
    let is_security = kind == ContactKind::Security;
    if is_security {
        writer.canonical(SECURITY_CONTACT);
    } else {
        writer.start(MD, "ContactPerson", &mut [("contactType", kind.contact_type())]);
    }
    if let Some(name) = contact.name {
        writer.leaf(MD, "GivenName", &mut [], name);
    }
    writer.leaf(MD, "EmailAddress", &mut [], &format!("mailto:{}", contact.email));
    if is_security {
        writer.canonical("</md:ContactPerson>");
    } else {
        writer.end();
    }
}
