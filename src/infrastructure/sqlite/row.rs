//! Reads values from SQLite's rows.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, ValueRef};

use crate::application::store_error::Error;
use crate::infrastructure::columns::{Columns, damaged, unreadable};

impl Columns for SqliteRow {
    fn text(&self, column: &str) -> Result<String, Error> {
        self.try_get(column).map_err(unreadable)
    }

    fn signed(&self, column: &str) -> Result<i64, Error> {
        self.try_get(column).map_err(unreadable)
    }

    fn small(&self, column: &str) -> Result<u32, Error> {
        u32::try_from(self.signed(column)?).map_err(|_large| damaged("a number out of range"))
    }

    fn real(&self, column: &str) -> Result<f64, Error> {
        self.try_get(column).map_err(unreadable)
    }

    fn bytes(&self, column: &str) -> Result<Vec<u8>, Error> {
        self.try_get(column).map_err(unreadable)
    }

    fn uid_bytes(&self, column: &str) -> Result<[u8; 16], Error> {
        self.bytes(column)?
            .try_into()
            .map_err(|_length| damaged("a uid of another length"))
    }

    fn flag_if_any(&self, column: &str) -> Result<Option<bool>, Error> {
        self.try_get(column).map_err(unreadable)
    }

    fn is_null(&self, column: &str) -> Result<bool, Error> {
        Ok(self.try_get_raw(column).map_err(unreadable)?.is_null())
    }
}
