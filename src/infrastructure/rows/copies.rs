//! Reads how far a move has copied.

use crate::application::store_error::Error;
use crate::infrastructure::columns::Columns;

/// The next chunk that a move copies. Chunks are copied in the order of their versions and ordinals.
pub(crate) struct Cursor {
    pub(crate) version: i64,
    pub(crate) ordinal: i64,
}

/// Returns the cursor of a move after the rows of copied chunks, which have any order.
pub(crate) fn cursor_after(
    running: &impl Columns,
    copied: &[impl Columns],
) -> Result<Cursor, Error> {
    let mut cursor = Cursor {
        version: running.signed("copied_version")?,
        ordinal: running.signed("copied_ordinal")?,
    };
    for found in copied {
        let version = found.signed("version")?;
        let ordinal = found.signed("ordinal")?;
        if (version, ordinal) >= (cursor.version, cursor.ordinal) {
            cursor = Cursor {
                version,
                ordinal: ordinal + 1,
            };
        }
    }
    Ok(cursor)
}
