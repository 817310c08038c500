//! Writes the fixtures and the seeds anew: keys are made, messages are signed by xmlsec1 and OpenSSL, and the private
//! keys are forgotten. Run it from this folder: `cargo run --example seeds`. Needs xmlsec1.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oidc::id_token::{self, IdTokenClaims};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::X509;
use saml::binding::{MessageParameter, redirect};
use saml::{OpensslSigner, RelayState, SignatureAlgorithm};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const ACS: &str = "https://sp.example/acs";
const SP: &str = "https://sp.example/metadata";
const SSO: &str = "https://sso.example/saml2/app";
const SLO: &str = "https://sso.example/saml2/app/slo";
const NAMESPACES: &str = "xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";

struct Pair {
    key: PKey<Private>,
    certificate: X509,
}

impl Pair {
    fn new(key: PKey<Private>) -> Self {
        Self { certificate: certificate(&key), key }
    }

    fn signer(&self, algorithm: SignatureAlgorithm) -> Result<OpensslSigner> {
        Ok(OpensslSigner::new(self.key.clone(), self.certificate.to_der()?, algorithm)?)
    }

    fn base64(&self) -> Result<String> {
        Ok(STANDARD.encode(self.certificate.to_der()?))
    }
}

// The same as in the fixtures, which cannot be used here: they hold what this program writes.
#[path = "../src/certificate.rs"]
mod making;
use making::self_signed as certificate;

/// A folder that is removed at the end, since the private keys are in it while xmlsec1 signs.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("remove {} by hand, it holds keys: {error}", self.0.display());
        }
    }
}

fn main() -> Result<()> {
    let scratch = Scratch(env::temp_dir().join(format!("gatehouse-seeds-{}", std::process::id())));
    fs::create_dir(&scratch.0)?;
    let rsa = Pair::new(PKey::from_rsa(Rsa::generate(2048)?)?);
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let ec = Pair::new(PKey::from_ec_key(EcKey::generate(&group)?)?);
    write("fixtures/sp_rsa.crt", &rsa.certificate.to_pem()?)?;
    write("fixtures/sp_ec.crt", &ec.certificate.to_pem()?)?;
    saml_messages(&scratch.0, &rsa, &ec)?;
    metadata(&scratch.0, &rsa, &ec)?;
    certificates(&rsa, &ec)?;
    tokens()?;
    proofs()?;
    Ok(())
}

fn write(path: &str, contents: &[u8]) -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, contents)
}

/// Writes `text` as a seed of `target`, after the letter that says how it is used.
fn seed(target: &str, name: &str, mode: &str, text: &str) -> io::Result<()> {
    write(&format!("corpus/{target}/{name}"), format!("{mode}{text}").as_bytes())
}

fn template(method: &str, digest: &str, id: &str, prefixes: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <ds:SignatureMethod Algorithm=\"{method}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">{prefixes}</ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>\
         <ds:SignatureValue/></ds:Signature>"
    )
}

fn xmlsec(scratch: &Path, xml: &str, pair: &Pair) -> Result<String> {
    let (key, document) = (scratch.join("key.pem"), scratch.join("document.xml"));
    fs::write(&key, pair.key.private_key_to_pem_pkcs8()?)?;
    fs::write(&document, xml)?;
    let mut command = Command::new("xmlsec1");
    command.args(["--sign", "--privkey-pem"]).arg(&key);
    for name in ["AuthnRequest", "LogoutRequest", "LogoutResponse"] {
        command.args(["--id-attr:ID", &format!("urn:oasis:names:tc:SAML:2.0:protocol:{name}")]);
    }
    for name in ["EntityDescriptor", "EntitiesDescriptor"] {
        command.args(["--id-attr:ID", &format!("urn:oasis:names:tc:SAML:2.0:metadata:{name}")]);
    }
    let output = command.arg(&document).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let signed = String::from_utf8(output.stdout)?;
    Ok(signed.split_once("?>\n").map_or(signed.as_str(), |(_, rest)| rest).trim_end().to_owned())
}

/// An AuthnRequest with `signature` after the Issuer.
fn authn(attributes: &str, signature: &str, after: &str) -> String {
    format!(
        "<samlp:AuthnRequest {NAMESPACES} ID=\"_r1\" Version=\"2.0\" IssueInstant=\"2026-03-04T05:06:00Z\" \
         Destination=\"{SSO}\" {attributes}>\n  <saml:Issuer>{SP}</saml:Issuer>{signature}{after}\n</samlp:AuthnRequest>"
    )
}

fn logout(is_response: bool, signature: &str) -> String {
    let (name, attributes, after) = if is_response {
        let after = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">\
                     <samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:PartialLogout\"/>\
                     </samlp:StatusCode><samlp:StatusMessage>half</samlp:StatusMessage></samlp:Status>";
        ("LogoutResponse", "InResponseTo=\"_sent\"", after)
    } else {
        let after = "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" \
                     NameQualifier=\"https://sso.example/saml2/app\" SPNameQualifier=\"https://sp.example/metadata\">p-1\
                     </saml:NameID><samlp:SessionIndex>_s1</samlp:SessionIndex>";
        let attributes =
            "NotOnOrAfter=\"2026-03-04T05:11:00Z\" Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\"";
        ("LogoutRequest", attributes, after)
    };
    format!(
        "<samlp:{name} {NAMESPACES} ID=\"_l1\" Version=\"2.0\" IssueInstant=\"2026-03-04T05:06:00Z\" \
         Destination=\"{SLO}\" {attributes}><saml:Issuer>{SP}</saml:Issuer>{signature}{after}</samlp:{name}>"
    )
}

fn query(parameter: MessageParameter, xml: &str, signer: &OpensslSigner) -> Result<String> {
    let state = RelayState::new("state 1")?;
    let url = redirect::signed_url("https://x.example/", parameter, xml, Some(&state), signer)?;
    Ok(url.split_once('?').ok_or("no query")?.1.to_owned())
}

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn saml_messages(scratch: &Path, rsa: &Pair, ec: &Pair) -> Result<()> {
    let by_url = format!("AssertionConsumerServiceURL=\"{ACS}\"");
    let wishes = "<samlp:NameIDPolicy AllowCreate=\"true\" \
                  Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"/>\
                  <samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>\
                  urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>\
                  </samlp:RequestedAuthnContext><samlp:Scoping ProxyCount=\"0\"/>";
    let prefixes = "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs saml\"/>";
    let subject = "<saml:Subject><saml:NameID>maya@fernhill.example</saml:NameID></saml:Subject>";
    let index = "AssertionConsumerServiceIndex=\"1\" ForceAuthn=\"true\"";
    let passive = "IsPassive=\"1\" ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"";
    let xs = format!("{by_url} xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"");
    for (name, method, digest, prefixes, attributes, after, pair) in [
        ("authn_rsa.xml", RSA_SHA256, SHA256, "", by_url.as_str(), wishes, rsa),
        ("authn_ec.xml", ECDSA_SHA256, SHA256, prefixes, &xs, subject, ec),
        ("authn_sha1.xml", RSA_SHA1, SHA1, "", index, "<!-- old -->", rsa),
    ] {
        let template = template(method, digest, "_r1", prefixes);
        let signed = xmlsec(scratch, &authn(attributes, &template, after), pair)?;
        write(&format!("fixtures/{name}"), signed.as_bytes())?;
        seed("saml_authn_request", name, "x", &signed)?;
        seed("saml_signature_gate", name, "", &signed)?;
        let body = format!("SAMLRequest={}&RelayState=state+1", escaped(&STANDARD.encode(&signed)));
        seed("saml_authn_request", &format!("{name}.body"), "b", &body)?;
    }
    for (name, attributes, after) in [
        ("url", by_url.as_str(), wishes),
        ("index", index, subject),
        ("passive", passive, "<samlp:Extensions><x xmlns=\"urn:x\">y</x></samlp:Extensions>"),
    ] {
        let xml = authn(attributes, "", after);
        seed("saml_authn_request", &format!("{name}.plain"), "x", &xml)?;
        seed("saml_authn_request", &format!("{name}.signed_now"), "s", &xml)?;
    }
    for (name, pair, algorithm) in [
        ("authn_rsa.query", rsa, SignatureAlgorithm::RsaSha256),
        ("authn_ec.query", ec, SignatureAlgorithm::EcdsaSha256),
    ] {
        let text = query(MessageParameter::Request, &authn(&by_url, "", wishes), &pair.signer(algorithm)?)?;
        write(&format!("fixtures/{name}"), text.as_bytes())?;
        seed("saml_authn_request", name, "q", &text)?;
        seed("saml_redirect", name, "q", &text)?;
    }
    for (is_response, name) in [(false, "logout_request"), (true, "logout_response")] {
        let parameter = if is_response { MessageParameter::Response } else { MessageParameter::Request };
        let letter = |mode: &str| if is_response { mode.to_ascii_uppercase() } else { mode.to_owned() };
        let bare = logout(is_response, "");
        let signed = xmlsec(scratch, &logout(is_response, &template(RSA_SHA256, SHA256, "_l1", "")), rsa)?;
        let text = query(parameter, &bare, &rsa.signer(SignatureAlgorithm::RsaSha256)?)?;
        write(&format!("fixtures/{name}.xml"), signed.as_bytes())?;
        write(&format!("fixtures/{name}.query"), text.as_bytes())?;
        seed("saml_signature_gate", &format!("{name}.xml"), "", &signed)?;
        seed("saml_redirect", &format!("{name}.query"), if is_response { "r" } else { "q" }, &text)?;
        let body = format!("{}={}&RelayState=x", parameter.name(), escaped(&STANDARD.encode(&signed)));
        let envelope = format!(
            "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Header/>\n<S:Body>{signed}</S:Body></S:Envelope>"
        );
        for (mode, text) in
            [("q", &text), ("b", &body), ("e", &envelope), ("m", &signed), ("x", &signed), ("s", &bare)]
        {
            seed("saml_logout", &format!("{name}.{mode}"), &letter(mode), text)?;
        }
    }
    seed("saml_redirect", "round_trip", "x", "state 1 ü\t\0<samlp:AuthnRequest a=\"&amp;+%\"/>")?;
    seed(
        "saml_redirect",
        "encoding",
        "q",
        "SAMLEncoding=urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE&SAMLRequest=s0m0AwA&x=y",
    )?;
    seed(
        "saml_signature_gate",
        "ours",
        "!",
        "p-1\0urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\0_s1\0_s2 <&>\r\n",
    )?;
    Ok(())
}

fn metadata(scratch: &Path, rsa: &Pair, ec: &Pair) -> Result<()> {
    let key = |pair: &Pair, usage: &str| -> Result<String> {
        Ok(format!(
            "<md:KeyDescriptor{usage}><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             <md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/></md:KeyDescriptor>",
            pair.base64()?
        ))
    };
    let entity = |id: &str, inside: &str, role: &str| {
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{id}\" {inside}>\
             <md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"1\">{role}\
             <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\
             <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{ACS}\" index=\"0\" isDefault=\"true\"/>\
             <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:PAOS\" Location=\"{ACS}/ecp\" index=\"1\"/>\
             <md:AttributeConsumingService index=\"1\"><md:ServiceName xml:lang=\"en\">Wiki</md:ServiceName>\
             <md:RequestedAttribute Name=\"mail\" isRequired=\"true\"/></md:AttributeConsumingService>\
             </md:SPSSODescriptor><md:ContactPerson contactType=\"technical\"><md:GivenName>Desk</md:GivenName>\
             <md:EmailAddress>mailto:desk@sp.example</md:EmailAddress></md:ContactPerson></md:EntityDescriptor>"
        )
    };
    let shown = "<md:Extensions><mdui:UIInfo xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\">\
                 <mdui:DisplayName xml:lang=\"en\">Wiki</mdui:DisplayName><mdui:Logo width=\"64\" height=\"64\">\
                 https://sp.example/logo.png</mdui:Logo></mdui:UIInfo></md:Extensions>";
    let slo = "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://sp.example/slo\"/>";
    let single = format!("{shown}{}{}{slo}", key(rsa, " use=\"signing\"")?, key(ec, "")?);
    let single = entity(SP, "ID=\"_m1\" validUntil=\"2027-01-01T00:00:00Z\"", &single);
    seed("saml_sp_metadata", "single.xml", "", &single)?;
    let with_signature = single.replacen(
        "\"><md:SPSSO",
        &format!("\">{}<md:SPSSO", template(RSA_SHA256, SHA256, "_m1", "")),
        1,
    );
    let signed = xmlsec(scratch, &with_signature, rsa)?;
    let two =
        [entity(SP, "", shown), entity("https://other.example/sp", "cacheDuration=\"PT2H\"", slo)].concat();
    let aggregate = |signature: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_m1\" \
             validUntil=\"2026-06-01T00:00:00Z\" cacheDuration=\"PT1H\">{signature}\
             <EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"><!-- nested -->{two}</EntitiesDescriptor>\
             <md:EntityDescriptor entityID=\"https://idp.example\"><md:IDPSSODescriptor/></md:EntityDescriptor>\
             </md:EntitiesDescriptor>"
        )
    };
    seed("saml_sp_metadata", "aggregate.xml", "", &aggregate(""))?;
    let signed_aggregate = xmlsec(scratch, &aggregate(&template(RSA_SHA256, SHA256, "_m1", "")), rsa)?;
    for (name, text) in [("metadata.xml", &signed), ("aggregate.xml", &signed_aggregate)] {
        write(&format!("fixtures/{name}"), text.as_bytes())?;
        seed("saml_signature_gate", name, "", text)?;
    }
    Ok(())
}

fn certificates(rsa: &Pair, ec: &Pair) -> Result<()> {
    let ed25519 = Pair::new_ed25519()?;
    let p521 = Pair::new(PKey::from_ec_key(EcKey::generate(&*EcGroup::from_curve_name(Nid::SECP521R1)?)?)?);
    let small = Pair::new(PKey::from_rsa(Rsa::generate(1024)?)?);
    for (name, pair) in
        [("rsa", rsa), ("p256", ec), ("p521", &p521), ("ed25519", &ed25519), ("rsa1024", &small)]
    {
        write(&format!("corpus/certificate/{name}.pem"), &pair.certificate.to_pem()?)?;
        let der = pair.certificate.to_der()?;
        write(&format!("corpus/certificate/{name}.der"), &[b"d", der.as_slice()].concat())?;
    }
    seed("certificate", "p256.base64", "", &ec.base64()?)?;
    Ok(())
}

impl Pair {
    fn new_ed25519() -> Result<Self> {
        let key = PKey::generate_ed25519()?;
        let mut builder = making::unsigned(&key);
        builder.sign(&key, openssl::hash::MessageDigest::null())?;
        Ok(Self { certificate: builder.build(), key })
    }
}

fn tokens() -> Result<()> {
    use oidc::SigningAlgorithm as Alg;
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    for (name, key, algorithm) in [
        ("rs256", PKey::from_rsa(Rsa::generate(2048)?)?, Alg::Rs256),
        ("es256", PKey::from_ec_key(EcKey::generate(&group)?)?, Alg::Es256),
        ("eddsa", PKey::generate_ed25519()?, Alg::EdDsa),
    ] {
        write(&format!("fixtures/id_token_{name}.pem"), &key.public_key_to_pem()?)?;
        let signer = oidc::OpensslSigner::new(format!("kept-{algorithm}"), key, algorithm)?;
        let claims = IdTokenClaims {
            iss: "https://id.fernhill.example".to_owned(),
            sub: "maya".to_owned(),
            aud: "metrics".to_owned(),
            exp: 1_900_000_000,
            iat: 1_772_600_000,
            sid: Some("s1".to_owned()),
            ..IdTokenClaims::default()
        };
        let token = id_token::issue(&claims, &signer)?;
        write(&format!("fixtures/id_token_{name}.jwt"), token.as_bytes())?;
        seed("oidc_jwt", name, "", &token)?;
    }
    let payload = "{\"iss\":\"https://id.fernhill.example\",\"sub\":\"maya\",\"aud\":\"metrics\",\"exp\":1900000000,\"iat\":1,\"sid\":\"s1\"}";
    for (name, header) in [
        ("live", "{\"alg\":\"EdDSA\",\"kid\":\"live\",\"typ\":\"JWT\"}"),
        (
            "crit",
            "{\"alg\":\"EdDSA\",\"kid\":\"live\",\"typ\":\"JWT\",\"crit\":[\"b64\"],\"b64\":false,\"jwk\":{}}",
        ),
        ("none", "{\"alg\":\"none\",\"kid\":\"live\",\"typ\":\"JWT\"}"),
    ] {
        seed("oidc_jwt", name, "", &format!("{header}\n{payload}"))?;
    }
    Ok(())
}

/// Inputs of the targets that sign on the spot, and of those that read JSON.
fn proofs() -> Result<()> {
    let address = "https://id.fernhill.example/oauth2/token";
    let ath = "RIVk8xaETlNO_an34dU0DvjEik4dqs5jQk84IkBqcv8";
    let claims = |iat: &str| {
        format!("{{\"jti\":\"a\",\"htm\":\"POST\",\"htu\":\"{address}\",\"iat\":{iat},\"ath\":\"{ath}\"}}")
    };
    seed("oidc_dpop_proof", "claims", "", &claims("1772600767"))?;
    seed("oidc_dpop_proof", "nonce", "", &claims("1772600767,\"nonce\":\"good\""))?;
    for (name, header) in [
        (
            "private",
            "{\"typ\":\"dpop+jwt\",\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\",\"d\":\"AA\"}}",
        ),
        ("header", "{\"typ\":\"dpop+jwt\",\"alg\":\"EdDSA\",\"jwk\":JWK}"),
        ("none", "{\"typ\":\"dpop+jwt\",\"alg\":\"none\",\"jwk\":JWK}"),
    ] {
        seed("oidc_dpop_proof", name, "!", &format!("{header}\n{}", claims("1772600767")))?;
    }
    seed("oidc_dpop_proof", "token", "", "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.AAAA")?;
    let assertion = "{\"iss\":\"metrics\",\"sub\":\"metrics\",\"aud\":\"https://id.fernhill.example\",\"jti\":\"a\",\"exp\":1772600800}";
    seed("oidc_client_assertion", "claims", "", assertion)?;
    seed(
        "oidc_client_assertion",
        "header",
        "!",
        &format!("{{\"alg\":\"EdDSA\",\"kid\":\"live\",\"typ\":\"JWT\"}}\n{assertion}"),
    )?;
    seed(
        "oidc_client_assertion",
        "jku",
        "!",
        &format!("{{\"alg\":\"EdDSA\",\"jku\":\"https://evil.example\"}}\n{assertion}"),
    )?;
    seed(
        "oidc_client_assertion",
        "keys",
        "K",
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
    )?;
    seed("oidc_client_assertion", "token", "", "eyJhbGciOiJFZERTQSJ9.e30.AAAA")?;
    for (name, text) in [
        (
            "both",
            "{\"userinfo\":{\"email\":null,\"name\":{\"essential\":true}},\"id_token\":{\"email\":null}}",
        ),
        (
            "values",
            "{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"a\",\"b\"]},\"sub\":{\"value\":\"maya\"}}}",
        ),
        ("protocol", "{\"userinfo\":{\"iss\":null,\"cnf\":null,\"secret\":null},\"x\":[]}"),
    ] {
        seed("oidc_claims_parameter", name, "", text)?;
    }
    Ok(())
}
