//! Reads a chunk together with the chunks around it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::application::caller::Caller;
use crate::application::catalog::chunks::{Chunks, Versioned, current};
use crate::application::error::Error;
use crate::application::ports::chunks::{CHUNK_PAGE_ROWS, Chunk, VersionKey};
use crate::domain::names::resource::DocumentName;

/// The most neighbors on either side: 16,000 characters of usual chunks, as much as a reader needs around a chunk.
pub const NEIGHBORS_MAX: u32 = 16;
/// The most text of a response with its contexts, sections and labels, in bytes. gRPC clients accept messages of 4 MiB
/// by default; the rest is left for names, digests and positions.
const RESPONSE_BYTES_MAX: usize = 3 * 1024 * 1024;
/// The most reads of a response. Each returns a chunk or follows a move, and a response has at most 33 chunks.
const READS_MAX: u32 = 64;

/// A chunk, and the chunks right before and after it.
#[derive(Clone, Debug)]
pub struct ChunkWithNeighbors {
    /// The chunks before it, in order.
    pub before: Vec<Versioned>,
    /// The chunk.
    pub chunk: Versioned,
    /// The chunks after it, in order.
    pub after: Vec<Versioned>,
}

impl Chunks {
    /// Returns a chunk of the document's current version, with at most `neighbors` chunks on either side.
    ///
    /// # Errors
    ///
    /// Fails if the document, a complete version of it or the chunk does not exist, or if the version's chunks are
    /// removed meanwhile.
    pub async fn get(
        &self,
        caller: &Caller,
        name: &DocumentName,
        ordinal: u64,
        neighbors: u32,
    ) -> Result<ChunkWithNeighbors, Error> {
        let document = self.document(caller, name).await?;
        let (of, version) = current(&document)?;
        if ordinal >= version.chunks {
            return Err(Error::NotFound { kind: "chunk" });
        }
        let neighbors = u64::from(neighbors.min(NEIGHBORS_MAX));
        let labels_bytes = document.labels_bytes();
        let mut window = Window::around(ordinal, neighbors, version.chunks, labels_bytes);
        self.fill(caller, of, &mut window).await?;
        window.split(of.version, &Arc::new(document.labels))
    }

    /// Reads the chunks of a window.
    async fn fill(
        &self,
        caller: &Caller,
        mut of: VersionKey,
        window: &mut Window,
    ) -> Result<(), Error> {
        for _ in 0..READS_MAX {
            let rows = window.end.saturating_sub(window.next);
            if rows == 0 {
                return Ok(());
            }
            let rows = u32::try_from(rows).unwrap_or(CHUNK_PAGE_ROWS);
            let page = self.store.chunks(caller, of, window.next, rows).await?;
            let first = page.first().map(|first| first.chunk.ordinal);
            if first == Some(window.next) {
                for chunk in page {
                    window.push(chunk);
                }
            } else {
                self.follow_move(caller, &mut of).await?;
            }
        }
        Err(Error::VersionGone)
    }
}

/// The chunks around an ordinal, read in order. It holds at most [`RESPONSE_BYTES_MAX`] and a chunk.
struct Window {
    ordinal: u64,
    /// The ordinal of the next chunk to read, and the one to end before.
    next: u64,
    end: u64,
    chunks: VecDeque<Chunk>,
    bytes: usize,
    /// The size of the document's labels, which each chunk has.
    labels_bytes: usize,
}

impl Window {
    fn around(ordinal: u64, neighbors: u64, stored: u64, labels_bytes: usize) -> Self {
        Self {
            ordinal,
            next: ordinal.saturating_sub(neighbors),
            end: ordinal.saturating_add(neighbors + 1).min(stored),
            chunks: VecDeque::new(),
            bytes: 0,
            labels_bytes,
        }
    }

    /// Adds the next chunk, and leaves out the farthest ones if all together are too large. It ends before a chunk
    /// that does not fit, although a later one of the same page may be smaller.
    fn push(&mut self, chunk: Chunk) {
        if self.next >= self.end {
            return;
        }
        self.next = chunk.chunk.ordinal + 1;
        self.bytes += self.bytes_of(&chunk);
        self.chunks.push_back(chunk);
        while self.bytes > RESPONSE_BYTES_MAX
            && let Some(farthest) = self.pop_farthest()
        {
            self.bytes -= self.bytes_of(&farthest);
        }
    }

    fn bytes_of(&self, chunk: &Chunk) -> usize {
        chunk.text.len() + chunk.chunk.structure.bytes() + self.labels_bytes
    }

    fn pop_farthest(&mut self) -> Option<Chunk> {
        let first = self.chunks.front()?.chunk.ordinal;
        let last = self.chunks.back()?.chunk.ordinal;
        let before = self.ordinal.saturating_sub(first);
        let after = last.saturating_sub(self.ordinal);
        if after > before {
            self.end = self.next;
            self.chunks.pop_back()
        } else if before > 0 {
            self.chunks.pop_front()
        } else {
            None
        }
    }

    /// Splits the chunks at the ordinal.
    fn split(
        self,
        version: u64,
        labels: &Arc<BTreeMap<String, String>>,
    ) -> Result<ChunkWithNeighbors, Error> {
        let mut before = Vec::new();
        let mut found = None;
        let mut after = Vec::new();
        for chunk in self.chunks {
            let ordinal = chunk.chunk.ordinal;
            let labels = Arc::clone(labels);
            let versioned = Versioned {
                version,
                labels,
                chunk,
            };
            match ordinal.cmp(&self.ordinal) {
                std::cmp::Ordering::Less => before.push(versioned),
                std::cmp::Ordering::Equal => found = Some(versioned),
                std::cmp::Ordering::Greater => after.push(versioned),
            }
        }
        Ok(ChunkWithNeighbors {
            before,
            chunk: found.ok_or(Error::NotFound { kind: "chunk" })?,
            after,
        })
    }
}
