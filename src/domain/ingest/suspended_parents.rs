//! The parents that are open at the end of a batch, as its checkpoint has them.

use crate::domain::chunking::cut::ResumePoint;
use crate::domain::chunking::spec::levels::PARENTS_MAX;
use crate::domain::ingest::digest::STATE_BYTES;
use crate::domain::structure::codec::Reader;
use crate::domain::structure::kind::Kind;
use crate::domain::text::position::Position;

/// The parents of each level, coarse to fine.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SuspendedParents {
    /// The levels.
    pub levels: Vec<SuspendedLevel>,
}

/// A level: the number of its open or next parent, and the open parent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SuspendedLevel {
    /// The number.
    pub number: u64,
    /// The parent that the next chunk is in. `None` means that it begins with that chunk.
    pub open: Option<SuspendedParent>,
}

/// A parent whose last chunk has not come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SuspendedParent {
    /// The place where it begins.
    pub start: Position,
    /// The ordinal of its first chunk.
    pub first_ordinal: u64,
    /// The kind of its blocks until now.
    pub kind: Kind,
    /// The digest of the context of its first character, if there is a context.
    pub context: Option<[u8; 32]>,
    /// The state of the digest of its text until now.
    pub digest: [u8; STATE_BYTES],
}

impl SuspendedParents {
    /// Whether a spec with as many levels of parents can have them before the chunk `next_ordinal` at `place`.
    #[must_use]
    pub fn fits(&self, levels: usize, place: &ResumePoint, next_ordinal: u64) -> bool {
        let open = place.parents.open(levels);
        let is_open = |level: &SuspendedLevel| level.open.is_some();
        // The coarsest ones are open, and an overlap stays in the innermost of them.
        let nest = self
            .levels
            .iter()
            .map(is_open)
            .eq((0..levels).map(|level| level < open));
        let inner = place.parents.innermost(levels).unwrap_or(usize::MAX);
        let has_room = place.covered == 0 || place.covered < inner;
        let begun = self.levels.iter().filter_map(|level| level.open.as_ref());
        let mut begun = begun.map(|open| {
            let starts = open.start.units().into_iter().zip(place.position.units());
            open.first_ordinal < next_ordinal && { starts }.all(|(start, at)| start <= at)
        });
        nest && has_room && begun.all(|is_before| is_before)
    }

    /// Appends the encoded form.
    pub fn encode(&self, to: &mut Vec<u8>) {
        // There are at most three levels.
        to.push(u8::try_from(self.levels.len()).unwrap_or(u8::MAX));
        for level in &self.levels {
            level.encode(to);
        }
    }

    /// Returns the parents that `from` begins with, and takes them off. Returns `None` if they are damaged.
    pub fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let count = usize::from(from.number()?);
        if count > PARENTS_MAX {
            return None;
        }
        let mut levels = Vec::with_capacity(count);
        for _ in 0..count {
            levels.push(SuspendedLevel::decode(from)?);
        }
        Some(Self { levels })
    }
}

impl SuspendedLevel {
    fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.number.to_le_bytes());
        to.push(u8::from(self.open.is_some()));
        let Some(open) = &self.open else {
            return;
        };
        for number in open.start.units() {
            to.extend_from_slice(&number.to_le_bytes());
        }
        to.extend_from_slice(&open.first_ordinal.to_le_bytes());
        to.push(open.kind.number());
        to.push(u8::from(open.context.is_some()));
        to.extend_from_slice(&open.context.unwrap_or_default());
        to.extend_from_slice(&open.digest);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let number = u64::from_le_bytes(from.array()?);
        if !from.flag()? {
            return Some(Self { number, open: None });
        }
        let mut start = [0; 4];
        for number in &mut start {
            *number = u64::from_le_bytes(from.array()?);
        }
        let first_ordinal = u64::from_le_bytes(from.array()?);
        let kind = Kind::from_number(from.number()?)?;
        let has_context = from.flag()?;
        let context = from.array::<32>()?;
        let open = Some(SuspendedParent {
            start: Position::of_units(start),
            first_ordinal,
            kind,
            context: has_context.then_some(context),
            digest: from.array()?,
        });
        Some(Self { number, open })
    }
}
