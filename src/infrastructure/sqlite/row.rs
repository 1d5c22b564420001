//! Values out of rows. What does not fit its type is damage.

use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Row, ValueRef};

use crate::application::ports::failure::Error;
use crate::application::ports::state::State;
use crate::domain::text::charset::Charset;
use crate::infrastructure::sqlite::failure::failed;

/// A text column.
pub(super) fn text(row: &SqliteRow, column: impl ColumnIndex<SqliteRow>) -> Result<String, Error> {
    row.try_get(column).map_err(failed)
}

/// A column of signed numbers.
pub(super) fn signed(row: &SqliteRow, column: impl ColumnIndex<SqliteRow>) -> Result<i64, Error> {
    row.try_get(column).map_err(failed)
}

/// A column of counts and offsets.
pub(super) fn count(row: &SqliteRow, column: impl ColumnIndex<SqliteRow>) -> Result<u64, Error> {
    u64::try_from(signed(row, column)?).map_err(|_negative| damaged("a negative count"))
}

/// A column of small numbers.
pub(super) fn small(row: &SqliteRow, column: impl ColumnIndex<SqliteRow>) -> Result<u32, Error> {
    u32::try_from(signed(row, column)?).map_err(|_large| damaged("a number out of range"))
}

/// A column of bytes of one length.
pub(super) fn fixed<const N: usize>(
    row: &SqliteRow,
    column: impl ColumnIndex<SqliteRow>,
) -> Result<[u8; N], Error> {
    bytes(row, column)?
        .try_into()
        .map_err(|_length| damaged("bytes of another length"))
}

/// A column of bytes.
pub(super) fn bytes(
    row: &SqliteRow,
    column: impl ColumnIndex<SqliteRow>,
) -> Result<Vec<u8>, Error> {
    row.try_get(column).map_err(failed)
}

/// Whether a column has no value.
pub(super) fn is_null(row: &SqliteRow, column: &str) -> Result<bool, Error> {
    Ok(row.try_get_raw(column).map_err(failed)?.is_null())
}

/// A column of JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &SqliteRow,
    column: impl ColumnIndex<SqliteRow>,
) -> Result<T, Error> {
    let text = text(row, column)?;
    serde_json::from_str(&text).map_err(|error| Error::Damaged {
        what: "JSON",
        source: Some(Box::new(error)),
    })
}

/// A value as JSON.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Damaged {
        what: "JSON",
        source: Some(Box::new(error)),
    })
}

/// A name that was checked when it was stored.
pub(super) fn name<T>(parsed: Result<T, crate::domain::name::Error>) -> Result<T, Error> {
    parsed.map_err(|error| Error::Damaged {
        what: "a name",
        source: Some(Box::new(error)),
    })
}

/// A charset by its name.
pub(super) fn charset(
    row: &SqliteRow,
    column: impl ColumnIndex<SqliteRow>,
) -> Result<Charset, Error> {
    Charset::from_label(&text(row, column)?).map_err(|error| Error::Damaged {
        what: "a charset",
        source: Some(Box::new(error)),
    })
}

/// A state by its name.
pub(super) fn state(name: &str) -> Result<State, Error> {
    let state = State::ALL.into_iter().find(|state| state.name() == name);
    state.ok_or_else(|| damaged("a state"))
}

/// A count or an offset as SQLite stores it.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What must not be.
pub(super) fn damaged(what: &'static str) -> Error {
    Error::Damaged { what, source: None }
}
