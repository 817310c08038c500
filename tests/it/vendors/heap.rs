//! Heap: takes a certificate and a sign-in address, wants the assertion signed, and a test before it is enforced.

use super::{
    Console,
    sp::{Proven, Refusal, Sp, descriptor, is_email, response_of},
};
use crate::support::app::Page;

const EMAIL_FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// What only guides say about Heap, and not Heap itself.
struct Strictness {
    email_format: bool,
    slash: bool,
    authn_statement: bool,
}

/// Heap's side of one account.
struct Heap {
    account: String,
    pem: String,
    login_url: String,
    strict: Strictness,
    sp: Option<Sp>,
    tested: bool,
    enforced: bool,
}

impl Heap {
    /// Account settings: the certificate as text with its BEGIN and END lines, and the remote login URL.
    fn configured(heap_id: &str, pem: &str, login_url: &str) -> Result<Self, Refusal> {
        let framed = pem.trim().starts_with("-----BEGIN CERTIFICATE-----")
            && pem.trim().ends_with("-----END CERTIFICATE-----");
        if !framed {
            return Err("the certificate needs its BEGIN and END lines".into());
        }
        Ok(Self {
            account: heap_id.into(),
            pem: pem.into(),
            login_url: login_url.into(),
            strict: Strictness { email_format: true, slash: true, authn_statement: true },
            sp: None,
            tested: false,
            enforced: false,
        })
    }

    /// Heap is never told the provider's entity ID: whoever signs with the certificate is it.
    fn sp(&mut self, issuer: &str) -> &mut Sp {
        let slash = if self.strict.slash { "/" } else { "" };
        let acs = format!("https://heapanalytics.com/saml/finalize/{}{slash}", self.account);
        let idp = descriptor(issuer, &self.login_url, &self.pem);
        let sp = self.sp.get_or_insert_with(|| Sp::new("https://heapanalytics.com", &acs, idp.clone()));
        sp.idp = idp;
        sp
    }

    fn ask(&mut self) -> String {
        self.sp("unknown").ask()
    }

    fn sign_in(&mut self, page: &Page) -> Result<Proven, Refusal> {
        let xml = response_of(page);
        let document = roxmltree::Document::parse(&xml).map_err(|error| error.to_string())?;
        let issuer = document.descendants().find(|node| node.tag_name().name() == "Issuer");
        let issuer = issuer.and_then(|node| node.text()).unwrap_or_default().to_owned();
        let proven = self.sp(&issuer).prove(page)?;
        if !proven.assertion_signed {
            return Err("the assertion isn't signed".into());
        }
        if self.strict.email_format && proven.name_id_format != EMAIL_FORMAT {
            return Err("the NameID has another format".into());
        }
        if self.strict.authn_statement && !proven.has_authn_statement {
            return Err("it doesn't say how the person signed in".into());
        }
        if !is_email(&proven.name_id) {
            return Err("the NameID is no email address".into());
        }
        self.tested = true;
        Ok(proven)
    }

    /// Single sign-on for everybody but admins; only after a sign-in that worked.
    fn enforce(&mut self) -> Result<(), Refusal> {
        if !self.tested {
            return Err("test the connection first".into());
        }
        self.enforced = true;
        Ok(())
    }

    fn takes_password(&self, admin: bool) -> bool {
        admin || !self.enforced
    }
}

#[tokio::test]
async fn heap_signs_people_in_from_both_ends() {
    let console = Console::new().await;
    let sentence = "Use only letters, digits, hyphens and underscores";
    console
        .refuses("heap", ("parameters.heap_id", "https://heapanalytics.com/saml/finalize/9/"), sentence)
        .await;
    let tab = console.add("heap", ("parameters.heap_id", "acme-9")).await;
    for shown in [
        "https://heapanalytics.com/saml/finalize/acme-9/",
        "<dt>Remote login URL</dt>",
        "<dt>Your SAML Identity Provider certificate<small>Ends ",
        "<dt>Logout landing URL<small>optional</small></dt>",
        "/saml2/heap/certificate.pem",
        "run Heap’s own test",
    ] {
        assert!(tab.text.contains(shown), "{shown}: {}", tab.text);
    }
    let pem = console.certificate("heap").await;
    let login_url = format!("{}/saml2/heap", console.app.url);
    assert!(tab.text.contains(&login_url));
    assert!(Heap::configured("acme-9", "MIIB", &login_url).is_err(), "the text needs its frame");
    let mut heap = Heap::configured("acme-9", &pem, &login_url).expect("configured");
    assert!(heap.enforce().is_err(), "not before a test");

    let request = heap.ask();
    let answer = console.sign_on(&request).await;
    let proven = heap.sign_in(&answer).expect("SP-initiated");
    assert!(proven.solicited && proven.name_id == "maya@fernhill.example");
    assert_eq!(proven.attribute("email"), Some("maya@fernhill.example"));
    assert!(
        !response_of(&answer).split("<saml:Assertion").next().unwrap_or_default().contains("SignatureValue")
    );
    assert!(heap.takes_password(false));
    heap.enforce().expect("after a test");
    assert!(!heap.takes_password(false) && heap.takes_password(true));

    let maya = console.maya().await;
    let proven = heap.sign_in(&maya.get("/launch/heap").await).expect("IdP-initiated");
    assert!(!proven.solicited);
}

#[tokio::test]
async fn heap_refuses_what_its_guides_warn_of() {
    let console = Console::new().await;
    console.add("heap", ("parameters.heap_id", "acme-9")).await;
    let pem = console.certificate("heap").await;
    let login_url = format!("{}/saml2/heap", console.app.url);
    let mut heap = Heap::configured("acme-9", &pem, &login_url).expect("configured");
    let maya = console.maya().await;
    console.change("heap", &[("sign", "response")]).await;
    let refused = heap.sign_in(&maya.get("/launch/heap").await).expect_err("only the response is signed");
    assert_eq!(refused, "the assertion isn't signed");
    console.change("heap", &[("sign", "assertion"), ("name_id_format", "persistent")]).await;
    let refused = heap.sign_in(&maya.get("/launch/heap").await).expect_err("another format");
    assert_eq!(refused, "the NameID has another format");
    let bare = "https://heapanalytics.com/saml/finalize/acme-9";
    console.change("heap", &[("name_id_format", "emailAddress"), ("acs_urls", bare)]).await;
    assert!(heap.sign_in(&maya.get("/launch/heap").await).is_err(), "the slash is missing");
    heap.strict.slash = false;
    heap.sp = None;
    heap.sign_in(&maya.get("/launch/heap").await).expect("where it doesn't matter");
    let stranger = Heap::configured("other", &pem, &login_url);
    assert!(stranger.expect("configured").sign_in(&maya.get("/launch/heap").await).is_err());
}
