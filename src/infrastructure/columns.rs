//! Reads typed values from the rows of any driver. A value that does not fit its type is reported as damage.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::application::store_error::Error;
use crate::domain::names::resource::TenantId;
use crate::domain::operation::failure::{Failure, FailureReason};
use crate::domain::operation::state::State;
use crate::domain::text::encoding::charset::Charset;
use crate::domain::timestamp::Timestamp;

/// A row. Each method fails if the column is missing or its value has another type.
pub(super) trait Columns {
    /// Reads a text column.
    fn text(&self, column: &str) -> Result<String, Error>;
    /// Reads a column of signed numbers.
    fn signed(&self, column: &str) -> Result<i64, Error>;
    /// Reads a column of small numbers, such as partitions.
    fn small(&self, column: &str) -> Result<u32, Error>;
    /// Reads a column of floating-point numbers.
    fn real(&self, column: &str) -> Result<f64, Error>;
    /// Reads a column of bytes.
    fn bytes(&self, column: &str) -> Result<Vec<u8>, Error>;
    /// Reads the bytes of a column of uids.
    fn uid_bytes(&self, column: &str) -> Result<[u8; 16], Error>;
    /// Whether a column is NULL.
    fn is_null(&self, column: &str) -> Result<bool, Error>;
    /// Reads a boolean column that may be NULL.
    fn flag_if_any(&self, column: &str) -> Result<Option<bool>, Error>;

    /// Reads a column of signed numbers that may be NULL.
    fn signed_if_any(&self, column: &str) -> Result<Option<i64>, Error> {
        let is_null = self.is_null(column)?;
        (!is_null).then(|| self.signed(column)).transpose()
    }

    /// Reads a text column that may be NULL.
    fn text_if_any(&self, column: &str) -> Result<Option<String>, Error> {
        let is_null = self.is_null(column)?;
        (!is_null).then(|| self.text(column)).transpose()
    }

    /// Reads a column of uids of one kind.
    fn uid<T: From<[u8; 16]>>(&self, column: &str) -> Result<T, Error> {
        self.uid_bytes(column).map(T::from)
    }

    /// Reads a column of times.
    fn time(&self, column: &str) -> Result<Timestamp, Error> {
        self.signed(column).map(Timestamp::from_micros)
    }

    /// Reads a column of times that may be NULL.
    fn time_if_any(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        Ok(self.signed_if_any(column)?.map(Timestamp::from_micros))
    }

    /// Reads a column of counts or offsets.
    fn count(&self, column: &str) -> Result<u64, Error> {
        u64::try_from(self.signed(column)?).map_err(|_negative| damaged("a negative count"))
    }

    /// Reads a column of SHA-256 digests.
    fn digest(&self, column: &str) -> Result<[u8; 32], Error> {
        self.bytes(column)?
            .try_into()
            .map_err(|_length| damaged("a digest of another length"))
    }

    /// Reads a column of SHA-256 digests that may be NULL.
    fn digest_if_any(&self, column: &str) -> Result<Option<[u8; 32]>, Error> {
        let is_null = self.is_null(column)?;
        (!is_null).then(|| self.digest(column)).transpose()
    }

    /// Reads a column of counts that may be NULL.
    fn count_if_any(&self, column: &str) -> Result<Option<u64>, Error> {
        let is_null = self.is_null(column)?;
        (!is_null).then(|| self.count(column)).transpose()
    }

    /// Reads a column of JSON.
    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        from_json(&self.text(column)?)
    }

    /// Reads a column of JSON that may be NULL.
    fn json_if_any<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, Error> {
        let text = self.text_if_any(column)?;
        text.map(|text| from_json(&text)).transpose()
    }

    /// Reads a column of charsets.
    fn charset(&self, column: &str) -> Result<Charset, Error> {
        Charset::from_label(&self.text(column)?).map_err(|error| Error::Damaged {
            what: "a charset",
            source: Some(Box::new(error)),
        })
    }

    /// Reads a column of tenants.
    fn tenant(&self, column: &str) -> Result<TenantId, Error> {
        name(TenantId::parse(&self.text(column)?))
    }

    /// Reads a column of versions in which 0 means that there is none.
    fn version_if_any(&self, column: &str) -> Result<Option<u64>, Error> {
        Ok(Some(self.count(column)?).filter(|version| *version > 0))
    }

    /// Reads the columns of a failure. Empty columns mean that there is none.
    fn failure(&self) -> Result<Option<Failure>, Error> {
        let reason = self.text("failure_reason")?;
        if reason.is_empty() {
            return Ok(None);
        }
        let reason = FailureReason::named(&reason);
        Ok(Some(Failure {
            reason: reason.ok_or_else(|| damaged("a reason of a failure"))?,
            message: self.text("failure_message")?,
        }))
    }

    /// Reads a column of operation states.
    fn state(&self, column: &str) -> Result<State, Error> {
        let name = self.text(column)?;
        let state = State::ALL.into_iter().find(|state| state.name() == name);
        state.ok_or_else(|| damaged("a state"))
    }
}

/// Reads a value from its JSON.
pub(super) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|error| Error::Damaged {
        what: "JSON",
        source: Some(Box::new(error)),
    })
}

/// Serializes a value to JSON.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Damaged {
        what: "JSON",
        source: Some(Box::new(error)),
    })
}

/// Unwraps a stored name. The name was checked before it was stored, so an error means damage.
pub(super) fn name<T>(
    parsed: Result<T, crate::domain::names::resource::Error>,
) -> Result<T, Error> {
    parsed.map_err(|error| Error::Damaged {
        what: "a name",
        source: Some(Box::new(error)),
    })
}

/// Converts a count or an offset to the stored type. Values above `i64::MAX` become `i64::MAX`.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Wraps the driver's error for a column that cannot be read as its type.
pub(super) fn unreadable(error: sqlx::Error) -> Error {
    Error::Damaged {
        what: "a column",
        source: Some(Box::new(error)),
    }
}

/// Reports a state that the store must never be in.
pub(super) fn damaged(what: &'static str) -> Error {
    Error::Damaged { what, source: None }
}
