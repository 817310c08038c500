//! How metadata is fetched: redirects, sizes, packing, metadata services, federations. The server stands on loopback.

use super::{
    fill, gateway,
    metadata_source::{ACS, SP, descriptor, known, refresh, refused, saml, settings, source},
};
use crate::support::{
    app::TestApp,
    database::Kind,
    metadata::{Descriptor, MetadataServer, Reply},
};
use gatehouse::{
    clock::Clock,
    config::PrivateNetworks,
    domain::connection::{MetadataSource, SamlConnection},
    service::sp_metadata::Refreshed,
    web::Limits,
};

#[tokio::test]
async fn iip_md02_redirects_are_followed_and_s_36_each_hop_is_guarded() {
    let server = MetadataServer::start().await;
    let inner = server.url.replace("127.0.0.1", "127.0.0.2");
    let only = |config: &mut gatehouse::config::Config| {
        config.outbound.allow_private_networks =
            PrivateNetworks::Only(vec!["127.0.0.1/32".parse().expect("a range")]);
    };
    let app =
        TestApp::with(Kind::Sqlite, Clock::manual(crate::support::app::start()), Limits::default(), only)
            .await;
    fill(&app, settings(source(&format!("{}/r301", server.url)))).await;
    server.put("/sp", descriptor().xml());
    server.redirect("/r301", 301, "/r302");
    server.redirect("/r302", 302, &format!("{}/r307", server.url));
    server.redirect("/r307", 307, "sp");
    assert_eq!(refresh(&app).await, Refreshed::Same, "three are followed");
    server.redirect("/sp", 302, "/more");
    server.put("/more", descriptor().xml());
    assert_eq!(refused(&app).await, "metadata_redirect", "a fourth is not");
    for to in [format!("{inner}/sp"), "http://169.254.169.254/latest".into(), "http://10.0.0.1/".into()] {
        server.redirect("/r301", 302, &to);
        assert_eq!(refused(&app).await, "metadata_address", "{to}");
    }
    for to in ["file:///etc/passwd", "http://1.1.1.1/", "https://user@sp.example/"] {
        server.redirect("/r301", 302, to);
        assert_eq!(refused(&app).await, "metadata_address", "{to}");
    }
}

#[tokio::test]
async fn c_25_large_documents_and_bombs_are_cut_off() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    let server = MetadataServer::start().await;
    let (app, ..) = gateway(settings(source(&format!("{}/sp", server.url)))).await;
    let packed = |plain: &[u8], times: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        for _ in 0..times {
            encoder.write_all(plain).expect("packed");
        }
        let gzip = vec![("content-encoding", "gzip".to_owned())];
        Reply { status: 200, headers: gzip, body: encoder.finish().expect("packed") }
    };
    server.reply("/sp", packed(descriptor().xml().as_bytes(), 1));
    assert_eq!(refresh(&app).await, Refreshed::Same, "gzip is understood");
    server.reply("/sp", packed(&vec![b' '; 1024 * 1024], 51));
    assert_eq!(refused(&app).await, "metadata_too_large");
    let mut half = packed(descriptor().xml().as_bytes(), 1);
    half.body.truncate(half.body.len() / 2);
    server.reply("/sp", half);
    assert_eq!(refused(&app).await, "metadata_unreadable");
    let strange = vec![("content-encoding", "br".to_owned())];
    server.reply("/sp", Reply { status: 200, headers: strange, body: b"x".to_vec() });
    assert_eq!(refused(&app).await, "metadata_unreadable");
}

#[tokio::test]
async fn iip_md01_a_metadata_service_is_asked_for_the_entity_and_the_next_one_if_it_fails() {
    let (one, two) = (MetadataServer::start().await, MetadataServer::start().await);
    let service = MetadataSource {
        urls: vec![one.url.clone(), format!("{}/mdq/", two.url)],
        mdq: true,
        ..MetadataSource::default()
    };
    let (app, ..) = gateway(settings(service)).await;
    let path = "/entities/https%3A%2F%2Fsp.example%2Fmetadata";
    two.put(&format!("/mdq{path}"), descriptor().xml());
    assert_eq!(refresh(&app).await, Refreshed::Same);
    assert_eq!(one.asked()[0].path, path);
    assert_eq!(one.asked()[0].accept, "application/samlmetadata+xml");
    one.put(path, Descriptor::new("https://else.example", ACS).xml());
    assert_eq!(refresh(&app).await, Refreshed::Same, "an answer about somebody else is none");
    assert_eq!(two.asked().len(), 2);
    two.reply(&format!("/mdq{path}"), Reply { status: 404, ..Reply::default() });
    assert_eq!(refused(&app).await, "metadata_status");
}

#[tokio::test]
async fn iip_md02_an_app_with_nothing_but_an_address_is_filled_in_from_a_federation() {
    let server = MetadataServer::start().await;
    let members: String =
        (0..50).map(|n| Descriptor::new(&format!("https://sp{n}.example"), ACS).xml()).collect();
    let wanted = Descriptor { asks: vec!["mail", "title"], ..descriptor() };
    let aggregate = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{}</md:EntitiesDescriptor>",
        members.replace(" ID=\"_m\"", "") + &wanted.xml()
    );
    server.put("/all", aggregate);
    let blank = SamlConnection {
        sp_entity_id: SP.into(),
        metadata_source: Some(source(&format!("{}/all", server.url))),
        ..SamlConnection::default()
    };
    let (app, ..) = gateway(blank).await;
    assert_eq!(refresh(&app).await, Refreshed::Applied, "nothing was agreed that could be taken away");
    let saved = saml(&app).await;
    assert_eq!((saved.acs_urls.len(), saved.acs_urls[0].url.as_str()), (1, ACS));
    let names: Vec<&str> = saved.attributes.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["mail", "title"]);
    assert!(!known(&app).await.document.expect("kept").contains("sp7.example"), "only its own part is kept");
}
