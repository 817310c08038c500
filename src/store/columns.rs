//! Reading columns in order, alike on both databases: a row type says its columns once. Does not own what they mean (`row`).

use super::error::StoreError;
use sqlx::Row as _;

/// A value that is made of the next columns of a row; `at` moves past them.
pub trait FromRow: Sized {
    /// From SQLite.
    fn from_sqlite(row: &rusqlite::Row<'_>, at: &mut usize) -> Result<Self, StoreError>;
    /// From PostgreSQL.
    fn from_postgres(row: &sqlx::postgres::PgRow, at: &mut usize) -> Result<Self, StoreError>;
}

/// One column.
macro_rules! one_column {
    ($($kind:ty),*) => {$(
        impl FromRow for $kind {
            fn from_sqlite(row: &rusqlite::Row<'_>, at: &mut usize) -> Result<Self, StoreError> {
                *at += 1;
                Ok(row.get(*at - 1)?)
            }
            fn from_postgres(row: &sqlx::postgres::PgRow, at: &mut usize) -> Result<Self, StoreError> {
                *at += 1;
                Ok(row.try_get(*at - 1)?)
            }
        }
    )*};
}
one_column!(String, i64, bool, Option<String>, Option<i64>);

/// Several values side by side.
macro_rules! side_by_side {
    ($($name:ident)*) => {
        impl<$($name: FromRow),*> FromRow for ($($name,)*) {
            fn from_sqlite(row: &rusqlite::Row<'_>, at: &mut usize) -> Result<Self, StoreError> {
                Ok(($($name::from_sqlite(row, at)?,)*))
            }
            fn from_postgres(row: &sqlx::postgres::PgRow, at: &mut usize) -> Result<Self, StoreError> {
                Ok(($($name::from_postgres(row, at)?,)*))
            }
        }
    };
}
side_by_side!(A);
side_by_side!(A B);
side_by_side!(A B C);
side_by_side!(A B C D);
side_by_side!(A B C D E);

/// A row type: its fields are read in the order in which they stand, so the query selects them in that order.
macro_rules! row_type {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        $vis struct $name { $($field: $kind,)* }

        impl $crate::store::columns::FromRow for $name {
            fn from_sqlite(row: &rusqlite::Row<'_>, at: &mut usize) -> Result<Self, $crate::store::StoreError> {
                Ok(Self { $($field: $crate::store::columns::FromRow::from_sqlite(row, at)?,)* })
            }
            fn from_postgres(row: &sqlx::postgres::PgRow, at: &mut usize) -> Result<Self, $crate::store::StoreError> {
                Ok(Self { $($field: $crate::store::columns::FromRow::from_postgres(row, at)?,)* })
            }
        }
    };
}
pub(super) use row_type;
