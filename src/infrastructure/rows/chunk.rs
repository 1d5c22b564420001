//! Reads a chunk from its row.

use crate::application::ports::chunks::{Chunk, VersionKey};
use crate::application::store_error::Error;
use crate::domain::ingest::batch;
use crate::domain::text::position::{Position, Span};
use crate::infrastructure::columns::Columns;
use crate::infrastructure::rows::parents;
use crate::infrastructure::rows::structure::structure;

/// A page of a version's chunks, as a statement selects it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) of: VersionKey,
    /// The ordinal of the first chunk.
    pub(crate) from: u64,
    /// The most chunks.
    pub(crate) rows: u32,
    /// The bytes that complete the page.
    pub(crate) bytes: u64,
}

/// Reads a chunk from a row of `chunks`.
pub(crate) fn chunk(found: &impl Columns) -> Result<Chunk, Error> {
    Ok(Chunk {
        chunk: head(found)?,
        text: found.text("text")?,
    })
}

/// Reads a chunk without its text from a row of `chunks`.
pub(crate) fn head(found: &impl Columns) -> Result<batch::Chunk, Error> {
    let start = Position {
        byte: found.count("start_byte")?,
        character: found.count("start_character")?,
        line: found.count("start_line")?,
        source: found.count("start_source")?,
    };
    let end = Position {
        byte: found.count("end_byte")?,
        character: found.count("end_character")?,
        line: found.count("end_line")?,
        source: found.count("end_source")?,
    };
    let sha256 = found.digest("sha256")?;
    let ordinal = found.count("ordinal")?;
    Ok(batch::Chunk {
        ordinal,
        span: Span { start, end },
        sha256,
        key: found.digest_if_any("key")?.unwrap_or(sha256),
        structure: structure(found, start)?,
        parents: parents::parents(found, ordinal, end)?,
        tokens: tokens(found)?,
    })
}

/// Returns the number of tokens. `None` means that they were not counted.
fn tokens(found: &impl Columns) -> Result<Option<u32>, Error> {
    if found.is_null("tokens")? {
        return Ok(None);
    }
    found.small("tokens").map(Some)
}
