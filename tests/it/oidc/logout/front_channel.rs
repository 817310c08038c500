//! Front-channel logout: the page of iframes, its policy, and the way on.

use super::*;

fn framed(origin: &str) -> OidcConnection {
    OidcConnection {
        frontchannel_logout_uri: format!("{origin}/out?a=b"),
        redirect_uris: vec![format!("{origin}/other")],
        ..oidc_settings()
    }
}

/// The addresses of the iframes of a page.
fn frames(page: &crate::support::app::Page) -> Vec<String> {
    let parts = page.text.split("<iframe").skip(1);
    parts
        .map(|part| {
            let src = part.split("src=\"").nth(1).expect("an address").split('"').next().expect("its end");
            crate::support::app::unescape(src)
        })
        .collect()
}

#[tokio::test]
async fn clients_are_told_in_iframes_and_the_browser_goes_on_to_the_one_that_asked() {
    let house = House::new().await;
    let one = house.client("one", framed("https://one.example")).await;
    let two = house.client("two", framed("https://two.example:8443")).await;
    let browser = house.signed_in().await;
    let id_token = one.sign_on(&browser).await;
    let id_tokens = [id_token.clone(), two.sign_on(&browser).await];
    let asked = browser.get(&one.logout(&id_token)).await;
    assert!(asked.location().starts_with("/logout/"), "{}", asked.location());
    assert!(!house.is_in(&browser).await);
    let page = browser.get(asked.location()).await;
    let mut all = frames(&page);
    all.sort();
    let iss = &house.app.url;
    for ((frame, origin), id_token) in
        all.iter().zip(["https://one.example", "https://two.example:8443"]).zip(id_tokens)
    {
        let sid = text(&claims(&id_token), "sid");
        assert!(frame.starts_with(&format!("{origin}/out?a=b&")), "its own query stays: {frame}");
        let query = query(frame);
        assert_eq!((&query["iss"], &query["sid"]), (iss, &sid), "as in the ID token");
    }
    assert_eq!(all.len(), 2);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.ends_with("; frame-src https://one.example https://two.example:8443"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && page.header("x-frame-options") == Some("DENY"));
    assert!(page.text.contains("http-equiv=\"refresh\" content=\"3; url=/logout/"), "{}", page.text);
    // Loaded again, nobody is told twice: the way leads on.
    let end = browser.get(asked.location()).await;
    assert!(frames(&end).is_empty());
    assert!(end.text.contains("https://one.example/bye?state=out"), "{}", end.text);
    let none = browser.get(&one.address(&[("prompt", "none")])).await;
    assert_eq!(query(none.location())["error"], "login_required");
    // Elsewhere the policy stays without frames.
    assert!(
        !browser.get("/login").await.header("content-security-policy").expect("one").contains("frame-src")
    );
}

#[tokio::test]
async fn a_sign_out_here_says_who_was_told_and_who_was_not() {
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let confirmed = house.client("confirmed", receiver.settings()).await;
    let framed = house.client("framed", framed("https://framed.example")).await;
    let untold = house.client("untold", oidc_settings()).await;
    let browser = house.signed_in().await;
    for rp in [&confirmed, &framed, &untold] {
        rp.sign_on(&browser).await;
    }
    let walk = browser.submit("/logout", "/logout", &[]).await;
    let page = browser.get(walk.location()).await;
    assert_eq!(frames(&page).len(), 1);
    let end = browser.get(walk.location()).await;
    let after = |marker: &str| {
        end.text.split(marker).nth(1).unwrap_or_default().split("</ul>").next().map(str::to_owned)
    };
    assert!(after("didn’t confirm it").is_some_and(|list| list.contains("UNTOLD")), "{}", end.text);
    assert!(after("were told too").is_some_and(|list| list.contains("FRAMED")), "{}", end.text);
    assert!(after("signed out of these apps too").is_some_and(|list| list.contains("CONFIRMED")));
}

#[tokio::test]
async fn a_client_that_fails_behind_the_browser_is_told_in_its_iframe_too() {
    let house = House::new().await;
    let receiver = Receiver::start().await;
    let settings =
        OidcConnection { frontchannel_logout_uri: "https://both.example/out".into(), ..receiver.settings() };
    let both = house.client("both", settings).await;
    let browser = house.signed_in().await;
    let id_token = both.sign_on(&browser).await;
    let page = browser.get(&both.logout(&id_token)).await;
    assert!(page.location().starts_with("https://both.example/bye"), "confirmed: no iframe is needed");
    receiver.answers(500);
    let browser = house.signed_in().await;
    let id_token = both.sign_on(&browser).await;
    let page = browser.get(&both.logout(&id_token)).await;
    assert_eq!(frames(&browser.get(page.location()).await).len(), 1);
}
