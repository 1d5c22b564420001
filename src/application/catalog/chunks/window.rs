//! The chunks around one chunk that fit into a response.

use std::collections::VecDeque;

use crate::application::catalog::chunks::levels::LevelChunk;

/// The most text of a response with its contexts, sections and labels, in bytes. gRPC clients accept messages of 4 MiB
/// by default; the rest is left for names, digests and positions.
const RESPONSE_BYTES_MAX: usize = 3 * 1024 * 1024;

/// The chunks of a level around one of them, read in order. It holds at most [`RESPONSE_BYTES_MAX`] and a chunk.
pub(super) struct Window {
    /// The ordinal of the chunk that the others are around.
    ordinal: u64,
    /// The number of chunks that are wanted on either side.
    neighbors: u64,
    /// The ordinal to end before.
    end: u64,
    chunks: VecDeque<LevelChunk>,
    bytes: usize,
    /// The size of the document's labels, which each chunk has.
    labels_bytes: usize,
}

/// A chunk, and the chunks before and after it, in order.
pub(super) struct Around {
    pub before: Vec<LevelChunk>,
    pub chunk: LevelChunk,
    pub after: Vec<LevelChunk>,
}

impl Window {
    pub(super) fn new(ordinal: u64, neighbors: u64, labels_bytes: usize) -> Self {
        Self {
            ordinal,
            neighbors,
            end: ordinal.saturating_add(neighbors).saturating_add(1),
            chunks: VecDeque::new(),
            bytes: 0,
            labels_bytes,
        }
    }

    /// Returns the number of chunks that are wanted.
    pub(super) fn rows(&self) -> u32 {
        let first = self.ordinal.saturating_sub(self.neighbors);
        u32::try_from(self.end - first).unwrap_or(u32::MAX)
    }

    /// Adds the next chunk, and leaves out the farthest ones if all together are too large. Returns whether later chunks
    /// are wanted. After a chunk that does not fit they are not, although one of them may be smaller.
    pub(super) fn push(&mut self, chunk: LevelChunk) -> bool {
        let next = chunk.chunk.ordinal + 1;
        self.bytes += self.bytes_of(&chunk);
        self.chunks.push_back(chunk);
        self.fit();
        let last = self.chunks.back();
        next < self.end && last.is_some_and(|last| last.chunk.ordinal + 1 == next)
    }

    /// Returns the chunk. `None` if it was not pushed.
    pub(super) fn chunk(&self) -> Option<&LevelChunk> {
        let mut chunks = self.chunks.iter();
        chunks.find(|chunk| chunk.chunk.ordinal == self.ordinal)
    }

    /// Leaves room for these chunks of the response.
    pub(super) fn reserve(&mut self, others: &[LevelChunk]) {
        let others = others.iter().map(|chunk| self.bytes_of(chunk));
        self.bytes += others.sum::<usize>();
        self.fit();
    }

    /// Leaves out the farthest chunks until all together fit.
    fn fit(&mut self) {
        while self.bytes > RESPONSE_BYTES_MAX
            && let Some(farthest) = self.pop_farthest()
        {
            self.bytes -= self.bytes_of(&farthest);
        }
    }

    fn bytes_of(&self, chunk: &LevelChunk) -> usize {
        chunk.bytes() + self.labels_bytes
    }

    fn pop_farthest(&mut self) -> Option<LevelChunk> {
        let first = self.chunks.front()?.chunk.ordinal;
        let last = self.chunks.back()?.chunk.ordinal;
        let before = self.ordinal.saturating_sub(first);
        let after = last.saturating_sub(self.ordinal);
        if after > before {
            self.chunks.pop_back()
        } else if before > 0 {
            self.chunks.pop_front()
        } else {
            None
        }
    }

    /// Splits the chunks at the one that they are around. `None` if it was not pushed.
    pub(super) fn split(self) -> Option<Around> {
        let ordinal = self.ordinal;
        let (before, rest): (Vec<_>, Vec<_>) = self
            .chunks
            .into_iter()
            .partition(|chunk| chunk.chunk.ordinal < ordinal);
        let mut rest = rest.into_iter();
        let chunk = rest.next().filter(|chunk| chunk.chunk.ordinal == ordinal)?;
        Some(Around {
            before,
            chunk,
            after: rest.collect(),
        })
    }
}
