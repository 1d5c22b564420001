//! The store, the caller and the levels of a comparison of versions, and a page of its events.

use std::sync::Arc;

use crate::application::caller::Caller;
use crate::application::catalog::changes::change_event::ChangeEvent;
use crate::application::catalog::changes::follower_cursor::Within;
use crate::application::catalog::chunks::levels::{
    ChosenLevels, LevelAssembly, LevelChunk, level_of,
};
use crate::application::error::Error;
use crate::application::memory::budget::MemoryBudget;
use crate::application::ports::chunks::{Chunk, HEAD_PAGE_ROWS, VersionKey};
use crate::application::ports::store::Store;
use crate::domain::ingest::batch;
use crate::domain::names::resource::CollectionId;

/// The store and the caller of a comparison.
#[derive(Clone, Debug)]
pub(super) struct DiffContext {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The memory for comparing.
    pub budget: MemoryBudget,
    /// The caller that follows the changes.
    pub caller: Caller,
    /// The collection of all the documents.
    pub collection: CollectionId,
    /// The levels that the caller follows.
    pub levels: ChosenLevels,
}

impl DiffContext {
    /// Returns how many of the wanted levels a version has. `None` means that it is being swept.
    pub(super) async fn levels_of(&self, of: VersionKey) -> Result<Option<u64>, Error> {
        if self.levels.is_default() {
            return Ok(Some(1));
        }
        let first = self.heads(of, 0, 1).await?;
        let first = first.as_ref().and_then(|page| page.first());
        Ok(first.map(|first| {
            let parents = level_of(first);
            let wanted = (0..=parents).filter(|level| self.levels.has(*level, parents));
            wanted.count() as u64
        }))
    }

    /// Reads the next chunks of a version's first `until`, from ordinal `from` on, without text. Returns `None` if the
    /// version is being swept.
    pub(super) async fn heads(
        &self,
        of: VersionKey,
        from: u64,
        until: u64,
    ) -> Result<Option<Vec<batch::Chunk>>, Error> {
        let left = u32::try_from(until - from).unwrap_or(u32::MAX);
        let rows = left.min(HEAD_PAGE_ROWS);
        let page = self.store.chunk_heads(&self.caller, of, from, rows).await?;
        // The sweep removes the first chunks of a version first.
        let is_next = page.first().is_some_and(|first| first.ordinal == from);
        Ok(is_next.then_some(page))
    }
}

/// The next events of a difference.
pub(super) enum DiffPage {
    /// Events, and the position of the follower after them.
    Part(Vec<ChangeEvent>, Within),
    /// The last events.
    Last(Vec<ChangeEvent>),
}

/// Adds a chunk without its text, and returns the wanted chunks that end with it.
pub(super) fn push_head(assembly: &mut LevelAssembly, head: batch::Chunk) -> Vec<LevelChunk> {
    let mut made = Vec::new();
    let text = String::new();
    assembly.push(Chunk { chunk: head, text }, &mut made);
    made
}
