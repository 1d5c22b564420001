//! Values out of rows, whichever driver they come from. What does not fit its type is damage.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::application::ports::clock::Uid;
use crate::application::ports::state::State;
use crate::application::ports::store_error::Error;
use crate::domain::text::charset::Charset;

/// A row. Each method fails if there is no such column, or its value is of another type.
pub(super) trait Columns {
    /// A column of text.
    fn text(&self, column: &str) -> Result<String, Error>;
    /// A column of signed numbers.
    fn signed(&self, column: &str) -> Result<i64, Error>;
    /// A column of small numbers, say of partitions.
    fn small(&self, column: &str) -> Result<u32, Error>;
    /// A column of fractions.
    fn real(&self, column: &str) -> Result<f64, Error>;
    /// A column of bytes.
    fn bytes(&self, column: &str) -> Result<Vec<u8>, Error>;
    /// A column of uids.
    fn uid(&self, column: &str) -> Result<Uid, Error>;
    /// Whether a column has no value.
    fn is_null(&self, column: &str) -> Result<bool, Error>;
    /// A column that is true, false, or has no value.
    fn flag_if_any(&self, column: &str) -> Result<Option<bool>, Error>;

    /// A column of signed numbers that may have no value.
    fn signed_if_any(&self, column: &str) -> Result<Option<i64>, Error> {
        let is_null = self.is_null(column)?;
        (!is_null).then(|| self.signed(column)).transpose()
    }

    /// A column of counts and offsets.
    fn count(&self, column: &str) -> Result<u64, Error> {
        u64::try_from(self.signed(column)?).map_err(|_negative| damaged("a negative count"))
    }

    /// A column of SHA-256 digests.
    fn digest(&self, column: &str) -> Result<[u8; 32], Error> {
        self.bytes(column)?
            .try_into()
            .map_err(|_length| damaged("a digest of another length"))
    }

    /// A column of SHA-256 digests that may have no value.
    fn digest_if_any(&self, column: &str) -> Result<Option<[u8; 32]>, Error> {
        let is_null = self.is_null(column)?;
        (!is_null).then(|| self.digest(column)).transpose()
    }

    /// A column of counts that may have no value.
    fn count_if_any(&self, column: &str) -> Result<Option<u64>, Error> {
        let is_null = self.is_null(column)?;
        (!is_null).then(|| self.count(column)).transpose()
    }

    /// A column of JSON.
    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        serde_json::from_str(&self.text(column)?).map_err(|error| Error::Damaged {
            what: "JSON",
            source: Some(Box::new(error)),
        })
    }

    /// A column of charsets.
    fn charset(&self, column: &str) -> Result<Charset, Error> {
        Charset::from_label(&self.text(column)?).map_err(|error| Error::Damaged {
            what: "a charset",
            source: Some(Box::new(error)),
        })
    }

    /// A column of states.
    fn state(&self, column: &str) -> Result<State, Error> {
        let name = self.text(column)?;
        let state = State::ALL.into_iter().find(|state| state.name() == name);
        state.ok_or_else(|| damaged("a state"))
    }
}

/// A value as JSON.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Damaged {
        what: "JSON",
        source: Some(Box::new(error)),
    })
}

/// A name that was checked when it was stored.
pub(super) fn name<T>(
    parsed: Result<T, crate::domain::names::resource::Error>,
) -> Result<T, Error> {
    parsed.map_err(|error| Error::Damaged {
        what: "a name",
        source: Some(Box::new(error)),
    })
}

/// A count or an offset as it is stored.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A column that cannot be read as what it should be.
pub(super) fn unreadable(error: sqlx::Error) -> Error {
    Error::Damaged {
        what: "a column",
        source: Some(Box::new(error)),
    }
}

/// What must not be.
pub(super) fn damaged(what: &'static str) -> Error {
    Error::Damaged { what, source: None }
}
