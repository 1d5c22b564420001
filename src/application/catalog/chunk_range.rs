//! The range of chunks that a reader wants, by ordinals and by bytes of the text.

use crate::application::caller::Caller;
use crate::application::catalog::relocation;
use crate::application::error::Error;
use crate::application::ports::chunks::{CHUNK_PAGE_ROWS, Chunk, VersionKey};
use crate::application::ports::store::Store;

/// The most probes of a search. The ordinals that a store can hold take 63, and the last
/// chunk one; further ones are left for moves.
const PROBES_MAX: u32 = 80;

/// The chunks that are not sent yet.
#[derive(Clone, Copy, Debug)]
pub struct ChunkRange {
    /// The ordinal of the first one.
    pub from: u64,
    /// The byte that the first one ends after, until that chunk is found. `None` means that it is found.
    pub start_byte: Option<u64>,
    /// The ordinal after the last one.
    pub end_ordinal: u64,
    /// The byte that all of them begin before.
    pub end_byte: u64,
}

impl ChunkRange {
    /// Returns the range of all chunks from an ordinal on.
    #[must_use]
    pub fn from_ordinal(from: u64) -> Self {
        Self {
            from,
            start_byte: None,
            end_ordinal: u64::MAX,
            end_byte: u64::MAX,
        }
    }

    /// Returns whether no chunk is left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.from >= self.end_ordinal || self.start_byte.is_some_and(|start| start >= self.end_byte)
    }

    /// Returns the rows of the next page.
    pub(super) fn rows(&self) -> u32 {
        let left = self.end_ordinal.saturating_sub(self.from);
        u32::try_from(left).map_or(CHUNK_PAGE_ROWS, |left| left.min(CHUNK_PAGE_ROWS))
    }

    /// Takes a page, and returns the chunks of it that belong to the range.
    pub(super) fn take(&mut self, mut page: Vec<Chunk>) -> Vec<Chunk> {
        let end_byte = self.end_byte;
        let is_later = |chunk: &Chunk| chunk.chunk.span.start.byte >= end_byte;
        if let Some(later) = page.iter().position(is_later) {
            self.end_ordinal = page[later].chunk.ordinal;
            page.truncate(later);
        }
        if let Some(last) = page.last() {
            self.from = last.chunk.ordinal + 1;
        }
        page
    }

    /// Moves the start to the first of the `stored` chunks that ends after its start byte. If no stored
    /// chunk does, later ones are still to be searched. The ends of chunks increase strictly, so a binary search
    /// finds the chunk.
    pub(super) async fn find_start(
        &mut self,
        store: &dyn Store,
        caller: &Caller,
        of: &mut VersionKey,
        stored: u64,
    ) -> Result<(), Error> {
        let Some(start_byte) = self.start_byte else {
            return Ok(());
        };
        let stored = stored.min(self.end_ordinal);
        let mut end = stored;
        // The last one first: while chunks arrive, each wake usually finds that none reaches the start yet.
        let mut probe = stored.saturating_sub(1);
        for _ in 0..PROBES_MAX {
            if self.from >= end {
                break;
            }
            let page = store.chunk_heads(caller, *of, probe, 1).await?;
            let Some(head) = page.first().filter(|head| head.ordinal == probe) else {
                if relocation::follow(store, caller, &of.document, &mut of.partition).await? {
                    continue;
                }
                break;
            };
            if head.span.end.byte > start_byte {
                end = probe;
            } else {
                self.from = probe + 1;
            }
            probe = self.from + (end - self.from) / 2;
        }
        if self.from < end {
            return Err(Error::VersionGone);
        }
        if self.from < stored {
            self.start_byte = None;
        }
        Ok(())
    }
}
