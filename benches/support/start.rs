//! What the server costs before anybody asks: size, time to be ready, memory; with nobody and with 100,000 people.
//! The system's file cache is warm: what is measured is the start of the process, not the first reading of the disk.

use super::{
    gateway::{Gateway, Place},
    table::{Row, Table, median},
};
use gatehouse::{
    clock::Clock,
    domain::user::UserDraft,
    id::UserId,
    store::{Database, StoreError, Written, users},
};
use rand::{SeedableRng, rngs::StdRng};
use std::time::Duration;

const PEOPLE: usize = 100_000;
/// People in one write.
const BATCH: usize = 2_000;
/// Starts; the middle one counts.
const STARTS: usize = 7;
/// When a server counts as idle.
const IDLE: Duration = Duration::from_secs(2);
const MIB: f64 = 1024.0 * 1024.0;

pub fn run(table: &mut Table) {
    let size = std::fs::metadata(Place::binary()).expect("the binary is there").len();
    let mib = f64::from(u32::try_from(size).expect("below 4 GiB")) / MIB;
    table.row(limit("binary", mib / 40.0, "≤ 1", format!("{mib:.1} MiB ÷ 40 MiB")));

    let place = Place::new();
    eprintln!("first start, on nothing …");
    let first = Gateway::start(&place);
    let ready = milliseconds(&first);
    first.stop();
    table.row(limit(
        "first start ever to /readyz",
        ready / 300.0,
        "",
        format!("{ready:.0} ms ÷ 300 ms; makes the database, the master key and the issuer's keys"),
    ));
    starts(&place, "nobody", 150.0, table);
    eprintln!("{PEOPLE} people …");
    fill(&place);
    starts(&place, "100,000 people", 300.0, table);
}

/// Starts again and again, then looks at one that is idle.
fn starts(place: &Place, who: &str, goal_ms: f64, table: &mut Table) {
    eprintln!("{STARTS} starts with {who} …");
    let times = (0..STARTS).map(|_| {
        let gateway = Gateway::start(place);
        let time = milliseconds(&gateway);
        gateway.stop();
        time
    });
    let times: Vec<f64> = times.collect();
    let slowest = times.iter().copied().fold(0.0, f64::max);
    let ready = median(times);
    let beside = format!("{ready:.0} ms ÷ {goal_ms} ms; median of {STARTS}, slowest {slowest:.0} ms");
    table.row(limit(&format!("start to /readyz with {who}"), ready / goal_ms, "≤ 1", beside));

    let gateway = Gateway::start(place);
    std::thread::sleep(IDLE);
    let rss = gateway.rss_mib();
    gateway.stop();
    let beside = format!("{rss:.1} MiB ÷ 40 MiB resident, {} s after the start", IDLE.as_secs());
    table.row(limit(&format!("idle memory with {who}"), rss / 40.0, "≤ 1", beside));
}

fn limit(what: &str, ratio: f64, goal: &'static str, beside: String) -> Row {
    Row { ratio: Some(ratio), goal, what: what.into(), cpu_ms: None, rate: None, beside }
}

fn milliseconds(gateway: &Gateway) -> f64 {
    gateway.ready_after.as_secs_f64() * 1e3
}

/// Adds the people through the store, while no server runs.
fn fill(place: &Place) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let db = Database::open(place.database_url()).await.expect("opens");
        for from in (0..PEOPLE).step_by(BATCH) {
            let added = db.write(move |tx| {
                Box::pin(async move {
                    let (now, mut rng) =
                        (Clock::System.now(), StdRng::seed_from_u64(u64::try_from(from).unwrap_or(0)));
                    for n in from..from + BATCH {
                        let user = person(n).check().expect("valid");
                        users::insert(tx, UserId::new(now, &mut rng), &user, now).await?;
                    }
                    Ok::<_, StoreError>(Written::unaudited(()))
                })
            });
            added.await.expect("added");
        }
        let mut conn = db.read().await.expect("a connection");
        for n in [0, PEOPLE / 2, PEOPLE - 1] {
            let found = users::find_by_login(&mut conn, &username(n)).await.expect("read");
            assert!(found.is_some(), "everybody is there");
        }
        drop(conn);
        db.close().await;
    });
}

fn username(n: usize) -> String {
    format!("person-{n:06}")
}

fn person(n: usize) -> UserDraft {
    let mut draft = UserDraft {
        username: username(n),
        email: format!("{}@fernhill.example", username(n)),
        ..UserDraft::default()
    };
    for (key, value) in [("first_name", "Maya"), ("last_name", "Okafor"), ("department", "Growth")] {
        draft.profile.insert(key.into(), value.into());
    }
    draft
}
