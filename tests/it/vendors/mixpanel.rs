//! Mixpanel: takes certificate, sign-in address and issuer, knows people by plain attribute names, for claimed domains only.

use super::{
    Console,
    sp::{Proven, Refusal, Sp, descriptor},
};
use crate::support::app::Page;
use std::collections::BTreeMap;

const AUTHORIZE: &str = "https://mixpanel.com/security/sso/v2/authorize/";
const ACS: &str = "https://sso.mixpanel.com/sso/saml2";

/// Mixpanel's side of one organisation.
struct Mixpanel {
    org_id: String,
    sp: Sp,
    issuer: String,
    domains: Vec<&'static str>,
    /// IDP Managed Access: makes accounts at the first sign-in.
    managed: bool,
    people: BTreeMap<String, String>,
}

/// The issuers of all customers.
#[derive(Default)]
struct Customers {
    issuers: Vec<String>,
}

impl Customers {
    /// Access Security: a certificate file, an authentication URL and an issuer URL that no other customer has.
    fn configure(
        &mut self,
        org_id: &str,
        certificate: &str,
        authentication_url: &str,
        issuer: &str,
    ) -> Result<Mixpanel, Refusal> {
        if certificate.trim_start().starts_with('<') {
            return Err("the certificate is a .pem or .cert file, not XML".into());
        }
        if !issuer.starts_with("https://") && !issuer.starts_with("http://") {
            return Err("the issuer is no URL".into());
        }
        if self.issuers.iter().any(|other| other == issuer) {
            return Err("another customer has this issuer".into());
        }
        self.issuers.push(issuer.to_owned());
        Ok(Mixpanel {
            org_id: org_id.into(),
            sp: Sp::new(AUTHORIZE, ACS, descriptor(issuer, authentication_url, certificate)),
            issuer: issuer.into(),
            domains: vec!["fernhill.example"],
            managed: true,
            people: BTreeMap::new(),
        })
    }
}

impl Mixpanel {
    /// The start address: asks the provider of the organisation it names.
    fn start(&mut self, address: &str) -> Result<String, Refusal> {
        if address != format!("{AUTHORIZE}?org_id={}", self.org_id) {
            return Err(format!("{address} starts nothing here"));
        }
        Ok(self.sp.ask())
    }

    fn sign_in(&mut self, page: &Page) -> Result<Proven, Refusal> {
        let proven = self.sp.prove(page)?;
        if proven.issuer != self.issuer {
            return Err("another issuer".into());
        }
        if let Some((name, _)) = proven.attributes.iter().find(|(name, _)| name.contains([':', '/'])) {
            return Err(format!("{name} has a namespace"));
        }
        let email = proven.attribute("email").ok_or("no email attribute")?.to_owned();
        if !self.domains.iter().any(|domain| email.split('@').nth(1) == Some(domain)) {
            return Err("the domain isn't claimed".into());
        }
        if !self.people.contains_key(&email) {
            if !self.managed {
                return Err("nobody is made without IDP Managed Access".into());
            }
            let first = proven.attribute("firstName").ok_or("no firstName for a new account")?;
            let last = proven.attribute("lastName").ok_or("no lastName for a new account")?;
            self.people.insert(email, format!("{first} {last}"));
        }
        Ok(proven)
    }
}

async fn mixpanel(console: &Console, customers: &mut Customers) -> Mixpanel {
    let pem = console.certificate("mixpanel").await;
    let url = format!("{}/saml2/mixpanel", console.app.url);
    customers.configure("2718", &pem, &url, &format!("{url}/metadata")).expect("configured")
}

#[tokio::test]
async fn mixpanel_signs_people_in_from_its_start_address() {
    let console = Console::new().await;
    console.refuses("mixpanel", ("parameters.org_id", "2718&x=1"), "Use only letters").await;
    let tab = console.add("mixpanel", ("parameters.org_id", "2718")).await;
    let start = format!("{AUTHORIZE}?org_id=2718");
    for shown in [
        "<dt>Authentication URL</dt>",
        "<dt>Issuer URL</dt>",
        "<dt>Certificate<small>Ends ",
        "needed for new accounts",
        "postback URL ends in org_id=2718",
    ] {
        assert!(tab.text.contains(shown), "{shown}: {}", tab.text);
    }
    assert_eq!(tab.field("start_url").as_deref(), Some(start.as_str()));
    let mut customers = Customers::default();
    let mut mixpanel = mixpanel(&console, &mut customers).await;
    let (issuer, url) = (mixpanel.issuer.clone(), format!("{}/saml2/mixpanel", console.app.url));
    assert!(tab.text.contains(&issuer));
    let pem = console.certificate("mixpanel").await;
    assert!(customers.configure("3", &pem, &url, &issuer).is_err(), "one issuer, one customer");
    let metadata = console.owner.get("/saml2/mixpanel/metadata").await.text;
    assert!(customers.configure("3", &metadata, &url, "https://other.example").is_err(), "no XML");

    let request = mixpanel.start(&start).expect("its own address");
    let answer = console.sign_on(&request).await;
    let proven = mixpanel.sign_in(&answer).expect("SP-initiated");
    assert!(proven.solicited);
    assert_eq!(mixpanel.people["maya@fernhill.example"], "Maya Okafor", "made from what was asserted");

    let maya = console.maya().await;
    let tile = maya.get("/launch/mixpanel").await;
    assert!(tile.field("SAMLResponse").is_none(), "the tile asserts nothing by itself");
    let leads = if tile.location().is_empty() { &tile.text } else { tile.location() };
    assert!(crate::support::app::unescape(leads).contains(&start), "the tile leads to Mixpanel: {leads}");
    let request = mixpanel.start(&start).expect("its own address");
    let straight = maya.get(&request).await;
    mixpanel.sign_in(&straight).expect("from the tile");

    mixpanel.sp.acs_url = start.clone();
    let request = mixpanel.sp.ask();
    let posted_back = maya.get(&request).await;
    assert_eq!(posted_back.action().as_deref(), Some(start.as_str()));
    mixpanel.sign_in(&posted_back).expect("the postback address is registered too");
}

#[tokio::test]
async fn mixpanel_refuses_strangers_and_half_an_account() {
    let console = Console::new().await;
    console.add("mixpanel", ("parameters.org_id", "2718")).await;
    let mut mixpanel = mixpanel(&console, &mut Customers::default()).await;
    let maya = console.maya().await;
    mixpanel.managed = false;
    let request = mixpanel.sp.ask();
    let refused = mixpanel.sign_in(&maya.get(&request).await).expect_err("refused");
    assert_eq!(refused, "nobody is made without IDP Managed Access");
    mixpanel.managed = true;
    console.change("mixpanel", &[("attribute_send#1", "off")]).await;
    let request = mixpanel.sp.ask();
    let refused = mixpanel.sign_in(&maya.get(&request).await).expect_err("refused");
    assert_eq!(refused, "no firstName for a new account");
    console
        .change(
            "mixpanel",
            &[("attribute_kind#1", "constant"), ("attribute_value#1", "M."), ("attribute_send#1", "on")],
        )
        .await;
    let request = mixpanel.sp.ask();
    mixpanel.sign_in(&maya.get(&request).await).expect("a constant does");
    assert_eq!(mixpanel.people["maya@fernhill.example"], "M. Okafor");
    mixpanel.domains = vec!["elsewhere.example"];
    let request = mixpanel.sp.ask();
    assert_eq!(mixpanel.sign_in(&maya.get(&request).await).expect_err("refused"), "the domain isn't claimed");
}
