//! Single logout over HTTP, with apps that speak the protocol from the other side: they sign, verify and answer with the types
//! of the SAML crate, in which the gateway is then the peer.

mod attacks;
mod back_channel;
mod by_app;
mod by_person;

use super::response;
use crate::support::{
    app::{Browser, Page, TestApp, saml_settings, system, unescape},
    database::Kind,
    rng,
};
use ::saml::{
    Binding, CertificateDer, NameId, NameIdFormat, OpensslSigner, RelayState, ServiceProvider,
    SignatureAlgorithm, SingleLogoutService,
    binding::OutboundMessage,
    logout::{
        IssuedLogoutRequest, LogoutOutcome, LogoutRequestSpec, LogoutRequestTarget, LogoutStatus,
        LogoutVerifyContext, UnverifiedLogoutRequest, UnverifiedLogoutResponse, VerifiedLogoutRequest,
        VerifiedLogoutResponse, issue_request, issue_response,
    },
};
use gatehouse::{
    clock::Clock,
    domain::{
        audit::{AuditEvent, EventType},
        connection::{AcsUrl, Connection, LogoutBinding, LogoutService, SamlConnection},
        group::Group,
        user::{Role, User},
    },
    service,
};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    x509::{X509, X509Name},
};
use reqwest::Method;

/// The status codes that answers end with.
const SUCCESS: LogoutOutcome = LogoutOutcome::Success;
const PARTIAL: LogoutOutcome = LogoutOutcome::Partial;

/// The status when a session that was named goes on.
fn unknown_principal() -> LogoutOutcome {
    LogoutOutcome::Failed {
        top: "urn:oasis:names:tc:SAML:2.0:status:Requester".into(),
        second: Some("urn:oasis:names:tc:SAML:2.0:status:UnknownPrincipal".into()),
    }
}

/// A gateway with Maya and the group that has every app.
pub struct House {
    pub app: TestApp,
    pub maya: User,
    pub group: Group,
}

impl House {
    async fn on(kind: Kind) -> Self {
        let app = TestApp::on(kind).await;
        app.person("tomas", Role::Owner).await;
        let maya = app.person("maya", Role::None).await;
        let group = app.group("Growth", &[maya.id]).await;
        Self { app, maya, group }
    }

    pub async fn new() -> Self {
        Self::on(Kind::Sqlite).await
    }

    /// Adds an app that takes logout messages by these bindings.
    pub async fn sp(&self, slug: &'static str, bindings: &[&str]) -> Sp {
        let home = format!("https://{slug}.example");
        self.sp_at(slug, &home, bindings, "persistent").await
    }

    /// Adds an app whose entity is at `home`.
    pub async fn sp_at(&self, slug: &'static str, home: &str, bindings: &[&str], format: &str) -> Sp {
        let sp = Sp { clock: self.app.ctx.clock.clone(), ..Sp::new(slug, home) };
        let services = bindings.iter().map(|binding| LogoutService {
            binding: LogoutBinding::parse(binding).expect("a binding"),
            url: sp.address(),
            response_url: String::new(),
        });
        let settings = SamlConnection {
            sp_entity_id: sp.entity_id.clone(),
            acs_urls: vec![AcsUrl { url: format!("https://{slug}.example/acs"), index: 0, default: true }],
            sp_certificates: vec![sp.pem()],
            logout_services: services.collect(),
            name_id_format: serde_json::from_value(serde_json::json!(format)).expect("a format"),
            allow_idp_initiated: true,
            ..saml_settings()
        };
        self.app.app(slug, Connection::Saml(Box::new(settings)), &self.group).await;
        sp
    }

    pub async fn signed_in(&self) -> Browser {
        let browser = self.app.browser();
        browser.sign_in("maya").await;
        browser
    }

    /// Whether a browser is signed in.
    pub async fn is_in(&self, browser: &Browser) -> bool {
        browser.get("/account").await.status.is_success()
    }

    /// The `sso_logout` events, newest first: app, and the code of the failure.
    async fn told(&self) -> Vec<(String, Option<String>)> {
        let names =
            |event: AuditEvent| (event.application.map(|app| app.name).unwrap_or_default(), event.error_code);
        self.events().await.into_iter().map(names).collect()
    }

    async fn events(&self) -> Vec<AuditEvent> {
        let filter = gatehouse::store::audit::AuditFilter {
            event_type: Some(EventType::SsoLogout),
            ..Default::default()
        };
        let page = gatehouse::store::page::PageRequest { offset: 0, limit: 50 };
        service::audit::list(&self.app.ctx, &system(), &filter, page).await.expect("events").items
    }
}

/// How an app was told of a person.
#[derive(Debug, Clone)]
pub struct SignedOn {
    pub name_id: NameId,
    index: String,
}

/// An app, seen from its own side.
pub struct Sp {
    slug: &'static str,
    entity_id: String,
    home: String,
    key: PKey<Private>,
    certificate: X509,
    clock: Clock,
}

impl Sp {
    fn new(slug: &'static str, home: &str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
        let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
        let mut name = X509Name::builder().expect("a name");
        name.append_entry_by_text("CN", slug).expect("a name");
        let name = name.build();
        let mut builder = X509::builder().expect("a certificate");
        builder.set_version(2).expect("a version");
        let serial = BigNum::from_u32(1).expect("1").to_asn1_integer().expect("1");
        builder.set_serial_number(&serial).expect("a serial");
        builder.set_subject_name(&name).expect("a subject");
        builder.set_issuer_name(&name).expect("an issuer");
        builder.set_not_before(&Asn1Time::from_unix(0).expect("1970")).expect("a start");
        builder.set_not_after(&Asn1Time::from_unix(4_000_000_000).expect("2096")).expect("an end");
        builder.set_pubkey(&key).expect("a key");
        builder.sign(&key, MessageDigest::sha256()).expect("a signature");
        let certificate = builder.build();
        let entity_id = format!("https://{slug}.example/metadata");
        let clock = Clock::manual(crate::support::at(0));
        Self { slug, entity_id, home: home.to_owned(), key, certificate, clock }
    }

    fn pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().expect("PEM")).expect("text")
    }

    fn signer(&self) -> OpensslSigner {
        let der = self.certificate.to_der().expect("DER");
        OpensslSigner::new(self.key.clone(), der, SignatureAlgorithm::EcdsaSha256).expect("a pair")
    }

    /// What happens later comes later in lists too: within a millisecond their order is left to chance.
    fn tick(&self) {
        self.clock.advance(chrono::TimeDelta::milliseconds(1));
    }

    /// Where it takes logout messages.
    fn address(&self) -> String {
        format!("{}/slo", self.home)
    }

    /// The gateway as this app knows it: from its metadata.
    async fn idp(&self, app: &TestApp) -> ServiceProvider {
        let browser = app.browser();
        let metadata = browser.get(&format!("/saml2/{}/metadata", self.slug)).await.text;
        let document = roxmltree::Document::parse(&metadata).expect("XML");
        let services = document
            .descendants()
            .filter(|node| node.tag_name().name() == "SingleLogoutService")
            .map(|node| SingleLogoutService {
                binding: Binding::from_uri(node.attribute("Binding").expect("one")).expect("known"),
                location: node.attribute("Location").expect("one").to_owned(),
                response_location: None,
            });
        let pem = browser.get(&format!("/saml2/{}/certificate.pem", self.slug)).await.text;
        let entity_id = document.root_element().attribute("entityID").expect("one");
        ServiceProvider {
            single_logout_services: services.collect(),
            signing_certificates: vec![CertificateDer::from_pem_or_base64(&pem).expect("a certificate")],
            ..ServiceProvider::new(entity_id, "https://unused.example/", NameIdFormat::Unspecified)
        }
    }

    /// Signs the person of a browser on, from the tile.
    pub async fn sign_on(&self, browser: &Browser) -> SignedOn {
        self.tick();
        let page = browser.get(&format!("/launch/{}", self.slug)).await;
        let xml = response(&page);
        let document = roxmltree::Document::parse(&xml).expect("XML");
        let find = |name: &str| {
            document.descendants().find(|node| node.tag_name().name() == name).expect("in the assertion")
        };
        let name = find("NameID");
        SignedOn {
            name_id: NameId {
                format: NameIdFormat::from(name.attribute("Format").expect("a format")),
                value: name.text().expect("a value").to_owned(),
                name_qualifier: name.attribute("NameQualifier").map(str::to_owned),
                sp_name_qualifier: name.attribute("SPNameQualifier").map(str::to_owned),
            },
            index: find("AuthnStatement").attribute("SessionIndex").expect("an index").to_owned(),
        }
    }

    /// A LogoutRequest of this app.
    pub async fn request(&self, app: &TestApp, binding: Binding, about: &SignedOn) -> IssuedLogoutRequest {
        self.request_with(app, binding, &about.name_id, &[&about.index], None).await
    }

    async fn request_with(
        &self,
        app: &TestApp,
        binding: Binding,
        name_id: &NameId,
        session_indexes: &[&str],
        relay_state: Option<&RelayState>,
    ) -> IssuedLogoutRequest {
        self.tick();
        let target = LogoutRequestTarget::of(&self.idp(app).await, &[binding]).expect("in the metadata");
        let spec = LogoutRequestSpec {
            idp_entity_id: &self.entity_id,
            name_id,
            session_indexes,
            lifetime: LogoutRequestSpec::DEFAULT_LIFETIME,
            reason: None,
            relay_state,
        };
        issue_request(&target, &spec, &self.signer(), app.ctx.now(), &mut rng()).expect("issued")
    }

    /// Takes the gateway's request out of a page that brings it here.
    pub async fn take(&self, app: &TestApp, page: &Page) -> VerifiedLogoutRequest {
        self.tick();
        let (address, binding, raw) = carried(page);
        assert_eq!(address, self.address());
        let request = match binding {
            Binding::HttpRedirect => UnverifiedLogoutRequest::from_redirect(&raw),
            _ => UnverifiedLogoutRequest::from_post_body(&raw),
        };
        let (destinations, idp) = (self.address(), self.idp(app).await);
        let destinations = [destinations.as_str()];
        let context = LogoutVerifyContext::new(&destinations, app.ctx.now());
        request.expect("readable").verify(&idp, &context).expect("acceptable")
    }

    /// Brings the answer to a request of the gateway back.
    pub async fn answer(
        &self,
        app: &TestApp,
        browser: &Browser,
        request: &VerifiedLogoutRequest,
        status: &LogoutStatus,
    ) -> Page {
        self.tick();
        let target = request.response_target(&self.idp(app).await).expect("answerable");
        let answer =
            issue_response(&target, &self.entity_id, status, &self.signer(), app.ctx.now(), &mut rng())
                .expect("issued");
        deliver(browser, &answer.message).await
    }

    /// Reads the answer to a request of this app out of a page that brings it here, or out of an envelope.
    pub async fn hear(
        &self,
        app: &TestApp,
        asked: &IssuedLogoutRequest,
        page: &Page,
    ) -> VerifiedLogoutResponse {
        let response = if page.text.starts_with("<soap:") {
            UnverifiedLogoutResponse::from_soap(page.text.as_bytes())
        } else {
            let (address, binding, raw) = carried(page);
            assert_eq!(address, self.address(), "registered, and nowhere else");
            match binding {
                Binding::HttpRedirect => UnverifiedLogoutResponse::from_redirect(&raw),
                _ => UnverifiedLogoutResponse::from_post_body(&raw),
            }
        };
        let (destinations, idp) = (self.address(), self.idp(app).await);
        let destinations = [destinations.as_str()];
        let context = LogoutVerifyContext::new(&destinations, app.ctx.now());
        response.expect("readable").verify(&idp, &[&asked.id], &context).expect("acceptable")
    }
}

/// Brings a message to the gateway.
pub async fn deliver(browser: &Browser, message: &OutboundMessage) -> Page {
    match message {
        OutboundMessage::Redirect { url } => browser.get(url).await,
        OutboundMessage::Post { action, parameter, value, relay_state } => {
            let mut fields = vec![(parameter.name(), value.as_str())];
            fields.extend(relay_state.as_ref().map(|state| ("RelayState", state.as_str())));
            browser.post(action, &fields).await
        }
        OutboundMessage::Soap { location, envelope } => {
            let headers = [("content-type", "text/xml; charset=utf-8")];
            browser.send(Method::POST, location.as_deref().expect("an address"), &headers, envelope).await
        }
    }
}

/// The message that a page takes to an app: where, how, and the raw query or body.
fn carried(page: &Page) -> (String, Binding, String) {
    let link = || page.text.split("id=\"continue\" href=\"").nth(1)?.split('"').next().map(unescape);
    let away = Some(page.location().to_owned()).filter(|location| location.starts_with("http")).or_else(link);
    if let Some(away) = away {
        let (address, query) = away.split_once('?').expect("a query");
        return (address.to_owned(), Binding::HttpRedirect, query.to_owned());
    }
    let action = page.action().unwrap_or_else(|| panic!("nothing to send: {} {}", page.status, page.text));
    let mut body = form_urlencoded::Serializer::new(String::new());
    for name in ["SAMLRequest", "SAMLResponse", "RelayState"] {
        if let Some(value) = page.field(name) {
            body.append_pair(name, &value);
        }
    }
    (action, Binding::HttpPost, body.finish())
}

/// Follows redirects to pages of ours.
pub async fn follow(browser: &Browser, mut page: Page) -> Page {
    while page.location().starts_with('/') {
        page = browser.get(page.location()).await;
    }
    page
}
