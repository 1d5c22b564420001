//! A batch as rows of COPY BINARY (PostgreSQL documentation, COPY, "Binary Format").

use crate::application::ports::clock::Uid;
use crate::application::ports::failure::Error;
use crate::domain::ingest::batch::Chunk;
use crate::domain::text::position::Position;
use crate::infrastructure::columns::{damaged, stored};

/// What comes before the first row: the signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0";
/// What comes after the last.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// Columns of a row.
const COLUMNS: i16 = 14;

/// Where a batch's rows go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Into {
    pub(super) partition: u32,
    pub(super) document: Uid,
    pub(super) version: u64,
}

/// The statement that takes the rows.
pub(super) const STATEMENT: &str = "COPY chunks_pNN (partition_key, document_uid, version, ordinal,
     start_byte, start_character, start_line, start_source,
     end_byte, end_character, end_line, end_source, sha256, text) FROM STDIN (FORMAT binary)";

/// What comes before the first row.
pub(super) fn header(encoded: &mut Vec<u8>) {
    encoded.extend_from_slice(HEADER);
}

/// A row.
pub(super) fn row(
    encoded: &mut Vec<u8>,
    into: Into,
    chunk: &Chunk,
    text: &str,
) -> Result<(), Error> {
    let partition = i32::try_from(into.partition).map_err(|_large| damaged("a partition"))?;
    encoded.extend_from_slice(&COLUMNS.to_be_bytes());
    value(encoded, &partition.to_be_bytes())?;
    value(encoded, &into.document)?;
    number(encoded, into.version)?;
    number(encoded, chunk.ordinal)?;
    for place in [chunk.span.start, chunk.span.end] {
        let Position {
            byte,
            character,
            line,
            source,
        } = place;
        for count in [byte, character, line, source] {
            number(encoded, count)?;
        }
    }
    value(encoded, &chunk.sha256)?;
    value(encoded, text.as_bytes())
}

/// What comes after the last row.
pub(super) fn trailer(encoded: &mut Vec<u8>) {
    encoded.extend_from_slice(&TRAILER);
}

fn number(encoded: &mut Vec<u8>, count: u64) -> Result<(), Error> {
    value(encoded, &stored(count).to_be_bytes())
}

fn value(encoded: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    let length = i32::try_from(bytes.len()).map_err(|_long| damaged("a value too long"))?;
    encoded.extend_from_slice(&length.to_be_bytes());
    encoded.extend_from_slice(bytes);
    Ok(())
}
