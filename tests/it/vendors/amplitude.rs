//! Amplitude: takes our metadata as a file, finds the email in four places, makes accounts when a role is set.

use super::{
    Console,
    sp::{Proven, Refusal, Sp, is_email},
};
use crate::support::app::Page;
use reqwest::StatusCode;
use std::collections::BTreeSet;

const EMAIL_CLAIM: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";

/// Amplitude's side of one organisation.
struct Amplitude {
    sp: Sp,
    /// The role of new people; without one, nobody is made.
    role: Option<&'static str>,
    members: BTreeSet<String>,
}

impl Amplitude {
    /// An organisation whose admin uploads a metadata file.
    fn with_metadata(org_id: &str, file: &str) -> Self {
        let sp = Sp::new(
            &format!("https://amplitude.com/saml/2/metadata/{org_id}"),
            &format!("https://amplitude.com/saml/2/acs/{org_id}"),
            file.parse().expect("a metadata file"),
        );
        Self { sp, role: Some("member"), members: BTreeSet::new() }
    }

    /// Subject first, then the claim by its URI, then two short names in any case.
    fn email(proven: &Proven) -> Option<String> {
        let short = |wanted: &str| {
            let found = proven.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.and_then(|(_, values)| values.first().cloned())
        };
        let places = [
            Some(proven.name_id.clone()),
            proven.attribute(EMAIL_CLAIM).map(str::to_owned),
            short("emailaddress"),
            short("email"),
        ];
        places.into_iter().flatten().find(|text| is_email(text))
    }

    fn sign_in(&mut self, page: &Page) -> Result<(String, Proven), Refusal> {
        let proven = self.sp.prove(page)?;
        if proven.empty_statement {
            return Err("an attribute statement says nothing".into());
        }
        let email = Self::email(&proven).ok_or("no valid email address")?;
        if !self.members.contains(&email) {
            if self.role.is_none() {
                return Err("nobody is made without a role".into());
            }
            self.members.insert(email.clone());
        }
        Ok((email, proven))
    }
}

#[tokio::test]
async fn amplitude_signs_people_in_from_both_ends() {
    let console = Console::new().await;
    console.refuses("amplitude", ("parameters.org_id", "acme inc"), "Use digits only, such as 104733").await;
    console.refuses("amplitude", ("parameters.org_id", ""), "Enter the Amplitude organisation ID").await;
    let tab = console.add("amplitude", ("parameters.org_id", " 104733 ")).await;
    for shown in [
        "https://amplitude.com/saml/2/acs/104733",
        "https://amplitude.com/saml/2/metadata/104733",
        "Choose Other as the identity provider.",
        "both end in 104733",
        "<dt>Metadata file</dt>",
        "needed to sign in",
    ] {
        assert!(tab.text.contains(shown), "{shown}: {}", tab.text);
    }
    let file = console.owner.get("/saml2/amplitude/metadata").await;
    assert!(file.headers["content-disposition"].to_str().expect("text").starts_with("attachment"));
    let mut amplitude = Amplitude::with_metadata("104733", &file.text);

    let request = amplitude.sp.ask();
    let answer = console.sign_on(&request).await;
    let (email, proven) = amplitude.sign_in(&answer).expect("SP-initiated");
    assert_eq!(email, "maya@fernhill.example");
    assert!(proven.solicited && proven.assertion_signed);
    assert_eq!(proven.attribute("email"), Some("maya@fernhill.example"), "the JIT attribute is sent");
    assert!(amplitude.members.contains(&email), "made at the first sign-in");
    assert!(amplitude.sign_in(&answer).is_err(), "once only");

    let maya = console.maya().await;
    let tile = maya.get("/launch/amplitude").await;
    let (_, proven) = amplitude.sign_in(&tile).expect("IdP-initiated");
    assert!(!proven.solicited);

    amplitude.role = None;
    amplitude.members.clear();
    let again = maya.get("/launch/amplitude").await;
    assert_eq!(amplitude.sign_in(&again).expect_err("refused"), "nobody is made without a role");
    let mut other = Amplitude::with_metadata("9", &file.text);
    assert!(other.sign_in(&maya.get("/launch/amplitude").await).is_err(), "not another organisation's");
}

#[tokio::test]
async fn amplitude_needs_an_email_from_one_of_its_places() {
    let console = Console::new().await;
    console.add("amplitude", ("parameters.org_id", "1")).await;
    let metadata = console.owner.get("/saml2/amplitude/metadata").await.text;
    let mut amplitude = Amplitude::with_metadata("1", &metadata);
    let maya = console.maya().await;
    console.change("amplitude", &[("name_id_source", "username"), ("name_id_format", "unspecified")]).await;
    let (email, _) = amplitude.sign_in(&maya.get("/launch/amplitude").await).expect("by the attribute");
    assert_eq!(email, "maya@fernhill.example");
    console.change("amplitude", &[("attribute_send#0", "off")]).await;
    let tile = maya.get("/launch/amplitude").await;
    assert_eq!(tile.status, StatusCode::OK);
    let refused = amplitude.sign_in(&tile).expect_err("no email anywhere");
    assert_eq!(refused, "no valid email address");
    console.change("amplitude", &[("sign", "response"), ("attribute_send#0", "on")]).await;
    let (_, proven) =
        amplitude.sign_in(&maya.get("/launch/amplitude").await).expect("one signature is enough");
    assert!(!proven.assertion_signed);
}

/// Other parameters fill in again; the attribute that the recipe needs keeps its name whatever a form says.
#[tokio::test]
async fn another_organisation_id_fills_in_again() {
    let console = Console::new().await;
    console.add("amplitude", ("parameters.org_id", "1")).await;
    let (tab, refill) = ("/admin/apps/amplitude/sso", "/admin/apps/amplitude/sso/parameters");
    let wrong = console.owner.submit(tab, refill, &[("parameters.org_id", "one")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.field("parameters.org_id").as_deref(), Some("one"));
    console.change("amplitude", &[("default_relay_state", "/start"), ("attribute_name#0", "mail")]).await;
    let done = console.owner.submit(tab, refill, &[("parameters.org_id", "22")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let page = console.owner.get(tab).await;
    assert!(page.text.contains("https://amplitude.com/saml/2/acs/22"), "{}", page.text);
    assert_eq!(page.field("sp_entity_id").as_deref(), Some("https://amplitude.com/saml/2/metadata/22"));
    assert_eq!(page.field("default_relay_state").as_deref(), Some("/start"), "an admin's own value stays");
    assert!(page.text.contains("name=\"attribute_name\" value=\"email\""), "its name is locked");
    let metadata = console.owner.get("/saml2/amplitude/metadata").await.text;
    let mut amplitude = Amplitude::with_metadata("22", &metadata);
    let maya = console.maya().await;
    amplitude.sign_in(&maya.get("/launch/amplitude").await).expect("under the other ID");
    let custom = "/admin/apps/new/bookmark";
    console.owner.submit(custom, custom, &[("label", "Wiki"), ("url", "https://w.example/")]).await;
    let none =
        console.owner.submit(tab, "/admin/apps/wiki/sso/parameters", &[("parameters.org_id", "1")]).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND, "an app made by hand has no parameters");
}

#[tokio::test]
async fn the_catalogue_is_searched_and_a_name_that_is_not_there_is_carried_over() {
    let console = Console::new().await;
    let all = console.owner.get("/admin/apps/new").await.text;
    for slug in ["amplitude", "heap", "mixpanel", "custom-saml", "custom-oidc", "bookmark"] {
        assert!(all.contains(&format!("href=\"/admin/apps/new/{slug}\"")), "{slug}");
    }
    let one = console.owner.get("/admin/apps/new?q=HEAP").await.text;
    assert!(one.contains("/admin/apps/new/heap") && !one.contains("/admin/apps/new/mixpanel"));
    let none = console.owner.get("/admin/apps/new?q=Acme+%3Cb%3E").await.text;
    assert!(none.contains("Not in the catalogue") && !none.contains("<b>\""), "{none}");
    let form = console.owner.get("/admin/apps/new/custom-saml?label=Acme+%3Cb%3E").await;
    assert_eq!(form.field("label").as_deref(), Some("Acme <b>"));
    assert_eq!(console.owner.get("/admin/apps/new/nothing").await.status, StatusCode::NOT_FOUND);
}
