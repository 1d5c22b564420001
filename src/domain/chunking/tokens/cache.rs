//! Keeps the counts of the parts of a window.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::chunking::tokens::blocks::BLOCK_BYTES_MIN;

/// The bytes that a count takes: the key, the count, and the rest of a tree's node that is two thirds full.
const ENTRY_BYTES: usize = 48;

/// The counts of parts of a text, by their first byte and the byte after their last one in the document. Counts are facts
/// about the text, so a count that is missing costs time and changes no chunk.
///
/// Counters of one view share it. The lock is never contended; a cell would do, if engines did not move between threads
/// by reference.
#[derive(Debug, Default)]
pub struct CountCache(Mutex<Counts>);

type Counts = BTreeMap<(u64, u64), usize>;

impl CountCache {
    /// Returns the most bytes of the counts of a window of `text_bytes`: those of its blocks, and as many of chunks.
    #[must_use]
    pub fn bytes_max(text_bytes: usize) -> usize {
        2 * (text_bytes / BLOCK_BYTES_MIN + 1) * ENTRY_BYTES
    }

    /// Returns the count of a part.
    pub(super) fn get_or_count(&self, part: (u64, u64), count: impl FnOnce() -> usize) -> usize {
        if let Some(known) = self.counts().get(&part) {
            return *known;
        }
        let counted = count();
        self.counts().insert(part, counted);
        counted
    }

    /// Drops the counts of parts that begin before `start`.
    pub fn drop_before(&mut self, start: u64) {
        let counts = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        while let Some(first) = counts.first_entry() {
            if first.key().0 >= start {
                return;
            }
            first.remove();
        }
    }

    /// Drops all counts.
    pub fn clear(&mut self) {
        self.counts().clear();
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A count is inserted at once, so a panic elsewhere leaves no half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
