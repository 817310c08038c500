//! Owns the judges of what we issue: xmlsec1, xmllint and the OASIS schemas, and a signer whose answer is
//! always the same. Does not issue anything.
#![expect(dead_code, reason = "each test binary uses its own part of this module")]

use saml::{SignError, SignatureAlgorithm, Signer};

use crate::support::{KeyPair, Scratch, tool};

/// A signer with a fixed answer, so that messages are the same on every run.
pub struct FixedSigner;

impl Signer for FixedSigner {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RsaSha256
    }

    fn certificate_der(&self) -> &[u8] {
        b"certificate"
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        assert!(message.starts_with(b"<ds:SignedInfo xmlns:ds="), "what is signed is a canonical SignedInfo");
        Ok(b"signature".to_vec())
    }
}

/// One element a line, for reading.
pub fn lines(xml: &str) -> String {
    xml.replace("><", ">\n<")
}

/// The octets xmllint makes of `xml`.
pub fn exc_c14n(xml: &str) -> String {
    let file = Scratch::new(xml.as_bytes());
    String::from_utf8(tool("xmllint", &["--exc-c14n", &file.arg()]).expect("xmllint reads it"))
        .expect("UTF-8")
}

/// The octets xmllint makes of each of `documents`, `None` where it refuses one: one process for all.
pub fn xmllint_exc_c14n(documents: &[String]) -> Vec<Option<String>> {
    // xmllint writes one result after the other, so a document of our own marks where each begins.
    const MARK: &str = "<mark-5d1f></mark-5d1f>";
    let mark = Scratch::new(MARK.as_bytes());
    let files: Vec<Scratch> = documents.iter().map(|document| Scratch::new(document.as_bytes())).collect();
    let mut command = std::process::Command::new("xmllint");
    command.args(["--nonet", "--exc-c14n"]);
    for file in &files {
        command.args([&mark.0, &file.0]);
    }
    let output = command.output().expect("xmllint must be on the PATH");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let results: Vec<Option<String>> =
        text.split(MARK).skip(1).map(|result| (!result.is_empty()).then(|| result.to_owned())).collect();
    assert_eq!(results.len(), documents.len(), "a result for each document");
    results
}

/// Whether xmlsec1 verifies the signature of the element `of`: `Response`, the `Assertion` in it, or the
/// `EncryptedAssertion/Assertion` that was decrypted in its place.
pub fn xmlsec_verifies(xml: &str, of: &str, pair: &KeyPair) -> Result<(), String> {
    let file = Scratch::new(xml.as_bytes());
    let key = Scratch::new(&pair.key.public_key_to_pem().expect("a key encodes"));
    let inside = of.strip_prefix("Response").unwrap_or(of);
    let steps: Vec<String> =
        inside.split_terminator('/').map(|name| format!("/*[local-name()='{name}']")).collect();
    let path = format!("/*[local-name()='Response']{}/*[local-name()='Signature']", steps.concat());
    tool(
        "xmlsec1",
        &[
            "--verify",
            "--pubkey-pem",
            &key.arg(),
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:protocol:Response",
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
            "--node-xpath",
            &path,
            &file.arg(),
        ],
    )
    .map(|_| ())
}

/// The catalogue of Debian's packages opensaml-schemas and xmltooling-schemas, and what is missing in it:
/// the addresses under which the schemas import each other.
const CATALOGUE: &str = r#"<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
<nextCatalog catalog="/usr/share/xml/opensaml/saml20-catalog.xml"/>
<rewriteSystem systemIdStartString="http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/" rewritePrefix="file:///usr/share/xml/xmltooling/"/>
<rewriteSystem systemIdStartString="http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/" rewritePrefix="file:///usr/share/xml/xmltooling/"/>
<rewriteSystem systemIdStartString="http://www.w3.org/2001/xml.xsd" rewritePrefix="file:///usr/share/xml/xmltooling/xml.xsd"/>
</catalog>"#;

/// Protocol, metadata and its user interface extension, and XML Encryption 1.1 in one.
const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="urn:oasis:names:tc:SAML:2.0:protocol" schemaLocation="file:///usr/share/xml/opensaml/saml-schema-protocol-2.0.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:2.0:metadata" schemaLocation="file:///usr/share/xml/opensaml/saml-schema-metadata-2.0.xsd"/>
<xs:import namespace="http://www.w3.org/2009/xmlenc11#" schemaLocation="file:///usr/share/xml/xmltooling/xenc11-schema.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:metadata:ui" schemaLocation="file:///usr/share/xml/opensaml/sstc-saml-metadata-ui-v1.0.xsd"/>
</xs:schema>"#;

/// Validates against the OASIS schemas.
pub fn schema_valid(xml: &str) -> Result<(), String> {
    let folder = std::path::Path::new("/usr/share/xml/opensaml");
    assert!(folder.exists(), "the Debian packages opensaml-schemas and xmltooling-schemas must be installed");
    let (catalogue, schema) = (Scratch::new(CATALOGUE.as_bytes()), Scratch::new(SCHEMA.as_bytes()));
    let file = Scratch::new(xml.as_bytes());
    let output = std::process::Command::new("xmllint")
        .env("XML_CATALOG_FILES", catalogue.arg())
        .args(["--nonet", "--noout", "--schema", &schema.arg(), &file.arg()])
        .output()
        .expect("xmllint must be on the PATH");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
