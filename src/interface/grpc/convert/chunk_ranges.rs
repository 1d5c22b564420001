//! The chunks that a reader wants: a range of a document, or a number of neighbors.

use crate::application::catalog::chunks::chunk_context::NEIGHBORS_MAX;
use crate::application::catalog::chunks::levels::ChosenLevels;
use crate::application::catalog::chunks::range::ChunkRange;
use crate::application::error::Error;
use crate::domain::chunking::spec::levels::LEVELS_MAX;
use crate::interface::grpc::convert::uploads::from_ordinal;
use crate::interface::grpc::pb;

/// Returns the range of a request.
///
/// # Errors
///
/// Fails if a field is out of its range, or if both kinds of start are set.
pub fn to_range(request: &pb::StreamChunksRequest) -> Result<ChunkRange, Error> {
    let pb::StreamChunksRequest {
        document: _,
        after_ordinal,
        follow: _,
        last_ordinal,
        end_byte,
        start_byte,
        ref levels,
    } = *request;
    let mut range = ChunkRange::from_ordinal(from_ordinal(after_ordinal)?);
    range.levels = to_levels(levels)?;
    if let Some(start) = start_byte {
        if after_ordinal.is_some() {
            let message = "must not be set together with after_ordinal";
            return Err(Error::invalid("start_byte", message));
        }
        range.start_byte = Some(not_negative("start_byte", start)?);
    }
    if let Some(last) = last_ordinal {
        range.end_ordinal = not_negative("last_ordinal", last)? + 1;
        // A parent of the last chunk may end later, so a resumed reader of levels may be beyond it.
        if range.levels.is_default() && range.end_ordinal <= range.from {
            let message = "must be greater than after_ordinal";
            return Err(Error::invalid("last_ordinal", message));
        }
    }
    if let Some(end) = end_byte {
        range.end_byte = not_negative("end_byte", end)?;
        if range.end_byte == 0 {
            return Err(Error::invalid("end_byte", "must be positive"));
        }
    }
    Ok(range)
}

/// Returns the levels of a request.
///
/// # Errors
///
/// Fails if one is out of range.
pub fn to_levels(levels: &[i32]) -> Result<ChosenLevels, Error> {
    let numbers = levels.iter().map(|level| usize::try_from(*level));
    let numbers = numbers.collect::<Result<Vec<_>, _>>().ok();
    numbers.and_then(ChosenLevels::new).ok_or_else(|| {
        let message = format!("must be from 0 to {}", LEVELS_MAX - 1);
        Error::invalid("levels", message)
    })
}

fn not_negative(field: &'static str, value: i64) -> Result<u64, Error> {
    u64::try_from(value).map_err(|_negative| Error::invalid(field, "must not be negative"))
}

/// Returns the number of neighbors on either side of a chunk.
///
/// # Errors
///
/// Fails if it is out of range.
pub fn to_neighbors(neighbors: i32) -> Result<u32, Error> {
    let number = u32::try_from(neighbors).ok();
    number
        .filter(|number| *number <= NEIGHBORS_MAX)
        .ok_or_else(|| {
            let message = format!("must be from 0 to {NEIGHBORS_MAX}");
            Error::invalid("neighbors", message)
        })
}
