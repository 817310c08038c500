//! Adding an app, opening it to people, going live, pausing, renaming and removing it.

use super::{as_owner, follow, sp_metadata, upload};
use crate::support::app::{Browser, Page, bookmark, saml_settings, system};
use gatehouse::{
    domain::{connection::Connection, user::Role},
    service,
};
use reqwest::StatusCode;

#[tokio::test]
async fn a_saml_app_is_added_from_its_metadata_and_opened() {
    let (app, owner) = as_owner().await;
    let maya = app.person("maya", Role::None).await;
    let growth = app.group("Growth", &[maya.id]).await;
    let xml = sp_metadata("https://sp.example/saml", "https://sp.example/acs");
    let new = "/admin/apps/new/custom-saml";
    let added = upload(
        &owner,
        new,
        new,
        &[("label", "Größe & Co."), ("show_in_portal", "on"), ("metadata_file", &xml)],
    )
    .await;
    assert_eq!(added.location(), "/admin/apps/groe-co/sso", "{}", added.text);
    let page = follow(&owner, added).await;
    for shown in
        ["/saml2/groe-co/metadata", "https://sp.example/acs", "BEGIN CERTIFICATE", "In set-up · 2 of 5"]
    {
        assert!(page.text.contains(shown), "{shown}");
    }

    let access = "/admin/apps/groe-co/access";
    let nobody = owner.submit(access, access, &[("action", "add_group")]).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    let id = growth.id.to_string();
    let page =
        follow(&owner, owner.submit(access, access, &[("action", "add_group"), ("group", &id)]).await).await;
    assert!(page.text.contains("Growth has Größe &#38; Co. now."), "{}", page.text);

    let live = owner.submit(access, "/admin/apps/groe-co/state", &[("state", "live")]).await;
    let page = follow(&owner, live).await;
    assert!(page.text.contains("1 person has it now"), "{}", page.text);
    let list = owner.get("/admin/apps?state=live").await.text;
    assert!(list.contains("/admin/apps/groe-co/sso") && list.contains("1 group"), "{list}");

    let browser = app.browser();
    browser.sign_in("maya").await;
    assert!(browser.get("/launch/groe-co").await.field("SAMLResponse").is_some(), "the app opens");
    owner.submit(access, "/admin/apps/groe-co/state", &[("state", "paused")]).await;
    assert_eq!(browser.get("/launch/groe-co").await.status, StatusCode::FORBIDDEN, "a paused app stays shut");
    assert!(owner.get("/admin/apps?state=paused").await.text.contains("/admin/apps/groe-co/sso"));
}

#[tokio::test]
async fn an_incomplete_app_does_not_go_live_and_one_for_nobody_is_a_warning() {
    let (_app, owner) = as_owner().await;
    let new = "/admin/apps/new/custom-saml";
    owner.submit(new, new, &[("label", "Heap")]).await;
    let page = follow(&owner, owner.submit(new, "/admin/apps/heap/state", &[("state", "live")]).await).await;
    assert!(page.text.contains("Heap isn’t live"), "{}", page.text);
    let link = "/admin/apps/new/bookmark";
    owner.submit(link, link, &[("label", "Wiki"), ("url", "https://wiki.example/")]).await;
    let page = follow(&owner, owner.submit(link, "/admin/apps/wiki/state", &[("state", "live")]).await).await;
    assert!(page.text.contains("Live, but nobody has access"), "{}", page.text);
    assert!(owner.get("/admin").await.text.contains("One app is live, but nobody has it."));
}

#[tokio::test]
async fn a_taken_name_offers_another_and_keeps_what_was_typed() {
    let (_app, owner) = as_owner().await;
    let new = "/admin/apps/new/bookmark";
    let fields = [("label", "Wiki"), ("url", "https://wiki.example/"), ("slug", "wiki")];
    assert_eq!(owner.submit(new, new, &fields).await.location(), "/admin/apps/wiki/sso");
    let again = owner.submit(new, new, &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("wiki-2 is free"), "{}", again.text);
    assert_eq!(again.field("url").as_deref(), Some("https://wiki.example/"));
    let unnamed = owner.submit(new, new, &fields[..2]).await;
    assert_eq!(unnamed.location(), "/admin/apps/wiki-2/sso", "left empty, a free one is made");
    let reserved = owner.submit(new, new, &[("label", "New"), ("url", "https://n.example/")]).await;
    assert_eq!(reserved.location(), "/admin/apps/new-2/sso", "an address of the console is no app’s");
    let hostile = owner.submit(new, new, &[("label", "<b>"), ("url", "javascript:alert(1)")]).await;
    assert_eq!(hostile.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!hostile.text.contains("<b>\""), "typed text is escaped");
}

#[tokio::test]
async fn access_says_who_has_it_and_why() {
    let (app, owner) = as_owner().await;
    let maya = app.person("maya", Role::None).await;
    let omar = app.person("omar", Role::None).await;
    let growth = app.group("Growth", &[maya.id]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let access = "/admin/apps/crm/access";
    let stopped = owner.get(&format!("{access}?check=omar")).await.text;
    assert!(stopped.contains("would be stopped") && stopped.contains("You don’t have CRM yet"), "{stopped}");
    assert!(
        owner.get(&format!("{access}?check=nobody")).await.text.contains("Nobody here has that user name")
    );

    let unknown = owner.submit(access, access, &[("action", "add_person"), ("person", "nob<dy")]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(unknown.field("person").as_deref(), Some("nob<dy"));
    let page =
        follow(&owner, owner.submit(access, access, &[("action", "add_person"), ("person", "omar")]).await)
            .await;
    assert!(page.text.contains("Chosen by hand"), "{}", page.text);
    assert!(owner.get(&format!("{access}?check=omar@fernhill.example")).await.text.contains("would get in"));

    service::users::set_state(&app.ctx, &system(), omar.id, gatehouse::domain::user::UserState::Suspended)
        .await
        .expect("done");
    let page = owner.get(&format!("{access}?check=omar")).await.text;
    assert!(page.contains("1 of 2 can open it now") && page.contains("Account suspended"), "{page}");
    for (asked, said) in [
        (format!("{access}/remove?person={}", omar.id), "Maya Okafor loses CRM."),
        (format!("{access}/remove?group={}", growth.id), "1 person loses CRM."),
    ] {
        assert!(page_links(&owner.get(access).await.text, &asked), "{asked}");
        let ask = owner.get(&asked).await;
        assert!(ask.status == StatusCode::OK && ask.text.contains(said), "{}", ask.text);
        remove_as_asked(&owner, &asked).await;
    }
    assert!(owner.get(access).await.text.contains("Nobody can open CRM yet"));
}

#[tokio::test]
async fn renaming_keeps_the_old_address_and_removing_asks_for_the_name() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("wiki", bookmark("https://wiki.example/"), &growth).await;
    let look = "/admin/apps/wiki/appearance";
    let saved = owner
        .submit(
            look,
            look,
            &[("label", "Handbook"), ("slug", "handbook"), ("glyph", "book-open"), ("colour", "fern")],
        )
        .await;
    assert_eq!(saved.location(), "/admin/apps/handbook/appearance", "{}", saved.text);
    let page = owner.get("/admin/apps/wiki/sso").await;
    assert!(
        page.status == StatusCode::OK && page.text.contains("/admin/apps/handbook/access"),
        "the old name leads on"
    );
    let bad = owner.submit(look, look, &[("label", ""), ("slug", "Bad Slug"), ("colour", "red")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);

    let remove = "/admin/apps/handbook/remove";
    assert_eq!(
        owner.submit(remove, remove, &[("confirm", "wiki")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let gone = owner.submit(remove, remove, &[("confirm", " handbook ")]).await;
    assert_eq!(gone.location(), "/admin/apps");
    assert_eq!(owner.get("/admin/apps/handbook/sso").await.status, StatusCode::NOT_FOUND);
}

fn page_links(text: &str, address: &str) -> bool {
    text.contains(&format!("href=\"{address}\""))
}

/// Sends the form of a page that asks before it removes.
async fn remove_as_asked(owner: &Browser, asked: &str) -> Page {
    let ask = owner.get(asked).await;
    assert_eq!(ask.status, StatusCode::OK, "{}", ask.text);
    let (path, query) = asked.split_once('?').expect("whom");
    let (field, id) = query.split_once('=').expect("whom");
    let losing = ask.field("losing").expect("the number");
    let removed = owner.submit(asked, path, &[(field, id), ("losing", &losing)]).await;
    follow(owner, removed).await
}

#[tokio::test]
async fn removing_says_first_who_loses_the_app() {
    let (app, owner) = as_owner().await;
    let mut members = Vec::new();
    for number in 10..25 {
        members.push(app.person(&format!("member{number}"), Role::None).await.id);
    }
    let growth = app.group("Growth", &members).await;
    let sales = app.group("Sales", &members[..2]).await;
    let (crm, _) = app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let bind = service::assignments::Assignee::Group(sales.id);
    service::assignments::set(&app.ctx, &system(), &crm, bind, true).await.expect("bound");
    let access = "/admin/apps/crm/access";
    let (ask_growth, ask_sales) =
        (format!("{access}/remove?group={}", growth.id), format!("{access}/remove?group={}", sales.id));

    let page = owner.get(&ask_growth).await.text;
    assert!(page.contains("13 people lose CRM, 2 keep it by another route."), "{page}");
    assert_eq!(page.matches("<li class=\"person\">").count(), 12, "some are named");
    assert!(page.contains("and 1 other"), "{page}");
    let page = owner.get(&ask_sales).await.text;
    assert!(page.contains("Nobody loses CRM: everyone in Sales keeps it by another route."), "{page}");

    // The number must still be the one that was said.
    let id = growth.id.to_string();
    let wrong = [("group", id.as_str()), ("losing", "1")];
    let late = owner.submit(&ask_growth, &format!("{access}/remove"), &wrong).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("Look again") && late.text.contains("13 people lose CRM"), "{}", late.text);
    assert!(owner.get(access).await.text.contains("Growth"), "nothing was removed");

    let page = remove_as_asked(&owner, &ask_sales).await;
    assert!(page.text.contains("Sales no longer has CRM. Nobody lost it."), "{}", page.text);
    let page = remove_as_asked(&owner, &ask_growth).await;
    assert!(page.text.contains("Growth no longer has CRM: 15 people lost it."), "{}", page.text);
    for gone in [&ask_growth, &format!("{access}/remove?person={}", members[0]), &format!("{access}/remove")]
    {
        assert_eq!(owner.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    let without = owner.post(&format!("{access}/remove"), &wrong).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN, "a form of ours has its token");
}
