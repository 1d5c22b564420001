//! The parents of a chunk as stored: their numbers, and the description of those that end with the chunk.
//!
//! A parent ends where its last chunk ends. So the row of that chunk describes the parent, which is moved, swept and
//! counted with the chunk. The form is that of Protocol Buffers, which takes a third of the bytes of JSON.

use prost::Message;

use crate::application::store_error::Error;
use crate::domain::ingest::batch::Chunk;
use crate::domain::ingest::parents::{Parent, ParentNumbers, Parents};
use crate::domain::structure::kind::Kind;
use crate::domain::text::position::{Position, Span};
use crate::infrastructure::columns::{Columns, damaged};

/// The stored form of the parents of a chunk.
#[derive(Message)]
struct Stored {
    /// The number of the parent in each level, coarse to fine.
    #[prost(uint64, repeated, tag = "1")]
    numbers: Vec<u64>,
    /// The parents that end with the chunk, coarse to fine.
    #[prost(message, repeated, tag = "2")]
    ended: Vec<Ended>,
}

/// The stored form of a parent.
#[derive(Message)]
struct Ended {
    #[prost(uint32, tag = "1")]
    level: u32,
    /// The number of its chunks before the last one.
    #[prost(uint64, tag = "2")]
    chunks_before: u64,
    /// The lengths in bytes, characters, lines and source bytes.
    #[prost(uint64, repeated, tag = "3")]
    lengths: Vec<u64>,
    /// The number of its kind.
    #[prost(uint32, tag = "4")]
    kind: u32,
    #[prost(bytes = "vec", tag = "5")]
    sha256: Vec<u8>,
    /// The key, unless it is the digest.
    #[prost(bytes = "vec", optional, tag = "6")]
    key: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "7")]
    tokens: Option<u32>,
}

/// Returns the stored form of a chunk's parents. `None` without levels.
pub(super) fn encoded(chunk: &Chunk) -> Option<Vec<u8>> {
    let parents = chunk.parents.as_ref()?;
    let ended = parents.ended.iter().map(|parent| {
        let start = parent.span.start.units();
        let end = parent.span.end.units();
        Ended {
            // There are at most three levels of parents.
            level: u32::try_from(parent.level).unwrap_or(u32::MAX),
            chunks_before: chunk.ordinal - parent.first_ordinal,
            lengths: end
                .iter()
                .zip(start)
                .map(|(end, start)| end - start)
                .collect(),
            kind: parent.kind.number().into(),
            sha256: parent.sha256.to_vec(),
            key: (parent.key != parent.sha256).then(|| parent.key.to_vec()),
            tokens: parent.tokens,
        }
    });
    let stored = Stored {
        numbers: parents.numbers.to_vec(),
        ended: ended.collect(),
    };
    Some(stored.encode_to_vec())
}

/// Reads the parents of the chunk of an ordinal, which ends at `end`, from its row. `None` without levels.
pub(super) fn parents(
    found: &impl Columns,
    ordinal: u64,
    end: Position,
) -> Result<Option<Parents>, Error> {
    if found.is_null("parents")? {
        return Ok(None);
    }
    let stored = found.bytes("parents")?;
    let parents = Stored::decode(&*stored).ok();
    let parents = parents.and_then(|stored| stored.decoded(ordinal, end));
    let parents = parents.ok_or_else(|| damaged("the parents of a chunk"))?;
    Ok(Some(parents))
}

impl Stored {
    fn decoded(self, ordinal: u64, end: Position) -> Option<Parents> {
        let Self { numbers, ended } = self;
        let numbers = ParentNumbers::new(numbers)?;
        let ended = ended.into_iter();
        let ended = ended.map(|ended| ended.decoded(&numbers, ordinal, end));
        let ended = ended.collect::<Option<_>>()?;
        Some(Parents { numbers, ended })
    }
}

impl Ended {
    fn decoded(self, numbers: &[u64], ordinal: u64, end: Position) -> Option<Parent> {
        let lengths: [u64; 4] = self.lengths.try_into().ok()?;
        let mut start = end.units();
        for (start, length) in start.iter_mut().zip(lengths) {
            *start = start.checked_sub(length)?;
        }
        let start = Position::of_units(start);
        let level = usize::try_from(self.level).ok()?;
        let sha256 = self.sha256.try_into().ok()?;
        let key = self.key.map(<[u8; 32]>::try_from).transpose().ok()?;
        Some(Parent {
            level,
            number: *numbers.get(level)?,
            first_ordinal: ordinal.checked_sub(self.chunks_before)?,
            span: Span { start, end },
            sha256,
            key: key.unwrap_or(sha256),
            kind: Kind::from_number(u8::try_from(self.kind).ok()?)?,
            tokens: self.tokens,
        })
    }
}
