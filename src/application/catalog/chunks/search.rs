//! Finds the chunk at which a condition begins to hold, by a binary search over the chunks of the finest level.

use crate::application::caller::Caller;
use crate::application::catalog::chunks::levels::{ChosenLevels, level_of};
use crate::application::catalog::relocation;
use crate::application::error::Error;
use crate::application::ports::chunks::VersionKey;
use crate::application::ports::store::Store;
use crate::domain::ingest::batch::Chunk;

/// The most probes of a search. The ordinals that a store can hold take 63, and the last chunk one; further ones are
/// left for moves.
const PROBES_MAX: u32 = 80;

/// A reader of a version's chunks. A move of the document changes `of`.
pub(crate) struct Search<'a> {
    pub store: &'a dyn Store,
    pub caller: &'a Caller,
    pub of: &'a mut VersionKey,
}

impl Search<'_> {
    /// Returns the ordinal of the first chunk from `from` to before `end` that the condition holds for, or `end`. If it
    /// holds for a chunk, it must hold for all later ones.
    ///
    /// # Errors
    ///
    /// Fails if the version is being swept.
    pub(crate) async fn first(
        &mut self,
        from: u64,
        end: u64,
        holds: impl Fn(&Chunk) -> bool,
    ) -> Result<u64, Error> {
        let (mut from, mut end) = (from, end);
        // The last one first: while chunks arrive, each wake usually finds that the condition holds for none.
        let mut probe = end.saturating_sub(1);
        for _ in 0..PROBES_MAX {
            if from >= end {
                return Ok(end);
            }
            let Some(head) = self.head(probe).await? else {
                continue;
            };
            if holds(&head) {
                end = probe;
            } else {
                from = probe + 1;
            }
            probe = from + end.saturating_sub(from) / 2;
        }
        Err(Error::VersionGone)
    }

    /// Returns the ordinal of the first chunk of the coarsest wanted parent that the chunk `ordinal` is in. `None`
    /// means that the version has none of the wanted levels.
    ///
    /// # Errors
    ///
    /// Fails if the version is being swept.
    pub(crate) async fn parent_start(
        &mut self,
        levels: ChosenLevels,
        ordinal: u64,
    ) -> Result<Option<u64>, Error> {
        if levels.is_default() {
            return Ok(Some(ordinal));
        }
        let head = match self.head(ordinal).await? {
            Some(head) => head,
            // The document was moved meanwhile.
            None => self.head(ordinal).await?.ok_or(Error::VersionGone)?,
        };
        let Some(level) = levels.coarsest(level_of(&head)) else {
            return Ok(None);
        };
        let Some(number) = number_in(&head, level) else {
            return Ok(Some(ordinal));
        };
        let is_in = |head: &Chunk| number_in(head, level) >= Some(number);
        Ok(Some(self.first(0, ordinal, is_in).await?))
    }

    /// Reads a chunk without its text. `None` means that the document was moved meanwhile.
    async fn head(&mut self, ordinal: u64) -> Result<Option<Chunk>, Error> {
        let (store, caller) = (self.store, self.caller);
        let page = store.chunk_heads(caller, *self.of, ordinal, 1).await?;
        let head = page.into_iter().find(|head| head.ordinal == ordinal);
        if head.is_none() {
            let VersionKey {
                document,
                partition,
                ..
            } = self.of;
            let has_moved = relocation::follow(store, caller, document, partition).await?;
            has_moved.then_some(()).ok_or(Error::VersionGone)?;
        }
        Ok(head)
    }
}

/// Returns the number of the parent of a level that a chunk is in. `None` without such a parent.
pub(crate) fn number_in(chunk: &Chunk, level: usize) -> Option<u64> {
    let parents = chunk.parents.as_ref()?;
    parents.numbers.get(level).copied()
}
