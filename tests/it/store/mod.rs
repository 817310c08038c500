//! The conformance suite of the store: every repository function, on both databases, against the real thing.

mod access;
mod apps;
mod audit;
mod bound;
mod consents;
mod decryption_keys;
mod directory;
mod durability;
mod flows;
mod hostile;
mod keys;
mod migrations;
mod outbox;
mod races;
mod recordings;
mod rules;
mod sample;
mod secrets;
mod sp_metadata;
mod tokens;
mod writes;

/// Makes a test of each function for SQLite and one for PostgreSQL; the function takes a migrated, empty database.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::support::database::TestDatabase::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::support::database::TestDatabase::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both;

/// One write without an event: `change!(db, tx => users::delete(tx, id).await?)`. What it names is moved into it.
macro_rules! change {
    ($db:expr, $tx:ident => $body:expr) => {
        $db.write(move |$tx: &mut gatehouse::store::Tx| {
            Box::pin(async move {
                Ok::<_, gatehouse::store::StoreError>(gatehouse::store::Written::unaudited($body))
            })
        })
        .await
    };
}
pub(crate) use change;

/// One read: `read!(db, conn => users::get(conn, id))`.
macro_rules! read {
    ($db:expr, $conn:ident => $query:expr) => {{
        let mut conn = $db.read().await.expect("a connection");
        let $conn = &mut conn;
        $query.await.expect("the query answers")
    }};
}
pub(crate) use read;
