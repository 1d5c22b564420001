//! The range of chunks that a reader wants, by ordinals of the finest level and by bytes of the text. Of coarser levels a
//! reader receives the chunks with a part in the range.

use crate::application::catalog::chunks::levels::{ChosenLevels, LevelAssembly, LevelChunk};
use crate::application::catalog::chunks::search::Search;
use crate::application::error::Error;
use crate::application::ports::chunks::{CHUNK_PAGE_ROWS, Chunk};
use crate::domain::ingest::batch;

/// The chunks that a reader wants.
#[derive(Clone, Copy, Debug)]
pub struct ChunkRange {
    /// The levels.
    pub levels: ChosenLevels,
    /// The ordinal of the first one.
    pub from: u64,
    /// The byte that the first one ends after. `from` is then 0.
    pub start_byte: Option<u64>,
    /// The ordinal after the last one.
    pub end_ordinal: u64,
    /// The byte that all of them begin before.
    pub end_byte: u64,
}

impl ChunkRange {
    /// Returns the range of all chunks of the finest level from an ordinal on.
    #[must_use]
    pub fn from_ordinal(from: u64) -> Self {
        Self {
            levels: ChosenLevels::default(),
            from,
            start_byte: None,
            end_ordinal: u64::MAX,
            end_byte: u64::MAX,
        }
    }
}

/// The part of a range that is not read yet.
#[derive(Debug)]
pub(super) struct UnreadRange {
    /// The chunks that are wanted. The start byte is `None` once the first one is found.
    wanted: ChunkRange,
    /// The ordinal of the next chunk to read: the first one of a parent that a wanted chunk is in, or a later one. `None`
    /// until the first wanted chunk is stored.
    next: Option<u64>,
    assembly: LevelAssembly,
}

impl UnreadRange {
    pub(super) fn new(wanted: ChunkRange) -> Self {
        let is_found = wanted.start_byte.is_none() && wanted.levels.is_default();
        Self {
            wanted,
            next: is_found.then_some(wanted.from),
            assembly: LevelAssembly::new(wanted.levels),
        }
    }

    /// Returns the ordinal of the next chunk to read. `None` until the first wanted chunk is stored.
    pub(super) fn next(&self) -> Option<u64> {
        self.next
    }

    /// Returns whether no chunk is left.
    pub(super) fn is_over(&self) -> bool {
        let ChunkRange {
            start_byte,
            end_ordinal,
            end_byte,
            ..
        } = self.wanted;
        // A parent of a chunk before the end may end later.
        let is_read = self.next.is_some_and(|next| next >= end_ordinal);
        (is_read && !self.assembly.is_inside()) || start_byte.is_some_and(|start| start >= end_byte)
    }

    /// Returns the rows of the next page.
    pub(super) fn rows(&self) -> u32 {
        if self.assembly.is_inside() {
            return CHUNK_PAGE_ROWS;
        }
        let left = self.wanted.end_ordinal;
        let left = left.saturating_sub(self.next.unwrap_or_default());
        u32::try_from(left).map_or(CHUNK_PAGE_ROWS, |left| left.min(CHUNK_PAGE_ROWS))
    }

    /// Takes a page of the finest level, and returns the wanted chunks that end in it.
    pub(super) fn take(&mut self, page: Vec<Chunk>) -> Vec<LevelChunk> {
        let mut made = Vec::new();
        for chunk in page {
            let ordinal = chunk.chunk.ordinal;
            let wanted = &mut self.wanted;
            if chunk.chunk.span.start.byte >= wanted.end_byte {
                wanted.end_ordinal = wanted.end_ordinal.min(ordinal);
            }
            if ordinal < wanted.end_ordinal {
                self.assembly.push(chunk, &mut made);
            } else if self.assembly.is_inside() {
                self.assembly.push_rest(&chunk, &mut made);
            } else {
                break;
            }
            self.next = Some(ordinal + 1);
        }
        made.retain(|chunk| chunk.last_ordinal >= self.wanted.from);
        made
    }

    /// Finds the chunk to read first among the `stored` ones. If the first wanted chunk is not stored, later ones are
    /// still to be searched.
    ///
    /// # Errors
    ///
    /// Fails if the version is being swept.
    pub(super) async fn find_start(
        &mut self,
        mut search: Search<'_>,
        stored: u64,
    ) -> Result<(), Error> {
        if self.next.is_some() {
            return Ok(());
        }
        let wanted = &mut self.wanted;
        if let Some(start_byte) = wanted.start_byte {
            let is_wanted = |head: &batch::Chunk| head.span.end.byte > start_byte;
            let end = stored.min(wanted.end_ordinal);
            // The ends of chunks increase strictly.
            wanted.from = search.first(wanted.from, end, is_wanted).await?;
            if wanted.from == wanted.end_ordinal {
                self.next = Some(wanted.end_ordinal);
                return Ok(());
            }
            if wanted.from == end {
                return Ok(());
            }
            wanted.start_byte = None;
        }
        // A parent of the last chunk may end after the first wanted one.
        let first = wanted.from.min(wanted.end_ordinal.saturating_sub(1));
        if first < stored {
            // Without one of the wanted levels nothing is left.
            let start = search.parent_start(wanted.levels, first).await?;
            self.next = Some(start.unwrap_or(wanted.end_ordinal));
        }
        Ok(())
    }
}
